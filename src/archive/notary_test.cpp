#include "archive/notary.h"

#include <filesystem>
#include <fstream>
#include <functional>

#include <gtest/gtest.h>

#include "archive/archive.h"
#include "archive/recording_rows.h"
#include "archive/testing.h"
#include "base/hex.h"

namespace oriel::archive {
namespace {

using testing::FaultyFileSystem;
using testing::KeptAlarms;
using testing::TeeSink;
using testing::TemporaryFolder;
using testing::TestCamera;

const UtcTime kStart = *parse_rfc3339("2026-11-20T08:00:00Z");
const Day kDay = day_of(kStart);
const FeedId kLake("lake");
constexpr auto kMain = media::Rendition::main;

class NotaryTest : public ::testing::Test {
 protected:
  void SetUp() override {
    options.volumes = {{VolumeId("v1"), folder.path_of("v1"), 0},
                       {VolumeId("v2"), folder.path_of("v2"), 0}};
    options.writer.sync_interval = Duration::from_ms(20);
    options.key =
        std::make_shared<const SigningKey>(SigningKey::from_seed({1, 2, 3, 4, 5, 6, 7, 8}));
    auto opened = store::open_database("sqlite:" + folder.path_of("oriel.db"), metrics);
    ASSERT_TRUE(opened) << opened.error().message;
    database = std::move(*opened);
    open();
  }
  void open() {
    auto opened = Archive::open(options, *database, clock, metrics);
    ASSERT_TRUE(opened) << opened.error().message;
    archive = std::move(*opened);
  }
  void record(int frames, UtcTime start = kStart) {
    auto sink = archive->writer().sink_for(kLake, kMain);
    TeeSink tee(sink.get());
    TestCamera camera(kLake, archive->ids(), tee);
    camera.begin_run(start);
    camera.push_frames(frames);
    camera.end_run(media::Reason::link_down);
    ASSERT_TRUE(archive->writer().flush(Duration::from_s(30)));
    for (const auto& recording : tee.recordings)
      made[recording->id] = sha256(tee.file_of(recording->id));
  }
  void seal(Day day = kDay) {
    Pace pace(0);
    const auto sealed = archive->notary().seal_day(kLake, day, pace);
    ASSERT_TRUE(sealed) << sealed.error().message;
  }
  std::vector<SealHead> heads() {
    std::vector<SealHead> found;
    EXPECT_TRUE(database->read([&](store::Session& session) -> Result<void> {
      ORIEL_TRY_ASSIGN(found, seal_heads(session, kLake));
      return {};
    }));
    return found;
  }
  Seal load(const SealHead& head) {
    const auto files = make_posix_file_system();
    auto seal = load_seal(archive->volumes(), *files, kLake, head.day, head.number);
    EXPECT_TRUE(seal) << seal.error().message;
    return seal ? *seal : Seal{};
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
  std::unique_ptr<Archive> archive;
  std::map<RecordingId, Sha256Digest> made;
};

TEST_F(NotaryTest, a_seal_lists_each_recording_with_the_hash_of_what_was_received) {
  record(280);
  ASSERT_EQ(made.size(), 3u);
  seal();
  ASSERT_EQ(heads().size(), 1u);
  const auto sealed = load(heads()[0]);
  ASSERT_TRUE(check_seal(sealed));
  EXPECT_EQ(sealed.head.previous, Sha256Digest{});
  ASSERT_EQ(sealed.entries.size(), 3u);
  for (const auto& entry : sealed.entries) EXPECT_EQ(entry.sha256, made.at(entry.recording));
  for (const auto* volume : {"v1/", "v2/"})
    EXPECT_TRUE(std::filesystem::exists(folder.path_of(volume + seal_file(kLake, kDay, 1))));
}

TEST_F(NotaryTest, what_comes_later_gets_a_further_seal_that_follows_the_one_before) {
  record(95);
  seal();
  seal();
  EXPECT_EQ(heads().size(), 1u) << "nothing new makes no seal";
  record(95, kStart + Duration::from_s(3600));
  seal();
  ASSERT_EQ(heads().size(), 2u);
  const auto second = load(heads()[1]);
  EXPECT_EQ(second.head.number, 2);
  EXPECT_EQ(second.head.previous, heads()[0].head);
  EXPECT_EQ(second.entries.size(), 1u);
}

TEST_F(NotaryTest, days_that_are_over_are_sealed_and_today_is_not) {
  record(95);
  Pace pace(0);
  ASSERT_TRUE(archive->notary().work(pace));
  EXPECT_TRUE(heads().empty());
  clock.advance(Duration::from_s(86'400));
  const auto done = archive->notary().work(pace);
  ASSERT_TRUE(done) << done.error().message;
  EXPECT_EQ(heads().size(), 1u);
}

TEST_F(NotaryTest, a_deletion_is_an_entry_of_its_own) {
  record(95);
  seal();
  const auto id = made.begin()->first;
  ASSERT_TRUE(database->write([&](store::Session& session) -> Result<void> {
    ORIEL_TRY(session.execute("DELETE FROM recording"));
    return note_deleted(session, {id, kLake, kMain, {kStart, kStart + Duration::from_s(9)}, {}},
                        kStart + Duration::from_s(90'000));
  }));
  seal(day_of(kStart + Duration::from_s(90'000)));
  ASSERT_EQ(heads().size(), 2u);
  const auto second = load(heads()[1]);
  ASSERT_EQ(second.entries.size(), 1u);
  EXPECT_EQ(second.entries[0].as, SealedAs::deleted);
  EXPECT_EQ(second.entries[0].recording, id);
}

TEST_F(NotaryTest, a_recording_that_recovery_closed_is_hashed_before_it_is_sealed) {
  record(95);
  sql("UPDATE recording SET sha256 = NULL");
  seal();
  ASSERT_EQ(heads().size(), 1u);
  EXPECT_EQ(load(heads()[0]).entries.at(0).sha256, made.begin()->second);
}

TEST(Seal, every_forged_byte_is_found) {
  const auto key = SigningKey::from_seed({9, 9, 9});
  SealHead head;
  head.feed = kLake;
  head.number = 7;
  head.day = kDay;
  head.made = kStart;
  std::vector<SealEntry> entries;
  for (int i = 1; i <= 3; ++i)
    entries.push_back({SealedAs::recorded,
                       RecordingId{i},
                       kMain,
                       kStart,
                       kStart + Duration::from_s(300),
                       1000,
                       sha256(as_bytes("x")),
                       {}});
  entries.push_back({SealedAs::deleted,
                     RecordingId{1},
                     kMain,
                     kStart,
                     kStart + Duration::from_s(300),
                     0,
                     {},
                     RecordingId{4}});
  const auto text = format_seal(make_seal(head, entries, key));
  {
    const auto seal = parse_seal(text);
    ASSERT_TRUE(seal) << seal.error().message;
    ASSERT_TRUE(check_seal(*seal));
    EXPECT_EQ(seal->entries, entries);
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    auto forged = text;
    forged[i] = forged[i] == '1' ? '2' : '1';
    if (forged == text) continue;
    const auto seal = parse_seal(forged);
    EXPECT_FALSE(seal && check_seal(*seal)) << "byte " << i;
  }
  auto swapped = *parse_seal(text);
  std::swap(swapped.entries[0], swapped.entries[1]);
  const auto found = check_seal(swapped);
  ASSERT_FALSE(found);
  EXPECT_NE(found.error().message.find("swapped"), std::string::npos);
}

// As docs/reference/seals.md tells it.
TEST(Seal, openssl_and_sha256sum_check_it) {
  const TemporaryFolder folder;
  const auto key = SigningKey::from_seed({9, 9, 9});
  SealHead head;
  head.feed = kLake;
  head.number = 1;
  head.day = kDay;
  head.made = kStart;
  const auto seal = make_seal(
      head,
      {{SealedAs::recorded, RecordingId{5}, kMain, kStart, kStart, 3, sha256(as_bytes("abc")), {}}},
      key);
  std::ofstream(folder.path_of("a.seal")) << format_seal(seal);
  std::ofstream(folder.path_of("key.pem")) << key.public_key().pem();
  const std::string script =
      "cd '" + folder.path() +
      "' && head -n 9 a.seal > statement && "
      "perl -ne 'print pack(\"H*\", $1) if /^signature (\\S+)/' a.seal > signature && "
      "openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in statement "
      "-sigfile signature >/dev/null && link=$(sed -n 's/^previous //p' a.seal) && "
      "tail -n +11 a.seal > entries && while IFS= read -r line; do "
      "link=$(printf '%s\\n%s\\n' \"$link\" \"$line\" | sha256sum | cut -c 1-64); done < entries "
      "&& "
      "test \"$link\" = \"$(sed -n 's/^head //p' a.seal)\"";
  EXPECT_EQ(std::system(script.c_str()), 0);
}

// At every step: after the next start the chain has each recording once, and no hole.
TEST_F(NotaryTest, power_loss_at_any_step_of_a_seal_leaves_one_chain) {
  archive.reset();
  for (std::uint64_t step = 1; step < 30; ++step) {
    for (const char* table : {"recording", "gap", "seal", "unsealed", "volume"})
      sql(std::string("DELETE FROM ") + table);
    auto made_disk = std::make_unique<FaultyFileSystem>();
    auto* const disk = made_disk.get();
    clock.advance(Duration::from_s(86'400));
    const auto start = clock.now();
    const auto day = day_of(start);
    const auto open_on = [&](std::unique_ptr<FaultyFileSystem> on) {
      auto opened = Archive::open(options, std::move(on), *database, clock, metrics);
      ASSERT_TRUE(opened) << opened.error().message;
      archive = std::move(*opened);
    };
    open_on(std::move(made_disk));
    record(95, start);
    Pace pace(0);
    disk->lose_power_at(step, static_cast<std::uint32_t>(step));
    const auto first = archive->notary().seal_day(kLake, day, pace);
    auto survivor = disk->take_survivor();
    if (!survivor) {
      std::mt19937 random(static_cast<std::uint32_t>(step));
      survivor = disk->after_power_loss(random);
    }
    archive.reset();
    open_on(std::move(survivor));
    seal(day);
    ASSERT_EQ(heads().size(), 1u) << "step " << step;
    EXPECT_TRUE(check_statement(heads()[0]));
    archive.reset();
  }
}

}  // namespace
}  // namespace oriel::archive
