// Goal: after kill -9 or a loss of power at any step, files and rows agree, what was written (kill)
// or durable (power) is there, and every file opens. Method: real processes killed at random
// moments; a disk that keeps only synced bytes.
#include "archive/recovery.h"

#include <csignal>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "archive/archive.h"
#include "archive/file_names.h"
#include "archive/testing.h"
#include "store/testing.h"

namespace oriel::archive {
namespace {

using testing::FaultyFileSystem;
using testing::KeptAlarms;
using testing::TeeSink;
using testing::TemporaryFolder;
using testing::TestCamera;

const UtcTime kStart = *parse_rfc3339("2026-11-20T08:00:00Z");
const FeedId kLake("lake");
constexpr auto kMain = media::Rendition::main;
const UtcSpan kEver{UtcTime{0}, UtcTime{INT64_MAX / 2}};

class RecoveryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    root = folder.path_of("v1");
    options.volumes = {{VolumeId("v1"), root, 0}};
    options.writer.sync_interval = Duration::from_ms(20);
  }
  void open_database() {
    auto opened = store::open_database(store::test::database_url(folder.path()), metrics);
    ASSERT_TRUE(opened) << opened.error().message;
    database = std::move(*opened);
  }
  void open() {
    if (!database) open_database();
    auto opened = Archive::open(options, *database, clock, metrics);
    ASSERT_TRUE(opened) << opened.error().message;
    archive = std::move(*opened);
  }
  void open(std::unique_ptr<FaultyFileSystem> disk) {
    if (!database) open_database();
    auto opened = Archive::open(options, std::move(disk), *database, clock, metrics);
    ASSERT_TRUE(opened) << opened.error().message;
    archive = std::move(*opened);
  }
  void close() {
    archive.reset();
    database.reset();
  }
  // Records `frames` and ends in order.
  void record(int frames) {
    auto sink = archive->writer().sink_for(kLake, kMain);
    TeeSink tee(sink.get());
    TestCamera camera(kLake, archive->ids(), tee);
    camera.begin_run(kStart);
    camera.push_frames(frames);
    camera.end_run(media::Reason::link_down);
    ASSERT_TRUE(archive->writer().flush(Duration::from_s(30)));
    made = tee.recordings;
    made_files.clear();
    for (const auto& recording : made) made_files.push_back(tee.file_of(recording->id));
  }
  std::string path_of(const media::RecordingPtr& recording) {
    return join_path(root, recording_file(kLake, kMain, recording->id, recording->start));
  }
  std::vector<RecordingRow> rows() {
    auto page = archive->catalog().recordings(kLake, kMain, kEver);
    EXPECT_TRUE(page) << page.error().message;
    return page ? page->rows : std::vector<RecordingRow>{};
  }
  void sql(const std::string& statement) {
    const auto done = database->write([&](store::Session& session) -> Result<void> {
      ORIEL_TRY(session.execute(statement));
      return {};
    });
    ASSERT_TRUE(done) << done.error().message;
  }

  TemporaryFolder folder;
  std::string root;
  Metrics metrics;
  ManualClock clock{kStart};
  KeptAlarms alarms;
  ArchiveOptions options{alarms};
  std::unique_ptr<store::Database> database;
  std::unique_ptr<Archive> archive;
  std::vector<media::RecordingPtr> made;
  std::vector<Bytes> made_files;
};

Bytes read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return Bytes(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
}

void append_to(const std::string& path, const Bytes& bytes) {
  std::ofstream file(path, std::ios::binary | std::ios::app);
  file.write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
}

bool is_whole_video(const std::string& path) {
  const std::string command =
      "ffprobe -v error -count_frames -select_streams v -show_entries stream=nb_read_frames "
      "-of csv=p=0 '" +
      path + "' > '" + path + ".probe' 2>&1";
  const bool opened = std::system(command.c_str()) == 0;
  const auto said = read_file(path + ".probe");
  std::filesystem::remove(path + ".probe");
  // Only a number: a complaint would stand beside it.
  return opened && !said.empty() &&
         std::string(said.begin(), said.end()).find_first_not_of("0123456789,\n") ==
             std::string::npos;
}

TEST_F(RecoveryTest, a_torn_last_part_is_cut_off_and_the_file_opens) {
  open();
  record(95);
  sql("UPDATE recording SET end_us = NULL, ended = NULL, segment_index = NULL, bytes = 0");
  close();
  const auto path = path_of(made.at(0));
  const auto whole = read_file(path);
  ASSERT_EQ(whole, made_files[0]);
  // Half of what would be the next part: its own first part again is well-formed but out of order.
  append_to(path, Bytes(whole.begin() + static_cast<std::ptrdiff_t>(made[0]->init->size()),
                        whole.begin() + static_cast<std::ptrdiff_t>(made[0]->init->size()) + 700));
  open();
  EXPECT_EQ(archive->recovery().closed, 1u);
  EXPECT_EQ(archive->recovery().cut_bytes, 700u);
  EXPECT_EQ(read_file(path), whole);
  const auto found = rows();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].bytes, whole.size());
  EXPECT_EQ(found[0].ended, media::Reason::link_down) << "from the journal";
  EXPECT_TRUE(archive->reader().read_parts(found[0].id, 0, UINT32_MAX));
  if (std::system("command -v ffprobe >/dev/null") == 0) {
    EXPECT_TRUE(is_whole_video(path));
  }
}

TEST_F(RecoveryTest, the_index_made_from_the_file_is_the_one_that_was_lost) {
  open();
  record(280);
  const auto before = rows();
  sql("UPDATE recording SET end_us = NULL, ended = NULL, segment_index = NULL, bytes = 0");
  close();
  open();
  const auto after = rows();
  ASSERT_EQ(after.size(), before.size());
  for (std::size_t i = 0; i < after.size(); ++i) {
    EXPECT_EQ(after[i].segment_index, before[i].segment_index);
    EXPECT_EQ(after[i].end, before[i].end);
    EXPECT_EQ(after[i].ended, before[i].ended);
  }
}

TEST_F(RecoveryTest, files_without_rows_get_them_with_what_the_journal_knows) {
  open();
  record(150);
  const auto before = rows();
  ASSERT_EQ(before.size(), 2u);
  sql("DELETE FROM recording");
  sql("DELETE FROM init");
  close();
  open();
  EXPECT_EQ(archive->recovery().adopted, 2u);
  const auto after = rows();
  ASSERT_EQ(after.size(), 2u);
  for (std::size_t i = 0; i < after.size(); ++i) {
    EXPECT_EQ(after[i].id, before[i].id);
    EXPECT_EQ(after[i].run, before[i].run);
    EXPECT_EQ(after[i].run_offset_90k, before[i].run_offset_90k);
    EXPECT_EQ(after[i].start, before[i].start);
    EXPECT_EQ(after[i].end, before[i].end);
    EXPECT_EQ(after[i].began, before[i].began);
    EXPECT_EQ(after[i].ended, before[i].ended);
    EXPECT_EQ(after[i].segment_index, before[i].segment_index);
    const auto init = archive->catalog().init_of(after[i]);
    ASSERT_TRUE(init) << init.error().message;
    EXPECT_EQ(*init->tracks, media::Tracks{testing::test_clip().track});
  }
  EXPECT_GT(archive->ids().next_recording_id(), after[1].id);
}

TEST_F(RecoveryTest, a_file_without_a_whole_part_goes_with_its_row) {
  open();
  record(50);
  sql("UPDATE recording SET end_us = NULL, ended = NULL, segment_index = NULL, bytes = 0");
  close();
  std::filesystem::resize_file(path_of(made.at(0)), made[0]->init->size() + 100);
  open();
  EXPECT_EQ(archive->recovery().removed, 1u);
  EXPECT_TRUE(rows().empty());
  EXPECT_FALSE(std::filesystem::exists(path_of(made[0])));
}

TEST_F(RecoveryTest, a_row_whose_file_is_gone_becomes_a_gap) {
  open();
  record(150);
  sql("UPDATE recording SET end_us = NULL, ended = NULL WHERE id = " +
      std::to_string(made.at(0)->id.value));
  close();
  std::filesystem::remove(path_of(made[0]));
  clock.advance(Duration::from_s(60));
  open();
  EXPECT_EQ(archive->recovery().damaged, 1u);
  ASSERT_EQ(rows().size(), 1u);
  const auto timeline = archive->catalog().timeline(kLake, {kStart, clock.now()}, clock.now());
  ASSERT_TRUE(timeline) << timeline.error().message;
  ASSERT_GE(timeline->spans.size(), 2u);
  EXPECT_EQ(timeline->spans[0].reason, media::Reason::damaged);
  EXPECT_EQ(timeline->spans[0].end, made[1]->start);
}

TEST_F(RecoveryTest, foreign_files_are_left_alone) {
  open();
  record(50);
  close();
  const auto day = std::filesystem::path(path_of(made.at(0))).parent_path().string();
  const Bytes text(100'000, 'x');
  for (const std::string name : {"/999999.mp4", "/notes.txt", "/12.part.mp4", "/.hidden"})
    append_to(day + name, text);
  open();
  EXPECT_EQ(rows().size(), 1u);
  for (const std::string name : {"/999999.mp4", "/notes.txt", "/12.part.mp4", "/.hidden"})
    EXPECT_EQ(read_file(day + name), text) << name;
}

// What the child tells while it lives; it survives in shared memory.
struct Shared {
  static constexpr int kMost = 4'000;
  std::atomic<int> count;
  std::atomic<std::int64_t> ids[kMost];
  std::atomic<std::uint32_t> written[kMost];
};

[[noreturn]] void record_until_killed(const std::string& url, ArchiveOptions options,
                                      Shared& shared, UtcTime start) {
  Metrics metrics;
  SystemClock clock;
  auto database = store::open_database(url, metrics);
  ORIEL_CHECK(database.has_value());
  auto archive = Archive::open(options, **database, clock, metrics);
  ORIEL_CHECK(archive.has_value());
  auto sink = (*archive)->writer().sink_for(kLake, kMain);
  TeeSink tee(sink.get());
  TestCamera camera(kLake, (*archive)->ids(), tee, 4);
  camera.begin_run(start);
  for (;;) {
    camera.push_frames(3);
    while (static_cast<std::size_t>(shared.count) < tee.recordings.size()) {
      shared.ids[shared.count] = tee.recordings[static_cast<std::size_t>(shared.count)]->id.value;
      ++shared.count;
    }
    // As a camera's pace would: the disk has each part before the next one is made.
    for (int i = std::max(0, shared.count - 2); i < shared.count; ++i)
      while (const auto position = (*archive)->writer().position(RecordingId{shared.ids[i]})) {
        shared.written[i] = position->written_parts;
        if (position->written_parts == position->received_parts) break;
      }
  }
}

TEST_F(RecoveryTest, kill_at_any_moment_loses_nothing_that_was_written) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  testing::test_clip();
  UtcTime start = kStart;
  for (int round = 0; round < 12; ++round) {
    auto* const memory =
        ::mmap(nullptr, sizeof(Shared), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    ASSERT_NE(memory, MAP_FAILED);
    auto* const shared = new (memory) Shared();
    const auto url = store::test::database_url(folder.path());
    const pid_t child = ::fork();
    if (child == 0) record_until_killed(url, options, *shared, start);
    ASSERT_GT(child, 0);
    while (shared->count == 0) std::this_thread::yield();
    std::this_thread::sleep_for(std::chrono::microseconds(random() % 120'000));
    ::kill(child, SIGKILL);
    int status = 0;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    ASSERT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);

    // The same stream again: the packager is deterministic but for the numbers.
    TeeSink expected;
    struct GivenIds final : media::IdSource {
      const Shared* given = nullptr;
      int next = 0;
      RecordingId next_recording_id() override { return RecordingId{given->ids[next++]}; }
      RunId next_run_id() override { return RunId{1}; }
    } ids;
    ids.given = shared;
    const int count = shared->count;
    TestCamera camera(kLake, ids, expected, 4);
    camera.begin_run(start);
    while (static_cast<int>(expected.recordings.size()) <= count) camera.push_frames(1);

    clock.advance(Duration::from_s(86'400));
    open();
    for (int i = 0; i < count; ++i) {
      const RecordingId id{shared->ids[i]};
      const auto row = archive->catalog().recording(id);
      if (!row && shared->written[i] == 0 && i + 1 == count) continue;
      ASSERT_TRUE(row) << "round " << round << ", recording " << i << " of " << count;
      ASSERT_FALSE(row->open());
      const auto parts = archive->reader().read_parts(*row, 0, UINT32_MAX);
      ASSERT_TRUE(parts) << parts.error().message;
      EXPECT_GE(parts->pieces.size(), shared->written[i]);
      const auto file = read_file(join_path(root, recording_file(kLake, kMain, id, row->start)));
      const auto whole = expected.file_of(id);
      ASSERT_EQ(file.size(), row->bytes);
      ASSERT_LE(file.size(), whole.size());
      EXPECT_TRUE(std::equal(file.begin(), file.end(), whole.begin()));
      if (i + 2 < count) {
        EXPECT_EQ(file.size(), whole.size()) << "recording " << i << " of " << count;
      }
    }
    close();
    ::munmap(memory, sizeof(Shared));
    start = start + Duration::from_s(86'400);
  }
}

// Every row has its file with all its bytes, every recording file has its row.
void expect_agreement(Archive& archive, FaultyFileSystem& disk, const std::string& root) {
  std::set<std::string> with_row;
  const auto page = archive.catalog().recordings(kLake, kMain, kEver);
  ASSERT_TRUE(page) << page.error().message;
  for (const auto& row : page->rows) {
    const auto path = join_path(root, recording_file(kLake, kMain, row.id, row.start));
    with_row.insert(path);
    EXPECT_FALSE(row.open());
    EXPECT_EQ(disk.content(path).size(), row.bytes);
    const auto parts = archive.reader().read_parts(row, 0, UINT32_MAX);
    EXPECT_TRUE(parts) << parts.error().message;
    EXPECT_TRUE(archive.reader().part_table(row));
  }
  for (const auto& name : disk.files()) {
    if (name.ends_with(".mp4")) {
      EXPECT_TRUE(with_row.contains(name)) << name << " has no row";
    }
  }
}

TEST_F(RecoveryTest, power_loss_at_any_step_leaves_what_was_durable_and_files_that_open) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::mt19937 random(seed);
  options.writer.sync_interval = Duration::from_ms(1);
  options.writer.stop_deadline = Duration::from_ms(200);
  std::uint64_t survived = 0;
  for (std::uint32_t step = 1; step < 120; step += 1 + random() % 4) {
    store::test::remove_database(folder.path());
    auto made_disk = std::make_unique<FaultyFileSystem>();
    auto* const disk = made_disk.get();
    open(std::move(made_disk));
    disk->lose_power_at(step, seed + step);
    std::map<RecordingId, std::uint32_t> durable;
    std::unique_ptr<FaultyFileSystem> survivor;
    {
      auto sink = archive->writer().sink_for(kLake, kMain);
      TeeSink tee(sink.get());
      TestCamera camera(kLake, archive->ids(), tee, 3);
      camera.begin_run(kStart);
      for (int i = 0; i < 2'000 && !survivor; ++i) {
        camera.push_frames(4);
        for (const auto& recording : tee.recordings)
          if (const auto position = archive->writer().position(recording->id))
            durable[recording->id] = position->durable_parts;
        // Every eighth round waits for the disk: where it is slow, 2,000 rounds could end before
        // the step at which power is lost. The other seven race with it.
        if (i % 8 == 7) (void)archive->writer().flush(Duration::from_ms(200));
        survivor = disk->take_survivor();
      }
    }
    close();
    ASSERT_TRUE(survivor) << "step " << step;
    auto* const after = survivor.get();
    open(std::move(survivor));
    expect_agreement(*archive, *after, root);
    for (const auto& [id, parts] : durable) {
      if (parts == 0) continue;
      ++survived;
      const auto row = archive->catalog().recording(id);
      ASSERT_TRUE(row) << "step " << step << ": " << row.error().message;
      EXPECT_GE(archive->reader().read_parts(*row, 0, UINT32_MAX)->pieces.size(), parts);
    }
    close();
  }
  EXPECT_GT(survived, 0u);
}

}  // namespace
}  // namespace oriel::archive
