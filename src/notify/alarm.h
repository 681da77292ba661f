// What is wrong, since when, and who knows.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include <boost/describe.hpp>

#include "base/json.h"
#include "base/time.h"

namespace oriel::notify {

// Stored by number: never renumber, only append.
enum class Grade : unsigned char {
  warning,   // somebody should look in the next days
  critical,  // something is being lost now, or is lost
};
BOOST_DESCRIBE_ENUM(Grade, warning, critical)

// One condition from when it began until it was over. `kind` and `subject` are names
// ("volume_full", "v1"); together they name the condition.
struct Alarm {
  std::int64_t id = 0;
  std::string kind;
  std::string subject;
  Grade grade = Grade::warning;
  std::string message;  // one English sentence; the newest
  UtcTime raised_at;
  std::int64_t times = 1;  // more than 1: it came back after a short while
  // What is lost stays lost: it is over once a person has acknowledged it.
  bool until_acknowledged = false;
  std::optional<UtcTime> cleared_at;
  std::optional<UtcTime> acknowledged_at;
  std::optional<std::string> acknowledged_by;

  bool active() const { return !cleared_at.has_value(); }
  bool operator==(const Alarm&) const = default;
};
BOOST_DESCRIBE_STRUCT(Alarm, (),
                      (id, kind, subject, grade, message, raised_at, times, until_acknowledged,
                       cleared_at, acknowledged_at, acknowledged_by))

enum class NoticeKind { raised, cleared, test };
BOOST_DESCRIBE_ENUM(NoticeKind, raised, cleared, test)

// What people and machines elsewhere are told.
struct Notice {
  NoticeKind event = NoticeKind::raised;
  Alarm alarm;
};
BOOST_DESCRIBE_STRUCT(Notice, (), (event, alarm))

}  // namespace oriel::notify
