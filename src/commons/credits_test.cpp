#include "commons/credits.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"

namespace oriel::commons {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::SizeIs;

Chain lesson() {
  Chain chain(3);
  chain[0] = {"w1",
              {{"en", "Life at 4,500 m"}, {"zh", "四千五百米上的生命"}},
              {"Museum of Nature"},
              "CC-BY-SA-4.0",
              "https://here.example/works/w1",
              {{"en", "cut, subtitled"}, {"zh", "剪辑并加字幕"}},
              {{1, Derivation::adapts}, {2, Derivation::collects}}};
  chain[1] = {"w2",
              {{"zh", "藏羚羊"}},
              {"Li Wei", "Tashi"},
              "CC-BY-SA-3.0",
              "https://far.example/o/7?a=1&b=2",
              {},
              {{2, Derivation::adapts}}};
  chain[2] = {"w3", {{"en", "Map"}}, {}, "CC0-1.0", "", {}, {}};
  return chain;
}

TEST(Credits, name_title_author_source_licence_and_change_of_each_work_once) {
  const auto all = credits(lesson(), "en");
  ASSERT_TRUE(all);
  ASSERT_THAT(*all, SizeIs(3));
  EXPECT_EQ(format_credits(*all, CreditsFormat::markdown, "en"),
            "# Credits\n\n"
            "- [Life at 4,500 m](https://here.example/works/w1) by Museum of Nature, [Creative "
            "Commons Attribution\\-ShareAlike 4\\.0 International](https://creativecommons.org/"
            "licenses/by-sa/4.0/)\\. Changes\\: cut, subtitled\n"
            "- [藏羚羊](https://far.example/o/7?a=1&b=2) by Li Wei, Tashi, [Creative Commons "
            "Attribution\\-ShareAlike 3\\.0 Unported](https://creativecommons.org/licenses/by-sa/"
            "3.0/), adapted, used for Life at 4,500 m\\.\n"
            "- *Map*, [CC0 1\\.0 Universal \\(public domain dedication\\)](https://"
            "creativecommons.org/publicdomain/zero/1.0/), unchanged, used for Life at 4,500 "
            "m\\.\n");
}

TEST(Credits, are_in_the_language_asked_for_with_titles_in_what_there_is) {
  const auto all = credits(lesson(), "zh-Hans");
  const std::string html = format_credits(*all, CreditsFormat::html, "zh-Hans");
  EXPECT_THAT(html, HasSubstr("<section class=\"credits\" lang=\"zh\">\n<h2>署名</h2>"));
  EXPECT_THAT(html, HasSubstr("<cite dir=\"auto\" lang=\"zh\">四千五百米上的生命</cite></a>"));
  EXPECT_THAT(html, HasSubstr("，作者：Li Wei、Tashi，"));
  EXPECT_THAT(html, HasSubstr("<cite dir=\"auto\" lang=\"en\">Map</cite>"));
  EXPECT_THAT(html, HasSubstr("改动：剪辑并加字幕"));
  EXPECT_EQ(credit_line((*all)[1], "zh"),
            "“藏羚羊”，作者：Li Wei、Tashi，https://far.example/o/7?a=1&b=2，知识共享 "
            "署名-相同方式共享 3.0 未本地化版本，https://creativecommons.org/licenses/by-sa/3.0/");
}

TEST(Credits, let_no_title_name_or_address_out_of_its_place) {
  Chain chain(1);
  chain[0] = {"w",
              {{"en", "<script>alert(1)</script>\r\n](x) \"q\", =1+1"}},
              {"<img src=x onerror=y>", "=HYPERLINK(\"http://x\")", "\n\t"},
              "<b>mine</b>",
              "javascript:alert(1)",
              {{"en", "-- \x01 *bold*"}},
              {}};
  const auto all = credits(chain, "en");
  const std::string html = format_credits(*all, CreditsFormat::html, "en");
  EXPECT_THAT(html, Not(HasSubstr("<script")));
  EXPECT_THAT(html, Not(HasSubstr("<img")));
  EXPECT_THAT(html, Not(HasSubstr("<b>")));
  EXPECT_THAT(html, Not(HasSubstr("javascript")));
  const std::string markdown = format_credits(*all, CreditsFormat::markdown, "en");
  EXPECT_THAT(markdown, HasSubstr("\\<script\\>alert\\(1\\)\\<"));
  EXPECT_THAT(markdown, HasSubstr(" \\]\\(x\\) "));
  EXPECT_EQ(std::count(markdown.begin(), markdown.end(), '\n'), 3);
  const std::string csv = format_credits(*all, CreditsFormat::csv, "en");
  EXPECT_THAT(csv, HasSubstr("\r\n\"<script>alert(1)</script> ](x) \"\"q\"\", =1+1\",\"<img "));
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 2);
  EXPECT_EQ(json::parse(format_credits(*all, CreditsFormat::json, "en")).at(0).at("licence"),
            "<b>mine</b>");
}

TEST(Credits, put_no_formula_into_a_spreadsheet) {
  for (const char* title : {"=1+1", "+1", "-1", "@SUM(A1)"}) {
    Chain chain(1);
    chain[0].titles = {{"en", title}};
    const auto csv = format_credits(*credits(chain, "en"), CreditsFormat::csv, "en");
    EXPECT_THAT(csv, HasSubstr("\r\n'" + std::string(title))) << title;
  }
}

TEST(Credits, encode_what_would_end_an_address_early) {
  Chain chain(1);
  chain[0].titles = {{"en", "T"}};
  chain[0].address = "https://a.example/(x) y\"<雪>";
  const auto all = credits(chain, "en");
  EXPECT_EQ(all->front().address, "https://a.example/%28x%29%20y%22%3C%E9%9B%AA%3E");
}

TEST(Credits, come_as_json_with_every_member) {
  const auto parsed =
      json::parse(format_credits(*credits(lesson(), "en"), CreditsFormat::json, "en"));
  ASSERT_EQ(parsed.as_array().size(), 3U);
  const auto second = from_json<Credit>(parsed.at(1));
  ASSERT_TRUE(second) << second.error().message;
  EXPECT_EQ(second->licence_id, "CC-BY-SA-3.0");
  EXPECT_EQ(second->used, "adapted");
  EXPECT_EQ(second->used_for, "Life at 4,500 m");
  EXPECT_EQ(second->depth, 1);
}

}  // namespace
}  // namespace oriel::commons
