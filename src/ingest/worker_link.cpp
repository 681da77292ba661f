#include "ingest/worker_link.h"

#include <cerrno>

#include <fcntl.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"

namespace oriel::ingest {

WorkerLink::WorkerLink(WorkerLinkOptions options, WorkerLinkHandlers handlers)
    : options_(std::move(options)),
      handlers_(std::move(handlers)),
      wake_fd_(eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)) {
  ORIEL_CHECK(wake_fd_ >= 0);
  thread_ = NamedThread(options_.thread_name, [this](std::stop_token stop) { run(stop); });
}

WorkerLink::~WorkerLink() {
  request_stop();
  thread_.join();
  ::close(wake_fd_);
}

void WorkerLink::wake() const {
  const std::uint64_t one = 1;
  // A full counter wakes as well.
  if (::write(wake_fd_, &one, sizeof(one)) < 0 && errno != EAGAIN)
    log::error("wake a worker's link: {}", errno_error(errno, "write").message);
}

void WorkerLink::request_stop() {
  thread_.request_stop();
  wake();
}

bool WorkerLink::try_send(const Message& message, bool key) {
  {
    const std::lock_guard lock(mutex_);
    if (key && queue_bytes_ < options_.queue_bytes_max) wait_for_key_ = false;
    if (wait_for_key_ || queue_bytes_ + message.payload.size() > options_.queue_bytes_max) {
      wait_for_key_ = true;
      ++dropped_;
      return false;
    }
    queue_bytes_ += message.payload.size() + kMessageHeadBytes;
    queue_.push_back(encode(message));
  }
  wake();
  return true;
}

std::uint64_t WorkerLink::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

std::uint64_t WorkerLink::restarts() const {
  const std::lock_guard lock(mutex_);
  return restarts_;
}

void WorkerLink::restart() {
  {
    const std::lock_guard lock(mutex_);
    restart_ = true;
    queue_.clear();
    queue_bytes_ = 0;
    wait_for_key_ = true;
  }
  wake();
}

void WorkerLink::run(const std::stop_token& stop) {
  BackOff back_off(options_.back_off);
  while (!stop.stop_requested()) {
    {
      const std::lock_guard lock(mutex_);
      restart_ = false;
    }
    sending_.clear();
    sent_ = 0;
    receiving_.clear();
    const SteadyTime begun = std::chrono::steady_clock::now();
    auto worker = WorkerProcess::start(options_.command);
    const std::string why = worker ? serve(stop, *worker) : worker.error().message;
    const std::string ended = worker ? worker->end() : "not started";
    if (stop.stop_requested()) return;
    bool wanted = false;
    {
      const std::lock_guard lock(mutex_);
      wanted = restart_;
      ++restarts_;
      if (!wanted) {
        queue_.clear();
        queue_bytes_ = 0;
        wait_for_key_ = true;
      }
    }
    if (wanted) continue;
    log::warn("worker {}: {} ({})", options_.command.name, why, ended);
    handlers_.lost(why);
    if (std::chrono::steady_clock::now() - begun > std::chrono::seconds(30)) back_off.reset();
    const SteadyTime again = std::chrono::steady_clock::now() + back_off.next();
    for (SteadyTime now = std::chrono::steady_clock::now(); now < again && !stop.stop_requested();
         now = std::chrono::steady_clock::now()) {
      pollfd wait{wake_fd_, POLLIN, 0};
      const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(again - now).count();
      std::uint64_t count = 0;
      if (poll(&wait, 1, static_cast<int>(left) + 1) > 0 &&
          ::read(wake_fd_, &count, sizeof(count)) < 0)
        break;
    }
  }
}

// Until the worker is gone, a restart is wanted, or we stop; says why.
std::string WorkerLink::serve(const std::stop_token& stop, WorkerProcess& worker) {
  fcntl(worker.fd(), F_SETFL, O_NONBLOCK);
  for (const Message& message : handlers_.hello()) {
    const Bytes bytes = encode(message);
    sending_.insert(sending_.end(), bytes.begin(), bytes.end());
  }
  std::string why;
  for (;;) {
    bool more = false;
    {
      const std::lock_guard lock(mutex_);
      if (stop.stop_requested() || restart_) return "restarted";
      more = sent_ < sending_.size() || !queue_.empty();
    }
    pollfd waits[2] = {{worker.fd(), static_cast<short>(POLLIN | (more ? POLLOUT : 0)), 0},
                       {wake_fd_, POLLIN, 0}};
    if (poll(waits, 2, -1) < 0 && errno != EINTR) return errno_error(errno, "poll").message;
    if ((waits[1].revents & POLLIN) != 0) {
      std::uint64_t count = 0;
      if (::read(wake_fd_, &count, sizeof(count)) < 0 && errno != EAGAIN)
        return errno_error(errno, "read").message;
    }
    if ((waits[0].revents & POLLOUT) != 0 && !flush_out(worker.fd(), why)) return why;
    if ((waits[0].revents & (POLLIN | POLLHUP | POLLERR)) != 0 && !take_in(worker.fd(), why))
      return why;
  }
}

bool WorkerLink::flush_out(int fd, std::string& why) {
  for (;;) {
    if (sent_ == sending_.size()) {
      const std::lock_guard lock(mutex_);
      if (queue_.empty()) return true;
      sending_ = std::move(queue_.front());
      queue_.pop_front();
      queue_bytes_ -= std::min(queue_bytes_, sending_.size());
      sent_ = 0;
    }
    const ssize_t count =
        ::send(fd, sending_.data() + sent_, sending_.size() - sent_, MSG_NOSIGNAL);
    if (count < 0) {
      if (errno == EAGAIN || errno == EINTR) return true;
      why = errno_error(errno, "write to the worker").message;
      return false;
    }
    sent_ += static_cast<std::size_t>(count);
  }
}

bool WorkerLink::take_in(int fd, std::string& why) {
  std::uint8_t buffer[65'536];
  const ssize_t count = ::recv(fd, buffer, sizeof(buffer), 0);
  if (count < 0 && (errno == EAGAIN || errno == EINTR)) return true;
  if (count <= 0) {
    why = "it is gone";
    return false;
  }
  receiving_.insert(receiving_.end(), buffer, buffer + count);
  std::size_t at = 0;
  while (receiving_.size() - at >= kMessageHeadBytes) {
    const ByteView rest = ByteView(receiving_).subspan(at);
    const auto head = parse_message_head(rest);
    if (!head) {
      why = head.error().message;
      return false;
    }
    const std::size_t whole = kMessageHeadBytes + head->payload_bytes;
    if (rest.size() < whole) break;
    const ByteView payload = rest.subspan(kMessageHeadBytes, head->payload_bytes);
    if (head->type == MessageType::failed) {
      why = std::string(as_text(payload.first(std::min<std::size_t>(payload.size(), 200))));
      return false;
    }
    if (!handlers_.received(Message{head->type, Bytes(payload.begin(), payload.end())})) {
      why = "it talks nonsense";
      return false;
    }
    at += whole;
  }
  receiving_.erase(receiving_.begin(), receiving_.begin() + static_cast<std::ptrdiff_t>(at));
  return true;
}

}  // namespace oriel::ingest
