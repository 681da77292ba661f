// The light of one moment at one camera: sun, moon, sky and air as numbers to paint with.
#pragma once
#include "base/sun.h"
#include "base/time.h"
#include "demo/plateau.h"
#include "demo/terrain.h"
#include "demo/weather.h"

namespace oriel::demo {

// Linear light, BT.709 primaries, 1 about white paper in the sun after exposure.
struct Rgb {
  float r = 0, g = 0, b = 0;
};
constexpr Rgb operator+(Rgb a, Rgb b) { return {a.r + b.r, a.g + b.g, a.b + b.b}; }
constexpr Rgb operator*(Rgb a, float k) { return {a.r * k, a.g * k, a.b * k}; }
constexpr Rgb operator*(Rgb a, Rgb b) { return {a.r * b.r, a.g * b.g, a.b * b.b}; }
constexpr Rgb mix(Rgb a, Rgb b, float t) {
  return {a.r + (b.r - a.r) * t, a.g + (b.g - a.g) * t, a.b + (b.b - a.b) * t};
}

// Camera axes: x right, y up, z away from the viewer.
struct Direction {
  float x = 0, y = 0, z = 1;
};

struct Light {
  UtcTime time;
  Weather weather;
  Season season;
  float sun_elevation_deg = 0;
  Direction sun;
  Rgb sun_light;  // what falls on a surface that faces it
  Direction moon;
  Rgb moon_light;
  float moon_lit_share = 0;
  bool moon_waxing = false;
  Direction key;  // the stronger of sun and moon, whose shadows show
  Rgb key_light;
  Rgb ambient;  // from the whole sky
  Rgb zenith;
  Rgb horizon;
  Rgb glow;  // added towards the sun
  Rgb cloud_lit;
  Rgb cloud_dark;
  float stars = 0;     // 0 … 1
  float exposure = 1;  // already in all the colours above
  float visibility_m = 45'000;

  // The clear sky in a direction of unit length.
  Rgb sky(Direction d) const;
};

Light light_at(const Area& area, UtcTime time);

// `azimuth` and `elevation` of the sky as a unit vector for a camera that looks to `heading_deg`.
Direction to_camera(const SkyDirection& sky, double heading_deg);

}  // namespace oriel::demo
