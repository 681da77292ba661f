#include "store/postgres.h"

#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <netdb.h>
#include <signal.h>

#include "base/temp_folder.h"
#include "store/schema.h"
#include "store/testing.h"

namespace oriel::store {
namespace {

using testing::HasSubstr;
using testing::Not;

class Postgres : public testing::Test {
 protected:
  void SetUp() override {
    url_ = test::shared_cluster().database(test::database_name(folder_.path()));
  }
  PostgresOptions options() const {
    PostgresOptions options;
    options.address = Secret(url_);
    return options;
  }
  std::unique_ptr<Database> open() {
    auto database = open_database(url_, metrics_);
    EXPECT_TRUE(database) << database.error().message;
    return std::move(*database);
  }
  Error error_of_opening(const std::string& address) {
    PostgresOptions wrong;
    wrong.address = Secret(address);
    wrong.connect_timeout = Duration::from_s(2);
    auto database = open_postgres(wrong, metrics_);
    EXPECT_FALSE(database);
    return database ? Error{} : database.error();
  }

  TempFolder folder_;
  std::string url_;
  Metrics metrics_;
};

Result<void> touch(Session& session) {
  return session.query("SELECT 1", {}, [](const Row&) {});
}

std::int64_t number(Database& database, const std::string& sql) {
  std::int64_t found = -1;
  auto asked = database.read([&](Session& session) {
    return session.query(sql, {}, [&](const Row& row) { found = row.integer(0); });
  });
  EXPECT_TRUE(asked) << asked.error().message;
  return found;
}

TEST_F(Postgres, an_address_that_is_none_or_falls_apart_at_its_password_is_not_repeated) {
  for (const std::string address :
       {"postgresql://oriel:hidden@host:port:1/db", "postgresql://oriel:hid%zzhidden@host/db",
        "postgresql://oriel:a@hidden@host/db", "postgresql://oriel:hidden/b@host/db",
        "postgresql://oriel:1/hidden@host/db", "postgresql://oriel@host/db?hidden=1"}) {
    const auto error = error_of_opening(address);
    EXPECT_EQ(error.kind, ErrorKind::invalid) << address;
    EXPECT_THAT(error.message, Not(HasSubstr("hidden")));
    EXPECT_THAT(error.message, HasSubstr("expected postgresql://"));
  }
}

TEST_F(Postgres, a_wrong_password_is_denied_and_said_nowhere) {
  auto database = open();
  ASSERT_TRUE(database->write([](Session& session) -> Result<void> {
    ORIEL_TRY(session.execute("CREATE ROLE guarded LOGIN SUPERUSER PASSWORD 'right one'"));
    return {};
  }));
  const auto address = [&](const std::string& password) {
    auto with = url_;
    with.replace(with.find("oriel@"), 6, "guarded:" + password + "@");
    return with;
  };
  testing::internal::CaptureStderr();
  const auto error = error_of_opening(address("hidden%20one"));
  EXPECT_EQ(error.kind, ErrorKind::denied);
  EXPECT_THAT(error.message, HasSubstr("password authentication failed for user \"guarded\""));
  {
    Metrics metrics;
    EXPECT_TRUE(open_database(address("right%20one"), metrics));
  }
  EXPECT_THAT(error.message + testing::internal::GetCapturedStderr() + metrics_.render(),
              testing::AllOf(Not(HasSubstr("hidden")), Not(HasSubstr("right"))));
}

TEST_F(Postgres, a_database_that_is_not_there_and_a_server_that_is_not_there_differ) {
  EXPECT_EQ(error_of_opening(test::shared_cluster().address("nowhere")).kind, ErrorKind::not_found);
  EXPECT_EQ(error_of_opening("postgresql://oriel@127.0.0.1:1/db").kind, ErrorKind::unavailable);
}

TEST_F(Postgres, name_servers_that_do_not_answer_are_given_up_at_the_deadline) {
  std::promise<void> over;
  PostgresOptions silent;
  silent.address = Secret("postgresql://oriel@db.example/db");
  silent.connect_timeout = Duration::from_ms(20);
  silent.resolve = [ended = over.get_future().share()](const std::string&) {
    ended.wait();
    return HostAnswer{EAI_AGAIN, {}};
  };
  // Comes back although nobody answers before the test is over.
  const auto database = open_postgres(silent, metrics_);
  over.set_value();
  ASSERT_FALSE(database);
  EXPECT_EQ(database.error().kind, ErrorKind::unavailable);
  EXPECT_THAT(database.error().message, HasSubstr("name servers"));
}

TEST_F(Postgres, each_address_of_a_host_is_tried_until_one_answers) {
  PostgresOptions several;
  several.address = Secret("postgresql://oriel@db.example:1/db");
  std::string asked;
  several.resolve = [&](const std::string& host) {
    asked = host;
    return HostAnswer{0, {"127.0.0.1", "127.0.0.2"}};
  };
  const auto database = open_postgres(several, metrics_);
  ASSERT_FALSE(database);
  EXPECT_EQ(asked, "db.example");
  EXPECT_THAT(database.error().message, HasSubstr("127.0.0.")) << "by the addresses given";
}

TEST_F(Postgres, another_programs_database_is_not_taken) {
  {
    auto theirs = open_postgres(options(), metrics_);
    ASSERT_TRUE(theirs);
    ASSERT_TRUE((*theirs)->write([](Session& session) -> Result<void> {
      ORIEL_TRY(session.execute("CREATE TABLE theirs (a INTEGER)"));
      return {};
    }));
  }
  auto refused = open_database(url_, metrics_);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::conflict);
  EXPECT_THAT(refused.error().message, HasSubstr("another program"));
}

TEST_F(Postgres, two_programs_may_start_on_an_empty_database_at_once) {
  std::vector<std::jthread> programs;
  for (int i = 0; i < 3; ++i) {
    programs.emplace_back([this] {
      Metrics metrics;
      auto database = open_database(url_, metrics);
      ASSERT_TRUE(database) << database.error().message;
      EXPECT_EQ(number(**database, "SELECT version FROM schema_version"),
                migrations().back().version);
    });
  }
}

TEST_F(Postgres, open_recordings_and_each_year_lie_apart_and_all_are_found_behind_one_name) {
  auto database = open();
  ASSERT_TRUE(database->write([](Session& session) -> Result<void> {
    std::int64_t id = 0;
    for (const char* time : {"1999-07-01T00:00:00Z", "2026-01-01T00:00:00Z", "2026-12-31T23:59:59Z",
                             "2027-01-01T00:00:00Z", "2099-01-01T00:00:00Z"})
      ORIEL_TRY(session.execute(
          "INSERT INTO recording (id, feed, rendition, run, run_offset_90k, volume, init, start_us,"
          " bytes, began, clock_source, clock_error_us)"
          " VALUES ($1, 'lake', 0, 1, 0, 'v1', 1, $2, 0, 0, 0, 0)",
          {++id, parse_rfc3339(time)->us}));
    return {};
  }));
  EXPECT_EQ(number(*database, "SELECT count(*) FROM recording"), 5);
  EXPECT_EQ(number(*database, "SELECT count(*) FROM recording_open"), 5);
  ASSERT_TRUE(database->write([](Session& session) -> Result<void> {
    ORIEL_TRY(
        session.execute("UPDATE recording SET ended = 1, end_us = start_us + 1"
                        " WHERE id <> 2"));
    return {};
  }));
  EXPECT_EQ(number(*database, "SELECT count(*) FROM recording"), 5);
  EXPECT_EQ(number(*database, "SELECT count(*) FROM recording_open"), 1);
  EXPECT_EQ(number(*database, "SELECT count(*) FROM recording_before"), 1);
  EXPECT_EQ(number(*database, "SELECT count(*) FROM recording_2026"), 1);
  EXPECT_EQ(number(*database, "SELECT count(*) FROM recording_2027"), 1);
  EXPECT_EQ(number(*database, "SELECT count(*) FROM recording_after"), 1);
}

// A cluster of their own for the tests that take the server away.
class PostgresAway : public testing::Test {
 protected:
  void SetUp() override {
    cluster_.emplace();
    PostgresOptions options;
    options.address = Secret(cluster_->database("oriel"));
    options.call_timeout = Duration::from_s(1);
    options.retry_after = Duration::from_ms(1);
    auto opened = open_postgres(options, metrics_);
    ASSERT_TRUE(opened) << opened.error().message;
    database_ = std::move(*opened);
    EXPECT_TRUE(database_->read(touch));
    EXPECT_TRUE(database_->write(touch));
  }

  Metrics metrics_;
  std::optional<test::PostgresCluster> cluster_;
  std::unique_ptr<Database> database_;
};

TEST_F(PostgresAway, a_server_that_was_started_again_meanwhile_is_not_even_noticed) {
  for (const int signal : {SIGINT, SIGQUIT}) {
    cluster_->stop(signal);
    cluster_->start();
    EXPECT_TRUE(database_->read(touch));
    EXPECT_TRUE(database_->write(touch));
    EXPECT_TRUE(database_->write_durable(touch));
  }
}

TEST_F(PostgresAway, while_it_is_away_calls_are_unavailable_and_afterwards_they_succeed) {
  cluster_->stop(SIGQUIT);
  EXPECT_EQ(database_->read(touch).error().kind, ErrorKind::unavailable);
  EXPECT_EQ(database_->write(touch).error().kind, ErrorKind::unavailable);
  EXPECT_THAT(metrics_.render(), HasSubstr("oriel_database_reachable 0"));
  cluster_->start();
  while (!database_->read(touch)) {
  }
  EXPECT_TRUE(database_->write(touch));
  EXPECT_THAT(metrics_.render(), HasSubstr("oriel_database_reachable 1"));
}

TEST_F(PostgresAway, a_transaction_that_loses_its_server_is_unavailable_and_leaves_nothing) {
  ASSERT_TRUE(database_->write([](Session& session) -> Result<void> {
    ORIEL_TRY(session.execute("CREATE TABLE t (a INTEGER)"));
    return {};
  }));
  auto result = database_->write([&](Session& session) -> Result<void> {
    ORIEL_TRY(session.execute("INSERT INTO t VALUES (1)"));
    cluster_->stop(SIGQUIT);
    ORIEL_TRY(session.execute("INSERT INTO t VALUES (2)"));
    return {};
  });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::unavailable);
  cluster_->start();
  while (!database_->read(touch)) {
  }
  EXPECT_EQ(number(*database_, "SELECT count(*) FROM t"), 0);
}

TEST_F(PostgresAway, a_server_that_hangs_ends_a_call_at_its_deadline_and_the_next_fail_at_once) {
  cluster_->signal_all(SIGSTOP);
  EXPECT_EQ(database_->read(touch).error().kind, ErrorKind::unavailable);
  EXPECT_EQ(database_->write(touch).error().kind, ErrorKind::unavailable);
  cluster_->signal_all(SIGCONT);
  while (!database_->read(touch)) {
  }
  EXPECT_TRUE(database_->write(touch));
}

// By the server, or on a machine with too much to do by the one that waits.
TEST_F(PostgresAway, a_statement_past_its_deadline_is_ended) {
  auto result = database_->read([](Session& session) {
    return session.query("SELECT count(*) FROM generate_series(1, 1000000000000)", {},
                         [](const Row&) {});
  });
  ASSERT_FALSE(result);
  EXPECT_TRUE(result.error().kind == ErrorKind::deadline ||
              result.error().kind == ErrorKind::unavailable)
      << result.error().message;
  while (!database_->read(touch)) {
  }
}

}  // namespace
}  // namespace oriel::store
