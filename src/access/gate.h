// The one gate for seeing: whether someone may see a moment of a feed, how late, with sound or not,
// and how coarsely a place is told. Pure decisions; policy_book.h holds what they are made from.
//
// Caches: what everyone may see is answered with max-age=3600, so a span that is withheld, or a
// feed that stops being public, may still be answered by a browser or a CDN that has it for up to
// an hour. From Oriel itself it is gone at once.
#pragma once
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

#include <boost/describe/class.hpp>

#include "access/identity.h"
#include "base/ids.h"
#include "base/time.h"

namespace oriel::access {

// WGS 84.
struct Place {
  double latitude = 0;
  double longitude = 0;
  std::optional<double> elevation_m;
  bool operator==(const Place&) const = default;
};
BOOST_DESCRIBE_STRUCT(Place, (), (latitude, longitude, elevation_m))

struct FeedPolicy {
  std::optional<SiteId> site;
  bool is_public = false;
  bool public_audio = false;
  Duration delay;  // for visitors, not negative
  bool operator==(const FeedPolicy&) const = default;
};

struct SitePlaces {
  std::optional<Place> true_place;
  // Elevation is not asked for here; visitors are told the true one to the nearest 100 m, since an
  // exact contour would give a coarse place away.
  std::optional<Place> published;
};

// Sorted by begin, neither overlapping nor touching; shared and immutable.
using Spans = std::shared_ptr<const std::vector<UtcSpan>>;
// Sorts and joins; empty spans go.
Spans make_spans(std::vector<UtcSpan> spans);
// The end of a span without one.
inline constexpr UtcTime kForever{INT64_MAX};

// What one viewer may see of one feed. A value; cheap to copy. Holds for the moment it was made at:
// whoever keeps one (a socket) asks the book again when its version() moves, and calls at() as time
// goes on.
struct View {
  bool allowed = false;
  bool with_audio = false;
  // It shows what every visitor is shown, no more; only then may an answer be cached by others.
  bool is_public = false;
  Duration delay;
  UtcTime not_after;  // media up to here, exclusive: now - delay
  Spans withheld;     // from this viewer; null when there are none

  // The same view at another moment.
  View at(UtcTime now) const;
  // Whether all of `span` may be seen. A part or segment is sent only then: one that reaches into a
  // withheld span, or past not_after, is not. An empty span never.
  bool may_see(UtcSpan span) const;
  // The spans within `span` that may be seen, in order; empty for none.
  std::vector<UtcSpan> visible(UtcSpan span) const;
  // For media, and pictures made of it: "public, max-age=3600" or "no-store". An answer that
  // differs with with_audio needs a URL that differs, too.
  std::string_view cache_control() const;
};

// Visitors see public feeds, late by the delay and without what is withheld, with sound where that
// is public; who may watch_private sees all feeds, with sound and without delay; only who may
// watch_withheld sees what is withheld.
View decide(const FeedPolicy& policy, const Spans& withheld, const Identity& identity, UtcTime now);

// The published place for visitors where there is one, the true one otherwise, and always for who
// may see_true_place. nullopt where none is known.
std::optional<Place> decide_place(const SitePlaces& places, const Identity& identity);

}  // namespace oriel::access
