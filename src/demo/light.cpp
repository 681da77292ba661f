#include "demo/light.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include "demo/noise.h"

namespace oriel::demo {
namespace {

struct SkyKey {
  float elevation_deg;
  Rgb zenith, horizon, glow;
  float exposure;
};

// Colours of the clear sky by the sun's height, tuned by eye against photographs of the plateau:
// at 4 000 m the zenith is darker and bluer than at sea level, and dusk is short and saturated.
constexpr std::array<SkyKey, 10> kSky{{
    {-18, {.0008f, .0015f, .0040f}, {.0030f, .0046f, .0088f}, {0, 0, 0}, 19},
    {-12, {.0020f, .0042f, .0125f}, {.0075f, .0125f, .0270f}, {.012f, .009f, .010f}, 13},
    {-8, {.0070f, .0170f, .0520f}, {.0290f, .0440f, .0880f}, {.110f, .050f, .030f}, 5.2f},
    {-4, {.0240f, .0560f, .1500f}, {.1050f, .1100f, .1750f}, {.560f, .200f, .065f}, 2.2f},
    {-1, {.0560f, .1250f, .3050f}, {.2450f, .2150f, .2700f}, {1.20f, .43f, .110f}, 1.35f},
    {2, {.0780f, .1800f, .4300f}, {.3600f, .3450f, .4000f}, {1.40f, .64f, .220f}, 1.12f},
    {7, {.0860f, .2200f, .5500f}, {.4900f, .5500f, .6600f}, {.85f, .60f, .380f}, 1.0f},
    {16, {.0780f, .2250f, .6100f}, {.5000f, .6250f, .8000f}, {.50f, .44f, .360f}, .95f},
    {35, {.0640f, .2050f, .6000f}, {.4700f, .6300f, .8500f}, {.34f, .33f, .300f}, .92f},
    {90, {.0560f, .1900f, .5800f}, {.4500f, .6200f, .8600f}, {.30f, .30f, .280f}, .92f},
}};

SkyKey sky_key(float elevation) {
  const float e = std::clamp(elevation, kSky.front().elevation_deg, kSky.back().elevation_deg);
  std::size_t i = 1;
  while (i + 1 < kSky.size() && kSky[i].elevation_deg < e) ++i;
  const SkyKey& a = kSky[i - 1];
  const SkyKey& b = kSky[i];
  const float t = (e - a.elevation_deg) / (b.elevation_deg - a.elevation_deg);
  // In logarithms: dusk falls by powers of ten.
  const auto between = [&](Rgb u, Rgb v) {
    const auto one = [&](float p, float q) {
      return std::exp(mix(std::log(p + 1e-4f), std::log(q + 1e-4f), t)) - 1e-4f;
    };
    return Rgb{one(u.r, v.r), one(u.g, v.g), one(u.b, v.b)};
  };
  return {e, between(a.zenith, b.zenith), between(a.horizon, b.horizon), between(a.glow, b.glow),
          std::exp(mix(std::log(a.exposure), std::log(b.exposure), t))};
}

// Direct sunlight through the thin air: Kasten & Young's air mass (1989), optical depths of a
// clean atmosphere at 600 hPa.
Rgb direct_sun(float elevation) {
  if (elevation < -1.4f) return {};
  const float e = std::max(elevation, 0.05f);
  const float rad = std::numbers::pi_v<float> / 180;
  const float mass = 1 / (std::sin(e * rad) + 0.50572f * std::pow(e + 6.07995f, -1.6364f));
  const float rise = smooth(-1.4f, 0.6f, elevation);
  return Rgb{std::exp(-0.036f * mass), std::exp(-0.068f * mass), std::exp(-0.145f * mass)} *
         (2.15f * rise);
}

void weather_over(Light& light) {
  const float cover = light.weather.cloud;
  const float grey = smooth(0.55f, 1.0f, cover);
  const auto towards_grey = [&](Rgb c, float share, float scale) {
    const float y = (0.25f * c.r + 0.6f * c.g + 0.15f * c.b) * scale;
    return mix(c, Rgb{y * 0.98f, y, y * 1.04f}, share);
  };
  light.sun_light = light.sun_light * (1 - 0.78f * grey);
  light.moon_light = light.moon_light * (1 - 0.7f * grey);
  light.zenith = towards_grey(light.zenith, 0.80f * grey, 1.7f);
  light.horizon = towards_grey(light.horizon, 0.65f * grey, 0.86f);
  light.glow = light.glow * (1 - 0.75f * grey);
  light.stars *= 1 - smooth(0.5f, 0.9f, cover);
  const float haze = light.weather.haze;
  light.visibility_m =
      mix(62'000, 11'000, haze) * (1 - 0.72f * std::max(light.weather.snow, light.weather.rain));
}

}  // namespace

Direction to_camera(const SkyDirection& sky, double heading_deg) {
  const double rad = std::numbers::pi / 180;
  const double az = (sky.azimuth_deg - heading_deg) * rad;
  const double el = sky.elevation_deg * rad;
  return {static_cast<float>(std::cos(el) * std::sin(az)), static_cast<float>(std::sin(el)),
          static_cast<float>(std::cos(el) * std::cos(az))};
}

Rgb Light::sky(Direction d) const {
  const float up = std::max(d.y, 0.0f);
  const float t = std::exp(-up * 7.5f);
  Rgb c = mix(zenith, horizon, t * (0.85f + 0.15f * t));
  const float facing = d.x * sun.x + d.y * sun.y + d.z * sun.z;
  const float near_sun = std::max(0.0f, 0.5f + 0.5f * facing);
  const float wide = near_sun * near_sun * near_sun;
  const float halo = std::pow(near_sun, 90.0f);
  // At dusk the glow lies along the horizon, by day around the sun.
  const float low = std::exp(-up * (sun_elevation_deg < 8 ? 7.5f : 2.5f));
  c = c + glow * (0.42f * wide * low + 0.55f * halo);
  // Opposite the sunset: the rosy belt over the earth's shadow.
  const float belt =
      smooth(2.5f, -1.5f, sun_elevation_deg) * smooth(-9.0f, -4.0f, sun_elevation_deg);
  if (belt > 0) {
    const float away = smooth(0.15f, -0.75f, facing);
    const float centre = 0.075f + 0.018f * std::max(0.0f, -sun_elevation_deg);
    const float w = (up - centre) / 0.065f;
    c = c + Rgb{.30f, .13f, .17f} * (belt * away * std::exp(-w * w) * exposure * 0.30f);
  }
  return c;
}

Light light_at(const Area& area, UtcTime time) {
  const GeoPoint place{area.latitude_deg, area.longitude_deg};
  Light light;
  light.time = time;
  light.weather = weather_at(area, time);
  light.season = season_at(area, time);
  const SkyDirection sun = sun_position(place, time);
  const Moon moon = moon_position(place, time);
  light.sun_elevation_deg = static_cast<float>(sun.elevation_deg);
  light.sun = to_camera(sun, area.heading_deg);
  light.moon = to_camera(moon.direction, area.heading_deg);
  light.moon_lit_share = static_cast<float>(moon.lit_share);
  light.moon_waxing = moon.waxing;
  const SkyKey key = sky_key(light.sun_elevation_deg);
  light.exposure = key.exposure;
  light.zenith = key.zenith * key.exposure;
  light.horizon = key.horizon * key.exposure;
  light.glow = key.glow * key.exposure;
  light.sun_light = direct_sun(light.sun_elevation_deg) * key.exposure;
  const float moon_up = smooth(-1, 8, static_cast<float>(moon.direction.elevation_deg));
  const float moon_power = light.moon_lit_share * light.moon_lit_share * moon_up;
  light.moon_light = Rgb{.0150f, .0164f, .0190f} * (key.exposure * moon_power);
  const float night = smooth(-6, -14, light.sun_elevation_deg);
  light.zenith = light.zenith + Rgb{.0004f, .0009f, .0023f} * (key.exposure * moon_power * night);
  light.horizon = light.horizon + Rgb{.0014f, .0022f, .0040f} * (key.exposure * moon_power * night);
  light.stars = smooth(-7, -13, light.sun_elevation_deg) * (1 - 0.4f * moon_power);
  weather_over(light);
  // Light from the sunlit land all round warms what the blue sky sends into the shade.
  light.ambient = light.zenith * 0.40f + light.horizon * 0.46f + light.glow * 0.05f +
                  light.sun_light * (0.05f * std::max(light.sun.y, 0.0f));
  // Starlight and airglow: a dark night is not black to a night camera.
  light.ambient = light.ambient * (1 + 1.1f * night);
  light.cloud_lit = light.sun_light * 0.52f + light.moon_light * 0.7f + light.ambient * 0.75f +
                    light.glow * 0.10f;
  light.cloud_dark = light.ambient * 0.80f + light.sun_light * 0.07f;
  const bool by_sun = light.sun_light.g + light.sun_light.r >= light.moon_light.g * 2;
  light.key = by_sun ? light.sun : light.moon;
  light.key_light = by_sun ? light.sun_light : light.moon_light;
  return light;
}

}  // namespace oriel::demo
