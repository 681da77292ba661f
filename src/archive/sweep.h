// The slow comparison: everything on the volumes against the rows, day by day, and what does not
// fit is mended.
//
//   row, no file              the row goes, its time becomes a gap `damaged`; alarm file_lost
//   row, file too short       the whole parts that are left get the row, the rest is `damaged`;
//                             alarm damaged
//   file of ours, no row      it gets a row, from itself and the journal
//   file of ours, row says that the recording is on another volume    left: a copy under way
//   any other file            left alone and counted; alarm foreign_files
//
// A volume that is not in its place before and after the look is not judged: a disk that went away
// is not a thousand lost files.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "archive/alarms.h"
#include "archive/file_names.h"
#include "archive/file_system.h"
#include "archive/recovery.h"
#include "archive/volume.h"
#include "archive/writer.h"
#include "base/ids.h"
#include "base/metrics.h"
#include "base/result.h"
#include "base/thread.h"
#include "base/time.h"
#include "store/database.h"

namespace oriel::archive {

struct SweepOptions {
  // Between two days of a feed: 76 feeds of ten years are gone through in about eight hours.
  Duration pause = Duration::from_ms(100);
  // Between two rounds.
  Duration rest = Duration::from_s(3600);
};

struct SweepReport {
  std::uint64_t days = 0;
  std::uint64_t files = 0;
  std::uint64_t lost = 0;
  std::uint64_t shortened = 0;
  std::uint64_t adopted = 0;
  std::uint64_t foreign = 0;
};

class Sweep {
 public:
  // What is given outlives it. `forget`: who keeps bytes of a recording lets go of them.
  Sweep(SweepOptions options, std::function<std::vector<Volume*>()> volumes, Writer& writer,
        FileSystem& file_system, store::Database& database, AlarmSink& alarms, const Clock& clock,
        Metrics& metrics, std::function<void(RecordingId)> forget);

  void start();
  void stop();
  // This recording is to be looked at soon. Never blocks; bounded (overflow: the round finds it).
  void suspect(RecordingId id);

  // One round over everything. The thread calls it; public for tests. Blocks. Errors: the
  // database's; cancelled.
  Result<SweepReport> round(const std::stop_token& stop, bool paced = true);
  // What is suspected and settled. Blocks. Errors: the database's.
  Result<void> look_at_suspects();

 private:
  // A row as far as the comparison needs it.
  struct Stored {
    media::Rendition rendition = media::Rendition::main;
    UtcSpan span;
    std::uint64_t bytes = 0;
    VolumeId volume;
  };
  using Rows = std::map<RecordingId, Stored>;

  Result<void> sweep_feed(Volume& volume, const FeedId& feed, const std::stop_token& stop,
                          bool paced);
  Result<void> sweep_day(Volume& volume, const FeedId& feed, Day day);
  Result<std::set<FeedId>> feeds_of(const Volume& volume);
  std::set<Day> days_on_disk(const Volume& volume, const FeedId& feed);
  Result<std::optional<Day>> next_day_with_rows(const FeedId& feed, Day from);
  Result<Rows> rows_of(const FeedId& feed, Day day);
  Result<bool> has_row(RecordingId id);
  Result<void> mend_all(Volume& volume, const std::vector<Misfit>& misfits);
  void note_foreign(const std::string& path);
  bool pause(const std::stop_token& stop, Duration length);

  const SweepOptions options_;
  const std::function<std::vector<Volume*>()> volumes_;
  Writer& writer_;
  FileSystem& file_system_;
  store::Database& database_;
  AlarmSink& alarms_;
  const Clock& clock_;
  const std::function<void(RecordingId)> forget_;
  Counter& lost_;
  Counter& adopted_;
  Gauge& rounds_;

  static constexpr std::size_t kSuspectsMax = 1'000;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<RecordingId> suspects_;  // guarded by mutex_
  SweepReport report_;                // of the round under way; the sweeping thread only
  std::string foreign_example_;
  std::uint64_t foreign_of_volume_ = 0;
  NamedThread thread_;
};

}  // namespace oriel::archive
