#include "api/strip.h"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "archive/coverage.h"

namespace oriel::api {
namespace {

constexpr Duration kDay = Duration::from_s(86'400);
constexpr Duration kNear = Duration::from_s(600);

Result<std::vector<archive::TimelineSpan>> seen_spans(const archive::Archive& archive,
                                                      const access::View& view,
                                                      const StripWish& wish, UtcTime now) {
  std::vector<archive::TimelineSpan> spans;
  const UtcSpan span{wish.span.begin - kNear, wish.span.end + kNear};
  const archive::Sight sight{view.visible(span), view.not_after};
  for (UtcTime at = span.begin; at < span.end;) {
    ORIEL_TRY_ASSIGN(const auto page, archive.catalog().timeline(wish.feed, {at, span.end}, now));
    for (const auto& each : archive::seen_by(sight, page.spans)) archive::append_span(spans, each);
    if (page.covered_end <= at) break;
    at = page.covered_end;
  }
  return spans;
}

// Moves a day to the nearest recorded moment, or says why there is none.
void settle(StripDay& day, const std::vector<archive::TimelineSpan>& spans) {
  std::optional<UtcTime> best;
  const auto first = std::lower_bound(
      spans.begin(), spans.end(), day.at - kNear,
      [](const archive::TimelineSpan& span, UtcTime at) { return span.end <= at; });
  for (auto span = first; span != spans.end() && span->start <= day.at + kNear; ++span) {
    if (span->start <= day.at && day.at < span->end) day.reason = span->reason;
    if (span->state != archive::TimelineState::recorded) continue;
    // A whole second inside, where there is one: a still wants a frame.
    const UtcTime last = std::max(span->start, span->end - Duration::from_s(1));
    const UtcTime near = std::clamp(day.at, span->start, last);
    const auto away = [&](UtcTime at) { return std::abs((at - day.at).us); };
    if (!best || away(near) < away(*best)) best = near;
  }
  if (!best || std::abs((*best - day.at).us) > kNear.us) return;
  day.at = *best;
  day.recorded = true;
  day.reason = media::Reason::none;
}

// The sun does not come through the wished height around the noon at which the day stands.
void out_of_reach(StripDay& day, const StripWish& wish) {
  day.sun = SunReach::lower;
  if (sun_position(*wish.place, day.at).elevation_deg < *wish.elevation_deg) return;
  day.sun = SunReach::higher;
  const Duration half{kDay.us / 2};
  day.at = wish.side == SunSide::rising ? day.at - half : day.at + half;
}

}  // namespace

std::vector<StripDay> strip_moments(const StripWish& wish) {
  std::vector<StripDay> days;
  if (!wish.place) {
    for (UtcTime at = wish.span.begin; at < wish.span.end; at = at + kDay) {
      StripDay day;
      day.at = at;
      days.push_back(day);
    }
    return days;
  }
  const UtcTime first = solar_noon(*wish.place, wish.span.begin);
  for (std::int64_t i = 0;; ++i) {
    const UtcTime noon = solar_noon(*wish.place, first + Duration{i * kDay.us});
    if (noon > wish.span.end + kDay) break;
    StripDay day;
    day.at = noon;
    if (wish.elevation_deg) {
      day.at = sun_at(*wish.place, noon, *wish.elevation_deg, wish.side).value_or(noon);
      if (day.at == noon) out_of_reach(day, wish);
    }
    if (!wish.span.contains(day.at)) continue;
    day.sun_deg = sun_position(*wish.place, day.at).elevation_deg;
    days.push_back(day);
  }
  return days;
}

Result<std::vector<StripDay>> strip_days(const archive::Archive& archive, const access::View& view,
                                         const StripWish& wish, UtcTime now) {
  auto days = strip_moments(wish);
  ORIEL_TRY_ASSIGN(const auto spans, seen_spans(archive, view, wish, now));
  for (auto& day : days) {
    settle(day, spans);
    if (wish.place) day.sun_deg = sun_position(*wish.place, day.at).elevation_deg;
    if (day.recorded)
      day.still = fmt::format("/snapshot/{}.jpg?at={}", wish.feed.str(), format_rfc3339(day.at));
  }
  return days;
}

}  // namespace oriel::api
