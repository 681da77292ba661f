#include "demo/weather.h"

#include <chrono>
#include <cmath>
#include <numbers>

#include "demo/noise.h"

namespace oriel::demo {
namespace {

std::chrono::sys_days local_day(UtcTime time) {
  // China has one time zone, eight hours ahead, without summer time since 1991 (IANA tzdata).
  const std::chrono::sys_time<std::chrono::microseconds> t{std::chrono::microseconds(time.us)};
  return std::chrono::floor<std::chrono::days>(t + std::chrono::hours(8));
}

// Day of the year as an angle, 0 at 15 July.
double season_angle(UtcTime time) {
  const double days = static_cast<double>(local_day(time).time_since_epoch().count());
  return 2 * std::numbers::pi * (days - 195.0) / 365.2425;
}

}  // namespace

int month_at(UtcTime time) {
  const std::chrono::year_month_day day(local_day(time));
  return static_cast<int>(static_cast<unsigned>(day.month()));
}

Season season_at(const Area& area, UtcTime time) {
  const auto warmth = static_cast<float>(std::cos(season_angle(time)));  // 1 July … -1 January
  Season season;
  const float height = static_cast<float>(area.elevation_m - 3000) / 1700;
  season.green = smooth(0.30f + 0.12f * height, 0.92f, warmth);
  season.snow_line_m = 330 * smooth(0.45f, -0.9f, warmth);
  season.dusting = 0.22f * smooth(-0.2f, -0.9f, warmth);
  return season;
}

Weather weather_at(const Area& area, UtcTime time) {
  const auto seed = static_cast<std::uint32_t>(index_of(area)) * 7919u + 17;
  const double hours = static_cast<double>(time.us) / 3600e6;
  const auto warmth = static_cast<float>(std::cos(season_angle(time)));
  const float slow =
      0.55f * slow_noise(hours / 9, seed) + 0.45f * slow_noise(hours / 2.7, seed + 1);
  Weather weather;
  const bool dry = area.landscape == Landscape::desert;
  weather.cloud = clamp01((slow - (dry ? 0.32f : 0.20f)) * 1.5f);
  weather.haze = 0.12f + 0.5f * smooth(0.55f, 0.95f, slow_noise(hours / 5.3, seed + 2));
  weather.wind_m_s = 2 + 8 * slow_noise(hours / 1.9, seed + 3);
  // Showers in summer, snow in winter, only out of a cloudy sky.
  const float wet = smooth(0.60f, 0.86f, slow_noise(hours / 1.3, seed + 4)) *
                    smooth(0.45f, 0.75f, weather.cloud) * (dry ? 0.25f : 1.0f);
  const float cold = smooth(0.55f, 0.1f, warmth + (area.elevation_m < 3500 ? 0.2f : 0.0f));
  weather.snow = wet * cold;
  weather.rain = wet * (1 - cold);
  weather.haze = clamp01(weather.haze + 0.5f * wet);
  return weather;
}

}  // namespace oriel::demo
