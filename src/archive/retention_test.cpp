// Goal: rules delete and thin what they say and no more, oldest first, holds stand before all of
// them, the dry run says what is then done, and the totals are those of the rows. Method: a real
// packager and SQLite, a disk with a size.
#include "archive/retention.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "archive/archive.h"
#include "archive/file_names.h"
#include "archive/testing.h"
#include "store/testing.h"

namespace oriel::archive {
namespace {

using testing::FaultyFileSystem;
using ::testing::HasSubstr;
using testing::TemporaryFolder;
using testing::TestCamera;

const UtcTime kStart = *parse_rfc3339("2026-11-20T08:00:00Z");
const FeedId kLake("lake");
const FeedId kHill("hill");
constexpr auto kMain = media::Rendition::main;
const UtcSpan kEver{UtcTime{0}, UtcTime{INT64_MAX / 2}};

double days_of(std::int64_t seconds) { return static_cast<double>(seconds) / 86'400.0; }

class RetentionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = store::open_database(store::test::database_url(folder.path()), metrics);
    ASSERT_TRUE(opened) << opened.error().message;
    database = std::move(*opened);
    options.volumes = {{VolumeId("v1"), "/v1", 0}};
    options.writer.sync_interval = Duration::from_ms(5);
    // The thread looks once, at the start, when there are no rules yet.
    options.retention.interval = Duration::from_s(3'600);
  }
  void open() {
    auto made = std::make_unique<FaultyFileSystem>();
    disk = made.get();
    auto opened = Archive::open(options, std::move(made), *database, clock, metrics);
    ASSERT_TRUE(opened) << opened.error().message;
    archive = std::move(*opened);
  }
  // `count` recordings of 10 s of each feed, one after the other.
  void record(int count, const std::vector<FeedId>& feeds = {kLake}) {
    for (const auto& feed : feeds) {
      auto sink = archive->writer().sink_for(feed, kMain);
      TestCamera camera(feed, archive->ids(), *sink);
      camera.begin_run(kStart + Duration::from_s(offset_s));
      camera.push_frames(100 * count);
      camera.end_run(media::Reason::link_down);
    }
    offset_s += 10 * count;
    clock.advance(Duration::from_s(10 * count));
    ASSERT_TRUE(archive->writer().flush(Duration::from_s(30)));
  }
  void set(const RetentionRule& rule, const std::optional<FeedId>& feed = std::nullopt) {
    const auto done = archive->retention().rules().set(feed, rule, "anna", clock.now());
    ASSERT_TRUE(done) << done.error().message;
  }
  void pass() {
    const auto done = archive->retention().run_once();
    ASSERT_TRUE(done) << done.error().message;
  }
  RetentionPlan plan() {
    if (!archive->retention().usage().loaded()) pass();
    auto planned = archive->retention().plan();
    EXPECT_TRUE(planned) << planned.error().message;
    return planned.value_or(RetentionPlan{});
  }
  std::vector<RecordingRow> rows(const FeedId& feed = kLake) {
    auto page = archive->catalog().recordings(feed, kMain, kEver);
    EXPECT_TRUE(page) << page.error().message;
    return page ? page->rows : std::vector<RecordingRow>{};
  }
  std::int64_t bytes_of(const std::vector<RecordingRow>& of) {
    std::int64_t bytes = 0;
    for (const auto& row : of) bytes += static_cast<std::int64_t>(row.bytes);
    return bytes;
  }
  void expect_totals_are_those_of_the_rows() {
    for (const auto& feed : {kLake, kHill}) {
      const auto found = rows(feed);
      const auto totals = archive->retention().usage().totals(feed, clock.now());
      ASSERT_TRUE(totals) << totals.error().message;
      EXPECT_EQ(static_cast<std::int64_t>(totals->bytes), bytes_of(found));
      EXPECT_EQ(totals->recordings, found.size());
    }
  }
  std::size_t recording_files() {
    const auto names = disk->files();
    return static_cast<std::size_t>(std::count_if(
        names.begin(), names.end(), [](const auto& name) { return name.ends_with(".mp4"); }));
  }
  Hold hold(UtcSpan span, const FeedId& feed = kLake) {
    auto made = archive->retention().make_hold({feed, span, "court", "anna", std::nullopt});
    EXPECT_TRUE(made) << made.error().message;
    return made.value_or(Hold{});
  }

  TemporaryFolder folder;
  Metrics metrics;
  ManualClock clock{kStart};
  testing::KeptAlarms alarms;
  ArchiveOptions options{alarms};
  std::unique_ptr<store::Database> database;
  FaultyFileSystem* disk = nullptr;
  std::unique_ptr<Archive> archive;
  std::int64_t offset_s = 0;
};

TEST_F(RetentionTest, without_a_rule_nothing_goes) {
  open();
  record(5);
  clock.advance(Duration::from_s(20LL * 365 * 86'400));
  pass();
  EXPECT_EQ(rows().size(), 5u);
  EXPECT_EQ(plan().deleted_recordings, 0);
}

TEST_F(RetentionTest, what_is_older_than_the_rule_goes_and_a_feeds_own_rule_stands_first) {
  open();
  record(6, {kLake, kHill});
  set({.keep_days = days_of(25)});
  set({.keep_days = days_of(45)}, kHill);
  const auto planned = plan();
  EXPECT_EQ(planned.deleted_recordings, 3 + 1);
  pass();
  EXPECT_EQ(rows(kLake).size(), 3u);
  EXPECT_EQ(rows(kHill).size(), 5u);
  EXPECT_EQ(rows(kLake).front().start, kStart + Duration::from_s(30));
  EXPECT_EQ(recording_files(), 8u);
  expect_totals_are_those_of_the_rows();
  EXPECT_EQ(plan().deleted_recordings, 0);
}

TEST_F(RetentionTest, the_dry_run_says_what_is_then_done) {
  open();
  record(6, {kLake, kHill});
  set({.keep_days = days_of(45), .key_frames_after_days = days_of(25)});
  const auto held = hold({kStart, kStart + Duration::from_s(1)});
  const auto before = bytes_of(rows(kLake)) + bytes_of(rows(kHill));
  const auto planned = plan();
  EXPECT_EQ(planned.deleted_recordings, 1) << "the hill's; the lake's is held";
  EXPECT_EQ(planned.thinned_recordings, 4);
  ASSERT_EQ(planned.held.size(), 1u);
  EXPECT_EQ(planned.held.front().hold, held.id);
  EXPECT_EQ(planned.held.front().recordings, 1);
  ASSERT_EQ(planned.items.size(), 3u);
  EXPECT_EQ(planned.items.front().feed, "hill");
  EXPECT_EQ(planned.items.front().cause, RetentionCause::keep_days);
  EXPECT_EQ(planned.items.front().bytes, planned.deleted_bytes);
  ASSERT_EQ(planned.items.front().spans.size(), 1u);
  EXPECT_EQ(planned.items.front().spans.front().start, kStart);
  EXPECT_EQ(bytes_of(rows(kLake)) + bytes_of(rows(kHill)), before) << "it changes nothing";
  pass();
  EXPECT_EQ(rows(kHill).size(), 5u);
  ASSERT_EQ(rows(kLake).size(), 6u);
  for (const auto& feed : {kLake, kHill}) {
    for (const auto& row : rows(feed)) {
      const bool old =
          row.start >= kStart + Duration::from_s(10) && row.end <= kStart + Duration::from_s(35);
      EXPECT_EQ(row.thinned, old ? media::Thinned::key_frames : media::Thinned::none);
    }
  }
  expect_totals_are_those_of_the_rows();
  const auto after = plan();
  EXPECT_EQ(after.deleted_recordings + after.thinned_recordings, 0);
}

TEST_F(RetentionTest, stages_of_thinning_follow_each_other_and_a_release_lets_them_catch_up) {
  open();
  record(4);
  const auto held = hold(rows()[1].span());
  set({.key_frames_after_days = days_of(10), .minute_frames_after_days = days_of(30)});
  pass();
  EXPECT_EQ(rows()[0].thinned, media::Thinned::minute_frames);
  EXPECT_EQ(rows()[1].thinned, media::Thinned::none) << "held";
  EXPECT_EQ(rows()[2].thinned, media::Thinned::key_frames);
  EXPECT_EQ(rows()[3].thinned, media::Thinned::none) << "young";
  ASSERT_TRUE(archive->retention().release_hold(held.id, "anna"));
  clock.advance(Duration::from_s(20));
  pass();
  EXPECT_EQ(rows()[1].thinned, media::Thinned::minute_frames);
  EXPECT_EQ(rows()[2].thinned, media::Thinned::minute_frames);
  EXPECT_EQ(rows()[3].thinned, media::Thinned::key_frames);
  EXPECT_EQ(recording_files(), 4u);
}

TEST_F(RetentionTest, the_oldest_of_a_feed_and_of_all_go_until_the_bytes_fit) {
  open();
  record(6, {kLake, kHill});
  const auto one = static_cast<std::int64_t>(rows(kLake).front().bytes);
  set({.feed_bytes_max = 4 * one}, kLake);
  pass();
  EXPECT_EQ(rows(kLake).size(), 4u);
  EXPECT_EQ(rows(kHill).size(), 6u);
  set({.total_bytes_max = 6 * one + one / 2});
  pass();
  EXPECT_EQ(rows(kHill).size(), 3u) << "the hill has the oldest two, then they take turns";
  EXPECT_EQ(rows(kLake).size(), 3u);
  expect_totals_are_those_of_the_rows();
}

TEST_F(RetentionTest, the_oldest_of_a_volume_go_until_enough_is_free) {
  open();
  record(6);
  std::uint64_t used = 0;
  for (const auto& name : disk->files()) used += disk->content(name).size();
  const auto one = rows().front().bytes;
  disk->set_capacity(used + (4U << 20) - 3 * one);
  set({.free_bytes_min = 4 << 20});
  pass();
  EXPECT_GE(rows().size(), 2u);
  EXPECT_LE(rows().size(), 3u);
  EXPECT_EQ(alarms.message(AlarmKind::retention_stuck, "free_bytes_min:v1"), std::nullopt);
}

TEST_F(RetentionTest, when_only_what_is_held_remains_recording_stops_and_an_alarm_says_why) {
  options.volumes.front().reserve_bytes = 1 << 20;
  open();
  record(4);
  const auto held = hold({kStart, kStart + Duration::from_s(86'400)});
  std::uint64_t used = 0;
  for (const auto& name : disk->files()) used += disk->content(name).size();
  disk->set_capacity(used + (1 << 20) - 1);
  set({.free_bytes_min = 4 << 20});
  pass();
  EXPECT_EQ(rows().size(), 4u) << "held";
  const auto said = alarms.message(AlarmKind::retention_stuck, "free_bytes_min:v1");
  ASSERT_TRUE(said);
  EXPECT_THAT(*said, HasSubstr("hold " + std::to_string(held.id) + " (court)"));
  ASSERT_EQ(plan().unmet.size(), 1u);
  EXPECT_TRUE(plan().unmet.front().by_holds);
  // Recording stops with its reason, and what is held stays whole.
  ASSERT_TRUE(archive->writer().flush(Duration::from_s(30)));
  EXPECT_EQ(archive->volumes().front()->state(), VolumeState::full);
  auto sink = archive->writer().sink_for(kLake, kMain);
  TestCamera camera(kLake, archive->ids(), *sink);
  const auto again = kStart + Duration::from_s(40);
  camera.begin_run(again);
  camera.push_frames(100);
  ASSERT_TRUE(archive->writer().flush(Duration::from_s(30)));
  EXPECT_EQ(rows().size(), 4u);
  const auto now = kStart + Duration::from_s(50);
  const auto line = archive->catalog().timeline(kLake, {again, now}, now);
  ASSERT_TRUE(line);
  EXPECT_EQ(line->spans.back().reason, media::Reason::disk_full);

  ASSERT_TRUE(archive->retention().release_hold(held.id, "anna"));
  pass();
  EXPECT_LT(rows().size(), 4u);
  disk->set_capacity(used + (8 << 20));
  pass();
  EXPECT_EQ(alarms.message(AlarmKind::retention_stuck, "free_bytes_min:v1"), std::nullopt);
}

TEST_F(RetentionTest, an_alarm_says_when_the_disk_will_be_full_until_a_rule_prevents_it) {
  open();
  record(100);
  std::uint64_t used = 0;
  for (const auto& name : disk->files()) used += disk->content(name).size();
  const auto a_day = static_cast<std::uint64_t>(bytes_of(rows())) * 86'400 / 1'000;
  disk->set_capacity(used + 60 * a_day);
  ASSERT_TRUE(archive->writer().flush(Duration::from_s(30)));
  pass();
  EXPECT_EQ(alarms.message(AlarmKind::forecast_full, "archive"), std::nullopt) << "in two months";
  disk->set_capacity(used + 2 * a_day);
  const auto look = [&] {
    clock.advance(Duration::from_s(3'600));
    ASSERT_TRUE(archive->writer().flush(Duration::from_s(30)));
    pass();
  };
  // The rate counts the hours without anything, too.
  look();
  const auto said = alarms.message(AlarmKind::forecast_full, "archive");
  ASSERT_TRUE(said);
  EXPECT_THAT(*said, HasSubstr("full on 20"));
  set({.keep_days = 2});
  look();
  EXPECT_EQ(alarms.message(AlarmKind::forecast_full, "archive"), std::nullopt);
}

TEST_F(RetentionTest, a_person_deletes_whole_recordings_and_it_is_written_down_who) {
  open();
  record(4);
  auto& retention = archive->retention();
  DeletionRequest request{kLake,
                          {kStart + Duration::from_s(15), kStart + Duration::from_s(16)},
                          "a child's face",
                          "anna",
                          true};
  auto answer = retention.delete_span(request);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->recordings, 1);
  EXPECT_EQ(rows().size(), 4u) << "a dry run";
  request.dry_run = false;
  answer = retention.delete_span(request);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->start, kStart + Duration::from_s(10));
  EXPECT_EQ(answer->end, kStart + Duration::from_s(20));
  EXPECT_EQ(rows().size(), 3u);
  const auto orders = retention.deletion_orders(10);
  ASSERT_EQ(orders->size(), 1u);
  EXPECT_EQ(orders->front().made_by, "anna");
  EXPECT_EQ(orders->front().reason, "a child's face");
  pass();
  EXPECT_EQ(recording_files(), 3u);
  expect_totals_are_those_of_the_rows();
}

TEST_F(RetentionTest, a_deletion_that_cannot_be_is_refused_whole_and_says_why) {
  open();
  record(3);
  auto& retention = archive->retention();
  const auto refused = [&](std::int64_t from_s, std::int64_t to_s, ErrorKind kind,
                           const std::string& word, const std::string& reason = "privacy") {
    const auto answer =
        retention.delete_span({kLake,
                               {kStart + Duration::from_s(from_s), kStart + Duration::from_s(to_s)},
                               reason,
                               "anna",
                               false});
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().kind, kind) << answer.error().message;
    EXPECT_THAT(answer.error().message, HasSubstr(word));
  };
  refused(5, 5, ErrorKind::invalid, "no length");
  refused(9, 5, ErrorKind::invalid, "before start");
  refused(900, 990, ErrorKind::invalid, "future");
  refused(5, 9, ErrorKind::invalid, "reason", "");
  refused(-900, -800, ErrorKind::not_found, "nothing is recorded");
  hold({kStart + Duration::from_s(21), kStart + Duration::from_s(22)});
  refused(0, 30, ErrorKind::conflict, "hold 1 (court)");
  EXPECT_EQ(rows().size(), 3u);
  auto sink = archive->writer().sink_for(kLake, kMain);
  TestCamera camera(kLake, archive->ids(), *sink);
  camera.begin_run(kStart + Duration::from_s(28));
  camera.push_frames(30);
  ASSERT_TRUE(archive->writer().flush(Duration::from_s(30)));
  refused(28, 30, ErrorKind::conflict, "hold");
  clock.advance(Duration::from_s(5));
  refused(30, 32, ErrorKind::conflict, "still being written");
}

TEST_F(RetentionTest, a_hold_stands_in_the_journal_of_each_volume) {
  options.volumes.push_back({VolumeId("v2"), "/v2", 0});
  open();
  record(2);
  const auto held = hold({kStart, kStart + Duration::from_s(5)});
  ASSERT_TRUE(archive->retention().release_hold(held.id, "bert"));
  for (const auto* volume : archive->volumes()) {
    std::vector<JournalKind> kinds;
    ASSERT_TRUE(read_journal(*volume, *disk, day_of(clock.now()), [&](const JournalEntry& entry) {
      if (entry.hold == held.id) kinds.push_back(entry.kind);
    }));
    EXPECT_EQ(kinds, (std::vector{JournalKind::hold_made, JournalKind::hold_released}))
        << volume->id().str();
  }
}

TEST_F(RetentionTest, a_rule_of_the_file_is_not_changed_by_people_and_a_wrong_one_is_refused) {
  options.declared_rules.installation.keep_days = 30;
  open();
  auto& rules = archive->retention().rules();
  EXPECT_EQ(rules.set(std::nullopt, {.keep_days = 3}, "anna", kStart).error().kind,
            ErrorKind::conflict);
  EXPECT_TRUE(rules.set(kLake, {.keep_days = 3}, "anna", kStart));
  EXPECT_EQ(rules.rules().of(kLake).keep_days, 3);
  EXPECT_EQ(rules.rules().of(kHill).keep_days, 30);
  const auto refused = [&](const RetentionRule& rule, const std::string& word) {
    const auto set = rules.set(kLake, rule, "anna", kStart);
    ASSERT_FALSE(set);
    EXPECT_EQ(set.error().kind, ErrorKind::invalid);
    EXPECT_THAT(set.error().message, HasSubstr(word));
  };
  refused({.keep_days = 0}, "keep_days");
  refused({.keep_days = -3}, "keep_days");
  refused({.keep_days = 10, .key_frames_after_days = 10}, "never comes");
  refused({.key_frames_after_days = 10, .minute_frames_after_days = 5}, "minute_frames_after_days");
  refused({.feed_bytes_max = 0}, "feed_bytes_max");
  refused({.total_bytes_max = 10}, "whole installation");
  ASSERT_TRUE(rules.set(kLake, {}, "anna", kStart));
  EXPECT_EQ(rules.rules().of(kLake).keep_days, 30);
  RuleBook again(*database);
  ASSERT_TRUE(again.load());
  EXPECT_TRUE(again.rules().empty()) << "what the file declares is not stored";
}

}  // namespace
}  // namespace oriel::archive
