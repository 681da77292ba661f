#include "demo/rtsp_server.h"

#include <cerrno>
#include <random>
#include <unordered_map>

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "base/thread.h"

namespace oriel::demo {
namespace {

class Fd {
 public:
  Fd() = default;
  explicit Fd(int fd) : fd_(fd) {}
  Fd(Fd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Fd& operator=(Fd&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Fd() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_ = -1;
};

// Shared with the inboxes, which may be woken after the server is gone.
struct Waker {
  Fd fd{::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)};
  void wake() const {
    const std::uint64_t one = 1;
    // Full means that it is already awake.
    [[maybe_unused]] const auto n = ::write(fd.get(), &one, sizeof(one));
  }
  void clear() const {
    std::uint64_t count = 0;
    [[maybe_unused]] const auto n = ::read(fd.get(), &count, sizeof(count));
  }
};

Result<sockaddr_in> parse_address(const std::string& address, int port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(static_cast<std::uint16_t>(port));
  if (::inet_pton(AF_INET, address.c_str(), &out.sin_addr) != 1)
    return fail(ErrorKind::invalid, "'" + address + "' is not a numeric IPv4 address");
  return out;
}

Result<Fd> bind_socket(int type, const sockaddr_in& address) {
  Fd fd(::socket(AF_INET, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (fd.get() < 0) return fail(errno_error(errno, "open a socket"));
  const int yes = 1;
  if (type == SOCK_STREAM) ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes));
  if (::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address), sizeof(address)) != 0)
    return fail(errno_error(errno, "bind port " + std::to_string(ntohs(address.sin_port))));
  return fd;
}

int local_port(const Fd& fd) {
  sockaddr_in address{};
  socklen_t size = sizeof(address);
  ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

struct UdpPair {
  Fd rtp;
  Fd rtcp;
  int port = 0;
};

// RTP wants an even port with the next one for RTCP (RFC 3550 section 11).
Result<UdpPair> bind_udp_pair(const sockaddr_in& any_port) {
  for (int attempt = 0; attempt < 64; ++attempt) {
    sockaddr_in address = any_port;
    address.sin_port = 0;
    ORIEL_TRY_ASSIGN(Fd first, bind_socket(SOCK_DGRAM, address));
    const int port = local_port(first);
    address.sin_port = htons(static_cast<std::uint16_t>(port ^ 1));
    auto second = bind_socket(SOCK_DGRAM, address);
    if (!second) continue;
    if (port % 2 == 0) return UdpPair{std::move(first), std::move(*second), port};
    return UdpPair{std::move(*second), std::move(first), port ^ 1};
  }
  return fail(ErrorKind::unavailable, "no free pair of UDP ports");
}

struct Connection {
  Fd fd;
  sockaddr_in peer{};
  std::unique_ptr<RtspSession> session;
  bool closing = false;        // when the output is sent
  bool wants_writing = false;  // EPOLLOUT is armed
};

class EpollServer final : public RtspServer {
 public:
  EpollServer(const RtspServerOptions& options, StreamMap streams, const Clock& clock, Fd listener,
              UdpPair udp)
      : options_(options),
        streams_(std::move(streams)),
        clock_(clock),
        listener_(std::move(listener)),
        udp_(std::move(udp)),
        epoll_(::epoll_create1(EPOLL_CLOEXEC)),
        port_(local_port(listener_)) {
    watch(listener_.get(), EPOLLIN, EPOLL_CTL_ADD);
    watch(udp_.rtp.get(), EPOLLIN, EPOLL_CTL_ADD);
    watch(udp_.rtcp.get(), EPOLLIN, EPOLL_CTL_ADD);
    watch(waker_->fd.get(), EPOLLIN, EPOLL_CTL_ADD);
    thread_ = NamedThread("rtsp", [this](std::stop_token stop) { run(stop); });
  }
  ~EpollServer() override {
    thread_.request_stop();
    waker_->wake();
    thread_.join();
  }
  std::uint16_t port() const override { return static_cast<std::uint16_t>(port_); }

 private:
  void watch(int fd, std::uint32_t events, int operation) const {
    epoll_event event{};
    event.events = events;
    event.data.fd = fd;
    ORIEL_CHECK(::epoll_ctl(epoll_.get(), operation, fd, &event) == 0);
  }

  void run(const std::stop_token& stop) {
    std::array<epoll_event, 64> events{};
    UtcTime last_tick = clock_.now();
    while (!stop.stop_requested()) {
      const int count = ::epoll_wait(epoll_.get(), events.data(), events.size(), 500);
      if (count < 0 && errno != EINTR) {
        log::error("rtsp: epoll_wait: errno {}", errno);
        break;
      }
      for (int i = 0; i < count; ++i) dispatch(events[static_cast<std::size_t>(i)]);
      const UtcTime now = clock_.now();
      if (now - last_tick >= Duration::from_ms(500)) {
        last_tick = now;
        tick_all(now);
      }
    }
    connections_.clear();
  }

  void dispatch(const epoll_event& event) {
    const int fd = event.data.fd;
    if (fd == listener_.get()) return accept_all();
    if (fd == waker_->fd.get()) {
      waker_->clear();
      return pump_all();
    }
    if (fd == udp_.rtp.get() || fd == udp_.rtcp.get()) return drain(fd);
    const auto found = connections_.find(fd);
    if (found == connections_.end()) return;
    Connection& connection = found->second;
    bool alive = (event.events & (EPOLLHUP | EPOLLERR)) == 0;
    if (alive && (event.events & EPOLLIN) != 0) alive = read(connection);
    if (alive) {
      connection.session->pump();
      alive = flush(connection);
    }
    if (!alive) connections_.erase(fd);
  }

  void accept_all() {
    for (;;) {
      sockaddr_in peer{};
      socklen_t size = sizeof(peer);
      const int fd = ::accept4(listener_.get(), reinterpret_cast<sockaddr*>(&peer), &size,
                               SOCK_NONBLOCK | SOCK_CLOEXEC);
      if (fd < 0) return;
      Connection connection{Fd(fd), peer, nullptr, false, false};
      if (connections_.size() >= options_.connections_max) {
        log::warn("rtsp: refused a connection: {} are open", connections_.size());
        continue;
      }
      const int yes = 1;
      ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof(yes));
      connection.session = std::make_unique<RtspSession>(
          surroundings(peer), (std::uint64_t{device_()} << 32) | device_());
      connections_.emplace(fd, std::move(connection));
      watch(fd, EPOLLIN, EPOLL_CTL_ADD);
    }
  }

  SessionSurroundings surroundings(const sockaddr_in& peer) {
    return {streams_,
            options_.credentials,
            clock_,
            [this, peer](int port, bool rtcp, ByteView bytes) {
              sockaddr_in to = peer;
              to.sin_port = htons(static_cast<std::uint16_t>(port));
              ::sendto((rtcp ? udp_.rtcp : udp_.rtp).get(), bytes.data(), bytes.size(),
                       MSG_DONTWAIT, reinterpret_cast<const sockaddr*>(&to), sizeof(to));
            },
            [waker = waker_] { waker->wake(); },
            udp_.port};
  }

  bool read(Connection& connection) {
    std::array<std::uint8_t, 16'384> chunk;
    for (int round = 0; round < 4; ++round) {
      const ssize_t got = ::recv(connection.fd.get(), chunk.data(), chunk.size(), 0);
      if (got == 0) return false;
      if (got < 0) return errno == EAGAIN || errno == EINTR;
      if (connection.closing) continue;
      if (!connection.session->receive({chunk.data(), static_cast<std::size_t>(got)}))
        connection.closing = true;
    }
    return true;
  }

  // False when the connection is done.
  bool flush(Connection& connection) {
    Bytes& output = connection.session->output();
    std::size_t sent = 0;
    while (sent < output.size()) {
      const ssize_t n =
          ::send(connection.fd.get(), output.data() + sent, output.size() - sent, MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0 && errno != EAGAIN) return false;
      if (n < 0) break;
      sent += static_cast<std::size_t>(n);
    }
    output.erase(output.begin(), output.begin() + static_cast<long>(sent));
    const bool wants = !output.empty();
    if (wants != connection.wants_writing) {
      connection.wants_writing = wants;
      watch(connection.fd.get(), wants ? EPOLLIN | EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
    }
    return wants || !connection.closing;
  }

  void pump_all() {
    for (auto it = connections_.begin(); it != connections_.end();) {
      it->second.session->pump();
      it = flush(it->second) ? std::next(it) : connections_.erase(it);
    }
  }

  void tick_all(UtcTime now) {
    for (auto it = connections_.begin(); it != connections_.end();) {
      const bool silent = it->second.session->tick(now);
      it = !silent && flush(it->second) ? std::next(it) : connections_.erase(it);
    }
  }

  // Receiver reports and hole punching: not needed, but the socket must not fill.
  static void drain(int fd) {
    std::array<std::uint8_t, 2048> chunk;
    while (::recv(fd, chunk.data(), chunk.size(), MSG_DONTWAIT) >= 0) {
    }
  }

  const RtspServerOptions options_;
  const StreamMap streams_;
  const Clock& clock_;
  const Fd listener_;
  const UdpPair udp_;
  const Fd epoll_;
  const int port_;
  const std::shared_ptr<Waker> waker_ = std::make_shared<Waker>();
  std::random_device device_;
  std::unordered_map<int, Connection> connections_;  // at most connections_max
  NamedThread thread_;
};

}  // namespace

Result<std::unique_ptr<RtspServer>> RtspServer::start(const RtspServerOptions& options,
                                                      StreamMap streams, const Clock& clock) {
  ORIEL_TRY_ASSIGN(const sockaddr_in address, parse_address(options.address, options.port));
  ORIEL_TRY_ASSIGN(Fd listener, bind_socket(SOCK_STREAM, address));
  if (::listen(listener.get(), 64) != 0) return fail(errno_error(errno, "listen"));
  ORIEL_TRY_ASSIGN(UdpPair udp, bind_udp_pair(address));
  return std::make_unique<EpollServer>(options, std::move(streams), clock, std::move(listener),
                                       std::move(udp));
}

}  // namespace oriel::demo
