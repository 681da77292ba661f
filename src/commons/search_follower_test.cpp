#include "commons/search_follower.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temp_folder.h"
#include "commons/search_rebuild.h"
#include "store/testing.h"

namespace oriel::commons {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

class SearchFollowerTest : public testing::Test {
 protected:
  void SetUp() override {
    database_ = *store::open_database(store::test::database_url(folder_.path()), metrics_);
    catalogue_ = std::make_unique<Catalogue>(*database_, clock_);
    index_ = *SearchIndex::open(folder_ / "search", clock_);
  }
  Work published(WorkContent content) {
    content.licence = "https://creativecommons.org/licenses/by/4.0/";
    auto work = catalogue_->add_work(content, {"li", ""});
    EXPECT_TRUE(work) << work.error().message;
    return moved(moved(*work, WorkState::in_review), WorkState::published);
  }
  Work moved(const Work& work, WorkState state) {
    auto next = catalogue_->move_work(WorkId(work.id), work.version, state, {"li", ""});
    EXPECT_TRUE(next) << next.error().message;
    return next.value_or(Work{});
  }
  SearchAnswer found(std::string text) {
    SearchFollower follower(*catalogue_, *index_);
    for (;;) {
      const auto taken = follower.catch_up(2);
      EXPECT_TRUE(taken) << taken.error().message;
      if (!taken || *taken < 2) break;
    }
    SearchRequest request;
    request.text = std::move(text);
    return *index_->search(request);
  }

  TempFolder folder_;
  Metrics metrics_;
  SystemClock clock_;
  std::unique_ptr<store::Database> database_;
  std::unique_ptr<Catalogue> catalogue_;
  std::unique_ptr<SearchIndex> index_;
};

TEST_F(SearchFollowerTest, a_work_is_found_by_its_terms_and_stewards_and_counted_by_goal) {
  ASSERT_TRUE(catalogue_->put_term(
      {"http://sdg.example/15", TermScheme::sdg, {{"en", "Life on land"}}, "15", ""}));
  ASSERT_TRUE(catalogue_->put_term({"http://sdg.example/15.5",
                                    TermScheme::sdg,
                                    {{"en", "Biodiversity"}},
                                    "15.5",
                                    "http://sdg.example/15"}));
  PartyContent museum;
  museum.name = {{"zh", "青海博物馆"}};
  const auto party = catalogue_->add_party(museum);
  ASSERT_TRUE(party) << party.error().message;
  WorkContent content;
  content.kind = WorkKind::clip;
  content.title = {{"en", "Antelopes"}};
  content.languages = {"en"};
  content.stewards = {party->id};
  content.terms = {"http://sdg.example/15.5"};
  content.audience = Ages{7, 10};
  const Work work = published(content);
  for (const char* text : {"antelope", "life on land", "博物馆", "qinghai", "biodiversity"})
    EXPECT_THAT(found(text).ids, ElementsAre(work.id)) << text;
  const auto answer = found("antelope");
  EXPECT_THAT(answer.facets.at(Facet::sdg), ElementsAre(FacetCount{"http://sdg.example/15", 1},
                                                        FacetCount{"http://sdg.example/15.5", 1}));
  EXPECT_THAT(answer.facets.at(Facet::age),
              ElementsAre(FacetCount{"6-8", 1}, FacetCount{"9-11", 1}));
  EXPECT_THAT(answer.facets.at(Facet::licence), ElementsAre(FacetCount{"by", 1}));
  EXPECT_THAT(answer.facets.at(Facet::institution), ElementsAre(FacetCount{party->id, 1}));
}

TEST_F(SearchFollowerTest, only_what_is_published_is_found) {
  WorkContent content;
  content.title = {{"en", "Antelope"}};
  ASSERT_TRUE(catalogue_->add_work(content, {"li", ""}));
  EXPECT_THAT(found("antelope").ids, IsEmpty());
  const Work work = published(content);
  EXPECT_THAT(found("antelope").ids, ElementsAre(work.id));
  moved(work, WorkState::withdrawn);
  EXPECT_THAT(found("antelope").ids, IsEmpty());
}

TEST_F(SearchFollowerTest, an_index_that_is_lost_is_made_again_the_same) {
  for (int i = 0; i < 5; ++i) {
    WorkContent content;
    content.title = {{"en", "Antelope " + std::to_string(i)}};
    published(content);
  }
  const auto before = found("antelope");
  EXPECT_EQ(before.total, 5);
  const auto change = index_->change();
  index_.reset();
  std::filesystem::remove_all(folder_ / "search");
  index_ = *SearchIndex::open(folder_ / "search", clock_);
  EXPECT_EQ(found("antelope").ids, before.ids);
  EXPECT_EQ(index_->change(), change);
}

TEST_F(SearchFollowerTest, an_index_rebuilt_at_once_answers_as_the_one_that_followed) {
  ASSERT_TRUE(catalogue_->put_term(
      {"http://sdg.example/15", TermScheme::sdg, {{"en", "Life on land"}}, "15", ""}));
  std::vector<Work> works;
  for (int i = 0; i < 30; ++i) {
    WorkContent content;
    content.kind = i % 2 == 0 ? WorkKind::clip : WorkKind::sound;
    content.title = {{"en", "Antelope " + std::to_string(i)}, {"zh", "藏羚羊"}};
    content.terms = {"http://sdg.example/15"};
    works.push_back(published(content));
  }
  moved(works[3], WorkState::withdrawn);
  const auto before = found("antelope");
  const auto change = index_->change();
  index_.reset();
  std::int64_t seen = 0;
  const auto rebuilt =
      rebuild_search(*catalogue_, folder_ / "search",
                     {.threads = 3, .progress = [&](std::int64_t count) { seen = count; }});
  ASSERT_TRUE(rebuilt) << rebuilt.error().message;
  EXPECT_EQ(rebuilt->works, 30);
  EXPECT_EQ(rebuilt->documents, 29);
  EXPECT_EQ(seen, 30);
  EXPECT_FALSE(std::filesystem::exists(folder_ / "search.new"));
  index_ = *SearchIndex::open(folder_ / "search", clock_);
  EXPECT_EQ(index_->change(), change);
  const auto after = found("antelope");
  EXPECT_EQ(after.total, before.total);
  EXPECT_EQ(after.facets, before.facets);
  EXPECT_EQ(found("antelop 7").ids, found("antelope 7").ids);
  EXPECT_EQ(found("antilope").suggestion, "antelope");
  // It goes on from there.
  moved(works[4], WorkState::withdrawn);
  EXPECT_EQ(found("藏羚羊").total, before.total - 1);
}

TEST_F(SearchFollowerTest, an_empty_commons_is_rebuilt_to_an_empty_index) {
  index_.reset();
  const auto rebuilt = rebuild_search(*catalogue_, folder_ / "search", {});
  ASSERT_TRUE(rebuilt) << rebuilt.error().message;
  index_ = *SearchIndex::open(folder_ / "search", clock_);
  EXPECT_EQ(index_->documents(), 0);
  WorkContent content;
  content.title = {{"en", "Antelope"}};
  published(content);
  EXPECT_EQ(found("antelope").total, 1);
}

}  // namespace
}  // namespace oriel::commons
