#include "base/host_lookup.h"

#include <array>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <optional>
#include <thread>
#include <utility>

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>

namespace oriel {
namespace {

// Outlives whoever waits for it.
struct Lookup {
  std::mutex mutex;
  std::condition_variable_any changed;
  std::optional<HostAnswer> answer;  // guarded by mutex
};

bool is_address(const std::string& host) {
  std::array<unsigned char, sizeof(in6_addr)> into{};
  return ::inet_pton(AF_INET, host.c_str(), into.data()) == 1 ||
         ::inet_pton(AF_INET6, host.c_str(), into.data()) == 1;
}

}  // namespace

HostAnswer resolve_with_system(const std::string& host) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  addrinfo* found = nullptr;
  HostAnswer answer{::getaddrinfo(host.c_str(), nullptr, &hints, &found), {}};
  if (answer.code != 0) return answer;
  for (const auto* each = found; each != nullptr; each = each->ai_next) {
    std::array<char, NI_MAXHOST> text{};
    if (::getnameinfo(each->ai_addr, each->ai_addrlen, text.data(), text.size(), nullptr, 0,
                      NI_NUMERICHOST) == 0)
      answer.addresses.emplace_back(text.data());
  }
  ::freeaddrinfo(found);
  return answer;
}

Result<std::vector<std::string>> look_up_host(const std::string& host, SteadyTime deadline,
                                              const std::stop_token& stop, NameResolver resolve) {
  if (host.empty() || is_address(host)) return std::vector{host};
  const auto lookup = std::make_shared<Lookup>();
  std::thread([lookup, host, resolve = std::move(resolve)] {
    auto answer = resolve(host);
    const std::lock_guard lock(lookup->mutex);
    lookup->answer = std::move(answer);
    lookup->changed.notify_all();
  }).detach();
  std::unique_lock lock(lookup->mutex);
  lookup->changed.wait_until(lock, stop, deadline, [&] { return lookup->answer.has_value(); });
  if (!lookup->answer)
    return stop.stop_requested() ? fail(ErrorKind::cancelled, "stopped")
                                 : fail(ErrorKind::deadline, "the name servers do not answer");
  if (lookup->answer->code != 0)
    return fail(ErrorKind::unavailable,
                std::string("the host's name: ") + ::gai_strerror(lookup->answer->code));
  return std::move(lookup->answer->addresses);
}

}  // namespace oriel
