#include "commons/search_index.h"

#include <atomic>
#include <csignal>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/temp_folder.h"
#include "commons/search_text.h"

namespace oriel::commons {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::UnorderedElementsAre;

SearchDocument document(std::string id, std::string language, std::string title,
                        std::string about = "") {
  SearchDocument made;
  made.id = std::move(id);
  made.texts.push_back({language, std::move(title), true});
  if (!about.empty()) made.texts.push_back({language, std::move(about), false});
  return made;
}

class SearchIndexTest : public testing::Test {
 protected:
  void SetUp() override { index_ = *SearchIndex::open(folder_ / "search", clock_); }

  void put(std::vector<SearchDocument> documents) {
    const auto done = index_->apply(documents, {}, ++change_);
    ASSERT_TRUE(done) << done.error().message;
  }
  SearchAnswer ask(SearchRequest request) {
    auto answer = index_->search(request);
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? std::move(*answer) : SearchAnswer{};
  }
  std::vector<std::string> found(std::string text, std::string language = "en") {
    SearchRequest request;
    request.text = std::move(text);
    request.language = std::move(language);
    return ask(request).ids;
  }
  std::vector<std::string> typed(std::string text) {
    SearchRequest request;
    request.text = std::move(text);
    request.typing = true;
    return ask(request).ids;
  }

  TempFolder folder_;
  SystemClock clock_;
  std::unique_ptr<SearchIndex> index_;
  std::int64_t change_ = 0;
};

TEST_F(SearchIndexTest, chinese_is_found_in_running_text_by_any_part_of_a_word) {
  put({document("a", "zh", "可可西里", "清晨在青海湖边看到一群藏羚羊在迁徙。"),
       document("b", "zh", "岩羊与雪豹"), document("c", "zh-Hant", "藏羚羊遷徙")});
  EXPECT_THAT(found("藏羚羊"), UnorderedElementsAre("a", "c"));
  EXPECT_THAT(found("羚羊"), UnorderedElementsAre("a", "c"));
  EXPECT_THAT(found("羊"), UnorderedElementsAre("a", "b", "c"));
  EXPECT_THAT(found("可可西里 迁徙"), ElementsAre("a"));
  EXPECT_THAT(found("迁徙"), UnorderedElementsAre("a", "c"));
  EXPECT_THAT(found("遷徙"), UnorderedElementsAre("a", "c"));
  EXPECT_THAT(found("羊羚"), IsEmpty());
  EXPECT_THAT(found("羚羊 -青海湖"), ElementsAre("c"));
}

TEST_F(SearchIndexTest, pinyin_finds_chinese_however_it_is_spaced_and_read) {
  put({document("a", "zh", "可可西里", "一群藏羚羊在迁徙。"), document("b", "zh", "青海湖"),
       document("c", "en", "A man and his men")});
  for (const char* text : {"zanglingyang", "canglingyang", "lingyang", "Zang Ling Yang",
                           "zang lingyang", "ZangLingYang"})
    EXPECT_THAT(found(text), ElementsAre("a")) << text;
  EXPECT_THAT(found("qinghaihu"), ElementsAre("b"));
  EXPECT_THAT(found("hu"), ElementsAre("b"));
  // An English word that is also a syllable is the word.
  EXPECT_THAT(found("men"), ElementsAre("c"));
}

TEST_F(SearchIndexTest, words_are_found_in_every_form_of_their_language) {
  put({document("en", "en", "Snow leopards hunting"), document("ru", "ru", "Снежные барсы в горах"),
       document("fr", "fr", "Les éléphants migraient"), document("ar", "ar", "الحيوانات البرية"),
       document("th", "th", "เสือดาวหิมะ")});
  EXPECT_THAT(found("leopard"), ElementsAre("en"));
  EXPECT_THAT(found("hunted LEOPARDS"), ElementsAre("en"));
  EXPECT_THAT(found("барс"), ElementsAre("ru"));
  EXPECT_THAT(found("снежный"), ElementsAre("ru"));
  EXPECT_THAT(found("elephant", "fr"), ElementsAre("fr"));
  EXPECT_THAT(found("Éléphants", "en"), ElementsAre("fr"));
  EXPECT_THAT(found("حيوان", "ar"), ElementsAre("ar"));
  EXPECT_THAT(found("หิมะ"), ElementsAre("th"));
}

TEST_F(SearchIndexTest, a_phrase_is_found_only_where_its_words_are_neighbours) {
  put({document("a", "en", "The snow leopard sleeps"), document("b", "en", "Leopard in the snow"),
       document("c", "en", "Snow on a leopard")});
  EXPECT_THAT(found("\"snow leopard\""), ElementsAre("a"));
  EXPECT_THAT(found("snow leopard"), UnorderedElementsAre("a", "b", "c"));
  EXPECT_THAT(found("leopard -\"snow leopard\""), UnorderedElementsAre("b", "c"));
}

TEST_F(SearchIndexTest, what_is_still_typed_finds_the_beginnings_of_words) {
  put({document("a", "en", "Antelope", "They migrate"), document("b", "ru", "Антилопа")});
  for (const char* text : {"a", "an", "ant", "antelop", "antelope", "migr", "antelope mig"})
    EXPECT_THAT(typed(text), ElementsAre("a")) << text;
  EXPECT_THAT(typed("ант"), ElementsAre("b"));
  EXPECT_THAT(found("antel"), IsEmpty());
}

TEST_F(SearchIndexTest, a_wrong_spelling_is_answered_by_the_right_one) {
  put({document("a", "en", "Antelopes migrating"), document("b", "en", "antelope")});
  SearchRequest request;
  request.text = "antilope";
  EXPECT_EQ(ask(request).suggestion, "antelope");
  request.text = "antelope";
  EXPECT_EQ(ask(request).suggestion, "");
}

TEST_F(SearchIndexTest, counts_each_facet_as_if_only_the_others_filtered) {
  std::vector<SearchDocument> documents;
  for (int i = 0; i < 60; ++i) {
    auto one = document("w" + std::to_string(i), "en", "antelope");
    one.facets[Facet::kind] = {i % 2 == 0 ? "clip" : "sound"};
    one.facets[Facet::language] = {i % 3 == 0 ? "en" : "zh"};
    one.facets[Facet::sdg] = {"15", i % 5 == 0 ? "4" : "13"};
    documents.push_back(std::move(one));
  }
  put(documents);
  SearchRequest request;
  request.text = "antelope";
  request.filters = {{Facet::kind, {"clip"}}, {Facet::language, {"en", "fr"}}};
  const auto answer = ask(request);
  EXPECT_EQ(answer.total, 10);  // multiples of six
  EXPECT_THAT(answer.facets.at(Facet::kind),
              ElementsAre(FacetCount{"clip", 10}, FacetCount{"sound", 10}));
  EXPECT_THAT(answer.facets.at(Facet::language),
              ElementsAre(FacetCount{"zh", 20}, FacetCount{"en", 10}));
  EXPECT_THAT(answer.facets.at(Facet::sdg),
              ElementsAre(FacetCount{"15", 10}, FacetCount{"13", 8}, FacetCount{"4", 2}));
  request.filters = {{Facet::kind, {"no such kind"}}};
  EXPECT_EQ(ask(request).total, 0);
}

TEST_F(SearchIndexTest, sorts_and_pages_without_a_gap_or_a_double) {
  std::vector<SearchDocument> documents;
  for (int i = 0; i < 50; ++i) {
    auto one =
        document("w" + std::to_string(i), "en", std::string(1, static_cast<char>('a' + i % 25)));
    one.published = UtcTime::from_ms(1'000'000 + i * 1'000);
    documents.push_back(std::move(one));
  }
  put(documents);
  SearchRequest request;
  request.sort = SearchSort::newest;
  request.count = 2;
  EXPECT_THAT(ask(request).ids, ElementsAre("w49", "w48"));
  request.sort = SearchSort::oldest;
  EXPECT_THAT(ask(request).ids, ElementsAre("w0", "w1"));
  request.sort = SearchSort::title;
  EXPECT_THAT(ask(request).ids, UnorderedElementsAre("w0", "w25"));
  std::set<std::string> all;
  request.sort = SearchSort::newest;
  request.count = 7;
  for (request.offset = 0; request.offset < 56; request.offset += 7)
    for (const auto& id : ask(request).ids) EXPECT_TRUE(all.insert(id).second);
  EXPECT_EQ(all.size(), 50U);
  request.offset = SearchRequest::kDepthMax;
  EXPECT_EQ(index_->search(request).error().kind, ErrorKind::invalid);
}

TEST_F(SearchIndexTest, a_title_counts_more_than_running_text) {
  put({document("text", "en", "Notes", "an antelope"), document("title", "en", "Antelope", "notes"),
       document("other", "en", "Weather", "wind")});
  EXPECT_THAT(found("antelope"), ElementsAre("title", "text"));
}

TEST_F(SearchIndexTest, what_changes_or_goes_is_found_as_it_is_now) {
  auto one = document("a", "en", "Antelope");
  one.facets[Facet::kind] = {"clip"};
  put({one, document("b", "en", "Antelope too")});
  one.texts[0].text = "Leopard";
  one.facets[Facet::kind] = {"sound"};
  ASSERT_TRUE(index_->apply({one}, {"b", "never there"}, 9));
  EXPECT_THAT(found("antelope"), IsEmpty());
  SearchRequest request;
  request.text = "leopard";
  EXPECT_THAT(ask(request).facets.at(Facet::kind), ElementsAre(FacetCount{"sound", 1}));
  EXPECT_EQ(index_->documents(), 1);
  EXPECT_EQ(index_->change(), 9);
}

TEST_F(SearchIndexTest, is_the_same_after_it_is_opened_again) {
  auto one = document("a", "zh", "藏羚羊");
  one.facets[Facet::taxon] = {"Pantholops hodgsonii"};
  put({one, document("b", "en", "Leopard")});
  EXPECT_EQ(SearchIndex::open(folder_ / "search", clock_).error().kind, ErrorKind::conflict);
  index_.reset();
  index_ = *SearchIndex::open(folder_ / "search", clock_);
  EXPECT_EQ(index_->change(), 1);
  EXPECT_EQ(index_->documents(), 2);
  SearchRequest request;
  request.filters = {{Facet::taxon, {"Pantholops hodgsonii"}}};
  EXPECT_THAT(ask(request).ids, ElementsAre("a"));
}

TEST_F(SearchIndexTest, a_question_is_bounded) {
  SearchRequest request;
  request.text = std::string(501, 'a');
  EXPECT_EQ(index_->search(request).error().kind, ErrorKind::invalid);
  request.text.clear();
  for (int i = 0; i < 100; ++i) request.text += "a b ";
  EXPECT_EQ(index_->search(request).error().kind, ErrorKind::invalid);
  for (const char* text : {"\"", "-", "--", "\"\"", "-\"", "*", "AND OR", "\xff\xfe", "' OR 1=1",
                           "\xF0\x9F\xA6\x8C", "a\"b\"c\"", "-a", "\"-a\""}) {
    request.text = text;
    EXPECT_TRUE(index_->search(request)) << text;
  }
}

TEST_F(SearchIndexTest, a_search_that_takes_too_long_ends) {
  std::vector<SearchDocument> documents;
  for (int i = 0; i < 5'000; ++i) documents.push_back(document(std::to_string(i), "en", "snow"));
  put(documents);
  SearchRequest request;
  request.text = "snow";
  EXPECT_EQ(index_->search(request, Duration{-1}).error().kind, ErrorKind::deadline);
  EXPECT_EQ(ask(request).total, 5'000);
}

TEST_F(SearchIndexTest, a_kill_in_the_middle_leaves_the_change_before_and_goes_on_from_there) {
  index_.reset();
  for (int round = 0; round < 5; ++round) {
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    const pid_t child = ::fork();
    ASSERT_GE(child, 0);
    if (child == 0) {
      auto index = *SearchIndex::open(folder_ / "search", clock_);
      for (std::int64_t change = index->change() + 1;; ++change) {
        if (!index->apply({document("d" + std::to_string(change), "en", "antelope")}, {}, change))
          ::_exit(1);
        if (::write(pipe_ends[1], "x", 1) != 1) ::_exit(1);
      }
    }
    // Killed somewhere in its fourth change or later.
    char byte = 0;
    for (int i = 0; i < 3; ++i) ASSERT_EQ(::read(pipe_ends[0], &byte, 1), 1);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(pipe_ends[0]);
    ::close(pipe_ends[1]);
    auto index = SearchIndex::open(folder_ / "search", clock_);
    ASSERT_TRUE(index) << index.error().message;
    EXPECT_GE((*index)->change(), 3 * (round + 1));
    EXPECT_EQ((*index)->documents(), (*index)->change());
    SearchRequest request;
    request.text = "antelope";
    EXPECT_EQ((*index)->search(request)->total, (*index)->change());
  }
}

TEST_F(SearchIndexTest, answers_while_it_is_written) {
  put({document("a", "en", "antelope")});
  std::atomic<bool> done = false;
  std::thread writer([&] {
    for (int i = 0; i < 30; ++i)
      EXPECT_TRUE(
          index_->apply({document("n" + std::to_string(i), "en", "antelope")}, {}, 100 + i));
    done = true;
  });
  SearchRequest request;
  request.text = "antelope";
  std::int64_t seen = 0;
  for (bool last = false; !last;) {
    last = done;
    const auto answer = index_->search(request);
    ASSERT_TRUE(answer) << answer.error().message;
    EXPECT_GE(answer->total, seen);
    seen = answer->total;
  }
  EXPECT_EQ(seen, 31);
  writer.join();
}

TEST(SearchText, splits_pinyin_in_every_way) {
  using Way = std::vector<std::string>;
  EXPECT_THAT(split_pinyin("xian"), testing::IsSupersetOf({Way{"xian"}, Way{"xi", "an"}}));
  EXPECT_EQ(split_pinyin("xian").front(), Way{"xian"});
  EXPECT_THAT(split_pinyin("antelope"), IsEmpty());
}

}  // namespace
}  // namespace oriel::commons
