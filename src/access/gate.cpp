#include "access/gate.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace oriel::access {

namespace {

// The first withheld span that ends after `time`.
std::vector<UtcSpan>::const_iterator first_after(const std::vector<UtcSpan>& spans, UtcTime time) {
  return std::ranges::upper_bound(spans, time, {}, &UtcSpan::end);
}

}  // namespace

Spans make_spans(std::vector<UtcSpan> spans) {
  std::erase_if(spans, [](const UtcSpan& span) { return span.begin >= span.end; });
  if (spans.empty()) return nullptr;
  std::ranges::sort(spans);
  auto joined = std::make_shared<std::vector<UtcSpan>>();
  for (const auto& span : spans) {
    if (!joined->empty() && span.begin <= joined->back().end)
      joined->back().end = std::max(joined->back().end, span.end);
    else
      joined->push_back(span);
  }
  return joined;
}

View View::at(UtcTime now) const {
  View moved = *this;
  moved.not_after = now - delay;
  return moved;
}

bool View::may_see(UtcSpan span) const {
  if (!allowed || span.begin >= span.end || span.end > not_after) return false;
  if (withheld == nullptr) return true;
  const auto next = first_after(*withheld, span.begin);
  return next == withheld->end() || next->begin >= span.end;
}

std::vector<UtcSpan> View::visible(UtcSpan span) const {
  std::vector<UtcSpan> seen;
  if (!allowed) return seen;
  const auto end = std::min(span.end, not_after);
  auto begin = span.begin;
  if (withheld != nullptr) {
    for (auto hidden = first_after(*withheld, begin); hidden != withheld->end() && begin < end;
         ++hidden) {
      if (begin < hidden->begin) seen.push_back({begin, std::min(hidden->begin, end)});
      begin = hidden->end;
    }
  }
  if (begin < end) seen.push_back({begin, end});
  return seen;
}

std::string_view View::cache_control() const {
  return allowed && is_public ? "public, max-age=3600" : "no-store";
}

View decide(const FeedPolicy& policy, const Spans& withheld, const Identity& identity,
            UtcTime now) {
  const bool insider = may(identity, Capability::watch_private);
  const bool sees_withheld = may(identity, Capability::watch_withheld);
  View view;
  view.allowed = policy.is_public || insider;
  if (!view.allowed) return view;
  view.with_audio = policy.public_audio || insider;
  view.delay = insider ? Duration{} : std::max(policy.delay, Duration{});
  view.withheld = sees_withheld ? nullptr : withheld;
  view.is_public = policy.is_public && view.with_audio == policy.public_audio &&
                   view.delay == std::max(policy.delay, Duration{}) && view.withheld == withheld;
  return view.at(now);
}

std::optional<Place> decide_place(const SitePlaces& places, const Identity& identity) {
  if (!places.published || may(identity, Capability::see_true_place)) return places.true_place;
  Place place = *places.published;
  place.elevation_m.reset();
  if (places.true_place && places.true_place->elevation_m)
    place.elevation_m = std::round(*places.true_place->elevation_m / 100) * 100;
  return place;
}

}  // namespace oriel::access
