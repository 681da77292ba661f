// The names of everything the archive keeps on a volume. No other file builds or reads them.
//
//   {volume}/oriel-volume.json                          identity marker, see volume.h
//   {volume}/journal/{yyyy}-{mm}-{dd}.ndjson            what media cannot say, see journal.h
//   {volume}/seals/{feed}/{yyyy}-{mm}-{dd}.{number}.seal  what was recorded, signed; see seal.h
//   {volume}/{feed}/{yyyy}/{mm}/{dd}/{recording}.mp4      main rendition
//   {volume}/{feed}/{yyyy}/{mm}/{dd}/{recording}.sub.mp4  the camera's small stream
//
// The day is that of the recording's start in UTC; {recording} is the decimal id without leading
// zeros. A feed may be called "journal" or "seals": its years never look like their files. Anything
// else on a volume is foreign and left alone.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/time.h"
#include "media/part.h"

namespace oriel::archive {

// A day of the UTC calendar.
struct Day {
  int year = 0;
  unsigned month = 0;
  unsigned day = 0;
  auto operator<=>(const Day&) const = default;
};
Day day_of(UtcTime time);
UtcTime begin_of(Day day);
UtcTime end_of(Day day);
// "2026-11-20"; absent for any other text.
std::string format_date(Day day);
std::optional<Day> parse_date(std::string_view text);

constexpr std::string_view kMarkerFile = "oriel-volume.json";
constexpr std::string_view kJournalFolder = "journal";
constexpr std::string_view kSealFolder = "seals";
constexpr std::string_view kProbeFile = ".oriel-probe";

// All paths are relative to the volume's root, with '/' and without a leading one.
std::string day_folder(const FeedId& feed, Day day);
std::string recording_file(const FeedId& feed, media::Rendition rendition, RecordingId id,
                           UtcTime start);
std::string journal_file(Day day);

struct RecordingFileName {
  RecordingId id;
  media::Rendition rendition = media::Rendition::main;
  auto operator<=>(const RecordingFileName&) const = default;
};
// The last component of a path: "17.mp4", "17.sub.mp4". Absent for any other name.
std::optional<RecordingFileName> parse_recording_file_name(std::string_view name);

struct RecordingPath {
  FeedId feed;
  Day day;
  RecordingFileName file;
};
// The inverse of recording_file(); absent for what recording_file() never gives.
std::optional<RecordingPath> parse_recording_path(std::string_view relative_path);

// "2026-11-20.ndjson"; absent for any other name.
std::optional<Day> parse_journal_file_name(std::string_view name);
std::string seal_folder(const FeedId& feed);
std::string seal_file(const FeedId& feed, Day day, std::int64_t number);
struct SealFileName {
  Day day;
  std::int64_t number = 0;
};
// "2026-11-20.17.seal"; absent for any other name.
std::optional<SealFileName> parse_seal_file_name(std::string_view name);

// Components of a day folder: exactly four or two digits and in range, else absent.
std::optional<int> parse_year(std::string_view name);
std::optional<unsigned> parse_month(std::string_view name);
std::optional<unsigned> parse_day(std::string_view name);

// root + "/" + relative.
std::string join_path(std::string_view root, std::string_view relative_path);

}  // namespace oriel::archive
