#include "exchange/oai.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temp_folder.h"
#include "commons/catalogue.h"
#include "commons/testing.h"
#include "exchange/oai_dates.h"
#include "exchange/oai_token.h"
#include "exchange/xml.h"

namespace oriel::exchange {
namespace {

using commons::Catalogue;
using commons::Work;
using commons::WorkContent;
using commons::WorkId;
using commons::WorkState;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using testing::SizeIs;

constexpr UtcTime kStart{1'800'000'000'000'000};  // 2027-01-15T08:00:00Z

class OaiTest : public testing::Test {
 protected:
  void SetUp() override {
    node_.name = "Plateau & Window";
    node_.base_url = "https://window.example/oai";
    node_.works = "https://window.example/works/";
    node_.files = "https://window.example/files/";
    node_.admin_email = "commons@window.example";
    node_.domain = "window.example";
  }
  Work published(WorkContent content) {
    if (content.title.empty()) content.title = {{"en", "Antelopes <& co>"}};
    content.licence = "https://creativecommons.org/licenses/by/4.0/";
    auto work = catalogue_.add_work(content, {"li", ""});
    EXPECT_TRUE(work) << work.error().message;
    return moved(moved(*work, WorkState::in_review), WorkState::published);
  }
  Work moved(const Work& work, WorkState state) {
    clock_.advance(Duration::from_s(1));
    auto next = catalogue_.move_work(WorkId(work.id), work.version, state, {"li", ""});
    EXPECT_TRUE(next) << next.error().message;
    return next.value_or(Work{});
  }
  std::string ask(const OaiArguments& arguments) {
    const auto answer = provider_.answer(node_, arguments, [](const Work&) { return true; });
    EXPECT_TRUE(answer) << answer.error().message;
    return answer.value_or("");
  }
  // What stands between `begin` and `end`, each time.
  static std::vector<std::string> all(const std::string& xml, const std::string& begin,
                                      const std::string& end) {
    std::vector<std::string> found;
    for (auto at = xml.find(begin); at != std::string::npos; at = xml.find(begin, at)) {
      at += begin.size();
      found.push_back(xml.substr(at, xml.find(end, at) - at));
    }
    return found;
  }
  static std::vector<std::string> errors(const std::string& xml) {
    return all(xml, "<error code=\"", "\">");
  }
  static std::vector<std::string> ids(const std::string& xml) {
    return all(xml, "<identifier>oai:window.example:works/", "</identifier>");
  }
  static std::string token(const std::string& xml) {
    const auto found = all(xml, "<resumptionToken", "</resumptionToken>");
    return found.empty() ? "none" : found[0].substr(found[0].find('>') + 1);
  }
  // All of a list, by its tokens; `parts` is how many answers that took.
  std::vector<std::string> harvest(OaiArguments arguments, int* parts = nullptr) {
    std::vector<std::string> found;
    const auto verb = arguments.front();
    for (int part = 1; part < 100; ++part) {
      const auto xml = ask(arguments);
      for (auto& id : ids(xml)) found.push_back(std::move(id));
      if (parts != nullptr) *parts = part;
      const auto next = token(xml);
      if (next == "none" || next.empty()) break;
      arguments = {verb, {"resumptionToken", next}};
    }
    return found;
  }

  TempFolder folder_;
  Metrics metrics_;
  ManualClock clock_{kStart};
  std::unique_ptr<store::Database> database_ = commons::open_database(folder_, metrics_);
  Catalogue catalogue_{*database_, clock_};
  commons::Publications publications_{*database_, clock_};
  OaiProvider provider_{publications_, clock_, {.part_count = 2}};
  OaiNode node_;
};

TEST_F(OaiTest, what_every_validator_probes_gets_the_code_that_it_takes) {
  published({});
  const OaiArguments list = {{"verb", "ListRecords"}, {"metadataPrefix", "oai_dc"}};
  const auto with = [&](OaiArguments more) {
    more.insert(more.begin(), list.begin(), list.end());
    return errors(ask(more));
  };
  EXPECT_THAT(errors(ask({{"junk", ""}})), ElementsAre("badVerb"));
  EXPECT_THAT(errors(ask({})), ElementsAre("badVerb"));
  EXPECT_THAT(errors(ask({{"verb", "junk"}})), ElementsAre("badVerb"));
  EXPECT_THAT(errors(ask({{"verb", "Identify"}, {"verb", "Identify"}})), ElementsAre("badVerb"));
  EXPECT_THAT(errors(ask({{"verb", "Identify"}, {"set", "kind:clip"}})),
              ElementsAre("badArgument"));
  EXPECT_THAT(errors(ask({{"verb", "GetRecord"}, {"metadataPrefix", "oai_dc"}})),
              ElementsAre("badArgument"));
  EXPECT_THAT(errors(ask({{"verb", "GetRecord"}, {"identifier", "oai:window.example:works/x"}})),
              ElementsAre("badArgument"));
  EXPECT_THAT(errors(ask({{"verb", "ListRecords"}})), ElementsAre("badArgument"));
  EXPECT_THAT(errors(ask({{"verb", "ListRecords"}, {"metadataPrefix", "junk"}})),
              ElementsAre("cannotDisseminateFormat"));
  EXPECT_THAT(with({{"metadataPrefix", "oai_dc"}}), ElementsAre("badArgument"));
  EXPECT_THAT(with({{"from", "junk"}}), ElementsAre("badArgument"));
  EXPECT_THAT(with({{"until", "junk"}}), ElementsAre("badArgument"));
  EXPECT_THAT(with({{"from", "2027-02-30"}}), ElementsAre("badArgument"));
  EXPECT_THAT(with({{"from", "2027-01-01"}, {"until", "2027-02-01T00:00:00Z"}}),
              ElementsAre("badArgument"));
  EXPECT_THAT(with({{"from", "2027-02-01"}, {"until", "2027-01-01"}}), ElementsAre("badArgument"));
  EXPECT_THAT(with({{"until", "2026-01-15T08:00:00Z"}}), ElementsAre("noRecordsMatch"));
  EXPECT_THAT(with({{"until", "0999-01-01"}}), ElementsAre("noRecordsMatch"));
  EXPECT_THAT(with({{"from", "2999-01-01"}}), ElementsAre("noRecordsMatch"));
  EXPECT_THAT(with({{"set", "no such"}}), ElementsAre("badArgument"));
  EXPECT_THAT(with({{"set", "nosuch"}}), ElementsAre("noRecordsMatch"));
  EXPECT_THAT(with({{"resumptionToken", "junk"}}), Not(IsEmpty()));
  EXPECT_THAT(errors(ask({{"verb", "ListRecords"}, {"resumptionToken", "junk"}})),
              ElementsAre("badResumptionToken"));
  EXPECT_THAT(errors(ask({{"verb", "ListRecords"}, {"resumptionToken", ""}})),
              ElementsAre("badResumptionToken"));
  EXPECT_THAT(errors(ask({{"verb", "ListSets"}, {"resumptionToken", "junk"}})),
              ElementsAre("badResumptionToken"));
  EXPECT_THAT(errors(ask({{"verb", "ListMetadataFormats"}, {"identifier", "junk"}})),
              ElementsAre("idDoesNotExist"));
}

TEST_F(OaiTest, the_request_is_repeated_but_not_one_that_cannot_be_told_apart) {
  const auto lost =
      ask({{"verb", "GetRecord"}, {"identifier", "invalid\"<id"}, {"metadataPrefix", "oai_dc"}});
  EXPECT_THAT(errors(lost), ElementsAre("idDoesNotExist"));
  EXPECT_THAT(lost, HasSubstr("<request identifier=\"invalid&quot;&lt;id\""
                              " metadataPrefix=\"oai_dc\" verb=\"GetRecord\">"
                              "https://window.example/oai</request>"));
  EXPECT_THAT(ask({{"verb", "<junk"}}), HasSubstr("<request>https://window.example/oai</request>"));
  EXPECT_THAT(ask({{"verb", "GetRecord"}, {"identifier", "\xFF\x01"}, {"metadataPrefix", "a"}}),
              HasSubstr("<request>"));
}

TEST_F(OaiTest, the_repository_says_what_it_is) {
  const auto empty = ask({{"verb", "Identify"}});
  EXPECT_THAT(empty, HasSubstr("<repositoryName>Plateau &amp; Window</repositoryName>"));
  published({});
  const auto xml = ask({{"verb", "Identify"}});
  for (const char* part :
       {"<baseURL>https://window.example/oai</baseURL>", "<protocolVersion>2.0</protocolVersion>",
        "<adminEmail>commons@window.example</adminEmail>",
        "<earliestDatestamp>2027-01-15T08:00:02Z</earliestDatestamp>",
        "<deletedRecord>persistent</deletedRecord>",
        "<granularity>YYYY-MM-DDThh:mm:ssZ</granularity>",
        "<repositoryIdentifier>window.example</repositoryIdentifier>"})
    EXPECT_THAT(xml, HasSubstr(part));
}

TEST_F(OaiTest, a_list_is_split_by_tokens_and_ends_with_an_empty_one) {
  std::vector<std::string> made;
  for (int i = 0; i < 5; ++i) made.push_back(published({}).id);
  int parts = 0;
  EXPECT_EQ(harvest({{"verb", "ListRecords"}, {"metadataPrefix", "oai_dc"}}, &parts), made);
  EXPECT_EQ(parts, 3);
  const auto first = ask({{"verb", "ListIdentifiers"}, {"metadataPrefix", "oai_dc"}});
  EXPECT_THAT(first, HasSubstr("<resumptionToken completeListSize=\"5\" cursor=\"0\">1~i~oai_dc~"));
  EXPECT_THAT(first, Not(HasSubstr("<metadata>")));
  const OaiArguments next = {{"verb", "ListIdentifiers"}, {"resumptionToken", token(first)}};
  EXPECT_EQ(ask(next), ask(next)) << "the same token, the same part";
  const OaiArguments other = {{"verb", "ListRecords"}, {"resumptionToken", token(first)}};
  EXPECT_THAT(errors(ask(other)), ElementsAre("badResumptionToken"));
  auto beside = next;
  beside.emplace_back("until", "2027-01-01");
  EXPECT_THAT(errors(ask(beside)), ElementsAre("badArgument"));
}

TEST_F(OaiTest, a_list_that_fills_its_parts_exactly_has_none_that_is_empty) {
  for (int i = 0; i < 4; ++i) published({});
  int parts = 0;
  EXPECT_THAT(harvest({{"verb", "ListRecords"}, {"metadataPrefix", "oai_dc"}}, &parts), SizeIs(4));
  EXPECT_EQ(parts, 2);
  const OaiArguments until = {
      {"verb", "ListRecords"}, {"metadataPrefix", "oai_dc"}, {"until", "2027-01-15T08:00:04Z"}};
  EXPECT_THAT(ids(ask(until)), SizeIs(2));
  EXPECT_EQ(token(ask(until)), "none") << "a list in one part has no token";
}

TEST_F(OaiTest, dates_are_inclusive_to_the_second_and_stay_in_the_token) {
  std::vector<std::string> made;
  for (int i = 0; i < 6; ++i) made.push_back(published({}).id);  // 08:00:02, :04, … :12
  const OaiArguments span = {{"verb", "ListIdentifiers"},
                             {"metadataPrefix", "oai_dc"},
                             {"from", "2027-01-15T08:00:04Z"},
                             {"until", "2027-01-15T08:00:10Z"}};
  EXPECT_THAT(harvest(span), ElementsAre(made[1], made[2], made[3], made[4]));
  EXPECT_THAT(harvest({{"verb", "ListIdentifiers"},
                       {"metadataPrefix", "oai_dc"},
                       {"from", "2027-01-15"},
                       {"until", "2027-01-15"}}),
              SizeIs(6));
}

TEST_F(OaiTest, sets_are_by_kind_institution_and_goal_and_hold_what_is_below_them) {
  commons::PartyContent content;
  content.name = {{"en", "Union"}};
  const auto above = *catalogue_.add_party(content);
  content.name = {{"en", "Museum"}};
  content.within = above.id;
  const auto museum = *catalogue_.add_party(content);
  for (const char* uri : {"http://metadata.un.org/sdg/15", "http://metadata.un.org/sdg/15.5"})
    ASSERT_TRUE(catalogue_.put_term({uri, commons::TermScheme::sdg, {{"en", uri}}, "", ""}));
  WorkContent clip;
  clip.kind = commons::WorkKind::clip;
  clip.stewards = {museum.id};
  clip.terms = {"http://metadata.un.org/sdg/15.5"};
  const auto a = published(clip);
  WorkContent sound;
  sound.kind = commons::WorkKind::sound;
  sound.terms = {"http://metadata.un.org/sdg/15"};
  const auto b = published(sound);
  const auto c = published({});
  const auto of = [&](const std::string& set) {
    return harvest({{"verb", "ListIdentifiers"}, {"metadataPrefix", "lrmi"}, {"set", set}});
  };
  EXPECT_THAT(of("kind:clip"), ElementsAre(a.id));
  EXPECT_THAT(of("kind"), ElementsAre(a.id, b.id, c.id));
  EXPECT_THAT(of("inst:" + museum.id), ElementsAre(a.id));
  EXPECT_THAT(of("inst:" + above.id), ElementsAre(a.id));
  EXPECT_THAT(of("inst"), ElementsAre(a.id));
  EXPECT_THAT(of("sdg:15"), ElementsAre(a.id, b.id));
  EXPECT_THAT(of("sdg:15:15.5"), ElementsAre(a.id));
  EXPECT_THAT(of("sdg"), ElementsAre(a.id, b.id));
  const auto sets = ask({{"verb", "ListSets"}});
  EXPECT_THAT(sets, HasSubstr("<setSpec>sdg:15:15.5</setSpec><setName>SDG 15.5</setName>"));
  EXPECT_THAT(sets,
              HasSubstr("<setSpec>inst:" + museum.id + "</setSpec><setName>Museum</setName>"));
  EXPECT_THAT(sets, HasSubstr("<setSpec>kind:clip</setSpec>"));
  const auto record = ask({{"verb", "GetRecord"},
                           {"identifier", "oai:window.example:works/" + a.id},
                           {"metadataPrefix", "oai_dc"}});
  EXPECT_THAT(
      all(record, "<setSpec>", "</setSpec>"),
      ElementsAre("inst:" + std::min(above.id, museum.id), "inst:" + std::max(above.id, museum.id),
                  "kind:clip", "sdg:15", "sdg:15:15.5"));
  EXPECT_THAT(record, HasSubstr("<dc:publisher>Museum</dc:publisher>"));
}

TEST_F(OaiTest, what_is_withdrawn_or_deleted_stays_as_deleted_in_its_sets) {
  WorkContent content;
  content.terms = {"http://metadata.un.org/sdg/15"};
  ASSERT_TRUE(catalogue_.put_term(
      {content.terms[0], commons::TermScheme::sdg, {{"en", "Life on land"}}, "15", ""}));
  auto work = published(content);
  ASSERT_TRUE(catalogue_.add_work({.title = {{"en", "A draft"}}}, {"li", ""}));
  work = moved(work, WorkState::withdrawn);
  const OaiArguments list = {
      {"verb", "ListRecords"}, {"metadataPrefix", "oai_dc"}, {"set", "sdg:15"}};
  const auto withdrawn = ask(list);
  EXPECT_THAT(ids(withdrawn), ElementsAre(work.id));
  EXPECT_THAT(withdrawn, HasSubstr("<header status=\"deleted\">"));
  EXPECT_THAT(withdrawn, Not(HasSubstr("<metadata>")));
  EXPECT_THAT(withdrawn, HasSubstr("<datestamp>2027-01-15T08:00:03Z</datestamp>"));
  work = moved(work, WorkState::deleted);
  EXPECT_THAT(ids(ask(list)), ElementsAre(work.id));
  EXPECT_THAT(ask(list), HasSubstr("<datestamp>2027-01-15T08:00:04Z</datestamp>"));
  EXPECT_THAT(ask({{"verb", "GetRecord"},
                   {"identifier", "oai:window.example:works/" + work.id},
                   {"metadataPrefix", "lrmi"}}),
              HasSubstr("<header status=\"deleted\">"));
}

TEST_F(OaiTest, what_changes_during_a_harvest_comes_again_and_hides_nothing) {
  std::vector<Work> made;
  for (int i = 0; i < 5; ++i) made.push_back(published({}));
  const auto first = ask({{"verb", "ListIdentifiers"}, {"metadataPrefix", "oai_dc"}});
  moved(made[0], WorkState::withdrawn);
  moved(made[3], WorkState::withdrawn);
  const auto rest = harvest({{"verb", "ListIdentifiers"}, {"resumptionToken", token(first)}});
  EXPECT_THAT(rest, ElementsAre(made[2].id, made[4].id, made[0].id, made[3].id));
}

TEST_F(OaiTest, a_record_says_what_the_work_is_in_both_formats) {
  WorkContent content;
  content.kind = commons::WorkKind::clip;
  content.title = {{"en", "A & B"}, {"zh", "藏羚羊"}};
  content.about = {{"en", "Run < walk"}};
  content.languages = {"en"};
  content.makers = {{"", "Li", "author"}, {"", "Mo", "translator:zh"}};
  content.audience = commons::Ages{9, 12};
  content.identifiers = {{"accession", "QH 1"}};
  const auto work = published(content);
  const OaiArguments get = {{"verb", "GetRecord"},
                            {"identifier", "oai:window.example:works/" + work.id}};
  auto dc = get;
  dc.emplace_back("metadataPrefix", "oai_dc");
  const auto core = ask(dc);
  for (const char* part :
       {"<dc:title xml:lang=\"en\">A &amp; B</dc:title>",
        "<dc:title xml:lang=\"zh\">藏羚羊</dc:title>", "<dc:creator>Li</dc:creator>",
        "<dc:contributor>Mo</dc:contributor>",
        "<dc:description xml:lang=\"en\">Run &lt; walk</dc:description>",
        "<dc:type>MovingImage</dc:type>", "<dc:identifier>accession:QH 1</dc:identifier>",
        "<dc:rights>https://creativecommons.org/licenses/by/4.0/</dc:rights>",
        "<dc:date>2027-01-15</dc:date>", "<dc:language>en</dc:language>"})
    EXPECT_THAT(core, HasSubstr(part));
  auto lrmi = get;
  lrmi.emplace_back("metadataPrefix", "lrmi");
  const auto resource = ask(lrmi);
  for (const char* part : {"<resource xmlns=\"urn:oriel:lrmi:1\"", "<type>VideoObject</type>",
                           "<typicalAgeRange>9-12</typicalAgeRange>",
                           "<creator role=\"author\"><name>Li</name></creator>"})
    EXPECT_THAT(resource, HasSubstr(part));
}

TEST(OaiToken, one_that_was_touched_is_refused) {
  OaiToken token;
  token.prefix = "oai_dc";
  token.set = "sdg:15:15.5";
  token.from_us = -5;
  token.end_us = 7;
  token.after = {6, "01kay0vv3se5cn2m9y7q8t4xw6"};
  token.cursor = 500;
  token.size = 1'000;
  const auto text = format_token(token);
  const auto read = parse_token(text);
  ASSERT_TRUE(read);
  EXPECT_EQ(format_token(*read), text);
  EXPECT_EQ(read->set, token.set);
  EXPECT_EQ(read->after.id, token.after.id);
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto other = text;
    other[i] = other[i] == '1' ? '2' : '1';
    EXPECT_FALSE(parse_token(other)) << other;
  }
  EXPECT_FALSE(parse_token(text.substr(1)));
  EXPECT_FALSE(parse_token(text + "0"));
}

TEST(OaiDates, days_and_seconds_are_told_apart) {
  EXPECT_EQ(parse_oai_date("1970-01-02")->begin_us, 86'400'000'000);
  EXPECT_EQ(parse_oai_date("1970-01-01")->end_us, 86'400'000'000);
  EXPECT_EQ(parse_oai_date("1970-01-01T00:00:01Z")->end_us, 2'000'000);
  for (const char* wrong : {"", "1970", "1970-01", "1970-13-01", "1970-02-29", "1970-01-01T00:00Z",
                            "1970-01-01T00:00:00", "1970-01-01T00:00:00.0Z", "1970-01-01T24:00:00Z",
                            "1970-01-01 00:00:00Z", "0000-01-01", "-970-01-01"})
    EXPECT_FALSE(parse_oai_date(wrong)) << wrong;
}

TEST(Xml, what_is_no_character_of_xml_is_replaced) {
  const auto escaped = [](std::string_view text) {
    std::string xml;
    append_escaped(xml, text);
    return xml;
  };
  EXPECT_EQ(escaped("a<b>&\"c\""), "a&lt;b&gt;&amp;&quot;c&quot;");
  EXPECT_EQ(escaped("\x01\x7F\t\n"), "\xEF\xBF\xBD\x7F\t\n");
  EXPECT_EQ(escaped("藏\U0001F98C"), "藏\U0001F98C");
  EXPECT_EQ(escaped("\xFF"), "\xEF\xBF\xBD");
  EXPECT_EQ(escaped("\xEF\xBF\xBE"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // U+FFFE
  EXPECT_EQ(escaped("\xED\xA0\x80"), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD");  // a surrogate
  EXPECT_EQ(escaped("\xE8\x97"), "\xEF\xBF\xBD\xEF\xBF\xBD");
}

}  // namespace
}  // namespace oriel::exchange
