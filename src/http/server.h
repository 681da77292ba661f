// The HTTP/1.1 server: listener, TLS, connections and their limits.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "base/time.h"
#include "http/offload.h"
#include "http/router.h"

namespace oriel::http {

struct TlsOptions {
  std::string certificate_file;                  // PEM, leaf first, chain after
  std::string key_file;                          // PEM
  Duration reload_check = Duration::from_s(30);  // how often the files are looked at for a change
};

struct ServerOptions {
  std::string listen = "127.0.0.1:8080";  // "[::]:80"; port 0 takes any free one
  std::size_t threads = 1;
  std::optional<TlsOptions> tls;

  std::size_t header_bytes_max = 16u << 10;
  std::size_t body_bytes_max = 1u << 20;  // a route may name another (Operation.body_bytes_max)
  std::size_t websocket_message_bytes_max = 64u << 10;
  std::size_t connections_max = 20'000;
  std::size_t connections_per_address_max = 0;  // 0: no bound; museums and CDNs share one address

  Duration header_timeout =
      Duration::from_s(10);  // from the first byte of a request to its last header
  Duration body_timeout = Duration::from_s(60);   // without a byte of a body
  Duration idle_timeout = Duration::from_s(75);   // between requests
  Duration write_timeout = Duration::from_s(30);  // a client that takes nothing of a waiting answer
  Duration websocket_idle = Duration::from_s(60);     // half of it without a message: a ping
  Duration sweep_interval = Duration::from_ms(1000);  // how exactly the above are kept
  Duration stop_deadline = Duration::from_s(5);  // how long requests may take to finish at stop

  // Sent with every HTML answer that has no policy of its own.
  std::string content_security_policy =
      "default-src 'self'; img-src 'self' data: blob:; media-src 'self' blob:; "
      "worker-src 'self' blob:; connect-src 'self'; object-src 'none'; base-uri 'self'; "
      "form-action 'self'; frame-ancestors 'self'";
  // Other origins that may open WebSockets ("https://museum.example"); the same host always may.
  std::vector<std::string> websocket_origins;
  // Peers whose X-Forwarded-For and X-Forwarded-Proto are believed ("127.0.0.1").
  std::vector<std::string> trusted_proxies;
};

// A connection stays on the I/O thread it was given. Handlers run there too and must not block.
// A handler that is still running when stop_deadline has passed is cancelled: its next co_await
// throws boost::system::system_error (operation_aborted), which must be let through.
class Server {
 public:
  // All of them must outlive the server. The router must not change after start().
  Server(ServerOptions options, const Router& router, Offload& offload, const Clock& clock,
         Metrics& metrics);
  // Stops and joins.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // Binds, reads the certificate, starts the threads. Blocks briefly. Errors: invalid (an address
  // that cannot be read), conflict (port in use), denied, not_found (certificate).
  Result<void> start();
  // "127.0.0.1:43121", after start().
  std::string bound_address() const;
  std::uint16_t port() const;
  // Open connections, of all threads.
  std::size_t connections() const;

  // Reads certificate and key again; new connections get them, old ones keep theirs. On an error
  // the old ones stay in use. Blocks: not on an I/O thread. Any other thread.
  Result<void> reload_certificates();

  // Stops accepting, closes idle connections and (1001) WebSockets, lets requests in progress
  // finish until stop_deadline, then cancels them. Any thread, twice is fine, returns at once.
  void request_stop();
  // Waits until all threads have ended.
  void join();

 private:
  class Core;
  std::unique_ptr<Core> core_;
};

}  // namespace oriel::http
