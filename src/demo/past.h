// The demonstration's past: an area drawn and encoded for any span of time, faster than it passed.
#pragma once
#include <memory>
#include <optional>

#include "base/result.h"
#include "base/time.h"
#include "demo/plateau.h"
#include "demo/scene.h"
#include "media/packet.h"
#include "media/track.h"

namespace oriel::demo {

struct PastOptions {
  int frames_per_second = 2;
  // Land already made, to be shared by the spans of one area; null: made here, in about a second.
  std::shared_ptr<const Scenery> scenery;
};

// Pictures of one span in order, 1280 × 720 H.264 without B-frames, "demonstration" written in each
// of them. Not thread-safe, owns no thread; one call of next() takes five to ten milliseconds.
class PastRenderer {
 public:
  // `area` is borrowed. Errors: invalid (an empty span, a rate outside 1 … 12), those of the
  // encoder.
  static Result<std::unique_ptr<PastRenderer>> open(const Area& area, UtcSpan span,
                                                    const PastOptions& options);
  virtual ~PastRenderer() = default;
  // The one track of the packets, timescale 90 000; dts 0 is the span's begin.
  virtual const media::Track& track() const = 0;
  // The next picture; `arrived` is the time it shows. Nullopt at the span's end. The first one and
  // every one at a multiple of four seconds is a key frame.
  virtual Result<std::optional<media::Packet>> next() = 0;
};

}  // namespace oriel::demo
