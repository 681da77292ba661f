#include "commons/catalogue.h"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "base/temp_folder.h"
#include "commons/defaults.h"
#include "commons/first_terms.h"
#include "commons/shelf.h"
#include "commons/testing.h"

namespace oriel::commons {
namespace {

constexpr const char* kCcBy = "https://creativecommons.org/licenses/by/4.0/";

template <class T>
ErrorKind kind(const Result<T>& result) {
  EXPECT_FALSE(result);
  return result ? ErrorKind::internal : result.error().kind;
}

class CatalogueTest : public testing::Test {
 protected:
  static WorkContent antelope() {
    WorkContent content;
    content.kind = WorkKind::clip;
    content.title = {{"en", "Tibetan antelope at dawn"}, {"zh", "晨光中的藏羚羊"}};
    content.licence = kCcBy;
    return content;
  }
  Work added(const WorkContent& content) {
    clock_.advance(Duration::from_ms(1));
    auto work = catalogue_.add_work(content, {"li", "first"});
    EXPECT_TRUE(work) << work.error().message;
    return work.value_or(Work{});
  }
  Work moved(Work work, std::initializer_list<WorkState> states) {
    for (const auto state : states) {
      auto next = catalogue_.move_work(WorkId(work.id), work.version, state, {"li", ""});
      EXPECT_TRUE(next) << next.error().message;
      if (next) work = *next;
    }
    return work;
  }

  TempFolder folder_;
  Metrics metrics_;
  ManualClock clock_{UtcTime{1'800'000'000'000'000}};
  std::unique_ptr<store::Database> database_ = open_database(folder_, metrics_);
  Catalogue catalogue_{*database_, clock_};
};

TEST_F(CatalogueTest, a_work_comes_back_as_it_was_given) {
  ASSERT_TRUE(catalogue_.put_term({kCcBy, TermScheme::licence, {{"en", "CC BY"}}, "", ""}));
  auto party = catalogue_.add_party(
      {PartyKind::institution, {{"en", "Museum"}}, {}, "", {}, "", "CN", {"zh"}});
  ASSERT_TRUE(party) << party.error().message;
  auto content = antelope();
  content.about = {{"zh", "可可西里"}};
  content.licence = kCcBy;
  content.stewards = {party->id};
  content.makers = {{party->id, "", "author"}, {"", "Ли", "translator:ru"}};
  content.files = {{std::string(64, 'a'), "dawn.mp4", FileRole::original, "", "", {}}};
  ASSERT_TRUE(database_->write([](store::Session& session) {
    return add_file(session, {std::string(64, 'a'), 9, "video/mp4", 640, 360, std::nullopt, {}},
                    "tashi");
  }));
  content.moment = MomentOf{"lake", UtcTime{1'000'000}, UtcTime{9'000'000}};
  content.place = WorkPlace{34.9, 97.7};
  content.date = "2026-11";
  content.audience = Ages{9, 12};
  content.identifiers = {{"accession", "QH-1932-7"}};
  const auto work = added(content);
  EXPECT_EQ(static_cast<const WorkContent&>(work), content);
  EXPECT_EQ(work.state, WorkState::draft);
  EXPECT_EQ(work.version, 1);
  const auto loaded = catalogue_.load_work(WorkId(work.id));
  ASSERT_TRUE(loaded) << loaded.error().message;
  EXPECT_EQ(*loaded, work);
  EXPECT_EQ(kind(catalogue_.load_work(WorkId("nobody"))), ErrorKind::not_found);
}

TEST_F(CatalogueTest, the_second_of_two_editors_is_told) {
  auto work = added(antelope());
  auto content = antelope();
  content.about = {{"en", "A herd."}};
  const auto first = catalogue_.change_work(WorkId(work.id), 1, content, {"wang", "text"});
  ASSERT_TRUE(first) << first.error().message;
  const auto second = catalogue_.change_work(WorkId(work.id), 1, antelope(), {"li", ""});
  EXPECT_EQ(kind(second), ErrorKind::conflict);
  EXPECT_NE(second.error().message.find("wang"), std::string::npos);
  EXPECT_EQ(catalogue_.load_work(WorkId(work.id))->about, content.about);
}

TEST_F(CatalogueTest, an_address_that_a_browser_would_run_is_no_licence_and_no_term) {
  for (const auto* uri : {"javascript:alert(1)", "JavaScript:alert(1)", "data:text/html,x",
                          "file:///etc/passwd", "//x.example", "1a:b"}) {
    auto content = antelope();
    content.licence = uri;
    EXPECT_EQ(kind(catalogue_.add_work(content, {"li", ""})), ErrorKind::invalid) << uri;
  }
}

TEST_F(CatalogueTest, what_an_account_made_and_is_not_in_public_is_counted) {
  const auto work = added(antelope());
  added(antelope());
  EXPECT_EQ(catalogue_.count_unpublished("li"), 2);
  moved(work, {WorkState::in_review, WorkState::published});
  EXPECT_EQ(catalogue_.count_unpublished("li"), 1);
  EXPECT_EQ(catalogue_.count_unpublished("wang"), 0);
}

TEST_F(CatalogueTest, each_change_keeps_what_it_replaced_and_who_made_it) {
  auto work = added(antelope());
  for (int i = 0; i < 4; ++i) {
    auto content = antelope();
    content.credit = std::to_string(i);
    const auto by = "editor" + std::to_string(i);
    ASSERT_TRUE(catalogue_.change_work(WorkId(work.id), i + 1, content, {by, "why"}));
  }
  const auto first = catalogue_.list_versions(WorkId(work.id), {"", 3});
  ASSERT_TRUE(first) << first.error().message;
  ASSERT_EQ(first->items.size(), 3U);
  EXPECT_EQ(first->items[0].version, 4);
  EXPECT_EQ(first->items[0].credit, "2");
  EXPECT_EQ(first->items[0].changed_by, "editor2");
  ASSERT_TRUE(first->next);
  const auto rest = catalogue_.list_versions(WorkId(work.id), {*first->next, 3});
  ASSERT_TRUE(rest);
  ASSERT_EQ(rest->items.size(), 1U);
  EXPECT_EQ(rest->items[0].changed_by, "li");
  EXPECT_FALSE(rest->next);
}

TEST_F(CatalogueTest, a_work_goes_from_draft_to_published_by_a_review_only) {
  const auto work = added(antelope());
  EXPECT_EQ(kind(catalogue_.move_work(WorkId(work.id), 1, WorkState::published, {"li", ""})),
            ErrorKind::conflict);
  const auto published = moved(work, {WorkState::in_review, WorkState::published});
  ASSERT_TRUE(published.published_at);
  // What is in public is withdrawn first, and its first day stays.
  EXPECT_EQ(kind(catalogue_.move_work(WorkId(work.id), 3, WorkState::deleted, {"li", ""})),
            ErrorKind::conflict);
  clock_.advance(Duration::from_s(60));
  const auto again = moved(published, {WorkState::withdrawn, WorkState::published});
  EXPECT_EQ(again.published_at, published.published_at);
}

TEST_F(CatalogueTest, a_clash_of_licences_stops_publishing_and_names_the_source) {
  auto content = antelope();
  content.licence = "http://creativecommons.org/licenses/by-nd/4.0/";
  content.title = {{"en", "The poster"}};
  const auto poster = moved(added(content), {WorkState::in_review, WorkState::published});
  content = antelope();
  content.derived_from = {poster.id};
  const auto cut = moved(added(content), {WorkState::in_review});
  const auto refused =
      catalogue_.move_work(WorkId(cut.id), cut.version, WorkState::published, {"li", ""});
  EXPECT_EQ(kind(refused), ErrorKind::conflict);
  EXPECT_NE(refused.error().message.find("The poster"), std::string::npos);
  // Whole inside something larger it may stand.
  content.derived_from = {};
  content.parts = {poster.id};
  moved(added(content), {WorkState::in_review, WorkState::published});
  content.parts = {};
  content.licence = "";
  const auto bare = moved(added(content), {WorkState::in_review});
  EXPECT_EQ(
      kind(catalogue_.move_work(WorkId(bare.id), bare.version, WorkState::published, {"li", ""})),
      ErrorKind::conflict);
}

TEST_F(CatalogueTest, of_what_is_of_the_own_house_no_licence_is_asked) {
  PartyContent party;
  party.name = {{"en", "Museum"}};
  const auto museum = catalogue_.add_party(party);
  ASSERT_TRUE(museum);
  auto content = antelope();
  content.licence = "http://rightsstatements.org/vocab/InC/1.0/";
  content.stewards = {museum->id};
  const auto source = added(content);
  content.licence = kCcBy;
  content.derived_from = {source.id};
  moved(added(content), {WorkState::in_review, WorkState::published});
}

TEST_F(CatalogueTest, of_a_deleted_work_a_tombstone_stays) {
  auto content = antelope();
  content.credit = "a secret";
  content.moment = MomentOf{"lake", UtcTime{1'000'000}, UtcTime{9'000'000}};
  const auto gone = moved(added(content), {WorkState::deleted});
  EXPECT_EQ(gone.title, content.title);
  EXPECT_EQ(gone.credit, "");
  EXPECT_EQ(gone.moment, content.moment) << "what was made of it is withheld with it";
  const auto loaded = catalogue_.load_work(WorkId(gone.id));
  ASSERT_TRUE(loaded);
  EXPECT_EQ(*loaded, gone);
  EXPECT_TRUE(catalogue_.list_versions(WorkId(gone.id), {})->items.empty());
  EXPECT_TRUE(catalogue_.list_works(std::nullopt, {})->items.empty());
  EXPECT_EQ(kind(catalogue_.change_work(WorkId(gone.id), gone.version, content, {"li", ""})),
            ErrorKind::conflict);
}

TEST_F(CatalogueTest, lists_go_on_where_they_stopped_while_works_come) {
  std::vector<std::string> ids;
  for (int i = 0; i < 7; ++i) ids.push_back(added(antelope()).id);
  std::vector<std::string> seen;
  PageRequest request{"", 3};
  while (true) {
    const auto page = catalogue_.list_works(WorkState::draft, request);
    ASSERT_TRUE(page) << page.error().message;
    for (const auto& work : page->items) seen.push_back(work.id);
    if (!page->next) break;
    request.after = *page->next;
    added(antelope());
  }
  std::reverse(ids.begin(), ids.end());
  EXPECT_EQ(seen, ids);
  // The total a multiple of the page: no dead cursor.
  const auto all = catalogue_.list_works(WorkState::draft, {"", 9});
  EXPECT_EQ(all->items.size(), 9U);
  EXPECT_FALSE(all->next);
  EXPECT_EQ(kind(catalogue_.list_works(std::nullopt, {"", 0})), ErrorKind::invalid);
  EXPECT_EQ(kind(catalogue_.list_works(std::nullopt, {"", 1'001})), ErrorKind::invalid);
}

TEST_F(CatalogueTest, who_follows_the_changes_sees_each_work_last_changed) {
  const auto first = added(antelope());
  const auto second = added(antelope());
  const auto changed = moved(first, {WorkState::in_review});
  const auto list = catalogue_.list_changed(0, 10);
  ASSERT_TRUE(list) << list.error().message;
  ASSERT_EQ(list->size(), 2U);
  EXPECT_EQ((*list)[0].id, second.id);
  EXPECT_EQ((*list)[1], changed);
  EXPECT_TRUE(catalogue_.list_changed(changed.change, 10)->empty());
}

TEST_F(CatalogueTest, a_work_that_would_contain_itself_is_refused) {
  auto outer = antelope();
  const auto inner = added(antelope());
  outer.parts = {inner.id};
  const auto middle = added(outer);
  outer.parts = {middle.id};
  const auto top = added(outer);
  for (const auto& within : {inner.id, middle.id, top.id}) {
    auto content = antelope();
    content.parts = {within};
    const auto circle = catalogue_.change_work(WorkId(inner.id), 1, content, {"li", ""});
    EXPECT_EQ(kind(circle), ErrorKind::invalid);
    EXPECT_NE(circle.error().message.find("contain itself"), std::string::npos);
    content.parts = {};
    content.derived_from = {inner.id};
    EXPECT_EQ(kind(catalogue_.change_work(WorkId(inner.id), 1, content, {"li", ""})),
              ErrorKind::invalid);
  }
  EXPECT_EQ(catalogue_.load_work(WorkId(inner.id))->version, 1);
  const auto holders = catalogue_.list_naming(Relation::part, inner.id, {});
  EXPECT_EQ(holders->items, std::vector<std::string>{middle.id});
}

TEST_F(CatalogueTest, what_a_work_names_must_be_there) {
  const auto refused = [&](auto change) {
    auto content = antelope();
    change(content);
    EXPECT_EQ(kind(catalogue_.add_work(content, {"li", ""})), ErrorKind::invalid);
  };
  refused([](WorkContent& c) { c.parts = {"nobody"}; });
  refused([](WorkContent& c) { c.derived_from = {"nobody"}; });
  refused([](WorkContent& c) { c.stewards = {"nobody"}; });
  refused([](WorkContent& c) { c.makers = {{"nobody", "", "author"}}; });
  refused([](WorkContent& c) {
    c.files = {{std::string(64, 'b'), "dawn.mp4", FileRole::original, "", "", {}}};
  });
  refused([](WorkContent& c) { c.terms = {"http://example.org/x"}; });
  EXPECT_TRUE(catalogue_.list_works(std::nullopt, {})->items.empty());
}

TEST_F(CatalogueTest, what_is_no_work_is_refused_with_its_member) {
  const auto message = [&](auto change) {
    auto content = antelope();
    change(content);
    const auto refused = check(content);
    EXPECT_FALSE(refused);
    return refused ? "" : refused.error().message;
  };
  const auto starts = [](const std::string& text, std::string_view with) {
    return text.starts_with(with) ? "" : text + " does not start with " + std::string(with);
  };
  EXPECT_EQ(starts(message([](auto& c) { c.title = {}; }), "title"), "");
  EXPECT_EQ(starts(message([](auto& c) { c.title = {{"e n", "x"}}; }), "title"), "");
  EXPECT_EQ(starts(message([](auto& c) { c.title = {{"en", "\xb2\xd8"}}; }), "title.en"), "");
  EXPECT_EQ(starts(message([](auto& c) { c.licence = "CC BY"; }), "licence"), "");
  EXPECT_EQ(starts(message([](auto& c) { c.makers = {{"", "", "author"}}; }), "makers[0]"), "");
  EXPECT_EQ(starts(message([](auto& c) { c.parts = {"a", "a"}; }), "parts"), "");
  EXPECT_EQ(starts(message([](auto& c) { c.date = "1932-13"; }), "date"), "");
  EXPECT_EQ(starts(message([](auto& c) { c.audience = Ages{9, 8}; }), "audience"), "");
  EXPECT_EQ(starts(message([](auto& c) { c.place = WorkPlace{91, 0}; }), "place"), "");
  EXPECT_EQ(starts(message([](auto& c) {
                     c.files = {{std::string(64, 'a'), "../x", FileRole::original, "", "", {}}};
                   }),
                   "files[0].name"),
            "");
}

TEST_F(CatalogueTest, a_party_is_within_another_but_not_within_itself) {
  PartyContent content;
  content.name = {{"en", "Umbrella"}};
  const auto umbrella = catalogue_.add_party(content);
  ASSERT_TRUE(umbrella) << umbrella.error().message;
  content.within = umbrella->id;
  const auto museum = catalogue_.add_party(content);
  ASSERT_TRUE(museum) << museum.error().message;
  content.kind = PartyKind::department;
  content.within = museum->id;
  const auto department = catalogue_.add_party(content);
  ASSERT_TRUE(department);
  EXPECT_EQ(kind(catalogue_.change_party(PartyId(umbrella->id), 1, content)), ErrorKind::invalid);
  EXPECT_EQ(kind(catalogue_.change_party(PartyId(museum->id), 7, content)), ErrorKind::conflict);
  content.within = "nobody";
  EXPECT_EQ(kind(catalogue_.add_party(content)), ErrorKind::invalid);
  EXPECT_EQ(kind(catalogue_.remove_party(PartyId(museum->id))), ErrorKind::conflict);
  EXPECT_TRUE(catalogue_.remove_party(PartyId(department->id)));
  EXPECT_EQ(catalogue_.list_parties({})->items.size(), 2U);
}

TEST_F(CatalogueTest, a_party_that_a_work_names_stays) {
  PartyContent content;
  content.name = {{"en", "Museum"}};
  const auto party = catalogue_.add_party(content);
  ASSERT_TRUE(party);
  auto work = antelope();
  work.stewards = {party->id};
  added(work);
  EXPECT_EQ(kind(catalogue_.remove_party(PartyId(party->id))), ErrorKind::conflict);
}

TEST_F(CatalogueTest, terms_are_listed_by_scheme) {
  const std::string goal = "http://metadata.un.org/sdg/15";
  ASSERT_TRUE(catalogue_.put_term({goal, TermScheme::sdg, {{"en", "Life on land"}}, "15", ""}));
  ASSERT_TRUE(
      catalogue_.put_term({goal + ".1", TermScheme::sdg, {{"en", "Conserve"}}, "15.1", goal}));
  ASSERT_TRUE(catalogue_.put_term({kCcBy, TermScheme::licence, {{"en", "CC BY"}}, "", ""}));
  EXPECT_EQ(kind(catalogue_.put_term(
                {goal + ".2", TermScheme::sdg, {{"en", "x"}}, "", "http://example.org/x"})),
            ErrorKind::invalid);
  const auto goals = catalogue_.list_terms(TermScheme::sdg, {"", 1});
  ASSERT_TRUE(goals);
  ASSERT_EQ(goals->items.size(), 1U);
  EXPECT_EQ(goals->items[0].notation, "15");
  EXPECT_EQ(catalogue_.list_terms(TermScheme::sdg, {*goals->next, 1})->items[0].broader, goal);
  EXPECT_EQ(catalogue_.list_terms(std::nullopt, {})->items.size(), 3U);
  EXPECT_EQ(catalogue_.load_term(kCcBy)->label.at("en"), "CC BY");
  EXPECT_EQ(kind(catalogue_.load_term("http://example.org/x")), ErrorKind::not_found);
}

TEST_F(CatalogueTest, a_house_begins_with_the_goals_and_targets_and_keeps_what_was_made_of_them) {
  const auto terms = first_terms();
  EXPECT_EQ(std::count_if(terms.begin(), terms.end(),
                          [](const Term& term) {
                            return term.scheme == TermScheme::sdg && term.broader.empty();
                          }),
            17);
  EXPECT_EQ(std::count_if(terms.begin(), terms.end(),
                          [](const Term& term) { return term.scheme == TermScheme::sdg; }),
            17 + 169);
  EXPECT_FALSE(std::any_of(terms.begin(), terms.end(), [](const Term& term) {
    return term.label.at("en").starts_with("Target ");
  })) << "every target has its text";
  const auto licence = std::find_if(terms.begin(), terms.end(),
                                    [](const Term& term) { return term.notation == "CC-BY-4.0"; });
  ASSERT_NE(licence, terms.end());
  EXPECT_EQ(licence->scheme, TermScheme::licence);
  for (const auto& term : terms) EXPECT_TRUE(check(term)) << term.uri;
  const auto add = [](store::Session& session) { return add_first_terms(session); };
  ASSERT_TRUE(database_->write(add));
  auto goal = *catalogue_.load_term("http://metadata.un.org/sdg/15");
  EXPECT_EQ(goal.label.at("zh"), "陆地生物");
  goal.label["fr"] = "Vie terrestre";
  ASSERT_TRUE(catalogue_.put_term(goal));
  ASSERT_TRUE(database_->write(add));
  EXPECT_EQ(catalogue_.load_term(goal.uri)->label.size(), 3U);
}

TEST_F(CatalogueTest, the_moments_behind_a_work_are_those_of_all_it_came_from) {
  auto content = antelope();
  content.moment = MomentOf{"lake", UtcTime{1}, UtcTime{2}};
  const auto clip = added(content);
  content.moment = MomentOf{"pass", UtcTime{3}, UtcTime{4}};
  content.derived_from = {clip.id};
  const auto cut = added(content);
  content.moment.reset();
  content.derived_from = {cut.id};
  const auto lesson = added(content);
  const auto moments = catalogue_.list_moments(WorkId(lesson.id));
  ASSERT_TRUE(moments) << moments.error().message;
  std::set<std::string> feeds;
  for (const auto& moment : *moments) feeds.insert(moment.feed);
  EXPECT_EQ(feeds, (std::set<std::string>{"lake", "pass"}));
  EXPECT_EQ(catalogue_.list_moments(WorkId(clip.id))->size(), 1U);
}

TEST(Ids, are_slugs_that_sort_by_time_and_do_not_repeat) {
  std::set<std::string> seen;
  for (int i = 0; i < 1'000; ++i) {
    const auto id = make_id(UtcTime::from_ms(1'800'000'000'000));
    EXPECT_TRUE(parse_slug(id));
    EXPECT_EQ(id.size(), 26U);
    EXPECT_TRUE(seen.insert(id).second);
    EXPECT_LT(id, make_id(UtcTime::from_ms(1'800'000'000'001)));
  }
}

TEST(Texts, are_found_by_language_and_checked) {
  const LocalisedText text{{"en", "lake"}, {"zh-CN", "湖"}};
  EXPECT_EQ(text_in(text, {"zh"}), "湖");
  EXPECT_EQ(text_in(text, {"z"}), "lake");
  EXPECT_EQ(text_in({{"mn", "нуур"}}, {"zh"}), "нуур");
  EXPECT_EQ(text_in({}, {"zh"}), "");
  EXPECT_TRUE(is_language_tag("zh-Hant-TW"));
  EXPECT_TRUE(is_language_tag("es-419"));
  for (const auto* tag : {"", "e", "-en", "en-", "en--x", "en_US", "englishes9", "419"})
    EXPECT_FALSE(is_language_tag(tag)) << tag;
  EXPECT_TRUE(is_plain_text("藏羚羊 – Ятаг\t\n🦌"));
  // GBK, cut short, overlong, surrogate, past the last, controls.
  for (const auto* bytes : {"\xb2\xd8\xc1\xe7", "\xe8\x97", "\xc0\xaf", "\xe0\x80\xaf",
                            "\xed\xa0\x80", "\xf4\x90\x80\x80", "\x01", "\x7f", "\xc2\x85"})
    EXPECT_FALSE(is_plain_text(bytes));
}

TEST(Defaults, what_is_left_out_is_filled_in_and_what_is_wrong_refused) {
  const auto parse = [](const char* text) {
    return from_partial_json<WorkContent>(json::parse(text));
  };
  const auto work = parse(R"({"kind": "still", "title": {"en": "Lake"},
                              "files": [{"sha256": "x", "name": "a.jpg"}]})");
  ASSERT_TRUE(work) << work.error().message;
  EXPECT_EQ(work->kind, WorkKind::still);
  ASSERT_EQ(work->files.size(), 1U);
  EXPECT_EQ(work->files[0].role, FileRole::original);
  EXPECT_FALSE(parse(R"({"titel": {}})"));
  EXPECT_FALSE(parse(R"({"title": "Lake"})"));
  EXPECT_FALSE(parse(R"({"moment": {"feed": "lake"}})"));
}

}  // namespace
}  // namespace oriel::commons
