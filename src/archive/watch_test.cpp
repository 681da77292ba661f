#include "archive/watch.h"

#include <gtest/gtest.h>

#include "archive/archive.h"
#include "archive/file_names.h"
#include "archive/testing.h"
#include "store/database.h"

namespace oriel::archive {
namespace {

using testing::DiskCall;
using testing::FaultyFileSystem;
using testing::KeptAlarms;
using testing::TeeSink;
using testing::TemporaryFolder;
using testing::TestCamera;

constexpr UtcTime kStart{1'770'000'000'000'000};
const FeedId kLake("lake");
constexpr auto kMain = media::Rendition::main;

class WatchTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = store::open_database("sqlite:" + folder.path_of("oriel.db"), metrics);
    ASSERT_TRUE(opened) << opened.error().message;
    database = std::move(*opened);
    options.volumes = {{VolumeId("v1"), "/v1", 0}};
    options.writer.sync_interval = Duration::from_ms(20);
    wanted.feed = kLake;
    wanted.live = true;
  }
  void open() {
    auto faulty = std::make_unique<FaultyFileSystem>();
    disk = faulty.get();
    auto opened = Archive::open(options, std::move(faulty), *database, clock, metrics);
    ASSERT_TRUE(opened) << opened.error().message;
    archive = std::move(*opened);
    sink = archive->writer().sink_for(kLake, kMain);
    camera = std::make_unique<TestCamera>(kLake, archive->ids(), tee, 600);
    WatchOptions watching;
    watching.wanted = [this] { return std::vector{wanted}; };
    watching.recording_wanted = [this](const FeedId&, media::Rendition, media::Reason) { ++asked; };
    watch = std::make_unique<Watch>(
        watching, archive->writer(), [this] { return archive->volumes(); }, alarms, clock, metrics);
  }
  // The camera gives so many seconds, and the clock goes with it; a look every five.
  void live(int seconds, bool recorded = true) {
    for (int i = 0; i < seconds; ++i) {
      if (recorded) push(1);
      wanted.received_bytes += 1000;
      pass(1);
    }
  }
  void push(int seconds) {
    camera->push_frames(seconds * 10);
    ASSERT_TRUE(archive->writer().flush(Duration::from_s(30)));
  }
  void pass(int seconds) {
    for (int i = 0; i < seconds; ++i) {
      clock.advance(Duration::from_s(1));
      if (++second % 5 == 0) watch->look();
    }
  }
  // Waits for what the lane's own threads do with the next look.
  template <class Condition>
  bool comes(const Condition& condition) {
    for (int i = 0; i < 500 && !condition(); ++i) {
      clock.advance(Duration::from_s(5));
      if (!archive->writer().flush(Duration::from_s(30))) return false;
    }
    return condition();
  }
  void begin() { camera->begin_run(kStart); }
  std::string path() {
    return join_path("/v1", recording_file(kLake, kMain, tee.recordings.back()->id,
                                           tee.recordings.back()->start));
  }
  bool has(AlarmKind kind, std::string_view subject) const {
    return alarms.message(kind, subject).has_value();
  }

  // Hands on to the sink of the archive at hand.
  struct Forward final : media::PartSink {
    explicit Forward(WatchTest& in_test) : test(in_test) {}
    void recording_began(const media::RecordingPtr& recording) override {
      test.sink->recording_began(recording);
    }
    void part_made(const media::PartPtr& part) override { test.sink->part_made(part); }
    void recording_ended(const media::RecordingPtr& recording, media::Reason reason) override {
      test.sink->recording_ended(recording, reason);
    }
    WatchTest& test;
  };

  TemporaryFolder folder;
  Metrics metrics;
  ManualClock clock{kStart};
  KeptAlarms alarms;
  ArchiveOptions options{alarms};
  std::unique_ptr<store::Database> database;
  FaultyFileSystem* disk = nullptr;
  std::unique_ptr<Archive> archive;
  std::unique_ptr<media::PartSink> sink;
  Forward forward{*this};
  TeeSink tee{&forward};
  std::unique_ptr<TestCamera> camera;
  std::unique_ptr<Watch> watch;
  WantedFeed wanted;
  int asked = 0;
  int second = 0;
};

TEST_F(WatchTest, what_is_recorded_raises_nothing) {
  open();
  begin();
  live(120);
  EXPECT_EQ(alarms.raised(), 0U);
  EXPECT_EQ(asked, 0);
}

TEST_F(WatchTest, a_live_feed_of_which_nothing_is_written_is_told_and_a_recording_asked_for) {
  open();
  begin();
  live(20);
  live(19, false);  // parts no longer reach the recorder
  EXPECT_TRUE(has(AlarmKind::not_recorded, "lake"));
  EXPECT_EQ(asked, 1);
  live(60, false);
  EXPECT_LE(asked, 4) << "not asked for at every look";
  live(10);
  EXPECT_EQ(alarms.raised(), 0U);
}

TEST_F(WatchTest, a_feed_that_nobody_records_is_told) {
  open();
  sink.reset();
  live(30, false);
  EXPECT_TRUE(has(AlarmKind::not_recorded, "lake"));
}

TEST_F(WatchTest, a_stuck_source_is_told_though_it_says_that_it_is_live) {
  open();
  begin();
  live(20);
  pass(21);
  EXPECT_TRUE(has(AlarmKind::source_lost, "lake"));
  EXPECT_FALSE(has(AlarmKind::not_recorded, "lake")) << "there is nothing to record";
  live(10);
  EXPECT_EQ(alarms.raised(), 0U);
}

TEST_F(WatchTest, a_camera_that_is_down_is_told_after_a_minute_and_a_paused_one_never) {
  open();
  wanted.live = false;
  wanted.reason = media::Reason::link_down;
  pass(50);
  EXPECT_EQ(alarms.raised(), 0U);
  pass(20);
  EXPECT_EQ(alarms.message(AlarmKind::source_lost, "lake"),
            "Nothing arrives from the camera: link_down.");
  wanted.paused = true;
  pass(600);
  EXPECT_EQ(alarms.raised(), 0U);
  wanted.paused = false;
  pass(70);
  EXPECT_TRUE(has(AlarmKind::source_lost, "lake"));
}

TEST_F(WatchTest, a_feed_that_is_removed_leaves_no_alarm) {
  open();
  wanted.live = false;
  pass(90);
  ASSERT_TRUE(has(AlarmKind::source_lost, "lake"));
  wanted.feed = FeedId("other");
  pass(5);
  EXPECT_FALSE(has(AlarmKind::source_lost, "lake"));
}

TEST_F(WatchTest, a_clock_that_is_set_is_told_and_one_that_runs_is_not) {
  open();
  begin();
  live(60);
  EXPECT_FALSE(has(AlarmKind::clock_jumped, "server"));
  clock.set(clock.now() - Duration::from_s(3600));
  live(20);
  ASSERT_TRUE(has(AlarmKind::clock_jumped, "server"));
  EXPECT_NE(alarms.message(AlarmKind::clock_jumped, "server")->find("-3600.0 s"),
            std::string::npos);
  EXPECT_FALSE(has(AlarmKind::not_recorded, "lake"));
}

TEST_F(WatchTest, a_disk_that_answers_after_30_s_is_told_and_the_alarm_ends) {
  open();
  begin();
  live(10);
  disk->set_hanging(true);
  camera->push_frames(10);
  const auto disk_busy = [&] {
    return archive->writer().lanes().front().busy_for > Duration::from_s(29);
  };
  for (int i = 0; i < 1'000 && !disk_busy(); ++i) {
    wanted.received_bytes += 1000;
    pass(1);
  }
  EXPECT_TRUE(has(AlarmKind::disk_slow, "v1"));
  EXPECT_TRUE(has(AlarmKind::not_recorded, "lake"));
  disk->set_hanging(false);
  live(10);
  EXPECT_EQ(alarms.raised(), 0U);
}

TEST_F(WatchTest, the_state_of_a_disk_is_told_by_its_name_and_ends) {
  open();
  begin();
  live(10);
  disk->set_read_only(true);
  ASSERT_TRUE(comes([&] { return archive->volumes()[0]->state() == VolumeState::readonly; }));
  watch->look();
  EXPECT_TRUE(has(AlarmKind::volume_readonly, "v1"));
  disk->set_read_only(false);
  disk->set_capacity(1);
  ASSERT_TRUE(comes([&] { return archive->volumes()[0]->state() != VolumeState::readonly; }));
  disk->set_capacity(std::nullopt);
  ASSERT_TRUE(comes([&] { return archive->volumes()[0]->writable(); }));
  VolumeMarker other;
  other.volume = "v1";
  other.uuid = std::string(32, 'a');
  const std::string marker = format_marker(other);
  disk->put("/v1/oriel-volume.json", Bytes(marker.begin(), marker.end()));
  ASSERT_TRUE(comes([&] { return !archive->volumes()[0]->writable(); }));
  watch->look();
  EXPECT_TRUE(has(AlarmKind::volume_wrong, "v1"));
  EXPECT_FALSE(has(AlarmKind::volume_readonly, "v1"));
  EXPECT_FALSE(has(AlarmKind::volume_missing, "v1"));
}

TEST_F(WatchTest, a_file_deleted_while_it_is_written_is_written_again_and_nothing_is_lost) {
  open();
  begin();
  push(5);
  disk->forget_name(path());
  ASSERT_TRUE(comes([&] { return has(AlarmKind::file_lost, "lake"); }));
  push(5);
  camera->end_run(media::Reason::link_down);
  ASSERT_TRUE(archive->writer().flush(Duration::from_s(30)));
  EXPECT_EQ(disk->content(path()), tee.file_of(tee.recordings.front()->id));
  EXPECT_EQ(tee.recordings.size(), 1U);
}

TEST_F(WatchTest, a_file_that_took_a_recordings_name_is_kept_and_the_recording_goes_on) {
  open();
  begin();
  push(5);
  disk->put(path(), Bytes(10, 7));
  ASSERT_TRUE(comes([&] { return has(AlarmKind::file_lost, "lake"); }));
  push(5);
  camera->end_run(media::Reason::link_down);
  ASSERT_TRUE(archive->writer().flush(Duration::from_s(30)));
  EXPECT_EQ(disk->content(path()), tee.file_of(tee.recordings.front()->id));
  EXPECT_EQ(disk->content(path() + ".foreign"), Bytes(10, 7));
}

TEST_F(WatchTest, a_file_cut_short_while_it_is_written_ends_and_a_new_recording_is_asked_for) {
  open();
  begin();
  push(5);
  disk->cut_short(path(), 100);
  ASSERT_TRUE(comes([&] { return has(AlarmKind::file_lost, "lake"); }));
  const auto stream = archive->writer().streams().front();
  EXPECT_FALSE(stream.position);
  EXPECT_EQ(stream.wants, media::Reason::damaged);
}

TEST_F(WatchTest, a_mount_that_vanishes_is_not_mended_into_the_bare_folder) {
  open();
  begin();
  push(5);
  const auto files = disk->files();
  for (const auto& file : files) disk->forget_name(file);
  ASSERT_TRUE(comes([&] { return !archive->volumes()[0]->writable(); }));
  watch->look();
  EXPECT_TRUE(has(AlarmKind::volume_missing, "v1"));
  EXPECT_TRUE(disk->files().empty());
}

}  // namespace
}  // namespace oriel::archive
