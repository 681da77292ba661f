#include "ingest/host_lookup.h"

#include <array>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>

#include <arpa/inet.h>
#include <netdb.h>

namespace oriel::ingest {
namespace {

// Outlives whoever waits for it.
struct Lookup {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::optional<int> code;  // guarded by mutex
};

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> into{};
  return ::inet_pton(AF_INET, host.c_str(), into.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), into.data()) == 1;
}

}  // namespace

int resolve_with_system(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  const int code = ::getaddrinfo(host.c_str(), nullptr, &hints, &found);
  if (code == 0) ::freeaddrinfo(found);
  return code;
}

Result<void> look_up_host(const std::string& host, SteadyTime deadline, const std::stop_token& stop,
                          NameResolver resolve) {
  if (host.empty() || is_address(host)) return {};
  const auto lookup = std::make_shared<Lookup>();
  std::thread([lookup, host, resolve = std::move(resolve)] {
    const int code = resolve(host);
    const std::lock_guard lock(lookup->mutex);
    lookup->code = code;
    lookup->changed.notify_all();
  }).detach();
  std::unique_lock lock(lookup->mutex);
  lookup->changed.wait_until(lock, stop, deadline, [&] { return lookup->code.has_value(); });
  if (!lookup->code)
    return stop.stop_requested() ? fail(ErrorKind::cancelled, "stopped")
                                 : fail(ErrorKind::deadline, "the name servers do not answer");
  if (*lookup->code != 0)
    return fail(ErrorKind::unavailable,
                std::string("the host's name: ") + ::gai_strerror(*lookup->code));
  return {};
}

}  // namespace oriel::ingest
