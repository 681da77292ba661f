#include "ingest/worker_pool.h"

#include <fcntl.h>

#include "base/log.h"
#include "ingest/worker_talk.h"

namespace oriel::ingest {

WorkerPool::WorkerPool(WorkerPoolOptions options)
    : options_(std::move(options)), slots_(options_.workers_max) {}

Result<std::size_t> WorkerPool::take_slot(SteadyTime deadline) {
  std::unique_lock lock(mutex_);
  if (waiting_ >= options_.waiting_max)
    return fail(ErrorKind::exhausted, "too many pictures are being made");
  ++waiting_;
  std::size_t chosen = slots_.size();
  const bool found = free_.wait_until(lock, deadline, [&] {
    for (chosen = 0; chosen < slots_.size(); ++chosen)
      if (!slots_[chosen].busy) return true;
    return false;
  });
  --waiting_;
  if (!found) return fail(ErrorKind::deadline, "the picture takes too long");
  slots_[chosen].busy = true;
  return chosen;
}

void WorkerPool::give_back(std::size_t slot) {
  {
    const std::lock_guard lock(mutex_);
    slots_[slot].busy = false;
  }
  free_.notify_one();
}

Result<Message> WorkerPool::ask(WorkerProcess& worker, const Bytes& question,
                                SteadyTime deadline) const {
  if (!worker.running()) {
    ORIEL_TRY_ASSIGN(worker, WorkerProcess::start(options_.command));
    fcntl(worker.fd(), F_SETFL, O_NONBLOCK);
  }
  ORIEL_TRY(send_to_worker(worker.fd(), question, deadline));
  return receive_from_worker(worker.fd(), deadline);
}

Result<Message> WorkerPool::ask(const Message& question) {
  const SteadyTime deadline = std::chrono::steady_clock::now() + options_.deadline;
  if (question.payload.size() > kPayloadBytesMax)
    return fail(ErrorKind::unsupported, "it is too long for a worker");
  const Bytes bytes = encode(question);
  ORIEL_TRY_ASSIGN(const std::size_t slot, take_slot(deadline));
  WorkerProcess& worker = slots_[slot].worker;
  Result<Message> answer = ask(worker, bytes, deadline);
  // A worker that had reached its CPU bound dies at the next question: once more with a new one.
  for (int again = 0; again < 2 && !answer; ++again) {
    if (worker.running())
      log::info("{} worker: {} ({})", options_.command.name, answer.error().message, worker.end());
    if (answer.error().kind != ErrorKind::unavailable || again > 0) break;
    answer = ask(worker, bytes, deadline);
  }
  give_back(slot);
  return answer;
}

}  // namespace oriel::ingest
