#include "demo/painter.h"

#include <algorithm>
#include <cmath>

#include "demo/noise.h"
#include "demo/scene.h"

namespace oriel::demo {
namespace {

constexpr int kWidth = kSceneWidth;
constexpr float kCloudBase = 1900;  // metres above the camera
constexpr float kMetresPerTexel = 26;
constexpr float kWaveTexel = 0.22f;  // metres
constexpr float kGustTexel = 14;     // metres

struct Tint {
  Rgb dark, light;
};
struct Palette {
  Tint green, dry;
};

// Reflectances of dark and light spots, in July and in winter.
Palette material_palette(Material m) {
  constexpr Tint kGreenGrass{{.048f, .064f, .022f}, {.180f, .200f, .082f}};
  constexpr Tint kDryGrass{{.115f, .080f, .034f}, {.370f, .285f, .150f}};
  switch (m) {
    case Material::grass:
      return {kGreenGrass, kDryGrass};
    case Material::steppe:
      return {{{.085f, .085f, .045f}, {.265f, .235f, .140f}},
              {{.125f, .095f, .058f}, {.360f, .290f, .190f}}};
    case Material::sedge:
      return {{{.030f, .060f, .014f}, {.165f, .195f, .052f}},
              {{.120f, .075f, .028f}, {.410f, .300f, .135f}}};
    case Material::rock:
      return {{{.075f, .072f, .070f}, {.330f, .318f, .305f}},
              {{.075f, .072f, .070f}, {.330f, .318f, .305f}}};
    case Material::red_rock:
      return {{{.120f, .050f, .032f}, {.480f, .270f, .175f}},
              {{.120f, .052f, .034f}, {.470f, .265f, .175f}}};
    case Material::gravel:
      return {{{.130f, .116f, .098f}, {.380f, .355f, .315f}},
              {{.130f, .116f, .098f}, {.380f, .355f, .315f}}};
    case Material::sand:
      return {{{.215f, .145f, .082f}, {.560f, .440f, .290f}},
              {{.215f, .145f, .082f}, {.560f, .440f, .290f}}};
    case Material::salt:
      return {{{.420f, .405f, .385f}, {.800f, .795f, .780f}},
              {{.420f, .405f, .385f}, {.800f, .795f, .780f}}};
    case Material::flower:
      return {{{.220f, .190f, .012f}, {.780f, .620f, .030f}}, kDryGrass};
    case Material::concrete:
      return {{{.150f, .148f, .142f}, {.580f, .570f, .550f}},
              {{.150f, .148f, .142f}, {.580f, .570f, .550f}}};
    case Material::steel:
      return {{{.060f, .064f, .070f}, {.400f, .410f, .420f}},
              {{.060f, .064f, .070f}, {.400f, .410f, .420f}}};
    default:
      return {};
  }
}

float film(float x) {
  // Narkowicz's fit of the ACES curve, a little brighter.
  x *= 0.86f;
  return clamp01(x * (2.51f * x + 0.03f) / (x * (2.43f * x + 0.59f) + 0.14f));
}
float gamma(float x) {
  return x <= 0.0031308f ? 12.92f * x : 1.055f * std::pow(x, 1 / 2.4f) - 0.055f;
}

Painter::Yuv yuv_of(int r, int g, int b) {
  // BT.709 limited range in 16-bit fixed point.
  const auto byte = [](int v) { return static_cast<std::uint8_t>(std::clamp(v, 0, 255)); };
  return {byte((11966 * r + 40254 * g + 4064 * b + (16 << 16) + 32768) >> 16),
          byte((-6596 * r - 22189 * g + 28784 * b + (128 << 16) + 32768) >> 16),
          byte((28784 * r - 26145 * g - 2639 * b + (128 << 16) + 32768) >> 16)};
}

float wrapped_noise(float x, float y, int period, std::uint32_t seed) {
  const int xi = floor_int(x);
  const int yi = floor_int(y);
  const float fx = x - static_cast<float>(xi);
  const float fy = y - static_cast<float>(yi);
  const auto corner = [&](int dx, int dy) {
    const std::uint32_t h = hash_of((xi + dx) & (period - 1), (yi + dy) & (period - 1), seed);
    const float angle = unit_of(h) * 6.2831853f;
    return std::cos(angle) * (fx - static_cast<float>(dx)) +
           std::sin(angle) * (fy - static_cast<float>(dy));
  };
  const float u = fx * fx * fx * (fx * (fx * 6 - 15) + 10);
  const float v = fy * fy * fy * (fy * (fy * 6 - 15) + 10);
  return mix(mix(corner(0, 0), corner(1, 0), u), mix(corner(0, 1), corner(1, 1), u), v);
}

}  // namespace

NoiseTile::NoiseTile(std::uint32_t seed) {
  std::size_t total = 0;
  for (int level = 0; level < kLevels; ++level) {
    offset_[static_cast<std::size_t>(level)] = total;
    total += static_cast<std::size_t>((kSize >> level) * (kSize >> level));
  }
  texels_.resize(total);
  std::vector<float> sum(static_cast<std::size_t>(kSize * kSize));
  float amplitude = 1;
  for (int period = 4; period <= 128; period *= 2) {
    const float step = static_cast<float>(period) / kSize;
    for (int y = 0; y < kSize; ++y)
      for (int x = 0; x < kSize; ++x)
        sum[static_cast<std::size_t>(y * kSize + x)] +=
            amplitude * wrapped_noise(static_cast<float>(x) * step, static_cast<float>(y) * step,
                                      period, seed + static_cast<std::uint32_t>(period));
    amplitude *= 0.56f;
  }
  for (std::size_t i = 0; i < sum.size(); ++i)
    texels_[i] = static_cast<std::uint8_t>(std::clamp(128 + sum[i] * 118, 0.0f, 255.0f));
  for (int level = 1; level < kLevels; ++level) {
    const int size = kSize >> level;
    const std::uint8_t* from = texels_.data() + offset_[static_cast<std::size_t>(level - 1)];
    std::uint8_t* to = texels_.data() + offset_[static_cast<std::size_t>(level)];
    for (int y = 0; y < size; ++y)
      for (int x = 0; x < size; ++x) {
        const std::uint8_t* p = from + 4 * y * size + 2 * x;
        to[y * size + x] =
            static_cast<std::uint8_t>((p[0] + p[1] + p[2 * size] + p[2 * size + 1] + 2) / 4);
      }
  }
}

float NoiseTile::smooth_at(float u, float v, int level) const {
  const float scale = 1 / static_cast<float>(1 << level);
  u = u * scale - 0.5f;
  v = v * scale - 0.5f;
  const int size = kSize >> level;
  const int ui = floor_int(u);
  const int vi = floor_int(v);
  const float fu = u - static_cast<float>(ui);
  const float fv = v - static_cast<float>(vi);
  const std::uint8_t* t = texels_.data() + offset_[static_cast<std::size_t>(level)];
  const int x0 = ui & (size - 1);
  const int x1 = (ui + 1) & (size - 1);
  const std::uint8_t* a = t + (vi & (size - 1)) * size;
  const std::uint8_t* b = t + ((vi + 1) & (size - 1)) * size;
  const float top = mix(static_cast<float>(a[x0]), static_cast<float>(a[x1]), fu);
  const float bottom = mix(static_cast<float>(b[x0]), static_cast<float>(b[x1]), fu);
  return mix(top, bottom, fv) * (1 / 255.0f);
}

Painter::Painter(const Area& area, const Terrain& terrain, const Ground& ground,
                 const NoiseTile& tile)
    : area_(area), terrain_(terrain), ground_(ground), tile_(tile) {
  for (int i = 0; i < kCurve; ++i)
    curve_[static_cast<std::size_t>(i)] =
        static_cast<std::uint8_t>(gamma(film((static_cast<float>(i) + 0.5f) / 1024)) * 255 + 0.5f);
  for (int i = 0; i < kRangeSteps; ++i) metres_[static_cast<std::size_t>(i)] = distance_of_step(i);
}

Painter::Yuv Painter::to_yuv(Rgb c) const { return yuv_of(tone(c.r), tone(c.g), tone(c.b)); }

void Painter::set_light(const Light& light) {
  light_ = light;
  set_palette();
  set_air();
  set_shadows();
  set_stars();
}

void Painter::set_palette() {
  const Season& season = light_.season;
  for (std::size_t m = 0; m < palette_.size(); ++m) {
    const Palette p = material_palette(static_cast<Material>(m));
    const Rgb dark = mix(p.dry.dark, p.green.dark, season.green);
    const Rgb bright = mix(p.dry.light, p.green.light, season.green);
    for (int t = 0; t < kTones; ++t) {
      const float share = static_cast<float>(t) / (kTones - 1);
      palette_[m][static_cast<std::size_t>(t)] =
          mix(dark, bright, share * share * (1.6f - 0.6f * share));
    }
  }
  // By night cameras, like eyes, see little colour.
  const float pale = 0.62f * smooth(-3, -11, light_.sun_elevation_deg);
  for (auto& tones : palette_)
    for (Rgb& c : tones) {
      const float y = 0.25f * c.r + 0.6f * c.g + 0.15f * c.b;
      c = mix(c, Rgb{y, y, y}, pale);
    }
  const float fresh = light_.weather.snow * 260;
  for (int i = 0; i < 256; ++i) {
    const float above = static_cast<float>(i - 128) * 8 + season.snow_line_m + fresh;
    snow_share_[static_cast<std::size_t>(i)] = i == 0 ? 0 : smooth(-70, 90, above);
  }
}

void Painter::set_air() {
  const View& view = terrain_.view();
  for (int i = 0; i < kRangeSteps; ++i) {
    const float d = metres_[static_cast<std::size_t>(i)] / light_.visibility_m;
    clear_[static_cast<std::size_t>(i)] = {std::exp(-d * 0.80f), std::exp(-d * 1.05f),
                                           std::exp(-d * 1.55f)};
  }
  const auto direction = [&](float column, float row) {
    const float x = (column - 640) / view.focal_px;
    const float y = (view.horizon_row - row) / view.focal_px;
    const float k = 1 / std::sqrt(x * x + y * y + 1);
    return Direction{x * k, y * k, k};
  };
  for (int gx = 0; gx < kGridWide; ++gx) {
    for (int gy = 0; gy < kGridHigh; ++gy)
      sky_[static_cast<std::size_t>(gy * kGridWide + gx)] =
          light_.sky(direction(static_cast<float>(gx * kGrid), static_cast<float>(gy * kGrid)));
    const Rgb level = light_.sky(direction(static_cast<float>(gx * kGrid), view.horizon_row - 18));
    air_[static_cast<std::size_t>(gx)] = mix(level, light_.ambient, 0.25f) * 0.92f;
  }
  const auto place = [&](const Direction& d, double& column, double& row) {
    column = d.z > 0.05f ? 640 + static_cast<double>(view.focal_px * d.x / d.z) : -1e6;
    row = static_cast<double>(view.horizon_row - view.focal_px * d.y / std::max(d.z, 0.05f));
  };
  place(light_.sun, sun_column_, sun_row_);
  place(light_.moon, moon_column_, moon_row_);
}

// Marches from points of a coarse grid towards the sun or moon over a simplified terrain.
void Painter::set_shadows() {
  const View& view = terrain_.view();
  const Direction& to_sun = light_.key;
  shadow_.fill(1);
  if (to_sun.y < -0.03f) return;
  const float rise = std::max(to_sun.y, 0.004f);
  for (int gy = 0; gy < kGridHigh; ++gy) {
    for (int gx = 0; gx < kGridWide; ++gx) {
      const int x = std::min(gx * kGrid, kWidth - 1);
      const int y = std::min(gy * kGrid, kSceneHeight - 1);
      const Surfel& s = ground_.row(y)[x];
      if (s.material == Material::sky || s.material == Material::water) continue;
      const float z = metres_[s.range >> 6];
      const float px = (static_cast<float>(x) - 640) / view.focal_px * z;
      const float ph =
          view.height_m - (static_cast<float>(y) - view.horizon_row) * z / view.focal_px;
      float step = std::max(6.0f, z * 0.012f);
      float t = step;
      float open = 1;
      for (int i = 0; i < 14 && open > 0; ++i) {
        const float qz = z + to_sun.z * t;
        if (qz < 4) break;
        const float over = ph + rise * t - terrain_.height(px + to_sun.x * t, qz, 5);
        open = std::min(open, clamp01(0.75f + over / (0.03f * t + 3)));
        t += step;
        step *= 1.32f;
      }
      shadow_[static_cast<std::size_t>(gy * kGridWide + gx)] = open;
    }
  }
}

float Painter::shadow_at(int x, int y) const {
  const float fx = static_cast<float>(x) / kGrid;
  const float fy = static_cast<float>(y) / kGrid;
  const int gx = std::min(static_cast<int>(fx), kGridWide - 2);
  const int gy = std::min(static_cast<int>(fy), kGridHigh - 2);
  const float* s = shadow_.data() + gy * kGridWide + gx;
  const float u = fx - static_cast<float>(gx);
  const float v = fy - static_cast<float>(gy);
  return mix(mix(s[0], s[1], u), mix(s[kGridWide], s[kGridWide + 1], u), v);
}

// 1 in the sun, less under a cloud; the clouds' own noise, cast straight down.
float Painter::cloud_shadow(float x_m, float z_m, UtcTime time) const {
  const float cover = light_.weather.cloud;
  const float drift =
      static_cast<float>(static_cast<double>(time.us % 36'000'000'000) / 1e6) * 5.0f;
  const float n = tile_.smooth_at((x_m + drift) / kMetresPerTexel, z_m / kMetresPerTexel, 1);
  const float threshold = mix(0.80f, 0.30f, cover);
  return 1 - 0.62f * smooth(threshold - 0.04f, threshold + 0.12f, n);
}

Rgb Painter::land_colour(const Surfel& s, int x, int y, float shadow) const {
  const View& view = terrain_.view();
  const std::size_t step = s.range >> 6;
  const float z = metres_[step];
  const float nx = static_cast<float>(s.normal_x) * (1 / 127.0f);
  const float nz = static_cast<float>(s.normal_z) * (1 / 127.0f);
  const float ny = std::sqrt(std::max(0.0f, 1 - nx * nx - nz * nz));
  Rgb albedo = palette_[static_cast<std::size_t>(s.material)][s.tone >> 2];
  const int snow_at = s.snow == 0 ? 0 : std::clamp(s.snow + (s.tone - 128) / 5, 1, 255);
  float snow = snow_share_[static_cast<std::size_t>(snow_at)];
  // Old dust of snow in the hollows of the plain.
  if (s.tone > 168 && s.material != Material::concrete && s.material != Material::steel)
    snow = std::max(snow, light_.season.dusting * smooth(168, 205, s.tone));
  albedo = mix(albedo, Rgb{.80f, .83f, .88f}, snow);
  const float facing = nx * light_.key.x + ny * light_.key.y + nz * light_.key.z;
  float direct = std::max(0.0f, mix(facing, (facing + 0.12f) * 0.9f, snow));
  // High summits see the sun earlier and later than the plain: the horizon lies lower for them.
  const float h = view.height_m - (static_cast<float>(y) - view.horizon_row) * z / view.focal_px;
  direct *= smooth(-0.012f, 0.006f, light_.key.y + 0.00055f * std::sqrt(std::max(0.0f, h)));
  direct *= shadow;
  const float open = 0.52f + 0.48f * ny;
  Rgb c = albedo * (light_.key_light * direct + light_.ambient * open);
  const int gx = std::min(x / kGrid, kGridWide - 1);
  const Rgb& through = clear_[step];
  const Rgb& air = air_[static_cast<std::size_t>(gx)];
  return {c.r * through.r + air.r * (1 - through.r), c.g * through.g + air.g * (1 - through.g),
          c.b * through.b + air.b * (1 - through.b)};
}

void Painter::paint_land(Picture& picture, int begin_row, int end_row, UtcTime time) {
  const View& view = terrain_.view();
  const int begin = std::max(ground_.first_land_row() & ~1, begin_row & ~1);
  const int end = std::min(kSceneHeight, (end_row + 1) & ~1);
  const std::size_t half = static_cast<std::size_t>(kWidth) / 2;
  const bool clouds = light_.weather.cloud > 0.08f;
  for (int y = begin; y < end; ++y) {
    const Surfel* surfels = ground_.row(y);
    std::uint8_t* luma = picture.y_row(y);
    const std::uint8_t* above = y > 0 ? picture.y_row(y - 1) : luma;
    std::uint8_t* us = picture.u() + static_cast<std::size_t>(y / 2) * half;
    std::uint8_t* vs = picture.v() + static_cast<std::size_t>(y / 2) * half;
    float shadow = 1;
    for (int x = 0; x < kWidth; ++x) {
      const Surfel& s = surfels[x];
      if (s.material == Material::sky || s.material == Material::water) continue;
      if ((x & 3) == 0) {
        shadow = shadow_at(x, y);
        const float z = metres_[s.range >> 6];
        if (clouds)
          shadow *= cloud_shadow((static_cast<float>(x) - 640) / view.focal_px * z, z, time);
      }
      const Yuv c = to_yuv(land_colour(s, x, y, shadow));
      luma[x] = s.cover == 255
                    ? c.y
                    : static_cast<std::uint8_t>((c.y * s.cover + above[x] * (255 - s.cover)) / 255);
      // One of the four pixels gives the colour: it changes slowly over the land.
      if ((y & 1) != 0 && (x & 1) == 0) {
        us[x / 2] = c.u;
        vs[x / 2] = c.v;
      } else if ((y & 1) == 0 && (x & 1) == 0 && y + 1 < kSceneHeight) {
        us[x / 2] = c.u;
        vs[x / 2] = c.v;
      }
    }
  }
}

// What a row of the cloud layer's plane looks like in the picture.
struct Painter::CloudRow {
  float u0, du, v;  // texels: at column 0, per column, across
  int level;
  float fade;  // with distance
  float threshold;
  float sun_u, sun_v;  // towards the light, texels
};

Rgb Painter::cloud_over(Rgb sky, const CloudRow& row, float column) const {
  const float u = row.u0 + row.du * column;
  const float big = tile_.smooth_at(u, row.v, row.level);
  const float small = tile_.smooth_at(u * 2.73f + 91, row.v * 2.73f + 37,
                                      std::min(row.level + 1, NoiseTile::kLevels - 1));
  const float n = 0.68f * big + 0.32f * small;
  const float dense = smooth(row.threshold, row.threshold + 0.17f, n);
  if (dense <= 0.004f) return sky;
  const float towards = tile_.smooth_at(u + row.sun_u, row.v + row.sun_v, row.level);
  const float lit = clamp01(0.62f + (big - towards) * 3.4f) *
                    mix(1.0f, 0.52f, smooth(row.threshold + 0.12f, row.threshold + 0.42f, n));
  const Rgb cloud = mix(light_.cloud_dark, light_.cloud_lit, lit);
  return mix(sky, cloud, dense * row.fade * 0.94f);
}

// The sun's and the moon's discs, at their true size of half a degree.
void Painter::paint_discs(Rgb& sky, int x, int y) const {
  const float radius = terrain_.view().focal_px * 0.0047f;
  const auto distance = [&](double column, double row) {
    return std::hypot(static_cast<float>(x - column), static_cast<float>(y - row));
  };
  const float sun = distance(sun_column_, sun_row_);
  if (sun < radius * 16) {
    const float bloom = std::exp(-sun / (radius * 2.6f));
    sky = sky + light_.sun_light * (1.2f * bloom * bloom) +
          light_.sun_light * (6 * smooth(radius + 1, radius - 1, sun));
  }
  const float moon = distance(moon_column_, moon_row_);
  if (moon < radius * 8 && light_.moon.y > 0) {
    const float dx = static_cast<float>(x - moon_column_) / radius;
    const float dy = static_cast<float>(y - moon_row_) / radius;
    const float disc = smooth(radius + 0.8f, radius - 0.8f, moon);
    // The terminator is half an ellipse whose width follows the lit share.
    const float edge = (1 - 2 * light_.moon_lit_share) * std::sqrt(std::max(0.0f, 1 - dy * dy));
    const float bright = smooth(-0.12f, 0.12f, (light_.moon_waxing ? dx : -dx) - edge);
    const float mottle = 0.85f + 0.2f * noise2(dx * 1.6f, dy * 1.6f, 3);
    const float power = 0.16f * std::sqrt(light_.exposure);
    sky = sky +
          Rgb{1.0f, 0.97f, 0.90f} *
              (disc * (0.04f + 1.6f * bright * mottle) * std::min(1.0f, power * 2)) +
          Rgb{.8f, .85f, 1.0f} *
              (0.05f * power * light_.moon_lit_share * std::exp(-moon / (radius * 2.2f)));
  }
}

Rgb Painter::sky_base(float column, float row) const {
  const float fx = column / kGrid;
  const float fy = row / kGrid;
  const int gx = std::min(static_cast<int>(fx), kGridWide - 2);
  const int gy = std::min(static_cast<int>(fy), kGridHigh - 2);
  const Rgb* s = sky_.data() + gy * kGridWide + gx;
  const float u = fx - static_cast<float>(gx);
  const float v = fy - static_cast<float>(gy);
  return mix(mix(s[0], s[1], u), mix(s[kGridWide], s[kGridWide + 1], u), v);
}

Painter::CloudRow Painter::cloud_row(int y, UtcTime time) const {
  const View& view = terrain_.view();
  const float drift =
      static_cast<float>(static_cast<double>(time.us % 36'000'000'000) / 1e6) * 5.0f;
  const float above = std::max(view.horizon_row - static_cast<float>(y) - 0.5f, 3.0f);
  const float z = kCloudBase * view.focal_px / above;
  CloudRow row{};
  row.du = z / view.focal_px / kMetresPerTexel;
  row.u0 = (drift - 640 * z / view.focal_px) / kMetresPerTexel;
  row.v = z / kMetresPerTexel;
  const float step = z * z / (kCloudBase * view.focal_px) / kMetresPerTexel;
  row.level = std::clamp(static_cast<int>(std::log2(std::max(1.0f, step * 0.45f))), 0,
                         NoiseTile::kLevels - 1);
  row.fade = std::exp(-z / 42'000) * smooth(3, 22, above);
  row.threshold = mix(0.74f, 0.24f, light_.weather.cloud);
  row.sun_u = light_.key.x * 7;
  row.sun_v = light_.key.z * 7;
  return row;
}

void Painter::paint_sky(Picture& picture, int begin_row, int end_row, UtcTime time) {
  const int begin = std::max(0, begin_row & ~1);
  const int end = std::min(ground_.end_sky_row() + 1, (end_row + 1) & ~1);
  for (int y = begin; y < end; ++y) paint_sky_row(picture, y, cloud_row(y, time));
  for (auto star = std::lower_bound(stars_.begin(), stars_.end(), begin,
                                    [](const Star&s, int y) { return s.y < y; });
       star != stars_.end() && star->y < end; ++star) {
    if (ground_.row(star->y)[star->x].material != Material::sky) continue;
    auto& sample = picture.y_row(star->y)[star->x];
    if (sample < 150) sample = static_cast<std::uint8_t>(std::min(235, sample + star->luma));
  }
}

// Colour is worked out every few columns and drawn out between them: clouds are soft.
void Painter::paint_sky_row(Picture& picture, int y, const CloudRow& row) const {
  const std::size_t half = static_cast<std::size_t>(kWidth) / 2;
  const Surfel* surfels = ground_.row(y);
  std::uint8_t* luma = picture.y_row(y);
  std::uint8_t* us = picture.u() + static_cast<std::size_t>(y / 2) * half;
  std::uint8_t* vs = picture.v() + static_cast<std::size_t>(y / 2) * half;
  const float disc_reach = terrain_.view().focal_px * 0.0047f * 17;
  const bool discs = std::abs(y - sun_row_) < disc_reach || std::abs(y - moon_row_) < disc_reach;
  const bool clouds = light_.weather.cloud > 0.02f;
  const int stride = discs ? 2 : 4;
  const auto colour_at = [&](int x) {
    Rgb c = sky_base(static_cast<float>(x), static_cast<float>(y));
    if (discs) paint_discs(c, x, y);
    if (clouds) c = cloud_over(c, row, static_cast<float>(x));
    return to_yuv(c);
  };
  Yuv here{};
  bool known = false;
  for (int x = 0; x < kWidth; x += stride) {
    bool any = false;
    for (int i = 0; i < stride; ++i) any = any || surfels[x + i].material == Material::sky;
    if (any) {
      if (!known) here = colour_at(x);
      const Yuv next = colour_at(x + stride);
      for (int i = 0; i < stride; ++i) {
        if (surfels[x + i].material != Material::sky) continue;
        luma[x + i] = static_cast<std::uint8_t>(here.y + (next.y - here.y) * i / stride);
        if ((y & 1) == 0 && (i & 1) == 0 && surfels[x + i + 1].material == Material::sky) {
          us[(x + i) / 2] = static_cast<std::uint8_t>(here.u + (next.u - here.u) * i / stride);
          vs[(x + i) / 2] = static_cast<std::uint8_t>(here.v + (next.v - here.v) * i / stride);
        }
      }
      here = next;
    }
    known = any;
  }
}

// A made-up catalogue, denser along the true plane of the Milky Way, turned to the true time.
void Painter::set_stars() {
  stars_.clear();
  if (light_.stars < 0.03f) return;
  constexpr int kStars = 30'000;
  const View& view = terrain_.view();
  const GeoPoint place{area_.latitude_deg, area_.longitude_deg};
  const double sidereal = sidereal_deg(light_.time) + place.longitude_deg;
  const float lat = static_cast<float>(place.latitude_deg) * 0.0174532925f;
  const float heading = static_cast<float>(area_.heading_deg) * 0.0174532925f;
  // The galaxy's north pole: right ascension 192.86°, declination 27.13° (J2000).
  const Direction pole{-0.8676f, -0.1980f, 0.4560f};
  for (int i = 0; i < kStars; ++i) {
    Direction d;
    d.z = pick(31, i) * 2 - 1;
    const float ra = pick(32, i) * 6.2831853f;
    const float flat = std::sqrt(1 - d.z * d.z);
    d.x = flat * std::cos(ra);
    d.y = flat * std::sin(ra);
    const float from_plane = std::fabs(d.x * pole.x + d.y * pole.y + d.z * pole.z);
    const bool milky = i > kStars / 4;
    if (milky && from_plane > 0.05f + 0.30f * pick(33, i) * pick(36, i)) continue;
    const float hour = static_cast<float>(std::fmod(sidereal, 360.0)) * 0.0174532925f - ra;
    const float east = -std::sin(hour) * flat;
    const float south = std::cos(hour) * flat * std::sin(lat) - d.z * std::cos(lat);
    const float up = std::cos(hour) * flat * std::cos(lat) + d.z * std::sin(lat);
    const float forward = -south * std::cos(heading) + east * std::sin(heading);
    const float side = east * std::cos(heading) + south * std::sin(heading);
    if (forward < 0.2f || up < 0.01f) continue;
    const int x = static_cast<int>(640 + view.focal_px * side / forward);
    const int y = static_cast<int>(view.horizon_row - view.focal_px * up / forward);
    if (x < 0 || x >= kWidth || y < 0 || y >= kSceneHeight) continue;
    const float power = std::pow(pick(34, i), milky ? 6.0f : 3.5f);
    const float bright =
        (milky ? 22 + 140 * power : 34 + 200 * power) * light_.stars * smooth(0, 0.10f, up);
    stars_.push_back({x, y, static_cast<std::uint8_t>(std::min(bright, 220.0f))});
    if (bright > 90 && x + 1 < kWidth)
      stars_.push_back({x + 1, y, static_cast<std::uint8_t>(bright / 2)});
  }
  std::sort(stars_.begin(), stars_.end(), [](const Star& a, const Star& b) { return a.y < b.y; });
}

// What is the same for all the water of one picture, and what follows from a row.
struct Painter::WaterLook {
  float shift;  // how far the wavelets have moved, texels
  float wind;   // 0.15 calm … 1
  bool deep;
  Yuv body;                       // what comes from below the surface
  float glint_row, glint_column;  // the middle of the sun's or moon's path
  float glint_luma;
  Yuv glint_colour;
  // Of the row:
  float below;  // rows below the horizon
  float z;      // metres
  int near_level, far_level;
  float near_share, far_share;
  float mirror;  // share that is reflected, by Fresnel and grazing angle
  float reach;   // rows by which a wave displaces what it mirrors
  float glint;
};

Painter::WaterLook Painter::water_look(UtcTime time) const {
  const View& view = terrain_.view();
  WaterLook look{};
  const bool river =
      area_.landscape == Landscape::braided_river || area_.landscape == Landscape::canyon;
  look.deep =
      area_.landscape == Landscape::salt_lake_shore || area_.landscape == Landscape::great_lake;
  look.shift = static_cast<float>(static_cast<double>(time.us % 3'600'000'000) / 1e6 * 0.9);
  look.wind = 0.15f + 0.85f * clamp01(light_.weather.wind_m_s / 11);
  const Rgb tint = look.deep ? Rgb{.012f, .085f, .120f}
                   : river   ? Rgb{.075f, .085f, .070f}
                             : Rgb{.020f, .055f, .060f};
  look.body = to_yuv(
      tint * (light_.key_light * (0.9f * std::max(light_.key.y, 0.0f)) + light_.ambient * 0.8f));
  look.glint_row = view.horizon_row +
                   view.focal_px * std::max(light_.key.y, 0.0f) / std::max(light_.key.z, 0.1f);
  look.glint_column =
      light_.key.z > 0.1f ? 640 + view.focal_px * light_.key.x / light_.key.z : -1e5f;
  look.glint_luma = tone(light_.key_light.g * 0.6f);
  look.glint_colour = to_yuv(light_.key_light * 0.45f);
  return look;
}

void Painter::set_water_row(WaterLook& look, int y) const {
  const View& view = terrain_.view();
  look.below = std::max(static_cast<float>(y) + 0.5f - view.horizon_row, 1.5f);
  look.z = view.focal_px * (view.height_m - terrain_.water_level()) / look.below;
  const float grazing = std::min(1.0f, look.below / std::hypot(look.below, view.focal_px));
  // Schlick's approximation, a little less for the roughness of the surface.
  look.mirror = std::pow(1 - grazing, 5.0f) * 0.90f + 0.03f;
  look.reach = (1.2f + (look.deep ? 22 : 9) * look.wind) * smooth(0, 130, look.below) + 0.6f;
  look.glint = std::exp(-std::pow((static_cast<float>(y) - look.glint_row) / 150, 2.0f));
  // Wavelets of some metres near by, and gusts that roughen whole patches farther out; each is
  // taken from the copy of the tile that is no finer than a row.
  const float row_m = look.z * look.z / (view.focal_px * view.height_m);
  const auto level_for = [&](float texel_m) {
    return std::clamp(static_cast<int>(std::log2(std::max(1.0f, row_m / texel_m))), 0,
                      NoiseTile::kLevels - 1);
  };
  look.near_level = level_for(kWaveTexel);
  look.far_level = level_for(kGustTexel);
  look.near_share = smooth(kWaveTexel * 40, kWaveTexel * 12, row_m);
  look.far_share = smooth(kGustTexel * 60, kGustTexel * 14, row_m);
}

// The slope of the surface at a column, about -1 … 1, and the roughness of the gust there.
std::pair<float, float> Painter::wave_at(const WaterLook& look, int x) const {
  const float x_m = (static_cast<float>(x) - 640) * look.z / terrain_.view().focal_px;
  float wave = 0;
  if (look.near_share > 0) {
    const float u = x_m * 0.55f / kWaveTexel;
    const float v = look.z / kWaveTexel;
    const float shift = look.shift;
    wave = look.near_share * 2.1f *
           (tile_.nearest(u + shift * 1.4f, v - shift * 2.2f, look.near_level) +
            tile_.nearest(u * 0.6f - shift, v * 0.83f - shift * 1.5f, look.near_level) - 1.0f);
  }
  const float gust =
      look.far_share * (tile_.nearest(x_m * 0.4f / kGustTexel + look.shift * 0.2f,
                                      (look.z - look.shift * 2) / kGustTexel, look.far_level) -
                        0.5f);
  return {wave + gust * 1.2f, gust};
}

void Painter::paint_water(Picture& picture, int begin_row, int end_row, UtcTime time) {
  const int begin = std::max(ground_.first_water_row(), begin_row) & ~1;
  const int end = std::min(ground_.end_water_row() + 1, (end_row + 1) & ~1);
  WaterLook look = water_look(time);
  for (int y = begin; y < end; ++y) {
    set_water_row(look, y);
    paint_water_row(picture, y, look);
  }
}

void Painter::paint_water_row(Picture& picture, int y, const WaterLook& look) const {
  const std::size_t half = static_cast<std::size_t>(kWidth) / 2;
  const Surfel* surfels = ground_.row(y);
  std::uint8_t* luma = picture.y_row(y);
  std::uint8_t* us = picture.u() + static_cast<std::size_t>(y / 2) * half;
  std::uint8_t* vs = picture.v() + static_cast<std::size_t>(y / 2) * half;
  for (int x = 0; x < kWidth; x += 2) {
    const bool left = surfels[x].material == Material::water;
    const bool right = surfels[x + 1].material == Material::water;
    if (!left && !right) continue;
    const auto [wave, gust] = wave_at(look, x);
    const int source = static_cast<int>((left ? surfels[x] : surfels[x + 1]).range) - kMirrorBias;
    const int row =
        std::clamp(source + static_cast<int>(wave * look.reach), 0, std::max(0, source + 6));
    const int row2 = std::max(0, row - static_cast<int>(look.reach * 0.5f));
    const int x2 = std::clamp(x + static_cast<int>(wave * 2), 0, kWidth - 2);
    const int seen = (picture.y_row(row)[x2] + picture.y_row(row2)[x2]) / 2;
    const float share = clamp01(look.mirror * (0.90f - look.wind * (0.30f * wave + 0.5f * gust)));
    float value =
        static_cast<float>(look.body.y) * (1 + 0.28f * wave * (0.3f + look.wind)) * (1 - share) +
        static_cast<float>(seen) * share;
    const float off = (static_cast<float>(x) - look.glint_column) / (60 + 0.5f * look.below);
    float sparkle = 0;
    if (off > -3 && off < 3 && wave > 0.15f)
      sparkle = look.glint * std::exp(-off * off) * smooth(0.15f, 0.55f, wave) * 0.95f;
    value += look.glint_luma * sparkle;
    const auto out = static_cast<std::uint8_t>(std::clamp(value, 16.0f, 235.0f));
    if (left) luma[x] = out;
    if (right) luma[x + 1] = out;
    if ((y & 1) != 0 || !left) continue;
    const std::size_t at =
        static_cast<std::size_t>(row / 2) * half + static_cast<std::size_t>(x2 / 2);
    const auto blend = [&](std::uint8_t a, std::uint8_t b) {
      return static_cast<std::uint8_t>(static_cast<float>(a) * (1 - share) +
                                       static_cast<float>(b) * share);
    };
    const auto tinted = [&](std::uint8_t a, std::uint8_t b) {
      return static_cast<std::uint8_t>(static_cast<float>(a) * (1 - sparkle) +
                                       static_cast<float>(b) * sparkle);
    };
    us[x / 2] = tinted(blend(look.body.u, picture.u()[at]), look.glint_colour.u);
    vs[x / 2] = tinted(blend(look.body.v, picture.v()[at]), look.glint_colour.v);
  }
}

}  // namespace oriel::demo
