// Numbers for recordings and runs. A number given out is never given out again, also after a crash
// and also when nothing of it reached the disk: a URL with a recording's id names one byte string
// for ever.
#pragma once
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>

#include "base/result.h"
#include "media/packager.h"
#include "store/counter.h"
#include "store/database.h"

namespace oriel::archive {

// Reserved in the database in blocks (store/counter.h) and handed out from memory. When the
// database is away for longer than two blocks last it goes on counting: recovery also looks at what
// is on disk. Thread-safe.
class IdAllocator final : public media::IdSource {
 public:
  // Begins above both the reserved numbers and the given ones (see RecoveryReport). Blocks. Errors:
  // the database's.
  static Result<std::unique_ptr<IdAllocator>> open(store::Database& database,
                                                   RecordingId highest_recording,
                                                   RunId highest_run);
  // Do not block as long as refill() comes in time.
  RecordingId next_recording_id() override;
  RunId next_run_id() override;
  // Reserves further blocks when half of one is used. Blocks on the database; call every few
  // seconds.
  Result<void> refill();

 private:
  // Grows even when the block behind it cannot be refilled.
  struct Sequence {
    Sequence(store::Database& database, std::string name, std::int64_t highest);
    std::int64_t next();
    store::IdBlock block;
    const std::string name;
    std::mutex mutex;
    std::int64_t last;  // guarded by mutex
  };
  IdAllocator(store::Database& database, RecordingId highest_recording, RunId highest_run);
  Sequence recordings_;
  Sequence runs_;
};

}  // namespace oriel::archive
