// Goal: damage is found, told for exactly as long as it lasts, and repaired from what is whole.
#include "archive/verifier.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "archive/archive.h"
#include "archive/testing.h"

namespace oriel::archive {
namespace {

namespace fs = std::filesystem;
using testing::KeptAlarms;
using testing::TeeSink;
using testing::TemporaryFolder;
using testing::TestCamera;

const UtcTime kStart = *parse_rfc3339("2026-11-20T08:00:00Z");
const FeedId kLake("lake");
constexpr auto kMain = media::Rendition::main;

class VerifierTest : public ::testing::Test {
 protected:
  void SetUp() override {
    options.volumes = {{VolumeId("v1"), folder.path_of("v1"), 0}};
    options.writer.sync_interval = Duration::from_ms(20);
    options.key = std::make_shared<const SigningKey>(SigningKey::from_seed({1, 2, 3}));
    auto opened = store::open_database("sqlite:" + folder.path_of("oriel.db"), metrics);
    ASSERT_TRUE(opened) << opened.error().message;
    database = std::move(*opened);
    auto made = Archive::open(options, *database, clock, metrics);
    ASSERT_TRUE(made) << made.error().message;
    archive = std::move(*made);
    auto sink = archive->writer().sink_for(kLake, kMain);
    TestCamera camera(kLake, archive->ids(), *sink, 30);
    camera.begin_run(kStart);
    camera.push_frames(240);
    camera.end_run(media::Reason::link_down);
    ASSERT_TRUE(archive->writer().flush(Duration::from_s(30)));
    clock.advance(Duration::from_s(3600));
    fs::copy(folder.path_of("v1"), folder.path_of("copy"), fs::copy_options::recursive);
    path = folder.path_of("v1/" + recording_file(kLake, kMain, recording().row.id, kStart));
    segments = *segments_of(recording().row);
    ASSERT_GE(segments.size(), 5u);
  }
  HashedRecording recording() {
    std::vector<HashedRecording> all;
    EXPECT_TRUE(database->read([&](store::Session& session) -> Result<void> {
      ORIEL_TRY_ASSIGN(all, closed_recordings(session, kLake, {kStart, clock.now()}));
      return {};
    }));
    return all.at(0);
  }
  Verified verify(std::vector<std::string> copies = {}) {
    Verifier verifier(*database, list_of(archive->volumes()), archive->file_system(), alarms, clock,
                      std::move(copies));
    Pace pace(0);
    auto verified = verifier.verify(recording(), pace);
    EXPECT_TRUE(verified) << verified.error().message;
    return verified.value_or(Verified{});
  }
  // Where segment `index` begins in the file and in time.
  std::pair<std::uint64_t, UtcTime> place(std::size_t index) {
    std::uint64_t bytes = recording().row.bytes;
    for (const auto& segment : segments) bytes -= static_cast<std::uint64_t>(segment.bytes);
    std::int64_t at_90k = 0;
    for (std::size_t i = 0; i < index; ++i) {
      bytes += static_cast<std::uint64_t>(segments[i].bytes);
      at_90k += segments[i].duration_90k;
    }
    return {bytes, kStart + ticks_to_duration(at_90k)};
  }
  UtcSpan span_of(std::size_t index) {
    return {place(index).second,
            index + 1 == segments.size() ? recording().row.end : place(index + 1).second};
  }
  void overwrite(std::uint64_t offset, std::size_t count, int add) {
    std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
    for (std::size_t i = 0; i < count; ++i) {
      file.seekg(static_cast<std::streamoff>(offset + i));
      const int old = file.get();
      file.seekp(static_cast<std::streamoff>(offset + i));
      file.put(static_cast<char>(add == 0 ? 0 : old ^ add));
    }
  }
  std::vector<TimelineSpan> timeline() {
    const auto found = archive->catalog().timeline(kLake, {kStart, clock.now()}, clock.now());
    EXPECT_TRUE(found);
    return found->spans;
  }
  Duration missing_as_damaged() {
    Duration sum;
    for (const auto& span : timeline())
      if (span.reason == media::Reason::damaged) sum = sum + (span.end - span.start);
    return sum;
  }

  TemporaryFolder folder;
  Metrics metrics;
  ManualClock clock{kStart};
  KeptAlarms alarms;
  ArchiveOptions options{alarms};
  std::unique_ptr<store::Database> database;
  std::unique_ptr<Archive> archive;
  std::string path;
  std::vector<media::SegmentEntry> segments;
};

TEST_F(VerifierTest, what_is_whole_is_whole) {
  const auto verified = verify();
  EXPECT_EQ(verified.verdict, Verdict::whole) << verified.what;
  EXPECT_EQ(verified.bytes_read, recording().row.bytes);
  EXPECT_EQ(alarms.raised(), 0u);
}

TEST_F(VerifierTest, a_flipped_bit_in_a_picture_damages_its_segment_and_no_other) {
  // The last byte of the segment: pixels, no structure.
  overwrite(place(3).first - 1, 1, 0x10);
  const auto verified = verify();
  EXPECT_EQ(verified.verdict, Verdict::damaged);
  ASSERT_EQ(verified.damaged.size(), 1u);
  EXPECT_EQ(verified.damaged[0], span_of(2));
  const auto seen = timeline();
  ASSERT_GE(seen.size(), 3u);
  EXPECT_EQ(seen[0].state, TimelineState::recorded);
  EXPECT_EQ(seen[1].reason, media::Reason::damaged);
  EXPECT_EQ(seen[1].start.ms(), span_of(2).begin.ms());
  EXPECT_EQ(seen[1].end.ms(), span_of(2).end.ms());
  EXPECT_EQ(seen[2].state, TimelineState::recorded);
  EXPECT_TRUE(alarms.message(AlarmKind::damaged, "lake"));
}

TEST_F(VerifierTest, a_zeroed_block_damages_the_segments_it_touches) {
  overwrite(place(2).first - 100, 200, 0);
  const auto verified = verify();
  ASSERT_EQ(verified.damaged.size(), 1u);
  EXPECT_EQ(verified.damaged[0], (UtcSpan{span_of(1).begin, span_of(2).end}));
}

TEST_F(VerifierTest, a_truncated_file_is_damaged_from_there_on) {
  fs::resize_file(path, place(3).first + 10);
  const auto verified = verify();
  ASSERT_EQ(verified.damaged.size(), 1u);
  EXPECT_EQ(verified.damaged[0], (UtcSpan{span_of(3).begin, recording().row.end}));
  EXPECT_EQ(missing_as_damaged().us / 1000, (recording().row.end.ms() - span_of(3).begin.ms()));
}

TEST_F(VerifierTest, a_file_that_is_gone_is_lost_in_the_coverage_too) {
  fs::remove(path);
  EXPECT_EQ(verify().verdict, Verdict::lost);
  EXPECT_EQ(missing_as_damaged().us / 1000, recording().row.end.ms() - kStart.ms());
}

TEST_F(VerifierTest, damage_is_repaired_from_a_copy_and_the_alarm_ends) {
  const auto whole = recording();
  for (int how = 0; how < 3; ++how) {
    if (how == 0) overwrite(place(1).first + 50, 5, 0x7f);
    if (how == 1) fs::resize_file(path, 100);
    if (how == 2) fs::remove(path);
    EXPECT_NE(verify().verdict, Verdict::whole);
    EXPECT_TRUE(alarms.message(AlarmKind::damaged, "lake"));
    EXPECT_EQ(verify({folder.path_of("copy")}).verdict, Verdict::repaired) << how;
    EXPECT_EQ(verify().verdict, Verdict::whole);
    EXPECT_FALSE(alarms.message(AlarmKind::damaged, "lake"));
    EXPECT_EQ(missing_as_damaged(), Duration{});
  }
}

TEST_F(VerifierTest, what_was_drained_while_it_was_read_is_looked_at_where_it_is) {
  ASSERT_TRUE(archive->add_volumes({{VolumeId("v2"), folder.path_of("v2"), 0}}));
  const auto before = recording();
  const auto moved = folder.path_of("v2/" + recording_file(kLake, kMain, before.row.id, kStart));
  fs::create_directories(fs::path(moved).parent_path());
  fs::rename(path, moved);
  ASSERT_TRUE(database->write([&](store::Session& session) -> Result<void> {
    ORIEL_TRY(session.execute("UPDATE recording SET volume = 'v2'"));
    return {};
  }));
  Verifier verifier(
      *database, [this] { return archive->volumes(); }, archive->file_system(), alarms, clock);
  Pace pace(0);
  const auto verified = verifier.verify(before, pace);
  ASSERT_TRUE(verified) << verified.error().message;
  EXPECT_EQ(verified->verdict, Verdict::whole) << verified->what;
  EXPECT_FALSE(fs::exists(path)) << "nothing is repaired where it is no more";
  EXPECT_EQ(alarms.raised(), 0u);
}

TEST_F(VerifierTest, a_damaged_copy_repairs_nothing) {
  overwrite(place(1).first + 50, 5, 0x7f);
  fs::copy_file(path,
                folder.path_of("copy/" + recording_file(kLake, kMain, recording().row.id, kStart)),
                fs::copy_options::overwrite_existing);
  EXPECT_EQ(verify({folder.path_of("copy")}).verdict, Verdict::damaged);
}

TEST_F(VerifierTest, a_damaged_head_is_repaired_from_the_database) {
  overwrite(40, 8, 0x55);
  EXPECT_EQ(verify().verdict, Verdict::repaired);
  EXPECT_EQ(verify().verdict, Verdict::whole);
}

TEST_F(VerifierTest, the_chain_tells_of_forged_rows_and_of_rows_that_went_without_a_word) {
  Verifier verifier(*database, list_of(archive->volumes()), archive->file_system(), alarms, clock);
  Pace pace(0);
  ASSERT_TRUE(archive->notary().seal_day(kLake, day_of(kStart), pace));
  auto report = verifier.verify_chain(kLake, {});
  ASSERT_TRUE(report);
  EXPECT_EQ(report->seals, 1u);
  EXPECT_TRUE(report->wrong.empty()) << report->wrong.front();
  const auto sql = [&](const std::string& statement) {
    ASSERT_TRUE(database->write([&](store::Session& session) -> Result<void> {
      ORIEL_TRY(session.execute(statement));
      return {};
    }));
  };
  report = verifier.verify_chain(kLake, {SigningKey::from_seed({7}).public_key()});
  ASSERT_EQ(report->wrong.size(), 1u);
  EXPECT_NE(report->wrong[0].find("another key"), std::string::npos);
  sql("UPDATE recording SET bytes = bytes + 1");
  EXPECT_EQ(verifier.verify_chain(kLake, {})->wrong.size(), 1u);
  sql("DELETE FROM recording");
  EXPECT_EQ(verifier.verify_chain(kLake, {})->wrong.size(), 1u);
}

TEST_F(VerifierTest, the_scrub_goes_on_where_it_was_and_ends_its_round) {
  overwrite(place(1).first + 50, 5, 0x7f);
  Verifier verifier(*database, list_of(archive->volumes()), archive->file_system(), alarms, clock);
  Pace pace(0);
  const auto step = [&] {
    Scrub scrub(verifier, *database, list_of(archive->volumes()), alarms, clock,
                Duration::from_s(86'400));
    const auto stepped = scrub.step(pace);
    EXPECT_TRUE(stepped) << stepped.error().message;
    return stepped && *stepped;
  };
  EXPECT_TRUE(step());
  EXPECT_FALSE(step());
  const auto state = load_scrub(*database);
  ASSERT_TRUE(state && *state);
  EXPECT_EQ((*state)->recordings, 1);
  EXPECT_EQ((*state)->damaged, 1);
  EXPECT_TRUE((*state)->finished);
  EXPECT_FALSE(step()) << "the next round is not due";
  clock.advance(Duration::from_s(86'400));
  EXPECT_TRUE(step());
}

}  // namespace
}  // namespace oriel::archive
