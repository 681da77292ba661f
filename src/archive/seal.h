// A seal: what was recorded of one feed on one day, chained to the feed's seal before and signed by
// the node. It outlives the recordings it speaks of, the deletion of a recording is an entry of its
// own, and anyone can check it with a text editor, sha256sum and openssl.
//
// Format, UTF-8 text, every line ended by a line feed, single spaces, no other white space:
//   oriel-seal 1
//   feed {feed}
//   number {n}                  1, 2, 3, … without a hole in each feed, in the order they were made
//   day {yyyy-mm-dd}            UTC; the day of its entries. A day may have several seals
//   made {RFC 3339}
//   previous {64 hex}           head of the feed's seal n - 1; zeros for the first
//   entries {count}
//   head {64 hex}               last link of the chain below
//   key {64 hex}                the Ed25519 public key
//   signature {128 hex}         Ed25519 over the bytes of the nine lines above, line feeds included
//   recorded {id} {feed} {rendition} {start_us} {end_us} {bytes} {sha256}    each entry a line
//   deleted {id} {feed} {rendition} {start_us} {end_us} {id that took its place, or 0}
// Times in entries are microseconds since 1970 in UTC. The line of an entry is its canonical form.
// Links: link 0 is `previous`; link i = SHA-256 over the 64 hexadecimal digits of link i - 1, a
// line feed, the line of entry i and its line feed. Validity: every line is exactly what
// format_seal() gives for its values; the links end in `head`; the signature is the key's. Whether
// the key is the node's, the reader must know from elsewhere.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/describe/enum.hpp>

#include "archive/file_names.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/sha256.h"
#include "base/signing.h"
#include "base/time.h"
#include "media/part.h"

namespace oriel::archive {

// Written by name: never rename, only append.
enum class SealedAs { recorded, deleted };
BOOST_DESCRIBE_ENUM(SealedAs, recorded, deleted)

struct SealEntry {
  SealedAs as = SealedAs::recorded;
  RecordingId recording;
  media::Rendition rendition = media::Rendition::main;
  UtcTime start;
  UtcTime end;
  std::uint64_t bytes = 0;  // of recorded, as the hash
  Sha256Digest sha256{};
  RecordingId replaced_by;  // of deleted; 0: nothing took its place
  bool operator==(const SealEntry&) const = default;
};

// The nine signed lines and their signature: what is kept for ever of each day.
struct SealHead {
  FeedId feed;
  std::int64_t number = 0;
  Day day;
  UtcTime made;  // whole milliseconds
  Sha256Digest previous{};
  std::uint64_t entries = 0;
  Sha256Digest head{};
  PublicKey key;
  Signature signature{};
  bool operator==(const SealHead&) const = default;
};

struct Seal {
  SealHead head;
  std::vector<SealEntry> entries;
};

constexpr std::size_t kSealEntriesMax = 100'000;
constexpr std::size_t kSealBytesMax = std::size_t{32} << 20;

// The lines that are signed.
std::string format_statement(const SealHead& head);
std::string format_seal(const Seal& seal);
// Only the form; see check_seal(). Errors: invalid, with the number of the line.
Result<Seal> parse_seal(std::string_view text);

// The last link of a chain that begins at `previous`.
Sha256Digest chain_head(const FeedId& feed, const Sha256Digest& previous,
                        const std::vector<SealEntry>& entries);
// Chains and signs `entries`; takes number, day, made, feed and previous from `head`.
Seal make_seal(SealHead head, std::vector<SealEntry> entries, const SigningKey& key);

// Errors: data_loss, saying whether the signature or the chain is wrong.
Result<void> check_statement(const SealHead& head);
Result<void> check_seal(const Seal& seal);

}  // namespace oriel::archive
