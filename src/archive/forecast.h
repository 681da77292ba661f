// What the disks will look like: the rates of the last days, the rules of retention and the holds,
// played forward day by day for a year.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "archive/holds.h"
#include "archive/retention_rules.h"
#include "archive/usage.h"
#include "base/ids.h"
#include "base/time.h"

namespace oriel::archive {

constexpr int kForecastDays = 366;

struct ForecastInput {
  struct Volume {
    VolumeId id;
    std::uint64_t total_bytes = 0;
    std::uint64_t free_bytes = 0;
    std::uint64_t reserve_bytes = 0;
  };
  struct Feed {
    FeedId id;
    std::vector<DayUse> days;
    UtcTime first;           // start of its first recording
    bool recording = false;  // goes on as it did
  };
  UtcTime now;
  std::vector<Volume> volumes;
  std::vector<Feed> feeds;
  RetentionRules rules;
  std::vector<Hold> holds;
};

// Bytes at the end of each day from today on; `used[0]` is now.
struct VolumeForecast {
  std::string volume;
  std::int64_t total_bytes = 0;
  std::int64_t reserve_bytes = 0;
  std::vector<std::int64_t> used_bytes;
  std::optional<UtcTime> full_at;  // recording stops then; to the day
};
BOOST_DESCRIBE_STRUCT(VolumeForecast, (), (volume, total_bytes, reserve_bytes, used_bytes, full_at))

struct FeedForecast {
  std::string feed;
  std::int64_t bytes = 0;
  std::int64_t bytes_per_day = 0;  // of the last days
  std::int64_t bytes_in_a_month = 0;
  std::int64_t bytes_in_a_year = 0;
  std::optional<UtcTime> oldest_in_a_year;  // start of the oldest day there will be
};
BOOST_DESCRIBE_STRUCT(FeedForecast, (),
                      (feed, bytes, bytes_per_day, bytes_in_a_month, bytes_in_a_year,
                       oldest_in_a_year))

struct Forecast {
  UtcTime now;
  std::vector<VolumeForecast> volumes;
  std::vector<FeedForecast> feeds;
  std::optional<UtcTime> full_at;  // the last volume is full: recording stops
};
BOOST_DESCRIBE_STRUCT(Forecast, (), (now, volumes, feeds, full_at))

// Pure. Time: some 10 ms for a hundred feeds of ten years.
Forecast make_forecast(const ForecastInput& input);

}  // namespace oriel::archive
