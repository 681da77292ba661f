// Brings what the archive cries out about into the book of alarms.
#pragma once
#include "archive/alarms.h"
#include "notify/alarm_book.h"

namespace oriel::app {

// Thread-safe. The book outlives it.
class AlarmBridge final : public archive::AlarmSink {
 public:
  explicit AlarmBridge(notify::AlarmBook& book) : book_(book) {}
  void raise(archive::AlarmKind kind, std::string_view subject, std::string_view message) override;
  void clear(archive::AlarmKind kind, std::string_view subject) override;

 private:
  notify::AlarmBook& book_;
};

}  // namespace oriel::app
