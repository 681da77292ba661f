// Paints the background of an area, band by band: sky and clouds, lit land, water.
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>
#include <vector>

#include "demo/ground.h"
#include "demo/light.h"
#include "demo/picture.h"
#include "demo/terrain.h"

namespace oriel::demo {

// A square of seamless noise with smaller copies, bytes, mean about 128.
class NoiseTile {
 public:
  static constexpr int kSize = 512;
  static constexpr int kLevels = 5;
  explicit NoiseTile(std::uint32_t seed);
  // (u, v) in texels of level 0, wrapped; `level` 0 … kLevels - 1.
  float smooth_at(float u, float v, int level) const;
  float nearest(float u, float v, int level) const {
    const int size = kSize >> level;
    const int x = (static_cast<int>(u) >> level) & (size - 1);
    const int y = (static_cast<int>(v) >> level) & (size - 1);
    return static_cast<float>(texels_[offset_[static_cast<std::size_t>(level)] +
                                      static_cast<std::size_t>(y * size + x)]) *
           (1 / 255.0f);
  }

 private:
  std::vector<std::uint8_t> texels_;
  std::array<std::size_t, kLevels> offset_{};
};

// Not thread-safe. All row ranges are half open and widened to even rows.
class Painter {
 public:
  // All borrowed for the painter's life.
  Painter(const Area& area, const Terrain& terrain, const Ground& ground, const NoiseTile& tile);
  // Takes some milliseconds. What is painted afterwards is in this light.
  void set_light(const Light& light);
  const Light& light() const { return light_; }
  void paint_sky(Picture& picture, int begin_row, int end_row, UtcTime time);
  void paint_land(Picture& picture, int begin_row, int end_row, UtcTime time);
  // Needs the rows above, which it mirrors.
  void paint_water(Picture& picture, int begin_row, int end_row, UtcTime time);

  struct Yuv {
    std::uint8_t y = 16, u = 128, v = 128;
  };
  // What a material reflects where it is `tone` (0 dark … 1 light), in this season and light.
  Rgb reflectance(Material material, float tone) const {
    return palette_[static_cast<std::size_t>(material)]
                   [static_cast<std::size_t>(std::clamp(tone, 0.0f, 1.0f) * (kTones - 1))];
  }
  // Film response, gamma and BT.709.
  Yuv to_yuv(Rgb light) const;

 private:
  struct Star {
    int x, y;
    std::uint8_t luma;
  };
  struct CloudRow;
  struct WaterLook;

  void set_palette();
  void set_air();
  void set_shadows();
  void set_stars();
  Rgb sky_base(float column, float row) const;
  Rgb cloud_over(Rgb sky, const CloudRow& row, float column) const;
  CloudRow cloud_row(int y, UtcTime time) const;
  void paint_sky_row(Picture& picture, int y, const CloudRow& row) const;
  WaterLook water_look(UtcTime time) const;
  void set_water_row(WaterLook& look, int y) const;
  std::pair<float, float> wave_at(const WaterLook& look, int x) const;
  void paint_water_row(Picture& picture, int y, const WaterLook& look) const;
  void paint_discs(Rgb& sky, int x, int y) const;
  Rgb land_colour(const Surfel& s, int x, int y, float shadow) const;
  float shadow_at(int x, int y) const;
  float cloud_shadow(float x_m, float z_m, UtcTime time) const;
  std::uint8_t tone(float v) const {
    const int i = static_cast<int>(v * 1024);
    return curve_[static_cast<std::size_t>(i < 0 ? 0 : i > kCurve - 1 ? kCurve - 1 : i)];
  }

  static constexpr int kCurve = 4096;  // linear light 0 … 4
  static constexpr int kGrid = 16;     // pixels between samples of the sky and of shadows
  static constexpr int kGridWide = 1280 / kGrid + 1;
  static constexpr int kGridHigh = 720 / kGrid + 1;
  static constexpr int kTones = 64;

  const Area& area_;
  const Terrain& terrain_;
  const Ground& ground_;
  const NoiseTile& tile_;
  Light light_;
  std::array<std::uint8_t, kCurve> curve_{};
  std::array<std::array<Rgb, kTones>, static_cast<std::size_t>(Material::count)> palette_{};
  std::array<float, 256> snow_share_{};
  std::array<Rgb, kRangeSteps> clear_{};  // share of light that comes through
  std::array<float, kRangeSteps> metres_{};
  std::array<Rgb, kGridWide> air_{};  // light the air adds, by column
  std::array<Rgb, kGridWide * kGridHigh> sky_{};
  std::array<float, kGridWide * kGridHigh> shadow_{};
  std::vector<Star> stars_;  // at most kStars, sorted by row
  double sun_column_ = -1e6, sun_row_ = -1e6, moon_column_ = -1e6, moon_row_ = -1e6;
};

}  // namespace oriel::demo
