#include "store/schema.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temp_folder.h"
#include "store/sqlite.h"

namespace oriel::store {
namespace {

class Schema : public testing::Test {
 protected:
  std::unique_ptr<Database> open_bare(const std::string& name = "oriel.db") {
    auto database = open_sqlite({.path = folder_ / name}, metrics_);
    EXPECT_TRUE(database) << database.error().message;
    return std::move(*database);
  }
  std::string url() const { return "sqlite:" + (folder_ / "oriel.db").string(); }

  TempFolder folder_;
  Metrics metrics_;
};

std::vector<std::string> column(Database& database, const std::string& sql) {
  std::vector<std::string> texts;
  EXPECT_TRUE(database.read([&](Session& session) {
    return session.query(sql, {}, [&](const Row& row) { texts.push_back(row.text(0)); });
  }));
  return texts;
}

std::vector<std::string> tables(Database& database) {
  return column(database,
                "SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type DESC, name");
}

std::int64_t version_of(Database& database) {
  return std::stoll(column(database, "SELECT version FROM schema_version").at(0));
}

// The statements of a kept file, each ended by ";" at the end of a line.
std::vector<std::string> kept_statements(const std::string& name) {
  std::ifstream file(std::string(ORIEL_SOURCE_DIR) + "/src/store/testdata/" + name);
  EXPECT_TRUE(file) << name;
  std::vector<std::string> statements;
  std::string statement;
  for (std::string line; std::getline(file, line);) {
    statement += line;
    if (line.ends_with(';')) {
      statement.pop_back();
      statements.push_back(std::exchange(statement, {}));
    } else {
      statement += '\n';
    }
  }
  return statements;
}

TEST_F(Schema, steps_are_numbered_from_one_without_holes) {
  std::int64_t expected = 0;
  for (const auto& step : migrations()) EXPECT_EQ(step.version, ++expected);
}

// Ten years of recordings would keep a start waiting for minutes to hours.
TEST_F(Schema, no_step_after_the_second_rewrites_or_reads_what_grows_with_the_years) {
  const std::set<std::string> grows = {"recording", "gap"};
  // Read once, and no row rewritten: what a database of version 2 can have gathered is months.
  const std::set<std::string> once = {
      "DROP INDEX recording_by_time",
      "CREATE INDEX recording_by_time ON recording"
      " (feed, rendition, start_us, id, end_us, began, ended, thinned, bytes, volume)"};
  for (const auto& step : migrations()) {
    if (step.version <= 2) continue;
    for (const auto& statement : step.statements) {
      if (once.contains(statement)) continue;
      std::istringstream text(statement);
      const std::vector<std::string> words{std::istream_iterator<std::string>(text), {}};
      ASSERT_GE(words.size(), 5U) << statement;
      const auto verb = words[0] + " " + words[1];
      if (verb == "CREATE TABLE") continue;
      if (verb == "CREATE INDEX" || verb == "CREATE UNIQUE") {
        const auto on = std::find(words.begin(), words.end(), "ON");
        ASSERT_NE(on, words.end()) << statement;
        EXPECT_FALSE(grows.contains(*(on + 1))) << statement;
        continue;
      }
      // In place on both: PostgreSQL 11 and newer keep a constant default beside the rows.
      EXPECT_EQ(verb, "ALTER TABLE") << statement;
      EXPECT_EQ(words[3] + " " + words[4], "ADD COLUMN") << statement;
    }
  }
}

TEST_F(Schema, an_empty_file_gets_the_newest_version_and_opening_again_changes_nothing) {
  std::vector<std::string> first;
  {
    auto database = open_database(url(), metrics_);
    ASSERT_TRUE(database) << database.error().message;
    EXPECT_EQ(version_of(**database), migrations().back().version);
    first = tables(**database);
  }
  auto database = open_database(url(), metrics_);
  ASSERT_TRUE(database);
  EXPECT_EQ(tables(**database), first);
}

// A released step must never change: databases in the field have already taken it. The kept file is
// a database of version 1 with a row in each table.
TEST_F(Schema, a_file_of_version_1_becomes_what_a_new_file_is_and_keeps_its_rows) {
  constexpr auto kTables = "SELECT name FROM sqlite_schema WHERE type = 'table'";
  std::vector<std::string> old_tables;
  {
    auto old = open_bare();
    ASSERT_TRUE(old->write([](Session& session) -> Result<void> {
      for (const auto& statement : kept_statements("version_1.sql"))
        ORIEL_TRY(session.execute(statement));
      return {};
    }));
    auto fresh = open_bare("fresh.db");
    ASSERT_TRUE(migrate(*fresh, {migrations().front()}));
    EXPECT_EQ(tables(*old), tables(*fresh)) << "version 1 was changed after its release";
    old_tables = column(*old, kTables);
  }
  auto upgraded = open_database(url(), metrics_);
  ASSERT_TRUE(upgraded) << upgraded.error().message;
  auto fresh = open_bare("fresh.db");
  ASSERT_TRUE(migrate(*fresh, migrations()));
  EXPECT_EQ(tables(**upgraded), tables(*fresh));
  ASSERT_FALSE(old_tables.empty());
  for (const auto& table : old_tables)
    EXPECT_EQ(column(**upgraded, "SELECT count(*) FROM " + table).at(0), "1") << table;
}

TEST_F(Schema, a_step_that_fails_leaves_the_version_before_it) {
  auto database = open_bare();
  ASSERT_TRUE(migrate(*database, migrations()));
  const auto before = tables(*database);
  auto steps = migrations();
  const auto next = steps.back().version + 1;
  steps.push_back({next, {"CREATE TABLE extra (a INTEGER)", "CREATE TABLE feed (id TEXT)"}});
  auto result = migrate(*database, steps);
  ASSERT_FALSE(result);
  EXPECT_THAT(result.error().message, testing::HasSubstr("schema version " + std::to_string(next)));
  EXPECT_EQ(tables(*database), before);
  EXPECT_EQ(version_of(*database), next - 1);

  steps.back().statements = {"CREATE TABLE extra (a INTEGER)"};
  ASSERT_TRUE(migrate(*database, steps));
  EXPECT_EQ(version_of(*database), next);
}

TEST_F(Schema, a_database_of_a_newer_program_is_refused_and_left_as_it_is) {
  auto steps = migrations();
  const auto newer = steps.back().version + 1;
  steps.push_back({newer, {"CREATE TABLE future (a INTEGER)"}});
  {
    auto database = open_bare();
    ASSERT_TRUE(migrate(*database, steps));
  }
  auto refused = open_database(url(), metrics_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::conflict);
  EXPECT_THAT(refused.error().message, testing::HasSubstr("made by a newer Oriel"));
  auto database = open_bare();
  EXPECT_EQ(version_of(*database), newer);
}

}  // namespace
}  // namespace oriel::store
