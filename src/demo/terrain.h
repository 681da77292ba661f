// The shape of the land in front of each camera, as a height field.
#pragma once
#include <cstdint>

#include "demo/plateau.h"

namespace oriel::demo {

// A pinhole camera at (0, height_m, 0), looking level along +z with +x to the right. A point at
// (x, h, z) is seen at column 640 + focal_px x / z, row horizon_row + focal_px (height_m - h) / z.
struct View {
  float focal_px = 1500;
  float horizon_row = 330;
  float height_m = 12;
};

enum class Material : std::uint8_t {
  sky,
  water,
  grass,
  steppe,  // sparse grass on soil
  sedge,
  rock,
  red_rock,
  gravel,
  sand,
  salt,
  flower,
  concrete,
  steel,
  count,
};

// Pure and thread-safe.
class Terrain {
 public:
  explicit Terrain(const Area& area);
  // Metres above the plain at (x, z) metres, z > 0; `octaves` bounds the detail (1 … 9).
  float height(float x, float z, int octaves) const;
  // What the surface is made of there, for a height and the upward share `up` of its normal.
  Material material(float x, float z, float h, float up) const;
  // Surfaces below this are under water; far below everything where there is none.
  float water_level() const { return water_level_; }
  const View& view() const { return view_; }
  // Height above the plain from which snow lies in midsummer.
  float snow_line() const { return snow_line_; }
  Landscape landscape() const { return landscape_; }
  std::uint32_t seed() const { return seed_; }

 private:
  float river_distance(float x, float z) const;
  float canyon(float x, float z, int octaves) const;
  float desert(float x, float z, int octaves) const;
  float mountains(float x, float z, int octaves) const;

  Landscape landscape_;
  std::uint32_t seed_;
  View view_;
  float water_level_ = -1e6f;
  float snow_line_ = 1000;
};

// The railway at Wudaoliang: a straight viaduct across the picture.
struct Viaduct {
  // The deck's centre line at column `c` (0 … 1280): its distance, and the rows of rail and girder.
  static constexpr float kLeftDistance = 92;    // at column 0
  static constexpr float kRightDistance = 230;  // at column 1280
  static constexpr float kDeckTop = 13.5f;      // metres above the plain
  static constexpr float kDeckDepth = 2.4f;
  static constexpr float kSpan = 32;  // between piers, as on the real line
};
// Distance of the viaduct at a column, by perspective (1 / distance is linear in the column).
float viaduct_distance(float column);

}  // namespace oriel::demo
