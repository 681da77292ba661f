#include "archive/journal.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <string_view>
#include <system_error>

#include "base/json.h"
#include "base/log.h"

namespace oriel::archive {
namespace {

constexpr double kFpsMax = 10'000;

}  // namespace

std::string format_journal_line(const JournalEntry& entry) {
  const json::value whole = to_json(entry);
  json::object present;
  for (const auto& [key, value] : whole.get_object())
    if (!value.is_null()) present.emplace(key, value);
  return json::serialize(present) + "\n";
}

Result<JournalEntry> parse_journal_line(std::string_view line) {
  if (line.size() > kJournalLineMax) return fail(ErrorKind::invalid, "the line is too long");
  json::parse_options options;
  options.max_depth = 4;
  std::error_code error;
  const auto value = json::parse(line, error, {}, options);
  if (error) return fail(ErrorKind::invalid, "the line is not JSON: " + error.message());
  ORIEL_TRY_ASSIGN(auto entry, from_json<JournalEntry>(value, "entry"));
  if (entry.feed && !parse_slug(*entry.feed))
    return fail(ErrorKind::invalid, "entry.feed: is not an id");
  if (entry.declared_fps) {
    auto& fps = *entry.declared_fps;
    if (!(fps >= 0 && fps <= kFpsMax))
      return fail(ErrorKind::invalid, "entry.declared_fps: is not a rate of pictures");
    // The JSON reader may miss a number of many digits by its last bit.
    fps = std::round(fps * 1e6) / 1e6;
  }
  return entry;
}

JournalWriter::JournalWriter(const Volume& volume, FileSystem& file_system)
    : volume_(volume), file_system_(file_system) {}

Result<void> JournalWriter::open(Day day) {
  ORIEL_TRY(file_system_.make_folders(volume_.path_of(kJournalFolder)));
  const std::string path = volume_.path_of(journal_file(day));
  ORIEL_TRY_ASSIGN(auto file, file_system_.open(path, OpenMode::create));
  ORIEL_TRY_ASSIGN(size_bytes_, file->size());
  if (size_bytes_ > 0) {
    std::uint8_t last = 0;
    ORIEL_TRY_ASSIGN(const auto count, file->read(size_bytes_ - 1, std::span(&last, 1)));
    if (count == 1 && last != '\n') {
      const ByteView line_feed = as_bytes("\n");
      ORIEL_TRY(file->write(size_bytes_, std::span(&line_feed, 1)));
      ++size_bytes_;
    }
  }
  file_ = std::move(file);
  day_ = day;
  return {};
}

Result<void> JournalWriter::append(const std::vector<JournalEntry>& entries, UtcTime now) {
  if (entries.empty()) return {};
  if (!file_ || day_ != day_of(now)) {
    file_.reset();
    ORIEL_TRY(open(day_of(now)));
  }
  std::string lines;
  for (const auto& entry : entries) lines += format_journal_line(entry);
  const ByteView piece = as_bytes(lines);
  if (auto written = file_->write(size_bytes_, std::span(&piece, 1)); !written) {
    file_.reset();
    return written;
  }
  size_bytes_ += lines.size();
  return {};
}

Result<JournalRead> read_journal(const Volume& volume, FileSystem& file_system, Day day,
                                 const std::function<void(const JournalEntry&)>& entry) {
  JournalRead read;
  const auto file = file_system.open(volume.path_of(journal_file(day)), OpenMode::read);
  if (!file && file.error().kind == ErrorKind::not_found) return read;
  if (!file) return fail(file.error());
  std::array<std::uint8_t, 65536> chunk;
  std::string line;
  bool too_long = false;
  const auto take_line = [&] {
    ++read.lines;
    auto parsed = too_long ? Result<JournalEntry>(fail(ErrorKind::invalid, "too long"))
                           : parse_journal_line(line);
    if (parsed)
      entry(*parsed);
    else
      ++read.unreadable;
    line.clear();
    too_long = false;
  };
  for (std::uint64_t offset = 0;;) {
    ORIEL_TRY_ASSIGN(const auto count, (*file)->read(offset, chunk));
    if (count == 0) break;
    offset += count;
    std::string_view rest = as_text(ByteView(chunk.data(), count));
    while (!rest.empty()) {
      const auto end = rest.find('\n');
      const auto piece = rest.substr(0, end);
      too_long = too_long || line.size() + piece.size() > kJournalLineMax;
      if (!too_long) line += piece;
      if (end == std::string_view::npos) break;
      take_line();
      rest.remove_prefix(end + 1);
    }
  }
  // What follows the last line feed is torn: it does not count.
  if (!line.empty() || too_long) ++read.unreadable;
  return read;
}

}  // namespace oriel::archive
