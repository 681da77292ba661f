// Brings what the writer knows into the database, on a thread of its own, so that a slow or absent
// database never stops writing. Rows keep their order; each can be repeated without harm.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <stop_token>
#include <variant>
#include <vector>

#include "archive/writer.h"
#include "base/metrics.h"
#include "base/thread.h"
#include "base/time.h"
#include "store/database.h"

namespace oriel::archive {

struct GapBeganRow {
  FeedId feed;
  UtcTime start;
  media::Reason reason = media::Reason::none;
};
struct GapEndedRow {
  FeedId feed;
  UtcTime end;
};
// A recording without `ended` makes an open row, one with `ended` a closed one; both make the row
// when it is not there.
using RowChange = std::variant<UnsettledRecording, GapBeganRow, GapEndedRow>;

// Writes one change; used by recovery too.
Result<void> apply_row(store::Session& session, const RowChange& change);

// Thread-safe.
class RowWriter {
 public:
  // `settled` is called on the row thread when a recording's closed row is committed, or given up.
  // While there is nothing to write the database is asked now and then whether it answers.
  RowWriter(std::size_t count_max, Duration probe_every, store::Database& database,
            Metrics& metrics, std::function<void(RecordingId)> settled);

  void start();
  // Overflow: the newest is dropped and counted. Never blocks.
  void push(RowChange change);
  RowState state() const;
  // Waits until everything pushed before is in the database. False at the deadline.
  bool drain(Duration deadline);
  // Ends the thread; what is not written by then is left to recovery. Waits for a call that hangs
  // in the database.
  void stop();

 private:
  void run(const std::stop_token& stop);
  bool write(const std::vector<RowChange>& batch);
  bool write_singly(const std::vector<RowChange>& batch);
  void report_failure(const Error& error);
  void probe();

  const std::size_t count_max_;
  const Duration probe_every_;
  store::Database& database_;
  const std::function<void(RecordingId)> settled_;
  Gauge& waiting_;
  Counter& dropped_;

  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::deque<RowChange> queue_;  // guarded by mutex_, as the two below
  std::uint64_t pushed_ = 0;
  std::uint64_t done_ = 0;
  SteadyTime last_complaint_{};  // row thread only
  std::atomic<bool> failing_ = false;
  NamedThread thread_;
};

}  // namespace oriel::archive
