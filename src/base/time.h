// Time: UTC instants, media time, and the clock everything is given instead of asking the system.
#pragma once
#include <atomic>
#include <chrono>
#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace oriel {

// Microseconds since 1970-01-01T00:00:00Z, leap seconds not counted (POSIX time).
struct UtcTime {
  std::int64_t us = 0;
  auto operator<=>(const UtcTime&) const = default;
  constexpr std::int64_t ms() const { return us >= 0 ? us / 1000 : -((-us + 999) / 1000); }
  static constexpr UtcTime from_ms(std::int64_t ms) { return UtcTime{ms * 1000}; }
};

// A length of time in microseconds; may be negative.
struct Duration {
  std::int64_t us = 0;
  auto operator<=>(const Duration&) const = default;
  constexpr double seconds() const { return static_cast<double>(us) / 1e6; }
  static constexpr Duration from_ms(std::int64_t ms) { return Duration{ms * 1000}; }
  static constexpr Duration from_s(std::int64_t s) { return Duration{s * 1'000'000}; }
};

constexpr UtcTime operator+(UtcTime t, Duration d) { return UtcTime{t.us + d.us}; }
constexpr UtcTime operator-(UtcTime t, Duration d) { return UtcTime{t.us - d.us}; }
constexpr Duration operator-(UtcTime a, UtcTime b) { return Duration{a.us - b.us}; }
constexpr Duration operator+(Duration a, Duration b) { return Duration{a.us + b.us}; }
constexpr Duration operator-(Duration a, Duration b) { return Duration{a.us - b.us}; }

// [begin, end)
struct UtcSpan {
  UtcTime begin;
  UtcTime end;
  auto operator<=>(const UtcSpan&) const = default;
  constexpr Duration length() const { return end - begin; }
  constexpr bool contains(UtcTime t) const { return begin <= t && t < end; }
  constexpr bool overlaps(UtcSpan other) const { return begin < other.end && other.begin < end; }
};

// RFC 3339 with an offset or Z; fraction up to 9 digits, truncated to microseconds; years 1970 to
// 9999; a leap second (:60) reads as the second after. Errors: invalid.
Result<UtcTime> parse_rfc3339(std::string_view text);
// "2026-11-20T08:00:00.123Z": always UTC, always milliseconds (rounded down).
std::string format_rfc3339(UtcTime time);

// 90 kHz ticks, the clock of everything in Oriel's own media format.
constexpr std::int64_t kTicksPerSecond = 90'000;
constexpr Duration ticks_to_duration(std::int64_t ticks) { return Duration{ticks * 100 / 9}; }
constexpr std::int64_t duration_to_ticks(Duration d) { return d.us * 9 / 100; }

using SteadyTime = std::chrono::steady_clock::time_point;

// Given by constructor to whoever needs to know what time it is. Thread-safe.
class Clock {
 public:
  virtual ~Clock() = default;
  virtual UtcTime now() const = 0;
  virtual SteadyTime steady() const = 0;
  // How far now() may be from UTC; absent when nothing keeps the clock right.
  virtual std::optional<Duration> error_bound() const = 0;
};

class SystemClock final : public Clock {
 public:
  UtcTime now() const override;
  SteadyTime steady() const override;
  // What the kernel was told by NTP or PTP (adjtimex: maxerror, unless STA_UNSYNC).
  std::optional<Duration> error_bound() const override;
};

// A clock that stands still until it is told otherwise; for tests and simulations.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(UtcTime start) : now_us_(start.us) {}
  UtcTime now() const override;
  SteadyTime steady() const override;
  std::optional<Duration> error_bound() const override { return Duration{}; }
  void advance(Duration by);
  // As when somebody sets the clock of the machine: the steady clock goes on as before.
  void set(UtcTime now) { now_us_ = now.us; }

 private:
  std::atomic<std::int64_t> now_us_;
  std::atomic<std::int64_t> steady_us_ = 0;
};

}  // namespace oriel
