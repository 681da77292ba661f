// Goal: what a camera sends is on disk, once, in order and readable, whatever the disk does; live
// is never held up. Method: a real packager and SQLite, a disk that fails on demand.
#include "archive/archive.h"

#include <cerrno>
#include <condition_variable>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "archive/file_names.h"
#include "archive/testing.h"
#include "store/testing.h"

namespace oriel::archive {
namespace {

using testing::DiskCall;
using testing::FaultyFileSystem;
using testing::KeptAlarms;
using testing::TeeSink;
using testing::TemporaryFolder;
using testing::TestCamera;

const UtcTime kStart = *parse_rfc3339("2026-11-20T08:00:00Z");
const FeedId kLake("lake");
constexpr auto kMain = media::Rendition::main;

// Hears that a new recording is wanted.
class Wanted {
 public:
  void note(media::Reason reason) {
    {
      const std::lock_guard lock(mutex_);
      reason_ = reason;
    }
    changed_.notify_all();
  }
  media::Reason wait() {
    std::unique_lock lock(mutex_);
    changed_.wait_for(lock, std::chrono::seconds(30), [&] { return reason_.has_value(); });
    return reason_.value_or(media::Reason::none);
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::optional<media::Reason> reason_;
};

class ArchiveTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = store::open_database(store::test::database_url(folder.path()), metrics);
    ASSERT_TRUE(opened) << opened.error().message;
    database = std::move(*opened);
    options.volumes = {{VolumeId("v1"), "/v1", 0}};
    options.writer.sync_interval = Duration::from_ms(20);
    options.writer.recording_wanted = [this](const FeedId&, media::Rendition,
                                             media::Reason reason) { wanted.note(reason); };
  }
  void open(std::unique_ptr<FaultyFileSystem> on = std::make_unique<FaultyFileSystem>()) {
    disk = on.get();
    auto opened = Archive::open(options, std::move(on), *database, clock, metrics);
    ASSERT_TRUE(opened) << opened.error().message;
    archive = std::move(*opened);
  }
  void flush() {
    const auto flushed = archive->writer().flush(Duration::from_s(30));
    ASSERT_TRUE(flushed) << flushed.error().message;
  }
  // The sign of life is queued by a sync that began after the clock moved, which may be the one
  // after next, and is on the disk with the flush after that.
  void flush_sign_of_life() {
    for (int i = 0; i < 3; ++i) flush();
  }
  std::string path_of(const media::RecordingPtr& recording, const std::string& root = "/v1") {
    return join_path(root, recording_file(recording->feed, recording->rendition, recording->id,
                                          recording->start));
  }
  std::vector<RecordingRow> rows(const FeedId& feed = kLake) {
    auto page =
        archive->catalog().recordings(feed, kMain, {kStart, kStart + Duration::from_s(86'400)});
    EXPECT_TRUE(page) << page.error().message;
    return page ? page->rows : std::vector<RecordingRow>{};
  }
  std::vector<TimelineSpan> timeline(std::int64_t end_s) {
    const auto now = kStart + Duration::from_s(end_s);
    auto found = archive->catalog().timeline(kLake, {kStart, now}, now);
    EXPECT_TRUE(found) << found.error().message;
    return found ? found->spans : std::vector<TimelineSpan>{};
  }

  TemporaryFolder folder;
  Metrics metrics;
  ManualClock clock{kStart};
  Wanted wanted;
  KeptAlarms alarms;
  ArchiveOptions options{alarms};
  std::unique_ptr<store::Database> database;
  FaultyFileSystem* disk = nullptr;
  std::unique_ptr<Archive> archive;
};

TEST_F(ArchiveTest, parts_read_back_as_they_were_made) {
  open();
  auto sink = archive->writer().sink_for(kLake, kMain);
  TeeSink tee(sink.get());
  TestCamera camera(kLake, archive->ids(), tee);
  camera.begin_run(kStart);
  camera.push_frames(250);
  camera.end_run(media::Reason::link_down);
  flush();

  ASSERT_EQ(tee.recordings.size(), 3u);
  const auto found = rows();
  ASSERT_EQ(found.size(), 3u);
  for (std::size_t i = 0; i < found.size(); ++i) {
    const auto id = tee.recordings[i]->id;
    EXPECT_EQ(found[i].id, id);
    EXPECT_FALSE(found[i].open());
    EXPECT_EQ(found[i].ended, i < 2 ? media::Reason::length_reached : media::Reason::link_down);
    const auto made = tee.parts_of(id);
    EXPECT_EQ(disk->content(path_of(tee.recordings[i])), tee.file_of(id));
    const auto parts = archive->reader().read_parts(id, 0, UINT32_MAX);
    ASSERT_TRUE(parts) << parts.error().message;
    ASSERT_EQ(parts->pieces.size(), made.size());
    const auto table = archive->reader().part_table(found[i]);
    ASSERT_TRUE(table) << table.error().message;
    ASSERT_EQ(table->size(), made.size());
    for (std::size_t p = 0; p < made.size(); ++p) {
      EXPECT_EQ((*table)[p].file_offset, made[p]->file_offset);
      EXPECT_EQ((*table)[p].bytes, made[p]->size());
      EXPECT_EQ((*table)[p].segment, made[p]->segment);
      EXPECT_EQ((*table)[p].start_90k, made[p]->start_90k);
      EXPECT_EQ((*table)[p].independent, made[p]->independent);
    }
  }
  EXPECT_FALSE(archive->writer().position(found[0].id)) << "settled";
}

TEST_F(ArchiveTest, the_full_picture_that_begins_a_segment_is_read_alone) {
  open();
  auto sink = archive->writer().sink_for(kLake, kMain);
  TeeSink tee(sink.get());
  TestCamera camera(kLake, archive->ids(), tee);
  camera.begin_run(kStart);
  camera.push_frames(90);
  camera.end_run(media::Reason::link_down);
  flush();
  const auto found = rows();
  ASSERT_EQ(found.size(), 1u);
  std::uint32_t segments = 0;
  for (const auto& part : tee.parts_of(found[0].id)) {
    if (part->segment != segments) continue;
    Bytes made = *part->file_head;
    made.insert(made.end(), part->payload->begin(), part->payload->end());
    const auto first = archive->reader().read_first_part(found[0], segments);
    ASSERT_TRUE(first) << first.error().message;
    EXPECT_EQ(*first, made) << segments;
    EXPECT_TRUE(part->independent);
    ++segments;
  }
  EXPECT_GE(segments, 2u);
  EXPECT_EQ(archive->reader().read_first_part(found[0], segments).error().kind,
            ErrorKind::not_found);
}

TEST_F(ArchiveTest, the_wire_form_of_the_past_is_that_of_live) {
  open();
  auto sink = archive->writer().sink_for(kLake, kMain);
  TeeSink tee(sink.get());
  TestCamera camera(kLake, archive->ids(), tee);
  camera.begin_run(kStart);
  camera.push_frames(180);
  camera.end_run(media::Reason::link_down);
  flush();
  ASSERT_GE(tee.recordings.size(), 2u);
  const auto made = tee.parts_of(tee.recordings[1]->id);
  ASSERT_GT(made.size(), 5u);
  Bytes wire;
  for (std::size_t p = 2; p < 5; ++p) {
    wire.insert(wire.end(), made[p]->wire_head->begin(), made[p]->wire_head->end());
    wire.insert(wire.end(), made[p]->payload->begin(), made[p]->payload->end());
  }
  const WireRange range{tee.recordings[1]->id, 2, 5, false};
  const auto cached = archive->cache().get(range);
  ASSERT_TRUE(cached) << cached.error().message;
  EXPECT_EQ(**cached, wire);
  EXPECT_EQ(archive->cache().get(range)->get(), cached->get()) << "kept";
  archive->cache().forget(range.recording);
  EXPECT_NE(archive->cache().get(range)->get(), cached->get());
  EXPECT_EQ(archive->cache().get({range.recording, 2, 100'000, false}).error().kind,
            ErrorKind::not_found);
}

TEST_F(ArchiveTest, an_open_recording_can_be_read_up_to_its_last_written_part) {
  open();
  auto sink = archive->writer().sink_for(kLake, kMain);
  TeeSink tee(sink.get());
  TestCamera camera(kLake, archive->ids(), tee);
  camera.begin_run(kStart);
  camera.push_frames(60);
  flush();
  const auto id = tee.recordings.at(0)->id;
  const auto found = rows();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_TRUE(found[0].open());
  EXPECT_EQ(found[0].end, tee.parts.back()->end());
  const auto position = archive->writer().position(id);
  ASSERT_TRUE(position);
  EXPECT_EQ(position->durable_parts, tee.parts.size());
  EXPECT_EQ(position->durable_bytes, tee.file_of(id).size());
  const auto parts = archive->reader().read_parts(id, 3, 1'000);
  ASSERT_TRUE(parts) << parts.error().message;
  EXPECT_EQ(parts->pieces.size(), tee.parts.size() - 3);
  // Now and the part being made count as recorded.
  const auto spans = timeline(7);
  ASSERT_EQ(spans.size(), 1u);
  EXPECT_EQ(spans[0].state, TimelineState::recorded);
}

TEST_F(ArchiveTest, each_byte_is_written_once_and_a_part_needs_one_write) {
  open();
  auto sink = archive->writer().sink_for(kLake, kMain);
  TeeSink tee(sink.get());
  TestCamera camera(kLake, archive->ids(), tee);
  camera.begin_run(kStart);
  camera.push_frames(90);
  flush_sign_of_life();
  const auto before = disk->writes();
  const auto parts_before = tee.parts.size();
  camera.push_frames(4);
  ASSERT_EQ(tee.parts.size(), parts_before + 1);
  flush();
  EXPECT_EQ(disk->writes(), before + 1);
}

TEST_F(ArchiveTest, a_hanging_disk_ends_the_recording_and_never_holds_up_the_camera) {
  options.writer.buffer_bytes_max = 200'000;
  open();
  auto sink = archive->writer().sink_for(kLake, kMain);
  TeeSink tee(sink.get());
  TestCamera camera(kLake, archive->ids(), tee, 10'000);
  archive->writer().note_state(kLake, media::Reason::starting, kStart);
  camera.begin_run(kStart);
  camera.push_frames(100);
  archive->writer().note_state(kLake, media::Reason::none, kStart);
  flush();
  disk->set_hanging(true);
  camera.push_frames(4'000);  // far more than the buffer holds: would wait for ever if it waited
  disk->set_hanging(false);
  EXPECT_EQ(wanted.wait(), media::Reason::disk_behind);
  camera.end_run(media::Reason::disk_behind);
  flush();
  const auto restart = camera.now();
  camera.begin_run(restart, media::Reason::disk_behind);
  camera.push_frames(100);
  camera.end_run(media::Reason::link_down);
  flush();

  const auto found = rows();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_EQ(found[0].ended, media::Reason::disk_behind);
  EXPECT_LT(found[0].end, restart);
  const auto parts = archive->reader().read_parts(found[0].id, 0, UINT32_MAX);
  ASSERT_TRUE(parts) << parts.error().message;
  const auto spans = timeline((restart - kStart).us / 1'000'000 + 10);
  ASSERT_EQ(spans.size(), 3u);
  EXPECT_EQ(spans[1].reason, media::Reason::disk_behind);
  EXPECT_EQ(spans[1].end, found[1].start);
}

TEST_F(ArchiveTest, a_full_disk_leaves_a_file_that_opens_and_recording_goes_on_with_space) {
  open();
  auto sink = archive->writer().sink_for(kLake, kMain);
  TeeSink tee(sink.get());
  TestCamera camera(kLake, archive->ids(), tee, 10'000);
  camera.begin_run(kStart);
  camera.push_frames(100);
  flush();
  // Full in the middle of a part.
  disk->set_capacity(disk->content(path_of(tee.recordings[0])).size() + 3'000);
  camera.push_frames(300);
  const auto flushed = archive->writer().flush(Duration::from_s(30));
  ASSERT_TRUE(flushed) << flushed.error().message;
  EXPECT_EQ(archive->volumes()[0]->state(), VolumeState::full);
  auto found = rows();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].ended, media::Reason::disk_full);
  EXPECT_EQ(disk->content(path_of(tee.recordings[0])).size(), found[0].bytes);
  EXPECT_TRUE(archive->reader().read_parts(found[0].id, 0, UINT32_MAX));

  disk->set_capacity(std::nullopt);
  EXPECT_EQ(wanted.wait(), media::Reason::disk_full);
  camera.end_run(media::Reason::disk_full);
  camera.begin_run(kStart + Duration::from_s(40), media::Reason::disk_full);
  camera.push_frames(100);
  camera.end_run(media::Reason::link_down);
  flush();
  found = rows();
  ASSERT_EQ(found.size(), 2u);
  const auto spans = timeline(50);
  ASSERT_EQ(spans.size(), 3u);
  EXPECT_EQ(spans[1].reason, media::Reason::disk_full);
}

TEST_F(ArchiveTest, a_read_only_disk_is_told_from_a_full_one) {
  open();
  auto sink = archive->writer().sink_for(kLake, kMain);
  TeeSink tee(sink.get());
  TestCamera camera(kLake, archive->ids(), tee, 10'000);
  camera.begin_run(kStart);
  camera.push_frames(100);
  flush();
  disk->set_read_only(true);
  camera.push_frames(100);
  ASSERT_TRUE(archive->writer().flush(Duration::from_s(30)));
  EXPECT_EQ(archive->volumes()[0]->state(), VolumeState::readonly);
  disk->set_read_only(false);
  EXPECT_EQ(wanted.wait(), media::Reason::disk_failed);
  flush();
  const auto found = rows();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].ended, media::Reason::disk_failed);
}

TEST_F(ArchiveTest, a_failed_sync_settles_nothing_until_one_succeeds) {
  open();
  auto sink = archive->writer().sink_for(kLake, kMain);
  TeeSink tee(sink.get());
  TestCamera camera(kLake, archive->ids(), tee, 10'000);
  camera.begin_run(kStart);
  camera.push_frames(100);
  flush();
  const auto id = tee.recordings[0]->id;
  const auto durable = archive->writer().position(id)->durable_parts;
  disk->set_error(DiskCall::sync_all, EIO);
  disk->set_error(DiskCall::sync, EIO);
  camera.push_frames(100);
  ASSERT_TRUE(archive->writer().flush(Duration::from_s(30)));
  EXPECT_EQ(archive->volumes()[0]->state(), VolumeState::failed);
  EXPECT_EQ(archive->writer().position(id)->durable_parts, durable);
  disk->set_error(DiskCall::sync_all, 0);
  disk->set_error(DiskCall::sync, 0);
  camera.push_frames(10);
  EXPECT_EQ(wanted.wait(), media::Reason::disk_failed);
  flush();
  EXPECT_EQ(rows().at(0).ended, media::Reason::disk_failed);
}

TEST_F(ArchiveTest, another_disk_in_a_volumes_place_is_left_alone) {
  open();
  archive.reset();
  auto other = std::make_unique<FaultyFileSystem>();
  ASSERT_TRUE(other->make_folders("/v1"));
  {
    const std::string marker = format_marker({1, "v1", std::string(32, 'a')});
    const ByteView bytes = as_bytes(marker);
    ASSERT_TRUE(
        (*other->open("/v1/oriel-volume.json", OpenMode::create))->write(0, std::span(&bytes, 1)));
  }
  open(std::move(other));
  EXPECT_EQ(archive->volumes()[0]->state(), VolumeState::missing);
  auto sink = archive->writer().sink_for(kLake, kMain);
  TestCamera camera(kLake, archive->ids(), *sink);
  camera.begin_run(kStart);
  camera.push_frames(100);
  ASSERT_TRUE(archive->writer().flush(Duration::from_s(30)));
  EXPECT_EQ(disk->files(), std::vector<std::string>{"/v1/oriel-volume.json"});
  const auto spans = timeline(10);
  ASSERT_EQ(spans.size(), 1u);
  EXPECT_EQ(spans[0].reason, media::Reason::disk_failed);
}

TEST_F(ArchiveTest, an_empty_mount_point_is_not_filled) {
  open();
  archive.reset();
  auto other = std::make_unique<FaultyFileSystem>();
  ASSERT_TRUE(other->make_folders("/v1"));
  open(std::move(other));
  EXPECT_EQ(archive->volumes()[0]->state(), VolumeState::missing);
  EXPECT_TRUE(disk->files().empty());
}

TEST_F(ArchiveTest, an_ordered_stop_and_the_next_start_leave_no_unexplained_time) {
  open();
  archive->writer().note_state(kLake, media::Reason::starting, kStart);
  auto sink = archive->writer().sink_for(kLake, kMain);
  auto camera = std::make_unique<TestCamera>(kLake, archive->ids(), *sink);
  camera->begin_run(kStart + Duration::from_s(2));
  archive->writer().note_state(kLake, media::Reason::none, kStart + Duration::from_s(2));
  camera->push_frames(100);
  camera->end_run(media::Reason::server_stopped);
  clock.advance(Duration::from_s(12));
  archive->stop();
  sink.reset();
  // The same disk for the next start.
  std::mt19937 random(1);
  auto same = disk->after_power_loss(random);
  archive.reset();
  clock.advance(Duration::from_s(30));
  open(std::move(same));
  archive->writer().note_state(kLake, media::Reason::starting, clock.now());
  flush();
  const auto spans = timeline(60);
  ASSERT_EQ(spans.size(), 4u);
  EXPECT_EQ(spans[0].reason, media::Reason::starting);
  EXPECT_EQ(spans[1].state, TimelineState::recorded);
  EXPECT_EQ(spans[2].reason, media::Reason::server_stopped);
  EXPECT_EQ(spans[2].end, clock.now());
  EXPECT_EQ(spans[3].reason, media::Reason::starting);
}

// Fails while it is told to.
class AbsentDatabase final : public store::Database {
 public:
  explicit AbsentDatabase(store::Database& real) : real_(real) {}
  Result<void> write(const store::Work& work) override {
    if (absent) return fail(ErrorKind::unavailable, "the database is away");
    return real_.write(work);
  }
  Result<void> write_durable(const store::Work& work) override {
    if (absent) return fail(ErrorKind::unavailable, "the database is away");
    return real_.write_durable(work);
  }
  Result<void> read(const store::Work& work) override {
    if (absent) return fail(ErrorKind::unavailable, "the database is away");
    return real_.read(work);
  }
  std::atomic<bool> absent = false;

 private:
  store::Database& real_;
};

class AbsentDatabaseTest : public ArchiveTest {
 protected:
  AbsentDatabase* make_absent() {
    real_ = std::move(database);
    auto absent = std::make_unique<AbsentDatabase>(*real_);
    auto* const database_switch = absent.get();
    database = std::move(absent);
    return database_switch;
  }
  void TearDown() override {
    archive.reset();
    database.reset();
  }

 private:
  std::unique_ptr<store::Database> real_;  // outlives what the test leaves open
};

TEST_F(AbsentDatabaseTest, with_the_database_away_recording_goes_on_and_the_rows_catch_up) {
  auto* const database_switch = make_absent();
  open();
  auto sink = archive->writer().sink_for(kLake, kMain);
  TeeSink tee(sink.get());
  TestCamera camera(kLake, archive->ids(), tee);
  camera.begin_run(kStart);
  camera.push_frames(30);
  flush();
  database_switch->absent = true;
  camera.push_frames(1'000);
  EXPECT_FALSE(archive->writer().flush(Duration::from_ms(200)));
  // What is recorded meanwhile can be read meanwhile.
  const auto id = tee.recordings.back()->id;
  EXPECT_TRUE(archive->reader().read_parts(id, 0, 5));
  database_switch->absent = false;
  camera.end_run(media::Reason::link_down);
  flush();
  EXPECT_EQ(rows().size(), tee.recordings.size());
}

TEST_F(AbsentDatabaseTest, that_it_does_not_answer_is_an_alarm_while_nothing_is_to_be_written) {
  auto* const database_switch = make_absent();
  options.writer.database_probe_every = Duration::from_ms(5);
  open();
  testing::KeptAlarms told;
  WatchOptions watching;
  watching.wanted = [] { return std::vector<WantedFeed>{}; };
  Watch watch(
      watching, archive->writer(), [this] { return archive->volumes(); }, told, clock, metrics);
  const auto wait_until_told = [&](bool wanted) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (told.message(AlarmKind::database_away, "database").has_value() != wanted) {
      ASSERT_LT(std::chrono::steady_clock::now(), deadline);
      std::this_thread::yield();
      watch.look();
    }
  };
  wait_until_told(false);
  database_switch->absent = true;
  wait_until_told(true);
  database_switch->absent = false;
  wait_until_told(false);
}

TEST_F(AbsentDatabaseTest, a_crash_is_told_from_a_stop) {
  auto* const database_switch = make_absent();
  options.writer.stop_deadline = Duration::from_ms(50);
  open();
  archive->writer().note_state(kLake, media::Reason::starting, kStart);
  auto sink = archive->writer().sink_for(kLake, kMain);
  TestCamera camera(kLake, archive->ids(), *sink);
  camera.begin_run(kStart + Duration::from_s(2));
  archive->writer().note_state(kLake, media::Reason::none, kStart + Duration::from_s(2));
  camera.push_frames(100);
  flush();
  const FeedId quiet("quiet");
  archive->writer().note_state(quiet, media::Reason::link_down, kStart + Duration::from_s(3));
  clock.advance(Duration::from_s(40));  // beyond the interval of signs of life
  flush_sign_of_life();
  // Neither disk nor database hears of what follows.
  std::mt19937 random(1);
  auto survivor = disk->after_power_loss(random);
  database_switch->absent = true;
  sink.reset();
  archive.reset();
  database_switch->absent = false;
  clock.advance(Duration::from_s(60));
  open(std::move(survivor));
  archive->writer().note_state(kLake, media::Reason::starting, clock.now());
  flush();
  const auto spans = timeline(100);
  ASSERT_EQ(spans.size(), 3u);
  EXPECT_EQ(spans[1].state, TimelineState::recorded);
  EXPECT_EQ(spans[2].reason, media::Reason::server_crashed);
  EXPECT_EQ(spans[2].end, clock.now());
  const auto other = archive->catalog().timeline(quiet, {kStart, clock.now()}, clock.now());
  ASSERT_TRUE(other);
  ASSERT_EQ(other->spans.size(), 3u);
  EXPECT_EQ(other->spans[1].reason, media::Reason::link_down);
  EXPECT_EQ(other->spans[2].reason, media::Reason::server_crashed);
  EXPECT_EQ(other->spans[2].start, kStart + Duration::from_s(40)) << "the last sign of life";
}

TEST_F(ArchiveTest, filling_the_past_leaves_the_gaps_of_the_present_alone) {
  open();
  auto live = archive->writer().sink_for(kLake, kMain);
  auto fill = archive->writer().sink_for(kLake, kMain, SinkUse::fill);
  TestCamera live_camera(kLake, archive->ids(), *live);
  TestCamera fill_camera(kLake, archive->ids(), *fill);
  fill_camera.begin_run(kStart);
  live_camera.begin_run(kStart + Duration::from_s(100));
  fill_camera.push_frames(50);
  live_camera.push_frames(50);
  flush();
  disk->set_read_only(true);
  live_camera.push_frames(50);
  ASSERT_TRUE(archive->writer().flush(Duration::from_s(30)));
  disk->set_read_only(false);
  EXPECT_EQ(wanted.wait(), media::Reason::disk_failed);
  fill_camera.end_run(media::Reason::disk_failed);
  fill_camera.begin_run(kStart + Duration::from_s(10));
  fill_camera.push_frames(50);
  fill_camera.end_run(media::Reason::link_down);
  flush();
  const auto spans = timeline(120);
  ASSERT_FALSE(spans.empty());
  EXPECT_EQ(spans.back().reason, media::Reason::disk_failed) << "still waits for the camera";
  EXPECT_EQ(spans.back().end, kStart + Duration::from_s(120));
}

TEST_F(ArchiveTest, renditions_of_a_feed_are_recorded_side_by_side) {
  open();
  auto main_sink = archive->writer().sink_for(kLake, kMain);
  auto sub_sink = archive->writer().sink_for(kLake, media::Rendition::sub);
  TeeSink main_tee(main_sink.get());
  TeeSink sub_tee(sub_sink.get());
  TestCamera main_camera(kLake, archive->ids(), main_tee);
  TestCamera sub_camera(kLake, archive->ids(), sub_tee, 10, media::Rendition::sub);
  main_camera.begin_run(kStart);
  sub_camera.begin_run(kStart);
  for (int i = 0; i < 50; ++i) {
    main_camera.push_frames(1);
    sub_camera.push_frames(2);
  }
  main_camera.end_run(media::Reason::link_down);
  sub_camera.end_run(media::Reason::link_down);
  flush();
  EXPECT_EQ(rows().size(), 1u);
  const auto page = archive->catalog().recordings(kLake, media::Rendition::sub,
                                                  {kStart, kStart + Duration::from_s(60)});
  ASSERT_TRUE(page);
  ASSERT_EQ(page->rows.size(), sub_tee.recordings.size());
  EXPECT_TRUE(path_of(sub_tee.recordings[0]).ends_with(".sub.mp4"));
  EXPECT_EQ(disk->content(path_of(sub_tee.recordings[0])),
            sub_tee.file_of(sub_tee.recordings[0]->id));
  EXPECT_EQ(timeline(10)[0].end, kStart + Duration::from_s(5)) << "of the main rendition";
}

TEST_F(ArchiveTest, a_failed_volume_hands_its_feeds_to_another) {
  options.volumes.push_back({VolumeId("v2"), "/v2", 0});
  open();
  auto sink = archive->writer().sink_for(kLake, kMain);
  TeeSink tee(sink.get());
  TestCamera camera(kLake, archive->ids(), tee, 10'000);
  camera.begin_run(kStart);
  camera.push_frames(50);
  flush();
  const auto first = rows().at(0).volume.str();
  const std::string marker = "/" + first + "/oriel-volume.json";
  ASSERT_TRUE(disk->remove(marker));  // unmounted
  while (archive->volumes()[first == "v1" ? 0 : 1]->state() == VolumeState::ok) flush();
  camera.push_frames(50);
  EXPECT_EQ(wanted.wait(), media::Reason::disk_failed);
  camera.end_run(media::Reason::disk_failed);
  camera.begin_run(kStart + Duration::from_s(10));
  camera.push_frames(50);
  ASSERT_TRUE(archive->writer().flush(Duration::from_s(30)));
  const auto found = rows();
  ASSERT_EQ(found.size(), 2u);
  EXPECT_NE(found[1].volume.str(), first);
}

TEST_F(ArchiveTest, numbers_are_never_given_twice) {
  open();
  std::set<std::int64_t> given;
  for (int round = 0; round < 3; ++round) {
    for (int i = 0; i < 3'000; ++i)
      EXPECT_TRUE(given.insert(archive->ids().next_recording_id().value).second);
    archive.reset();
    open();
  }
}

TEST_F(ArchiveTest, a_span_of_ten_years_is_paged) {
  open();
  auto sink = archive->writer().sink_for(kLake, kMain);
  TeeSink tee(sink.get());
  TestCamera camera(kLake, archive->ids(), tee);
  camera.begin_run(kStart);
  camera.push_frames(1'000);
  camera.end_run(media::Reason::link_down);
  flush();
  UtcSpan span{UtcTime{0}, kStart + Duration::from_s(10 * 365 * 86'400LL)};
  std::vector<RecordingId> seen;
  for (bool more = true; more;) {
    const auto page = archive->catalog().recordings(kLake, kMain, span, 3);
    ASSERT_TRUE(page) << page.error().message;
    for (const auto& row : page->rows) seen.push_back(row.id);
    more = page->next.has_value();
    if (more) span.begin = *page->next;
  }
  std::vector<RecordingId> made;
  for (const auto& recording : tee.recordings) made.push_back(recording->id);
  EXPECT_EQ(seen, made);
  EXPECT_EQ(archive->catalog().first_recording(kLake, kMain).value()->id, made.front());
  EXPECT_EQ(archive->catalog().last_recording(kLake, kMain).value()->id, made.back());
  const auto good = archive->catalog().last_good_span(kLake, clock.now() + Duration::from_s(3'600),
                                                      Duration::from_s(60));
  ASSERT_TRUE(good && *good);
  EXPECT_EQ((*good)->length(), Duration::from_s(60));
}

}  // namespace
}  // namespace oriel::archive
