// How much of each hour, day or month is recorded, and why the rest is not.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include <boost/describe/enum.hpp>

#include "archive/catalog.h"
#include "base/json.h"
#include "base/time.h"
#include "media/reason.h"

namespace oriel::api {

enum class CoverageStep { hour, day, month };
BOOST_DESCRIBE_ENUM(CoverageStep, hour, day, month)

inline constexpr std::size_t kReasonCount =
    boost::mp11::mp_size<boost::describe::describe_enumerators<media::Reason>>::value;

// One step, cut at the asked span. recorded_ms and all of missing_ms add up to end - start.
struct CoverageItem {
  UtcTime start;
  UtcTime end;
  std::int64_t recorded_ms = 0;
  std::array<std::int64_t, kReasonCount> missing_ms{};  // by Reason; none: before it was declared
};

// Adds spans up by step. Memory: one item a step.
class CoverageSum {
 public:
  // Steps begin at the full hour, at midnight, or on the first of the month where clocks are
  // `offset` ahead of UTC. The span is in whole milliseconds and not empty.
  CoverageSum(UtcSpan span, CoverageStep step, Duration offset);
  // What lies outside the span does not count.
  void add(const archive::TimelineSpan& span);
  const std::vector<CoverageItem>& items() const { return items_; }

 private:
  std::vector<CoverageItem> items_;  // touch, by time
};

// How many steps a span of this length may have at most; longer ones are refused.
inline constexpr std::size_t kCoverageStepsMax = 4'000;

// {"items": [{"start", "end", "recorded_ms", "missing_ms": {"link_down": 1200, …}}], "next": null};
// only reasons that occur.
json::value coverage_json(const std::vector<CoverageItem>& items);
json::value coverage_schema();
// A line a step: start, end, recorded_ms, then a column a reason. RFC 4180, with a header line.
std::string coverage_csv(const std::vector<CoverageItem>& items);

}  // namespace oriel::api
