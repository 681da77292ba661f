// Questions to a few worker processes of one kind, each answered by one message.
#pragma once
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "ingest/worker_messages.h"
#include "ingest/worker_process.h"

namespace oriel::ingest {

struct WorkerPoolOptions {
  WorkerCommand command;  // with dies_with_thread false: the threads that ask come and go
  std::size_t workers_max = 2;
  std::size_t waiting_max = 32;               // callers; more are refused
  std::chrono::milliseconds deadline{5'000};  // for waiting and working together
};

// Thread-safe. Workers start with the first question, and again after a crash; they end when our
// end of their socket closes.
class WorkerPool {
 public:
  explicit WorkerPool(WorkerPoolOptions options);
  // What the worker answers, also that it failed. Blocks, at most until the deadline. Errors:
  // exhausted (too many wait), deadline, unsupported (too long for a message), unavailable (the
  // worker died twice).
  Result<Message> ask(const Message& question);

 private:
  struct Slot {
    WorkerProcess worker;
    bool busy = false;
  };
  Result<std::size_t> take_slot(SteadyTime deadline);
  void give_back(std::size_t slot);
  Result<Message> ask(WorkerProcess& worker, const Bytes& question, SteadyTime deadline) const;

  const WorkerPoolOptions options_;
  std::mutex mutex_;
  std::condition_variable free_;
  std::vector<Slot> slots_;  // `busy` guarded by mutex_; `worker` belongs to who holds the slot
  std::size_t waiting_ = 0;  // guarded by mutex_
};

}  // namespace oriel::ingest
