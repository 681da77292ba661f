// What the archive cries out about. It only says that a condition holds or no longer holds; who is
// told, and how, is decided above (notify, connected by app).
#pragma once
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <utility>

#include <boost/describe/enum.hpp>

namespace oriel::archive {

// Stored and shown by name: never rename, only append. The subject of each stands behind it.
enum class AlarmKind {
  source_lost,      // feed: nothing arrives that could be recorded
  not_recorded,     // feed: it arrives, but nothing of it becomes durable
  file_lost,        // feed: files of recordings are gone
  damaged,          // feed: stored bytes are not what was written
  foreign_files,    // volume: files lie there that are not ours
  volume_missing,   // volume: nothing is mounted there
  volume_wrong,     // volume: another disk stands in its place
  volume_readonly,  // volume
  volume_full,      // volume
  volume_failed,    // volume: the disk returns errors
  disk_slow,        // volume: a write or sync does not come back
  drain_stuck,      // volume: its recordings cannot be copied away
  clock_jumped,     // "server": the time of the machine was set
  retention_stuck,  // "archive", or a rule: what should be deleted cannot be
  forecast_full,    // "archive": at the present rate all volumes are full within a month
  verify_behind,    // "archive": the scrub does not get through in its time
  database_away,    // "database": it does not answer, rows wait
};
BOOST_DESCRIBE_ENUM(AlarmKind, source_lost, not_recorded, file_lost, damaged, foreign_files,
                    volume_missing, volume_wrong, volume_readonly, volume_full, volume_failed,
                    disk_slow, drain_stuck, clock_jumped, retention_stuck, forecast_full,
                    verify_behind, database_away)

// "volume_full"
std::string_view to_string(AlarmKind kind);

// Thread-safe; never blocks on disk, database or network. A condition is one (kind, subject): it is
// raised as often as it is seen (the newest message counts) and cleared once it is seen to be over;
// clearing what was never raised is fine. The message is one English sentence for a person, without
// secrets.
class AlarmSink {
 public:
  virtual ~AlarmSink() = default;
  virtual void raise(AlarmKind kind, std::string_view subject, std::string_view message) = 0;
  virtual void clear(AlarmKind kind, std::string_view subject) = 0;
};

// For tools that run without the server: each condition is logged when it begins and when it ends.
class LogAlarms final : public AlarmSink {
 public:
  void raise(AlarmKind kind, std::string_view subject, std::string_view message) override;
  void clear(AlarmKind kind, std::string_view subject) override;

 private:
  std::mutex mutex_;
  std::set<std::pair<AlarmKind, std::string>> raised_;  // guarded by mutex_; one a condition
};

}  // namespace oriel::archive
