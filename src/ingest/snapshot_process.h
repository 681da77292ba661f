// The program's side of stills: a small pool of worker processes that decode.
#pragma once
#include <condition_variable>
#include <mutex>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "ingest/worker_process.h"

namespace oriel::ingest {

struct SnapshotOptions {
  WorkerCommand command{.name = "snapshot",
                        .address_space_bytes = std::uint64_t{1} << 30,
                        .cpu_seconds = 120,
                        .dies_with_thread = false};
  std::size_t workers_max = 2;
  std::size_t waiting_max = 32;               // callers; more are refused
  std::chrono::milliseconds deadline{5'000};  // for waiting and working together
};

// Thread-safe. Workers start with the first request, and again after a crash; they end when our end
// of their socket closes.
class SnapshotPool {
 public:
  explicit SnapshotPool(SnapshotOptions options = {});
  // `init` and `segment` are the bytes of a recording's head and of whole parts that begin with an
  // independent one; the picture is the one shown `offset_90k` after the segment's first decode
  // time. At most `width` wide (0: as it is). Blocks, at most until the deadline. Errors: exhausted
  // (too many wait), deadline, data_loss (no picture there), not_found (only sound), unavailable
  // (the worker died twice).
  Result<Bytes> jpeg(ByteView init, ByteView segment, std::int64_t offset_90k, int width);

 private:
  struct Slot {
    WorkerProcess worker;
    bool busy = false;
  };
  Result<std::size_t> take_slot(SteadyTime deadline);
  void give_back(std::size_t slot);
  Result<Bytes> ask(WorkerProcess& worker, const Bytes& request, SteadyTime deadline) const;

  const SnapshotOptions options_;
  std::mutex mutex_;
  std::condition_variable free_;
  std::vector<Slot> slots_;  // `busy` guarded by mutex_; `worker` belongs to who holds the slot
  std::size_t waiting_ = 0;  // guarded by mutex_
};

}  // namespace oriel::ingest
