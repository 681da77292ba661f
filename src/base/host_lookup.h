// Looks a host's name up so that it can be given up.
#pragma once
#include <functional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace oriel {

struct HostAnswer {
  int code = 0;  // 0 or an EAI_ code of getaddrinfo(3)
  std::vector<std::string> addresses;
};
// Blocks.
using NameResolver = std::function<HostAnswer(const std::string& host)>;
HostAnswer resolve_with_system(const std::string& host);

// The addresses of `host`, best first, as soon as they are known, `deadline` has passed, or `stop`
// is asked for. The C library cannot be interrupted: what is given up ends on its own thread, after
// its own time-outs. An address is not looked up. Errors: unavailable (no such host, no answer),
// deadline, cancelled.
Result<std::vector<std::string>> look_up_host(const std::string& host, SteadyTime deadline,
                                              const std::stop_token& stop,
                                              NameResolver resolve = resolve_with_system);

}  // namespace oriel
