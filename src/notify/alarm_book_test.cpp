#include "notify/alarm_book.h"

#include <gtest/gtest.h>

#include "base/temp_folder.h"
#include "store/testing.h"

namespace oriel::notify {
namespace {

constexpr UtcTime kStart{1'770'000'000'000'000};
constexpr std::int64_t kNewest = INT64_MAX;

class AlarmBookTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = store::open_database(store::test::database_url(folder.path()), metrics);
    ASSERT_TRUE(opened) << opened.error().message;
    database = std::move(*opened);
    open();
  }
  void open() {
    book.reset();
    auto opened = AlarmBook::open(options, *database, clock, metrics,
                                  [this](const Notice& notice) { told.push_back(notice); });
    ASSERT_TRUE(opened) << opened.error().message;
    book = std::move(*opened);
  }
  void raise(const std::string& subject, const std::string& message = "It is full.") {
    book->raise({"volume_full", subject, Grade::critical}, message);
  }
  std::vector<Alarm> history() {
    EXPECT_TRUE(book->flush(Duration::from_s(30)));
    auto found = book->history(kNewest, 100);
    EXPECT_TRUE(found) << found.error().message;
    return found ? *found : std::vector<Alarm>{};
  }

  TempFolder folder;
  Metrics metrics;
  ManualClock clock{kStart};
  AlarmBookOptions options;
  std::unique_ptr<store::Database> database;
  std::vector<Notice> told;
  std::unique_ptr<AlarmBook> book;
};

TEST_F(AlarmBookTest, a_condition_is_one_alarm_however_often_it_is_seen) {
  for (int i = 0; i < 5; ++i) raise("v1", "2 MiB free");
  raise("v1", "1 MiB free");
  ASSERT_EQ(book->active().size(), 1U);
  EXPECT_EQ(book->active().front().message, "1 MiB free");
  ASSERT_EQ(told.size(), 1U);
  book->clear("volume_full", "v2");
  EXPECT_EQ(book->active().size(), 1U);
  clock.advance(Duration::from_s(600));
  book->clear("volume_full", "v1");
  EXPECT_TRUE(book->active().empty());
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told.back().event, NoticeKind::cleared);
  ASSERT_EQ(history().size(), 1U);
  EXPECT_EQ(history().front().cleared_at, kStart + Duration::from_s(600));
}

TEST_F(AlarmBookTest, what_comes_back_soon_is_the_same_alarm_and_later_a_new_one) {
  raise("v1");
  const auto id = book->active().front().id;
  book->clear("volume_full", "v1");
  clock.advance(Duration::from_s(60));
  raise("v1");
  EXPECT_EQ(book->active().front().id, id);
  EXPECT_EQ(book->active().front().times, 2);
  EXPECT_FALSE(book->active().front().cleared_at);
  book->clear("volume_full", "v1");
  clock.advance(options.reopen_within + Duration::from_s(1));
  raise("v1");
  EXPECT_GT(book->active().front().id, id);
}

TEST_F(AlarmBookTest, what_was_active_is_active_after_a_restart_until_nobody_confirms_it) {
  raise("v1");
  raise("v2");
  book->raise({"file_lost", "lake", Grade::critical, true}, "One file is gone.");
  ASSERT_TRUE(book->flush(Duration::from_s(30)));
  open();
  ASSERT_EQ(book->active().size(), 3U);
  raise("v1");
  EXPECT_EQ(told.size(), 3U) << "known alarms are not told again";
  clock.advance(options.confirm_within);
  book->end_unconfirmed();
  std::vector<std::string> left;
  for (const auto& alarm : book->active()) left.push_back(alarm.subject);
  EXPECT_EQ(left, (std::vector<std::string>{"lake", "v1"}));
}

TEST_F(AlarmBookTest, acknowledging_says_who_knows_and_ends_only_what_stays_lost) {
  raise("v1");
  book->raise({"file_lost", "lake", Grade::critical, true}, "One file is gone.");
  const auto active = book->active();
  const auto lost = book->acknowledge(active[0].id, "warden");
  ASSERT_TRUE(lost) << lost.error().message;
  EXPECT_TRUE(lost->cleared_at);
  const auto full = book->acknowledge(active[1].id, "warden");
  ASSERT_TRUE(full);
  EXPECT_EQ(full->acknowledged_by, "warden");
  ASSERT_EQ(book->active().size(), 1U);
  EXPECT_EQ(book->acknowledge(active[0].id, "warden").error().kind, ErrorKind::not_found);
}

TEST_F(AlarmBookTest, the_book_and_its_history_are_bounded) {
  options.active_max = 3;
  options.history_max = 5;
  open();
  for (int i = 0; i < 5; ++i) raise("v" + std::to_string(i));
  EXPECT_EQ(book->active().size(), 3U);
  for (int i = 0; i < 12; ++i) {
    clock.advance(options.reopen_within + Duration::from_s(1));
    book->clear("volume_full", "v0");
    raise("v0");
  }
  EXPECT_LE(history().size(), 5U);
  EXPECT_NE(metrics.render().find("oriel_alarms_refused_total 2"), std::string::npos);
}

TEST_F(AlarmBookTest, a_message_stays_one_line) {
  book->raise({"test", "a\r\nb"}, "one\r\nBcc: two\x01");
  EXPECT_EQ(book->active().front().message, "one  Bcc: two ");
  EXPECT_EQ(book->active().front().subject, "a  b");
}

}  // namespace
}  // namespace oriel::notify
