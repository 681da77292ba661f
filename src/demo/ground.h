// What each pixel of an area shows, without light: computed once, lit again and again.
#pragma once
#include <array>
#include <cmath>
#include <cstdint>
#include <stop_token>
#include <vector>

#include "demo/terrain.h"

namespace oriel::demo {

// Eight bytes a pixel, so that twelve areas stay below 100 MB.
struct Surfel {
  // Distance on a logarithmic scale, see distance_code(); for water, the row whose mirror image
  // the pixel shows (may be negative: stored + kMirrorBias).
  std::uint16_t range = 0;
  std::int8_t normal_x = 0;  // × 127; the upward share follows, it is never negative
  std::int8_t normal_z = 0;
  Material material = Material::sky;
  std::uint8_t tone = 128;   // dark … light within the material
  std::uint8_t snow = 0;     // height above the midsummer snow line: 128 + metres / 8, with relief
  std::uint8_t cover = 255;  // share of the pixel; the rest shows the pixel above (ridge lines)
};

inline constexpr int kMirrorBias = 1024;
inline constexpr int kRangeSteps = 1024;
// 8 m … 65 km in kRangeSteps × 64 steps.
inline std::uint16_t distance_code(float metres) {
  const float code = std::log2(std::fmax(metres, 8.0f) / 8) * (65535.0f / 13);
  return static_cast<std::uint16_t>(std::fmin(code, 65535.0f));
}
inline float distance_of_step(int step) {
  return 8 * std::exp2(static_cast<float>(step) * 64 * 13 / 65535.0f);
}

class Ground {
 public:
  // Takes some hundred milliseconds. The picture is 1280 × 720. Ends early, unfinished, when asked
  // to stop.
  Ground(const Terrain& terrain, const std::stop_token& stop);
  const Surfel* row(int y) const { return surfels_.data() + static_cast<std::size_t>(y) * 1280; }
  // Rows [0, first_land_row) hold only sky; [first_water_row, end_water_row) hold all the water.
  int first_land_row() const { return first_land_row_; }
  int first_water_row() const { return first_water_row_; }
  int end_water_row() const { return end_water_row_; }
  // Rows below this hold no sky.
  int end_sky_row() const { return end_sky_row_; }

 private:
  Surfel* row(int y) { return surfels_.data() + static_cast<std::size_t>(y) * 1280; }
  void march_column(const Terrain& terrain, int column);
  void fill_between();
  void fill(const Terrain& terrain, int column, int row, float z);
  void mirror_water(const Terrain& terrain);
  void paint_tufts(const Terrain& terrain);
  void paint_tuft(float column, float foot_row, float z, float size_m, std::uint32_t hash,
                  Material material);
  void paint_stones(const Terrain& terrain);
  void paint_stone(float column, float foot_row, float z, float size_m, std::uint32_t hash,
                   Material material);
  void paint_viaduct(const Terrain& terrain);
  void find_bounds();

  std::vector<Surfel> surfels_;
  int first_land_row_ = 0;
  int end_sky_row_ = 0;
  int first_water_row_ = 0;
  int end_water_row_ = 0;
};

}  // namespace oriel::demo
