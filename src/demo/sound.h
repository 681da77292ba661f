// What is heard at an area: wind always, water where there is some, birds when they are about.
#pragma once
#include <array>
#include <cstdint>
#include <span>

#include "base/time.h"
#include "demo/plateau.h"

namespace oriel::demo {

// Synthesised sound, 48 kHz mono. Not thread-safe: it holds the state of its filters.
class Soundscape {
 public:
  explicit Soundscape(const Area& area);
  // Fills `samples` with values in [-1, 1], usually below 0.2; the first one is at `time`.
  void fill(std::span<float> samples, UtcTime time);

 private:
  struct LowPass {
    double state = 0;
    double next(double in, double share) { return state += share * (in - state); }
  };
  double noise();
  double call_at(double seconds) const;

  const Area& area_;
  double water_ = 0;  // loudness shares
  double surf_ = 0;
  std::uint64_t random_ = 0x9e3779b97f4a7c15;
  std::array<LowPass, 6> filters_{};
};

}  // namespace oriel::demo
