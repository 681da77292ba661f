// Deterministic noise: the same everywhere and for ever, because past pictures are drawn again.
#pragma once
#include <cmath>
#include <cstdint>

namespace oriel::demo {

constexpr std::uint32_t mix_bits(std::uint32_t a) {
  a ^= a >> 16;
  a *= 0x7feb352du;
  a ^= a >> 15;
  a *= 0x846ca68bu;
  a ^= a >> 16;
  return a;
}
constexpr std::uint32_t hash_of(std::int32_t x, std::int32_t y, std::uint32_t seed) {
  return mix_bits(static_cast<std::uint32_t>(x) * 0x9e3779b1u ^
                  mix_bits(static_cast<std::uint32_t>(y) * 0x85ebca77u ^ seed));
}
// [0, 1)
constexpr float unit_of(std::uint32_t hash) { return static_cast<float>(hash >> 8) / 16777216.0f; }
// A value in [0, 1) for a list of whole numbers.
template <class... Parts>
constexpr float pick(std::uint32_t seed, Parts... parts) {
  std::uint32_t h = mix_bits(seed);
  ((h = mix_bits(h ^ (static_cast<std::uint32_t>(parts) * 0x9e3779b1u + 0x7f4a7c15u))), ...);
  return unit_of(h);
}

constexpr float mix(float a, float b, float t) { return a + (b - a) * t; }
constexpr float clamp01(float v) { return v < 0 ? 0 : v > 1 ? 1 : v; }
constexpr float smooth(float from, float to, float v) {
  const float t = clamp01((v - from) / (to - from));
  return t * t * (3 - 2 * t);
}

inline int floor_int(float v) {
  const int i = static_cast<int>(v);
  return i - (v < static_cast<float>(i) ? 1 : 0);
}

// Gradient noise (Perlin 2002 with hashed lattice), about [-0.8, 0.8].
inline float noise2(float x, float y, std::uint32_t seed) {
  // None along an axis: else thresholds of the noise would run straight along the lattice.
  static constexpr float kDirections[8][2] = {
      {0.9744f, 0.2250f},   {0.5299f, 0.8480f},   {-0.2250f, 0.9744f}, {-0.8480f, 0.5299f},
      {-0.9744f, -0.2250f}, {-0.5299f, -0.8480f}, {0.2250f, -0.9744f}, {0.8480f, -0.5299f}};
  const int xi = floor_int(x);
  const int yi = floor_int(y);
  const float fx = x - static_cast<float>(xi);
  const float fy = y - static_cast<float>(yi);
  // One multiplication a corner: this is where all the building time of a landscape goes.
  const std::uint32_t base = static_cast<std::uint32_t>(xi) * 0x8da6b343u +
                             static_cast<std::uint32_t>(yi) * 0xd8163841u + seed * 0xcb1ab31fu;
  const auto corner = [&](int dx, int dy) {
    std::uint32_t h = base + (dx != 0 ? 0x8da6b343u : 0u) + (dy != 0 ? 0xd8163841u : 0u);
    h = (h ^ (h >> 15)) * 0x2c1b3c6du;
    const auto& g = kDirections[(h ^ (h >> 12)) >> 29];
    return g[0] * (fx - static_cast<float>(dx)) + g[1] * (fy - static_cast<float>(dy));
  };
  const float u = fx * fx * fx * (fx * (fx * 6 - 15) + 10);
  const float v = fy * fy * fy * (fy * (fy * 6 - 15) + 10);
  return mix(mix(corner(0, 0), corner(1, 0), u), mix(corner(0, 1), corner(1, 1), u), v) * 1.3f;
}

// Sum of octaves, each rotated a little so that the lattice does not show; about [-1, 1].
inline float fbm(float x, float y, int octaves, std::uint32_t seed, float gain = 0.5f) {
  float sum = 0;
  float amplitude = 0.55f;
  for (int i = 0; i < octaves; ++i) {
    sum += amplitude * noise2(x, y, seed + static_cast<std::uint32_t>(i) * 101u);
    amplitude *= gain;
    const float nx = 1.62f * x - 1.18f * y + 17.3f;
    y = 1.18f * x + 1.62f * y - 5.7f;
    x = nx;
  }
  return sum;
}

// Sharp crests (Musgrave's ridged multifractal, simplified), about [0, 1].
inline float ridged(float x, float y, int octaves, std::uint32_t seed, float gain = 0.5f) {
  float sum = 0;
  float amplitude = 0.5f;
  float weight = 1;
  for (int i = 0; i < octaves; ++i) {
    float n = 1 - std::fabs(noise2(x, y, seed + static_cast<std::uint32_t>(i) * 131u)) * 1.35f;
    n = n < 0 ? 0 : n * n;
    sum += amplitude * n * weight;
    weight = clamp01(n * 1.6f);
    amplitude *= gain;
    const float nx = 1.62f * x - 1.18f * y + 31.1f;
    y = 1.18f * x + 1.62f * y - 9.2f;
    x = nx;
  }
  return sum;
}

// One-dimensional smooth noise in [0, 1] for slow changes in time.
inline float slow_noise(double t, std::uint32_t seed) {
  const double base = std::floor(t);
  const auto i = static_cast<std::int32_t>(static_cast<std::int64_t>(base));
  const float f = static_cast<float>(t - base);
  const float s = f * f * (3 - 2 * f);
  return mix(unit_of(hash_of(i, 77, seed)), unit_of(hash_of(i + 1, 77, seed)), s);
}

}  // namespace oriel::demo
