// Goal: what is deleted or thinned is gone from disk and catalog alike, its time is accounted for,
// holds stand, and a crash at any step leaves files and rows that agree. Method: a real packager
// and SQLite, a disk that keeps only synced bytes and loses power at each of its changing calls.
#include "archive/deletion.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "archive/archive.h"
#include "archive/coverage.h"
#include "archive/file_names.h"
#include "archive/part_walk.h"
#include "archive/testing.h"
#include "archive/thinning.h"
#include "store/testing.h"

namespace oriel::archive {
namespace {

using testing::FaultyFileSystem;
using testing::TeeSink;
using testing::TemporaryFolder;
using testing::TestCamera;

const UtcTime kStart = *parse_rfc3339("2026-11-20T08:00:00Z");
const FeedId kLake("lake");
constexpr auto kMain = media::Rendition::main;
const UtcSpan kEver{UtcTime{0}, UtcTime{INT64_MAX / 2}};
const ThinningPace kNoPace = [](std::uint64_t) { return true; };

class DeletionTest : public ::testing::Test {
 protected:
  void SetUp() override {
    options.volumes = {{VolumeId("v1"), "/v1", 0}};
    options.writer.sync_interval = Duration::from_ms(5);
    options.writer.stop_deadline = Duration::from_ms(500);
  }
  void open(std::unique_ptr<FaultyFileSystem> on = std::make_unique<FaultyFileSystem>()) {
    disk = on.get();
    if (!database) {
      auto opened = store::open_database(store::test::database_url(folder.path()), metrics);
      ASSERT_TRUE(opened) << opened.error().message;
      database = std::move(*opened);
    }
    auto opened = Archive::open(options, std::move(on), *database, clock, metrics);
    ASSERT_TRUE(opened) << opened.error().message;
    archive = std::move(*opened);
    const auto forget = [this](RecordingId id) {
      archive->reader().forget(id);
      archive->cache().forget(id);
    };
    deletion = std::make_unique<Deletion>(*database, archive->writer(), *disk, clock, forget);
    thinning = std::make_unique<Thinning>(
        *database, archive->writer(), *disk, [this] { return archive->volumes(); },
        archive->catalog(), archive->ids(), clock, forget);
    holds = std::make_unique<HoldBook>(*database, clock);
  }
  void close() {
    deletion.reset();
    thinning.reset();
    archive.reset();
  }
  void forget_database() {
    database.reset();
    store::test::remove_database(folder.path());
  }
  // Four recordings of 10 s, a gap of a minute, and two more.
  void record() {
    auto sink = archive->writer().sink_for(kLake, kMain);
    TestCamera camera(kLake, archive->ids(), *sink);
    archive->writer().note_state(kLake, media::Reason::none, kStart);
    camera.begin_run(kStart);
    camera.push_frames(400);
    camera.end_run(media::Reason::link_down);
    archive->writer().note_state(kLake, media::Reason::link_down, camera.now());
    const auto again = kStart + Duration::from_s(100);
    archive->writer().note_state(kLake, media::Reason::none, again);
    camera.begin_run(again, media::Reason::link_down);
    camera.push_frames(200);
    camera.end_run(media::Reason::paused);
    archive->writer().note_state(kLake, media::Reason::paused, camera.now());
    clock.advance(Duration::from_s(200));
    const auto flushed = archive->writer().flush(Duration::from_s(30));
    ASSERT_TRUE(flushed) << flushed.error().message;
  }
  std::vector<RecordingRow> rows() {
    auto page = archive->catalog().recordings(kLake, kMain, kEver);
    EXPECT_TRUE(page) << page.error().message;
    return page ? page->rows : std::vector<RecordingRow>{};
  }
  std::vector<RecordingId> ids() {
    std::vector<RecordingId> found;
    for (const auto& row : rows()) found.push_back(row.id);
    return found;
  }
  std::vector<TimelineSpan> timeline() {
    const auto end = kStart + Duration::from_s(150);
    auto found = archive->catalog().timeline(kLake, {kStart, end}, end);
    EXPECT_TRUE(found) << found.error().message;
    return found ? found->spans : std::vector<TimelineSpan>{};
  }
  std::int64_t count_of(const std::string& table) {
    std::int64_t count = -1;
    EXPECT_TRUE(database->read([&](store::Session& session) {
      return session.query("SELECT COUNT(*) FROM " + table, {},
                           [&](const store::Row& row) { count = row.integer(0); });
    }));
    return count;
  }
  void erase() {
    const auto erased = deletion->erase(*archive->volumes().front());
    ASSERT_TRUE(erased) << erased.error().message;
  }
  // Each recording file has a row in one table or the other, each row of `recording` its file.
  void expect_agreement() {
    std::set<std::string> known;
    for (const auto& row : rows()) {
      const auto path = join_path("/v1", recording_file(kLake, kMain, row.id, row.start));
      known.insert(path);
      EXPECT_EQ(disk->content(path).size(), row.bytes) << path;
      const auto parts = archive->reader().read_parts(row, 0, UINT32_MAX);
      EXPECT_TRUE(parts) << parts.error().message;
    }
    EXPECT_TRUE(database->read([&](store::Session& session) {
      return session.query(
          "SELECT recording, start_us FROM deletion", {}, [&](const store::Row& row) {
            known.insert(join_path("/v1", recording_file(kLake, kMain, RecordingId{row.integer(0)},
                                                         UtcTime{row.integer(1)})));
          });
    }));
    for (const auto& name : disk->files()) {
      if (name.ends_with(".mp4")) {
        EXPECT_TRUE(known.contains(name)) << name << " has no row";
      }
    }
    EXPECT_EQ(count_of("thinning"), 0);
  }
  static std::int64_t sum_us(const std::vector<TimelineSpan>& spans) {
    std::int64_t sum = 0;
    for (const auto& span : spans) sum += (span.end - span.start).us;
    return sum;
  }

  TemporaryFolder folder;
  Metrics metrics;
  ManualClock clock{kStart};
  testing::KeptAlarms alarms;
  ArchiveOptions options{alarms};
  std::unique_ptr<store::Database> database;
  FaultyFileSystem* disk = nullptr;
  std::unique_ptr<Archive> archive;
  std::unique_ptr<Deletion> deletion;
  std::unique_ptr<Thinning> thinning;
  std::unique_ptr<HoldBook> holds;
};

// The spans of `before`, with what was recorded in [from, to) deleted.
std::vector<TimelineSpan> with_deleted(const std::vector<TimelineSpan>& before, UtcSpan deleted) {
  std::vector<TimelineSpan> after;
  for (const auto& span : before) {
    if (span.state != TimelineState::recorded) {
      append_span(after, span);
      continue;
    }
    const auto cut = [&](UtcTime at) { return std::clamp(at, span.start, span.end); };
    append_span(after, {span.start, cut(deleted.begin), span.state, span.reason});
    append_span(after, {cut(deleted.begin), cut(deleted.end), TimelineState::missing,
                        media::Reason::deleted});
    append_span(after, {cut(deleted.end), span.end, span.state, span.reason});
  }
  return after;
}

TEST_F(DeletionTest, only_what_was_recorded_changes_in_the_coverage_and_ten_deletions_are_one_gap) {
  open();
  record();
  const auto before = timeline();
  const auto found = rows();
  ASSERT_EQ(found.size(), 6u);
  const auto gaps = count_of("gap");
  for (const std::size_t index : {1u, 0u, 2u}) {
    const auto marked = deletion->mark({found[index].id});
    ASSERT_TRUE(marked) << marked.error().message;
    EXPECT_EQ(marked->marked.size(), 1u);
  }
  EXPECT_EQ(timeline(), with_deleted(before, {found[0].start, found[2].end}));
  EXPECT_EQ(count_of("gap"), gaps + 1);
  erase();
  EXPECT_EQ(disk->files().size(), 5u) << "marker, journal, three recordings";
  EXPECT_EQ(count_of("deletion"), 0);
  ASSERT_TRUE(deletion->mark(ids()));
  erase();
  EXPECT_EQ(timeline(), with_deleted(before, {kStart, kStart + Duration::from_s(150)}));
  expect_agreement();
}

TEST_F(DeletionTest, a_deletion_inside_a_gap_that_was_filled_later_cuts_it) {
  open();
  record();
  {
    auto sink = archive->writer().sink_for(kLake, kMain, SinkUse::fill);
    TestCamera camera(kLake, archive->ids(), *sink);
    camera.begin_run(kStart + Duration::from_s(60), media::Reason::link_down);
    camera.push_frames(100);
    camera.end_run(media::Reason::link_down);
  }
  ASSERT_TRUE(archive->writer().flush(Duration::from_s(30)));
  const auto before = timeline();
  const auto filled = rows()[4];
  ASSERT_EQ(filled.start, kStart + Duration::from_s(60));
  ASSERT_TRUE(deletion->mark({filled.id}));
  EXPECT_EQ(timeline(), with_deleted(before, filled.span()));
}

TEST_F(DeletionTest, nothing_breaks_a_hold) {
  open();
  record();
  const auto found = rows();
  const auto made = holds->make(
      {kLake, {found[1].start, found[1].start + Duration::from_s(1)}, "court", "anna", {}});
  ASSERT_TRUE(made) << made.error().message;
  const auto marked = deletion->mark(ids());
  ASSERT_TRUE(marked);
  EXPECT_EQ(marked->held, std::vector{found[1].id});
  EXPECT_EQ(marked->held_by, static_cast<std::uint64_t>(made->id));
  EXPECT_EQ(ids(), std::vector{found[1].id});
  const auto thinned = thinning->thin(found[1].id, media::Thinned::key_frames, kNoPace);
  ASSERT_TRUE(thinned) << thinned.error().message;
  EXPECT_FALSE(*thinned);
  ASSERT_TRUE(holds->release(made->id, "anna"));
  EXPECT_EQ(deletion->mark(ids())->marked.size(), 1u);
}

TEST_F(DeletionTest, who_reads_a_recording_reads_on_and_nobody_finds_it_again) {
  open();
  record();
  const auto row = rows().front();
  const auto path = join_path("/v1", recording_file(kLake, kMain, row.id, row.start));
  const auto whole = disk->content(path);
  const auto reading = disk->open(path, OpenMode::read);
  ASSERT_TRUE(reading);
  ASSERT_TRUE(archive->cache().get({row.id, 0, 1, false}));
  ASSERT_TRUE(deletion->mark({row.id}));
  erase();
  Bytes bytes(whole.size());
  EXPECT_EQ((*reading)->read(0, bytes).value_or(0), whole.size());
  EXPECT_EQ(bytes, whole);
  EXPECT_FALSE(archive->cache().get({row.id, 0, 1, false}));
  EXPECT_EQ(archive->reader().read_parts(row.id, 0, 1).error().kind, ErrorKind::not_found);
}

TEST_F(DeletionTest, what_is_being_written_is_left) {
  open();
  auto sink = archive->writer().sink_for(kLake, kMain);
  TestCamera camera(kLake, archive->ids(), *sink);
  camera.begin_run(kStart);
  camera.push_frames(50);
  ASSERT_TRUE(archive->writer().flush(Duration::from_s(30)));
  const auto open_id = rows().front().id;
  const auto marked = deletion->mark({open_id});
  ASSERT_TRUE(marked);
  EXPECT_TRUE(marked->marked.empty());
  EXPECT_FALSE(*thinning->thin(open_id, media::Thinned::key_frames, kNoPace));
}

TEST_F(DeletionTest, power_loss_at_any_call_leaves_files_and_rows_that_agree) {
  for (std::uint32_t step = 1;; ++step) {
    SCOPED_TRACE("step " + std::to_string(step));
    forget_database();
    open();
    record();
    const auto before = timeline();
    const auto found = rows();
    disk->lose_power_at(step, step);
    const auto marked = deletion->mark({found[0].id, found[1].id, found[2].id});
    ASSERT_TRUE(marked) << "marking is not the disk's business";
    const auto erased = deletion->erase(*archive->volumes().front());
    auto survivor = disk->take_survivor();
    close();
    if (!survivor) {
      EXPECT_TRUE(erased);
      EXPECT_GT(step, 3u);
      break;
    }
    open(std::move(survivor));
    expect_agreement();
    erase();
    EXPECT_EQ(count_of("deletion"), 0);
    expect_agreement();
    EXPECT_EQ(timeline(), with_deleted(before, {found[0].start, found[2].end}));
    close();
  }
}

TEST_F(DeletionTest, a_thinned_recording_is_a_valid_one_of_the_same_time) {
  open();
  record();
  const auto before = timeline();
  const auto old = rows().front();
  const auto made = thinning->thin(old.id, media::Thinned::key_frames, kNoPace);
  ASSERT_TRUE(made) << made.error().message;
  ASSERT_TRUE(*made);
  const auto& row = **made;
  EXPECT_NE(row.id, old.id) << "another byte string has another name";
  EXPECT_EQ(row.span(), old.span());
  EXPECT_EQ(row.run, old.run);
  EXPECT_EQ(row.run_offset_90k, old.run_offset_90k);
  EXPECT_EQ(row.ended, old.ended);
  EXPECT_EQ(row.thinned, media::Thinned::key_frames);
  EXPECT_LT(row.bytes, old.bytes);
  const auto table = archive->reader().part_table(row);
  ASSERT_TRUE(table) << table.error().message;
  ASSERT_EQ(table->size(), 10u) << "a key frame each second";
  for (std::size_t i = 0; i < table->size(); ++i) {
    EXPECT_EQ((*table)[i].start_90k, static_cast<std::int64_t>(i) * 90'000);
    EXPECT_EQ((*table)[i].duration_90k, 90'000);
    EXPECT_TRUE((*table)[i].independent);
  }
  const auto spans = timeline();
  EXPECT_EQ(sum_us(spans), sum_us(before));
  EXPECT_EQ(spans.front().thinned, media::Thinned::key_frames);
  EXPECT_EQ(spans.front().end, UtcTime::from_ms(old.end.ms()));
  EXPECT_EQ(spans[1].thinned, media::Thinned::none);
  EXPECT_EQ(spans[1].state, TimelineState::recorded);
  erase();
  expect_agreement();

  const auto further = thinning->thin(row.id, media::Thinned::minute_frames, kNoPace);
  ASSERT_TRUE(further && *further) << further.error().message;
  EXPECT_EQ((**further).span(), old.span());
  EXPECT_EQ(archive->reader().part_table(**further)->size(), 1u);
  EXPECT_FALSE(*thinning->thin((**further).id, media::Thinned::minute_frames, kNoPace));
  EXPECT_EQ(thinning->thin(row.id, media::Thinned::minute_frames, kNoPace)->has_value(), false);
}

TEST_F(DeletionTest, power_loss_at_any_call_of_thinning_leaves_the_old_recording_or_the_thinned) {
  for (std::uint32_t step = 1;; ++step) {
    SCOPED_TRACE("step " + std::to_string(step));
    forget_database();
    open();
    record();
    const auto old = rows().front();
    disk->lose_power_at(step, step);
    const auto thinned = thinning->thin(old.id, media::Thinned::key_frames, kNoPace);
    if (thinned) (void)deletion->erase(*archive->volumes().front());
    auto survivor = disk->take_survivor();
    close();
    if (!survivor) {
      ASSERT_TRUE(thinned && *thinned);
      EXPECT_GT(step, 10u);
      break;
    }
    open(std::move(survivor));
    expect_agreement();
    const auto now = rows().front();
    EXPECT_EQ(now.span(), old.span());
    EXPECT_EQ(now.thinned, thinned ? media::Thinned::key_frames : media::Thinned::none);
    erase();
    expect_agreement();
    close();
  }
}

TEST_F(DeletionTest, a_thinning_that_cannot_be_written_changes_nothing) {
  open();
  record();
  const auto old = rows().front();
  disk->set_error(testing::DiskCall::write, ENOSPC);
  const auto thinned = thinning->thin(old.id, media::Thinned::key_frames, kNoPace);
  ASSERT_FALSE(thinned);
  EXPECT_EQ(thinned.error().kind, ErrorKind::exhausted);
  disk->set_error(testing::DiskCall::write, 0);
  expect_agreement();
  EXPECT_EQ(rows().front().id, old.id);
  const auto cancelled =
      thinning->thin(old.id, media::Thinned::key_frames, [](std::uint64_t) { return false; });
  EXPECT_EQ(cancelled.error().kind, ErrorKind::cancelled);
  expect_agreement();
}

}  // namespace
}  // namespace oriel::archive
