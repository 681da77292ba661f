#include "base/sun.h"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace oriel {
namespace {

constexpr double kRad = std::numbers::pi / 180;
// Of the sun's centre when its upper limb touches the horizon, with standard refraction.
constexpr double kHorizon_deg = -0.833;

double wrap(double deg) {
  const double w = std::fmod(deg, 360.0);
  return w < 0 ? w + 360.0 : w;
}
double sin_deg(double d) { return std::sin(d * kRad); }
double cos_deg(double d) { return std::cos(d * kRad); }
double tan_deg(double d) { return std::tan(d * kRad); }

double julian_day(UtcTime t) { return static_cast<double>(t.us) / 86'400e6 + 2'440'587.5; }
double julian_century(UtcTime t) { return (julian_day(t) - 2'451'545.0) / 36'525.0; }

struct SolarTerms {
  double declination_deg;
  double equation_of_time_min;
};

// NOAA's spreadsheet, columns G to V, in its order.
SolarTerms solar_terms(double t) {
  const double mean_long = wrap(280.46646 + t * (36000.76983 + t * 0.0003032));
  const double mean_anomaly = 357.52911 + t * (35999.05029 - 0.0001537 * t);
  const double eccentricity = 0.016708634 - t * (0.000042037 + 0.0000001267 * t);
  const double centre = sin_deg(mean_anomaly) * (1.914602 - t * (0.004817 + 0.000014 * t)) +
                        sin_deg(2 * mean_anomaly) * (0.019993 - 0.000101 * t) +
                        sin_deg(3 * mean_anomaly) * 0.000289;
  const double node = 125.04 - 1934.136 * t;
  const double apparent_long = mean_long + centre - 0.00569 - 0.00478 * sin_deg(node);
  const double mean_obliquity =
      23 + (26 + (21.448 - t * (46.815 + t * (0.00059 - t * 0.001813))) / 60) / 60;
  const double obliquity = mean_obliquity + 0.00256 * cos_deg(node);
  const double y = tan_deg(obliquity / 2) * tan_deg(obliquity / 2);
  const double equation = 4 / kRad *
                          (y * sin_deg(2 * mean_long) - 2 * eccentricity * sin_deg(mean_anomaly) +
                           4 * eccentricity * y * sin_deg(mean_anomaly) * cos_deg(2 * mean_long) -
                           0.5 * y * y * sin_deg(4 * mean_long) -
                           1.25 * eccentricity * eccentricity * sin_deg(2 * mean_anomaly));
  return {std::asin(sin_deg(obliquity) * sin_deg(apparent_long)) / kRad, equation};
}

// NOAA's piecewise refraction, in degrees, for a geometric elevation.
double refraction_deg(double e) {
  if (e > 85) return 0;
  const double t = tan_deg(e);
  double seconds = 0;
  if (e > 5)
    seconds = 58.1 / t - 0.07 / (t * t * t) + 0.000086 / (t * t * t * t * t);
  else if (e > -0.575)
    seconds = 1735 + e * (-518.2 + e * (103.4 + e * (-12.79 + e * 0.711)));
  else
    seconds = -20.772 / t;
  return seconds / 3600;
}

SkyDirection horizontal(double latitude_deg, double hour_angle_deg, double declination_deg) {
  const double sin_el = sin_deg(latitude_deg) * sin_deg(declination_deg) +
                        cos_deg(latitude_deg) * cos_deg(declination_deg) * cos_deg(hour_angle_deg);
  const double azimuth =
      std::atan2(-sin_deg(hour_angle_deg) * cos_deg(declination_deg),
                 sin_deg(declination_deg) * cos_deg(latitude_deg) -
                     cos_deg(declination_deg) * cos_deg(hour_angle_deg) * sin_deg(latitude_deg));
  return {wrap(azimuth / kRad), std::asin(std::clamp(sin_el, -1.0, 1.0)) / kRad};
}

// Minutes of true solar time since local solar midnight, and the terms used.
double true_solar_minutes(GeoPoint place, UtcTime time, double equation_of_time_min) {
  const double day_minutes =
      static_cast<double>(((time.us % 86'400'000'000) + 86'400'000'000) % 86'400'000'000) / 60e6;
  return day_minutes + equation_of_time_min + 4 * place.longitude_deg;
}

UtcTime noon_near(GeoPoint place, UtcTime near) {
  UtcTime noon = near;
  for (int pass = 0; pass < 3; ++pass) {
    const auto terms = solar_terms(julian_century(noon));
    double off = std::fmod(true_solar_minutes(place, noon, terms.equation_of_time_min) - 720, 1440);
    if (off > 720) off -= 1440;
    if (off < -720) off += 1440;
    noon = noon - Duration{static_cast<std::int64_t>(off * 60e6)};
  }
  return noon;
}

// One Newton-like pass is not enough near the poles; five are, to a second.
std::optional<UtcTime> crossing(GeoPoint place, UtcTime noon, int side, double elevation_deg) {
  UtcTime t = noon;
  for (int pass = 0; pass < 5; ++pass) {
    const auto terms = solar_terms(julian_century(t));
    const double cosine =
        (sin_deg(elevation_deg) - sin_deg(place.latitude_deg) * sin_deg(terms.declination_deg)) /
        (cos_deg(place.latitude_deg) * cos_deg(terms.declination_deg));
    if (!(cosine >= -1 && cosine <= 1)) return std::nullopt;
    const double minutes = side * 4 * std::acos(cosine) / kRad;
    const auto noon_terms = solar_terms(julian_century(noon));
    const double shift = noon_terms.equation_of_time_min - terms.equation_of_time_min;
    t = noon + Duration{static_cast<std::int64_t>((minutes + shift) * 60e6)};
  }
  return t;
}

}  // namespace

SkyDirection sun_position(GeoPoint place, UtcTime time) {
  const auto terms = solar_terms(julian_century(time));
  const double minutes = true_solar_minutes(place, time, terms.equation_of_time_min);
  auto direction = horizontal(place.latitude_deg, minutes / 4 - 180, terms.declination_deg);
  direction.elevation_deg += refraction_deg(direction.elevation_deg);
  return direction;
}

std::optional<Daylight> daylight(GeoPoint place, UtcTime near) {
  const UtcTime noon = noon_near(place, near);
  const auto rise = crossing(place, noon, -1, kHorizon_deg);
  const auto set = crossing(place, noon, +1, kHorizon_deg);
  if (!rise || !set) return std::nullopt;
  return Daylight{*rise, noon, *set};
}

std::optional<UtcTime> sun_at(GeoPoint place, UtcTime near, double elevation_deg, SunSide side) {
  return crossing(place, noon_near(place, near), side == SunSide::rising ? -1 : 1, elevation_deg);
}

UtcTime solar_noon(GeoPoint place, UtcTime near) { return noon_near(place, near); }

double sidereal_deg(UtcTime time) {
  const double t = julian_century(time);
  return wrap(280.46061837 + 360.98564736629 * (julian_day(time) - 2'451'545.0) +
              0.000387933 * t * t);
}

SkyDirection from_equatorial(GeoPoint place, UtcTime time, double right_ascension_deg,
                             double declination_deg) {
  const double hour_angle = sidereal_deg(time) + place.longitude_deg - right_ascension_deg;
  return horizontal(place.latitude_deg, hour_angle, declination_deg);
}

Moon moon_position(GeoPoint place, UtcTime time) {
  const double d = julian_day(time) - 2'451'545.0;
  const double mean_long = 218.316 + 13.176396 * d;
  const double anomaly = 134.963 + 13.064993 * d;
  const double node_distance = 93.272 + 13.229350 * d;
  const double elongation = 297.850 + 12.190749 * d;
  const double sun_anomaly = 357.529 + 0.98560028 * d;
  const double lon = mean_long + 6.289 * sin_deg(anomaly) +
                     1.274 * sin_deg(2 * elongation - anomaly) + 0.658 * sin_deg(2 * elongation) +
                     0.214 * sin_deg(2 * anomaly) - 0.186 * sin_deg(sun_anomaly);
  const double lat = 5.128 * sin_deg(node_distance) + 0.281 * sin_deg(anomaly + node_distance);
  const double obliquity = 23.439;
  const double ra =
      std::atan2(sin_deg(lon) * cos_deg(obliquity) - tan_deg(lat) * sin_deg(obliquity),
                 cos_deg(lon)) /
      kRad;
  const double dec = std::asin(sin_deg(lat) * cos_deg(obliquity) +
                               cos_deg(lat) * sin_deg(obliquity) * sin_deg(lon)) /
                     kRad;
  const double sun_lon = 280.460 + 0.9856474 * d + 1.915 * sin_deg(sun_anomaly);
  const double phase = wrap(lon - sun_lon);
  return {from_equatorial(place, time, ra, dec), (1 - cos_deg(phase)) / 2, phase < 180};
}

}  // namespace oriel
