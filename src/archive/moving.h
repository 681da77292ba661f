// Which recordings are on their way from one volume to another, so that a crash leaves no file
// without a row: the next look removes the copy that is too many.
//
// A row of `moving` stands from before the copy is begun until the surplus file is gone. `surplus`
// names the volume whose file has to go; empty while the copy is made. It is set in the very
// transaction that decides: the recording's row names the other volume, or the recording is marked
// for deletion.
#pragma once
#include <vector>

#include "archive/file_system.h"
#include "archive/volume.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "media/part.h"
#include "store/database.h"

namespace oriel::archive {

struct MovingFile {
  RecordingId recording;
  FeedId feed;
  media::Rendition rendition = media::Rendition::main;
  UtcTime start;
  VolumeId to;
  VolumeId surplus;  // empty: not decided
};
Result<void> note_moving(store::Session& session, const MovingFile& file);
// Inside the transaction that deletes the recording: copies that are being made go.
Result<void> end_moves_of(store::Session& session, RecordingId id);

// Removes surplus files. While nobody moves anything: at the start before recovery, and by the care
// of volumes. A copy whose original was lost meanwhile stays: recovery and the sweep adopt it. What
// lies on a volume that cannot be written is left. Blocks. Errors: the database's.
Result<void> clear_unfinished_moves(const std::vector<Volume*>& volumes, FileSystem& file_system,
                                    store::Database& database);

}  // namespace oriel::archive
