#include "commons/lesson.h"

#include <gtest/gtest.h>

#include "base/temp_folder.h"
#include "commons/catalogue.h"
#include "commons/testing.h"
#include "commons/work_chain.h"

namespace oriel::commons {
namespace {

constexpr const char* kCcBy = "https://creativecommons.org/licenses/by/4.0/";

Block said(std::string text) {
  Block block;
  block.text = {{"en", std::move(text)}};
  return block;
}

Block shown(BlockKind kind, std::string work) {
  Block block;
  block.kind = kind;
  block.work = std::move(work);
  return block;
}

Block asked(std::vector<Answer> answers) {
  auto block = said("How many antelopes?");
  block.kind = BlockKind::question;
  block.answers = std::move(answers);
  return block;
}

TEST(Lesson, a_block_says_shows_or_asks_and_nothing_else) {
  auto live = said("The lake now");
  live.kind = BlockKind::live;
  live.feed = "lake";
  auto chart = shown(BlockKind::chart, "01k");
  chart.chart = Chart{"day", {"temperature"}, ChartShape::bar};
  const std::vector<Block> good = {said("Hello"), shown(BlockKind::picture, "01k"),
                                   live,          chart,
                                   asked({}),     asked({{{{"en", "9"}}, true}, {{{"en", "8"}}}})};
  EXPECT_TRUE(check(std::vector<LessonPage>{{{{"en", "One"}}, good}}));
  auto no_feed = live;
  no_feed.feed.clear();
  auto no_columns = chart;
  no_columns.chart->y.clear();
  auto two = said("Hello");
  two.work = "01k";
  auto told = said("Hello");
  told.explanation = {{"en", "Because"}};
  for (const auto& bad : {Block{}, shown(BlockKind::film, ""), shown(BlockKind::chart, "01k"),
                          no_feed, no_columns, two, told, asked({{{{"en", "8"}}, false}}),
                          asked(std::vector<Answer>(13, {{{"en", "9"}}, true}))}) {
    const auto checked = check(std::vector<LessonPage>{{{}, {said("Hello"), bad}}});
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().kind, ErrorKind::invalid);
    EXPECT_EQ(checked.error().message.rfind("pages[0].blocks[1]", 0), 0U)
        << checked.error().message;
  }
  EXPECT_FALSE(check(std::vector<LessonPage>(101)));
}

class LessonInCatalogue : public testing::Test {
 protected:
  Work added(WorkKind kind, std::string licence, std::vector<LessonPage> pages = {}) {
    WorkContent content;
    content.kind = kind;
    content.title = {{"en", "Antelopes"}};
    content.licence = std::move(licence);
    content.credit = "Museum";
    content.pages = std::move(pages);
    auto work = catalogue_.add_work(content, {"li", ""});
    EXPECT_TRUE(work) << work.error().message;
    return work ? std::move(*work) : Work{};
  }
  Result<Work> published(const Work& work) {
    ORIEL_TRY(catalogue_.move_work(WorkId(work.id), 1, WorkState::in_review, {"li", ""}));
    return catalogue_.move_work(WorkId(work.id), 2, WorkState::published, {"li", ""});
  }

  TempFolder folder_;
  Metrics metrics_;
  ManualClock clock_{UtcTime{1'800'000'000'000'000}};
  std::unique_ptr<store::Database> database_ = open_database(folder_, metrics_);
  Catalogue catalogue_{*database_, clock_};
};

TEST_F(LessonInCatalogue, what_its_pages_show_is_credited_and_known_from_the_other_end) {
  const auto picture = added(WorkKind::image, kCcBy);
  const auto lesson = added(WorkKind::lesson, kCcBy,
                            {{{}, {shown(BlockKind::picture, picture.id)}},
                             {{}, {shown(BlockKind::picture, picture.id)}}});
  const auto loaded = catalogue_.load_work(WorkId(lesson.id));
  ASSERT_TRUE(loaded);
  EXPECT_EQ(loaded->pages, lesson.pages);
  const auto chain = load_chain(catalogue_, WorkId(lesson.id), "", "en");
  ASSERT_TRUE(chain) << chain.error().message;
  ASSERT_EQ(chain->size(), 2U);
  EXPECT_EQ(chain->back().id, picture.id);
  const auto holders = catalogue_.list_naming(Relation::part, picture.id, {});
  ASSERT_TRUE(holders);
  EXPECT_EQ(holders->items, std::vector{lesson.id});
}

TEST_F(LessonInCatalogue, it_is_published_when_all_that_it_shows_is) {
  const auto picture = added(WorkKind::image, kCcBy);
  const auto lesson = added(WorkKind::lesson, kCcBy, {{{}, {shown(BlockKind::film, picture.id)}}});
  const auto refused = published(lesson);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::conflict);
  EXPECT_NE(refused.error().message.find(picture.id), std::string::npos);
  ASSERT_TRUE(published(picture));
  EXPECT_TRUE(catalogue_.move_work(WorkId(lesson.id), 2, WorkState::published, {"li", ""}));
}

TEST_F(LessonInCatalogue, a_page_that_shows_its_own_lesson_is_refused) {
  auto lesson = added(WorkKind::lesson, kCcBy);
  WorkContent content = lesson;
  content.pages = {{{}, {shown(BlockKind::picture, lesson.id)}}};
  const auto refused = catalogue_.change_work(WorkId(lesson.id), 1, content, {"li", ""});
  ASSERT_FALSE(refused);
  EXPECT_NE(refused.error().message.find("contain itself"), std::string::npos);
  content.pages = {{{}, {shown(BlockKind::picture, "nobody")}}};
  EXPECT_FALSE(catalogue_.change_work(WorkId(lesson.id), 1, content, {"li", ""}));
  content.kind = WorkKind::image;
  content.pages = {{{}, {said("A picture has no pages.")}}};
  EXPECT_FALSE(catalogue_.change_work(WorkId(lesson.id), 1, content, {"li", ""}));
}

}  // namespace
}  // namespace oriel::commons
