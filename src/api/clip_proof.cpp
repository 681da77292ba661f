#include "api/clip_proof.h"

#include <algorithm>
#include <set>

#include <fmt/format.h>

#include "archive/file_names.h"
#include "archive/notary.h"
#include "archive/seal_rows.h"
#include "archive/tar.h"

namespace oriel::api {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{4} << 20;

// What a file takes in the tar.
std::uint64_t tar_bytes(std::uint64_t bytes) {
  return archive::kTarBlockBytes + bytes + archive::tar_padding(bytes);
}

void append_padding(Bytes& bytes, std::uint64_t of) {
  bytes.resize(bytes.size() + archive::tar_padding(of));
}

// Follows the pieces of the clip: those that follow each other in one file become one.
std::vector<archive::ProofPiece> pieces_of(const ClipPlan& clip) {
  std::vector<archive::ProofPiece> pieces;
  for (const auto& piece : clip.pieces) {
    if (!pieces.empty()) {
      auto& last = pieces.back();
      if (last.recording == piece.row->id && last.shift_90k == piece.shift_90k &&
          last.offset + last.bytes == piece.offset) {
        last.bytes += piece.bytes;
        continue;
      }
    }
    pieces.push_back({piece.row->id, piece.offset, piece.bytes, piece.shift_90k});
  }
  return pieces;
}

Error not_sealed(archive::Day day) {
  return {ErrorKind::conflict,
          fmt::format("{} is not sealed yet: a day is signed soon after it is over (UTC), and what "
                      "was recorded before there were seals never is",
                      archive::format_date(day))};
}

// The seals that list the recordings. Errors: conflict when one is in none.
Result<std::vector<ProofPlan::SealText>> find_seals(const SealSource& source, const FeedId& feed,
                                                    const ProofPlan& plan) {
  std::set<archive::Day> days;
  std::set<std::int64_t> wanted;
  for (const auto& row : plan.recordings) {
    days.insert(archive::day_of(row->start));
    wanted.insert(row->id.value);
  }
  std::vector<ProofPlan::SealText> found;
  for (const auto& day : days) {
    std::vector<archive::SealHead> heads;
    ORIEL_TRY(source.database.read([&](store::Session& session) -> Result<void> {
      ORIEL_TRY_ASSIGN(heads, archive::seal_heads(session, feed, day));
      return {};
    }));
    for (const auto& head : heads) {
      ORIEL_TRY_ASSIGN(const auto seal, archive::load_seal(source.volumes, source.file_system, feed,
                                                           day, head.number));
      bool lists = false;
      for (const auto& entry : seal.entries)
        if (entry.as == archive::SealedAs::recorded && wanted.erase(entry.recording.value) > 0)
          lists = true;
      if (!lists) continue;
      const auto path = archive::seal_file(feed, day, head.number);
      found.push_back({fmt::format("{}/{}", archive::kSealFolder, path.substr(path.rfind('/') + 1)),
                       archive::format_seal(seal)});
    }
  }
  if (wanted.empty()) return found;
  return fail(not_sealed(*days.rbegin()));
}

}  // namespace

Result<ProofPlan> plan_proof(const SealSource& seals, const FeedId& feed, ClipPlan clip,
                             const access::View& view, UtcTime now) {
  ProofPlan plan;
  if (clip.muted)
    return fail(ErrorKind::conflict,
                "a proof holds whole recordings, and their sound is not yours "
                "to hear: ask the people of the node for it");
  for (const auto& piece : clip.pieces) {
    const auto& row = piece.row;
    if (!plan.recordings.empty() && plan.recordings.back()->id == row->id) continue;
    const auto day = archive::day_of(row->start);
    if (row->open() || archive::end_of(day) > now) return fail(not_sealed(day));
    // The same words for what is withheld and what is too new: they tell nothing.
    // A seal lists all of its day.
    if (!view.may_see(row->span()) || archive::end_of(day) > view.not_after)
      return fail(ErrorKind::conflict,
                  "a proof holds whole recordings, and not all of those around this clip can be "
                  "given: ask the people of the node for it");
    plan.recordings.push_back(row);
  }
  auto& proof = plan.proof;
  proof.feed = feed;
  proof.made = UtcTime::from_ms(now.ms());
  proof.start = clip.start;
  proof.end = clip.end;
  proof.clip_bytes = clip.total_bytes;
  proof.head_bytes = clip.init->size();
  proof.pieces = pieces_of(clip);
  ORIEL_TRY_ASSIGN(plan.seals, find_seals(seals, feed, plan));
  plan.total_bytes = archive::kTarEndBytes + tar_bytes(archive::proof_readme().size()) +
                     tar_bytes(clip.total_bytes) + tar_bytes(archive::format_proof(proof).size());
  for (const auto& seal : plan.seals) plan.total_bytes += tar_bytes(seal.text.size());
  std::uint64_t largest = clip.total_bytes;
  for (const auto& row : plan.recordings) {
    plan.total_bytes += tar_bytes(row->bytes);
    largest = std::max(largest, row->bytes);
  }
  if (largest > archive::kTarFileBytesMax || proof.pieces.size() > archive::kProofPiecesMax)
    return fail(ErrorKind::exhausted, "the clip is too large for a proof: ask for a shorter one");
  plan.clip = std::make_shared<const ClipPlan>(std::move(clip));
  return plan;
}

ProofStream::ProofStream(PastSource past, std::shared_ptr<const ProofPlan> plan,
                         const SigningKey& key)
    : past_(past), plan_(std::move(plan)), key_(key) {}

SharedBytes ProofStream::whole_file(std::string_view name, ByteView bytes) const {
  auto made = archive::format_tar_header(name, bytes.size(), plan_->proof.made);
  made.insert(made.end(), bytes.begin(), bytes.end());
  append_padding(made, bytes.size());
  return std::make_shared<const Bytes>(std::move(made));
}

Result<SharedBytes> ProofStream::next_of_recording() {
  const auto& row = *plan_->recordings[index_];
  Bytes made;
  if (offset_ == 0)
    made = archive::format_tar_header(archive::proof_recording(row.id), row.bytes, row.start);
  const auto wanted =
      static_cast<std::size_t>(std::min<std::uint64_t>(kBlockBytes, row.bytes - offset_));
  ORIEL_TRY_ASSIGN(const auto bytes, past_.reader.read_bytes(row, offset_, wanted));
  made.insert(made.end(), bytes.begin(), bytes.end());
  offset_ += wanted;
  if (offset_ == row.bytes) {
    append_padding(made, row.bytes);
    offset_ = 0;
    ++index_;
  }
  return SharedBytes(std::make_shared<const Bytes>(std::move(made)));
}

Result<SharedBytes> ProofStream::next_of_clip() {
  const auto& clip = *plan_->clip;
  Bytes made;
  if (index_ == 0) {
    made = archive::format_tar_header(archive::kProofClip, clip.total_bytes, clip.start);
    hash_.update(*clip.init);
    made.insert(made.end(), clip.init->begin(), clip.init->end());
  } else {
    ORIEL_TRY_ASSIGN(const auto piece, clip_piece(past_, clip, index_ - 1));
    hash_.update(*piece);
    made = *piece;
  }
  if (++index_ > clip.pieces.size()) append_padding(made, clip.total_bytes);
  return SharedBytes(std::make_shared<const Bytes>(std::move(made)));
}

SharedBytes ProofStream::last_file() {
  auto proof = plan_->proof;
  proof.clip = hash_.finish();
  archive::sign_proof(proof, key_);
  return whole_file(archive::kProofFile, as_bytes(archive::format_proof(proof)));
}

Result<std::optional<SharedBytes>> ProofStream::next() {
  SharedBytes made;
  const auto stage_is_over = [&](std::size_t count) {
    if (index_ < count) return;
    index_ = 0;
    stage_ = static_cast<Stage>(static_cast<int>(stage_) + 1);
  };
  switch (stage_) {
    case Stage::readme:
      made = whole_file(archive::kProofReadme, as_bytes(archive::proof_readme()));
      stage_is_over(0);
      break;
    case Stage::recordings: {
      ORIEL_TRY_ASSIGN(made, next_of_recording());
      stage_is_over(plan_->recordings.size());
      break;
    }
    case Stage::seals:
      made = whole_file(plan_->seals[index_].name, as_bytes(plan_->seals[index_].text));
      ++index_;
      stage_is_over(plan_->seals.size());
      break;
    case Stage::clip: {
      ORIEL_TRY_ASSIGN(made, next_of_clip());
      stage_is_over(plan_->clip->pieces.size() + 1);
      break;
    }
    case Stage::proof:
      made = last_file();
      stage_is_over(0);
      break;
    case Stage::end:
      made = std::make_shared<const Bytes>(archive::kTarEndBytes);
      stage_is_over(0);
      break;
    case Stage::done:
      return std::optional<SharedBytes>{};
  }
  return std::optional<SharedBytes>{std::move(made)};
}

}  // namespace oriel::api
