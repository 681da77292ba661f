// Looks a host's name up so that it can be given up.
#pragma once
#include <functional>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "base/time.h"

namespace oriel::ingest {

// Blocks; 0 or an EAI_ code of getaddrinfo(3).
using NameResolver = std::function<int(const std::string& host)>;
int resolve_with_system(const std::string& host);

// Returns as soon as `host` is known, `deadline` has passed, or `stop` is asked for. The C library
// cannot be interrupted: what is given up ends on its own thread, after its own time-outs. An
// address is not looked up. Errors: unavailable (no such host, no answer), deadline, cancelled.
Result<void> look_up_host(const std::string& host, SteadyTime deadline, const std::stop_token& stop,
                          NameResolver resolve = resolve_with_system);

}  // namespace oriel::ingest
