// Goal: what the journal takes it gives back, whatever happened to its end.
#include "archive/journal.h"

#include <gtest/gtest.h>

#include "archive/testing.h"
#include "store/testing.h"

namespace oriel::archive {
namespace {

const UtcTime kNow = *parse_rfc3339("2026-11-20T08:00:00Z");

JournalEntry gap(std::int64_t start_us) {
  JournalEntry entry;
  entry.at_us = kNow.us;
  entry.kind = JournalKind::gap_began;
  entry.feed = "lake";
  entry.reason = media::Reason::link_down;
  entry.start_us = start_us;
  return entry;
}

class JournalTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = store::open_database(store::test::database_url(folder.path()), metrics);
    ASSERT_TRUE(opened) << opened.error().message;
    database = std::move(*opened);
    auto made = Volume::open({VolumeId("v1"), "/v", 0}, disk, *database, kNow);
    ASSERT_TRUE(made) << made.error().message;
    volume = std::move(*made);
  }
  std::vector<JournalEntry> read(JournalRead* counts = nullptr) {
    std::vector<JournalEntry> entries;
    const auto done = read_journal(*volume, disk, day_of(kNow),
                                   [&](const JournalEntry& entry) { entries.push_back(entry); });
    EXPECT_TRUE(done) << done.error().message;
    if (counts != nullptr) *counts = *done;
    return entries;
  }
  void append_raw(const std::string& text) {
    auto file = disk.open(volume->path_of(journal_file(day_of(kNow))), OpenMode::write);
    ASSERT_TRUE(file);
    const ByteView piece = as_bytes(text);
    ASSERT_TRUE((*file)->write((*file)->size().value(), std::span(&piece, 1)));
  }
  testing::TemporaryFolder folder;
  Metrics metrics;
  std::unique_ptr<store::Database> database;
  testing::FaultyFileSystem disk;
  std::unique_ptr<Volume> volume;
};

TEST_F(JournalTest, entries_come_back_in_order) {
  std::vector<JournalEntry> written;
  for (std::int64_t i = 0; i < 2'000; ++i) written.push_back(gap(i));
  JournalWriter writer(*volume, disk);
  ASSERT_TRUE(writer.append(written, kNow));
  EXPECT_EQ(read(), written);
}

TEST_F(JournalTest, a_torn_line_costs_only_itself) {
  {
    JournalWriter writer(*volume, disk);
    ASSERT_TRUE(writer.append({gap(1)}, kNow));
  }
  append_raw(R"({"at_us":17,"kind":"gap_be)");
  JournalRead counts;
  EXPECT_EQ(read(&counts).size(), 1u);
  EXPECT_EQ(counts.unreadable, 1u);
  JournalWriter writer(*volume, disk);
  ASSERT_TRUE(writer.append({gap(2)}, kNow));
  EXPECT_EQ(read(&counts), (std::vector{gap(1), gap(2)}));
  EXPECT_EQ(counts.unreadable, 1u);
}

TEST_F(JournalTest, unknown_kinds_and_endless_lines_are_passed_over) {
  JournalWriter writer(*volume, disk);
  ASSERT_TRUE(writer.append({gap(1)}, kNow));
  append_raw("{\"at_us\":1,\"kind\":\"from_the_future\"}\n" + std::string(300'000, 'x') + "\n");
  append_raw(format_journal_line(gap(3)));
  JournalRead counts;
  EXPECT_EQ(read(&counts), (std::vector{gap(1), gap(3)}));
  EXPECT_EQ(counts.unreadable, 2u);
  EXPECT_EQ(counts.lines, 4u);
}

TEST_F(JournalTest, a_rate_that_no_camera_has_is_refused_and_any_other_reads_the_same_again) {
  const auto line = [](const std::string& fps) {
    return R"({"at_us":1,"kind":"alive","declared_fps":)" + fps + "}";
  };
  for (const char* wild : {"-1", "10001", "9.9e98"}) EXPECT_FALSE(parse_journal_line(line(wild)));
  const auto entry = parse_journal_line(line("29.970029970029970029970029"));
  ASSERT_TRUE(entry);
  std::string again = format_journal_line(*entry);
  again.pop_back();
  EXPECT_EQ(parse_journal_line(again).value(), *entry);
  EXPECT_NEAR(*entry->declared_fps, 30'000.0 / 1001, 1e-6);
}

TEST_F(JournalTest, a_day_without_a_file_is_empty) {
  const auto none = read_journal(*volume, disk, Day{2020, 1, 1}, [](const JournalEntry&) {});
  ASSERT_TRUE(none);
  EXPECT_EQ(none->lines, 0u);
}

}  // namespace
}  // namespace oriel::archive
