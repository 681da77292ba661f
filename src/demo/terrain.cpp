#include "demo/terrain.h"

#include <algorithm>
#include <cmath>

#include "demo/noise.h"

namespace oriel::demo {
namespace {

// A mountain range across the view: crest line at distance `z0`, wavering, `width` deep.
struct Range {
  float z0, width, height, scale;
  float jagged;  // 0 rounded … 1 alpine
};

float range_height(const Range& r, float x, float z, int octaves, std::uint32_t seed) {
  if (std::fabs(z - r.z0) > 2.3f * r.width) return 0;
  const float wander = fbm(x / (r.scale * 3), 0.5f, 2, seed + 7) * r.width * 0.8f;
  const float d = (z - r.z0 - wander) / r.width;
  if (d < -1.9f || d > 1.9f) return 0;
  const float envelope = std::exp(-d * d * 1.3f) * smooth(1.9f, 1.5f, std::fabs(d));
  const float u = x / r.scale;
  const float v = z / r.scale;
  const float soft = r.jagged < 1 ? 0.5f + 0.55f * fbm(u, v, octaves, seed, 0.47f) : 0;
  const float sharp = r.jagged > 0 ? ridged(u * 0.8f, v * 0.8f, octaves, seed + 3, 0.52f) : 0;
  const float body = mix(soft, sharp * 1.15f, r.jagged);
  const float along = 0.62f + 0.5f * fbm(x / (r.scale * 2.3f), 3.3f, 2, seed + 11);
  return std::max(0.0f, r.height * envelope * along * body * 1.35f);
}

// A single summit: a cone with ridged flanks.
float summit(float x, float z, float cx, float cz, float radius, float height, int octaves,
             std::uint32_t seed, float jagged) {
  const float dx = x - cx;
  const float dz = z - cz;
  if (dx * dx + dz * dz > 2.1f * radius * radius) return 0;
  const float warp = 0.16f * fbm(x / (radius * 0.7f), z / (radius * 0.7f), 3, seed + 5);
  const float d = std::sqrt(dx * dx + dz * dz) / radius + warp;
  if (d >= 1.25f) return 0;
  const float cone = std::pow(std::max(0.0f, 1 - d / 1.25f), 1.25f);
  const float detail = ridged(x / (radius * 0.42f), z / (radius * 0.42f), octaves, seed, 0.5f);
  return height * cone * mix(1.0f, 0.55f + 0.75f * detail, jagged);
}

}  // namespace

float viaduct_distance(float column) {
  const float t = column / 1280;
  return 1 / mix(1 / Viaduct::kLeftDistance, 1 / Viaduct::kRightDistance, t);
}

Terrain::Terrain(const Area& area)
    : landscape_(area.landscape), seed_(1000u + 977u * static_cast<std::uint32_t>(index_of(area))) {
  switch (landscape_) {
    case Landscape::great_lake:
      view_ = {1450, 318, 22};
      water_level_ = -1.5f;
      snow_line_ = 620;
      break;
    case Landscape::snow_peak:
      view_ = {1500, 405, 9};
      snow_line_ = 640;
      break;
    case Landscape::railway_bridge:
      view_ = {1350, 372, 8};
      snow_line_ = 700;
      break;
    case Landscape::wetland:
      view_ = {1350, 300, 17};
      water_level_ = -0.35f;
      snow_line_ = 700;
      break;
    case Landscape::canyon:
      view_ = {1150, 330, 46};
      water_level_ = -6;
      snow_line_ = 900;
      break;
    case Landscape::grassland:
      view_ = {1500, 392, 8};
      snow_line_ = 1000;
      break;
    case Landscape::granite_peaks:
      view_ = {1150, 420, 14};
      water_level_ = -1.2f;
      snow_line_ = 620;
      break;
    case Landscape::braided_river:
      view_ = {1200, 322, 27};
      water_level_ = -1.0f;
      snow_line_ = 900;
      break;
    case Landscape::horse_plain:
      view_ = {1600, 372, 9};
      snow_line_ = 1100;
      break;
    case Landscape::alpine_meadow:
      view_ = {1400, 405, 10};
      snow_line_ = 560;
      break;
    case Landscape::salt_lake_shore:
      view_ = {1500, 338, 13};
      water_level_ = -1.0f;
      snow_line_ = 560;
      break;
    case Landscape::desert:
      view_ = {1400, 372, 12};
      snow_line_ = 1500;
      break;
  }
}

// Metres from the middle of the river or canyon floor at distance z, meandering.
float Terrain::river_distance(float x, float z) const {
  const float sway =
      70 * std::sin(z / 260 + 0.6f) + 40 * std::sin(z / 97 + 2.0f) * smooth(60, 400, z);
  return x - sway * smooth(40, 500, z);
}

float Terrain::canyon(float x, float z, int octaves) const {
  if (z < 60) {
    // The ledge on which the camera stands; blue sheep and the leopard come there.
    const float edge = 3.4f + 1.6f * fbm(z / 5, 0.9f, 3, seed_ + 70) - x;
    const float brink = 27 + 3 * fbm(x / 5, 0.4f, 3, seed_ + 71) - z;
    const float inside = std::min(edge, brink);
    if (inside > 0)
      return 41.2f + 0.35f * fbm(x / 4, z / 4, 3, seed_ + 72) - 2.5f * smooth(0.9f, 0.0f, inside);
  }
  const float centre = 55 * std::sin(z / 330 + 0.9f) + 26 * std::sin(z / 140);
  const float d = std::fabs(x - centre + 14 * fbm(x / 90, z / 90, 3, seed_ + 1));
  const float floor_half =
      36 + 130 * (1 - smooth(60, 330, z)) + 12 * fbm(z / 210, 0.3f, 2, seed_ + 2);
  const float out = d - floor_half;
  if (out < 0) return -8 + 3.5f * smooth(-16, 0, out) + fbm(x / 9, z / 9, 3, seed_ + 9) * 0.8f;
  // Benches of hard conglomerate: the slope climbs in steps.
  const float rise = out * 0.92f * (0.8f + 0.5f * fbm(x / 320, z / 320, 3, seed_ + 3));
  const float step = 44;
  const float rough = fbm(x / 38, z / 38, octaves, seed_ + 4) * 9;
  const float level = (rise + rough) / step;
  const float base = std::floor(level);
  const float bench = base + smooth(0.28f, 0.86f, level - base);
  const float top = 330 + 130 * fbm(x / 500, z / 500, 3, seed_ + 5);
  return std::min(-4.5f + bench * step + rough * 0.25f, top + rough);
}

float Terrain::desert(float x, float z, int octaves) const {
  // Yardangs: ridges drawn out along the wind, their windward heads blunt.
  const float along = (x * 0.35f + z * 0.94f);
  const float across = (x * 0.94f - z * 0.35f);
  const float warp = 22 * fbm(along / 240, across / 160, 2, seed_ + 1);
  const float n = fbm((across + warp) / 74, along / 330, 2, seed_ + 2);
  const float field = smooth(140, 300, z) * (1 - smooth(2400, 3600, z));
  const float body =
      smooth(0.02f, 0.24f, n) * (19 + 12 * fbm(across / 300, along / 500, 2, seed_ + 8));
  const float strata = fbm(x / 22, z / 22, octaves - 2, seed_ + 3) * 2.4f * smooth(0.0f, 0.2f, n);
  return field * (body + strata) + fbm(x / 40, z / 40, std::min(octaves, 4), seed_ + 4) * 0.5f;
}

float Terrain::mountains(float x, float z, int octaves) const {
  const auto range = [&](const Range& r, std::uint32_t n) {
    return range_height(r, x, z, octaves, seed_ + n);
  };
  switch (landscape_) {
    case Landscape::great_lake:
      return range({10500, 2300, 430, 2600, 0.25f}, 21) +
             range({16500, 3000, 760, 4200, 0.45f}, 22) +
             range({30000, 5000, 1900, 7000, 0.75f}, 23);
    case Landscape::snow_peak:
      return range({5200, 1500, 240, 1500, 0.5f}, 21) +
             summit(x, z, 700, 11200, 5200, 1950, octaves, seed_ + 31, 0.55f) +
             summit(x, z, -3400, 12800, 4200, 1350, octaves, seed_ + 32, 0.8f) +
             summit(x, z, 4800, 13500, 4300, 1250, octaves, seed_ + 33, 0.8f) +
             range({15500, 2600, 900, 3600, 0.8f}, 22);
    case Landscape::railway_bridge:
      return range({6800, 1700, 260, 1900, 0.15f}, 21) +
             range({11500, 2200, 480, 3000, 0.35f}, 22) +
             range({26000, 4200, 1750, 6000, 0.7f}, 23);
    case Landscape::wetland:
      return range({3100, 900, 300, 1300, 0.35f}, 21) + range({5600, 1300, 620, 2100, 0.5f}, 22) +
             range({9800, 2000, 1150, 3000, 0.75f}, 23);
    case Landscape::grassland:
      return range({9500, 1800, 250, 2600, 0.2f}, 21) + range({15500, 2600, 640, 3800, 0.45f}, 22) +
             range({27000, 4200, 1500, 6200, 0.6f}, 23);
    case Landscape::granite_peaks:
      return range({2300, 620, 330, 900, 0.8f}, 21) + range({3600, 850, 930, 1250, 1.0f}, 22) +
             summit(x, z, -520, 4300, 1500, 760, octaves, seed_ + 31, 1.0f) +
             summit(x, z, 1150, 4100, 1300, 640, octaves, seed_ + 32, 1.0f);
    case Landscape::braided_river: {
      // A valley: hills on both sides that close in with distance.
      const float side =
          std::fabs(x - 120 * std::sin(z / 1900)) - (210 + 90 * fbm(z / 600, 2, 2, seed_ + 6));
      const float slope = smooth(0, 1500, side);
      const float hill = slope * (390 + 330 * fbm(x / 800, z / 800, octaves, seed_ + 7) +
                                  260 * ridged(x / 900, z / 900, octaves, seed_ + 8) * slope);
      return std::max(0.0f, hill) * smooth(150, 1300, z) + range({6800, 1500, 900, 2300, 0.7f}, 22);
    }
    case Landscape::horse_plain:
      return range({4800, 1300, 150, 2100, 0.0f}, 21) + range({9000, 2000, 360, 2900, 0.15f}, 22) +
             range({19000, 3200, 1050, 5000, 0.55f}, 23);
    case Landscape::alpine_meadow:
      return range({2000, 800, 105, 1200, 0.0f}, 21) + range({4700, 1100, 330, 1700, 0.35f}, 22) +
             range({9800, 2100, 1300, 2900, 0.9f}, 23) + range({14500, 2600, 1750, 4000, 0.9f}, 24);
    case Landscape::salt_lake_shore:
      return range({21000, 2800, 620, 4200, 0.3f}, 21) + range({31000, 4800, 1650, 7000, 0.7f}, 22);
    case Landscape::desert:
      return range({8200, 1500, 300, 1500, 0.75f}, 21) + range({15000, 2600, 900, 3300, 0.8f}, 22);
    case Landscape::canyon:
      break;
  }
  return 0;
}

float Terrain::height(float x, float z, int octaves) const {
  const int fine = std::max(1, octaves);
  if (landscape_ == Landscape::canyon) return canyon(x, z, fine);
  const float far = z > 900                                  ? mountains(x, z, fine)
                    : landscape_ == Landscape::braided_river ? mountains(x, z, fine)
                                                             : 0;
  const float rolling =
      fbm(x / 420, z / 420, std::min(fine, z < 900 ? 3 : 4), seed_) * smooth(60, 900, z) * 9 +
      fbm(x / 17, z / 17, 2, seed_ + 40) * 0.16f;
  switch (landscape_) {
    case Landscape::desert:
      return far + desert(x, z, fine);
    case Landscape::great_lake:
    case Landscape::salt_lake_shore:
    case Landscape::granite_peaks: {
      const bool small = landscape_ == Landscape::granite_peaks;
      const float near_shore = (landscape_ == Landscape::great_lake ? 128.0f
                                : small                             ? 88
                                                                    : 100) +
                               26 * fbm(x / 70, 0.7f, 3, seed_ + 50);
      const float far_shore = small ? 1050 + 260 * fbm(x / 420, 1.7f, 3, seed_ + 51)
                              : landscape_ == Landscape::great_lake
                                  ? 8600 + 900 * fbm(x / 1800, 1.7f, 3, seed_ + 51)
                                  : 18500;
      const float basin = smooth(near_shore - 26, near_shore + 30, z) *
                          (1 - smooth(far_shore * 0.94f, far_shore * 1.03f, z));
      return far + mix(0.5f + rolling * (small ? 1.6f : 0.35f), -9, basin);
    }
    case Landscape::wetland: {
      const float ponds =
          fbm(x / 85 + 3, z / 150, 3, seed_ + 52) + 0.33f * fbm(x / 30, z / 45, 2, seed_ + 53);
      const float wet = smooth(28, 60, z) * (1 - smooth(1250, 1700, z));
      const float pool = wet * smooth(0.02f, 0.16f, ponds);
      return far + mix(0.10f + rolling * 0.06f, -1.4f, pool) + 0.7f * smooth(1400, 2200, z);
    }
    case Landscape::braided_river: {
      const float d = river_distance(x, z);
      const float braid = std::fabs(fbm(d / 66, z / 330, 3, seed_ + 54)) * 3.2f;
      const float bed = 1 - smooth(95, 150, std::fabs(d));
      const float channel = bed * (1 - smooth(0.12f, 0.42f, braid));
      return far + mix(0.6f + rolling * 0.25f, -2.2f, channel) - bed * 0.4f;
    }
    case Landscape::alpine_meadow: {
      // Hummocks of frost-heaved turf.
      const float hummock = std::max(0.0f, noise2(x / 2.6f, z / 2.6f, seed_ + 55)) * 0.42f;
      return far + rolling * 0.8f + hummock * (1 - smooth(120, 420, z));
    }
    case Landscape::snow_peak:
      return far + rolling * 0.6f + smooth(700, 4200, z) * 85;
    case Landscape::grassland: {
      // The dunes north-east of Qinghai Lake, a pale band before the mountains.
      const float dunes = smooth(0.05f, 0.5f, fbm(x / 900 + 2, z / 900, 2, seed_ + 56)) *
                          smooth(4200, 5200, z) * (1 - smooth(6800, 7600, z));
      return far + rolling * 0.5f + dunes * (70 + 40 * ridged(x / 420, z / 300, 4, seed_ + 57));
    }
    default:
      return far + rolling;
  }
}

Material Terrain::material(float x, float z, float h, float up) const {
  // Ragged at the edges, so that no patch looks cut out.
  const float patch = fbm(x / 55 + 7.3f, z / 110 + 2.1f, 4, seed_ + 60) +
                      0.16f * fbm(x / 2.3f, z / 4.1f, 2, seed_ + 61);
  const bool steep = up < 0.80f + 0.12f * patch;
  switch (landscape_) {
    case Landscape::great_lake:
      if (z < 400 && h < -0.2f) return Material::gravel;
      if (steep && h > 260) return Material::rock;
      return z > 5000 || patch > 0.12f ? Material::steppe : Material::grass;
    case Landscape::snow_peak:
      if (steep || h > 620 + 200 * patch) return Material::rock;
      return h > 150 ? Material::gravel : patch > -0.05f ? Material::steppe : Material::gravel;
    case Landscape::railway_bridge:
      if (steep && h > 300) return Material::rock;
      return patch > 0.2f ? Material::gravel : patch > -0.12f ? Material::steppe : Material::grass;
    case Landscape::wetland:
      if (h < 0.4f && z < 1900) return Material::sedge;
      return steep && h > 280 ? Material::rock : Material::grass;
    case Landscape::canyon:
      if (z < 40) return patch > 0.05f ? Material::grass : Material::red_rock;
      if (h < -4.2f) return Material::gravel;
      return up > 0.87f + 0.1f * patch ? Material::grass : Material::red_rock;
    case Landscape::grassland:
      if (z > 4200 && z < 7600 && h > 22) return Material::sand;
      return steep && h > 420 ? Material::rock : patch > 0.24f ? Material::steppe : Material::grass;
    case Landscape::granite_peaks:
      if (h > 30 && (up < 0.86f + 0.12f * patch || h > 430)) return Material::rock;
      return Material::grass;
    case Landscape::braided_river:
      if (std::fabs(river_distance(x, z)) < 140 + 30 * patch && h < 1.6f) return Material::gravel;
      return up < 0.72f + 0.1f * patch ? Material::rock : Material::grass;
    case Landscape::horse_plain:
      return patch > 0.16f ? Material::sand : patch > -0.18f ? Material::steppe : Material::grass;
    case Landscape::alpine_meadow:
      if (h > 330 && (steep || h > 620)) return Material::rock;
      return Material::grass;
    case Landscape::salt_lake_shore:
      if (z > 9000) return steep && h > 500 ? Material::rock : Material::steppe;
      if (h < -0.05f || z > 60) return Material::gravel;
      return patch > 0.05f ? Material::flower : Material::grass;
    case Landscape::desert:
      if (h > 3.0f) return h > 120 ? Material::rock : Material::sand;
      return patch > 0.02f && h < 0.5f ? Material::salt : Material::gravel;
  }
  return Material::steppe;
}

}  // namespace oriel::demo
