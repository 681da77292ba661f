#include "archive/proof_check.h"

#include <algorithm>
#include <map>
#include <memory>

#include <fmt/format.h>

#include "archive/file_names.h"
#include "archive/part_walk.h"
#include "archive/seal.h"
#include "archive/tar.h"
#include "media/boxes.h"
#include "media/movie_tags.h"

namespace oriel::archive {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 20;
// A part is a third of a second.
constexpr std::uint64_t kPartBytesMax = std::uint64_t{64} << 20;
constexpr std::size_t kSealsMax = 1'000;
// Recordings of a run follow each other, and a clock may be slewed or set meanwhile.
constexpr Duration kOverlapMax = Duration::from_s(5);

// A file within a file, read only.
class Window final : public File {
 public:
  Window(std::shared_ptr<File> file, std::uint64_t offset, std::uint64_t bytes)
      : file_(std::move(file)), offset_(offset), bytes_(bytes) {}
  Result<std::size_t> read(std::uint64_t offset, std::span<std::uint8_t> into) const override {
    if (offset >= bytes_) return std::size_t{0};
    const auto count = std::min<std::uint64_t>(into.size(), bytes_ - offset);
    return file_->read(offset_ + offset, into.first(static_cast<std::size_t>(count)));
  }
  Result<std::uint64_t> size() const override { return bytes_; }
  Result<FileIdentity> identity() const override { return file_->identity(); }
  Result<void> write(std::uint64_t, std::span<const ByteView>) override { return refused(); }
  Result<void> truncate(std::uint64_t) override { return refused(); }
  Result<void> sync() override { return refused(); }

 private:
  static tl::unexpected<Error> refused() { return fail(ErrorKind::denied, "a proof is only read"); }
  const std::shared_ptr<File> file_;
  const std::uint64_t offset_;
  const std::uint64_t bytes_;
};

// The files of a proof by name, in a folder or a tar.
class Bundle {
 public:
  static Result<Bundle> open(FileSystem& file_system, const std::string& path) {
    Bundle bundle(file_system, path);
    if (const auto entries = file_system.list(path)) return bundle;
    ORIEL_TRY_ASSIGN(bundle.tar_, file_system.open(path, OpenMode::read));
    auto entries = read_tar(*bundle.tar_);
    if (!entries) return fail(std::move(entries).error().within(path));
    for (auto& entry : *entries)
      if (!bundle.entries_.try_emplace(entry.name, entry).second)
        return fail(ErrorKind::invalid, path + ": holds two files named " + entry.name);
    return bundle;
  }
  Result<std::unique_ptr<File>> open_file(const std::string& name) const {
    if (!tar_) return file_system_->open(join_path(path_, name), OpenMode::read);
    const auto found = entries_.find(name);
    if (found == entries_.end())
      return fail(ErrorKind::not_found, "the proof lacks the file " + name);
    return std::unique_ptr<File>(
        std::make_unique<Window>(tar_, found->second.offset, found->second.bytes));
  }
  Result<std::string> text_of(const std::string& name, std::size_t bytes_max) const {
    ORIEL_TRY_ASSIGN(const auto file, open_file(name));
    ORIEL_TRY_ASSIGN(const auto size, file->size());
    if (size > bytes_max) return fail(ErrorKind::invalid, name + " is too large");
    std::string text(static_cast<std::size_t>(size), '\0');
    ORIEL_TRY_ASSIGN(const auto count,
                     file->read(0, {reinterpret_cast<std::uint8_t*>(text.data()), text.size()}));
    text.resize(count);
    return text;
  }
  // Names of seals, without their folder.
  std::vector<std::string> seals() const {
    std::vector<std::string> names;
    const auto keep = [&](std::string_view name) {
      if (names.size() < kSealsMax && parse_seal_file_name(name)) names.emplace_back(name);
    };
    const std::string folder = std::string(kSealFolder) + "/";
    if (tar_) {
      for (const auto& [name, entry] : entries_)
        if (name.starts_with(folder)) keep(std::string_view(name).substr(folder.size()));
    } else if (const auto entries = file_system_->list(join_path(path_, kSealFolder))) {
      for (const auto& entry : *entries) keep(entry.name);
    }
    std::sort(names.begin(), names.end());
    return names;
  }

 private:
  Bundle(FileSystem& file_system, std::string path)
      : file_system_(&file_system), path_(std::move(path)) {}
  FileSystem* file_system_;
  std::string path_;
  std::shared_ptr<File> tar_;
  std::map<std::string, TarEntry> entries_;
};

Result<Sha256Digest> hash_of(const File& file) {
  Sha256 hash;
  Bytes block(kBlockBytes);
  for (std::uint64_t offset = 0;;) {
    ORIEL_TRY_ASSIGN(const auto count, file.read(offset, block));
    if (count == 0) return hash.finish();
    hash.update(ByteView(block).first(count));
    offset += count;
  }
}

Result<Bytes> read_exactly(const File& file, std::uint64_t offset, std::uint64_t bytes) {
  Bytes read(static_cast<std::size_t>(bytes));
  ORIEL_TRY_ASSIGN(const auto count, file.read(offset, read));
  if (count != bytes) return fail(ErrorKind::data_loss, "a file in it is shorter than was said");
  return read;
}

// What an init segment says but for the file's own words.
Result<Bytes> without_tags(ByteView init) { return media::tag_init(init, {}); }

class Check {
 public:
  Check(const Bundle& bundle, const std::optional<PublicKey>& key) : bundle_(bundle), key_(key) {}

  Result<ProofReport> run() {
    ORIEL_TRY(check_statement_of_proof());
    ORIEL_TRY(read_seals());
    ORIEL_TRY(check_recordings());
    ORIEL_TRY(check_clip());
    report_.feed = proof_.feed;
    report_.made = proof_.made;
    report_.key = proof_.key;
    report_.clip_bytes = proof_.clip_bytes;
    return report_;
  }

 private:
  struct Recording {
    SealEntry entry;
    std::unique_ptr<File> file;
    Bytes init;
    media::InitSummary summary;
  };

  Result<void> check_key(const PublicKey& signer, const std::string& what) const {
    if (signer == key_.value_or(proof_.key)) return {};
    return fail(ErrorKind::denied, fmt::format("{} is signed by key {}, and not by {}", what,
                                               signer.hex(), key_.value_or(proof_.key).hex()));
  }
  Result<void> check_statement_of_proof();
  Result<void> read_seals();
  Result<void> check_recordings();
  Result<void> check_clip();
  Result<void> check_head(const File& clip);
  Result<void> check_piece(const ProofPiece& piece, const File& clip, std::uint64_t at);
  Result<void> note_time(const Recording& recording, const media::PartHead& head);

  const Bundle& bundle_;
  const std::optional<PublicKey>& key_;
  Proof proof_;
  std::map<std::int64_t, SealEntry> sealed_;
  std::map<std::int64_t, Recording> recordings_;
  ProofReport report_;
  bool began_ = false;
};

Result<void> Check::check_statement_of_proof() {
  ORIEL_TRY_ASSIGN(const auto text, bundle_.text_of(std::string(kProofFile), kProofBytesMax));
  auto parsed = parse_proof(text);
  if (!parsed) return fail(std::move(parsed).error().within(kProofFile));
  proof_ = std::move(*parsed);
  if (!verify_signature(proof_.key, as_bytes(format_proof_statement(proof_)), proof_.signature))
    return fail(
        ErrorKind::data_loss,
        "proof.txt is not what was signed: the signature is not of key " + proof_.key.hex());
  return check_key(proof_.key, "proof.txt");
}

Result<void> Check::read_seals() {
  std::optional<SealHead> before;
  std::map<std::int64_t, SealHead> heads;
  for (const auto& name : bundle_.seals()) {
    const std::string path = std::string(kSealFolder) + "/" + name;
    ORIEL_TRY_ASSIGN(const auto text, bundle_.text_of(path, kSealBytesMax));
    auto seal = parse_seal(text);
    if (!seal) return fail(std::move(seal).error().within(path));
    if (auto checked = check_seal(*seal); !checked)
      return fail(std::move(checked).error().within(path));
    ORIEL_TRY(check_key(seal->head.key, path));
    if (seal->head.feed != proof_.feed)
      return fail(ErrorKind::data_loss, path + " is of another feed");
    for (const auto& entry : seal->entries)
      if (entry.as == SealedAs::recorded) sealed_.emplace(entry.recording.value, entry);
    heads.emplace(seal->head.number, seal->head);
    report_.seals.push_back(name);
  }
  for (const auto& [number, head] : heads) {
    if (before && before->number + 1 == number && before->head != head.previous)
      return fail(ErrorKind::data_loss,
                  fmt::format("seal {} does not follow seal {}", number, before->number));
    before = head;
  }
  return {};
}

Result<void> Check::check_recordings() {
  for (const auto& piece : proof_.pieces) {
    const auto id = piece.recording.value;
    if (recordings_.contains(id)) continue;
    const auto sealed = sealed_.find(id);
    if (sealed == sealed_.end())
      return fail(ErrorKind::data_loss, fmt::format("no seal in the proof lists recording {}", id));
    const auto name = proof_recording(piece.recording);
    Recording recording;
    recording.entry = sealed->second;
    ORIEL_TRY_ASSIGN(recording.file, bundle_.open_file(name));
    ORIEL_TRY_ASSIGN(const auto size, recording.file->size());
    ORIEL_TRY_ASSIGN(const auto hash, hash_of(*recording.file));
    if (size != recording.entry.bytes || hash != recording.entry.sha256)
      return fail(ErrorKind::data_loss,
                  name + " is not the recording that was sealed: its SHA-256 is another");
    auto init = load_init(*recording.file);
    if (!init) return fail(std::move(init).error().within(name));
    recording.init = std::move(*init);
    ORIEL_TRY_ASSIGN(recording.summary, media::parse_init(recording.init));
    report_.recordings.push_back(piece.recording);
    recordings_.emplace(id, std::move(recording));
  }
  return {};
}

Result<void> Check::check_clip() {
  const std::string name(kProofClip);
  ORIEL_TRY_ASSIGN(const auto clip, bundle_.open_file(name));
  ORIEL_TRY_ASSIGN(const auto size, clip->size());
  ORIEL_TRY_ASSIGN(const auto hash, hash_of(*clip));
  if (size != proof_.clip_bytes || hash != proof_.clip)
    return fail(ErrorKind::data_loss,
                name + " is not the file that was signed: its SHA-256 is another");
  ORIEL_TRY(check_head(*clip));
  std::uint64_t at = proof_.head_bytes;
  for (const auto& piece : proof_.pieces) {
    if (piece.bytes > size - at)
      return fail(ErrorKind::data_loss, name + " is shorter than its pieces");
    ORIEL_TRY(check_piece(piece, *clip, at));
    at += piece.bytes;
  }
  if (at != size) return fail(ErrorKind::data_loss, name + " holds bytes that are of no recording");
  if (report_.span.begin != proof_.start || report_.span.end != proof_.end)
    return fail(ErrorKind::data_loss,
                fmt::format("the clip shows {} to {}, and not the time that proof.txt names",
                            format_rfc3339(report_.span.begin), format_rfc3339(report_.span.end)));
  return {};
}

Result<void> Check::check_head(const File& clip) {
  if (proof_.head_bytes > kInitBytesMax || proof_.head_bytes > proof_.clip_bytes)
    return fail(ErrorKind::data_loss, "the clip's head is too large");
  ORIEL_TRY_ASSIGN(const auto head, read_exactly(clip, 0, proof_.head_bytes));
  ORIEL_TRY_ASSIGN(const auto shown, without_tags(head));
  for (const auto& [id, recording] : recordings_) {
    ORIEL_TRY_ASSIGN(const auto recorded, without_tags(recording.init));
    if (shown != recorded)
      return fail(ErrorKind::data_loss,
                  fmt::format("the clip's head describes its pictures otherwise than that of "
                              "recording {}",
                              id));
  }
  return {};
}

Result<void> Check::check_piece(const ProofPiece& piece, const File& clip, std::uint64_t at) {
  const auto& recording = recordings_.at(piece.recording.value);
  const auto bytes = recording.entry.bytes;
  if (piece.offset < recording.summary.bytes || piece.offset > bytes ||
      piece.bytes > bytes - piece.offset || piece.bytes == 0)
    return fail(ErrorKind::data_loss,
                fmt::format("recording {} has no such piece", piece.recording.value));
  const std::uint64_t end = piece.offset + piece.bytes;
  for (std::uint64_t offset = piece.offset; offset < end;) {
    auto head = load_part_head(*recording.file, offset, end, recording.summary);
    if (!head)
      return fail(std::move(head).error().within(
          fmt::format("recording {} at byte {}", piece.recording.value, offset)));
    const auto size = size_of(*head);
    if (size > kPartBytesMax) return fail(ErrorKind::data_loss, "a part is too large");
    ORIEL_TRY_ASSIGN(auto part, read_exactly(*recording.file, offset, size));
    ORIEL_TRY_ASSIGN(const auto shown, read_exactly(clip, at, size));
    media::shift_decode_times(part, head->decode_times, piece.shift_90k);
    if (part != shown)
      return fail(
          ErrorKind::data_loss,
          fmt::format("the clip differs from recording {} at {}", piece.recording.value,
                      format_rfc3339(recording.entry.start + ticks_to_duration(head->start_90k))));
    ORIEL_TRY(note_time(recording, *head));
    offset += size;
    at += size;
  }
  return {};
}

// What is shown must lie in the order it was recorded.
Result<void> Check::note_time(const Recording& recording, const media::PartHead& head) {
  const auto start = recording.entry.start + ticks_to_duration(head.start_90k);
  if (!began_) report_.span.begin = start;
  if (began_ && start + kOverlapMax < report_.span.end)
    return fail(ErrorKind::data_loss,
                "the clip shows its pictures in another order than they came");
  report_.span.end = recording.entry.start + ticks_to_duration(head.start_90k + head.duration_90k);
  began_ = true;
  return {};
}

}  // namespace

Result<ProofReport> check_proof(FileSystem& file_system, const std::string& path,
                                const std::optional<PublicKey>& key) {
  ORIEL_TRY_ASSIGN(const auto bundle, Bundle::open(file_system, path));
  return Check(bundle, key).run();
}

}  // namespace oriel::archive
