// What every back end promises; each test runs on all of them.
#include "store/database.h"

#include <array>
#include <limits>
#include <stdexcept>
#include <string>
#include <thread>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/temp_folder.h"
#include "store/sqlite.h"
#include "store/testing.h"

namespace oriel::store {
namespace {

struct Backend {
  const char* name;
  // Opens, and makes where absent, a database without tables that belongs to `folder`.
  Result<std::unique_ptr<Database>> (*open)(const TempFolder& folder, Metrics& metrics);
};

Result<std::unique_ptr<Database>> open_sqlite_in(const TempFolder& folder, Metrics& metrics) {
  SqliteOptions options;
  options.path = folder / "contract.db";
  options.statements_max = 3;
  options.readers_max = 2;
  return open_sqlite(options, metrics);
}

Result<std::unique_ptr<Database>> open_postgres_in(const TempFolder& folder, Metrics& metrics) {
  PostgresOptions options;
  options.address = Secret(test::shared_cluster().database(test::database_name(folder.path())));
  options.statements_max = 3;
  options.readers_max = 2;
  return open_postgres(options, metrics);
}

class DatabaseContract : public testing::TestWithParam<Backend> {
 protected:
  void SetUp() override {
    if (GetParam().open != open_postgres_in) return;
    test::shared_cluster();  // here, and not by a child that ends before the test does
  }
  std::unique_ptr<Database> open() {
    auto database = GetParam().open(folder_, metrics_);
    EXPECT_TRUE(database) << database.error().message;
    return std::move(*database);
  }
  std::unique_ptr<Database> open_with_table() {
    auto database = open();
    EXPECT_TRUE(database->write([](Session& session) -> Result<void> {
      ORIEL_TRY(session.execute(
          "CREATE TABLE IF NOT EXISTS parent (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE)"));
      ORIEL_TRY(
          session.execute("CREATE TABLE IF NOT EXISTS child (id INTEGER PRIMARY KEY,"
                          " parent INTEGER NOT NULL REFERENCES parent (id) ON DELETE CASCADE)"));
      return {};
    }));
    return database;
  }

  TempFolder folder_;
  Metrics metrics_;
};

Result<void> add_parent(Session& session, std::int64_t id, const std::string& name) {
  ORIEL_TRY(session.execute("INSERT INTO parent (id, name) VALUES ($1, $2)", {id, name}));
  return {};
}

Result<std::int64_t> count_in(Session& session, const std::string& table = "parent") {
  std::int64_t count = -1;
  ORIEL_TRY(session.query("SELECT count(*) FROM " + table, {},
                          [&](const Row& row) { count = row.integer(0); }));
  return count;
}

std::int64_t count(Database& database, const std::string& table = "parent") {
  std::int64_t found = -1;
  EXPECT_TRUE(database.read([&](Session& session) -> Result<void> {
    ORIEL_TRY_ASSIGN(found, count_in(session, table));
    return {};
  }));
  return found;
}

ErrorKind kind_of_write(Database& database, const std::string& sql, const Values& values) {
  auto result = database.write([&](Session& session) -> Result<void> {
    ORIEL_TRY(session.execute(sql, values));
    return {};
  });
  EXPECT_FALSE(result) << sql;
  return result ? ErrorKind::internal : result.error().kind;
}

TEST_P(DatabaseContract, every_value_comes_back_as_it_went_in) {
  auto database = open();
  const std::string text = "鄂陵湖 'quoted' $1 \\ \"";
  const Values row_in = {std::numeric_limits<std::int64_t>::min(),
                         0.1,
                         text,
                         Bytes{0, 255, 7},
                         nullptr,
                         Bytes{},
                         std::string()};
  ASSERT_TRUE(database->write([&](Session& session) -> Result<void> {
    ORIEL_TRY(session.execute(
        "CREATE TABLE t (a INTEGER, b REAL, c TEXT, d BLOB, e TEXT, f BLOB, g TEXT)"));
    ORIEL_TRY_ASSIGN(const auto changed,
                     session.execute("INSERT INTO t VALUES ($1, $2, $3, $4, $5, $6, $7)", row_in));
    EXPECT_EQ(changed, 1);
    return {};
  }));
  int rows = 0;
  ASSERT_TRUE(database->read([&](Session& session) {
    return session.query("SELECT a, b, c, d, e, f, g FROM t", {}, [&](const Row& row) {
      ++rows;
      EXPECT_EQ(row.integer(0), std::numeric_limits<std::int64_t>::min());
      EXPECT_EQ(row.real(1), 0.1);
      EXPECT_EQ(row.text(2), text);
      EXPECT_EQ(row.blob(3), (Bytes{0, 255, 7}));
      EXPECT_TRUE(row.is_null(4));
      EXPECT_FALSE(row.is_null(5));
      EXPECT_EQ(row.blob(5), Bytes{});
      EXPECT_FALSE(row.is_null(6));
      EXPECT_EQ(row.text(6), "");
      EXPECT_EQ(row.text(4), "");
      EXPECT_EQ(row.integer(4), 0);
    });
  }));
  EXPECT_EQ(rows, 1);
}

TEST_P(DatabaseContract, a_text_with_a_zero_byte_is_invalid) {
  auto database = open_with_table();
  EXPECT_EQ(
      kind_of_write(*database, "INSERT INTO parent (name) VALUES ($1)", {std::string("a\0b", 3)}),
      ErrorKind::invalid);
}

TEST_P(DatabaseContract, texts_are_ordered_by_their_bytes) {
  auto database = open_with_table();
  std::string order;
  ASSERT_TRUE(database->write([&](Session& session) -> Result<void> {
    std::int64_t id = 0;
    for (const char* name : {"b", "A", "B", "ä", "a", "_"})
      ORIEL_TRY(add_parent(session, ++id, name));
    return session.query("SELECT name FROM parent ORDER BY name", {},
                         [&](const Row& row) { order += row.text(0); });
  }));
  EXPECT_EQ(order, "AB_abä");
}

TEST_P(DatabaseContract, sums_truths_and_real_numbers_read_as_numbers) {
  auto database = open_with_table();
  ASSERT_TRUE(database->write([](Session& session) -> Result<void> {
    ORIEL_TRY(add_parent(session, 3, "a"));
    ORIEL_TRY(add_parent(session, 4'000'000'000'000, "b"));
    return session.query(
        "SELECT SUM(id), COUNT(*) > 1, MAX(id) * 0.5, SUM(CASE WHEN id > 9 THEN id ELSE 0 END)"
        " FROM parent",
        {}, [](const Row& row) {
          EXPECT_EQ(row.integer(0), 4'000'000'000'003);
          EXPECT_EQ(row.integer(1), 1);
          EXPECT_EQ(row.real(2), 2e12);
          EXPECT_EQ(row.integer(3), 4'000'000'000'000);
        });
  }));
}

TEST_P(DatabaseContract, a_sum_past_what_a_real_number_holds_is_exact) {
  auto database = open_with_table();
  constexpr std::int64_t kMost = std::int64_t{1} << 53;
  ASSERT_TRUE(database->write([](Session& session) -> Result<void> {
    ORIEL_TRY(add_parent(session, kMost, "a"));
    ORIEL_TRY(add_parent(session, 1, "b"));
    ORIEL_TRY(
        session.query("SELECT SUM(id), SUM(0 - id), SUM(id * 0), SUM(10000 - id * 0) FROM parent",
                      {}, [](const Row& row) {
                        EXPECT_EQ(row.integer(0), kMost + 1);
                        EXPECT_EQ(row.integer(1), -kMost - 1);
                        EXPECT_EQ(row.integer(2), 0);
                        EXPECT_EQ(row.integer(3), 20'000);
                        EXPECT_EQ(row.text(3), "20000");
                      }));
    return {};
  }));
}

TEST_P(DatabaseContract, a_value_that_may_be_missing_has_the_type_that_is_said) {
  auto database = open_with_table();
  const std::string sql =
      "SELECT count(*) FROM parent WHERE CAST($1 AS INTEGER) IS NULL OR id = $1";
  ASSERT_TRUE(database->write([&](Session& session) -> Result<void> {
    ORIEL_TRY(add_parent(session, 1, "a"));
    ORIEL_TRY(add_parent(session, 2, "b"));
    for (const auto& [value, expected] : {std::pair<Value, int>{nullptr, 2}, {2, 1}}) {
      std::int64_t found = -1;
      ORIEL_TRY(session.query(sql, {value}, [&](const Row& row) { found = row.integer(0); }));
      EXPECT_EQ(found, expected);
    }
    return {};
  }));
}

TEST_P(DatabaseContract, placeholders_go_by_number_and_may_repeat) {
  auto database = open();
  std::string answer;
  ASSERT_TRUE(database->read([&](Session& session) {
    return session.query("SELECT $2 || $1 || $2", {"a", "b"},
                         [&](const Row& row) { answer = row.text(0); });
  }));
  EXPECT_EQ(answer, "bab");
}

TEST_P(DatabaseContract, a_wrong_number_of_values_is_invalid) {
  auto database = open_with_table();
  const std::string sql = "DELETE FROM parent WHERE id = $1 OR name = $2";
  EXPECT_EQ(kind_of_write(*database, sql, {}), ErrorKind::invalid);
  EXPECT_EQ(kind_of_write(*database, sql, {1}), ErrorKind::invalid);
  EXPECT_EQ(kind_of_write(*database, sql, {1, "a", "b"}), ErrorKind::invalid);
}

TEST_P(DatabaseContract, none_or_a_second_statement_in_one_call_is_invalid) {
  auto database = open_with_table();
  EXPECT_EQ(kind_of_write(*database, " ", {}), ErrorKind::invalid);
  EXPECT_EQ(kind_of_write(*database, "DELETE FROM child; DELETE FROM parent", {}),
            ErrorKind::invalid);
}

TEST_P(DatabaseContract, returning_gives_the_number_the_database_chose) {
  auto database = open_with_table();
  std::int64_t id = 0;
  ASSERT_TRUE(database->write([&](Session& session) {
    return session.query("INSERT INTO parent (name) VALUES ($1) RETURNING id", {"a"},
                         [&](const Row& row) { id = row.integer(0); });
  }));
  EXPECT_EQ(id, 1);
  EXPECT_EQ(count(*database), 1);
}

TEST_P(DatabaseContract, an_error_from_the_work_rolls_everything_back) {
  auto database = open_with_table();
  auto result = database->write([](Session& session) -> Result<void> {
    ORIEL_TRY(add_parent(session, 1, "a"));
    return fail(ErrorKind::denied, "no");
  });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::denied);
  EXPECT_EQ(count(*database), 0);
}

TEST_P(DatabaseContract, an_exception_from_the_work_rolls_everything_back) {
  auto database = open_with_table();
  EXPECT_THROW((void)database->write([](Session& session) -> Result<void> {
    ORIEL_TRY(add_parent(session, 1, "a"));
    throw std::runtime_error("out");
  }),
               std::runtime_error);
  EXPECT_EQ(count(*database), 0);
  EXPECT_TRUE(database->write([](Session& session) { return add_parent(session, 1, "a"); }));
}

TEST_P(DatabaseContract, a_failed_statement_dooms_its_transaction_even_when_passed_over) {
  auto database = open_with_table();
  auto result = database->write([](Session& session) -> Result<void> {
    ORIEL_TRY(add_parent(session, 1, "a"));
    EXPECT_FALSE(add_parent(session, 2, "a"));
    EXPECT_FALSE(add_parent(session, 3, "c"));
    return {};
  });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::conflict);
  EXPECT_EQ(count(*database), 0);
  EXPECT_TRUE(database->write([](Session& session) { return add_parent(session, 1, "a"); }));
}

TEST_P(DatabaseContract, broken_constraints_have_their_kind) {
  auto database = open_with_table();
  ASSERT_TRUE(database->write([](Session& session) { return add_parent(session, 1, "a"); }));
  const std::string parent = "INSERT INTO parent (id, name) VALUES ($1, $2)";
  EXPECT_EQ(kind_of_write(*database, parent, {2, "a"}), ErrorKind::conflict);
  EXPECT_EQ(kind_of_write(*database, parent, {1, "b"}), ErrorKind::conflict);
  EXPECT_EQ(kind_of_write(*database, parent, {2, nullptr}), ErrorKind::invalid);
  EXPECT_EQ(kind_of_write(*database, "INSERT INTO child (parent) VALUES ($1)", {9}),
            ErrorKind::conflict);
  EXPECT_EQ(kind_of_write(*database, "INSERT INTO nowhere (a) VALUES ($1)", {9}),
            ErrorKind::invalid);
}

TEST_P(DatabaseContract, foreign_keys_cascade_and_changed_rows_are_counted) {
  auto database = open_with_table();
  ASSERT_TRUE(database->write([](Session& session) -> Result<void> {
    ORIEL_TRY(add_parent(session, 1, "a"));
    ORIEL_TRY(session.execute("INSERT INTO child (parent) VALUES (1)"));
    ORIEL_TRY_ASSIGN(const auto changed, session.execute("DELETE FROM parent"));
    EXPECT_EQ(changed, 1);
    ORIEL_TRY_ASSIGN(const auto again, session.execute("DELETE FROM parent"));
    EXPECT_EQ(again, 0);
    ORIEL_TRY(add_parent(session, 1, "a"));
    ORIEL_TRY_ASSIGN(const auto of_table, session.execute("CREATE TABLE other (a INTEGER)"));
    EXPECT_EQ(of_table, 0) << "of this statement, not of the one before";
    return {};
  }));
  EXPECT_EQ(count(*database, "child"), 0);
}

TEST_P(DatabaseContract, a_reader_keeps_its_snapshot_while_others_write) {
  auto database = open_with_table();
  ASSERT_TRUE(database->read([&](Session& session) -> Result<void> {
    ORIEL_TRY_ASSIGN(const auto before, count_in(session));
    EXPECT_EQ(before, 0);
    ORIEL_TRY(database->write([](Session& writer) { return add_parent(writer, 1, "a"); }));
    ORIEL_TRY_ASSIGN(const auto after, count_in(session));
    EXPECT_EQ(after, 0);
    return {};
  }));
  EXPECT_EQ(count(*database), 1);
}

TEST_P(DatabaseContract, a_reader_does_not_see_what_is_not_committed) {
  auto database = open_with_table();
  ASSERT_TRUE(database->write([&](Session& session) -> Result<void> {
    ORIEL_TRY(add_parent(session, 1, "a"));
    EXPECT_EQ(count(*database), 0);
    return {};
  }));
  EXPECT_EQ(count(*database), 1);
}

TEST_P(DatabaseContract, two_writers_take_turns) {
  auto database = open_with_table();
  ASSERT_TRUE(database->write([](Session& session) { return add_parent(session, 1, "0"); }));
  const auto add_one = [&](Session& session) -> Result<void> {
    std::string value;
    ORIEL_TRY(session.query("SELECT name FROM parent WHERE id = 1", {},
                            [&](const Row& row) { value = row.text(0); }));
    ORIEL_TRY(session.execute("UPDATE parent SET name = $1 WHERE id = 1",
                              {std::to_string(std::stoi(value) + 1)}));
    return {};
  };
  {
    const auto many = [&] {
      for (int i = 0; i < 50; ++i) EXPECT_TRUE(database->write(add_one));
    };
    const std::jthread first(many);
    const std::jthread second(many);
  }
  std::string value;
  ASSERT_TRUE(database->read([&](Session& session) {
    return session.query("SELECT name FROM parent", {},
                         [&](const Row& row) { value = row.text(0); });
  }));
  EXPECT_EQ(value, "100");
}

TEST_P(DatabaseContract, two_programs_that_write_do_not_overlook_each_other) {
  auto mine = open_with_table();
  auto theirs = open();
  const auto add_next = [](Session& session) -> Result<void> {
    std::int64_t highest = 0;
    ORIEL_TRY(session.query("SELECT COALESCE(MAX(id), 0) FROM parent", {},
                            [&](const Row& row) { highest = row.integer(0); }));
    return add_parent(session, highest + 1, std::to_string(highest + 1));
  };
  {
    const auto many = [&](Database& database) {
      for (int i = 0; i < 25; ++i) {
        auto added = database.write(add_next);
        EXPECT_TRUE(added) << added.error().message;
      }
    };
    const std::jthread first([&] { many(*mine); });
    const std::jthread second([&] { many(*theirs); });
  }
  EXPECT_EQ(count(*mine), 50);
}

TEST_P(DatabaseContract, more_readers_than_connections_all_get_their_answer) {
  auto database = open_with_table();
  std::vector<std::jthread> readers;
  for (int i = 0; i < 6; ++i) {
    readers.emplace_back([&] {
      for (int round = 0; round < 20; ++round) EXPECT_EQ(count(*database), 0);
    });
  }
}

TEST_P(DatabaseContract, a_write_inside_a_write_is_refused_and_not_a_deadlock) {
  auto database = open_with_table();
  ASSERT_TRUE(database->write([&](Session& session) -> Result<void> {
    auto inner = database->write([](Session& nested) { return add_parent(nested, 1, "a"); });
    EXPECT_FALSE(inner);
    return add_parent(session, 2, "b");
  }));
  EXPECT_EQ(count(*database), 1);
}

TEST_P(DatabaseContract, writing_in_a_read_is_denied) {
  auto database = open_with_table();
  auto result = database->read([](Session& session) { return add_parent(session, 1, "a"); });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::denied);
  EXPECT_EQ(count(*database), 0);
}

TEST_P(DatabaseContract, a_query_may_run_inside_the_same_query) {
  auto database = open_with_table();
  int pairs = 0;
  ASSERT_TRUE(database->write([&](Session& session) -> Result<void> {
    for (int id = 1; id <= 3; ++id) ORIEL_TRY(add_parent(session, id, std::to_string(id)));
    const char* all = "SELECT id FROM parent";
    ORIEL_TRY(session.query(all, {}, [](const Row&) {}));  // and so it is kept
    return session.query(all, {}, [&](const Row&) {
      EXPECT_TRUE(session.query(all, {}, [&](const Row&) { ++pairs; }));
    });
  }));
  EXPECT_EQ(pairs, 9);
}

TEST_P(DatabaseContract, more_statements_than_are_kept_still_work) {
  auto database = open_with_table();
  for (int round = 0; round < 2; ++round) {
    for (int n = 0; n < 20; ++n) {
      std::int64_t answer = -1;
      ASSERT_TRUE(database->read([&](Session& session) {
        return session.query("SELECT $1 + " + std::to_string(n), {round},
                             [&](const Row& row) { answer = row.integer(0); });
      }));
      EXPECT_EQ(answer, round + n);
    }
  }
}

TEST_P(DatabaseContract, what_is_committed_is_there_after_opening_again) {
  {
    auto database = open_with_table();
    ASSERT_TRUE(database->write([](Session& s) { return add_parent(s, 1, "a"); }));
    ASSERT_TRUE(database->write_durable([](Session& s) { return add_parent(s, 2, "b"); }));
    ASSERT_TRUE(database->write([](Session& s) { return add_parent(s, 3, "c"); }));
  }
  auto database = open();
  EXPECT_EQ(count(*database), 3);
}

// In the child: one transaction after another of two rows each, told to `done` when committed.
[[noreturn]] void write_pairs_until_killed(Database& database, int done) {
  for (std::int64_t n = 1;; ++n) {
    auto written = database.write([&](Session& session) -> Result<void> {
      ORIEL_TRY(add_parent(session, 2 * n, "a" + std::to_string(n)));
      return add_parent(session, 2 * n + 1, "b" + std::to_string(n));
    });
    if (!written || ::write(done, &n, sizeof n) != sizeof n) ::_exit(1);
  }
}

TEST_P(DatabaseContract, a_killed_program_leaves_whole_transactions_and_all_it_had_committed) {
  std::array<int, 2> done{};
  ASSERT_EQ(::pipe(done.data()), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    ::close(done[0]);
    auto database = open_with_table();
    write_pairs_until_killed(*database, done[1]);
  }
  ::close(done[1]);
  std::int64_t committed = 0;
  while (committed < 40 && ::read(done[0], &committed, sizeof committed) == sizeof committed) {
  }
  ASSERT_EQ(::kill(child, SIGKILL), 0);
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status)) << "the child ended by itself";
  for (std::int64_t n = 0; ::read(done[0], &n, sizeof n) == sizeof n;) committed = n;
  ::close(done[0]);

  auto database = open();
  const auto rows = count(*database);
  EXPECT_GE(committed, 40);
  EXPECT_GE(rows, 2 * committed);
  EXPECT_EQ(rows % 2, 0);
}

TEST_P(DatabaseContract, a_program_killed_inside_a_transaction_leaves_nothing_of_it) {
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto database = open_with_table();
    (void)database->write([](Session& session) { return add_parent(session, 1, "kept"); });
    (void)database->write([](Session& session) -> Result<void> {
      for (int id = 2; id < 2000; ++id)
        ORIEL_TRY(add_parent(session, id, std::string(1000, 'x') + std::to_string(id)));
      ::raise(SIGKILL);
      return {};
    });
    ::_exit(1);
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFSIGNALED(status));
  auto database = open();
  EXPECT_EQ(count(*database), 1);
}

INSTANTIATE_TEST_SUITE_P(Backends, DatabaseContract,
                         testing::Values(Backend{"sqlite", open_sqlite_in},
                                         Backend{"postgresql", open_postgres_in}),
                         [](const auto& tested) { return std::string(tested.param.name); });

}  // namespace
}  // namespace oriel::store
