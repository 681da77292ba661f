// Goal: whatever happens while a volume gives its recordings away, after a start each recording has
// one file and each file a recording. Method: a disk that keeps only synced bytes and loses power
// at each changing call.
#include "archive/moving.h"

#include <gtest/gtest.h>

#include "archive/archive.h"
#include "archive/deletion.h"
#include "archive/file_names.h"
#include "archive/recording_rows.h"
#include "archive/testing.h"
#include "archive/verifier.h"
#include "store/testing.h"

namespace oriel::archive {
namespace {

using testing::FaultyFileSystem;
using testing::KeptAlarms;
using testing::TemporaryFolder;
using testing::TestCamera;

const UtcTime kStart = *parse_rfc3339("2026-11-20T08:00:00Z");
const FeedId kLake("lake");
const VolumeId kFirst("v1");
const VolumeId kSecond("v2");
constexpr auto kMain = media::Rendition::main;
const UtcSpan kEver{UtcTime{0}, UtcTime{INT64_MAX / 2}};

class MovingTest : public ::testing::Test {
 protected:
  void SetUp() override {
    options.volumes = {{kFirst, "/v1", 0}};
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
  }
  // Two recordings on the first volume; then there is a second one.
  void record() {
    options.volumes = {{kFirst, "/v1", 0}};
    open();
    auto sink = archive->writer().sink_for(kLake, kMain);
    TestCamera camera(kLake, archive->ids(), *sink);
    camera.begin_run(kStart);
    camera.push_frames(200);
    camera.end_run(media::Reason::link_down);
    ASSERT_TRUE(archive->writer().flush(Duration::from_s(30)));
    std::mt19937 random(1);
    sink.reset();
    archive->stop();
    auto kept = disk->after_power_loss(random);
    archive.reset();
    options.volumes.push_back({kSecond, "/v2", 0});
    open(std::move(kept));
    ASSERT_EQ(rows().size(), 2U);
  }
  void forget_database() {
    archive.reset();
    database.reset();
    store::test::remove_database(folder.path());
  }
  std::vector<RecordingRow> rows() {
    auto page = archive->catalog().recordings(kLake, kMain, kEver);
    EXPECT_TRUE(page) << page.error().message;
    return page ? page->rows : std::vector<RecordingRow>{};
  }
  static std::string path_of(const RecordingRow& row, const VolumeId& volume) {
    return "/" + volume.str() + "/" + recording_file(kLake, kMain, row.id, row.start);
  }
  std::int64_t count_of(const std::string& table) {
    std::int64_t count = -1;
    EXPECT_TRUE(database->read([&](store::Session& session) {
      return session.query("SELECT COUNT(*) FROM " + table, {},
                           [&](const store::Row& row) { count = row.integer(0); });
    }));
    return count;
  }
  void expect_agreement(std::size_t count) {
    std::set<std::string> known;
    for (const auto& row : rows()) {
      const auto path = path_of(row, row.volume);
      known.insert(path);
      EXPECT_EQ(disk->content(path).size(), row.bytes) << path;
    }
    EXPECT_EQ(known.size(), count);
    for (const auto& name : disk->files()) {
      if (name.ends_with(".mp4")) {
        EXPECT_TRUE(known.contains(name)) << name << " is nobody's";
      }
    }
    EXPECT_EQ(count_of("moving"), 0);
    EXPECT_EQ(
        count_of("gap WHERE reason = " + std::to_string(static_cast<int>(media::Reason::damaged))),
        0);
  }
  void look() {
    const std::stop_source stop;
    archive->volume_care().look(stop.get_token());
  }
  void sql(const std::string& statement) {
    ASSERT_TRUE(database->write([&](store::Session& session) -> Result<void> {
      ORIEL_TRY(session.execute(statement));
      return {};
    }));
  }

  TemporaryFolder folder;
  Metrics metrics;
  ManualClock clock{kStart};
  KeptAlarms alarms;
  ArchiveOptions options{alarms};
  std::unique_ptr<store::Database> database;
  FaultyFileSystem* disk = nullptr;
  std::unique_ptr<Archive> archive;
};

TEST_F(MovingTest, power_loss_at_any_call_of_a_drain_leaves_one_file_of_each_recording) {
  for (std::uint32_t step = 1;; ++step) {
    SCOPED_TRACE("step " + std::to_string(step));
    forget_database();
    record();
    disk->lose_power_at(step, step);
    ASSERT_TRUE(archive->set_draining(kFirst, true));
    look();
    ASSERT_TRUE(archive->set_draining(kFirst, false));
    archive->stop();
    auto survivor = disk->take_survivor();
    if (!survivor) {
      expect_agreement(2);
      for (const auto& row : rows()) EXPECT_EQ(row.volume, kSecond);
      EXPECT_GT(step, 10U);
      break;
    }
    archive.reset();
    open(std::move(survivor));
    expect_agreement(2);
  }
}

// The other case of a file that is written beside a row that stands.
TEST_F(MovingTest, power_loss_at_any_call_of_a_repair_leaves_the_old_file_or_the_whole_one) {
  for (std::uint32_t step = 1;; ++step) {
    SCOPED_TRACE("step " + std::to_string(step));
    forget_database();
    record();
    const auto row = rows().front();
    const auto path = path_of(row, kFirst);
    const auto whole = disk->content(path);
    auto damaged = whole;
    damaged[damaged.size() - 100] ^= 1;
    disk->put(path_of(row, kSecond), whole);
    disk->put(path, damaged);
    ASSERT_TRUE(disk->sync_all("/v1"));
    ASSERT_TRUE(disk->sync_all("/v2"));
    const auto repair = [&] {
      std::optional<HashedRecording> recording;
      EXPECT_TRUE(database->read([&](store::Session& session) -> Result<void> {
        ORIEL_TRY_ASSIGN(recording, closed_recording(session, row.id));
        return {};
      }));
      Verifier verifier(*database, list_of(archive->volumes()), *disk, alarms, clock);
      Pace pace(0);
      return verifier.verify(*recording, pace);
    };
    disk->lose_power_at(step, step);
    const auto tried = repair();
    archive->stop();
    auto survivor = disk->take_survivor();
    if (!survivor) {
      ASSERT_TRUE(tried);
      EXPECT_EQ(tried->verdict, Verdict::repaired) << tried->what;
      EXPECT_GT(step, 4U);
      break;
    }
    archive.reset();
    open(std::move(survivor));
    EXPECT_EQ(rows().size(), 2U);
    EXPECT_TRUE(disk->content(path) == whole || disk->content(path) == damaged);
    const auto again = repair();
    ASSERT_TRUE(again) << again.error().message;
    EXPECT_TRUE(disk->content(path) == whole);
  }
}

// As a crash between the marking and the end of the copy leaves it.
TEST_F(MovingTest, what_was_deleted_while_it_was_copied_does_not_come_back) {
  record();
  const auto row = rows().front();
  const auto copy = path_of(row, kSecond);
  ASSERT_TRUE(database->write([&](store::Session& session) {
    return note_moving(session, {row.id, kLake, kMain, row.start, kSecond, VolumeId{}});
  }));
  disk->put(copy, disk->content(path_of(row, kFirst)));
  Deletion deletion(*database, archive->writer(), *disk, clock, [](RecordingId) {});
  ASSERT_TRUE(deletion.mark({row.id}));
  for (auto* volume : archive->volumes()) ASSERT_TRUE(deletion.erase(*volume));
  archive->stop();
  std::mt19937 random(1);
  ASSERT_TRUE(disk->sync_all("/v2"));
  auto survivor = disk->after_power_loss(random);
  archive.reset();
  open(std::move(survivor));
  EXPECT_TRUE(disk->content(copy).empty());
  EXPECT_EQ(rows().size(), 1U);
}

// Its volume was away at the start; what is deleted stays deleted when it comes back.
TEST_F(MovingTest, a_surplus_file_goes_when_its_volume_comes_back) {
  record();
  const auto row = rows().front();
  const auto path = path_of(row, kSecond);
  ASSERT_TRUE(database->write([&](store::Session& session) {
    return note_moving(session, {row.id, kLake, kMain, row.start, kFirst, kSecond});
  }));
  disk->put(path, disk->content(path_of(row, kFirst)));
  Deletion deletion(*database, archive->writer(), *disk, clock, [](RecordingId) {});
  ASSERT_TRUE(deletion.mark({row.id}));
  for (auto* volume : archive->volumes()) ASSERT_TRUE(deletion.erase(*volume));
  archive->stop();
  ASSERT_TRUE(disk->sync_all("/v1"));
  ASSERT_TRUE(disk->sync_all("/v2"));
  std::mt19937 random(1);
  auto survivor = disk->after_power_loss(random);
  archive.reset();
  const Bytes marker = survivor->content("/v2/oriel-volume.json");
  survivor->forget_name("/v2/oriel-volume.json");
  open(std::move(survivor));
  EXPECT_FALSE(disk->content(path).empty()) << "nothing is touched while it is not there";
  EXPECT_EQ(count_of("moving"), 1);
  disk->put("/v2/oriel-volume.json", marker);
  for (int i = 0; i < 500 && !archive->volumes().back()->ready(); ++i) {
    clock.advance(Duration::from_s(31));
    look();
  }
  EXPECT_TRUE(archive->volumes().back()->ready());
  EXPECT_TRUE(disk->content(path).empty());
  EXPECT_EQ(rows().size(), 1U);
}

TEST_F(MovingTest, a_copy_whose_original_was_lost_becomes_the_recording) {
  record();
  const auto row = rows().front();
  ASSERT_TRUE(database->write([&](store::Session& session) {
    return note_moving(session, {row.id, kLake, kMain, row.start, kSecond, VolumeId{}});
  }));
  disk->put(path_of(row, kSecond), disk->content(path_of(row, kFirst)));
  sql("DELETE FROM recording WHERE id = " + std::to_string(row.id.value));
  archive->stop();
  disk->forget_name(path_of(row, kFirst));
  std::mt19937 random(1);
  ASSERT_TRUE(disk->sync_all("/v2"));
  auto survivor = disk->after_power_loss(random);
  archive.reset();
  open(std::move(survivor));
  ASSERT_EQ(rows().size(), 2U);
  EXPECT_EQ(rows().front().volume, kSecond);
}

// The sweep read the rows before the recording was moved, and its folder after.
TEST_F(MovingTest, a_sweep_that_is_overtaken_by_a_move_takes_nothing_for_lost) {
  record();
  const auto row = rows().front();
  disk->put(path_of(row, kSecond), disk->content(path_of(row, kFirst)));
  disk->forget_name(path_of(row, kFirst));
  sql("UPDATE recording SET volume = 'v2' WHERE id = " + std::to_string(row.id.value));
  const auto mended = mend(*archive->volumes().front(), *disk, *database,
                           {{row.id, kLake, kMain, row.start, row.end}}, clock.now());
  ASSERT_TRUE(mended) << mended.error().message;
  EXPECT_EQ(mended->damaged, 0U);
  expect_agreement(2);
}

}  // namespace
}  // namespace oriel::archive
