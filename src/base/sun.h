// Where the sun and the moon stand over a place.
#pragma once
#include <optional>

#include "base/time.h"

namespace oriel {

struct GeoPoint {
  double latitude_deg = 0;   // north positive
  double longitude_deg = 0;  // east positive
};

// A direction in the sky: azimuth clockwise from north in [0, 360), elevation above the horizon.
struct SkyDirection {
  double azimuth_deg = 0;
  double elevation_deg = 0;
};

// The sun's apparent position, refraction included. NOAA Solar Calculator (after Meeus,
// "Astronomical Algorithms", 2nd ed., chapters 25 and 28): within 0.02° for 1950 to 2050.
SkyDirection sun_position(GeoPoint place, UtcTime time);

struct Daylight {
  UtcTime sunrise;
  UtcTime noon;  // true solar noon
  UtcTime sunset;
};

// Sunrise and sunset (upper limb, standard refraction: the centre at -0.833°) around the solar
// noon nearest to `near`. Nullopt during polar day or night.
std::optional<Daylight> daylight(GeoPoint place, UtcTime near);

enum class SunSide { rising, setting };
// When the sun's centre stands `elevation_deg` high, without refraction, on the way up or down
// around the solar noon nearest to `near`. Nullopt on a day on which it does not come through that
// height.
std::optional<UtcTime> sun_at(GeoPoint place, UtcTime near, double elevation_deg, SunSide side);
// True solar noon nearest to `near`.
UtcTime solar_noon(GeoPoint place, UtcTime near);

struct Moon {
  SkyDirection direction;
  double lit_share = 0;  // 0 new … 1 full
  bool waxing = false;
};

// Low-precision series (Meeus chapter 47, largest terms): within about 0.5°, enough to draw it.
Moon moon_position(GeoPoint place, UtcTime time);

// Greenwich mean sidereal time in degrees [0, 360) (Meeus 12.4).
double sidereal_deg(UtcTime time);
// The place in the sky of an equatorial position (degrees), without refraction.
SkyDirection from_equatorial(GeoPoint place, UtcTime time, double right_ascension_deg,
                             double declination_deg);

}  // namespace oriel
