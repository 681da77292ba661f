// One moment a day at the same height of the sun, so that from day to day only the season changes.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

#include "access/gate.h"
#include "archive/archive.h"
#include "base/result.h"
#include "base/sun.h"
#include "base/time.h"
#include "media/reason.h"

namespace oriel::api {

struct StripWish {
  FeedId feed;
  UtcSpan span;
  // Without a place: the time of day of span.begin, every day.
  std::optional<GeoPoint> place;
  std::optional<double> elevation_deg;  // nullopt: at solar noon, however high
  SunSide side = SunSide::rising;
};

// Near the poles there are days on which it never stands at that height.
enum class SunReach {
  reached,
  lower,  // it stays below: the moment is its noon
  higher  // it stays above: the moment is its midnight, before noon for the morning's side
};
BOOST_DESCRIBE_ENUM(SunReach, reached, lower, higher)

struct StripDay {
  UtcTime at;
  std::optional<double> sun_deg;  // at that moment, without refraction above the horizon
  SunReach sun = SunReach::reached;
  bool recorded = false;
  media::Reason reason = media::Reason::none;  // why it is not
  std::optional<std::string> still;            // where its picture is
};
BOOST_DESCRIBE_STRUCT(StripDay, (), (at, sun_deg, sun, recorded, reason, still))

// The moment of each day in the span, without the gate and the archive.
std::vector<StripDay> strip_moments(const StripWish& wish);

// With what of it is recorded; where the very moment is missing, the nearest within ten minutes.
// Blocks on the database.
Result<std::vector<StripDay>> strip_days(const archive::Archive& archive, const access::View& view,
                                         const StripWish& wish, UtcTime now);

}  // namespace oriel::api
