#include "archive/coverage.h"

#include <algorithm>
#include <chrono>

namespace oriel::archive {
namespace {

// Where the step after the one that holds `local` begins.
UtcTime next_step(UtcTime local, CoverageStep step) {
  const std::chrono::sys_time<std::chrono::microseconds> at{std::chrono::microseconds(local.us)};
  if (step == CoverageStep::hour) {
    const auto hour = std::chrono::floor<std::chrono::hours>(at) + std::chrono::hours(1);
    return UtcTime{std::chrono::microseconds(hour.time_since_epoch()).count()};
  }
  auto day = std::chrono::floor<std::chrono::days>(at);
  if (step == CoverageStep::day) {
    day += std::chrono::days(1);
  } else {
    const std::chrono::year_month_day date{day};
    day = std::chrono::sys_days((date.year() / date.month() + std::chrono::months(1)) / 1);
  }
  return UtcTime{std::chrono::microseconds(day.time_since_epoch()).count()};
}

}  // namespace

CoverageSum::CoverageSum(UtcSpan span, CoverageStep step, Duration offset) {
  for (UtcTime at = span.begin; at < span.end;) {
    const UtcTime next = std::min(span.end, next_step(at + offset, step) - offset);
    CoverageItem item;
    item.start = at;
    item.end = next;
    items_.push_back(item);
    at = next;
  }
}

void CoverageSum::add(const TimelineSpan& span) {
  auto item = std::upper_bound(items_.begin(), items_.end(), span.start,
                               [](UtcTime at, const CoverageItem& i) { return at < i.end; });
  for (; item != items_.end() && item->start < span.end; ++item) {
    const UtcTime begin = std::max(span.start, item->start);
    const UtcTime end = std::min(span.end, item->end);
    const std::int64_t length_ms = end.ms() - begin.ms();
    if (span.state == TimelineState::recorded)
      item->recorded_ms += length_ms;
    else
      item->missing_ms[static_cast<std::size_t>(span.reason)] += length_ms;
  }
}

void append_span(std::vector<TimelineSpan>& spans, const TimelineSpan& span) {
  if (span.start >= span.end) return;
  if (!spans.empty() && spans.back().state == span.state && spans.back().reason == span.reason &&
      spans.back().thinned == span.thinned && spans.back().end == span.start)
    spans.back().end = span.end;
  else
    spans.push_back(span);
}

std::vector<TimelineSpan> seen_by(const Sight& sight, const std::vector<TimelineSpan>& spans) {
  std::vector<TimelineSpan> shown;
  auto next = sight.visible.begin();
  for (const auto& span : spans) {
    UtcTime at = span.start;
    while (next != sight.visible.end() && next->end <= at) ++next;
    for (auto seen = next; seen != sight.visible.end() && seen->begin < span.end; ++seen) {
      const UtcTime from = std::max(at, seen->begin);
      const UtcTime to = std::min(span.end, seen->end);
      append_span(shown, {at, from, TimelineState::missing, media::Reason::withheld});
      append_span(shown, {from, to, span.state, span.reason, span.thinned});
      at = to;
    }
    const UtcTime late = std::clamp(sight.not_after, at, span.end);
    append_span(shown, {at, late, TimelineState::missing, media::Reason::withheld});
    append_span(shown, {late, span.end, TimelineState::missing, media::Reason::none});
  }
  return shown;
}

}  // namespace oriel::archive
