#include "archive/sweep.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "archive/archive.h"
#include "archive/testing.h"
#include "store/testing.h"

namespace oriel::archive {
namespace {

using testing::FaultyFileSystem;
using testing::KeptAlarms;
using testing::TeeSink;
using testing::TemporaryFolder;
using testing::TestCamera;

constexpr UtcTime kStart{1'770'000'000'000'000};
const FeedId kLake("lake");
constexpr auto kMain = media::Rendition::main;

class SweepTest : public ::testing::Test {
 protected:
  void SetUp() override {
    auto opened = store::open_database(store::test::database_url(folder.path()), metrics);
    ASSERT_TRUE(opened) << opened.error().message;
    database = std::move(*opened);
    options.volumes = {{VolumeId("v1"), "/v1", 0}};
    options.writer.sync_interval = Duration::from_ms(20);
    auto faulty = std::make_unique<FaultyFileSystem>();
    disk = faulty.get();
    auto archive_opened = Archive::open(options, std::move(faulty), *database, clock, metrics);
    ASSERT_TRUE(archive_opened) << archive_opened.error().message;
    archive = std::move(*archive_opened);
    sink = archive->writer().sink_for(kLake, kMain);
    TeeSink tee(sink.get());
    TestCamera camera(kLake, archive->ids(), tee);
    camera.begin_run(kStart);
    camera.push_frames(300);
    camera.end_run(media::Reason::link_down);
    clock.advance(Duration::from_s(40));
    archive->writer().note_state(kLake, media::Reason::link_down, kStart + Duration::from_s(30));
    flush();
    recordings = tee.recordings;
    ASSERT_EQ(recordings.size(), 3U);
    ASSERT_TRUE(sweep().lost + sweep().shortened + sweep().adopted + sweep().foreign == 0);
  }
  void flush() { ASSERT_TRUE(archive->writer().flush(Duration::from_s(30))); }
  SweepReport sweep() {
    const std::stop_source stop;
    const auto swept = archive->sweep().round(stop.get_token(), false);
    EXPECT_TRUE(swept) << swept.error().message;
    return swept ? *swept : SweepReport{};
  }
  std::string path(std::size_t recording) {
    const auto& head = *recordings[recording];
    return "/v1/" + recording_file(kLake, kMain, head.id, head.start);
  }
  std::string timeline() {
    const auto line =
        archive->catalog().timeline(kLake, {kStart, kStart + Duration::from_s(30)}, clock.now());
    EXPECT_TRUE(line) << line.error().message;
    std::string text;
    for (const auto& span : line->spans)
      text += fmt::format("{} {} {}; ", (span.end - span.start).us / 1000,
                          span.state == TimelineState::recorded ? "recorded" : "missing",
                          boost::describe::enum_to_string(span.reason, "?"));
    return text;
  }

  TemporaryFolder folder;
  Metrics metrics;
  ManualClock clock{kStart};
  KeptAlarms alarms;
  ArchiveOptions options{alarms};
  std::unique_ptr<store::Database> database;
  FaultyFileSystem* disk = nullptr;
  std::unique_ptr<Archive> archive;
  std::unique_ptr<media::PartSink> sink;
  std::vector<media::RecordingPtr> recordings;
};

TEST_F(SweepTest, a_deleted_file_is_damage_in_the_coverage_and_an_alarm) {
  EXPECT_EQ(timeline(), "30000 recorded none; ");
  disk->forget_name(path(1));
  EXPECT_EQ(sweep().lost, 1U);
  EXPECT_EQ(timeline(), "10000 recorded none; 10000 missing damaged; 10000 recorded none; ");
  EXPECT_TRUE(alarms.message(AlarmKind::file_lost, "lake"));
  EXPECT_EQ(sweep().lost, 0U);
}

TEST_F(SweepTest, what_it_finds_missing_stands_in_the_journal) {
  disk->forget_name(path(1));
  sweep();
  flush();
  std::vector<JournalEntry> laid;
  ASSERT_TRUE(read_journal(*archive->volumes().front(), *disk, day_of(clock.now()),
                           [&](const JournalEntry& entry) {
                             if (entry.kind == JournalKind::gap_laid) laid.push_back(entry);
                           }));
  ASSERT_EQ(laid.size(), 1U);
  EXPECT_EQ(laid.front().feed, "lake");
  EXPECT_EQ(laid.front().reason, media::Reason::damaged);
  EXPECT_EQ(*laid.front().end_us - *laid.front().start_us, 10'000'000);
}

TEST_F(SweepTest, a_file_that_comes_back_is_adopted_and_recorded_again) {
  const Bytes bytes = disk->content(path(1));
  disk->forget_name(path(1));
  sweep();
  disk->put(path(1), bytes);
  EXPECT_EQ(sweep().adopted, 1U);
  EXPECT_EQ(timeline(), "30000 recorded none; ");
  const auto row = archive->catalog().recording(recordings[1]->id);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->began, media::Reason::length_reached);
  EXPECT_EQ(row->ended, media::Reason::length_reached) << "the journal knows why";
}

TEST_F(SweepTest, a_file_that_lost_its_end_keeps_its_whole_parts) {
  const auto whole = disk->content(path(1)).size();
  disk->cut_short(path(1), whole / 2);
  EXPECT_EQ(sweep().shortened, 1U);
  const auto row = archive->catalog().recording(recordings[1]->id);
  ASSERT_TRUE(row);
  EXPECT_EQ(row->ended, media::Reason::damaged);
  EXPECT_EQ(row->bytes, disk->content(path(1)).size());
  EXPECT_TRUE(archive->reader().part_table(*row));
  const auto spans = timeline();
  EXPECT_NE(spans.find("missing damaged; 10000 recorded none; "), std::string::npos) << spans;
  EXPECT_TRUE(alarms.message(AlarmKind::damaged, "lake"));
  EXPECT_EQ(sweep().shortened, 0U);
}

TEST_F(SweepTest, a_whole_day_folder_that_is_gone_is_noticed) {
  for (std::size_t i = 0; i < 3; ++i) disk->forget_name(path(i));
  EXPECT_EQ(sweep().lost, 3U);
  EXPECT_EQ(timeline(), "30000 missing damaged; ");
}

TEST_F(SweepTest, foreign_files_are_told_and_left_alone) {
  disk->put("/v1/lake/2026/02/02/holiday.mp4", Bytes(5, 1));
  disk->put("/v1/notes.txt", Bytes(5, 2));
  EXPECT_EQ(sweep().foreign, 2U);
  EXPECT_TRUE(alarms.message(AlarmKind::foreign_files, "v1"));
  EXPECT_EQ(disk->content("/v1/lake/2026/02/02/holiday.mp4"), Bytes(5, 1));
  disk->forget_name("/v1/lake/2026/02/02/holiday.mp4");
  disk->forget_name("/v1/notes.txt");
  sweep();
  EXPECT_FALSE(alarms.message(AlarmKind::foreign_files, "v1"));
}

TEST_F(SweepTest, a_volume_that_is_away_is_not_a_heap_of_lost_files) {
  for (const auto& file : disk->files()) disk->forget_name(file);
  EXPECT_EQ(sweep().lost, 0U);
  EXPECT_EQ(sweep().days, 0U);
}

// Between the look and the mending a rule of retention may have done its work.
TEST_F(SweepTest, what_was_deleted_in_order_meanwhile_is_no_damage) {
  const auto& head = *recordings[1];
  disk->forget_name(path(1));
  ASSERT_TRUE(database->write([&](store::Session& session) -> Result<void> {
    ORIEL_TRY(session.execute("DELETE FROM recording WHERE id = $1", {head.id.value}));
    return {};
  }));
  const auto& volume = *archive->volumes().front();
  const auto mended = mend(volume, *disk, *database,
                           {{head.id, kLake, kMain, head.start, head.start + Duration::from_s(10)},
                            {RecordingId{4711}, kLake, kMain, head.start, std::nullopt}},
                           clock.now());
  ASSERT_TRUE(mended) << mended.error().message;
  EXPECT_EQ(mended->damaged, 0U);
  EXPECT_EQ(timeline().find("damaged"), std::string::npos);
}

TEST_F(SweepTest, what_is_being_written_is_left_alone) {
  TestCamera camera(kLake, archive->ids(), *sink);
  camera.begin_run(kStart + Duration::from_s(60));
  camera.push_frames(50);
  flush();
  const auto report = sweep();
  EXPECT_EQ(report.lost + report.adopted + report.shortened, 0U);
  EXPECT_EQ(report.files, 4U);
}

}  // namespace
}  // namespace oriel::archive
