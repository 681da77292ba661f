#include "ingest/worker_talk.h"

#include <algorithm>
#include <cerrno>

#include <poll.h>
#include <sys/socket.h>

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
    if (count == 0) return fail(ErrorKind::deadline, "the worker takes too long");
    if (errno != EINTR) return fail(errno_error(errno, "wait for a worker"));
  }
}

}  // namespace

Result<void> send_to_worker(int fd, ByteView message, SteadyTime deadline) {
  std::size_t sent = 0;
  while (sent < message.size()) {
    ORIEL_TRY(wait_for(fd, POLLOUT, deadline));
    const ssize_t count = ::send(fd, message.data() + sent, message.size() - sent, MSG_NOSIGNAL);
    if (count < 0 && errno != EAGAIN && errno != EINTR)
      return fail(ErrorKind::unavailable, "the worker is gone");
    if (count > 0) sent += static_cast<std::size_t>(count);
  }
  return {};
}

Result<Message> receive_from_worker(int fd, SteadyTime deadline) {
  Bytes answer;
  std::size_t wanted = kMessageHeadBytes;
  MessageHead head;
  while (answer.size() < wanted) {
    ORIEL_TRY(wait_for(fd, POLLIN, deadline));
    std::uint8_t buffer[65'536];
    const ssize_t count = ::recv(fd, buffer, std::min(sizeof(buffer), wanted - answer.size()), 0);
    if (count < 0 && (errno == EAGAIN || errno == EINTR)) continue;
    if (count <= 0) return fail(ErrorKind::unavailable, "the worker is gone");
    answer.insert(answer.end(), buffer, buffer + count);
    if (wanted == kMessageHeadBytes && answer.size() == wanted) {
      const auto parsed = parse_message_head(answer);
      if (!parsed) return fail(ErrorKind::unavailable, "the worker talks nonsense");
      head = *parsed;
      wanted += head.payload_bytes;
    }
  }
  answer.erase(answer.begin(), answer.begin() + kMessageHeadBytes);
  return Message{head.type, std::move(answer)};
}

}  // namespace oriel::ingest
