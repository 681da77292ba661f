// Everything that is written to one volume: its queue, its writer thread and its sync thread. A
// lane whose disk hangs or fails does not disturb the others.
#pragma once
#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <unordered_map>
#include <vector>

#include "archive/journal.h"
#include "archive/row_writer.h"
#include "archive/segment_sums.h"
#include "archive/tracked_recording.h"
#include "archive/volume.h"
#include "base/metrics.h"
#include "base/thread.h"
#include "base/time.h"

namespace oriel::archive {

// The bound that all lanes share, in bytes of parts received and not yet written.
class BufferBudget {
 public:
  explicit BufferBudget(std::size_t bytes_max) : bytes_max_(bytes_max) {}
  bool try_take(std::size_t bytes) {
    if (taken_.fetch_add(bytes) + bytes <= bytes_max_) return true;
    taken_.fetch_sub(bytes);
    return false;
  }
  void give_back(std::size_t bytes) { taken_.fetch_sub(bytes); }
  std::size_t taken() const { return taken_.load(); }
  std::size_t bytes_max() const { return bytes_max_; }

 private:
  const std::size_t bytes_max_;
  std::atomic<std::size_t> taken_ = 0;
};

struct LaneOptions {
  Duration sync_interval = Duration::from_s(1);
  // This lane's part of the shared bound: with several volumes one that hangs leaves room for the
  // others.
  std::size_t queue_bytes_max = 0;
};

class VolumeLane {
 public:
  // On the lane's threads: the recording was ended by the disk, its last whole part ends at end().
  using Cut = std::function<void(const TrackedPtr&, media::Reason)>;
  // On the lane's threads: the recording ended without a part; nothing of it remains.
  using Discarded = std::function<void(const TrackedPtr&)>;
  // On the lane's threads.
  using Troubled = std::function<void(const TrackedPtr&, FileTrouble)>;

  VolumeLane(LaneOptions options, Volume& volume, FileSystem& file_system, const Clock& clock,
             BufferBudget& budget, RowWriter& rows, Metrics& metrics, Cut cut, Discarded discarded,
             Troubled troubled);

  void start();
  // Takes what is queued to the disk, syncs, ends the threads. Waits for a call that hangs.
  void stop();

  Volume& volume() { return volume_; }
  // A new recording may begin here. After a refusal there must be more room, or recordings would
  // begin and end every second.
  bool accepts(bool after_refusal) const;

  // Any thread; these never wait for the disk. False: no room.
  bool push_part(const TrackedPtr& recording, const media::PartPtr& part);
  void push_close(const TrackedPtr& recording, media::Reason reason);
  void push_journal(JournalEntry entry);
  // Puts the lines into the journal and returns when they survive a loss of power. Blocks. Errors:
  // unavailable (the volume takes no journal now), deadline, as File::write.
  Result<void> write_journal_durably(std::vector<JournalEntry> entries, SteadyTime deadline);

  // Waits until what was pushed before is written, synced and handed to the row writer. False at
  // the deadline.
  bool drain(SteadyTime deadline);
  std::size_t open_count() const;
  // How long the call to the disk that is under way has taken; zero when none is.
  Duration busy_for() const;
  // Lines of the journal could not be written yet.
  bool journal_waits() const { return journal_waits_.load(); }

 private:
  struct Command {
    TrackedPtr recording;
    media::PartPtr part;  // absent: close
    media::Reason reason = media::Reason::none;
    bool look = false;  // its file is not what it should be
  };
  // A recording's file while it is written. The bytes pass once: they are hashed as they go.
  struct OpenFile {
    std::unique_ptr<File> file;
    Sha256 hash;
    SegmentSums sums;
  };
  // Lines that someone waits for.
  struct JournalOrder {
    std::vector<JournalEntry> entries;
    bool done = false;  // guarded by mutex_, as `result`
    Result<void> result;
    Day day;  // whose journal has them
  };
  struct Synced {
    TrackedPtr recording;
    bool row_open = false;  // sync thread only
  };

  void write_loop(const std::stop_token& stop);
  void write_batch(std::deque<Command>& batch);
  void write_parts(const TrackedPtr& recording, std::vector<media::PartPtr>& parts);
  Result<void> append(const TrackedPtr& recording, const std::vector<media::PartPtr>& parts);
  Result<OpenFile*> file_of(const TrackedPtr& recording);
  void cut_back(const TrackedPtr& recording);
  void look_at_files();
  void mend_file(const TrackedPtr& recording);
  Result<void> write_anew(const TrackedPtr& recording, File& open, const std::string& path);
  void cut_by_disk(const TrackedPtr& recording, media::Reason reason);
  void close(const TrackedPtr& recording, media::Reason reason);
  Result<void> write_journal(std::deque<JournalEntry>& entries,
                             std::deque<std::shared_ptr<JournalOrder>>& orders);
  void keep_journal_lines();
  void note_alive();

  void sync_loop(const std::stop_token& stop);
  void sync_once();
  void settle_synced(std::vector<std::shared_ptr<Synced>>& synced,
                     const std::vector<UnsettledRecording>& marks);

  const LaneOptions options_;
  Volume& volume_;
  FileSystem& file_system_;
  const Clock& clock_;
  BufferBudget& budget_;
  RowWriter& rows_;
  const Cut cut_;
  const Discarded discarded_;
  const Troubled troubled_;
  Counter& written_bytes_;
  Counter& dropped_parts_;
  Counter& dropped_bytes_;
  Counter& dropped_journal_;
  Counter& syncs_;
  Counter& sync_seconds_;
  Gauge& free_bytes_;
  Gauge& state_;

  // Writer thread only.
  std::unordered_map<const TrackedRecording*, OpenFile> files_;
  std::vector<JournalEntry> journal_lines_;
  JournalWriter journal_;

  std::optional<SteadyTime> looked_at_;  // sync thread only

  // When the call under way began, in microseconds of the steady clock; 0: none.
  std::atomic<std::int64_t> writing_since_us_ = 0;
  std::atomic<std::int64_t> syncing_since_us_ = 0;
  std::atomic<std::size_t> queued_bytes_ = 0;
  std::atomic<bool> journal_waits_ = false;
  mutable std::mutex mutex_;
  std::condition_variable_any work_;        // for the writer thread
  std::condition_variable_any sync_wake_;   // for the sync thread
  std::condition_variable_any progress_;    // for drain()
  std::deque<Command> queue_;               // guarded by mutex_, as all below
  std::deque<JournalEntry> journal_queue_;  // at most kJournalQueueMax
  std::deque<std::shared_ptr<JournalOrder>> journal_order_queue_;  // bounded by waiting threads
  std::vector<std::shared_ptr<Synced>> recordings_;                // with a file, not settled
  bool unsynced_ = false;  // something was written since the last sync
  std::uint64_t pushed_ = 0;
  std::uint64_t done_ = 0;
  std::uint64_t sync_wanted_ = 0;
  std::uint64_t sync_done_ = 0;
  std::optional<SteadyTime> alive_at_;

  NamedThread writer_;
  NamedThread syncer_;
};

}  // namespace oriel::archive
