#include "base/sun.h"

#include <cmath>
#include <cstdlib>

#include <gtest/gtest.h>

namespace oriel {
namespace {

UtcTime at(std::string_view text) { return parse_rfc3339(text).value(); }

double minutes_apart(UtcTime a, UtcTime b) { return std::abs((a - b).seconds()) / 60; }

// Noon altitude = 90° - latitude + declination; at the solstice the declination is 23.436°.
TEST(Sun, stands_at_its_solstice_height_at_noon) {
  const GeoPoint qinghai{36.6, 100.3};
  const auto day = daylight(qinghai, at("2026-06-21T05:00:00Z"));
  ASSERT_TRUE(day);
  EXPECT_NEAR(sun_position(qinghai, day->noon).elevation_deg, 90 - 36.6 + 23.436, 0.03);
  EXPECT_NEAR(sun_position(qinghai, day->noon).azimuth_deg, 180, 0.3);
}

TEST(Sun, stands_in_the_north_at_noon_south_of_the_tropic) {
  const GeoPoint sydney{-33.87, 151.21};
  const auto day = daylight(sydney, at("2026-12-21T02:00:00Z"));
  ASSERT_TRUE(day);
  const auto sun = sun_position(sydney, day->noon);
  EXPECT_NEAR(sun.elevation_deg, 90 - 33.87 + 23.436, 0.03);
  EXPECT_LT(std::min(sun.azimuth_deg, 360 - sun.azimuth_deg), 0.5);
}

// Almanac values: London 2024-06-21 rise 04:43 set 21:22 BST; Sydney 2024-06-21 rise 07:00 set
// 16:54 AEST; Xining 2024-03-20 is an equinox day of 12 h 7-8 min.
TEST(Sun, rises_and_sets_as_the_almanac_says_in_both_hemispheres) {
  const auto london = daylight({51.5074, -0.1278}, at("2024-06-21T12:00:00Z"));
  ASSERT_TRUE(london);
  EXPECT_LE(minutes_apart(london->sunrise, at("2024-06-21T03:43:00Z")), 1.0);
  EXPECT_LE(minutes_apart(london->sunset, at("2024-06-21T20:21:35Z")), 1.0);
  const auto sydney = daylight({-33.8688, 151.2093}, at("2024-06-21T02:00:00Z"));
  ASSERT_TRUE(sydney);
  EXPECT_LE(minutes_apart(sydney->sunrise, at("2024-06-20T21:00:00Z")), 1.0);
  EXPECT_LE(minutes_apart(sydney->sunset, at("2024-06-21T06:54:00Z")), 1.0);
  const auto xining = daylight({36.62, 101.78}, at("2024-03-20T05:00:00Z"));
  ASSERT_TRUE(xining);
  EXPECT_NEAR((xining->sunset - xining->sunrise).seconds() / 60, 12 * 60 + 8, 2);
}

TEST(Sun, crosses_the_horizon_at_its_own_sunrise) {
  const GeoPoint muli{38.1, 99.15};
  const auto day = daylight(muli, at("2026-11-20T05:00:00Z"));
  ASSERT_TRUE(day);
  // The centre's geometric -0.833° is seen lifted by about 0.4 to 0.55° there, and the sun's upper
  // limb, 0.27° above its centre, touches the horizon.
  EXPECT_NEAR(sun_position(muli, day->sunrise).elevation_deg, -0.36, 0.15);
  EXPECT_LT(day->sunrise, day->noon);
  EXPECT_LT(day->noon, day->sunset);
}

TEST(Sun, does_not_set_in_the_polar_summer) {
  EXPECT_FALSE(daylight({78.2, 15.6}, at("2026-06-21T11:00:00Z")));
}

TEST(Moon, is_full_and_new_when_the_almanac_says) {
  EXPECT_GT(moon_position({36, 100}, at("2024-09-18T02:34:00Z")).lit_share, 0.99);
  EXPECT_LT(moon_position({36, 100}, at("2024-10-02T18:49:00Z")).lit_share, 0.01);
}

TEST(Sun, stands_as_high_as_was_asked_on_every_day_of_the_year) {
  const GeoPoint lake{34.9, 97.7};
  for (int day = 0; day < 365; ++day) {
    const UtcTime near = at("2026-01-01T05:00:00Z") + Duration::from_s(std::int64_t{day} * 86'400);
    const auto morning = sun_at(lake, near, 20, SunSide::rising);
    const auto evening = sun_at(lake, near, 20, SunSide::setting);
    ASSERT_TRUE(morning && evening) << day;
    // The refraction at this height is a twentieth of a degree.
    EXPECT_NEAR(sun_position(lake, *morning).elevation_deg, 20.04, 0.05) << day;
    EXPECT_NEAR(sun_position(lake, *evening).elevation_deg, 20.04, 0.05) << day;
    EXPECT_LT(*morning, solar_noon(lake, near));
    EXPECT_GT(*evening, solar_noon(lake, near));
  }
}

TEST(Sun, does_not_come_higher_than_its_noon) {
  EXPECT_FALSE(sun_at({34.9, 97.7}, at("2026-12-21T05:00:00Z"), 40, SunSide::rising));
  EXPECT_TRUE(sun_at({34.9, 97.7}, at("2026-06-21T05:00:00Z"), 40, SunSide::rising));
}

}  // namespace
}  // namespace oriel
