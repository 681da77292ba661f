// The volumes while the program runs: one that was not there is recovered when it appears, one that
// is draining gives its recordings to the others.
//
// Draining, a recording at a time; what a loss of power leaves (P):
//   0. A row in `moving` (durable) says what is about to be copied where.
//   1. The file is copied to the same name on another volume, synced and read back: what is there
//      must have the SHA-256 of what was read here.
//        P: a part of a copy. The row still names this volume; the next start removes the copy.
//   2. The other volume's journal gets the lines that tell why the recording began and ended.
//   3. The row names the other volume, and `moving` the file here as the surplus one (one durable
//      transaction).
//        P: a second copy here that no recording names: the next start removes it.
//   4. The file here is removed, its folder synced; the row in `moving` goes.
// A reader that has the old file open reads on. When no recording is left, the seals that only this
// volume has go to the others, too, before the volume counts as empty.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <set>
#include <stop_token>
#include <string>
#include <vector>

#include "archive/alarms.h"
#include "archive/file_system.h"
#include "archive/journal.h"
#include "archive/volume.h"
#include "archive/writer.h"
#include "base/ids.h"
#include "base/metrics.h"
#include "base/result.h"
#include "base/thread.h"
#include "base/time.h"
#include "store/database.h"

namespace oriel::archive {

struct DrainReport {
  std::uint64_t moved = 0;
  std::uint64_t moved_bytes = 0;
  std::uint64_t left = 0;  // could not be moved now
  bool finished = false;   // no recording's row names the volume any more
  std::string trouble;     // why something was left
};

class VolumeCare {
 public:
  // What is given outlives it. `forget`: who has the recording's file open lets go of it.
  VolumeCare(std::function<std::vector<Volume*>()> volumes, Writer& writer, FileSystem& file_system,
             store::Database& database, AlarmSink& alarms, const Clock& clock, Metrics& metrics,
             std::function<void(RecordingId)> forget);

  void start();
  void stop();
  // One look at all volumes. The thread calls it every second; public for tests. Blocks.
  void look(const std::stop_token& stop);

 private:
  // Moves at most `count_max` recordings away. Errors: the database's.
  Result<DrainReport> drain_some(Volume& volume, std::size_t count_max,
                                 const std::stop_token& stop);
  struct Moving {
    RecordingId id;
    FeedId feed;
    media::Rendition rendition = media::Rendition::main;
    UtcTime start;
    std::uint64_t bytes = 0;
    JournalEntry began;  // what the other volume's journal must know
    JournalEntry ended;
  };
  static Moving moving_of(const store::Row& row, UtcTime now);
  void bring_in(Volume& volume);
  void drain(Volume& volume, const std::stop_token& stop);
  Result<std::vector<Moving>> next_to_move(const Volume& volume, std::size_t count_max);
  // Gives the other volumes the seals that they lack; each appears whole or not at all.
  Result<void> hand_over_seals(const Volume& from);
  Volume* target_for(const Volume& from, std::uint64_t bytes);
  Result<void> move(Volume& from, Volume& to, const Moving& recording);
  Result<Bytes> copy(const std::string& from, const std::string& to);
  Result<Bytes> digest_of(const std::string& path);
  bool pause(const std::stop_token& stop, Duration length);

  const std::function<std::vector<Volume*>()> volumes_;
  Writer& writer_;
  FileSystem& file_system_;
  store::Database& database_;
  AlarmSink& alarms_;
  const Clock& clock_;
  const std::function<void(RecordingId)> forget_;
  Counter& moved_bytes_;
  std::mutex look_mutex_;                    // one look at a time
  std::set<VolumeId> handed_over_;           // seals of drained volumes; guarded by look_mutex_
  std::map<VolumeId, RecordingId> cursors_;  // where draining goes on; guarded by look_mutex_
  std::map<VolumeId, SteadyTime> tried_;  // volumes whose recovery failed; guarded by look_mutex_
  std::mutex mutex_;
  std::condition_variable_any wake_;
  NamedThread thread_;
};

}  // namespace oriel::archive
