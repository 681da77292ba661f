#include "api/film_plan.h"

#include <algorithm>

#include "archive/coverage.h"

namespace oriel::api {
namespace {

constexpr Duration kDay = Duration::from_s(86'400);

void add_span(std::vector<UtcSpan>& spans, UtcSpan span) {
  if (span.begin >= span.end) return;
  if (!spans.empty() && spans.back().end >= span.begin)
    spans.back().end = std::max(spans.back().end, span.end);
  else
    spans.push_back(span);
}

// The time from sunrise to sunset of every day that touches the span.
std::vector<UtcSpan> days_with_sun(GeoPoint place, UtcSpan span) {
  std::vector<UtcSpan> days;
  const UtcTime end = solar_noon(place, span.end) + kDay;
  for (UtcTime noon = solar_noon(place, span.begin) - kDay; noon < end; noon = noon + kDay) {
    if (const auto day = daylight(place, noon))
      add_span(days, {day->sunrise, day->sunset});
    else if (sun_position(place, noon).elevation_deg > 0)  // polar day
      add_span(days, {noon - Duration{kDay.us / 2}, noon + Duration{kDay.us / 2}});
  }
  return days;
}

std::vector<UtcSpan> in_both(const std::vector<UtcSpan>& a, const std::vector<UtcSpan>& b) {
  std::vector<UtcSpan> both;
  auto next = b.begin();
  for (const auto& span : a) {
    while (next != b.end() && next->end <= span.begin) ++next;
    for (auto other = next; other != b.end() && other->begin < span.end; ++other)
      add_span(both, {std::max(span.begin, other->begin), std::min(span.end, other->end)});
  }
  return both;
}

}  // namespace

Result<Filmable> filmable(const archive::Archive& archive, const access::View& view,
                          const FilmWish& wish, UtcTime now) {
  Filmable found;
  const archive::Sight sight{view.visible(wish.span), view.not_after};
  Duration seen;
  for (UtcTime at = wish.span.begin; at < wish.span.end;) {
    ORIEL_TRY_ASSIGN(const auto page,
                     archive.catalog().timeline(wish.feed, {at, wish.span.end}, now));
    for (const auto& span : archive::seen_by(sight, page.spans)) {
      if (span.state != archive::TimelineState::recorded) continue;
      add_span(found.spans, {span.start, span.end});
      seen = seen + (span.end - span.start);
    }
    if (page.covered_end <= at) break;
    at = page.covered_end;
  }
  found.missing = wish.span.length() - seen;
  if (wish.daylight_of)
    found.spans = in_both(found.spans, days_with_sun(*wish.daylight_of, wish.span));
  return found;
}

std::vector<FilmMoment> film_moments(const std::vector<UtcSpan>& spans, std::size_t count) {
  std::vector<FilmMoment> moments;
  std::int64_t total_us = 0;
  for (const auto& span : spans) total_us += span.length().us;
  if (total_us == 0 || count == 0) return moments;
  moments.reserve(count);
  const double step_us = static_cast<double>(total_us) / static_cast<double>(count);
  std::int64_t before_us = 0;
  for (const auto& span : spans) {
    const std::int64_t end_us = before_us + span.length().us;
    while (moments.size() < count) {
      const auto at_us =
          static_cast<std::int64_t>((static_cast<double>(moments.size()) + 0.5) * step_us);
      if (at_us >= end_us) break;
      moments.push_back({span.begin + Duration{at_us - before_us}, span});
    }
    before_us = end_us;
  }
  return moments;
}

std::optional<std::size_t> find_picture(const std::vector<PicturePlace>& places,
                                        const FilmMoment& moment, const access::View& view) {
  const auto later =
      std::upper_bound(places.begin(), places.end(), moment.at,
                       [](UtcTime at, const PicturePlace& place) { return at < place.start; });
  const auto shown = [&](const PicturePlace& place) {
    return place.independent && moment.within.contains(place.start) &&
           view.may_see({place.start, place.start + Duration{1}});
  };
  for (auto place = later; place != places.begin();) {
    --place;
    if (shown(*place)) return static_cast<std::size_t>(place - places.begin());
    if (place->independent) break;
  }
  const auto next = std::find_if(later, places.end(),
                                 [](const PicturePlace& place) { return place.independent; });
  if (next == places.end() || !shown(*next)) return std::nullopt;
  return static_cast<std::size_t>(next - places.begin());
}

Result<bool> KeyPictures::load_row(UtcTime moment) {
  if (row_ && row_->span().contains(moment)) return true;
  row_.reset();
  segments_.clear();
  ORIEL_TRY_ASSIGN(auto page,
                   archive_.catalog().recordings(feed_, media::Rendition::main,
                                                 {moment, moment + Duration::from_ms(1)}, 8));
  // Of two that overlap the later one.
  while (!page.rows.empty() && !page.rows.back().span().contains(moment)) page.rows.pop_back();
  if (page.rows.empty()) return false;
  row_ = std::move(page.rows.back());
  ORIEL_TRY_ASSIGN(const auto entries, archive::segments_of(*row_));
  std::int64_t at_90k = 0;
  for (std::uint32_t i = 0; i < entries.size(); ++i) {
    if (entries[i].parts > 0)
      segments_.push_back({i, row_->start + ticks_to_duration(at_90k), entries[i].independent});
    at_90k += entries[i].duration_90k;
  }
  return true;
}

Result<std::optional<KeyPicture>> KeyPictures::find(const FilmMoment& moment,
                                                    const access::View& view) {
  const std::optional<KeyPicture> none;
  ORIEL_TRY_ASSIGN(const bool there, load_row(moment.at));
  if (!there) return none;
  const auto chosen = find_picture(segments_, moment, view);
  if (!chosen) return none;
  const auto place = std::pair(row_->id, segments_[*chosen].segment);
  if (given_ == place) return none;
  given_ = place;
  KeyPicture picture;
  ORIEL_TRY_ASSIGN(picture.part,
                   archive_.reader().read_first_part(*row_, segments_[*chosen].segment));
  ORIEL_TRY_ASSIGN(const auto init, archive_.catalog().init_of(*row_));
  picture.init = init.bytes;
  picture.at = segments_[*chosen].start;
  return std::optional(std::move(picture));
}

}  // namespace oriel::api
