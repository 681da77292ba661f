// Goal: a proof holds for the clip that was cut, and for nothing else: whatever is changed in it is
// refused with words that say what. Method: real recordings, sealed; each forgery by itself.
#include "archive/proof.h"

#include <filesystem>
#include <fstream>
#include <functional>

#include <gtest/gtest.h>

#include "archive/archive.h"
#include "archive/file_names.h"
#include "archive/part_walk.h"
#include "archive/proof_check.h"
#include "archive/tar.h"
#include "archive/testing.h"
#include "media/movie_tags.h"

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
const SigningKey kKey = SigningKey::from_seed({1, 2, 3});
const SigningKey kOtherKey = SigningKey::from_seed({7, 7, 7});

std::string load(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void save(const std::string& path, std::string_view bytes) {
  fs::create_directories(fs::path(path).parent_path());
  std::ofstream(path, std::ios::binary) << bytes;
}

class ProofTest : public ::testing::Test {
 protected:
  void SetUp() override {
    record();
    cut();
  }
  // Two recordings that follow each other, sealed.
  void record() {
    ArchiveOptions options{alarms};
    options.volumes = {{VolumeId("v1"), folder.path_of("v1"), 0}};
    options.writer.sync_interval = Duration::from_ms(10);
    options.key = std::make_shared<const SigningKey>(kKey);
    auto database = store::open_database("sqlite:" + folder.path_of("oriel.db"), metrics);
    ASSERT_TRUE(database) << database.error().message;
    auto archive = Archive::open(options, **database, clock, metrics);
    ASSERT_TRUE(archive) << archive.error().message;
    auto sink = (*archive)->writer().sink_for(kLake, kMain);
    TeeSink tee(sink.get());
    TestCamera camera(kLake, (*archive)->ids(), tee);
    camera.begin_run(kStart);
    camera.push_frames(200);
    camera.end_run(media::Reason::link_down);
    ASSERT_TRUE((*archive)->writer().flush(Duration::from_s(30)));
    Pace pace(0);
    ASSERT_TRUE((*archive)->notary().seal_day(kLake, day_of(kStart), pace));
    ASSERT_EQ(tee.recordings.size(), 2U);
    for (const auto& recording : tee.recordings) {
      ids.push_back(recording->id);
      starts.push_back(recording->start);
      save(path(proof_recording(recording->id)), as_text(tee.file_of(recording->id)));
    }
    seal = "seals/2026-11-20.1.seal";
    save(path(seal), load(folder.path_of("v1/" + seal_file(kLake, day_of(kStart), 1))));
    save(path(std::string(kProofReadme)), proof_readme());
  }
  // The last 5 s of the first recording and the first 5 s of the second.
  void cut() {
    Bytes clip;
    std::int64_t length_90k = 0;
    const auto files = make_posix_file_system();
    for (std::size_t i = 0; i < 2; ++i) {
      const auto file = files->open(path(proof_recording(ids[i])), OpenMode::read);
      ASSERT_TRUE(file);
      const auto init = *load_init(**file);
      const auto summary = *media::parse_init(init);
      if (i == 0) {
        media::MovieTags tags;
        tags.title = "a lake";
        tags.created = kStart + Duration::from_s(5);
        clip = *media::tag_init(init, tags);
        proof.head_bytes = clip.size();
      }
      ProofPiece piece{ids[i], 0, 0, 0};
      const auto end = *(*file)->size();
      for (std::uint64_t at = init.size(); at < end;) {
        const auto head = load_part_head(**file, at, end, summary);
        ASSERT_TRUE(head) << head.error().message;
        const bool wanted = (head->start_90k >= 5 * 90'000) == (i == 0);
        if (wanted) {
          if (piece.bytes == 0) {
            piece.offset = at;
            if (i == 0) proof.start = starts[i] + ticks_to_duration(head->start_90k);
            piece.shift_90k = length_90k - head->start_90k;
          }
          Bytes part(size_of(*head));
          ASSERT_TRUE((*file)->read(at, part));
          media::shift_decode_times(part, head->decode_times, piece.shift_90k);
          clip.insert(clip.end(), part.begin(), part.end());
          piece.bytes += part.size();
          length_90k += head->duration_90k;
          proof.end = starts[i] + ticks_to_duration(head->start_90k + head->duration_90k);
        }
        at += size_of(*head);
      }
      proof.pieces.push_back(piece);
    }
    proof.feed = kLake;
    proof.made = kStart;
    save(path(std::string(kProofClip)), as_text(clip));
    sign(kKey);
  }
  // Says what clip.mp4 is now.
  void sign(const SigningKey& key) {
    const auto clip = load(path(std::string(kProofClip)));
    proof.clip_bytes = clip.size();
    proof.clip = sha256(as_bytes(clip));
    sign_proof(proof, key);
    save(path(std::string(kProofFile)), format_proof(proof));
  }
  std::string path(const std::string& name) const { return folder.path_of("proof/" + name); }
  void flip(const std::string& name, std::size_t at) {
    auto bytes = load(path(name));
    bytes.at(at) = static_cast<char>(bytes.at(at) ^ 0x01);
    save(path(name), bytes);
  }
  Result<ProofReport> check(std::optional<PublicKey> key = kKey.public_key()) {
    const auto files = make_posix_file_system();
    return check_proof(*files, folder.path_of("proof"), key);
  }
  void expect_refused(ErrorKind kind, std::string_view words,
                      std::optional<PublicKey> key = kKey.public_key()) {
    const auto checked = check(key);
    ASSERT_FALSE(checked);
    EXPECT_EQ(checked.error().kind, kind) << checked.error().message;
    EXPECT_NE(checked.error().message.find(words), std::string::npos) << checked.error().message;
  }
  std::string make_tar() {
    std::string tar;
    for (const auto& entry : fs::recursive_directory_iterator(folder.path_of("proof"))) {
      if (!entry.is_regular_file()) continue;
      const auto bytes = load(entry.path());
      const auto name = fs::relative(entry.path(), folder.path_of("proof")).string();
      tar += as_text(format_tar_header(name, bytes.size(), kStart));
      tar += bytes + std::string(tar_padding(bytes.size()), '\0');
    }
    return tar + std::string(kTarEndBytes, '\0');
  }
  Result<ProofReport> check_tar(std::string_view tar) {
    save(folder.path_of("proof.tar"), tar);
    const auto files = make_posix_file_system();
    return check_proof(*files, folder.path_of("proof.tar"), kKey.public_key());
  }

  TemporaryFolder folder;
  Metrics metrics;
  ManualClock clock{kStart};
  KeptAlarms alarms;
  std::vector<RecordingId> ids;
  std::vector<UtcTime> starts;
  std::string seal;
  Proof proof;
};

TEST_F(ProofTest, a_clip_across_two_recordings_holds_as_a_folder_and_as_a_tar) {
  const auto checked = check();
  ASSERT_TRUE(checked) << checked.error().message;
  EXPECT_EQ(checked->recordings, ids);
  EXPECT_LT((checked->span.begin - kStart).seconds(), 6);
  EXPECT_NEAR((checked->span.end - checked->span.begin).seconds(), 10, 0.5);
  EXPECT_EQ(checked->key, kKey.public_key());
  EXPECT_TRUE(check(std::nullopt)) << "and says whose key it was";
  const auto tar = check_tar(make_tar());
  ASSERT_TRUE(tar) << tar.error().message;
  EXPECT_EQ(tar->clip_bytes, proof.clip_bytes);
}

TEST_F(ProofTest, a_flipped_bit_anywhere_is_refused) {
  for (const auto& name : {std::string(kProofClip), std::string(kProofFile), seal,
                           proof_recording(ids[0]), proof_recording(ids[1])}) {
    const auto whole = load(path(name));
    for (std::size_t i = 0; i < 40; ++i) {
      const auto at = i * (whole.size() - 1) / 39;
      flip(name, at);
      const auto checked = check();
      EXPECT_FALSE(checked) << name << " byte " << at;
      save(path(name), whole);
    }
  }
  EXPECT_TRUE(check());
}

TEST_F(ProofTest, the_words_say_what_is_wrong) {
  const std::string clip(kProofClip);
  const auto whole = load(path(clip));
  flip(clip, whole.size() - 1);
  expect_refused(ErrorKind::data_loss, "clip.mp4 is not the file that was signed");
  save(path(clip), whole);
  flip(proof_recording(ids[1]), 5'000);
  expect_refused(ErrorKind::data_loss, "is not the recording that was sealed");
  save(path(proof_recording(ids[1])), load(path(proof_recording(ids[0]))));
  expect_refused(ErrorKind::data_loss, "is not the recording that was sealed");
  fs::remove(path(proof_recording(ids[1])));
  expect_refused(ErrorKind::not_found, proof_recording(ids[1]));
}

TEST_F(ProofTest, another_key_is_refused) {
  expect_refused(ErrorKind::denied, "signed by key", kOtherKey.public_key());
  sign(kOtherKey);
  expect_refused(ErrorKind::denied, "proof.txt is signed by key");
  // Its own key vouches for the proof, the node's for the seal: they are not one.
  expect_refused(ErrorKind::denied, seal, std::nullopt);
}

TEST_F(ProofTest, a_seal_that_is_forged_or_gone_is_refused) {
  auto text = load(path(seal));
  const auto at = text.rfind("recorded");
  save(path(seal), text.substr(0, at));
  expect_refused(ErrorKind::data_loss, "its entries are not those that were signed");
  fs::remove(path(seal));
  expect_refused(ErrorKind::data_loss, "no seal in the proof lists recording");
}

// Who holds the key could sign anything; what is checked byte by byte holds even then.
TEST_F(ProofTest, a_clip_that_is_not_of_its_recordings_is_refused_though_it_is_signed) {
  const std::string clip(kProofClip);
  const auto whole = load(path(clip));
  flip(clip, whole.size() - 1);
  sign(kKey);
  expect_refused(ErrorKind::data_loss, "the clip differs from recording");
  save(path(clip), whole + std::string(8, 'x'));
  sign(kKey);
  expect_refused(ErrorKind::data_loss, "bytes that are of no recording");
  save(path(clip), whole);
  std::swap(proof.pieces[0], proof.pieces[1]);
  sign(kKey);
  EXPECT_FALSE(check());
  std::swap(proof.pieces[0], proof.pieces[1]);
  proof.start = kStart;
  sign(kKey);
  expect_refused(ErrorKind::data_loss, "not the time that proof.txt names");
}

TEST_F(ProofTest, a_torn_or_foreign_tar_is_refused) {
  const auto tar = make_tar();
  for (std::size_t i = 0; i < 60; ++i)
    EXPECT_FALSE(check_tar(std::string_view(tar).substr(0, i * (tar.size() - kTarEndBytes) / 60)));
  EXPECT_FALSE(check_tar(std::string(10'000, 'x')));
  auto renamed = tar;
  const auto header = format_tar_header("../../etc/passwd", 0, kStart);
  renamed.insert(0, as_text(header));
  const auto checked = check_tar(renamed);
  ASSERT_FALSE(checked);
  EXPECT_NE(checked.error().message.find("a name that no proof has"), std::string::npos);
}

// As the README in the proof tells it.
TEST_F(ProofTest, tar_openssl_and_sha256sum_check_it) {
  save(folder.path_of("proof.tar"), make_tar());
  save(folder.path_of("key.pem"), kKey.public_key().pem());
  const std::string script =
      "cd '" + folder.path() +
      "' && mkdir out && tar xf proof.tar -C out && cd out && cp ../key.pem . && "
      "head -n -1 proof.txt > statement && "
      "perl -ne 'print pack(\"H*\", $1) if /^signature (\\S+)/' proof.txt > signature && "
      "openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in statement -sigfile signature "
      ">/dev/null && "
      "grep -q \" $(sha256sum clip.mp4 | cut -c 1-64)$\" proof.txt && "
      "for file in recordings/*; do id=$(basename $file .mp4); "
      "grep -q \"^recorded $id .* $(sha256sum $file | cut -c 1-64)$\" seals/* || exit 1; done";
  EXPECT_EQ(std::system(script.c_str()), 0);
}

}  // namespace
}  // namespace oriel::archive
