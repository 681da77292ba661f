#include "store/sqlite.h"

#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/temp_folder.h"

namespace oriel::store {
namespace {

using testing::HasSubstr;

class Sqlite : public testing::Test {
 protected:
  std::string url() const { return "sqlite:" + (folder_ / "oriel.db").string(); }
  std::unique_ptr<Database> open(const SqliteOptions& options) {
    auto database = open_sqlite(options, metrics_);
    EXPECT_TRUE(database) << database.error().message;
    return std::move(*database);
  }
  Error error_of_opening(const std::string& address) {
    auto database = open_database(address, metrics_);
    EXPECT_FALSE(database);
    return database ? Error{} : database.error();
  }

  TempFolder folder_;
  Metrics metrics_;
};

Result<void> fill(Session& session) {
  ORIEL_TRY(session.execute("CREATE TABLE IF NOT EXISTS t (a BLOB)"));
  for (int i = 0; i < 200; ++i)
    ORIEL_TRY(session.execute("INSERT INTO t (a) VALUES ($1)", {Bytes(2000, 7)}));
  return {};
}

TEST_F(Sqlite, a_full_disk_is_exhausted_and_the_database_goes_on_when_there_is_room) {
  SqliteOptions options{.path = folder_ / "oriel.db", .pages_max = 20};
  {
    auto database = open(options);
    auto result = database->write(fill);
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::exhausted);
    // SQLite has rolled back by itself by then.
    result = database->write([](Session& session) -> Result<void> {
      EXPECT_FALSE(fill(session));
      return {};
    });
    ASSERT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::exhausted);
    EXPECT_TRUE(database->write([](Session& session) -> Result<void> {
      ORIEL_TRY(session.execute("CREATE TABLE small (a INTEGER)"));
      return {};
    }));
  }
  options.pages_max = 0;
  EXPECT_TRUE(open(options)->write(fill));
  EXPECT_THAT(metrics_.render(), HasSubstr("oriel_database_failures_total{error=\"exhausted\"} 2"));
}

TEST_F(Sqlite, a_file_with_cameras_passwords_is_for_its_owner_only) {
  ASSERT_TRUE(open_database(url(), metrics_));
  struct stat status {};
  ASSERT_EQ(::stat((folder_ / "oriel.db").c_str(), &status), 0);
  EXPECT_EQ(status.st_mode & 0777, 0600U);
}

TEST_F(Sqlite, an_address_that_is_none_is_invalid_and_not_repeated) {
  const auto error = error_of_opening("mysql://user:hidden@host/db");
  EXPECT_EQ(error.kind, ErrorKind::invalid);
  EXPECT_THAT(error.message, testing::Not(HasSubstr("hidden")));
  EXPECT_EQ(error_of_opening("sqlite:").kind, ErrorKind::invalid);
  EXPECT_EQ(error_of_opening(url() + "?synchronous=off").kind, ErrorKind::invalid);
}

TEST_F(Sqlite, full_synchronous_is_an_option_of_the_address) {
  EXPECT_TRUE(open_database(url() + "?synchronous=full", metrics_));
  EXPECT_TRUE(std::filesystem::exists(folder_ / "oriel.db"));
}

TEST_F(Sqlite, a_missing_folder_is_said) {
  const auto error = error_of_opening("sqlite:" + (folder_ / "none/oriel.db").string());
  EXPECT_EQ(error.kind, ErrorKind::not_found);
  EXPECT_THAT(error.message, HasSubstr("none does not exist"));
}

TEST_F(Sqlite, a_folder_in_place_of_the_file_is_said) {
  const auto error = error_of_opening("sqlite:" + folder_.path().string());
  EXPECT_EQ(error.kind, ErrorKind::invalid);
  EXPECT_THAT(error.message, HasSubstr("is a folder"));
}

TEST_F(Sqlite, what_is_no_database_is_data_loss_and_left_as_it_is) {
  const auto path = folder_ / "oriel.db";
  std::ofstream(path) << std::string(8192, 'x');
  const auto error = error_of_opening(url());
  EXPECT_EQ(error.kind, ErrorKind::data_loss);
  EXPECT_THAT(error.message, HasSubstr("not a database"));
  EXPECT_EQ(std::filesystem::file_size(path), 8192U);
}

TEST_F(Sqlite, a_damaged_page_is_data_loss) {
  const SqliteOptions options{.path = folder_ / "oriel.db"};
  ASSERT_TRUE(open(options)->write(fill));
  {
    std::fstream file(options.path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(4096);
    file << std::string(std::filesystem::file_size(options.path) - 4096, '\xff');
  }
  auto database = open(options);
  auto result = database->read(
      [](Session& session) { return session.query("SELECT a FROM t", {}, [](const Row&) {}); });
  ASSERT_FALSE(result);
  EXPECT_EQ(result.error().kind, ErrorKind::data_loss);
}

TEST_F(Sqlite, another_programs_database_is_not_taken) {
  const SqliteOptions options{.path = folder_ / "oriel.db"};
  {
    auto database = open(options);
    ASSERT_TRUE(database->write(fill));
  }
  {
    // The application id, four bytes at offset 68 (https://sqlite.org/fileformat.html, 1.3).
    std::fstream file(options.path, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(68);
    file << std::string(4, '\0');
  }
  const auto error = error_of_opening(url());
  EXPECT_EQ(error.kind, ErrorKind::conflict);
  EXPECT_THAT(error.message, HasSubstr("another program"));
}

// Root may write anywhere, so where the test runs as root a child gives that up first.
ErrorKind kind_of_opening_as_anyone(const std::string& address) {
  const pid_t child = ::fork();
  if (child == 0) {
    if (::getuid() == 0 && (::setgid(65534) != 0 || ::setuid(65534) != 0)) ::_exit(100);
    Metrics metrics;
    auto database = open_database(address, metrics);
    ::_exit(database ? 101 : static_cast<int>(database.error().kind));
  }
  int status = 0;
  EXPECT_EQ(::waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_LT(WEXITSTATUS(status), 100);
  return static_cast<ErrorKind>(WEXITSTATUS(status));
}

TEST_F(Sqlite, a_read_only_folder_or_file_is_denied) {
  ASSERT_TRUE(open_database(url(), metrics_));
  ASSERT_EQ(::chmod((folder_ / "oriel.db").c_str(), 0444), 0);
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0777), 0);
  EXPECT_EQ(kind_of_opening_as_anyone(url()), ErrorKind::denied);
  ASSERT_EQ(::chmod((folder_ / "oriel.db").c_str(), 0666), 0);
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0555), 0);
  EXPECT_EQ(kind_of_opening_as_anyone(url()), ErrorKind::denied);
  ASSERT_EQ(::chmod(folder_.path().c_str(), 0755), 0);
}

TEST_F(Sqlite, another_process_that_holds_the_file_makes_it_unavailable) {
  const SqliteOptions options{.path = folder_ / "oriel.db", .busy_timeout = Duration::from_ms(10)};
  auto mine = open(options);
  auto theirs = open(options);
  ASSERT_TRUE(mine->write([&](Session&) -> Result<void> {
    auto result = theirs->write(fill);
    EXPECT_FALSE(result);
    EXPECT_EQ(result.error().kind, ErrorKind::unavailable);
    return {};
  }));
  EXPECT_TRUE(theirs->write(fill));
}

}  // namespace
}  // namespace oriel::store
