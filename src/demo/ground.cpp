#include "demo/ground.h"

#include <algorithm>

#include "demo/noise.h"
#include "demo/scene.h"

namespace oriel::demo {
namespace {

constexpr int kWidth = kSceneWidth;
constexpr int kHeight = kSceneHeight;
constexpr float kFarthest = 46'000;

// Where the bottom row meets the ground. In the canyon that is the ledge below the camera.
float nearest_ground(const View& view, Landscape landscape) {
  const float below = landscape == Landscape::canyon ? 4.8f : view.height_m;
  return view.focal_px * below / (kHeight - view.horizon_row);
}

std::int8_t packed(float v) { return static_cast<std::int8_t>(std::clamp(v, -1.0f, 1.0f) * 127); }
std::uint8_t byte_of(float v) { return static_cast<std::uint8_t>(std::clamp(v, 0.0f, 255.0f)); }

// Texture of the ground, in [-1, 1]: waves of several lengths, each gone once it is finer than the
// pixel's footprint, so that nothing glimmers.
float texture(float x, float z, float footprint_m, std::uint32_t seed) {
  float sum = 0;
  float wave = 64;
  float weight = 0.30f;
  for (std::uint32_t i = 0; i < 7; ++i) {
    const float keep = smooth(1.0f, 3.0f, wave / footprint_m);
    if (keep <= 0) break;
    sum += weight * keep * noise2(x / wave, z / wave * 0.7f, seed + i * 17);
    wave *= 0.42f;
  }
  return sum * 2.1f;
}

}  // namespace

Ground::Ground(const Terrain& terrain, const std::stop_token& stop)
    : surfels_(static_cast<std::size_t>(kWidth) * static_cast<std::size_t>(kHeight)) {
  for (int column = 0; column < kWidth; column += 2) {
    if (stop.stop_requested()) return;
    march_column(terrain, column);
  }
  fill_between();
  if (terrain.landscape() == Landscape::railway_bridge) paint_viaduct(terrain);
  paint_stones(terrain);
  paint_tufts(terrain);
  mirror_water(terrain);
  find_bounds();
}

// Odd columns from their neighbours: the march is what building costs. Where only one side is land,
// half a pixel of it makes the ridge line smooth.
void Ground::fill_between() {
  for (int y = 0; y < kHeight; ++y) {
    Surfel* line = row(y);
    for (int x = 1; x < kWidth; x += 2) {
      const Surfel& a = line[x - 1];
      const Surfel& b = x + 1 < kWidth ? line[x + 1] : a;
      const bool a_sky = a.material == Material::sky;
      const bool b_sky = b.material == Material::sky;
      if (a_sky != b_sky) {
        line[x] = a_sky ? b : a;
        line[x].cover = static_cast<std::uint8_t>(line[x].cover / 2);
        continue;
      }
      line[x] = ((x >> 1) & 1) == 0 ? a : b;
      if (a.material != b.material || std::abs(a.range - b.range) > 400) continue;
      line[x].normal_x = static_cast<std::int8_t>((a.normal_x + b.normal_x) / 2);
      line[x].normal_z = static_cast<std::int8_t>((a.normal_z + b.normal_z) / 2);
      line[x].tone = static_cast<std::uint8_t>((a.tone + b.tone) / 2);
      line[x].snow = static_cast<std::uint8_t>((a.snow + b.snow) / 2);
      line[x].cover = static_cast<std::uint8_t>((a.cover + b.cover) / 2);
    }
  }
}

// From the camera outwards; a sample that stands higher in the picture than all before it shows.
void Ground::march_column(const Terrain& terrain, int column) {
  const View& view = terrain.view();
  const float slope = (static_cast<float>(column) + 0.5f - 640) / view.focal_px;
  float z = nearest_ground(view, terrain.landscape()) * 0.75f;
  float last_z = z;
  float last_row = kHeight + 40.0f;
  float top = kHeight;  // the highest row reached, fractional
  int top_pixel = kHeight;
  bool last_seen = false;
  const auto close_edge = [&] {
    if (top_pixel < kHeight)
      row(top_pixel)[column].cover = byte_of((static_cast<float>(top_pixel) + 1 - top) * 255);
  };
  while (z < kFarthest && top > 0) {
    const int octaves = z < 900 ? 4 : 6;
    const float h = std::max(terrain.height(slope * z, z, octaves), terrain.water_level());
    const float at = view.horizon_row + view.focal_px * (view.height_m - h) / z;
    if (at < top) {
      const int pixel = std::max(0, static_cast<int>(std::floor(at)));
      for (int y = top_pixel - 1; y >= pixel; --y) {
        const float span = last_row - at;
        const float t =
            span > 1e-3f ? clamp01((last_row - static_cast<float>(y) - 0.5f) / span) : 1;
        fill(terrain, column, y, mix(last_z, z, t));
      }
      top_pixel = std::min(top_pixel, pixel);
      top = at;
      last_seen = true;
    } else if (last_seen) {
      close_edge();
      last_seen = false;
    }
    last_row = at;
    last_z = z;
    z += std::max(0.25f, z * 0.0065f);
  }
  close_edge();
}

void Ground::fill(const Terrain& terrain, int column, int y, float z) {
  const View& view = terrain.view();
  const float x = (static_cast<float>(column) + 0.5f - 640) / view.focal_px * z;
  Surfel& s = row(y)[column];
  s = Surfel{};
  s.range = distance_code(z);
  const int octaves = z < 900 ? 5 : 8;
  const float h = terrain.height(x, z, octaves);
  if (h <= terrain.water_level()) {
    s.material = Material::water;
    return;
  }
  const float footprint = z / view.focal_px;
  const float eps = std::max(0.12f, footprint * 1.4f);
  const float dx = (terrain.height(x + eps, z, octaves) - h) / eps;
  const float dz = (terrain.height(x, z + eps * 1.5f, octaves) - h) / (eps * 1.5f);
  const float length = 1 / std::sqrt(dx * dx + dz * dz + 1);
  s.normal_x = packed(-dx * length);
  s.normal_z = packed(-dz * length);
  s.material = terrain.material(x, z, h, length);
  const float grain = texture(x, z, footprint * 1.6f, terrain.seed() + 300);
  float tone = 128 + 105 * grain;
  if (s.material == Material::red_rock || (terrain.landscape() == Landscape::desert && h > 3)) {
    // Beds of rock: bands that follow the height.
    tone += 52 * noise2(h / 7.5f + grain * 0.25f, x / 400, terrain.seed() + 301) +
            26 * noise2(h / 2.1f, z / 500, terrain.seed() + 302);
  }
  s.tone = byte_of(tone);
  const float relief = h > 60 ? 90 * fbm(x / 260, z / 260, 4, terrain.seed() + 303) : 0;
  const float steep = std::max(0.0f, 0.86f - length) * 1900;
  s.snow = byte_of(128 + (h - terrain.snow_line() + relief - steep) / 8);
}

// Far things stand mirrored about the horizon, a little lower for their distance D: by
// 2 focal height / D rows, here for 3 km. Between the near walls of a canyon the shore is the axis.
void Ground::mirror_water(const Terrain& terrain) {
  const View& view = terrain.view();
  const bool walled = terrain.landscape() == Landscape::canyon;
  const int twice_axis =
      static_cast<int>(2 * view.horizon_row + 2 * view.focal_px * view.height_m / 3000);
  for (int column = 0; column < kWidth; ++column) {
    int shore = 0;
    bool in_water = false;
    for (int y = 0; y < kHeight; ++y) {
      Surfel& s = row(y)[column];
      const bool water = s.material == Material::water;
      if (water && !in_water) shore = y;
      in_water = water;
      const int mirrored = (walled ? 2 * shore - 1 : std::min(twice_axis, 2 * shore - 1)) - y;
      if (water) s.range = static_cast<std::uint16_t>(mirrored + kMirrorBias);
    }
  }
}

namespace {

// Where scattered things stand: evenly over the picture's near ground, far ones first.
struct Scatter {
  float column, z, x;
  std::uint32_t hash;
};
std::vector<Scatter> scatter(const View& view, int count, float nearest, float farthest,
                             std::uint32_t seed) {
  std::vector<Scatter> places;
  places.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    const std::uint32_t h = hash_of(i, 5, seed);
    const float t = (static_cast<float>(i) + unit_of(h)) / static_cast<float>(count);
    // Even in 1 / z is even in picture rows.
    const float z = 1 / mix(1 / farthest, 1 / nearest, t);
    const float column = unit_of(mix_bits(h + 1)) * (kWidth + 80) - 40;
    places.push_back({column, z, (column - 640) / view.focal_px * z, mix_bits(h + 2)});
  }
  return places;
}

float tuft_size_m(Material material, float chance) {
  switch (material) {
    case Material::grass:
      return 0.16f + 0.16f * chance;
    case Material::sedge:
      return 0.22f + 0.22f * chance;
    case Material::steppe:
      return chance > 0.3f ? 0.14f + 0.12f * chance : 0;
    case Material::flower:
      return 0.45f + 0.35f * chance;
    case Material::gravel:
    case Material::sand:
      return chance > 0.92f ? 0.28f : 0;
    default:
      return 0;
  }
}

float stone_size_m(Landscape landscape, Material material, float chance) {
  const float rare = chance * chance * chance * chance;
  if (material == Material::gravel) return 0.03f + 0.24f * rare * chance;
  if (material == Material::steppe && chance > 0.8f) return 0.05f + 0.22f * rare;
  if (landscape == Landscape::granite_peaks && material == Material::grass && chance > 0.93f)
    return 0.3f + 1.5f * unit_of(static_cast<std::uint32_t>(chance * 1e7f));
  return 0;
}

float foot_row_of(const View& view, float h, float z) {
  return view.horizon_row + view.focal_px * (view.height_m - h) / z;
}

}  // namespace

void Ground::paint_tufts(const Terrain& terrain) {
  const View& view = terrain.view();
  const float nearest = nearest_ground(view, terrain.landscape()) * 0.94f;
  for (const Scatter& s : scatter(view, 26'000, nearest, nearest * 7, terrain.seed() + 310)) {
    const float h = terrain.height(s.x, s.z, 5);
    if (h <= terrain.water_level() + 0.03f) continue;
    const Material material = terrain.material(s.x, s.z, h, 1);
    const float size = tuft_size_m(material, unit_of(s.hash));
    if (size > 0)
      paint_tuft(s.column, foot_row_of(view, h, s.z), s.z, size * view.focal_px, s.hash, material);
  }
}

// A handful of blades that lean apart; the ground's own colours, a little lighter at the tips.
void Ground::paint_tuft(float column, float foot_row, float z, float size, std::uint32_t hash,
                        Material material) {
  const float tall = size / z;
  const int blades = std::clamp(static_cast<int>(tall * 0.55f), 2, 7);
  const std::uint16_t range = distance_code(z);
  for (int b = 0; b < blades; ++b) {
    const std::uint32_t h = mix_bits(hash + static_cast<std::uint32_t>(b) * 37);
    const float lean = (unit_of(h) - 0.42f) * 0.9f;
    const float length = tall * (0.55f + 0.45f * unit_of(mix_bits(h + 1)));
    const float root = column + (unit_of(mix_bits(h + 2)) - 0.5f) * tall * 0.9f;
    const float shade = (unit_of(mix_bits(h + 3)) - 0.5f) * 56;
    const int steps = std::max(1, static_cast<int>(length));
    for (int i = 0; i < steps; ++i) {
      const float t = static_cast<float>(i) / static_cast<float>(steps);
      const int x = static_cast<int>(root + lean * length * t * t);
      const int y = static_cast<int>(foot_row) - i;
      if (x < 0 || x >= kWidth || y < 0 || y >= kHeight) continue;
      Surfel& s = row(y)[x];
      if (s.range + 600 < range && s.material != Material::sky && s.material != Material::water)
        continue;
      s.range = range;
      s.cover = 255;
      s.material = material == Material::flower && t < 0.62f ? Material::grass : material;
      if (material == Material::gravel || material == Material::sand) s.material = Material::steppe;
      s.tone = byte_of(92 + 74 * t + shade);
      s.normal_x = packed(lean * 0.3f);
      s.normal_z = packed(-0.32f);
    }
  }
}

void Ground::paint_stones(const Terrain& terrain) {
  const View& view = terrain.view();
  const float nearest = nearest_ground(view, terrain.landscape()) * 0.94f;
  for (const Scatter& s : scatter(view, 5'000, nearest, nearest * 9, terrain.seed() + 320)) {
    const float h = terrain.height(s.x, s.z, 5);
    if (h <= terrain.water_level() - 0.1f) continue;
    const Material material = terrain.material(s.x, s.z, h, 1);
    const float size = stone_size_m(terrain.landscape(), material, unit_of(s.hash));
    if (size * view.focal_px / s.z > 1.2f)
      paint_stone(s.column, foot_row_of(view, h, s.z), s.z, size * view.focal_px, s.hash,
                  terrain.landscape() == Landscape::canyon ? Material::red_rock : Material::rock);
  }
}

void Ground::paint_stone(float column, float foot_row, float z, float size, std::uint32_t hash,
                         Material material) {
  const float rx = size / z * (0.8f + 0.5f * unit_of(hash));
  const float ry = rx * (0.45f + 0.25f * unit_of(mix_bits(hash + 1)));
  const std::uint16_t range = distance_code(z);
  const float tone = 120 + 110 * unit_of(mix_bits(hash + 2));
  for (int y = static_cast<int>(foot_row - 2 * ry); y <= static_cast<int>(foot_row); ++y) {
    for (int x = static_cast<int>(column - rx); x <= static_cast<int>(column + rx); ++x) {
      if (x < 0 || x >= kWidth || y < 0 || y >= kHeight) continue;
      const float u = (static_cast<float>(x) + 0.5f - column) / rx;
      const float v = (static_cast<float>(y) + 0.5f - (foot_row - ry)) / ry;
      const float rough = 0.22f * noise2(u * 1.7f + unit_of(hash) * 50, v * 1.7f, hash);
      const float d = u * u + v * v + rough;
      if (d > 1) continue;
      Surfel& s = row(y)[x];
      if (s.range + 900 < range) continue;
      s.range = range;
      s.material = material;
      s.cover = 255;
      s.snow = 0;
      s.normal_x = packed(u * 0.9f);
      s.normal_z = packed(-0.35f - 0.4f * std::max(0.0f, v));
      s.tone = byte_of(tone - 70 * std::max(0.0f, v) + 60 * rough);
    }
  }
}

void Ground::paint_viaduct(const Terrain& terrain) {
  const View& view = terrain.view();
  const auto row_of = [&](float h, float z) { return foot_row_of(view, h, z); };
  for (int column = 0; column < kWidth; ++column) {
    const float z = viaduct_distance(static_cast<float>(column) + 0.5f);
    const float x = (static_cast<float>(column) + 0.5f - 640) / view.focal_px * z;
    // Length along the line, from the two ends' positions.
    const float along =
        std::hypot(x + 640 / view.focal_px * Viaduct::kLeftDistance, z - Viaduct::kLeftDistance);
    const float in_span = along - Viaduct::kSpan * std::floor(along / Viaduct::kSpan);
    const float girder = row_of(Viaduct::kDeckTop - Viaduct::kDeckDepth, z);
    const float deck = row_of(Viaduct::kDeckTop, z);
    const float parapet = row_of(Viaduct::kDeckTop + 1.1f, z);
    const bool pier = in_span < 2.6f;
    const bool cap = in_span < 3.6f || in_span > Viaduct::kSpan - 1.0f;
    const float foot = row_of(terrain.height(x, z, 4), z) + 1;
    const bool post = std::fmod(along, 3.0f) < 0.55f;
    const bool mast = std::fmod(along, 64.0f) < 0.45f;
    const float top = mast ? row_of(Viaduct::kDeckTop + 7.5f, z) : parapet;
    for (int y = static_cast<int>(top); y < static_cast<int>(foot) && y < kHeight; ++y) {
      const float at = static_cast<float>(y) + 0.5f;
      Material material = Material::concrete;
      float tone = 150;
      if (at < parapet) {
        material = Material::steel;
        tone = 110;
      } else if (at < deck) {
        if (!post && at > parapet + 1) continue;
        material = Material::steel;
        tone = 140;
      } else if (at < deck + 2) {
        tone = 195;
      } else if (at < girder) {
        tone = 150 - 45 * (at - deck) / (girder - deck);
      } else if (cap && at < girder + (girder - deck) * 0.4f) {
        tone = 120;
      } else if (pier) {
        tone = 168 - 60 * in_span / 2.6f;
      } else {
        continue;
      }
      Surfel& s = row(y)[column];
      s.range = distance_code(z);
      s.material = material;
      s.normal_x = packed(-0.35f);
      s.normal_z = packed(-0.86f);
      s.tone = byte_of(tone + 12 * noise2(static_cast<float>(column) / 3, at / 9, 5));
      s.cover = 255;
      s.snow = 0;
    }
  }
}

void Ground::find_bounds() {
  first_land_row_ = kHeight;
  first_water_row_ = kHeight;
  for (int y = 0; y < kHeight; ++y) {
    for (int x = 0; x < kWidth; ++x) {
      const Material m = row(y)[x].material;
      if (m == Material::sky) {
        end_sky_row_ = y + 1;
      } else {
        first_land_row_ = std::min(first_land_row_, y);
      }
      if (m == Material::water) {
        first_water_row_ = std::min(first_water_row_, y);
        end_water_row_ = y + 1;
      }
    }
  }
}

}  // namespace oriel::demo
