#include "archive/volume_care.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "archive/archive.h"
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

constexpr UtcTime kStart{1'770'000'000'000'000};
const FeedId kLake("lake");
const VolumeId kFirst("v1");
const VolumeId kSecond("v2");
constexpr auto kMain = media::Rendition::main;

class VolumeCareTest : public ::testing::Test {
 protected:
  void SetUp() override {
    options.volumes = {{kFirst, "/v1", 0}};
    options.writer.sync_interval = Duration::from_ms(20);
    open(std::make_unique<FaultyFileSystem>());
  }
  void open(std::unique_ptr<FaultyFileSystem> on) {
    if (!database) {
      auto opened = store::open_database(store::test::database_url(folder.path()), metrics);
      ASSERT_TRUE(opened) << opened.error().message;
      database = std::move(*opened);
    }
    disk = on.get();
    auto opened = Archive::open(options, std::move(on), *database, clock, metrics);
    ASSERT_TRUE(opened) << opened.error().message;
    archive = std::move(*opened);
  }
  // One recording of so many seconds; gives its file's bytes.
  Bytes record(int seconds) {
    auto sink = archive->writer().sink_for(kLake, kMain);
    TeeSink tee(sink.get());
    TestCamera camera(kLake, archive->ids(), tee, 600);
    camera.begin_run(clock.now());
    camera.push_frames(seconds * 10);
    camera.end_run(media::Reason::link_down);
    clock.advance(Duration::from_s(seconds));
    EXPECT_TRUE(archive->writer().flush(Duration::from_s(30)));
    heads.push_back(tee.recordings.front());
    return tee.file_of(tee.recordings.front()->id);
  }
  std::string path(const VolumeId& volume, std::size_t index) {
    const auto& head = *heads[index];
    return "/" + volume.str() + "/" + recording_file(kLake, kMain, head.id, head.start);
  }
  Volume& volume(const VolumeId& id) {
    for (auto* each : archive->volumes())
      if (each->id() == id) return *each;
    ADD_FAILURE() << "no volume " << id.str();
    return *archive->volumes().front();
  }
  // The threads of the lanes and of the care do it as well: what counts is that it comes.
  template <class Condition>
  bool comes(const Condition& condition) {
    const std::stop_source stop;
    for (int i = 0; i < 500 && !condition(); ++i) {
      clock.advance(Duration::from_s(31));
      if (!archive->writer().flush(Duration::from_s(30))) return false;
      archive->volume_care().look(stop.get_token());
    }
    return condition();
  }
  VolumeId volume_of(std::size_t index) {
    const auto row = archive->catalog().recording(heads[index]->id);
    return row ? row->volume : VolumeId{};
  }

  TemporaryFolder folder;
  Metrics metrics;
  ManualClock clock{kStart};
  KeptAlarms alarms;
  ArchiveOptions options{alarms};
  std::unique_ptr<store::Database> database;
  FaultyFileSystem* disk = nullptr;
  std::unique_ptr<Archive> archive;
  std::vector<media::RecordingPtr> heads;
};

TEST_F(VolumeCareTest, a_volume_added_while_recording_takes_recordings) {
  record(5);
  ASSERT_TRUE(archive->add_volumes({{kFirst, "/v1", 0}, {kSecond, "/v2", 0}}));
  ASSERT_EQ(archive->volumes().size(), 2U);
  ASSERT_TRUE(comes([&] { return volume(kSecond).takes_recordings(); }));
  ASSERT_TRUE(archive->set_draining(kFirst, true));
  const auto bytes = record(5);
  EXPECT_EQ(volume_of(1), kSecond);
  EXPECT_EQ(disk->content(path(kSecond, 1)), bytes);
  const auto row = archive->catalog().recording(heads[1]->id);
  ASSERT_TRUE(row);
  EXPECT_TRUE(archive->reader().part_table(*row)) << "it can be read too";
}

TEST_F(VolumeCareTest, a_drained_volume_gives_its_recordings_whole_and_the_past_stays_readable) {
  const auto first = record(5);
  const auto second = record(5);
  ASSERT_TRUE(archive->add_volumes({{kSecond, "/v2", 0}}));
  ASSERT_TRUE(comes([&] { return volume(kSecond).takes_recordings(); }));
  ASSERT_TRUE(archive->set_draining(kFirst, true));
  ASSERT_TRUE(comes([&] { return volume_of(0) == kSecond && volume_of(1) == kSecond; }));
  EXPECT_EQ(disk->content(path(kSecond, 0)), first);
  EXPECT_EQ(disk->content(path(kSecond, 1)), second);
  ASSERT_TRUE(comes([&] { return disk->content(path(kFirst, 1)).empty(); }));
  const auto row = archive->catalog().recording(heads[0]->id);
  ASSERT_TRUE(row);
  EXPECT_TRUE(archive->reader().part_table(*row));
}

TEST_F(VolumeCareTest, a_drained_volume_leaves_its_seals_to_the_others) {
  archive.reset();
  database.reset();
  store::test::remove_database(folder.path());
  options.key = std::make_shared<const SigningKey>(SigningKey::from_seed({1, 2, 3}));
  open(std::make_unique<FaultyFileSystem>());
  record(5);
  Pace pace(0);
  const auto day = day_of(heads.back()->start);
  ASSERT_TRUE(archive->notary().seal_day(kLake, day, pace));
  const auto name = seal_file(kLake, day, 1);
  const auto seal = disk->content("/v1/" + name);
  ASSERT_FALSE(seal.empty());
  ASSERT_TRUE(archive->add_volumes({{kSecond, "/v2", 0}}));
  ASSERT_TRUE(comes([&] { return volume(kSecond).takes_recordings(); }));
  EXPECT_TRUE(disk->content("/v2/" + name).empty());
  ASSERT_TRUE(archive->set_draining(kFirst, true));
  EXPECT_TRUE(comes([&] { return disk->content("/v2/" + name) == seal; }));
}

TEST_F(VolumeCareTest, a_seal_reaches_a_volume_that_was_added_while_running) {
  archive.reset();
  database.reset();
  store::test::remove_database(folder.path());
  options.key = std::make_shared<const SigningKey>(SigningKey::from_seed({1, 2, 3}));
  open(std::make_unique<FaultyFileSystem>());
  ASSERT_TRUE(archive->add_volumes({{kSecond, "/v2", 0}}));
  ASSERT_TRUE(comes([&] { return volume(kSecond).takes_recordings(); }));
  record(5);
  Pace pace(0);
  const auto day = day_of(heads.back()->start);
  ASSERT_TRUE(archive->notary().seal_day(kLake, day, pace));
  EXPECT_FALSE(disk->content("/v2/" + seal_file(kLake, day, 1)).empty());
}

TEST_F(VolumeCareTest, a_copy_that_cannot_be_made_moves_nothing_and_is_told) {
  const auto bytes = record(5);
  ASSERT_TRUE(archive->add_volumes({{kSecond, "/v2", 0}}));
  ASSERT_TRUE(comes([&] { return volume(kSecond).takes_recordings(); }));
  disk->set_error(DiskCall::truncate, EIO);
  ASSERT_TRUE(archive->set_draining(kFirst, true));
  ASSERT_TRUE(
      comes([&] { return alarms.message(AlarmKind::drain_stuck, kFirst.str()).has_value(); }));
  EXPECT_EQ(volume_of(0), kFirst);
  EXPECT_EQ(disk->content(path(kFirst, 0)), bytes);
  disk->set_error(DiskCall::truncate, 0);
  ASSERT_TRUE(comes([&] { return volume_of(0) == kSecond; }));
}

TEST_F(VolumeCareTest, what_lies_on_a_volume_that_is_away_is_missing_until_it_is_back) {
  record(10);
  ASSERT_TRUE(archive->add_volumes({{kSecond, "/v2", 0}}));
  const auto timeline = [&] {
    const auto line =
        archive->catalog().timeline(kLake, {kStart, kStart + Duration::from_s(10)}, clock.now());
    return line ? line->spans : std::vector<TimelineSpan>{};
  };
  const std::vector<TimelineSpan> recorded = timeline();
  ASSERT_EQ(recorded.size(), 1U);
  EXPECT_EQ(recorded.front().state, TimelineState::recorded);
  const Bytes marker = disk->content("/v1/oriel-volume.json");
  disk->forget_name("/v1/oriel-volume.json");
  ASSERT_TRUE(comes([&] { return !volume(kFirst).writable(); }));
  const auto away = timeline();
  ASSERT_EQ(away.size(), 1U);
  EXPECT_EQ(away.front().reason, media::Reason::disk_failed);
  EXPECT_EQ(away.front().end - away.front().start, Duration::from_s(10));
  disk->put("/v1/oriel-volume.json", marker);
  ASSERT_TRUE(comes([&] { return volume(kFirst).writable(); }));
  EXPECT_EQ(timeline(), recorded);
}

TEST_F(VolumeCareTest, the_last_volume_cannot_be_drained) {
  const auto drained = archive->set_draining(kFirst, true);
  ASSERT_FALSE(drained);
  EXPECT_EQ(drained.error().kind, ErrorKind::conflict);
  EXPECT_EQ(archive->set_draining(VolumeId("v9"), true).error().kind, ErrorKind::not_found);
}

TEST_F(VolumeCareTest, draining_goes_on_after_a_restart) {
  record(5);
  ASSERT_TRUE(archive->add_volumes({{kSecond, "/v2", 0}}));
  ASSERT_TRUE(archive->set_draining(kFirst, true));
  archive->stop();
  std::mt19937 random(1);
  auto survivor = disk->after_power_loss(random);
  archive.reset();
  options.volumes = {{kFirst, "/v1", 0}, {kSecond, "/v2", 0}};
  open(std::move(survivor));
  EXPECT_TRUE(volume(kFirst).draining());
  ASSERT_TRUE(comes([&] { return volume_of(0) == kSecond; }));
  ASSERT_TRUE(archive->set_draining(kFirst, false));
  EXPECT_TRUE(volume(kFirst).takes_recordings());
}

TEST_F(VolumeCareTest, a_volume_missing_at_the_start_is_recovered_when_it_appears) {
  // As a crash leaves it: the row is open.
  auto sink = archive->writer().sink_for(kLake, kMain);
  TeeSink tee(sink.get());
  TestCamera camera(kLake, archive->ids(), tee, 600);
  camera.begin_run(kStart);
  camera.push_frames(50);
  ASSERT_TRUE(archive->writer().flush(Duration::from_s(30)));
  std::mt19937 random(1);
  auto survivor = disk->after_power_loss(random);
  heads.push_back(tee.recordings.front());
  sink.reset();
  archive.reset();
  ASSERT_TRUE(database->write([&](store::Session& session) -> Result<void> {
    ORIEL_TRY(session.execute("UPDATE recording SET end_us = NULL, ended = NULL"));
    return {};
  }));
  const Bytes marker = survivor->content("/v1/oriel-volume.json");
  survivor->forget_name("/v1/oriel-volume.json");
  open(std::move(survivor));
  EXPECT_FALSE(volume(kFirst).writable());
  EXPECT_FALSE(archive->catalog().recording(heads[0]->id)) << "its end is not known yet";
  disk->put("/v1/oriel-volume.json", marker);
  ASSERT_TRUE(comes([&] { return volume(kFirst).takes_recordings(); }));
  const auto row = archive->catalog().recording(heads[0]->id);
  ASSERT_TRUE(row);
  EXPECT_FALSE(row->open());
  EXPECT_GT(row->bytes, 0U);
}

}  // namespace
}  // namespace oriel::archive
