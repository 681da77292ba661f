// The program put together: what is made, in which order, and how it ends.
#pragma once
#include <functional>
#include <memory>
#include <string>

#include "app/config.h"
#include "archive/archive.h"
#include "base/metrics.h"
#include "base/result.h"
#include "base/time.h"

namespace oriel::api {
struct Services;
}

namespace oriel::app {

// Order of stopping, each phase with its own deadline:
//   1. the server takes no connection, finishes requests (5 s) and closes sockets
//   2. the feeds' threads end their runs and are joined
//   3. the archive writes, syncs and settles (5 s)
//   4. the pools finish what is queued; the database closes
class Application {
 public:
  // Waits for the given time; true as soon as the program is asked to stop.
  using StopAsked = std::function<bool(Duration)>;

  // `clock` outlives it. A database that does not answer is waited for, between calls of
  // `stop_asked`; without that, at once an error. Errors name what could not be had: the
  // configuration's key, the port, the database; cancelled: `stop_asked` said so.
  static Result<std::unique_ptr<Application>> start(const Config& config, const Clock& clock,
                                                    const StopAsked& stop_asked = {});
  virtual ~Application() = default;

  // "http://127.0.0.1:8080/"
  virtual std::string address() const = 0;
  // What the file declares now. Errors: those of the database; what was running goes on.
  virtual Result<void> reload(const Config& config) = 0;
  // Past footage can be put into the archive while it runs (the demonstration does).
  virtual archive::Archive& archive() = 0;
  // What the endpoints call; the demonstration makes its commons by it.
  virtual api::Services& services() = 0;
  virtual void stop() = 0;
};

}  // namespace oriel::app
