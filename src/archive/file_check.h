// Reads a recording's file from end to end and says whether it is what was written, and if not, for
// how long something is unreadable.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "archive/catalog.h"
#include "archive/file_system.h"
#include "archive/pace.h"
#include "base/result.h"
#include "base/sha256.h"
#include "base/time.h"

namespace oriel::archive {

// What a file should hold.
struct ExpectedFile {
  RecordingRow row;
  std::optional<Sha256Digest> sha256;              // absent: never hashed
  std::optional<std::vector<std::uint32_t>> sums;  // of its segments; absent: not known
};

struct FileCheck {
  std::optional<Sha256Digest> sha256;  // of the bytes of the row; absent when not all can be read
  std::uint64_t bytes_read = 0;
  std::uint64_t surplus_bytes = 0;  // behind what the row says; no damage
  // Empty: whole. Joined, by start, within the row's span: of the segments that are not what was
  // written; all of the recording where that cannot be told.
  std::vector<UtcSpan> damaged;
  bool only_head = false;  // all segments are whole: the init segment before them is not
  std::string what;        // for a person; empty when whole
  bool whole() const { return damaged.empty(); }
};

// Errors: cancelled (the pace was stopped); errors of the disk are damage.
Result<FileCheck> check_file(const File& file, const ExpectedFile& expected, Pace& pace);

}  // namespace oriel::archive
