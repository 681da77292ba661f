#include "ingest/snapshot_process.h"

#include <algorithm>
#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/log.h"
#include "ingest/snapshot_worker.h"

namespace oriel::ingest {
namespace {

int left_ms(SteadyTime deadline) {
  const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(
      deadline - std::chrono::steady_clock::now());
  return static_cast<int>(std::clamp<std::int64_t>(left.count(), 0, 60'000));
}

Result<void> wait_for(int fd, short events, SteadyTime deadline) {
  pollfd wait{fd, events, 0};
  for (;;) {
    const int count = poll(&wait, 1, left_ms(deadline));
    if (count > 0) return {};
    if (count == 0) return fail(ErrorKind::deadline, "the picture takes too long");
    if (errno != EINTR) return fail(errno_error(errno, "wait for a picture"));
  }
}

}  // namespace

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
  std::size_t sent = 0;
  while (sent < request.size()) {
    ORIEL_TRY(wait_for(worker.fd(), POLLOUT, deadline));
    const ssize_t count =
        ::send(worker.fd(), request.data() + sent, request.size() - sent, MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN && errno != EINTR)
      return fail(ErrorKind::unavailable, "the picture's worker is gone");
    if (count > 0) sent += static_cast<std::size_t>(count);
  }
  Bytes answer;
  std::size_t wanted = kMessageHeadBytes;
  MessageHead head;
  while (answer.size() < wanted) {
    ORIEL_TRY(wait_for(worker.fd(), POLLIN, deadline));
    std::uint8_t buffer[65'536];
    const ssize_t count =
        ::recv(worker.fd(), buffer, std::min(sizeof(buffer), wanted - answer.size()), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (count <= 0) return fail(ErrorKind::unavailable, "the picture's worker is gone");
    answer.insert(answer.end(), buffer, buffer + count);
    if (wanted == kMessageHeadBytes && answer.size() == wanted) {
      const auto parsed = parse_message_head(answer);
      if (!parsed) return fail(ErrorKind::unavailable, "the picture's worker talks nonsense");
      head = *parsed;
      wanted += head.payload_bytes;
    }
  }
  answer.erase(answer.begin(), answer.begin() + kMessageHeadBytes);
  if (head.type == MessageType::jpeg) return answer;
  const std::string why(as_text(answer).substr(0, 200));
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
