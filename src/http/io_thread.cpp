#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/post.hpp>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include "base/log.h"
#include "http/conditional.h"
#include "http/session.h"

namespace oriel::http {

namespace asio = boost::asio;

namespace {

// A reader that takes less than this in a whole write_timeout takes nothing.
constexpr std::uint64_t kProgressBytesMin = 1024;
constexpr auto kDrainTime = std::chrono::seconds(2);

constexpr std::array<const char*, kDropCount> kDropNames = {
    "header_timeout", "body_timeout", "idle_timeout", "slow_reader", "gone", "stopped", "refused"};

// What the kernel gives (linux/tcp.h) goes on behind the part that glibc's header declares; the two
// headers cannot be included together.
struct LongTcpInfo {
  ::tcp_info known;
  std::uint64_t pacing_rate;
  std::uint64_t pacing_rate_max;
  std::uint64_t bytes_acked;
};
static_assert(sizeof(::tcp_info) == 104);

std::chrono::microseconds chrono_of(Duration duration) {
  return std::chrono::microseconds(duration.us);
}

}  // namespace

std::string address_text(const asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped())
    return asio::ip::make_address_v4(asio::ip::v4_mapped, address.to_v6()).to_string();
  return address.to_string();
}

ConnectionCensus::Ticket ConnectionCensus::enter(const std::string& address) {
  if (total_.fetch_add(1) >= total_max_) {
    total_.fetch_sub(1);
    return {};
  }
  if (per_address_max_ > 0) {
    const std::lock_guard lock(mutex_);
    auto& count = by_address_[address];
    if (count >= per_address_max_) {
      total_.fetch_sub(1);
      return {};
    }
    ++count;
  }
  return {this, address};
}

void ConnectionCensus::leave(const std::string& address) {
  total_.fetch_sub(1);
  if (per_address_max_ == 0) return;
  const std::lock_guard lock(mutex_);
  const auto found = by_address_.find(address);
  if (found != by_address_.end() && --found->second == 0) by_address_.erase(found);
}

ServerContext::ServerContext(const ServerOptions& server_options, const Router& server_router,
                             Offload& server_offload, const Clock& server_clock,
                             const ConnectionCensus& server_census, Metrics& metrics)
    : options(server_options),
      router(server_router),
      offload(server_offload),
      clock(server_clock),
      census(server_census),
      security(SecurityHeaders::make(server_options)),
      sent_bytes(metrics.counter("oriel_http_sent_bytes_total", "Bytes of answers and messages")),
      accepted(metrics.counter("oriel_http_connections_total", "Connections accepted")),
      open(metrics.gauge("oriel_http_connections", "Connections open")) {
  const auto add = [&](const std::string& route, const std::string& method) {
    auto& row = requests.emplace_back();
    for (std::size_t i = 0; i < row.size(); ++i)
      row[i] = &metrics.counter(
          "oriel_http_requests_total", "Requests answered",
          {{"route", route}, {"method", method}, {"status", std::to_string(i + 1) + "xx"}});
  };
  for (const auto& route : router.routes())
    add(route->pattern, std::string(to_string(route->method)));
  add("none", "any");
  for (std::size_t i = 0; i < kDropCount; ++i)
    drops[i] = &metrics.counter("oriel_http_dropped_total", "Connections ended by the server",
                                {{"reason", kDropNames[i]}});
}

void ServerContext::count_request(const Route* route, int status) const {
  const std::size_t row = route == nullptr ? requests.size() - 1 : route->index;
  const int status_class = std::clamp(status / 100, 1, 5);
  requests[row][static_cast<std::size_t>(status_class - 1)]->add();
}

Connection::Connection(IoThread& thread, const ServerContext& context,
                       ConnectionCensus::Ticket ticket)
    : thread_(thread), context_(context), ticket_(std::move(ticket)), since_(thread.now()) {}

void Connection::enter(Phase phase) {
  phase_ = phase;
  since_ = thread_.now();
}

void Connection::begin_write() {
  writing_ = true;
  acknowledged_.reset();
}

void Connection::close_socket() {
  boost::system::error_code ignored;
  socket().close(ignored);
}

void Connection::drop(Drop reason) {
  if (timed_out_) return close_socket();  // it was asked once to end by itself
  timed_out_ = true;
  context_.count_drop(reason);
  boost::system::error_code ignored;
  // Reading is broken off so that the session can say 408; everything else ends at once.
  if (phase_ == Phase::header || phase_ == Phase::body)
    socket().cancel(ignored);
  else
    close_socket();
  // In a handler that waits for something else, closing alone wakes nobody.
  if (phase_ == Phase::handling) cancel();
}

void Connection::sweep(SteadyTime now) {
  if (!socket().is_open()) return;
  if (writing_) check_reader(now);
  const auto& options = context_.options;
  const auto age = now - since_;
  switch (phase_) {
    case Phase::handshake:
    case Phase::header:
      if (age > chrono_of(options.header_timeout)) drop(Drop::header_timeout);
      return;
    case Phase::idle:
      if (age > chrono_of(options.idle_timeout)) drop(Drop::idle_timeout);
      return;
    case Phase::body:
      if (age > chrono_of(options.body_timeout)) drop(Drop::body_timeout);
      return;
    case Phase::draining:
      if (age > kDrainTime) close_socket();
      return;
    case Phase::handling:
      check_presence();
      return;
    case Phase::writing:
    case Phase::websocket:
      return;
  }
}

// The kernel's count of acknowledged bytes tells a slow reader from one that takes nothing, without
// a timer for each operation, and the same for plain, TLS and WebSocket.
void Connection::check_reader(SteadyTime now) {
  const auto patience = chrono_of(context_.options.write_timeout);
  if (acknowledged_ && now - acknowledged_at_ < patience) return;
  LongTcpInfo info{};
  ::socklen_t length = sizeof info;
  if (::getsockopt(socket().native_handle(), IPPROTO_TCP, TCP_INFO, &info, &length) != 0) return;
  if (acknowledged_ && info.bytes_acked - *acknowledged_ < kProgressBytesMin)
    return drop(Drop::slow_reader);
  acknowledged_ = info.bytes_acked;
  acknowledged_at_ = now;
}

// While a handler waits (for a part, for news) nobody reads, so that only asking shows that the
// peer has gone. A peer that has shut its sending side counts as gone.
void Connection::check_presence() {
  ::pollfd peer{socket().native_handle(), POLLRDHUP, 0};
  if (::poll(&peer, 1, 0) > 0 && (peer.revents & (POLLRDHUP | POLLHUP | POLLERR)) != 0)
    drop(Drop::gone);
}

void Connection::begin_stop() {
  stopping_ = true;
  if (phase_ == Phase::websocket) return close_websocket_for_stop();
  if (phase_ == Phase::idle || phase_ == Phase::header || phase_ == Phase::handshake ||
      phase_ == Phase::draining)
    return close_socket();
  if (endless_) cancel();
}

void Connection::stop_now() {
  if (!std::exchange(stopped_now_, true)) context_.count_drop(Drop::stopped);
  cancel();
}

void Connection::cancel() {
  close_socket();
  cancellation_.emit(asio::cancellation_type::terminal);
}

IoThread::IoThread(const ServerContext& context, std::size_t index)
    : context_(context),
      index_(index),
      io_(1),
      guard_(asio::make_work_guard(io_)),
      sweep_timer_(io_),
      now_(std::chrono::steady_clock::now()) {}

IoThread::~IoThread() {
  request_stop();
  join();
}

void IoThread::start() {
  arm_sweep();
  thread_ = NamedThread("http-" + std::to_string(index_), [this](std::stop_token) { io_.run(); });
}

void IoThread::request_stop() {
  asio::post(io_, [this] { begin_stop(); });
}

void IoThread::join() { thread_.join(); }

void IoThread::adopt(Socket socket, ConnectionCensus::Ticket ticket,
                     std::shared_ptr<asio::ssl::context> tls) {
  if (stopping_) return;
  connections_.push_back(
      make_session(*this, context_, std::move(socket), std::move(ticket), std::move(tls)));
  connections_.back()->place_ = std::prev(connections_.end());
  connections_.back()->start();
}

void IoThread::remove(Connection& connection) {
  connections_.erase(connection.place_);
  // The sweep sees the empty list and ends.
  if (stopping_ && connections_.empty()) sweep_timer_.cancel();
}

std::string_view IoThread::date() {
  const UtcTime now = context_.clock.now();
  const std::int64_t second = now.us / 1'000'000;
  if (second != date_second_) {
    date_second_ = second;
    date_ = format_http_date(now);
  }
  return date_;
}

void IoThread::arm_sweep() {
  sweep_timer_.expires_after(chrono_of(context_.options.sweep_interval));
  sweep_timer_.async_wait([this](boost::system::error_code) { on_sweep(); });
}

void IoThread::on_sweep() {
  now_ = std::chrono::steady_clock::now();
  if (index_ == 0) context_.open.set(static_cast<double>(context_.census.total()));
  if (stopping_ && connections_.empty()) return;
  const bool overdue = stopping_ && now_ - stop_at_ > chrono_of(context_.options.stop_deadline);
  for (const auto& connection : connections_) {
    if (overdue) {
      connection->stop_now();
    } else {
      connection->sweep(now_);
    }
  }
  arm_sweep();
}

void IoThread::begin_stop() {
  if (stopping_) return;
  stopping_ = true;
  now_ = std::chrono::steady_clock::now();
  stop_at_ = now_;
  guard_.reset();
  for (const auto& connection : connections_) connection->begin_stop();
  if (connections_.empty()) sweep_timer_.cancel();
}

}  // namespace oriel::http
