#include "app/config.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace oriel::app {
namespace {

using ::testing::HasSubstr;

std::string error_of(std::string_view text) {
  const auto config = parse_config(text, "oriel.toml");
  return config ? "no error" : config.error().message;
}

TEST(Config, the_smallest_useful_file_works) {
  const auto config = parse_config(
      "[[feed]]\nid = \"lake\"\nsource = \"rtsp://user:secret@10.0.0.7/stream1\"\npublic = true\n",
      "oriel.toml");
  ASSERT_TRUE(config) << config.error().message;
  ASSERT_EQ(config->feeds.size(), 1u);
  EXPECT_TRUE(config->feeds[0].is_public);
  EXPECT_TRUE(config->feeds[0].record);
  EXPECT_EQ(config->feeds[0].source.reveal(), "rtsp://user:secret@10.0.0.7/stream1");
}

TEST(Config, an_error_names_file_line_key_and_what_was_expected) {
  EXPECT_EQ(error_of("[[feed]]\nid = \"lake\"\nsource = \"rtsp://a/b\"\npart_ms = \"fast\"\n"),
            "oriel.toml:4: feed[0].part_ms: expected a whole number from 100 to 2000");
  EXPECT_THAT(error_of("[http]\nlisten = \"x\"\nprot = 1\n"),
              HasSubstr("oriel.toml:3: http.prot: is not a known key"));
  EXPECT_THAT(error_of("data = \n"), HasSubstr("oriel.toml:1"));
  EXPECT_EQ(error_of("[[feed]]\nid = \"lake\"\n"), "oriel.toml:1: feed[0].source: is missing");
  EXPECT_THAT(error_of("[[feed]]\nid = \"The Lake\"\nsource = \"rtsp://a/b\"\n"),
              HasSubstr("oriel.toml:2: feed[0].id"));
}

TEST(Config, two_feeds_with_one_name_are_refused_with_both_lines) {
  EXPECT_EQ(error_of("[[feed]]\nid = \"a\"\nsource = \"rtsp://a/b\"\n[[feed]]\nid = \"a\"\nsource "
                     "= \"rtsp://a/c\"\n"),
            "oriel.toml:4: feed[1].id: \"a\" is already the id of the one in line 1");
}

TEST(Config, rules_of_retention_are_of_the_installation_and_of_feeds) {
  const auto config = parse_config(
      "[retention]\nkeep_days = 3650\nkey_frames_after_days = 365\nfree_bytes_min = 50000000000\n"
      "[[feed]]\nid = \"lake\"\nsource = \"rtsp://a/b\"\n"
      "retention = { keep_days = 1.5, key_frames_after_days = 1 }\n",
      "f");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->retention.installation.free_bytes_min, 50'000'000'000);
  const auto rule = config->retention.of(FeedId("lake"));
  EXPECT_EQ(rule.keep_days, 1.5);
  EXPECT_EQ(rule.key_frames_after_days, 1);
  EXPECT_THAT(error_of("[retention]\nkeep_days = 0\n"),
              HasSubstr("oriel.toml:2: retention.keep_days: expected"));
  EXPECT_THAT(error_of("[retention]\nkeep_days = 5\nkey_frames_after_days = 9\n"),
              HasSubstr("oriel.toml:3: retention.key_frames_after_days: must be less"));
  EXPECT_THAT(error_of("[retention]\nkeep_weeks = 5\n"), HasSubstr("is not a known key"));
  EXPECT_THAT(error_of("[[feed]]\nid = \"a\"\nsource = \"rtsp://a/b\"\n"
                       "retention = { free_bytes_min = 5 }\n"),
              HasSubstr("feed[0].retention.free_bytes_min: is not a known key"));
}

TEST(Config, an_error_never_shows_a_source) {
  EXPECT_THAT(error_of("[[feed]]\nid = \"a\"\nsource = \"gopher://user:secret@host/x\"\n"),
              Not(HasSubstr("secret")));
}

TEST(Config, a_name_is_a_text_or_one_a_language) {
  const auto config = parse_config(
      "[[site]]\nid = \"a\"\nname = { en = \"Lake\", zh = \"湖\" }\n[[site]]\nid = \"b\"\nname = "
      "\"Peak\"\n",
      "f");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->sites[0].name.at("zh"), "湖");
  EXPECT_EQ(config->sites[1].name.at("und"), "Peak");
}

TEST(Config, the_public_address_is_an_origin) {
  const auto config = parse_config("[http]\npublic_url = \"https://window.example/\"\n", "f");
  ASSERT_TRUE(config) << config.error().message;
  EXPECT_EQ(config->http.public_url, "https://window.example");
  for (const std::string_view wrong : {"window.example", "https://", "https://window.example/a"})
    EXPECT_THAT(error_of("[http]\npublic_url = \"" + std::string(wrong) + "\"\n"),
                HasSubstr("oriel.toml:2: http.public_url: expected an address without a path"))
        << wrong;
}

TEST(Config, the_database_lies_in_the_data_folder_unless_it_is_named) {
  EXPECT_EQ(parse_config("data = \"d\"\n", "f")->database_url().reveal(), "sqlite:d/oriel.db");
  EXPECT_EQ(parse_config("database = \"sqlite:x\"\n", "f")->database_url().reveal(), "sqlite:x");
}

TEST(Config, a_feed_at_a_site_that_does_not_exist_is_refused) {
  EXPECT_THAT(error_of("[[feed]]\nid = \"a\"\nsite = \"moon\"\nsource = \"rtsp://a/b\"\n"),
              HasSubstr("there is no [[site]]"));
}

}  // namespace
}  // namespace oriel::app
