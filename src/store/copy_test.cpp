// Goal: a database is the same after it went to PostgreSQL and back. Method: the real schema on
// both, a row of every table made from its shape, the real server.
#include "store/copy.h"

#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/temp_folder.h"
#include "store/testing.h"

namespace oriel::store {
namespace {

using ::testing::HasSubstr;

class Copy : public ::testing::Test {
 protected:
  std::unique_ptr<Database> sqlite(const std::string& name) {
    return opened("sqlite:" + (folder_.path() / name).string());
  }
  std::unique_ptr<Database> postgresql() {
    return opened(test::shared_cluster().database(test::database_name(folder_.path())));
  }
  std::unique_ptr<Database> opened(const std::string& url) {
    auto database = open_database(url, metrics_);
    EXPECT_TRUE(database) << database.error().message;
    return std::move(*database);
  }
  void write(Database& database, const std::string& sql, const Values& values = {}) {
    const auto done = database.write([&](Session& session) -> Result<void> {
      ORIEL_TRY(session.execute(sql, values));
      return {};
    });
    ASSERT_TRUE(done) << sql << ": " << done.error().message;
  }
  // `count` rows in each table; what may be NULL is, now and then.
  void fill(Database& database, std::int64_t count) {
    for (const auto& table : tables_) {
      for (std::int64_t number = 1; number <= count; ++number) {
        std::string names;
        std::string places;
        Values values;
        for (const auto& column : table.columns) {
          values.push_back(value_of(table.name + column.name, column.kind, number));
          names += (names.empty() ? "" : ", ") + column.name;
          places += (places.empty() ? "$" : ", $") + std::to_string(values.size());
        }
        write(database, "INSERT INTO " + table.name + " (" + names + ") VALUES (" + places + ")",
              values);
      }
    }
  }
  static Value value_of(const std::string& name, ColumnKind kind, std::int64_t number) {
    // References hold, and small numbers fit where PostgreSQL keeps two bytes.
    if (kind == ColumnKind::integer) return number;
    if (kind == ColumnKind::real) return static_cast<double>(number) * 29.97;
    if (kind == ColumnKind::text) return name + " ö " + std::to_string(number);
    return Bytes{0, 255, static_cast<std::uint8_t>(number), static_cast<std::uint8_t>(number >> 8)};
  }
  std::vector<std::string> everything(Database& database) {
    std::vector<std::string> lines;
    for (const auto& table : tables_) {
      std::string names;
      for (const auto& column : table.columns) names += (names.empty() ? "" : ", ") + column.name;
      std::string key;
      for (const auto& name : table.key) key += (key.empty() ? "" : ", ") + name;
      const auto asked = database.read([&](Session& session) {
        return session.query(
            "SELECT " + names + " FROM " + table.name + " ORDER BY " + key, {},
            [&](const Row& row) { lines.push_back(table.name + line_of(table, row)); });
      });
      EXPECT_TRUE(asked) << asked.error().message;
    }
    return lines;
  }
  static std::string line_of(const TableShape& table, const Row& row) {
    std::string line;
    for (std::size_t n = 0; n < table.columns.size(); ++n) {
      const int column = static_cast<int>(n);
      line += "|";
      if (row.is_null(column)) {
        line += "NULL";
        continue;
      }
      switch (table.columns[n].kind) {
        case ColumnKind::integer:
          line += std::to_string(row.integer(column));
          break;
        case ColumnKind::real:
          line += std::to_string(row.real(column));
          break;
        case ColumnKind::text:
          line += row.text(column);
          break;
        case ColumnKind::blob:
          for (const auto byte : row.blob(column)) line += " " + std::to_string(byte);
      }
    }
    return line;
  }

  TempFolder folder_;
  Metrics metrics_;
  const std::vector<TableShape> tables_ = shapes_of(migrations());
};

TEST_F(Copy, every_table_and_column_of_the_schema_is_known) {
  auto database = sqlite("a.db");
  for (const auto& table : tables_) {
    ASSERT_FALSE(table.key.empty()) << table.name << " has no key to go along";
    std::vector<std::string> columns;
    for (const auto& column : table.columns) columns.push_back(column.name);
    std::vector<std::string> real;
    const auto asked = database->read([&](Session& session) {
      return session.query("SELECT name FROM pragma_table_info($1)", {table.name},
                           [&](const Row& row) { real.push_back(row.text(0)); });
    });
    ASSERT_TRUE(asked) << asked.error().message;
    EXPECT_EQ(columns, real) << table.name;
  }
  std::int64_t made = 0;
  const auto asked = database->read([&](Session& session) {
    return session.query(
        "SELECT COUNT(*) FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
        " AND name <> 'schema_version'",
        {}, [&](const Row& row) { made = row.integer(0); });
  });
  ASSERT_TRUE(asked);
  EXPECT_EQ(made, static_cast<std::int64_t>(tables_.size()));
}

TEST_F(Copy, a_database_that_went_to_the_other_kind_and_back_is_the_same) {
  auto first = sqlite("first.db");
  fill(*first, 3);
  // More than one transaction's worth, and what an open recording leaves empty.
  const auto many = first->write([&](Session& session) -> Result<void> {
    for (std::int64_t id = 10; id < 9'000; ++id)
      ORIEL_TRY(session.execute(
          "INSERT INTO recording (id, feed, rendition, run, run_offset_90k, volume, init, start_us,"
          " end_us, bytes, began, ended, clock_source, clock_error_us, segment_index)"
          " VALUES ($1, 'lake', 0, 1, 0, 'v1', 1, $2, $3, $4, 1, $5, 1, 1, $6)",
          {id, 1'500'000'000'000'000 + id * 86'400'000'000,
           id % 7 == 0 ? Value(nullptr) : Value(id), id,
           id % 7 == 0 ? Value(nullptr) : Value(std::int64_t{9}), Bytes(200, 7)}));
    return {};
  });
  ASSERT_TRUE(many) << many.error().message;
  const auto before = everything(*first);

  auto second = postgresql();
  std::int64_t told = 0;
  const auto there =
      copy_database(*first, *second, Backend::postgresql,
                    [&](const CopyProgress& at) { told = std::max(told, at.copied); });
  ASSERT_TRUE(there) << there.error().message;
  EXPECT_EQ(static_cast<std::size_t>(there->rows), before.size());
  EXPECT_GT(told, 8'000);
  EXPECT_EQ(everything(*second), before);

  auto third = sqlite("third.db");
  const auto back = copy_database(*second, *third, Backend::sqlite, {});
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(everything(*third), before);
}

TEST_F(Copy, numbers_that_the_database_gives_go_on_behind_those_that_came) {
  auto first = sqlite("first.db");
  fill(*first, 3);
  auto second = postgresql();
  ASSERT_TRUE(copy_database(*first, *second, Backend::postgresql, {}));
  write(
      *second,
      "INSERT INTO account (name, password, role, made_us, disabled) VALUES ('new', 'x', 1, 1, 0)");
}

TEST_F(Copy, a_target_with_rows_is_refused_and_left_as_it_is) {
  auto first = sqlite("first.db");
  fill(*first, 2);
  auto second = sqlite("second.db");
  write(*second, "INSERT INTO wall (name, definition, updated_us) VALUES ('hall', '{}', 1)");
  const auto before = everything(*second);
  const auto copied = copy_database(*first, *second, Backend::sqlite, {});
  ASSERT_FALSE(copied);
  EXPECT_EQ(copied.error().kind, ErrorKind::conflict);
  EXPECT_THAT(copied.error().message, HasSubstr("wall has 1 rows"));
  EXPECT_EQ(everything(*second), before);
}

}  // namespace
}  // namespace oriel::store
