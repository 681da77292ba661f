// Hashes what has no hash yet, and seals each feed's days (see seal.h).
//
// Procedure of a seal, and what a crash or a loss of power leaves (P):
//   1. A recording that closes, and a deletion, mark their feed and day in the same transaction
//      (unsealed, unsealed_deletion).
//   2. When the day is over: what the day has and no seal of it lists is chained and signed. One
//      durable transaction: the seal's row with its text, the marks go.
//        P before: it is made again. P after: its text is in the row.
//   3. The file is written on every volume that can be written: temporary name, sync, rename, sync
//   of
//      the folder.
//        P: no file, or the whole one; written again.
//   4. The text leaves the row.
// So a number is given out once, and a seal that anyone saw is never made anew. What comes later (a
// recording found by recovery, a deletion) gets a further seal.
#pragma once
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "archive/file_system.h"
#include "archive/pace.h"
#include "archive/seal.h"
#include "archive/seal_rows.h"
#include "archive/volume.h"
#include "archive/writer.h"
#include "base/result.h"
#include "store/database.h"

namespace oriel::archive {

// Reads one seal from the first volume that has it whole. Errors: not_found; data_loss (no volume
// has one that is valid).
Result<Seal> load_seal(const std::vector<Volume*>& volumes, FileSystem& file_system,
                       const FeedId& feed, Day day, std::int64_t number);

// Thread-safe; every call blocks on disk and database.
class Notary {
 public:
  // `key` absent: nothing is sealed. `writer` may be absent (tools). All outlive it.
  Notary(store::Database& database, VolumeList volumes, FileSystem& file_system,
         std::shared_ptr<const SigningKey> key, Writer* writer, const Clock& clock);

  // Null: nothing is signed.
  const SigningKey* key() const { return key_.get(); }

  // Hashes recordings of the marked days that have no hash (recovery closed them), then seals the
  // days that are over; gives how many seals were made. What cannot be read now is left for later.
  Result<std::size_t> work(Pace& pace);
  // Seals what there is of a day, also when it is not over; nothing new makes no seal.
  Result<void> seal_day(const FeedId& feed, Day day, Pace& pace);

 private:
  Result<void> hash_missing(const FeedId& feed, Day day, Pace& pace);
  Result<bool> make(const FeedId& feed, Day day);
  Result<std::vector<SealEntry>> new_entries(store::Session& session, const FeedId& feed, Day day,
                                             const std::vector<SealEntry>& listed);
  Result<std::vector<SealEntry>> listed_entries(const FeedId& feed, Day day);
  Result<void> write_pending();
  Result<void> write_file(const SealHead& head, const Bytes& text);

  store::Database& database_;
  const VolumeList volumes_;
  FileSystem& file_system_;
  const std::shared_ptr<const SigningKey> key_;
  Writer* const writer_;
  const Clock& clock_;
  std::mutex working_;  // one at a time: numbers follow each other
};

}  // namespace oriel::archive
