#include "http/server.h"

#include <charconv>
#include <cstring>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/v6_only.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sys/socket.h>

#include "base/log.h"
#include "http/session.h"
#include "http/tls.h"

namespace oriel::http {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);

// How long accepting pauses when the process has no descriptors left.
constexpr auto kAcceptPause = std::chrono::milliseconds(100);

Result<tcp::endpoint> parse_listen(const std::string& text) {
  const auto wrong = [&] {
    return fail(ErrorKind::invalid, "listen address \"" + text +
                                        "\": expected ADDRESS:PORT, as 127.0.0.1:8080 or [::]:80");
  };
  const auto colon = text.rfind(':');
  if (colon == std::string::npos) return wrong();
  std::string host = text.substr(0, colon);
  if (host.size() > 2 && host.front() == '[' && host.back() == ']')
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string::npos)
    return wrong();
  if (host == "localhost") host = "127.0.0.1";
  if (host == "*") host = "::";
  unsigned port = 0;
  const char* begin = text.data() + colon + 1;
  const char* end = text.data() + text.size();
  const auto parsed = std::from_chars(begin, end, port);
  if (begin == end || parsed.ptr != end || parsed.ec != std::errc() || port > 65535) return wrong();
  error_code error;
  const auto address = asio::ip::make_address(host, error);
  if (error) return wrong();
  return tcp::endpoint(address, static_cast<std::uint16_t>(port));
}

}  // namespace

class Server::Core {
 public:
  Core(ServerOptions options, const Router& router, Offload& offload, const Clock& clock,
       Metrics& metrics)
      : options_(std::move(options)),
        census_(options_.connections_max, options_.connections_per_address_max),
        context_(options_, router, offload, clock, census_, metrics) {
    const std::size_t count = std::max<std::size_t>(1, options_.threads);
    for (std::size_t i = 0; i < count; ++i)
      threads_.push_back(std::make_unique<IoThread>(context_, i));
  }
  ~Core() {
    request_stop();
    join();
  }

  Result<void> start();
  Result<void> reload_certificates();
  void request_stop();
  void join();

  std::string bound_address() const;
  std::uint16_t port() const { return bound_.port(); }
  std::size_t connections() const { return census_.total(); }

 private:
  Result<void> listen();
  void accept_next();
  void on_accept(const error_code& error, Socket socket, IoThread& thread);
  void admit(Socket socket, IoThread& thread);
  void turn_away(Socket socket);
  void watch_certificates();
  void stop_accepting();
  std::shared_ptr<asio::ssl::context> tls();
  Awaitable<void> look_at_certificates();

  const ServerOptions options_;
  ConnectionCensus census_;
  const ServerContext context_;
  std::vector<std::unique_ptr<IoThread>> threads_;
  tcp::endpoint bound_;
  std::atomic<bool> stop_requested_ = false;
  bool started_ = false;

  // Of the first thread only.
  std::optional<tcp::acceptor> acceptor_;
  std::optional<asio::steady_timer> pause_;
  std::optional<asio::steady_timer> watch_;
  std::size_t next_thread_ = 0;
  bool accepting_ = false;

  std::mutex tls_mutex_;
  std::shared_ptr<asio::ssl::context> tls_;  // guarded by tls_mutex_
  std::string tls_state_;                    // guarded by tls_mutex_
};

Result<void> Server::Core::listen() {
  ORIEL_TRY_ASSIGN(const tcp::endpoint endpoint, parse_listen(options_.listen));
  const auto failed = [&](const error_code& error) {
    return fail(errno_error(error.value(), "listen on " + options_.listen));
  };
  error_code error;
  acceptor_.emplace(threads_[0]->io());
  acceptor_->open(endpoint.protocol(), error);
  if (error) return failed(error);
  acceptor_->set_option(tcp::acceptor::reuse_address(true), error);
  if (error) return failed(error);
  if (endpoint.address().is_v6() && endpoint.address().is_unspecified()) {
    // "[::]" takes IPv4 too, whatever the system's default is.
    acceptor_->set_option(asio::ip::v6_only(false), error);
    if (error) return failed(error);
  }
  acceptor_->bind(endpoint, error);
  if (error) return failed(error);
  acceptor_->listen(asio::socket_base::max_listen_connections, error);
  if (error) return failed(error);
  bound_ = acceptor_->local_endpoint(error);
  if (error) return failed(error);
  pause_.emplace(threads_[0]->io());
  watch_.emplace(threads_[0]->io());
  return {};
}

Result<void> Server::Core::start() {
  ORIEL_CHECK(!started_);
  if (options_.tls) ORIEL_TRY(reload_certificates());
  ORIEL_TRY(listen());
  accepting_ = true;
  accept_next();
  if (options_.tls) watch_certificates();
  for (auto& thread : threads_) thread->start();
  started_ = true;
  return {};
}

std::string Server::Core::bound_address() const {
  const std::string host = bound_.address().to_string();
  return (bound_.address().is_v6() ? "[" + host + "]" : host) + ":" + std::to_string(bound_.port());
}

// One thread accepts and deals the connections out in turn: two servers cannot share a port by
// accident, as they could with SO_REUSEPORT, and the load is even.
void Server::Core::accept_next() {
  if (!accepting_) return;
  IoThread& thread = *threads_[next_thread_];
  next_thread_ = (next_thread_ + 1) % threads_.size();
  acceptor_->async_accept(thread.io(), [this, &thread](const error_code& error, auto socket) {
    on_accept(error, std::move(socket), thread);
  });
}

void Server::Core::on_accept(const error_code& error, Socket socket, IoThread& thread) {
  if (!accepting_ || error == asio::error::operation_aborted) return;
  if (!error) {
    admit(std::move(socket), thread);
    return accept_next();
  }
  if (error == asio::error::connection_aborted) return accept_next();
  log::warn("cannot accept a connection: {}", error.message());
  pause_->expires_after(kAcceptPause);
  pause_->async_wait([this](const error_code&) { accept_next(); });
}

void Server::Core::admit(Socket socket, IoThread& thread) {
  error_code error;
  const auto peer = socket.remote_endpoint(error);
  if (error) return;  // gone already
  context_.accepted.add();
  auto ticket = census_.enter(address_text(peer.address()));
  if (!ticket) return turn_away(std::move(socket));
  socket.set_option(tcp::no_delay(true), error);
  socket.set_option(asio::socket_base::keep_alive(true), error);
  socket.non_blocking(true, error);
  if (error) return;
  asio::post(thread.io(), [&thread, tls = tls(), socket = std::move(socket),
                           ticket = std::move(ticket)]() mutable {
    thread.adopt(std::move(socket), std::move(ticket), std::move(tls));
  });
}

// Says so if the kernel takes it at once; never waits.
void Server::Core::turn_away(Socket socket) {
  context_.count_drop(Drop::refused);
  if (options_.tls) return;
  static constexpr std::string_view kBusy =
      "HTTP/1.1 503 Service Unavailable\r\nRetry-After: 5\r\nContent-Length: 0\r\n"
      "Connection: close\r\n\r\n";
  error_code ignored;
  socket.non_blocking(true, ignored);
  std::array<char, 4096> waste;
  socket.receive(asio::buffer(waste), 0, ignored);
  socket.send(asio::buffer(kBusy.data(), kBusy.size()), 0, ignored);
  socket.shutdown(Socket::shutdown_send, ignored);
}

std::shared_ptr<asio::ssl::context> Server::Core::tls() {
  const std::lock_guard lock(tls_mutex_);
  return tls_;
}

Result<void> Server::Core::reload_certificates() {
  if (!options_.tls) return {};
  // The state first: a change while reading is then seen by the next look.
  std::string state = tls_files_state(*options_.tls);
  auto context = make_tls_context(*options_.tls);
  const std::lock_guard lock(tls_mutex_);
  tls_state_ = std::move(state);
  if (!context) return fail(std::move(context).error());
  tls_ = std::move(*context);
  return {};
}

void Server::Core::watch_certificates() {
  asio::co_spawn(threads_[0]->io(), look_at_certificates(), [](const std::exception_ptr& e) {
    if (e) std::rethrow_exception(e);
  });
}

Awaitable<void> Server::Core::look_at_certificates() {
  while (accepting_) {
    watch_->expires_after(std::chrono::microseconds(options_.tls->reload_check.us));
    const auto [error] = co_await watch_->async_wait(kToken);
    if (error || !accepting_) co_return;
    const Result<bool> reloaded = co_await context_.offload.run([this]() -> Result<bool> {
      const std::string state = tls_files_state(*options_.tls);
      {
        const std::lock_guard lock(tls_mutex_);
        if (state.empty() || state == tls_state_) return false;
      }
      ORIEL_TRY(reload_certificates());
      return true;
    });
    if (!reloaded)
      log::error("TLS certificate not reloaded, the old one stays: {}", reloaded.error().message);
    else if (*reloaded)
      log::info("TLS certificate reloaded from {}", options_.tls->certificate_file);
  }
}

void Server::Core::stop_accepting() {
  accepting_ = false;
  error_code ignored;
  acceptor_->close(ignored);
  pause_->cancel();
  watch_->cancel();
}

void Server::Core::request_stop() {
  if (stop_requested_.exchange(true) || !started_) return;
  asio::post(threads_[0]->io(), [this] { stop_accepting(); });
  for (auto& thread : threads_) thread->request_stop();
}

void Server::Core::join() {
  for (auto& thread : threads_) thread->join();
}

Server::Server(ServerOptions options, const Router& router, Offload& offload, const Clock& clock,
               Metrics& metrics)
    : core_(std::make_unique<Core>(std::move(options), router, offload, clock, metrics)) {}
Server::~Server() = default;

Result<void> Server::start() { return core_->start(); }
std::string Server::bound_address() const { return core_->bound_address(); }
std::uint16_t Server::port() const { return core_->port(); }
std::size_t Server::connections() const { return core_->connections(); }
Result<void> Server::reload_certificates() { return core_->reload_certificates(); }
void Server::request_stop() { core_->request_stop(); }
void Server::join() { core_->join(); }

}  // namespace oriel::http
