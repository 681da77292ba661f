// Reads parts back from recordings, closed or still being written.
#pragma once
#include <cstdint>
#include <list>
#include <memory>
#include <mutex>
#include <utility>
#include <vector>

#include "archive/catalog.h"
#include "archive/file_system.h"
#include "archive/volume.h"
#include "base/bytes.h"
#include "base/ids.h"
#include "base/metrics.h"
#include "base/result.h"
#include "base/time.h"
#include "media/boxes.h"

namespace oriel::archive {

// One part of a recording, as its head in the file says.
struct PartEntry {
  std::uint32_t number = 0;
  std::uint32_t segment = 0;
  bool independent = false;
  std::uint64_t file_offset = 0;
  std::uint64_t bytes = 0;
  std::int64_t start_90k = 0;  // from the recording's start
  std::int64_t duration_90k = 0;
  UtcTime start;
};

// Parts [first, end) as they lie in the file, and where each begins in `bytes`.
struct PartBytes {
  struct Piece {
    std::size_t offset = 0;
    media::PartHead head;
    std::size_t size() const { return head.head_bytes + head.payload_bytes; }
  };
  RecordingRow recording;
  Bytes bytes;
  std::vector<Piece> pieces;
};

// Thread-safe; every call blocks on the disk. Errors: not_found (never there, or deleted, or not
// written yet), data_loss (the file is gone or does not hold what the index says), unavailable (its
// volume is not there), exhausted (more than kBytesMax asked for at once).
class Reader {
 public:
  Reader(std::vector<Volume*> volumes, FileSystem& file_system, const Catalog& catalog);

  static constexpr std::size_t kBytesMax = std::size_t{64} << 20;
  static constexpr std::size_t kOpenFilesMax = 64;  // overflow: least recently used is closed
  static constexpr std::size_t kPartsMax = 100'000;

  // A further volume. Outlives the reader.
  void add_volume(Volume& volume);

  // Parts [first, end) by number; end beyond the last written part is cut there, an empty result is
  // not_found.
  Result<PartBytes> read_parts(RecordingId id, std::uint32_t first, std::uint32_t end) const;
  Result<PartBytes> read_parts(const RecordingRow& row, std::uint32_t first,
                               std::uint32_t end) const;
  // Whole segments [first, end).
  Result<PartBytes> read_segments(const RecordingRow& row, std::uint32_t first,
                                  std::uint32_t end) const;
  // The first part of a segment as it lies in the file: a full picture where the segment is
  // independent.
  Result<Bytes> read_first_part(const RecordingRow& row, std::uint32_t segment) const;
  // Every part of segments [first, end): reads one head a part.
  Result<std::vector<PartEntry>> part_table(const RecordingRow& row,
                                            std::uint32_t first_segment = 0,
                                            std::uint32_t end_segment = UINT32_MAX) const;
  // Closes the file of a recording that is deleted.
  void forget(RecordingId id) const;
  // File bytes [offset, offset + size), for proofs and copies.
  Result<Bytes> read_bytes(const RecordingRow& row, std::uint64_t offset, std::size_t size) const;

 private:
  Result<std::shared_ptr<File>> open_file(const RecordingRow& row) const;

  FileSystem& file_system_;
  const Catalog& catalog_;
  mutable std::mutex mutex_;
  std::vector<Volume*> volumes_;                                            // guarded by mutex_
  mutable std::list<std::pair<RecordingId, std::shared_ptr<File>>> files_;  // guarded, newest first
};

// What a viewer gets of parts [first, end): decode times from the run's start (so that a run plays
// without a seam), silent when `muted`.
struct WireRange {
  RecordingId recording;
  std::uint32_t first = 0;
  std::uint32_t end = 0;
  bool muted = false;
  auto operator<=>(const WireRange&) const = default;
};
// Brings parts read from a file to that form. In place.
void make_wire(PartBytes& parts, bool muted);

// Keeps what viewers of the past ask for. Bounded in bytes: overflow drops the least recently used.
// Callers that ask for the same range at once share one read, made on the first one's thread.
// Ranges of open recordings are kept too: a part never changes once written.
class SegmentCache {
 public:
  SegmentCache(const Reader& reader, Metrics& metrics,
               std::size_t bytes_max = std::size_t{64} << 20);
  ~SegmentCache();
  // Errors: as Reader; also not_found when not all parts up to `end` are written: a range is one
  // byte string for ever.
  Result<SharedBytes> get(const WireRange& range);
  // Drops everything of a recording (deleted, withheld).
  void forget(RecordingId id);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace oriel::archive
