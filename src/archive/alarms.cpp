#include "archive/alarms.h"

#include <boost/describe/enum_to_string.hpp>

#include "base/log.h"

namespace oriel::archive {

std::string_view to_string(AlarmKind kind) {
  return boost::describe::enum_to_string(kind, "unknown");
}

void LogAlarms::raise(AlarmKind kind, std::string_view subject, std::string_view message) {
  {
    const std::lock_guard lock(mutex_);
    if (!raised_.emplace(kind, subject).second) return;
  }
  log::error("{} {}: {}", to_string(kind), subject, message);
}

void LogAlarms::clear(AlarmKind kind, std::string_view subject) {
  {
    const std::lock_guard lock(mutex_);
    if (raised_.erase({kind, std::string(subject)}) == 0) return;
  }
  log::info("{} {}: is over", to_string(kind), subject);
}

}  // namespace oriel::archive
