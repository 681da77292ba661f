// A volume: one folder, usually a mount point, that holds recordings.
//
// Identity. The marker {volume}/oriel-volume.json and the row in `volume` carry the same uuid.
//   no row,  no marker   first use: marker made (temporary file, sync, rename, sync folder), row
//   no row,  marker      adopted when the marker names this id: the row was lost or never written
//   row,     no marker   missing: nothing is mounted there; writing would fill the wrong disk
//   row,     other uuid  missing: another disk stands in its place
// A crash between marker and row leaves the second case. The check is repeated while running.
#pragma once
#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/describe.hpp>

#include "archive/file_system.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "media/reason.h"
#include "store/database.h"

namespace oriel::archive {

enum class VolumeState {
  ok,
  full,  // less than the reserve is free; comes back by itself
  readonly,
  failed,   // the disk returns errors
  missing,  // not mounted, or another disk in its place
};
BOOST_DESCRIBE_ENUM(VolumeState, ok, full, readonly, failed, missing)

struct VolumeOptions {
  VolumeId id;
  std::string path;
  // Recording stops below this; what is left is for the journal, the database and the system.
  std::uint64_t reserve_bytes = std::uint64_t{1} << 30;
};

struct VolumeStatus {
  VolumeState state = VolumeState::ok;
  std::string message;  // for a person; empty when ok
  std::uint64_t free_bytes = 0;
  std::uint64_t total_bytes = 0;
  bool another_disk = false;  // with `missing`: its path is taken by another volume
};

// What is missing while no volume can be written: disk_full or disk_failed; none for ok.
media::Reason reason_of(VolumeState state);

// The marker's content. Errors: invalid, and at most 4096 bytes are taken.
struct VolumeMarker {
  std::int64_t version = 1;
  std::string volume;  // VolumeId
  std::string uuid;    // 32 hexadecimal digits
};
BOOST_DESCRIBE_STRUCT(VolumeMarker, (), (version, volume, uuid))
Result<VolumeMarker> parse_marker(ByteView bytes);
std::string format_marker(const VolumeMarker& marker);

class Volume;
// The volumes as they are at the moment of asking: one may be added while the program runs.
using VolumeList = std::function<std::vector<Volume*>()>;
// For who has them once and for all.
inline VolumeList list_of(std::vector<Volume*> volumes) {
  return [volumes = std::move(volumes)] { return volumes; };
}

// Thread-safe.
class Volume {
 public:
  // Always gives a volume: one that cannot be used is missing, readonly or failed and is looked at
  // again by refresh(). Errors: only those of the database, and conflict when the path is used by
  // another volume's marker.
  static Result<std::unique_ptr<Volume>> open(VolumeOptions options, FileSystem& file_system,
                                              store::Database& database, UtcTime now);

  const VolumeId& id() const { return options_.id; }
  const std::string& path() const { return options_.path; }
  std::string path_of(std::string_view relative_path) const;
  std::uint64_t reserve_bytes() const { return options_.reserve_bytes; }
  VolumeStatus status() const;
  VolumeState state() const;
  bool writable() const { return ready() && state() == VolumeState::ok; }
  // Recordings may begin on it.
  bool takes_recordings() const { return writable() && !draining(); }

  // Not ready: it was not there at the start, and what an earlier life left is not recovered yet.
  bool ready() const { return ready_.load(); }
  void set_ready(bool ready) { ready_ = ready; }
  // Its recordings are given to other volumes. Survives a restart. Errors: the database's.
  bool draining() const { return draining_.load(); }
  Result<void> set_draining(bool draining, store::Database& database, UtcTime now);
  // What open() does for a volume of which there was nothing then. Nothing to do is no error.
  // Blocks. Errors: the disk's, the database's.
  Result<void> claim_late(store::Database& database, UtcTime now);

  // Looks at marker, mount and free bytes again; a failed or readonly volume is tried by writing
  // and removing a small file. Blocks on the disk. True when the volume became writable by this
  // call.
  bool refresh();
  // The marker is in its place now. Blocks on the disk.
  bool is_in_place() { return check_marker().has_value(); }
  // A write, sync or create returned this error: changes the state accordingly.
  void report_error(const Error& error);
  // Everything written so far survives a loss of power when this returns.
  Result<void> sync();

 private:
  Volume(VolumeOptions options, FileSystem& file_system, std::string uuid);
  Result<void> check_marker();
  void set_state(VolumeState state, std::string message);

  const VolumeOptions options_;
  FileSystem& file_system_;
  std::atomic<bool> ready_ = true;
  std::atomic<bool> draining_ = false;
  mutable std::mutex mutex_;
  std::string uuid_;     // guarded by mutex_; empty until it is claimed
  VolumeStatus status_;  // guarded by mutex_
};

}  // namespace oriel::archive
