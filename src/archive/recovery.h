// Makes files and rows agree after a crash, before anything is recorded.
//
// For each usable volume:
//   open row, file with whole parts    torn tail cut off and synced, index made, row closed; why it
//                                      ended is taken from the journal, else server_crashed
//   open row, file without a whole part  file removed, row removed
//   open row, no file                  row removed, its span becomes a gap: damaged
//   file without a row, newest days    row made from the file and the journal
// Then the gap ledger: what was open is closed at the last sign of life, and each feed gets an open
// gap server_crashed from there, unless the stop was ordered. Every step can be repeated: a crash
// during recovery is recovered in the same way. Rows on volumes that are not there are left open.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "archive/file_system.h"
#include "archive/volume.h"
#include "base/result.h"
#include "base/time.h"
#include "media/part.h"
#include "media/segment_index.h"
#include "store/database.h"

namespace oriel::archive {

struct RecoveryReport {
  std::uint64_t closed = 0;       // open rows whose file was read again
  std::uint64_t adopted = 0;      // files that got a row
  std::uint64_t removed = 0;      // files or rows without a whole part
  std::uint64_t damaged = 0;      // rows without a file
  std::uint64_t shortened = 0;    // closed rows whose file had lost its end
  std::uint64_t cut_bytes = 0;    // torn tails
  RecordingId highest_recording;  // in rows and in the newest files
  RunId highest_run;
  // What became missing (damaged) of main renditions.
  struct Missing {
    FeedId feed;
    UtcSpan span;
  };
  std::vector<Missing> missing;
  UtcTime ledger_since;  // rows of the ledger that may differ from the journals end after this
};

// Blocks; only before the writer starts. Errors: the database's; an unreadable file is logged and
// left for the next start.
Result<RecoveryReport> recover(const std::vector<Volume*>& volumes, FileSystem& file_system,
                               store::Database& database, UtcTime now);

// The same for one volume that was not there at the start, while the program runs and before
// anything is recorded there; the gap ledger is left alone. Errors: as recover().
Result<RecoveryReport> recover_volume(const Volume& volume, FileSystem& file_system,
                                      store::Database& database, UtcTime now);

// A closed recording whose file is gone or short, or (without `end`) a file without a row.
struct Misfit {
  RecordingId id;
  FeedId feed;
  media::Rendition rendition = media::Rendition::main;
  UtcTime start;               // of the row; of the day for a file without a row
  std::optional<UtcTime> end;  // of the row
};
// Makes them fit, while the program runs; none of them is being written. Each is looked at again:
// what fits meanwhile is left. Blocks. Errors: the database's.
Result<RecoveryReport> mend(const Volume& volume, FileSystem& file_system,
                            store::Database& database, const std::vector<Misfit>& misfits,
                            UtcTime now);

// What reading one recording file from its start says.
struct ScannedFile {
  Bytes init;
  bool video = false;
  UtcTime start;  // of the first part
  std::int64_t duration_90k = 0;
  std::uint64_t whole_bytes = 0;  // up to the end of the last whole part
  std::uint64_t file_bytes = 0;
  std::uint32_t parts = 0;
  std::uint64_t frames = 0;  // samples of the first track
  std::vector<media::SegmentEntry> segments;
};
// Walks all part heads; media bytes are not read. Errors: data_loss when there is no whole init
// segment. A torn or damaged part ends the walk.
Result<ScannedFile> scan_recording(const File& file);

}  // namespace oriel::archive
