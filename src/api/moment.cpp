#include "api/moment.h"

#include <algorithm>

#include <fmt/format.h>

#include "api/viewer.h"
#include "archive/coverage.h"

namespace oriel::api {
namespace {

using archive::TimelineState;
using media::Rendition;

// Withheld spans that are stepped over on the way to what may be seen.
constexpr int kStepsMax = 64;
constexpr Duration kLook = Duration::from_s(600);
// A moment at the very end of a recording has nothing to play behind it.
constexpr Duration kLeadOut = Duration::from_s(2);

// The withheld span that holds `at`, if any.
std::optional<UtcSpan> withheld_at(const access::View& view, UtcTime at) {
  if (view.withheld == nullptr) return std::nullopt;
  const auto found = std::find_if(view.withheld->begin(), view.withheld->end(),
                                  [&](const UtcSpan& span) { return span.contains(at); });
  if (found == view.withheld->end()) return std::nullopt;
  return *found;
}

Result<std::optional<UtcTime>> seen_before(const archive::Archive& archive, const FeedId& feed,
                                           const access::View& view, UtcTime before) {
  for (int step = 0; step < kStepsMax; ++step) {
    ORIEL_TRY_ASSIGN(const auto good, archive.catalog().last_good_span(feed, before, kLook));
    if (!good) break;
    const auto visible = view.visible(*good);
    if (!visible.empty()) {
      const auto& last = visible.back();
      return std::optional(std::max(last.begin, last.end - kLeadOut));
    }
    const auto hidden = withheld_at(view, good->end - Duration{1});
    before = hidden ? std::min(hidden->begin, good->begin) : good->begin;
  }
  return std::optional<UtcTime>{};
}

Result<std::optional<UtcTime>> seen_after(const archive::Archive& archive, const FeedId& feed,
                                          const access::View& view, UtcTime from) {
  for (int step = 0; step < kStepsMax && from < view.not_after; ++step) {
    ORIEL_TRY_ASSIGN(const auto page, archive.catalog().recordings(feed, Rendition::main,
                                                                   {from, view.not_after}, 1));
    if (page.rows.empty()) break;
    const UtcSpan row{std::max(from, page.rows.front().start), page.rows.front().end};
    const auto visible = view.visible(row);
    if (!visible.empty()) return std::optional(visible.front().begin);
    const auto hidden = withheld_at(view, row.begin);
    from = std::max(row.end, hidden ? hidden->end : row.end);
  }
  return std::optional<UtcTime>{};
}

MomentState state_of(const archive::TimelineSpan& span) {
  if (span.state == TimelineState::recorded) return MomentState::recorded;
  if (span.reason == media::Reason::withheld) return MomentState::withheld;
  if (span.reason == media::Reason::deleted) return MomentState::deleted;
  if (span.reason == media::Reason::none) return MomentState::before;
  return MomentState::missing;
}

}  // namespace

Result<Moment> find_moment(const archive::Archive& archive, const FeedId& feed,
                           const access::View& view, UtcTime at, UtcTime now) {
  Moment moment;
  if (at >= view.not_after) {
    moment.state = MomentState::not_yet;
    ORIEL_TRY_ASSIGN(moment.earlier, seen_before(archive, feed, view, view.not_after));
    return moment;
  }
  const UtcSpan instant{UtcTime::from_ms(at.ms()), UtcTime::from_ms(at.ms() + 1)};
  ORIEL_TRY_ASSIGN(const auto line, archive.catalog().timeline(feed, instant, now));
  // The moment itself, so that what is withheld from the same millisecond on hides it.
  const bool visible = view.may_see({at, at + Duration{1}});
  if (!visible)
    moment.state = MomentState::withheld;
  else if (!line.spans.empty())
    moment.state = state_of(line.spans.front());
  if (!line.spans.empty()) moment.reason = line.spans.front().reason;
  if (!visible) moment.reason = media::Reason::withheld;
  if (moment.state == MomentState::recorded) {
    moment.earlier = moment.later = at;
    return moment;
  }
  ORIEL_TRY_ASSIGN(moment.earlier, seen_before(archive, feed, view, at));
  ORIEL_TRY_ASSIGN(moment.later, seen_after(archive, feed, view, at));
  return moment;
}

Error why_nothing(const Services& services, const Seen& seen, UtcSpan span) {
  const UtcTime now = services.clock.now();
  const auto error = [](std::string text) { return Error{ErrorKind::not_found, std::move(text)}; };
  if (span.begin >= now)
    return error("this span has not happened yet: it is " + format_rfc3339(now));
  const FeedId& feed = seen.feed->id();
  const auto first = services.archive.catalog().first_recording(feed, media::Rendition::main);
  if (!first) return first.error();
  if (!*first) return error("nothing is recorded of this feed yet");
  if (span.end <= (*first)->start)
    return error("this span lies before the first recording, which begins at " +
                 format_rfc3339((*first)->start));
  const auto moment = find_moment(services.archive, feed, seen.view, span.begin, now);
  if (!moment) return moment.error();
  std::string text = "nothing is recorded in this span";
  if (moment->reason != media::Reason::none)
    text += fmt::format(" ({})", boost::describe::enum_to_string(moment->reason, ""));
  if (moment->earlier) text += "; recorded last before it: " + format_rfc3339(*moment->earlier);
  if (moment->later) text += "; first after it: " + format_rfc3339(*moment->later);
  return error(std::move(text));
}

}  // namespace oriel::api
