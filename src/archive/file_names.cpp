#include "archive/file_names.h"

#include <charconv>
#include <chrono>
#include <vector>

#include <fmt/format.h>

namespace oriel::archive {
namespace {

// Decimal digits only, no sign, no leading zero unless `digits` fixes the width.
std::optional<std::int64_t> parse_number(std::string_view text, std::size_t digits = 0) {
  if (text.empty() || text.size() > 18) return std::nullopt;
  if (digits != 0 ? text.size() != digits : text.size() > 1 && text.front() == '0')
    return std::nullopt;
  std::int64_t value = 0;
  for (const char c : text) {
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  return value;
}

bool is_date(const Day& day) {
  return std::chrono::year_month_day{std::chrono::year{day.year}, std::chrono::month{day.month},
                                     std::chrono::day{day.day}}
      .ok();
}

std::string_view suffix_of(media::Rendition rendition) {
  switch (rendition) {
    case media::Rendition::main:
      return ".mp4";
    case media::Rendition::sub:
      return ".sub.mp4";
    case media::Rendition::made:
      return ".made.mp4";
  }
  return ".mp4";
}

}  // namespace

Day day_of(UtcTime time) {
  using namespace std::chrono;
  const auto days = floor<std::chrono::days>(sys_time<microseconds>{microseconds{time.us}});
  const year_month_day date{days};
  return {static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
          static_cast<unsigned>(date.day())};
}

UtcTime begin_of(Day day) {
  using namespace std::chrono;
  const sys_days days{std::chrono::year{day.year} / std::chrono::month{day.month} /
                      std::chrono::day{day.day}};
  return UtcTime{duration_cast<microseconds>(days.time_since_epoch()).count()};
}

UtcTime end_of(Day day) { return begin_of(day) + Duration::from_s(86'400); }

std::string format_date(Day day) {
  return fmt::format("{:04}-{:02}-{:02}", day.year, day.month, day.day);
}

std::optional<Day> parse_date(std::string_view text) {
  if (text.size() != 10 || text[4] != '-' || text[7] != '-') return std::nullopt;
  const auto year = parse_year(text.substr(0, 4));
  const auto month = parse_month(text.substr(5, 2));
  const auto day = parse_day(text.substr(8, 2));
  if (!year || !month || !day) return std::nullopt;
  const Day date{*year, *month, *day};
  if (!is_date(date)) return std::nullopt;
  return date;
}

std::string day_folder(const FeedId& feed, Day day) {
  return fmt::format("{}/{:04}/{:02}/{:02}", feed.str(), day.year, day.month, day.day);
}

std::string recording_file(const FeedId& feed, media::Rendition rendition, RecordingId id,
                           UtcTime start) {
  return fmt::format("{}/{}{}", day_folder(feed, day_of(start)), id.value, suffix_of(rendition));
}

std::string journal_file(Day day) {
  return fmt::format("{}/{}.ndjson", kJournalFolder, format_date(day));
}

std::string seal_folder(const FeedId& feed) {
  return fmt::format("{}/{}", kSealFolder, feed.str());
}

std::string seal_file(const FeedId& feed, Day day, std::int64_t number) {
  return fmt::format("{}/{}.{}.seal", seal_folder(feed), format_date(day), number);
}

std::optional<SealFileName> parse_seal_file_name(std::string_view name) {
  constexpr std::string_view kSuffix = ".seal";
  if (name.size() < 17 || name[10] != '.' || !name.ends_with(kSuffix)) return std::nullopt;
  const auto day = parse_date(name.substr(0, 10));
  const auto number = parse_number(name.substr(11, name.size() - 11 - kSuffix.size()));
  if (!day || !number || *number == 0) return std::nullopt;
  return SealFileName{*day, *number};
}

std::optional<RecordingFileName> parse_recording_file_name(std::string_view name) {
  const auto dot = name.find('.');
  if (dot == std::string_view::npos) return std::nullopt;
  const auto id = parse_number(name.substr(0, dot));
  if (!id || *id == 0) return std::nullopt;
  for (const auto rendition :
       {media::Rendition::main, media::Rendition::sub, media::Rendition::made})
    if (name.substr(dot) == suffix_of(rendition))
      return RecordingFileName{RecordingId{*id}, rendition};
  return std::nullopt;
}

std::optional<RecordingPath> parse_recording_path(std::string_view relative_path) {
  std::vector<std::string_view> parts;
  for (auto rest = relative_path;;) {
    const auto slash = rest.find('/');
    parts.push_back(rest.substr(0, slash));
    if (slash == std::string_view::npos) break;
    if (parts.size() == 5) return std::nullopt;
    rest.remove_prefix(slash + 1);
  }
  if (parts.size() != 5) return std::nullopt;
  auto feed = parse_slug(parts[0]);
  const auto year = parse_year(parts[1]);
  const auto month = parse_month(parts[2]);
  const auto day = parse_day(parts[3]);
  const auto file = parse_recording_file_name(parts[4]);
  if (!feed || !year || !month || !day || !file) return std::nullopt;
  const Day date{*year, *month, *day};
  if (!is_date(date)) return std::nullopt;
  return RecordingPath{FeedId(std::move(*feed)), date, *file};
}

std::optional<Day> parse_journal_file_name(std::string_view name) {
  if (name.size() != 17 || name.substr(10) != ".ndjson") return std::nullopt;
  return parse_date(name.substr(0, 10));
}

std::optional<int> parse_year(std::string_view name) {
  const auto value = parse_number(name, 4);
  if (!value) return std::nullopt;
  return static_cast<int>(*value);
}

std::optional<unsigned> parse_month(std::string_view name) {
  const auto value = parse_number(name, 2);
  if (!value || *value < 1 || *value > 12) return std::nullopt;
  return static_cast<unsigned>(*value);
}

std::optional<unsigned> parse_day(std::string_view name) {
  const auto value = parse_number(name, 2);
  if (!value || *value < 1 || *value > 31) return std::nullopt;
  return static_cast<unsigned>(*value);
}

std::string join_path(std::string_view root, std::string_view relative_path) {
  std::string path(root);
  if (!path.empty() && path.back() != '/') path += '/';
  path += relative_path;
  return path;
}

}  // namespace oriel::archive
