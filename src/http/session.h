// A connection and the I/O thread it lives on. Inside the folder only.
#pragma once
#include <array>
#include <atomic>
#include <list>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/steady_timer.hpp>

#include "http/response_head.h"
#include "http/server.h"

namespace oriel::http {

using Socket =
    boost::asio::basic_stream_socket<boost::asio::ip::tcp, boost::asio::io_context::executor_type>;

// "203.0.113.7"; an IPv4 address that came over IPv6 as IPv4.
std::string address_text(const boost::asio::ip::address& address);

// Open connections, in all and for each address. Thread-safe. Overflow policy: refuse.
class ConnectionCensus {
 public:
  ConnectionCensus(std::size_t total_max, std::size_t per_address_max)
      : total_max_(total_max), per_address_max_(per_address_max) {}

  // Leaves the census when destroyed.
  class Ticket {
   public:
    Ticket() = default;
    Ticket(ConnectionCensus* census, std::string address)
        : census_(census), address_(std::move(address)) {}
    Ticket(Ticket&& other) noexcept
        : census_(std::exchange(other.census_, nullptr)), address_(std::move(other.address_)) {}
    Ticket& operator=(Ticket&&) = delete;
    ~Ticket() {
      if (census_ != nullptr) census_->leave(address_);
    }
    explicit operator bool() const { return census_ != nullptr; }

   private:
    ConnectionCensus* census_ = nullptr;
    std::string address_;
  };
  // An empty ticket when full.
  Ticket enter(const std::string& address);
  std::size_t total() const { return total_.load(std::memory_order_relaxed); }

 private:
  void leave(const std::string& address);

  const std::size_t total_max_;
  const std::size_t per_address_max_;
  std::atomic<std::size_t> total_ = 0;
  std::mutex mutex_;
  // Only kept when per_address_max_ is set; at most total_max_ entries. Guarded by mutex_.
  std::unordered_map<std::string, std::size_t> by_address_;
};

enum class Drop { header_timeout, body_timeout, idle_timeout, slow_reader, gone, stopped, refused };
inline constexpr std::size_t kDropCount = 7;

// What all connections of a server use; not changed after the start.
struct ServerContext {
  ServerContext(const ServerOptions& server_options, const Router& server_router,
                Offload& server_offload, const Clock& server_clock, const ConnectionCensus& census,
                Metrics& metrics);

  const ServerOptions& options;
  const Router& router;
  Offload& offload;
  const Clock& clock;
  const ConnectionCensus& census;
  const SecurityHeaders security;
  // By route and status class (1xx to 5xx); the last is for requests without a route.
  std::vector<std::array<Counter*, 5>> requests;
  std::array<Counter*, kDropCount> drops;
  Counter& sent_bytes;
  Counter& accepted;
  Gauge& open;

  void count_request(const Route* route, int status) const;
  void count_drop(Drop reason) const { drops[static_cast<std::size_t>(reason)]->add(); }
};

enum class Phase { handshake, idle, header, body, handling, writing, draining, websocket };

class IoThread;

// What the thread's sweep sees of a connection. All of it runs on the connection's thread.
class Connection {
 public:
  virtual ~Connection() = default;
  // Starts the coroutine; the thread removes the connection when it ends.
  virtual void start() = 0;
  // Looks for what is overdue.
  void sweep(SteadyTime now);
  // The server stops: whatever is not in the middle of a request ends now.
  void begin_stop();
  // The server has waited long enough: ends it whatever it does.
  void stop_now();

 protected:
  Connection(IoThread& thread, const ServerContext& context, ConnectionCensus::Ticket ticket);
  virtual Socket& socket() = 0;
  virtual void close_websocket_for_stop() = 0;
  void enter(Phase phase);
  void begin_write();
  void end_write() { writing_ = false; }
  void close_socket();
  void cancel();

  IoThread& thread_;
  const ServerContext& context_;
  boost::asio::cancellation_signal cancellation_;
  bool timed_out_ = false;
  bool stopping_ = false;
  bool endless_ = false;  // answers with a stream that never ends by itself

 private:
  void drop(Drop reason);
  void check_reader(SteadyTime now);
  void check_presence();

  friend class IoThread;
  std::list<std::unique_ptr<Connection>>::iterator place_;
  bool stopped_now_ = false;
  ConnectionCensus::Ticket ticket_;
  Phase phase_ = Phase::header;
  SteadyTime since_;
  bool writing_ = false;
  // What the peer had acknowledged when the sweep last looked, while writing_.
  std::optional<std::uint64_t> acknowledged_;
  SteadyTime acknowledged_at_;
};

// One thread, one io_context, its connections and their sweep.
class IoThread {
 public:
  IoThread(const ServerContext& context, std::size_t index);
  ~IoThread();

  boost::asio::io_context& io() { return io_; }
  void start();
  // Any thread; idempotent.
  void request_stop();
  void join();

  // The thread's own, from here on.
  void adopt(Socket socket, ConnectionCensus::Ticket ticket,
             std::shared_ptr<boost::asio::ssl::context> tls);
  void remove(Connection& connection);
  SteadyTime now() const { return now_; }
  bool stopping() const { return stopping_; }
  // The present second as an HTTP date.
  std::string_view date();

 private:
  void arm_sweep();
  void on_sweep();
  void begin_stop();

  const ServerContext& context_;
  const std::size_t index_;
  boost::asio::io_context io_;
  std::optional<boost::asio::executor_work_guard<boost::asio::io_context::executor_type>> guard_;
  boost::asio::steady_timer sweep_timer_;
  std::list<std::unique_ptr<Connection>> connections_;  // bounded by the census
  SteadyTime now_;
  std::int64_t date_second_ = -1;
  std::string date_;
  bool stopping_ = false;
  SteadyTime stop_at_;
  NamedThread thread_;
};

// The session over TCP, or over TLS when `tls` is set.
std::unique_ptr<Connection> make_session(IoThread& thread, const ServerContext& context,
                                         Socket socket, ConnectionCensus::Ticket ticket,
                                         std::shared_ptr<boost::asio::ssl::context> tls);

}  // namespace oriel::http
