// Deleting recordings, in two phases that a crash may interrupt anywhere.
//
//   mark    one transaction, durable: the row moves from `recording` to `deletion`, its time
//   becomes
//           a gap `deleted` (main rendition). Nobody finds the recording from here on.
//             P: before the commit nothing has happened; after it the file belongs to its row in
//             `deletion`, and recovery leaves both to the next erase().
//   erase   1. The volume's journal says so (recording_deleted, and gap_laid for what the ledger
//   says
//              of its time and beside it), durably.
//             P: said twice after a crash, which is the same.
//           2. The file is removed, its folder synced.
//             P: the file is there or not; erase() is done again.
//           3. The row in `deletion` goes.
// So a file always has a row, in one table or the other, and a row of `recording` always has its
// file. A database that is lost between the phases loses the deletion, never a recording: the
// journal does not know of it yet. Who has the file open reads on.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "archive/catalog.h"
#include "archive/file_system.h"
#include "archive/holds.h"
#include "archive/volume.h"
#include "archive/writer.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "store/database.h"

namespace oriel::archive {

// What mark() did with one recording.
struct Marked {
  RecordingId id;
  FeedId feed;
  media::Rendition rendition = media::Rendition::main;
  VolumeId volume;
  UtcSpan span;
  std::uint64_t bytes = 0;
};
struct MarkResult {
  std::vector<Marked> marked;
  std::vector<RecordingId> held;  // left alone
  std::uint64_t held_by = 0;      // one of the holds that did so
};

// Inside a transaction: moves the row to `deletion`. The recording must be settled and not held:
// false when it is not there (any more). `replaced_by`: that recording stands in its place and
// only the time before it is lost.
struct Replacement {
  RecordingId id;
  UtcSpan span;
};
Result<std::optional<Marked>> mark_recording(store::Session& session, RecordingId id, UtcTime now,
                                             const std::optional<Replacement>& replaced_by);

// Thread-safe; every call blocks on disk and database.
class Deletion {
 public:
  // Who keeps files or bytes of a recording lets go of them.
  using Forget = std::function<void(RecordingId)>;

  Deletion(store::Database& database, Writer& writer, FileSystem& file_system, const Clock& clock,
           Forget forget);

  static constexpr std::size_t kBatchMax = 64;

  // Phase one for at most kBatchMax recordings; those that are held, being written or not there are
  // left. Errors: the database's; nothing is marked then.
  Result<MarkResult> mark(const std::vector<RecordingId>& recordings);
  // Phase two for at most kBatchMax of what is marked on this volume; gives how many files went.
  // What cannot be removed stays marked. Errors: of disk, journal and database.
  Result<std::size_t> erase(Volume& volume);
  // What is marked and not erased, all volumes.
  Result<std::uint64_t> pending() const;

 private:
  store::Database& database_;
  Writer& writer_;
  FileSystem& file_system_;
  const Clock& clock_;
  const Forget forget_;
};

}  // namespace oriel::archive
