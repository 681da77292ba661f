// Collects the samples of one part and lays its boxes out.
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "base/time.h"
#include "media/part.h"
#include "media/track.h"

namespace oriel::media {

struct Sample {
  std::int64_t dts = 0;                 // ticks of its track from the run's time zero
  std::int64_t duration = 0;            // ticks, at least 1
  std::int64_t composition_offset = 0;  // pts - dts, ticks
  bool key = false;
  Bytes bytes;
};

// Only on the feed's thread. Layout: see boxes.h.
class PartBuilder {
 public:
  void add(std::size_t track, Sample sample);
  bool empty() const;
  // Fills heads, payload and picture_bytes of `part`, whose other fields are set, and empties the
  // builder. `lead` is the track that gives the part its time.
  void build(const Tracks& tracks, std::size_t lead, std::int64_t run_offset_90k, Part& part);

 private:
  std::array<std::vector<Sample>, 2> samples_;
};

}  // namespace oriel::media
