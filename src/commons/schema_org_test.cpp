#include "commons/schema_org.h"

#include <gtest/gtest.h>

namespace oriel::commons {
namespace {

TEST(SchemaOrg, a_lesson_says_for_whom_and_about_what_it_is) {
  Work work;
  work.kind = WorkKind::lesson;
  work.title = {{"en", "The antelope's year"}, {"zh", "藏羚羊的一年"}};
  work.licence = "http://creativecommons.org/licenses/by/4.0/";
  work.audience = Ages{9, 12};
  work.derived_from = {"w1"};
  work.published_at = UtcTime{1'800'000'000'000'000};
  SchemaOrgContext context;
  context.address = "https://window.example/works/w2";
  context.sources = {{"https://window.example/works/w1",
                      {{"en", "The herd"}},
                      {{{{"en", "Li"}}, "https://orcid.org/0000-0002-1825-0097", false}},
                      "CC-BY-4.0"}};
  context.publishers = {{{{"en", "Museum"}}, "", true}};
  context.terms = {
      {"http://metadata.un.org/sdg/15", TermScheme::sdg, {{"en", "Life on land"}}, "15", ""},
      {"https://level.example/primary", TermScheme::level, {{"en", "Primary"}}, "", ""}};
  context.files = {
      {"https://window.example/files/a", "image/jpeg", 9, "a.jpg", FileRole::preview, "", ""},
      {"https://window.example/files/b", "application/pdf", 7, "b.pdf", FileRole::original,
       std::string(64, 'b'), ""},
      {"https://window.example/files/c", "text/vtt", 5, "c.vtt", FileRole::caption, "", "zh"}};
  const auto value = schema_org(work, context).as_object();
  EXPECT_EQ(value.at("@context").at(0), "https://w3id.org/kim/amb/context.jsonld");
  EXPECT_EQ(value.at("@context").at(2), (json::object{{"@language", "en"}}));
  EXPECT_EQ(value.at("type"), (json::array{"LearningResource"}));
  EXPECT_EQ(value.at("id"), json::value(context.address));
  EXPECT_EQ(value.at("name"), "The antelope's year");
  EXPECT_EQ(value.at("alternateName").at(0),
            (json::object{{"@language", "zh"}, {"@value", "藏羚羊的一年"}}));
  EXPECT_EQ(value.at("learningResourceType").at(0).at("id"), "https://w3id.org/kim/hcrt/web_page");
  EXPECT_EQ(value.at("typicalAgeRange"), "9-12");
  EXPECT_EQ(value.at("license").at("id"), "https://creativecommons.org/licenses/by/4.0/");
  const auto& source = value.at("isBasedOn").at(0);
  EXPECT_EQ(source.at("id"), "https://window.example/works/w1");
  EXPECT_EQ(source.at("name"), "The herd");
  EXPECT_EQ(source.at("creator").at(0).at("name"), "Li");
  EXPECT_EQ(source.at("creator").at(0).at("id"), "https://orcid.org/0000-0002-1825-0097");
  EXPECT_EQ(source.at("license").at("id"), "https://creativecommons.org/licenses/by/4.0/");
  EXPECT_EQ(value.at("publisher").at(0).at("type"), "Organization");
  EXPECT_EQ(value.at("about").at(0).at("prefLabel"), (json::object{{"en", "Life on land"}}));
  EXPECT_EQ(value.at("educationalAlignment").at(0).at("targetUrl"),
            "http://metadata.un.org/sdg/15");
  EXPECT_EQ(value.at("educationalLevel").at(0).at("id"), "https://level.example/primary");
  EXPECT_EQ(value.at("thumbnailUrl"), "https://window.example/files/a");
  EXPECT_EQ(value.at("contentUrl"), "https://window.example/files/b");
  ASSERT_EQ(value.at("encoding").as_array().size(), 1u);
  EXPECT_EQ(value.at("encoding").at(0).at("contentSize"), "7");
  EXPECT_EQ(value.at("encoding").at(0).at("sha256"), json::value(std::string(64, 'b')));
  EXPECT_EQ(value.at("caption").at(0).at("inLanguage"), "zh");
}

TEST(SchemaOrg, what_is_not_known_is_not_said) {
  Work work;
  work.kind = WorkKind::still;
  work.title = {{"en", "Dawn"}};
  const auto value = schema_org(work, {}).as_object();
  EXPECT_EQ(value.at("name"), "Dawn");
  for (const char* absent : {"license", "creator", "contentUrl", "about", "contentLocation",
                             "datePublished", "inLanguage"})
    EXPECT_FALSE(value.contains(absent)) << absent;
}

}  // namespace
}  // namespace oriel::commons
