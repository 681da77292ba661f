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
  context.works = "https://window.example/works/";
  context.terms = {
      {"http://metadata.un.org/sdg/15", TermScheme::sdg, {{"en", "Life on land"}}, "15", ""},
      {"https://level.example/primary", TermScheme::level, {{"en", "Primary"}}, "", ""}};
  context.files = {
      {"https://window.example/files/a", "image/jpeg", 9, "a.jpg", FileRole::preview},
      {"https://window.example/files/b", "application/pdf", 7, "b.pdf", FileRole::original}};
  const auto value = schema_org(work, context).as_object();
  EXPECT_EQ(value.at("@type"), "LearningResource");
  EXPECT_EQ(value.at("@id"), json::value(context.address));
  EXPECT_EQ(value.at("name").at(1),
            (json::object{{"@language", "zh"}, {"@value", "藏羚羊的一年"}}));
  EXPECT_EQ(value.at("typicalAgeRange"), "9-12");
  EXPECT_EQ(value.at("license"), "https://creativecommons.org/licenses/by/4.0/");
  EXPECT_EQ(value.at("isBasedOn").at(0).at("@id"), "https://window.example/works/w1");
  EXPECT_EQ(value.at("about").at(0).at("termCode"), "15");
  EXPECT_EQ(value.at("educationalLevel").at(0).at("name"), "Primary");
  EXPECT_EQ(value.at("thumbnailUrl"), "https://window.example/files/a");
  EXPECT_EQ(value.at("contentUrl"), "https://window.example/files/b");
  EXPECT_EQ(value.at("encoding").as_array().size(), 1u);
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
