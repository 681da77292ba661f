// How much of each hour, day or month is recorded, and why the rest is not.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include <boost/describe/enum.hpp>
#include <boost/mp11.hpp>

#include "archive/catalog.h"
#include "base/time.h"
#include "media/reason.h"

namespace oriel::archive {

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
  void add(const TimelineSpan& span);
  const std::vector<CoverageItem>& items() const { return items_; }

 private:
  std::vector<CoverageItem> items_;  // touch, by time
};

// Puts `span` behind the others, or makes the last one longer when it goes on in the same state.
void append_span(std::vector<TimelineSpan>& spans, const TimelineSpan& span);

// What one viewer may see of a time.
struct Sight {
  std::vector<UtcSpan> visible;  // in order, not overlapping
  UtcTime not_after;             // what is later is not shown yet
};
// The same time as this viewer may know it: what he may not see is withheld, whatever it is, and
// what is not shown yet is missing without a reason. The spans still touch, and their sum is the
// same.
std::vector<TimelineSpan> seen_by(const Sight& sight, const std::vector<TimelineSpan>& spans);

}  // namespace oriel::archive
