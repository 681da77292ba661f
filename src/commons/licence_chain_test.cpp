#include "commons/licence_chain.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace oriel::commons {
namespace {

using enum ClashReason;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

ChainWork work(std::string title, std::string licence, std::vector<ChainSource> sources = {}) {
  ChainWork made;
  made.id = title;
  made.titles = {{"en", title}, {"zh", "《" + title + "》"}};
  made.licence = std::move(licence);
  made.sources = std::move(sources);
  return made;
}

struct Pair {
  const char* source;
  const char* target;
  std::optional<ClashReason> clash;
};

TEST(LicenceChain, adapting_follows_the_chart_of_creative_commons) {
  const Pair pairs[] = {
      // Rows of the chart: what the source is; what the adaptation may be.
      {"CC0-1.0", "CC0-1.0", {}},
      {"CC0-1.0", "CC-BY-NC-ND-4.0", {}},
      {"CC-PDM-1.0", "InC", {}},
      {"CC-BY-4.0", "CC0-1.0", credit_lost},
      {"CC-BY-4.0", "CC-BY-4.0", {}},
      {"CC-BY-4.0", "CC-BY-SA-4.0", {}},
      {"CC-BY-4.0", "CC-BY-NC-4.0", {}},
      {"CC-BY-4.0", "CC-BY-ND-4.0", {}},
      {"CC-BY-4.0", "CC-BY-2.0", {}},
      {"CC-BY-SA-4.0", "CC-BY-4.0", share_alike},
      {"CC-BY-SA-4.0", "CC-BY-NC-SA-4.0", share_alike},
      {"CC-BY-SA-4.0", "InC", share_alike},
      {"CC-BY-NC-4.0", "CC-BY-4.0", not_commercial},
      {"CC-BY-NC-4.0", "CC-BY-SA-4.0", not_commercial},
      {"CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", {}},
      {"CC-BY-NC-4.0", "CC-BY-NC-ND-4.0", {}},
      {"CC-BY-NC-SA-4.0", "CC-BY-NC-SA-4.0", {}},
      {"CC-BY-NC-SA-4.0", "CC-BY-NC-4.0", share_alike},
      {"CC-BY-ND-4.0", "CC-BY-ND-4.0", no_derivatives},
      {"CC-BY-NC-ND-4.0", "CC-BY-NC-ND-4.0", no_derivatives},
      // Versions and ports of share-alike: the same or a later one, never an older.
      {"CC-BY-SA-3.0", "CC-BY-SA-4.0", {}},
      {"CC-BY-SA-4.0", "CC-BY-SA-3.0", share_alike},
      {"CC-BY-SA-3.0-DE", "CC-BY-SA-3.0-FR", {}},
      {"CC-BY-SA-3.0-IGO", "CC-BY-SA-4.0", {}},
      {"CC-BY-SA-2.0", "CC-BY-SA-2.5", {}},
      {"CC-BY-SA-1.0", "CC-BY-SA-2.0", share_alike},
      {"CC-BY-SA-1.0", "CC-BY-SA-1.0", {}},
      {"CC-BY-NC-SA-3.0", "CC-BY-NC-SA-4.0", {}},
      // Bridges out of Creative Commons, the second one way.
      {"CC-BY-SA-4.0", "LAL-1.3", {}},
      {"LAL-1.3", "CC-BY-SA-4.0", {}},
      {"CC-BY-SA-4.0", "GPL-3.0-or-later", {}},
      {"GPL-3.0-or-later", "CC-BY-SA-4.0", share_alike},
      {"CC-BY-SA-3.0", "GPL-3.0-or-later", share_alike},
      {"ODbL-1.0", "CC-BY-SA-4.0", share_alike},
      {"GPL-2.0-only", "GPL-3.0-only", share_alike},
      {"MIT", "GPL-2.0-only", {}},
      // Statements give no permission; what is not known stays so.
      {"InC", "InC", not_permitted},
      {"InC-EDU", "CC-BY-NC-4.0", not_permitted},
      {"NoC-US", "CC0-1.0", not_permitted},
      {"NoC-NC", "CC-BY-NC-4.0", {}},
      {"NoC-NC", "CC-BY-4.0", not_commercial},
      {"NKC", "CC-BY-4.0", {}},
      {"UND", "CC-BY-4.0", unknown_licence},
      {"CC0-1.0", "CNE", unknown_licence},
  };
  for (const auto& pair : pairs) {
    const auto source = find_licence(pair.source);
    const auto target = find_licence(pair.target);
    ASSERT_TRUE(source && target) << pair.source << " " << pair.target;
    EXPECT_EQ(adapting_clash(*source, *target), pair.clash) << pair.source << " → " << pair.target;
  }
}

TEST(LicenceChain, what_is_kept_whole_keeps_its_licence_whatever_the_whole_has) {
  for (const char* id : {"CC-BY-ND-4.0", "CC-BY-NC-SA-4.0", "CC-BY-SA-1.0", "GPL-2.0-only"})
    EXPECT_EQ(collecting_clash(*find_licence(id)), std::nullopt) << id;
  EXPECT_EQ(collecting_clash(*find_licence("InC-NC")), not_permitted);
  EXPECT_EQ(collecting_clash(*find_licence("CNE")), unknown_licence);
}

TEST(LicenceChain, a_clash_names_the_source_its_licence_and_why_in_both_languages) {
  const Chain chain = {work("Lesson", "CC-BY-4.0", {{1, Derivation::adapts}}),
                       work("Antelopes at night", "CC-BY-NC-4.0")};
  const auto clashes = find_clashes(chain);
  ASSERT_TRUE(clashes);
  ASSERT_THAT(*clashes, SizeIs(1));
  EXPECT_EQ(clashes->front().reason, not_commercial);
  EXPECT_EQ(clashes->front().source, 1U);
  EXPECT_EQ(clashes->front().en,
            "“Antelopes at night” (Creative Commons Attribution-NonCommercial 4.0 International) "
            "may not be used commercially, but Creative Commons Attribution 4.0 International "
            "would let everyone do so with “Lesson”: choose a NonCommercial licence.");
  EXPECT_THAT(clashes->front().zh,
              HasSubstr("“《Antelopes at night》”（知识共享 署名-非商业性使用"));
}

TEST(LicenceChain, a_clash_far_up_the_chain_is_found) {
  const Chain chain = {work("Game", "CC-BY-4.0", {{1, Derivation::collects}}),
                       work("Lesson", "CC-BY-4.0", {{2, Derivation::adapts}}),
                       work("Picture", "CC-BY-SA-4.0")};
  const auto clashes = find_clashes(chain);
  ASSERT_THAT(*clashes, SizeIs(1));
  EXPECT_EQ(clashes->front().work, 1U);
  EXPECT_EQ(clashes->front().source, 2U);
}

TEST(LicenceChain, consent_on_record_takes_the_clash_away_even_of_a_licence_nobody_knows) {
  Chain chain = {work("Lesson", "CC-BY-4.0", {{1, Derivation::adapts}, {2, Derivation::adapts}}),
                 work("Film", "InC"), work("Drawing", "ask Li")};
  EXPECT_THAT(*find_clashes(chain), SizeIs(2));
  for (auto& source : chain[0].sources) source.permitted = true;
  EXPECT_THAT(*find_clashes(chain), IsEmpty());
}

TEST(LicenceChain, a_licence_nobody_knows_stops_publishing_once_a_source) {
  const Chain chain = {work("Lesson", "mine", {{1, Derivation::adapts}, {2, Derivation::collects}}),
                       work("Film", ""), work("Book", "CC-BY-4.0", {{1, Derivation::adapts}})};
  const auto clashes = find_clashes(chain);
  ASSERT_THAT(*clashes, SizeIs(2));
  EXPECT_EQ((*clashes)[0].source, 0U);
  EXPECT_THAT((*clashes)[0].en, HasSubstr("under “mine”, a licence nobody knows"));
  EXPECT_EQ((*clashes)[1].source, 1U);
  EXPECT_THAT((*clashes)[1].en, HasSubstr("(none given)"));
}

TEST(LicenceChain, a_work_made_from_itself_is_told_and_nothing_hangs) {
  const Chain chain = {
      work("A", "CC-BY-4.0", {{1, Derivation::adapts}}),
      work("B", "CC-BY-4.0", {{0, Derivation::adapts}, {1, Derivation::collects}})};
  const auto clashes = find_clashes(chain);
  ASSERT_THAT(*clashes, SizeIs(2));
  EXPECT_EQ((*clashes)[0].reason, contains_itself);
  EXPECT_EQ((*clashes)[0].en, "“A” is made from itself by way of “B”.");
  EXPECT_EQ((*clashes)[1].en, "“B” is made from itself by way of “B”.");
}

TEST(LicenceChain, may_be_longer_than_a_stack_is_deep) {
  Chain chain;
  for (std::size_t i = 0; i + 1 < kChainWorksMax; ++i)
    chain.push_back(work("w", "CC-BY-4.0", {{i + 1, Derivation::adapts}}));
  chain.push_back(work("w", "CC-BY-SA-4.0"));
  EXPECT_THAT(*find_clashes(chain), SizeIs(1));
  chain.push_back(work("one too many", "CC0-1.0"));
  EXPECT_EQ(find_clashes(chain).error().kind, ErrorKind::invalid);
}

TEST(LicenceChain, the_whole_may_be_used_as_far_as_each_part_allows) {
  const Chain chain = {
      work("Lesson", "CC-BY-4.0", {{1, Derivation::collects}, {2, Derivation::adapts}}),
      work("Clip", "CC-BY-NC-ND-4.0"), work("Old text", "CC-BY-SA-4.0")};
  const auto terms = whole_terms(chain);
  ASSERT_TRUE(terms);
  EXPECT_TRUE(terms->may_share);
  EXPECT_FALSE(terms->may_adapt);
  EXPECT_FALSE(terms->may_sell);
  EXPECT_THAT(terms->bars_selling, ElementsAre(1));
  // What was adapted is in the Work's own licence and asks nothing of the whole by itself.
  EXPECT_FALSE(terms->asks_share_alike);
}

TEST(LicenceChain, offers_the_licences_that_fit) {
  const auto ids = [](const Chain& chain) {
    std::vector<std::string> all;
    const auto fitting = fitting_licences(chain);
    for (const auto& licence : *fitting) all.push_back(licence.id);
    return all;
  };
  EXPECT_THAT(ids({work("L", "", {{1, Derivation::adapts}}), work("S", "CC-BY-SA-3.0")}),
              ElementsAre("CC-BY-SA-4.0"));
  EXPECT_THAT(ids({work("L", "", {{1, Derivation::adapts}}), work("S", "CC-BY-NC-2.0")}),
              ElementsAre("CC-BY-NC-4.0", "CC-BY-NC-SA-4.0", "CC-BY-NC-ND-4.0",
                          "LicenseRef-RightsStatements-InC", "LicenseRef-AllRightsReserved"));
  EXPECT_THAT(ids({work("L", "", {{1, Derivation::adapts}, {2, Derivation::adapts}}),
                   work("S", "CC-BY-SA-4.0"), work("N", "CC-BY-NC-4.0")}),
              IsEmpty());
}

TEST(LicenceChain, that_names_a_source_outside_itself_is_refused) {
  const Chain chain = {work("A", "CC-BY-4.0", {{7, Derivation::adapts}})};
  EXPECT_EQ(find_clashes(chain).error().kind, ErrorKind::invalid);
  EXPECT_EQ(whole_terms(chain).error().kind, ErrorKind::invalid);
  EXPECT_EQ(find_clashes({}).error().kind, ErrorKind::invalid);
}

}  // namespace
}  // namespace oriel::commons
