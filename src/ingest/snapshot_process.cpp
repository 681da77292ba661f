#include "ingest/snapshot_process.h"

#include <fcntl.h>

#include "base/log.h"
#include "ingest/snapshot_worker.h"
#include "ingest/worker_talk.h"

namespace oriel::ingest {
SnapshotPool::SnapshotPool(SnapshotOptions options)
    : options_(std::move(options)), slots_(options_.workers_max) {}

Result<std::size_t> SnapshotPool::take_slot(SteadyTime deadline) {
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

void SnapshotPool::give_back(std::size_t slot) {
  {
    const std::lock_guard lock(mutex_);
    slots_[slot].busy = false;
  }
  free_.notify_one();
}

Result<Bytes> SnapshotPool::ask(WorkerProcess& worker, const Bytes& request,
                                SteadyTime deadline) const {
  if (!worker.running()) {
    ORIEL_TRY_ASSIGN(worker, WorkerProcess::start(options_.command));
    fcntl(worker.fd(), F_SETFL, O_NONBLOCK);
  }
  ORIEL_TRY(send_to_worker(worker.fd(), request, deadline));
  ORIEL_TRY_ASSIGN(Message answer, receive_from_worker(worker.fd(), deadline));
  if (answer.type == MessageType::jpeg) return std::move(answer.payload);
  const std::string why(as_text(answer.payload).substr(0, 200));
  return fail(
      why.find("only sound") != std::string::npos ? ErrorKind::not_found : ErrorKind::data_loss,
      why);
}

Result<Bytes> SnapshotPool::jpeg(ByteView init, ByteView segment, std::int64_t offset_90k,
                                 int width) {
  const SteadyTime deadline = std::chrono::steady_clock::now() + options_.deadline;
  PictureRequest wanted;
  wanted.init.assign(init.begin(), init.end());
  wanted.segment.assign(segment.begin(), segment.end());
  wanted.offset_90k = offset_90k;
  wanted.width = width;
  if (init.size() + segment.size() > kPayloadBytesMax - 64)
    return fail(ErrorKind::unsupported, "the segment is too long for a picture");
  const Bytes request = encode(make_message(wanted));
  ORIEL_TRY_ASSIGN(const std::size_t slot, take_slot(deadline));
  WorkerProcess& worker = slots_[slot].worker;
  Result<Bytes> made = ask(worker, request, deadline);
  // A worker that had reached its CPU bound dies at the next request: once more with a new one.
  for (int again = 0; again < 2 && !made; ++again) {
    const ErrorKind kind = made.error().kind;
    if (worker.running() && kind != ErrorKind::not_found && kind != ErrorKind::data_loss)
      log::info("snapshot worker: {} ({})", made.error().message, worker.end());
    if (kind != ErrorKind::unavailable || again > 0) break;
    made = ask(worker, request, deadline);
  }
  give_back(slot);
  return made;
}

}  // namespace oriel::ingest
