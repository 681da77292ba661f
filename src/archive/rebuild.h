// Makes the database again from what lies on the volumes: the files of recordings, the journals and
// the seals beside them. Nothing on a volume is changed.
//
// Order: 1. the journals, day after day over all volumes, each line as it was written: gaps, what
// is withheld. 2. The recordings, day after day: a row from the file's init segment and its journal
// lines; from a walk through the file where the journal has no line of it. Each file is read from
// end to end unless it is asked to be quick; what is unreadable becomes damage, as the verifier has
// it. 3. The seals. A crash leaves a database that is not whole: it is made beside the old one, and
// takes its place only at the end (see app).
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "archive/file_names.h"
#include "archive/file_system.h"
#include "archive/pace.h"
#include "archive/volume.h"
#include "base/result.h"
#include "store/database.h"

namespace oriel::archive {

struct RebuildReport {
  std::uint64_t recordings = 0;
  std::uint64_t bytes = 0;         // of recordings
  std::uint64_t from_file = 0;     // recordings of which no journal knows
  std::uint64_t damaged = 0;       // rows whose file is not what was written
  std::uint64_t lost = 0;          // the journal knows of it, its file is gone: a gap `damaged`
  std::uint64_t no_recording = 0;  // files with a recording's name and no whole part: left alone
  std::uint64_t foreign = 0;       // files and folders that are not ours: left alone
  std::uint64_t lines = 0;         // of journals
  std::uint64_t unreadable_lines = 0;
  std::uint64_t seals = 0;
  std::vector<std::string> notes;  // one sentence for each thing to look at; at most kNotesMax
  static constexpr std::size_t kNotesMax = 10'000;
};

struct RebuildOptions {
  bool quick = false;  // take the journals' word for the bytes; the scrub finds what is damaged
  std::function<void(Day day, const RebuildReport& so_far)> progress;
};

// Blocks for as long as it takes. Errors: conflict (the database has recordings), unavailable (a
// volume is not there: what lies on it would be missing), cancelled, the database's.
Result<RebuildReport> rebuild(const std::vector<Volume*>& volumes, FileSystem& file_system,
                              store::Database& database, const RebuildOptions& options, UtcTime now,
                              Pace& pace);

}  // namespace oriel::archive
