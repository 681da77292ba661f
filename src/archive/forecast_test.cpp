// Goal: the forecast is what simple sums say, and knows rules and holds.
#include "archive/forecast.h"

#include <gtest/gtest.h>

namespace oriel::archive {
namespace {

constexpr std::int64_t kDay_us = Usage::kDay_us;
const UtcTime kNow{20'000 * kDay_us};
const FeedId kLake("lake");
constexpr std::uint64_t kGB = 1'000'000'000;

// Ten days of 1 GB a day on a disk of 100 GB.
ForecastInput ten_days() {
  ForecastInput input;
  input.now = kNow;
  input.volumes = {{VolumeId("v1"), 100 * kGB, 90 * kGB, 5 * kGB}};
  ForecastInput::Feed feed;
  feed.id = kLake;
  feed.recording = true;
  feed.first = kNow - Duration{10 * kDay_us};
  for (std::int32_t day = 19'990; day < 20'000; ++day)
    feed.days.push_back({day, VolumeId("v1"), media::Thinned::none, 288, kGB});
  input.feeds = {feed};
  return input;
}

double gb(std::int64_t bytes) { return static_cast<double>(bytes) / 1e9; }

TEST(Forecast, without_rules_the_disk_fills_at_the_rate_of_the_last_days) {
  const auto forecast = make_forecast(ten_days());
  const auto& volume = forecast.volumes.front();
  ASSERT_EQ(volume.used_bytes.size(), static_cast<std::size_t>(kForecastDays));
  EXPECT_NEAR(gb(volume.used_bytes[0]), 10, 0.01);
  EXPECT_NEAR(gb(volume.used_bytes[30]), 40, 0.01);
  EXPECT_NEAR(gb(volume.used_bytes.back()), 95, 0.01) << "the reserve is kept";
  ASSERT_TRUE(volume.full_at);
  EXPECT_EQ(*volume.full_at, kNow + Duration{85 * kDay_us});
  EXPECT_EQ(forecast.full_at, volume.full_at);
  EXPECT_NEAR(gb(forecast.feeds.front().bytes_per_day), 1, 0.01);
  EXPECT_NEAR(gb(forecast.feeds.front().bytes_in_a_month), 40, 0.01);
}

TEST(Forecast, a_rule_by_age_ends_the_growth) {
  auto input = ten_days();
  input.rules.installation.keep_days = 20;
  const auto forecast = make_forecast(input);
  EXPECT_FALSE(forecast.full_at);
  EXPECT_NEAR(gb(forecast.volumes.front().used_bytes.back()), 20, 1.1);
}

TEST(Forecast, what_is_held_stays) {
  auto input = ten_days();
  input.rules.installation.keep_days = 20;
  Hold hold;
  hold.start = kNow - Duration{5 * kDay_us};
  hold.end = kNow;
  input.holds = {hold};
  EXPECT_NEAR(gb(make_forecast(input).volumes.front().used_bytes.back()), 25, 1.1);
}

TEST(Forecast, thinning_leaves_its_share) {
  auto input = ten_days();
  input.rules.installation.key_frames_after_days = 30;
  // 30 whole days and about 345 at a quarter.
  EXPECT_NEAR(gb(make_forecast(input).volumes.front().used_bytes.back()), 95, 15);
  input.rules.installation.minute_frames_after_days = 60;
  EXPECT_NEAR(gb(make_forecast(input).volumes.front().used_bytes.back()), 30 + 7.5 + 3.2, 2);
}

TEST(Forecast, room_that_is_wanted_free_stays_free) {
  auto input = ten_days();
  input.rules.installation.free_bytes_min = 50LL * static_cast<std::int64_t>(kGB);
  const auto forecast = make_forecast(input);
  EXPECT_FALSE(forecast.full_at);
  EXPECT_NEAR(gb(forecast.volumes.front().used_bytes.back()), 50, 0.1);
  ASSERT_TRUE(forecast.feeds.front().oldest_in_a_year);
  EXPECT_EQ(*forecast.feeds.front().oldest_in_a_year, kNow + Duration{316 * kDay_us});
}

TEST(Forecast, new_recordings_go_where_most_is_free_and_a_feed_that_ended_grows_no_more) {
  auto input = ten_days();
  input.volumes.push_back({VolumeId("v2"), 100 * kGB, 100 * kGB, 5 * kGB});
  auto forecast = make_forecast(input);
  EXPECT_NEAR(gb(forecast.volumes[1].used_bytes[10]), 10, 1);
  EXPECT_NEAR(gb(forecast.volumes[0].used_bytes[30]), 20, 1);
  ASSERT_TRUE(forecast.full_at);
  EXPECT_EQ(*forecast.full_at, kNow + Duration{180 * kDay_us});
  input.feeds.front().recording = false;
  EXPECT_FALSE(make_forecast(input).full_at);
}

}  // namespace
}  // namespace oriel::archive
