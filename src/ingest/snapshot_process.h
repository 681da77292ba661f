// The program's side of stills: a small pool of worker processes that decode.
#pragma once
#include "base/bytes.h"
#include "base/result.h"
#include "ingest/worker_pool.h"

namespace oriel::ingest {

struct SnapshotOptions : WorkerPoolOptions {
  SnapshotOptions() {
    command.name = "snapshot";
    command.cpu_seconds = 120;
    command.dies_with_thread = false;
  }
};

// Thread-safe.
class SnapshotPool {
 public:
  explicit SnapshotPool(SnapshotOptions options = {}) : pool_(std::move(options)) {}
  // `init` and `segment` are the bytes of a recording's head and of whole parts that begin with an
  // independent one; the picture is the one shown `offset_90k` after the segment's first decode
  // time. At most `width` wide (0: as it is). Blocks, at most until the deadline. Errors: exhausted
  // (too many wait), deadline, data_loss (no picture there), not_found (only sound), unavailable
  // (the worker died twice).
  Result<Bytes> jpeg(ByteView init, ByteView segment, std::int64_t offset_90k, int width);

 private:
  WorkerPool pool_;
};

}  // namespace oriel::ingest
