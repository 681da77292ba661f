// The book of alarms: what is wrong now, what was, and who has acknowledged it.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "base/result.h"
#include "base/thread.h"
#include "base/time.h"
#include "notify/alarm.h"
#include "store/database.h"

namespace oriel::notify {

struct Condition {
  std::string_view kind;
  std::string_view subject;
  Grade grade = Grade::warning;
  bool until_acknowledged = false;  // see Alarm
};

struct AlarmBookOptions {
  // Alarms that are active at once. Overflow: further ones are only logged, and counted.
  std::size_t active_max = 1'000;
  // Rows of alarms that are over. Overflow: the oldest goes.
  std::int64_t history_max = 10'000;
  // A condition that comes back this soon is the same alarm again, not a new one.
  Duration reopen_within = Duration::from_s(300);
  // An alarm from before the start that nobody raises again until then is over.
  Duration confirm_within = Duration::from_s(900);
};

// Thread-safe. Rows follow on a thread of the book's own: with the database away alarms are raised
// and told as ever, and their rows wait (at most one an alarm, active_max + reopen memory in all).
class AlarmBook {
 public:
  // Called for each alarm raised or cleared, on the thread that said so; must not block, nor call
  // the book.
  using Listener = std::function<void(const Notice&)>;

  // Loads what was active when the program ended. Blocks. Errors: the database's.
  static Result<std::unique_ptr<AlarmBook>> open(AlarmBookOptions options,
                                                 store::Database& database, const Clock& clock,
                                                 Metrics& metrics, Listener listener);
  ~AlarmBook();
  AlarmBook(const AlarmBook&) = delete;
  AlarmBook& operator=(const AlarmBook&) = delete;

  // Never block. See archive::AlarmSink.
  void raise(const Condition& condition, std::string_view message);
  void clear(std::string_view kind, std::string_view subject);
  // Errors: not_found (no such alarm, or it is over).
  Result<Alarm> acknowledge(std::int64_t id, const std::string& by);

  std::vector<Alarm> active() const;  // newest first
  // Alarms that are over, newest first, with an id below `before`. Blocks. Errors: the database's.
  Result<std::vector<Alarm>> history(std::int64_t before, std::int64_t count_max) const;
  // Grows with every change that a page shows.
  std::uint64_t version() const;

  // Waits until all rows are written. False at the deadline.
  bool flush(Duration deadline);
  // Ends what was not confirmed since the start. The book's thread calls it; public for tests.
  void end_unconfirmed();

 private:
  using Key = std::pair<std::string, std::string>;  // kind, subject
  struct Entry {
    Alarm alarm;
    bool confirmed = true;  // raised since the start
    bool dirty = true;      // its row is to be written
  };

  AlarmBook(AlarmBookOptions options, store::Database& database, const Clock& clock,
            Metrics& metrics, Listener listener);
  Result<void> load();
  void changed(std::unique_lock<std::mutex>& lock, std::optional<Notice> notice);
  Alarm end(std::map<Key, Entry>::iterator found);
  void write_loop(const std::stop_token& stop);
  bool write_rows();
  void forget_old();

  const AlarmBookOptions options_;
  store::Database& database_;
  const Clock& clock_;
  const Listener listener_;
  Counter& refused_;
  const SteadyTime started_;

  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  std::condition_variable_any written_;
  std::map<Key, Entry> active_;  // guarded by mutex_, as all below
  std::list<Entry> over_;        // newest first; kept while they may come back or have no row
  std::int64_t last_id_ = 0;
  std::uint64_t version_ = 0;
  bool writing_ = false;
  bool failing_ = false;  // writer thread only
  NamedThread writer_;
};

}  // namespace oriel::notify
