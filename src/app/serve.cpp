#include "app/serve.h"

#include <csignal>
#include <cstdio>
#include <ctime>

#include <fmt/format.h>
#include <pthread.h>
#include <unistd.h>

#include "base/log.h"

namespace oriel::app {
namespace {

constexpr unsigned kStopDeadline_s = 10;

sigset_t handled_signals() {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  sigaddset(&set, SIGHUP);
  return set;
}

// Whether a signal that ends the program comes within `time`.
bool stop_asked_within(Duration time) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  const timespec left{time.us / 1'000'000, time.us % 1'000'000 * 1000};
  return sigtimedwait(&set, nullptr, &left) > 0;
}

void reload(Application& application, const Config& config) {
  if (config.file.empty()) return;
  auto fresh = load_config(config.file);
  if (!fresh) {
    log::error("the configuration is not taken over: {}", fresh.error().message);
    return;
  }
  if (auto applied = application.reload(*fresh); !applied)
    log::error("the configuration is not taken over: {}", applied.error().message);
  else
    log::info("took over {}", config.file);
}

}  // namespace

void block_signals() {
  const sigset_t set = handled_signals();
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  std::signal(SIGPIPE, SIG_IGN);
}

void wait_for_stop(Application& application, const Config& config) {
  const sigset_t set = handled_signals();
  while (true) {
    int signal = 0;
    if (sigwait(&set, &signal) != 0 || signal != SIGHUP) break;
    reload(application, config);
  }
  log::info("stopping");
  // A disk that hangs for ever must not keep the program: what it loses is found at the start.
  ::alarm(kStopDeadline_s);
}

int serve(const Config& config) {
  using log::Level;
  log::set_level(config.log_level == "debug"   ? Level::debug
                 : config.log_level == "warn"  ? Level::warn
                 : config.log_level == "error" ? Level::error
                                               : Level::info);
  const SystemClock clock;
  auto application = Application::start(config, clock, stop_asked_within);
  if (!application && application.error().kind == ErrorKind::cancelled) {
    log::info("{}", application.error().message);
    return 0;
  }
  if (!application) {
    fmt::print(stderr, "oriel: {}\n", application.error().message);
    return 1;
  }
  fmt::print("Oriel is ready at {}\n", (*application)->address());
  std::fflush(stdout);
  wait_for_stop(**application, config);
  (*application)->stop();
  log::info("stopped");
  return 0;
}

}  // namespace oriel::app
