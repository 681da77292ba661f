#include "archive/away.h"

#include <algorithm>

#include "archive/coverage.h"

namespace oriel::archive {
namespace {

// Longer than any recording: one that began this long before the span cannot reach into it.
constexpr Duration kLongest = Duration::from_s(86'400);

UtcTime whole_ms(UtcTime time) { return UtcTime::from_ms(time.ms()); }

}  // namespace

Result<std::vector<UtcSpan>> recorded_on(store::Session& session, const FeedId& feed, UtcSpan span,
                                         const std::vector<VolumeId>& volumes) {
  std::vector<UtcSpan> found;
  ORIEL_TRY(session.query(
      "SELECT start_us, end_us, volume FROM recording WHERE feed = $1 AND rendition = $2"
      " AND start_us >= $3 AND start_us < $4 AND ended IS NOT NULL ORDER BY start_us",
      {feed.str(), static_cast<std::int64_t>(media::Rendition::main), (span.begin - kLongest).us,
       span.end.us},
      [&](const store::Row& row) {
        const UtcSpan next{UtcTime{row.integer(0)}, UtcTime{row.integer(1)}};
        if (next.end <= span.begin) return;
        const auto volume = row.text(2);
        if (std::none_of(volumes.begin(), volumes.end(),
                         [&](const VolumeId& each) { return each.str() == volume; }))
          return;
        if (!found.empty() && next.begin <= found.back().end + Catalog::kJoin)
          found.back().end = std::max(found.back().end, next.end);
        else
          found.push_back(next);
      }));
  return found;
}

std::vector<TimelineSpan> without(const std::vector<TimelineSpan>& spans,
                                  const std::vector<UtcSpan>& away) {
  std::vector<TimelineSpan> shown;
  auto next = away.begin();
  for (const auto& span : spans) {
    if (span.state != TimelineState::recorded) {
      append_span(shown, span);
      continue;
    }
    UtcTime at = span.start;
    while (at < span.end) {
      while (next != away.end() && whole_ms(next->end) <= at) ++next;
      const bool is_away = next != away.end() && whole_ms(next->begin) <= at;
      const UtcTime change = next == away.end() ? span.end
                             : is_away          ? whole_ms(next->end)
                                                : whole_ms(next->begin);
      TimelineSpan part = span;
      part.start = at;
      part.end = std::min(span.end, change);
      if (is_away) {
        part.state = TimelineState::missing;
        part.reason = media::Reason::disk_failed;
      }
      append_span(shown, part);
      at = part.end;
    }
  }
  return shown;
}

}  // namespace oriel::archive
