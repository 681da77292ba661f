#include "api/strip.h"

#include <gtest/gtest.h>

namespace oriel::api {
namespace {

UtcTime at(std::string_view text) { return *parse_rfc3339(text); }

StripWish year_at(std::optional<double> elevation_deg) {
  StripWish wish;
  wish.feed = FeedId("lake");
  wish.span = {at("2025-12-31T16:00:00Z"), at("2026-12-31T16:00:00Z")};
  wish.place = GeoPoint{34.9, 97.7};
  wish.elevation_deg = elevation_deg;
  return wish;
}

TEST(Strip, has_every_day_once_with_the_sun_as_high_as_asked) {
  const auto days = strip_moments(year_at(25));
  ASSERT_EQ(days.size(), 365u);
  for (std::size_t i = 0; i < days.size(); ++i) {
    EXPECT_EQ(days[i].sun, SunReach::reached);
    EXPECT_NEAR(*days[i].sun_deg, 25, 0.1);
    if (i > 0) {
      const double hours = (days[i].at - days[i - 1].at).seconds() / 3600;
      EXPECT_NEAR(hours, 24, 0.1) << i;
    }
  }
}

TEST(Strip, says_when_the_sun_does_not_come_that_high) {
  const auto days = strip_moments(year_at(40));
  ASSERT_EQ(days.size(), 365u);
  EXPECT_EQ(days.front().sun, SunReach::lower) << "in January its noon is lower";
  EXPECT_EQ(days[180].sun, SunReach::reached);
}

TEST(Strip, tells_polar_night_from_midnight_sun) {
  StripWish wish = year_at(5);
  wish.place = GeoPoint{78.2, 15.6};
  const auto days = strip_moments(wish);
  ASSERT_NEAR(static_cast<double>(days.size()), 365, 1);
  std::size_t count[3] = {};
  for (std::size_t i = 0; i < days.size(); ++i) {
    const auto& day = days[i];
    ++count[static_cast<std::size_t>(day.sun)];
    const double least = day.sun == SunReach::lower ? -90 : 4.7;
    const double most = day.sun == SunReach::higher ? 90 : 5.3;
    EXPECT_GT(*day.sun_deg, least) << i;
    EXPECT_LT(*day.sun_deg, most) << i;
  }
  EXPECT_EQ(days[10].sun, SunReach::lower);
  EXPECT_EQ(days[172].sun, SunReach::higher);
  // Held against the sun's declination: higher than 5° at midnight from about 9 May to 4 August.
  EXPECT_NEAR(static_cast<double>(count[static_cast<std::size_t>(SunReach::higher)]), 87, 8);
}

TEST(Strip, without_a_place_is_at_the_same_time_every_day) {
  StripWish wish = year_at(25);
  wish.place.reset();
  wish.span = {at("2026-03-01T04:30:00Z"), at("2026-03-11T04:30:00Z")};
  const auto days = strip_moments(wish);
  ASSERT_EQ(days.size(), 10u);
  EXPECT_EQ(days[9].at, at("2026-03-10T04:30:00Z"));
  EXPECT_FALSE(days[0].sun_deg);
}

}  // namespace
}  // namespace oriel::api
