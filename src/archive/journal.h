// The journal on each volume: what the media files beside it cannot say, so that the database can
// be made again from the volume alone.
//
// Format: {volume}/journal/{day}.ndjson, one JSON object a line, UTF-8, at most kJournalLineMax
// bytes, appended and made durable with the volume. Times are microseconds since 1970. A reader
// skips (and counts) lines it cannot read and kinds it does not know. Crash argument: a line counts
// only with its line feed; a torn last line is ended by the next writer with a line feed and is
// then one unreadable line. A lost last second of journal loses reasons, never media.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "archive/file_names.h"
#include "archive/volume.h"
#include "base/result.h"
#include "base/time.h"
#include "media/part.h"
#include "media/reason.h"

namespace oriel::archive {

// Stored by name: never rename, only append.
enum class JournalKind {
  recording_began,  // recording, run, run_offset_90k, reason, clock_source, clock_offset_us,
                    // clock_error_us, declared_fps, start_us
  recording_ended,  // recording, reason, end_us, bytes, frames, index, sha256, sums
  gap_began,        // reason, start_us
  gap_ended,        // end_us
  alive,            // nothing else; every kAliveInterval, so that the time of a crash is known
  started,          // the program began to write here
  stopped,          // an ordered stop
  // Of a recording that recovery closed: recording, reason, start_us, end_us, bytes, frames, index,
  // sha256.
  recording_hashed,
  // The rows of the ledger that end at or after start_us, or are open, are those of the lines
  // gap_stands that follow: written at each start, since a loss of power may take lines and rows.
  ledger_began,
  gap_stands,  // feed, start_us, end_us (absent: open), reason
  // Of a withheld span, on every volume: item, feed, start_us, end_us (absent: until released),
  // text (why), who, made_us.
  withheld,
  released,  // item
  // Of a hold (see holds.h), on every volume: hold, feed (absent: all feeds), start_us, end_us,
  // until_us, text (why), who.
  hold_made,
  hold_released,  // hold, who; from at_us on
  // The recording was deleted (deletion.h): feed, rendition, recording, start_us, end_us; reason
  // `deleted`, or `none` where `replaced_by` stands in its place. Written before its file goes.
  recording_deleted,
  // The file of `recording` is a thinned copy (thinning.h) of `replaces`: it counts only where that
  // one is gone. feed, rendition, run, run_offset_90k, clock_source, clock_error_us, start_us,
  // end_us, thinned, began, reason (why it ended). Written before the row.
  recording_thinned,
  // The span is missing for this reason, whatever the ledger said before: feed, start_us, end_us,
  // reason.
  gap_laid,
};
BOOST_DESCRIBE_ENUM(JournalKind, recording_began, recording_ended, gap_began, gap_ended, alive,
                    started, stopped, recording_hashed, ledger_began, gap_stands, withheld,
                    released, hold_made, hold_released, recording_deleted, recording_thinned,
                    gap_laid)

constexpr Duration kAliveInterval = Duration::from_s(30);

struct JournalEntry {
  std::int64_t at_us = 0;  // when it was written
  JournalKind kind = JournalKind::alive;
  std::optional<std::string> feed;
  std::optional<media::Rendition> rendition;
  std::optional<std::int64_t> recording;
  std::optional<std::int64_t> run;
  std::optional<std::int64_t> run_offset_90k;
  std::optional<media::Reason> reason;
  std::optional<media::ClockSource> clock_source;
  std::optional<std::int64_t> clock_offset_us;
  std::optional<std::int64_t> clock_error_us;
  std::optional<double> declared_fps;
  std::optional<std::int64_t> start_us;
  std::optional<std::int64_t> end_us;
  std::optional<std::string> tracks;  // see track_json.h
  std::optional<std::int64_t> bytes;
  std::optional<std::int64_t> frames;
  std::optional<std::string> index;   // see media/segment_index.h, hexadecimal
  std::optional<std::string> sha256;  // of the whole file, hexadecimal
  std::optional<std::string> sums;    // see segment_sums.h
  std::optional<std::int64_t> item;   // of withheld
  std::optional<std::string> text;
  std::optional<std::string> who;
  std::optional<std::int64_t> made_us;
  std::optional<std::int64_t> hold;
  std::optional<std::int64_t> until_us;
  std::optional<std::int64_t> replaces;     // recording
  std::optional<std::int64_t> replaced_by;  // recording
  std::optional<media::Thinned> thinned;
  std::optional<media::Reason> began;
  bool operator==(const JournalEntry&) const = default;
};
BOOST_DESCRIBE_STRUCT(JournalEntry, (),
                      (at_us, kind, feed, rendition, recording, run, run_offset_90k, reason,
                       clock_source, clock_offset_us, clock_error_us, declared_fps, start_us,
                       end_us, tracks, bytes, frames, index, sha256, sums, item, text, who, made_us,
                       hold, until_us, replaces, replaced_by, thinned, began))

constexpr std::size_t kJournalLineMax = 16'384;

// With the line feed; absent members are left out.
std::string format_journal_line(const JournalEntry& entry);
// One line without its line feed. Errors: invalid.
Result<JournalEntry> parse_journal_line(std::string_view line);

// Appends to a volume's journal; only on the volume's thread.
class JournalWriter {
 public:
  JournalWriter(const Volume& volume, FileSystem& file_system);
  // One write for all lines. Errors: as File::write; the file is then closed and opened anew by the
  // next call.
  Result<void> append(const std::vector<JournalEntry>& entries, UtcTime now);

 private:
  Result<void> open(Day day);
  const Volume& volume_;
  FileSystem& file_system_;
  std::unique_ptr<File> file_;
  Day day_;
  std::uint64_t size_bytes_ = 0;
};

struct JournalRead {
  std::uint64_t lines = 0;
  std::uint64_t unreadable = 0;
};
// Reads one day in order, in bounded memory. A day without a file gives no entries.
Result<JournalRead> read_journal(const Volume& volume, FileSystem& file_system, Day day,
                                 const std::function<void(const JournalEntry&)>& entry);

}  // namespace oriel::archive
