// Writes the log of parts to the volumes.
//
// Threads: one writer and one sync thread per volume, one thread for rows. A feed's thread only
// puts a part into the volume's queue. All queues share one bound in bytes (overflow: refuse, see
// below).
//
// Procedures, and what a crash or a loss of power leaves (P):
//   create  1. With the recording's first part: folders, file (must not exist).
//           2. One write: init segment, first part.
//                 P: no file, or one with a torn or no part. Recovery removes it or cuts it.
//           3. Journal line recording_began.
//           4. The volume's next sync (at most a second later) makes 1 to 3 durable.
//           5. Only then the row, open (ended is NULL), is given to the database.
//                 P between 4 and 5: a file without a row. Recovery finds it in the newest day
//                 folders.
//   append  One write for all queued parts of a file.
//                 P: the last part is torn. Recovery cuts it off.
//           A failed write is cut back to the last whole part at once.
//   close   1. Journal line recording_ended; file closed. 2. The volume's next sync.
//           3. The row gets end, bytes, index, reason and hash.
//                 P before 3: an open row. Recovery reads the file again.
// So a row never speaks of bytes that are not durable, and each byte is written once.
//
// Refusal: when the shared buffer is full (disk_behind), or no volume can be written (disk_full,
// disk_failed), the recording ends with what it has, its further parts are counted and dropped, and
// a gap with that reason begins. Live is not touched. When there is room again the writer calls
// WriterOptions::recording_wanted, and ingest begins a new recording at the next independent part.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "archive/file_system.h"
#include "archive/journal.h"
#include "archive/volume.h"
#include "base/ids.h"
#include "base/metrics.h"
#include "base/result.h"
#include "base/sha256.h"
#include "base/time.h"
#include "media/part.h"
#include "media/reason.h"
#include "media/segment_index.h"
#include "store/database.h"

namespace oriel::archive {

// How far one recording has come; always received >= written >= durable. Bytes are file bytes, init
// segment included.
struct Position {
  std::uint32_t received_parts = 0;
  std::uint32_t written_parts = 0;
  std::uint32_t durable_parts = 0;
  std::uint64_t received_bytes = 0;
  std::uint64_t written_bytes = 0;
  std::uint64_t durable_bytes = 0;
};

// A recording that the database does not know fully yet: open, or closed and its row on the way.
struct UnsettledRecording {
  media::RecordingPtr head;
  VolumeId volume;
  UtcTime end;              // of what is written
  std::uint64_t bytes = 0;  // written, whole parts
  std::uint32_t parts = 0;
  std::uint64_t frames = 0;                   // samples of the track that gives parts their time
  std::vector<media::SegmentEntry> segments;  // of what is written
  std::optional<media::Reason> ended;         // absent while open
  std::optional<Sha256Digest> sha256;         // of the whole file, once it has ended
};

// What was found wrong with a file that is being written.
enum class FileTrouble {
  restored,  // its name was gone or another file's; written anew from the open one, nothing is lost
  lost,      // bytes are gone: the recording ended, what its row says must be looked at
  suspect,   // its volume was away before all of it was durable: to be looked at once settled
};

// What one sink is at, for who compares it with what should be.
struct StreamState {
  FeedId feed;
  media::Rendition rendition = media::Rendition::main;
  RecordingId recording;                      // the one last begun; 0: none yet
  media::Reason wants = media::Reason::none;  // why it waits for a new recording
  std::optional<Position> position;           // absent when `recording` is refused or settled
};

struct LaneState {
  VolumeId volume;
  Duration busy_for;  // how long the call to the disk that is under way has taken
};

struct RowState {
  std::size_t waiting = 0;
  bool failing = false;  // the database did not take the last batch
};

struct WriterOptions {
  // Parts received and not yet written, all feeds together. Overflow: refuse (disk_behind).
  std::size_t buffer_bytes_max = std::size_t{64} << 20;
  // Rows waiting for a slow or absent database. Overflow: the newest is dropped and counted;
  // recovery finds its recording at the next start.
  std::size_t row_queue_max = 100'000;
  // Without rows to write: how often the database is asked whether it answers.
  Duration database_probe_every = Duration::from_s(10);
  Duration sync_interval = Duration::from_s(1);
  // How long stop() waits for disks and for the database.
  Duration stop_deadline = Duration::from_s(5);
  // There is room for a feed whose recording was refused: begin a new recording soon (cut the run,
  // or end and begin it). Called from the writer's threads, repeated every few seconds until a
  // recording begins; must not block or call back.
  std::function<void(const FeedId&, media::Rendition, media::Reason was)> recording_wanted;
  // Called from the writer's threads; must not block or call back. Empty: nobody asks.
  std::function<void(const UnsettledRecording&, FileTrouble)> file_trouble;
};

// What a sink is for. A fill writes time that has passed (a refill, an import): it neither opens
// nor ends gaps of the present, and is not told of room.
enum class SinkUse { live, fill };

// Thread-safe. Outlives its sinks; volumes, file system, database, clock and metrics outlive it.
class Writer {
 public:
  Writer(WriterOptions options, std::vector<Volume*> volumes, FileSystem& file_system,
         store::Database& database, const Clock& clock, Metrics& metrics);
  ~Writer();
  Writer(const Writer&) = delete;
  Writer& operator=(const Writer&) = delete;

  // Loads what is open in the gap ledger and starts the threads. Errors: the database's.
  Result<void> start();
  // Ends what is open (server_stopped), writes and syncs what is queued, settles the rows, each
  // within the deadline; what does not make it is found by recovery. Twice is fine.
  void stop();

  // A sink for one rendition of a feed, called on the feed's thread; never blocks on disk or
  // database. A recording that begins while one is open ends the open one.
  std::unique_ptr<media::PartSink> sink_for(FeedId feed, media::Rendition rendition,
                                            SinkUse use = SinkUse::live);

  // What is missing of the feed from `at` on: opens a gap, or closes it (none). The same reason
  // again is ignored. Never blocks. The first call for a feed declares it: its time is accounted
  // for from then on. Call with none when the first part is made.
  void note_state(const FeedId& feed, media::Reason reason, UtcTime at);

  // Absent when the recording is settled (all of it is durable) or was never received.
  std::optional<Position> position(RecordingId id) const;
  std::optional<UnsettledRecording> find(RecordingId id) const;
  // Recordings of one rendition that are not settled, by start. Only those with a written part.
  std::vector<UnsettledRecording> unsettled(const FeedId& feed, media::Rendition rendition) const;

  // A further volume, from now on. Outlives the writer. Errors: exhausted (more than kVolumesMax),
  // cancelled (stopped).
  static constexpr std::size_t kVolumesMax = 64;
  Result<void> add_volume(Volume& volume);
  // A line for the journal of this volume; dropped where it takes none. Never blocks.
  void note(const VolumeId& volume, JournalEntry entry);
  // Of live sinks.
  std::vector<StreamState> streams() const;
  std::vector<LaneState> lanes() const;
  RowState rows() const;

  // Puts a line into the journal of a volume. Never blocks; a volume that is not there takes none.
  void note_journal(const VolumeId& volume, JournalEntry entry);

  // Puts a line into the journal of every volume that can be written, and returns when it survives
  // a loss of power there. Blocks. Errors: unavailable (no volume takes it), deadline.
  Result<void> note_everywhere(const JournalEntry& entry, Duration deadline);
  // Puts lines into the journal that has the gaps' lines, in their order. Never blocks.
  void note_ledger(std::vector<JournalEntry> entries);
  // Puts the lines into the journal of a volume and returns when they survive a loss of power.
  // Blocks. Errors: not_found (no such volume), unavailable, deadline, of the disk.
  Result<void> write_journal(const VolumeId& volume, std::vector<JournalEntry> entries,
                             Duration deadline);
  // Bytes received and not yet written, as a share of what may wait: who works beside the writer
  // holds back while it is high.
  double backlog() const;

  // Feeds with recordings that were settled since the last call, and the earliest start among each
  // feed's: for the one who keeps count of rows (usage.h).
  std::map<FeedId, UtcTime> take_settled();

  // Waits until everything received before is written, durable and settled. Errors: deadline.
  Result<void> flush(Duration deadline);

  class Core;

 private:
  std::unique_ptr<Core> core_;
};

}  // namespace oriel::archive
