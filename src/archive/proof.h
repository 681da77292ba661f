// What a node says of a clip: which bytes of which sealed recordings it is made of.
//
// A proof is a folder, or a tar of it:
//   README.txt             how to check it without Oriel
//   recordings/{id}.mp4    every recording the clip was cut from, whole
//   seals/{day}.{n}.seal   the seals that list them (seal.h)
//   clip.mp4
//   proof.txt              below; the last one, since it is made while the others are sent
//
// proof.txt, UTF-8, every line ended by a line feed, single spaces, no other white space:
//   oriel-proof 1
//   feed {feed}
//   made {RFC 3339}
//   start {us}                  of the clip's first frame, microseconds since 1970 in UTC
//   end {us}
//   clip {bytes} {sha256}
//   head {bytes}                of clip.mp4: its ftyp and moov
//   pieces {count}
//   piece {recording} {offset} {bytes} {shift_90k}      count lines
//   key {64 hex}                the Ed25519 public key
//   signature {128 hex}         Ed25519 over the bytes of all lines before this one
// The clip is its head and then, piece by piece, these bytes of the recordings' files with
// shift_90k (90 kHz ticks) added to the decode times in their tfdt boxes, and nothing else. The
// head is that of the recordings but for what it says about the file (user data, times of making).
// Validity: every line is exactly what format_proof() gives for its values.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/sha256.h"
#include "base/signing.h"
#include "base/time.h"

namespace oriel::archive {

inline constexpr std::string_view kProofFile = "proof.txt";
inline constexpr std::string_view kProofClip = "clip.mp4";
inline constexpr std::string_view kProofReadme = "README.txt";
std::string proof_recording(RecordingId id);  // recordings/4711.mp4
std::string_view proof_readme();

struct ProofPiece {
  RecordingId recording;
  std::uint64_t offset = 0;  // in the recording's file
  std::uint64_t bytes = 0;
  std::int64_t shift_90k = 0;
  bool operator==(const ProofPiece&) const = default;
};

struct Proof {
  FeedId feed;
  UtcTime made;  // whole milliseconds
  UtcTime start;
  UtcTime end;
  std::uint64_t clip_bytes = 0;
  Sha256Digest clip{};
  std::uint64_t head_bytes = 0;
  std::vector<ProofPiece> pieces;
  PublicKey key;
  Signature signature{};
  bool operator==(const Proof&) const = default;
};

constexpr std::size_t kProofPiecesMax = 100'000;
constexpr std::size_t kProofBytesMax = std::size_t{8} << 20;

// The lines that are signed.
std::string format_proof_statement(const Proof& proof);
std::string format_proof(const Proof& proof);
// Only the form. Errors: invalid, with the number of the line.
Result<Proof> parse_proof(std::string_view text);
// Puts key and signature into it.
void sign_proof(Proof& proof, const SigningKey& key);

}  // namespace oriel::archive
