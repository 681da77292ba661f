// Thinning: of an old recording only key frames stay, then one of them a minute, as a recording of
// its own in its place. It has another number, so that a URL goes on naming one byte string
// (docs/decisions/0002), and is deleted, held, checked and played as any other. Each picture lasts
// until the next: the time axis stays. Sound goes, and with it its track.
//
//   1. A row in `thinning`, durable: this number and path belong to a copy that is being made.
//   2. The file beside the old one: written, synced, its folder synced.
//   3. The volume's journal says what it is (recording_thinned), durably.
//   4. One transaction, durable: the row of the copy, the old one marked for deletion (deletion.h),
//      the row in `thinning` gone. From here on the copy is the recording.
//        P before 4: the next start removes the copy's file and the row in `thinning`; the journal
//        speaks of a file that is not there.
//   5. Deletion::erase() removes the old file.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "archive/catalog.h"
#include "archive/deletion.h"
#include "archive/file_system.h"
#include "archive/volume.h"
#include "archive/writer.h"
#include "base/ids.h"
#include "base/result.h"
#include "media/packager.h"
#include "media/part.h"

namespace oriel::archive {

// What a thinned copy's file holds.
struct ThinnedFile {
  SharedBytes init;
  std::shared_ptr<const media::Tracks> tracks;
  std::int64_t skipped_90k = 0;  // before the first key frame
  std::int64_t duration_90k = 0;
  std::uint64_t bytes = 0;
  std::uint32_t parts = 0;
  std::vector<media::SegmentEntry> segments;
};
// Called with each count of bytes read or written, so that the caller can slow it down; false ends
// the work (cancelled).
using ThinningPace = std::function<bool(std::uint64_t bytes)>;
// Copies what `stage` keeps of a recording's file that starts at `start` and ends at `end_bytes`
// into an empty one. Errors: unsupported (no video, or no key frame in it), data_loss, cancelled,
// of the disk.
Result<ThinnedFile> write_thinned(const File& from, std::uint64_t end_bytes,
                                  const InitSegment& init, UtcTime start, media::Thinned stage,
                                  File& to, const ThinningPace& pace);

// Removes what a crash left of copies that were being made. Before recovery and the writer. Copies
// on volumes that cannot be written are left. Errors: the database's.
Result<void> clear_unfinished_thinning(const std::vector<Volume*>& volumes, FileSystem& file_system,
                                       store::Database& database);

// Thread-safe; every call blocks on disk and database.
class Thinning {
 public:
  Thinning(store::Database& database, Writer& writer, FileSystem& file_system,
           std::function<std::vector<Volume*>()> volumes, const Catalog& catalog,
           media::IdSource& ids, const Clock& clock, Deletion::Forget forget);

  // The copy's row, and the old recording marked for deletion. Absent: it is held, being written,
  // thinned as far already, or gone. Errors: as write_thinned(), unavailable (the volume), of the
  // database; nothing has changed then.
  Result<std::optional<RecordingRow>> thin(RecordingId id, media::Thinned stage,
                                           const ThinningPace& pace);

 private:
  struct Copy;
  Result<void> write_copy(const Copy& copy, ThinnedFile& written, const ThinningPace& pace);
  Result<bool> switch_over(const Copy& copy, const ThinnedFile& written);
  void undo(const Copy& copy);

  store::Database& database_;
  Writer& writer_;
  FileSystem& file_system_;
  const std::function<std::vector<Volume*>()> volumes_;
  const Catalog& catalog_;
  media::IdSource& ids_;
  const Clock& clock_;
  const Deletion::Forget forget_;
};

}  // namespace oriel::archive
