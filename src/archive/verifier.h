// Proves that recordings still are what was written: reads their files, notes in the database what
// is unreadable (the coverage shows it as `damaged`), cries out, and repairs from a copy when there
// is one: the same file on another volume or in a folder that was named. Also proves that the seals
// of a feed are one unbroken chain that lists what there is.
#pragma once
#include <cstdint>
#include <functional>
#include <set>
#include <string>
#include <vector>

#include "archive/alarms.h"
#include "archive/file_check.h"
#include "archive/file_system.h"
#include "archive/recording_rows.h"
#include "archive/seal.h"
#include "archive/volume.h"
#include "base/result.h"
#include "base/time.h"
#include "store/database.h"

namespace oriel::archive {

enum class Verdict {
  whole,
  repaired,     // was damaged, and is whole again
  damaged,      // the spans say where
  lost,         // its file is gone
  unreachable,  // its volume is not there: nothing is said
  gone,         // deleted meanwhile, or moved away from where it was looked for
};

struct Verified {
  Verdict verdict = Verdict::whole;
  std::vector<UtcSpan> damaged;
  std::uint64_t bytes_read = 0;
  std::string what;  // for a person
};

struct ChainReport {
  std::uint64_t seals = 0;
  std::uint64_t entries = 0;
  std::vector<std::string> wrong;  // one sentence each; at most kWrongMax
  static constexpr std::size_t kWrongMax = 1'000;
};

// For one thread at a time; blocks on disk and database. Everything given outlives it.
class Verifier {
 public:
  // `copies`: folders laid out as a volume is, read only.
  Verifier(store::Database& database, VolumeList volumes, FileSystem& file_system,
           AlarmSink& alarms, const Clock& clock, std::vector<std::string> copies = {});

  // Errors: cancelled (by the pace), the database's.
  Result<Verified> verify(const HashedRecording& recording, Pace& pace);
  // Every seal of the feed: whole, signed, chained without a hole, as the database has it; and
  // every recording they list is there as they list it, or its deletion is. `keys`: who may have
  // signed; empty: whoever signed the newest. Errors: the database's.
  Result<ChainReport> verify_chain(const FeedId& feed, const std::set<PublicKey>& keys);

 private:
  struct Place {
    std::string path;
    const Volume* volume = nullptr;  // null: in a folder of copies
  };
  Result<FileCheck> check(const std::string& path, const HashedRecording& recording, Pace& pace);
  std::optional<std::vector<std::uint32_t>> find_sums(const Volume& volume,
                                                      const RecordingRow& row) const;
  Result<bool> repair(const HashedRecording& recording, const Volume& volume,
                      const FileCheck& damage, Pace& pace);
  Result<bool> copy_over(const std::string& from, const std::string& to,
                         const HashedRecording& recording, Pace& pace);
  Result<bool> repair_head(const std::string& path, const HashedRecording& recording, Pace& pace);
  Result<void> note(const RecordingRow& row, const Verified& verified);
  // As it is now; absent: deleted.
  Result<std::optional<HashedRecording>> now(RecordingId id);
  Result<Verified> verify_once(const HashedRecording& recording, Pace& pace);
  Result<void> check_listed(const SealEntry& entry, const FeedId& feed,
                            std::set<std::int64_t>& absent, ChainReport& report);

  store::Database& database_;
  const VolumeList volumes_;
  FileSystem& file_system_;
  AlarmSink& alarms_;
  const Clock& clock_;
  const std::vector<std::string> copies_;
};

}  // namespace oriel::archive
