#include "base/log.h"

#include <array>
#include <memory>

#include <pthread.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

namespace oriel::log {
namespace {

// spdlog's logger is a process-wide sink by nature, like standard error itself.
spdlog::logger& sink() {
  static const std::shared_ptr<spdlog::logger> logger = [] {
    auto made = spdlog::stderr_logger_mt("oriel");
    made->set_pattern("%Y-%m-%dT%H:%M:%S.%eZ %^%l%$ %v", spdlog::pattern_time_type::utc);
    made->flush_on(spdlog::level::info);
    return made;
  }();
  return *logger;
}

spdlog::level::level_enum spdlog_level(Level level) {
  switch (level) {
    case Level::debug:
      return spdlog::level::debug;
    case Level::info:
      return spdlog::level::info;
    case Level::warn:
      return spdlog::level::warn;
    case Level::error:
      return spdlog::level::err;
  }
  return spdlog::level::err;
}

// What people wrote, a note or a name, must not look like lines of its own nor steer a terminal.
std::string one_line(std::string_view message) {
  std::string line(message);
  for (char& c : line)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = ' ';
  return line;
}

}  // namespace

void set_level(Level level) { sink().set_level(spdlog_level(level)); }
bool enabled(Level level) { return sink().should_log(spdlog_level(level)); }

void write(Level level, std::string_view message) {
  std::array<char, 16> name{};
  pthread_getname_np(pthread_self(), name.data(), name.size());
  sink().log(spdlog_level(level), "{}: {}", name.data(), one_line(message));
}

void flush() { sink().flush(); }

}  // namespace oriel::log
