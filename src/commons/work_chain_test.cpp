#include "commons/work_chain.h"

#include <gtest/gtest.h>

#include "base/temp_folder.h"
#include "commons/credits.h"
#include "commons/testing.h"

namespace oriel::commons {
namespace {

constexpr const char* kBy = "http://creativecommons.org/licenses/by/4.0/";
constexpr const char* kByNd = "http://creativecommons.org/licenses/by-nd/4.0/";
constexpr const char* kOrigin = "https://window.example";

class WorkChainTest : public testing::Test {
 protected:
  void SetUp() override {
    for (const char* uri : {kBy, kByNd})
      ASSERT_TRUE(catalogue_.put_term({uri, TermScheme::licence, {{"en", uri}}, "", ""}));
  }
  std::string party(const LocalisedText& name) {
    auto added = catalogue_.add_party({PartyKind::institution, name, {}, "", {}, "", "", {}});
    EXPECT_TRUE(added) << added.error().message;
    return added ? added->id : "";
  }
  WorkContent titled(const std::string& title, const std::string& licence) {
    WorkContent content;
    content.title = {{"en", title}};
    content.licence = licence;
    return content;
  }
  std::string add(const WorkContent& content) {
    clock_.advance(Duration::from_ms(1));
    auto work = catalogue_.add_work(content, {"li", ""});
    EXPECT_TRUE(work) << work.error().message;
    return work ? work->id : "";
  }
  Chain chain(const std::string& id, const std::string& language = "en") {
    auto loaded = load_chain(catalogue_, WorkId(id), kOrigin, language);
    EXPECT_TRUE(loaded) << loaded.error().message;
    return loaded.value_or(Chain{});
  }

  TempFolder folder_;
  Metrics metrics_;
  ManualClock clock_{UtcTime{1'800'000'000'000'000}};
  std::unique_ptr<store::Database> database_ = open_database(folder_, metrics_);
  Catalogue catalogue_{*database_, clock_};
};

TEST_F(WorkChainTest, each_work_stands_once_however_it_is_reached) {
  const auto picture = add(titled("Lake", kBy));
  auto drawing = titled("Drawing", kBy);
  drawing.derived_from = {picture};
  const auto drawn = add(drawing);
  auto lesson = titled("Lesson", kBy);
  lesson.derived_from = {drawn};
  lesson.parts = {picture, drawn};
  const auto found = chain(add(lesson));
  ASSERT_EQ(found.size(), 3u);
  EXPECT_EQ(found[0].titles.at("en"), "Lesson");
  ASSERT_EQ(found[0].sources.size(), 3u);
  EXPECT_EQ(found[0].sources[0].derivation, Derivation::adapts);
  EXPECT_EQ(found[0].sources[1].derivation, Derivation::collects);
  EXPECT_EQ(found[found[0].sources[1].work].id, picture);
  EXPECT_EQ(found[1].address, std::string(kOrigin) + "/works/" + found[1].id);
}

TEST_F(WorkChainTest, what_the_same_house_answers_for_needs_no_licence) {
  const auto house = party({{"en", "Museum"}});
  auto clip = titled("Clip", kByNd);
  clip.stewards = {house};
  auto lesson = titled("Lesson", kBy);
  lesson.derived_from = {add(clip)};
  const auto foreign = add(lesson);
  lesson.stewards = {house};
  const auto own = add(lesson);
  const auto clashes = find_clashes(chain(foreign));
  ASSERT_TRUE(clashes);
  ASSERT_EQ(clashes->size(), 1u);
  EXPECT_EQ(clashes->front().reason, ClashReason::no_derivatives);
  EXPECT_TRUE(find_clashes(chain(own))->empty());
}

TEST_F(WorkChainTest, makers_are_named_in_the_language_or_as_the_credit_says) {
  const auto house = party({{"en", "Museum"}, {"zh", "博物馆"}});
  auto content = titled("Clip", kBy);
  content.stewards = {house};
  EXPECT_EQ(chain(add(content), "zh").at(0).makers, std::vector<std::string>{"博物馆"});
  content.makers = {{"", "Li Na", "photographer"}};
  EXPECT_EQ(chain(add(content), "zh").at(0).makers, std::vector<std::string>{"Li Na"});
  content.credit = "The department of the lake";
  EXPECT_EQ(chain(add(content)).at(0).makers,
            std::vector<std::string>{"The department of the lake"});
}

TEST_F(WorkChainTest, a_work_that_is_not_there_is_not_found) {
  const auto loaded = load_chain(catalogue_, WorkId("nobody"), kOrigin, "en");
  ASSERT_FALSE(loaded);
  EXPECT_EQ(loaded.error().kind, ErrorKind::not_found);
}

}  // namespace
}  // namespace oriel::commons
