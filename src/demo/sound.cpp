#include "demo/sound.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "base/sun.h"
#include "demo/encoder.h"

namespace oriel::demo {
namespace {

constexpr double kTwoPi = 2 * std::numbers::pi;
constexpr double kGain = 2;

double hash_unit(std::uint64_t a) {
  a ^= a >> 33;
  a *= 0xff51afd7ed558ccd;
  a ^= a >> 33;
  a *= 0xc4ceb9fe1a85ec53;
  a ^= a >> 33;
  return static_cast<double>(a >> 11) / 9007199254740992.0;
}

// Smooth and slow, in [0, 1]: the breath of the wind.
double slow(double seconds, std::uint64_t seed) {
  const double base = std::floor(seconds);
  const auto index = static_cast<std::uint64_t>(static_cast<std::int64_t>(base));
  const double t = seconds - base;
  const double s = t * t * (3 - 2 * t);
  return hash_unit(index * 2654435761u + seed) * (1 - s) +
         hash_unit((index + 1) * 2654435761u + seed) * s;
}

bool is_water(Landscape landscape) {
  return landscape == Landscape::great_lake || landscape == Landscape::salt_lake_shore ||
         landscape == Landscape::granite_peaks || landscape == Landscape::wetland;
}

}  // namespace

Soundscape::Soundscape(const Area& area) : area_(area) {
  const bool river =
      area.landscape == Landscape::canyon || area.landscape == Landscape::braided_river;
  water_ = river ? 0.05 : 0;
  surf_ =
      is_water(area.landscape) ? (area.landscape == Landscape::salt_lake_shore ? 0.05 : 0.02) : 0;
  random_ += static_cast<std::uint64_t>(index_of(area)) * 0x51'7cc1'b727'220a;
}

double Soundscape::noise() {
  random_ ^= random_ << 13;
  random_ ^= random_ >> 7;
  random_ ^= random_ << 17;
  return static_cast<double>(static_cast<std::int64_t>(random_)) / 9.3e18;
}

// A songbird's phrase in about every third slot of four seconds: three to six short gliding notes.
double Soundscape::call_at(double seconds) const {
  const double slot = std::floor(seconds / 4);
  const auto seed = static_cast<std::uint64_t>(static_cast<std::int64_t>(slot)) * 97 +
                    static_cast<std::uint64_t>(index_of(area_)) * 7919;
  if (hash_unit(seed) > 0.33) return 0;
  const double start = hash_unit(seed + 1) * 2;
  const int notes = 3 + static_cast<int>(hash_unit(seed + 2) * 4);
  const double length = 0.09 + 0.08 * hash_unit(seed + 3);
  const double local = seconds - slot * 4 - start;
  if (local < 0) return 0;
  const int note = static_cast<int>(local / (length * 1.5));
  const double inside = local - note * length * 1.5;
  if (note >= notes || inside > length) return 0;
  const double pitch = 2200 + 1800 * hash_unit(seed + 10 + static_cast<std::uint64_t>(note));
  const double glide = (hash_unit(seed + 30 + static_cast<std::uint64_t>(note)) - 0.4) * 5000;
  const double envelope = std::sin(std::numbers::pi * inside / length);
  const double distance = 0.25 + 0.75 * hash_unit(seed + 4);
  return envelope * envelope * distance *
         std::sin(kTwoPi * (pitch * inside + glide * inside * inside));
}

void Soundscape::fill(std::span<float> samples, UtcTime time) {
  const auto sun = sun_position({area_.latitude_deg, area_.longitude_deg}, time);
  const double birds = std::clamp((sun.elevation_deg + 6) / 10, 0.0, 1.0) * 0.035;
  // Kept small so that the phase of the calls stays exact in double.
  const double start = static_cast<double>(time.us % 86'400'000'000) / 1e6;
  const double gust =
      0.25 + 0.45 * slow(start / 7, 1) + 0.3 * slow(start / 2.3, 2) * slow(start / 19, 3);
  const double swell = 0.35 + 0.65 * std::pow(0.5 + 0.5 * std::sin(kTwoPi * start / 5.3), 2);
  for (std::size_t i = 0; i < samples.size(); ++i) {
    const double seconds = start + static_cast<double>(i) / kSoundRate;
    const double white = noise();
    const double low = filters_[1].next(filters_[0].next(white, 0.012), 0.03);
    const double whistle = filters_[3].next(white, 0.10) - filters_[4].next(white, 0.055);
    double out = gust * (low * 0.9 + whistle * 0.05 * gust);
    if (water_ > 0) out += water_ * (white - filters_[2].next(white, 0.2)) * (0.8 + 0.4 * low);
    if (surf_ > 0) out += surf_ * swell * filters_[5].next(white, 0.16);
    if (birds > 0) out += birds * call_at(seconds);
    // About -32 dB on the average, as quiet outdoor recordings are; gusts are rounded off.
    samples[i] = static_cast<float>(std::tanh(out * kGain) * 0.8);
  }
}

}  // namespace oriel::demo
