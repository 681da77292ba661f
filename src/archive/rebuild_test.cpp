// Goal: the database that is made again is the one that was lost: every row, and the coverage to
// the millisecond; and what is damaged on the volumes is told, never lost or deleted.
#include "archive/rebuild.h"

#include <filesystem>
#include <fstream>
#include <random>

#include <gtest/gtest.h>

#include "archive/archive.h"
#include "archive/deletion.h"
#include "archive/holds.h"
#include "archive/ledger_journal.h"
#include "archive/testing.h"
#include "archive/thinning.h"

namespace oriel::archive {
namespace {

namespace fs = std::filesystem;
using testing::KeptAlarms;
using testing::TemporaryFolder;
using testing::TestCamera;

const UtcTime kStart = *parse_rfc3339("2026-11-20T22:00:00Z");
const FeedId kLake("lake");
const FeedId kRidge("ridge");
constexpr auto kMain = media::Rendition::main;

class RebuildTest : public ::testing::Test {
 protected:
  void SetUp() override {
    options.volumes = {{VolumeId("v1"), folder.path_of("v1"), 0},
                       {VolumeId("v2"), folder.path_of("v2"), 0}};
    options.writer.sync_interval = Duration::from_ms(10);
    options.key = std::make_shared<const SigningKey>(SigningKey::from_seed({1, 2, 3}));
    database = open_database("old.db");
    open();
  }
  std::unique_ptr<store::Database> open_database(const std::string& name) {
    auto opened = store::open_database("sqlite:" + folder.path_of(name), metrics);
    EXPECT_TRUE(opened) << opened.error().message;
    return std::move(*opened);
  }
  void open() {
    auto opened = Archive::open(options, *database, clock, metrics);
    ASSERT_TRUE(opened) << opened.error().message;
    archive = std::move(*opened);
  }
  void record(const FeedId& feed, int frames, media::Reason ended) {
    auto sink = archive->writer().sink_for(feed, kMain);
    TestCamera camera(feed, archive->ids(), *sink, 8);
    archive->writer().note_state(feed, media::Reason::none, clock.now());
    camera.begin_run(clock.now());
    camera.push_frames(frames);
    camera.end_run(ended);
    clock.advance(camera.now() - clock.now());
    archive->writer().note_state(feed, ended, clock.now());
    ASSERT_TRUE(archive->writer().flush(Duration::from_s(30)));
  }
  void sql(const std::string& statement) {
    ASSERT_TRUE(database->write([&](store::Session& session) -> Result<void> {
      ORIEL_TRY(session.execute(statement));
      return {};
    }));
  }
  // All that counts of a database, as text.
  std::vector<std::string> rows_of(store::Database& of) {
    std::vector<std::string> rows;
    const auto ask = [&](const std::string& statement, int columns) {
      const auto read = of.read([&](store::Session& session) {
        return session.query(statement, {}, [&](const store::Row& row) {
          std::string text = statement.substr(0, 30) + ": ";
          for (int i = 0; i < columns; ++i) text += row.is_null(i) ? "NULL|" : row.text(i) + "|";
          rows.push_back(text);
        });
      });
      EXPECT_TRUE(read) << read.error().message;
    };
    ask("SELECT recording.id, feed, rendition, run, run_offset_90k, volume, hex(init.sha256),"
        " init.tracks, start_us, end_us, recording.bytes, hex(segment_index), began, ended,"
        " clock_source, clock_error_us, clock_offset_us, declared_fps, frames,"
        " hex(recording.sha256) FROM recording JOIN init ON init.id = recording.init"
        " ORDER BY recording.id",
        20);
    ask("SELECT feed, start_us, end_us, reason FROM gap ORDER BY feed, start_us", 4);
    ask("SELECT id, feed, start_us, end_us, reason, made_by, made_us FROM withheld ORDER BY id", 7);
    ask("SELECT feed, number, day, made_us, hex(head), hex(signature) FROM seal ORDER BY feed,"
        " number",
        6);
    return rows;
  }
  std::vector<TimelineSpan> timeline(store::Database& of, const FeedId& feed) {
    const Catalog catalog(of, nullptr);
    const auto found = catalog.timeline(feed, {kStart, clock.now()}, clock.now());
    EXPECT_TRUE(found);
    return found->spans;
  }
  RebuildReport rebuild_into(store::Database& fresh, bool quick = false) {
    const auto files = make_posix_file_system();
    std::vector<std::unique_ptr<Volume>> opened;
    std::vector<Volume*> volumes;
    for (const auto& volume : options.volumes) {
      auto made = Volume::open(volume, *files, fresh, clock.now());
      EXPECT_TRUE(made) << made.error().message;
      volumes.push_back(made->get());
      opened.push_back(std::move(*made));
    }
    Pace pace(0);
    RebuildOptions how;
    how.quick = quick;
    auto report = rebuild(volumes, *files, fresh, how, clock.now(), pace);
    EXPECT_TRUE(report) << report.error().message;
    return report.value_or(RebuildReport{});
  }
  std::vector<std::string> media_files() {
    std::vector<std::string> files;
    for (const auto& volume : {"v1", "v2"})
      for (const auto& entry : fs::recursive_directory_iterator(folder.path_of(volume)))
        if (entry.path().extension() == ".mp4") files.push_back(entry.path().string());
    std::sort(files.begin(), files.end());
    return files;
  }

  TemporaryFolder folder;
  Metrics metrics;
  ManualClock clock{kStart};
  KeptAlarms alarms;
  ArchiveOptions options{alarms};
  std::unique_ptr<store::Database> database;
  std::unique_ptr<Archive> archive;
};

TEST_F(RebuildTest, after_random_faults_every_row_and_the_coverage_are_the_same) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  const std::vector reasons{media::Reason::link_down, media::Reason::silent, media::Reason::refused,
                            media::Reason::paused};
  for (int round = 0; round < 12; ++round) {
    const auto& feed = random() % 2 == 0 ? kLake : kRidge;
    record(feed, 5 + static_cast<int>(random() % 200), reasons[random() % reasons.size()]);
    clock.advance(Duration::from_ms(static_cast<std::int64_t>(random() % 1'000'000)));
    if (random() % 3 == 0) {
      archive.reset();
      clock.advance(Duration::from_s(static_cast<std::int64_t>(random() % 5000)));
      // As a crash leaves it: the newest recording open, its end told by nobody.
      if (random() % 2 == 0)
        sql("UPDATE recording SET end_us = NULL, ended = NULL, segment_index = NULL, bytes = 0,"
            " sha256 = NULL WHERE id = (SELECT MAX(id) FROM recording)");
      open();
    }
  }
  sql("INSERT INTO withheld (feed, start_us, end_us, reason, made_by, made_us)"
      " VALUES ('lake', 5, NULL, 'a nest', 'ada', 7)");
  Pace pace(0);
  clock.advance(Duration::from_s(2 * 86'400));
  ASSERT_TRUE(archive->notary().work(pace));
  archive.reset();
  open();  // a start writes what stands in the ledger
  ASSERT_TRUE(archive->writer().flush(Duration::from_s(10)));
  archive.reset();
  for (const bool quick : {false, true}) {
    auto fresh = open_database(quick ? "quick.db" : "new.db");
    const auto report = rebuild_into(*fresh, quick);
    EXPECT_TRUE(report.notes.empty()) << report.notes.front();
    EXPECT_EQ(rows_of(*fresh), rows_of(*database));
    for (const auto& feed : {kLake, kRidge})
      EXPECT_EQ(timeline(*fresh, feed), timeline(*database, feed));
  }
}

TEST_F(RebuildTest, without_journals_the_files_still_give_their_time_and_index) {
  record(kLake, 200, media::Reason::link_down);
  archive.reset();
  for (const auto* volume : {"v1", "v2"}) fs::remove_all(folder.path_of(volume) + "/journal");
  auto fresh = open_database("new.db");
  const auto report = rebuild_into(*fresh);
  EXPECT_EQ(report.from_file, report.recordings);
  const Catalog before(*database, nullptr);
  const Catalog after(*fresh, nullptr);
  const auto old_rows = before.recordings(kLake, kMain, {kStart, clock.now()})->rows;
  const auto new_rows = after.recordings(kLake, kMain, {kStart, clock.now()})->rows;
  ASSERT_EQ(new_rows.size(), old_rows.size());
  for (std::size_t i = 0; i < new_rows.size(); ++i) {
    EXPECT_EQ(new_rows[i].segment_index, old_rows[i].segment_index);
    EXPECT_LE(std::abs((new_rows[i].start - old_rows[i].start).us), 1);
  }
}

TEST_F(RebuildTest, what_is_damaged_is_told_and_nothing_is_lost_or_deleted) {
  record(kLake, 400, media::Reason::link_down);
  archive.reset();
  auto files = media_files();
  ASSERT_GE(files.size(), 5u);
  fs::resize_file(files[0], fs::file_size(files[0]) / 2);
  {
    std::fstream flipped(files[1], std::ios::binary | std::ios::in | std::ios::out);
    flipped.seekp(static_cast<std::streamoff>(fs::file_size(files[1])) - 3);
    flipped.put('\x5a');
    std::fstream zeroed(files[2], std::ios::binary | std::ios::in | std::ios::out);
    const std::string zeros(fs::file_size(files[2]), '\0');
    zeroed.write(zeros.data(), static_cast<std::streamsize>(zeros.size()));
  }
  fs::remove(files[3]);
  const auto day = fs::path(files[4]).parent_path().string();
  std::ofstream(day + "/999999.mp4") << std::string(5000, 'x');
  std::ofstream(day + "/notes.txt") << "foreign";
  std::ofstream(folder.path_of("v1/holiday.jpg")) << "foreign";
  fs::create_directory(folder.path_of("v1/lost+found"));
  std::map<std::string, std::uintmax_t> before;
  for (const auto& file : media_files()) before[file] = fs::file_size(file);
  auto fresh = open_database("new.db");
  const auto report = rebuild_into(*fresh);
  EXPECT_EQ(report.damaged, 3u);
  EXPECT_EQ(report.lost, 1u);
  EXPECT_EQ(report.no_recording, 1u);
  EXPECT_EQ(report.foreign, 2u);
  EXPECT_EQ(report.notes.size(), 7u);
  std::map<std::string, std::uintmax_t> after;
  for (const auto& file : media_files()) after[file] = fs::file_size(file);
  EXPECT_EQ(after, before);
  Duration sum;
  Duration damaged;
  for (const auto& span : timeline(*fresh, kLake)) {
    sum = sum + (span.end - span.start);
    if (span.reason == media::Reason::damaged) damaged = damaged + (span.end - span.start);
  }
  EXPECT_EQ(sum.us / 1000, clock.now().ms() - kStart.ms());
  EXPECT_GT(damaged, Duration::from_s(15));
}

TEST_F(RebuildTest, a_database_with_recordings_is_not_touched) {
  record(kLake, 50, media::Reason::link_down);
  Pace pace(0);
  const auto before = rows_of(*database);
  const auto refused =
      rebuild(archive->volumes(), archive->file_system(), *database, {}, clock.now(), pace);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, ErrorKind::conflict);
  EXPECT_EQ(rows_of(*database), before);
}

TEST_F(RebuildTest, numbers_that_were_given_out_are_not_given_again) {
  record(kLake, 50, media::Reason::link_down);
  const auto given = archive->ids().next_recording_id();
  archive.reset();
  auto fresh = open_database("new.db");
  rebuild_into(*fresh);
  database = std::move(fresh);
  open();
  EXPECT_GT(archive->ids().next_recording_id(), given);
}

// Two recordings and a minute between them that no gap explains: only they do.
TEST_F(RebuildTest, what_a_deleted_recording_told_of_the_time_beside_it_stays) {
  for (int i = 0; i < 2; ++i) {
    auto sink = archive->writer().sink_for(kLake, kMain, SinkUse::fill);
    TestCamera camera(kLake, archive->ids(), *sink);
    camera.begin_run(kStart + Duration::from_s(65 * i), media::Reason::starting);
    camera.push_frames(50);
    camera.end_run(media::Reason::link_down);
    ASSERT_TRUE(archive->writer().flush(Duration::from_s(30)));
  }
  clock.advance(Duration::from_s(3'600));
  const auto files = make_posix_file_system();
  Deletion deletion(*database, archive->writer(), *files, clock, [](RecordingId) {});
  const auto page = archive->catalog().recordings(kLake, kMain, {kStart, clock.now()});
  ASSERT_EQ(page->rows.size(), 2U);
  ASSERT_TRUE(deletion.mark({page->rows[0].id}));
  for (auto* volume : archive->volumes()) ASSERT_TRUE(deletion.erase(*volume));
  const auto before = timeline(*database, kLake);
  ASSERT_GE(before.size(), 3U);
  EXPECT_EQ(before[0].reason, media::Reason::deleted);
  EXPECT_EQ(before[1].reason, media::Reason::link_down);
  archive.reset();
  auto fresh = open_database("new.db");
  rebuild_into(*fresh);
  EXPECT_EQ(timeline(*fresh, kLake), before);
}

// As a crash leaves it while a volume is drained: a part of a copy beside the original.
TEST_F(RebuildTest, of_two_files_of_a_recording_the_whole_one_counts_and_the_other_goes) {
  record(kLake, 100, media::Reason::link_down);
  archive.reset();
  const auto before = rows_of(*database);
  for (const auto& file : media_files()) {
    auto copy = file;
    const auto at = copy.find("/v1/") != std::string::npos ? copy.find("/v1/") : copy.find("/v2/");
    copy.replace(at, 4, copy.substr(at, 4) == "/v1/" ? "/v2/" : "/v1/");
    fs::create_directories(fs::path(copy).parent_path());
    fs::copy(file, copy);
    fs::resize_file(copy, fs::file_size(copy) / 2);
  }
  const auto files = media_files().size();
  auto fresh = open_database("new.db");
  const auto report = rebuild_into(*fresh);
  EXPECT_EQ(report.damaged, 0U);
  EXPECT_EQ(report.recordings * 2, files);
  EXPECT_EQ(rows_of(*fresh), before);
  database = std::move(fresh);
  open();
  EXPECT_EQ(media_files().size() * 2, files);
}

// What a rule deleted is no damage, what is held stays held, a thinned copy stands for its
// original; and a file whose deletion was under way comes back as nothing but that.
TEST_F(RebuildTest, holds_deletions_and_thinned_copies_are_what_they_were) {
  record(kLake, 400, media::Reason::link_down);
  clock.advance(Duration::from_s(86'400));
  const auto forget = [](RecordingId) {};
  const auto files = make_posix_file_system();
  HoldBook holds(*database, clock);
  Deletion deletion(*database, archive->writer(), *files, clock, forget);
  Thinning thinning(
      *database, archive->writer(), *files, [this] { return archive->volumes(); },
      archive->catalog(), archive->ids(), clock, forget);
  const auto page =
      archive->catalog().recordings(kLake, kMain, {kStart, kStart + Duration::from_s(3'600)});
  ASSERT_TRUE(page);
  ASSERT_EQ(page->rows.size(), 5U);
  ASSERT_TRUE(deletion.mark({page->rows[0].id}));
  const auto erase = [&] {
    for (auto* volume : archive->volumes()) ASSERT_TRUE(deletion.erase(*volume));
  };
  erase();
  const auto hold = holds.make({kLake, page->rows[1].span(), "a bear", "ranger", std::nullopt});
  ASSERT_TRUE(hold) << hold.error().message;
  ASSERT_TRUE(
      archive->writer().write_journal(VolumeId("v1"), {hold_entry(*hold)}, Duration::from_s(30)));
  const auto thinned = thinning.thin(page->rows[2].id, media::Thinned::key_frames,
                                     [](std::uint64_t) { return true; });
  ASSERT_TRUE(thinned) << thinned.error().message;
  ASSERT_TRUE(thinned->has_value());
  erase();
  ASSERT_TRUE(archive->writer().flush(Duration::from_s(30)));
  const auto before = timeline(*database, kLake);
  ASSERT_EQ(before.front().reason, media::Reason::deleted);

  archive.reset();
  auto fresh = open_database("new.db");
  const auto report = rebuild_into(*fresh);
  EXPECT_EQ(report.lost, 0U);
  EXPECT_EQ(report.damaged, 0U);
  EXPECT_EQ(timeline(*fresh, kLake), before);
  const auto found = Catalog(*fresh, nullptr).recording((*thinned)->id);
  ASSERT_TRUE(found) << found.error().message;
  EXPECT_EQ(found->thinned, media::Thinned::key_frames);
  EXPECT_EQ(found->span(), (*thinned)->span());
  const auto held = HoldBook(*fresh, clock).in_force();
  ASSERT_TRUE(held);
  ASSERT_EQ(held->size(), 1U);
  EXPECT_EQ(held->front().reason, "a bear");
  EXPECT_FALSE(Catalog(*fresh, nullptr).recording(page->rows[0].id));
  EXPECT_FALSE(Catalog(*fresh, nullptr).recording(page->rows[2].id));
}

}  // namespace
}  // namespace oriel::archive
