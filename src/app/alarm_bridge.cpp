#include "app/alarm_bridge.h"

namespace oriel::app {
namespace {

using archive::AlarmKind;

// Whether something is lost now, or may be later.
notify::Grade grade_of(AlarmKind kind) {
  switch (kind) {
    case AlarmKind::not_recorded:
    case AlarmKind::file_lost:
    case AlarmKind::damaged:
    case AlarmKind::volume_missing:
    case AlarmKind::volume_wrong:
    case AlarmKind::volume_readonly:
    case AlarmKind::volume_full:
    case AlarmKind::volume_failed:
      return notify::Grade::critical;
    case AlarmKind::source_lost:
    case AlarmKind::foreign_files:
    case AlarmKind::disk_slow:
    case AlarmKind::drain_stuck:
    case AlarmKind::clock_jumped:
    case AlarmKind::retention_stuck:
    case AlarmKind::forecast_full:
    case AlarmKind::verify_behind:
    case AlarmKind::database_away:
      break;
  }
  return notify::Grade::warning;
}

// What happened and is not a state that ends by itself.
bool until_acknowledged(AlarmKind kind) {
  return kind == AlarmKind::file_lost || kind == AlarmKind::damaged ||
         kind == AlarmKind::clock_jumped;
}

}  // namespace

void AlarmBridge::raise(AlarmKind kind, std::string_view subject, std::string_view message) {
  book_.raise({archive::to_string(kind), subject, grade_of(kind), until_acknowledged(kind)},
              message);
}

void AlarmBridge::clear(AlarmKind kind, std::string_view subject) {
  book_.clear(archive::to_string(kind), subject);
}

}  // namespace oriel::app
