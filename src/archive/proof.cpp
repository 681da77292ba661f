#include "archive/proof.h"

#include <algorithm>

#include <fmt/format.h>

#include "archive/text_lines.h"
#include "base/hex.h"

namespace oriel::archive {
namespace {

Result<void> parse_key(Lines& lines, Proof& proof) {
  ORIEL_TRY_ASSIGN(const auto key, lines.value_of("key"));
  const auto key_bytes = parse_sha256(key);
  if (!key_bytes) return lines.wrong("the key is wrong");
  proof.key.bytes = *key_bytes;
  ORIEL_TRY_ASSIGN(const auto signature, lines.value_of("signature"));
  const auto bytes = parse_hex(signature);
  if (!bytes || bytes->size() != proof.signature.size())
    return lines.wrong("the signature is wrong");
  std::copy(bytes->begin(), bytes->end(), proof.signature.begin());
  return {};
}

}  // namespace

std::string proof_recording(RecordingId id) { return fmt::format("recordings/{}.mp4", id.value); }

std::string_view proof_readme() {
  return R"TEXT(A clip of a nature camera, and the proof that it shows what was recorded.

clip.mp4      the clip
recordings/   the recordings it was cut from, whole
seals/        what the node signed about those recordings when their day was over
proof.txt     which bytes of the recordings the clip is made of, signed by the node

With Oriel: oriel archive check FOLDER --key key.pem

Without it. Get the node's public key (key.pem) from the node's people, or from
https://NODE/api/v1/node/key.pem, and not from whoever gave you this. Then:

  head -n -1 proof.txt > statement
  perl -ne 'print pack("H*", $1) if /^signature (\S+)/' proof.txt > signature
  openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in statement -sigfile signature
  sha256sum clip.mp4             # must be in the line "clip" of proof.txt

  for seal in seals/*; do
    head -n 9 $seal > statement
    perl -ne 'print pack("H*", $1) if /^signature (\S+)/' $seal > signature
    openssl pkeyutl -verify -pubin -inkey key.pem -rawin -in statement -sigfile signature
    link=$(sed -n 's/^previous //p' $seal)
    tail -n +11 $seal > entries
    while IFS= read -r line; do
      link=$(printf '%s\n%s\n' "$link" "$line" | sha256sum | cut -c 1-64)
    done < entries
    test "$link" = "$(sed -n 's/^head //p' $seal)" && echo "the entries are those signed"
  done
  sha256sum recordings/*         # each must be in a line "recorded NUMBER ..." of a seal

The recordings play as they are: what the clip shows must be in them, at the times the seals say.
That the clip is nothing but their bytes is what "oriel archive check" goes through byte by byte.
)TEXT";
}

std::string format_proof_statement(const Proof& proof) {
  auto text = fmt::format(
      "oriel-proof 1\nfeed {}\nmade {}\nstart {}\nend {}\nclip {} {}\nhead {}\npieces {}\n",
      proof.feed.str(), format_rfc3339(proof.made), proof.start.us, proof.end.us, proof.clip_bytes,
      format_hex(proof.clip), proof.head_bytes, proof.pieces.size());
  for (const auto& piece : proof.pieces)
    text += fmt::format("piece {} {} {} {}\n", piece.recording.value, piece.offset, piece.bytes,
                        piece.shift_90k);
  return text + "key " + proof.key.hex() + "\n";
}

std::string format_proof(const Proof& proof) {
  return format_proof_statement(proof) + "signature " + format_hex(proof.signature) + "\n";
}

Result<Proof> parse_proof(std::string_view text) {
  if (text.size() > kProofBytesMax) return fail(ErrorKind::invalid, "proof.txt is too large");
  Lines lines(text);
  Proof proof;
  ORIEL_TRY_ASSIGN(const auto version, lines.number_of<int>("oriel-proof"));
  if (version != 1) return lines.wrong("this form of proof is not known");
  ORIEL_TRY_ASSIGN(const auto feed, lines.value_of("feed"));
  ORIEL_TRY_ASSIGN(auto slug, parse_slug(feed));
  proof.feed = FeedId(std::move(slug));
  ORIEL_TRY_ASSIGN(const auto made, lines.value_of("made"));
  ORIEL_TRY_ASSIGN(proof.made, parse_rfc3339(made));
  ORIEL_TRY_ASSIGN(proof.start.us, lines.number_of<std::int64_t>("start"));
  ORIEL_TRY_ASSIGN(proof.end.us, lines.number_of<std::int64_t>("end"));
  ORIEL_TRY_ASSIGN(auto clip, lines.words_of("clip"));
  proof.clip_bytes = clip.number<std::uint64_t>();
  proof.clip = clip.digest();
  if (!clip.good()) return lines.wrong("bytes or hash of the clip are wrong");
  ORIEL_TRY_ASSIGN(proof.head_bytes, lines.number_of<std::uint64_t>("head"));
  ORIEL_TRY_ASSIGN(const auto count, lines.number_of<std::uint64_t>("pieces"));
  if (count == 0 || count > kProofPiecesMax) return lines.wrong("so many pieces no clip has");
  for (std::uint64_t i = 0; i < count; ++i) {
    ORIEL_TRY_ASSIGN(auto words, lines.words_of("piece"));
    ProofPiece piece;
    piece.recording = RecordingId{words.number<std::int64_t>()};
    piece.offset = words.number<std::uint64_t>();
    piece.bytes = words.number<std::uint64_t>();
    piece.shift_90k = words.number<std::int64_t>();
    if (!words.good()) return lines.wrong("the piece is not in canonical form");
    proof.pieces.push_back(piece);
  }
  ORIEL_TRY(parse_key(lines, proof));
  // One text for one proof.
  if (!lines.at_end() || format_proof(proof) != text)
    return fail(ErrorKind::invalid, "proof.txt is not in canonical form");
  return proof;
}

void sign_proof(Proof& proof, const SigningKey& key) {
  proof.made = UtcTime::from_ms(proof.made.ms());
  proof.key = key.public_key();
  proof.signature = key.sign(as_bytes(format_proof_statement(proof)));
}

}  // namespace oriel::archive
