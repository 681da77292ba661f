#include "base/time.h"

#include <array>
#include <cstdio>
#include <optional>

#include <sys/timex.h>

namespace oriel {
namespace {

// Days since 1970-01-01 of a date of the proleptic Gregorian calendar.
std::int64_t days_from_civil(int year, unsigned month, unsigned day) {
  using namespace std::chrono;
  return sys_days{std::chrono::year{year} / static_cast<int>(month) / static_cast<int>(day)}
      .time_since_epoch()
      .count();
}

// Reads exactly `count` digits at `at` and moves past them.
std::optional<int> read_digits(std::string_view text, std::size_t& at, std::size_t count) {
  if (at + count > text.size()) return std::nullopt;
  int value = 0;
  for (std::size_t i = 0; i < count; ++i) {
    const char c = text[at + i];
    if (c < '0' || c > '9') return std::nullopt;
    value = value * 10 + (c - '0');
  }
  at += count;
  return value;
}

bool read_char(std::string_view text, std::size_t& at, char wanted) {
  if (at >= text.size() || text[at] != wanted) return false;
  ++at;
  return true;
}

}  // namespace

Result<UtcTime> parse_rfc3339(std::string_view text) {
  const auto bad = [&] {
    return fail(ErrorKind::invalid, "not an RFC 3339 time such as 2026-11-20T08:00:00Z");
  };
  std::size_t at = 0;
  const auto year = read_digits(text, at, 4);
  if (!year || *year < 1970 || !read_char(text, at, '-')) return bad();
  const auto month = read_digits(text, at, 2);
  if (!month || !read_char(text, at, '-')) return bad();
  const auto day = read_digits(text, at, 2);
  if (!day) return bad();
  const std::chrono::year_month_day date{std::chrono::year{*year},
                                         std::chrono::month{static_cast<unsigned>(*month)},
                                         std::chrono::day{static_cast<unsigned>(*day)}};
  if (!date.ok()) return bad();
  if (at >= text.size() || (text[at] != 'T' && text[at] != 't' && text[at] != ' ')) return bad();
  ++at;
  const auto hour = read_digits(text, at, 2);
  if (!hour || *hour > 23 || !read_char(text, at, ':')) return bad();
  const auto minute = read_digits(text, at, 2);
  if (!minute || *minute > 59 || !read_char(text, at, ':')) return bad();
  const auto second = read_digits(text, at, 2);
  if (!second || *second > 60) return bad();

  std::int64_t fraction_us = 0;
  if (read_char(text, at, '.')) {
    std::size_t digits = 0;
    for (std::int64_t scale = 100'000; at < text.size() && text[at] >= '0' && text[at] <= '9';
         ++at, ++digits, scale /= 10)
      fraction_us += (text[at] - '0') * scale;
    if (digits == 0 || digits > 9) return bad();
  }

  std::int64_t offset_s = 0;
  if (at < text.size() && (text[at] == 'Z' || text[at] == 'z')) {
    ++at;
  } else if (at < text.size() && (text[at] == '+' || text[at] == '-')) {
    const bool negative = text[at++] == '-';
    const auto offset_hour = read_digits(text, at, 2);
    if (!offset_hour || *offset_hour > 23 || !read_char(text, at, ':')) return bad();
    const auto offset_minute = read_digits(text, at, 2);
    if (!offset_minute || *offset_minute > 59) return bad();
    offset_s = *offset_hour * 3600 + *offset_minute * 60;
    if (negative) offset_s = -offset_s;
  } else {
    return bad();
  }
  if (at != text.size()) return bad();

  const std::int64_t seconds =
      days_from_civil(*year, static_cast<unsigned>(*month), static_cast<unsigned>(*day)) * 86'400 +
      *hour * 3600 + *minute * 60 + *second - offset_s;
  return UtcTime{seconds * 1'000'000 + fraction_us};
}

std::string format_rfc3339(UtcTime time) {
  using namespace std::chrono;
  const auto instant = sys_time<milliseconds>{milliseconds{time.ms()}};
  const auto midnight = floor<days>(instant);
  const year_month_day date{midnight};
  const hh_mm_ss clock{instant - midnight};
  std::array<char, 48> text{};
  std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d.%03dZ",
                static_cast<int>(date.year()), static_cast<unsigned>(date.month()),
                static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                static_cast<int>(clock.minutes().count()),
                static_cast<int>(clock.seconds().count()),
                static_cast<int>(clock.subseconds().count()));
  return text.data();
}

UtcTime SystemClock::now() const {
  using namespace std::chrono;
  return UtcTime{duration_cast<microseconds>(system_clock::now().time_since_epoch()).count()};
}

SteadyTime SystemClock::steady() const { return std::chrono::steady_clock::now(); }

std::optional<Duration> SystemClock::error_bound() const {
  ::timex state{};
  const int status = ::adjtimex(&state);
  if (status < 0 || status == TIME_ERROR || (state.status & STA_UNSYNC) != 0) return std::nullopt;
  return Duration{state.maxerror};
}

UtcTime ManualClock::now() const { return UtcTime{now_us_.load()}; }

SteadyTime ManualClock::steady() const {
  return SteadyTime{std::chrono::microseconds{steady_us_.load()}};
}

void ManualClock::advance(Duration by) {
  now_us_ += by.us;
  steady_us_ += by.us;
}

}  // namespace oriel
