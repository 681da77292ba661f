#include "store/counter.h"

#include <algorithm>
#include <array>
#include <set>
#include <thread>
#include <vector>

#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/temp_folder.h"
#include "store/schema.h"
#include "store/sqlite.h"

namespace oriel::store {
namespace {

class IdBlocks : public testing::Test {
 protected:
  std::unique_ptr<Database> open() {
    auto database = open_database("sqlite:" + (folder_ / "oriel.db").string(), metrics_);
    EXPECT_TRUE(database) << database.error().message;
    return std::move(*database);
  }

  TempFolder folder_;
  Metrics metrics_;
};

void rename_counter(Database& database, const std::string& from, const std::string& to) {
  EXPECT_TRUE(database.write([&](Session& session) -> Result<void> {
    ORIEL_TRY(session.execute("ALTER TABLE " + from + " RENAME TO " + to));
    return {};
  }));
}
void break_counter(Database& database) { rename_counter(database, "counter", "broken"); }

TEST_F(IdBlocks, numbers_start_at_one_and_increase_across_blocks) {
  auto database = open();
  IdBlock ids(*database, "recording");
  for (std::int64_t expected = 1; expected <= 3 * IdBlock::kBlockSize; ++expected)
    ASSERT_EQ(ids.next(), expected);
}

TEST_F(IdBlocks, two_names_count_apart) {
  auto database = open();
  IdBlock recordings(*database, "recording");
  IdBlock runs(*database, "run");
  EXPECT_EQ(recordings.next(), 1);
  EXPECT_EQ(runs.next(), 1);
}

TEST_F(IdBlocks, a_replenished_block_gives_numbers_without_the_database) {
  auto database = open();
  IdBlock ids(*database, "recording");
  ASSERT_TRUE(ids.replenish());
  for (int i = 0; i < IdBlock::kBlockSize / 2 + 1; ++i) ASSERT_TRUE(ids.next());
  ASSERT_TRUE(ids.replenish());
  break_counter(*database);
  for (int i = 0; i < IdBlock::kBlockSize; ++i) ASSERT_TRUE(ids.next());
}

TEST_F(IdBlocks, a_failed_reservation_gives_nothing_and_the_next_call_tries_again) {
  auto database = open();
  IdBlock ids(*database, "recording");
  break_counter(*database);
  EXPECT_FALSE(ids.next());
  EXPECT_FALSE(ids.replenish());
  rename_counter(*database, "broken", "counter");
  EXPECT_EQ(ids.next(), 1);
}

TEST_F(IdBlocks, many_threads_never_get_one_number_twice) {
  auto database = open();
  IdBlock ids(*database, "recording");
  constexpr int kThreads = 4;
  std::array<std::vector<std::int64_t>, kThreads> got;
  {
    std::vector<std::jthread> threads;
    for (auto& mine : got) {
      threads.emplace_back([&] {
        for (int i = 0; i < 2000; ++i) {
          if (i % 100 == 0) {
            EXPECT_TRUE(ids.replenish());
          }
          mine.push_back(ids.next().value_or(-1));
        }
      });
    }
  }
  std::set<std::int64_t> all;
  for (const auto& mine : got) {
    EXPECT_TRUE(std::is_sorted(mine.begin(), mine.end()));
    all.insert(mine.begin(), mine.end());
  }
  EXPECT_EQ(all.size(), std::size_t{kThreads} * 2000);
}

TEST_F(IdBlocks, a_killed_program_never_gives_its_numbers_again) {
  std::array<int, 2> given{};
  ASSERT_EQ(::pipe(given.data()), 0);
  const pid_t child = ::fork();
  ASSERT_GE(child, 0);
  if (child == 0) {
    auto database = open();
    IdBlock ids(*database, "recording");
    std::int64_t last = 0;
    for (int i = 0; i < 1500; ++i) last = ids.next().value_or(0);
    if (::write(given[1], &last, sizeof last) == sizeof last) ::raise(SIGKILL);
    ::_exit(1);
  }
  std::int64_t last = 0;
  ASSERT_EQ(::read(given[0], &last, sizeof last), static_cast<ssize_t>(sizeof last));
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ::close(given[0]);
  ::close(given[1]);
  ASSERT_EQ(last, 1500);
  auto database = open();
  IdBlock ids(*database, "recording");
  EXPECT_GT(ids.next().value_or(0), last);
}

TEST_F(IdBlocks, two_programs_on_one_database_get_different_numbers) {
  auto mine = open();
  auto theirs = open();
  IdBlock my_ids(*mine, "recording");
  IdBlock their_ids(*theirs, "recording");
  EXPECT_EQ(my_ids.next(), 1);
  EXPECT_EQ(their_ids.next(), IdBlock::kBlockSize + 1);
}

TEST_F(IdBlocks, a_raised_counter_goes_on_above_and_is_never_lowered) {
  auto database = open();
  ASSERT_TRUE(database->write([](Session& s) { return raise_counter(s, "recording", 5000); }));
  ASSERT_TRUE(database->write([](Session& s) { return raise_counter(s, "recording", 100); }));
  IdBlock ids(*database, "recording");
  EXPECT_EQ(ids.next(), 5000);
}

}  // namespace
}  // namespace oriel::store
