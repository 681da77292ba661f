// Checks a proof (proof.h) with nothing but its own bytes and, better, a key: no database, no
// configuration. Reads in bounded memory; changes nothing.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "archive/file_system.h"
#include "archive/proof.h"
#include "base/result.h"
#include "base/time.h"

namespace oriel::archive {

struct ProofReport {
  FeedId feed;
  UtcSpan span;  // of the clip, by the times of the recordings
  UtcTime made;
  PublicKey key;
  std::vector<RecordingId> recordings;
  std::vector<std::string> seals;  // file names
  std::uint64_t clip_bytes = 0;
};

// `path`: a tar file, or the folder with what was in it. `key`: who must have signed; absent: one
// key must have signed all of it, and whose it is the reader must find out. Errors: not_found (a
// file is missing), invalid (it is no proof), denied (another key signed), data_loss (something is
// not what was signed; the message says what), of the disk.
Result<ProofReport> check_proof(FileSystem& file_system, const std::string& path,
                                const std::optional<PublicKey>& key);

}  // namespace oriel::archive
