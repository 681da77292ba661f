// The program's side of one question and answer with a worker, bounded in time.
#pragma once
#include "base/result.h"
#include "base/time.h"
#include "ingest/worker_messages.h"

namespace oriel::ingest {

// Both block, at most until the deadline; `fd` must not block. Errors: deadline, unavailable (the
// worker is gone, or talks nonsense).
Result<void> send_to_worker(int fd, ByteView message, SteadyTime deadline);
Result<Message> receive_from_worker(int fd, SteadyTime deadline);

}  // namespace oriel::ingest
