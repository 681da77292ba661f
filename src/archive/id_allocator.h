// Numbers for recordings and runs. A number given out is never given out again, also after a crash
// and also when nothing of it reached the disk: a URL with a recording's id names one byte string
// for ever.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>

#include "base/result.h"
#include "media/packager.h"
#include "store/database.h"

namespace oriel::archive {

// Takes numbers from the database in blocks and hands them out from memory. When the database is
// away for longer than a block lasts it goes on counting: recovery also looks at what is on disk.
// Thread-safe.
class IdAllocator final : public media::IdSource {
 public:
  static constexpr std::int64_t kBlock = 10'000;

  // Begins above both the reserved numbers and the given ones (see RecoveryReport). Blocks. Errors:
  // the database's.
  static Result<std::unique_ptr<IdAllocator>> open(store::Database& database,
                                                   RecordingId highest_recording,
                                                   RunId highest_run);
  RecordingId next_recording_id() override;
  RunId next_run_id() override;
  // Reserves further blocks when half of one is used. Blocks on the database; call every few
  // seconds.
  Result<void> refill();

 private:
  explicit IdAllocator(store::Database& database) : database_(database) {}
  store::Database& database_;
  std::atomic<std::int64_t> recording_ = 0;  // last given
  std::atomic<std::int64_t> run_ = 0;
  std::atomic<std::int64_t> recording_reserved_ = 0;  // last that may be given
  std::atomic<std::int64_t> run_reserved_ = 0;
};

}  // namespace oriel::archive
