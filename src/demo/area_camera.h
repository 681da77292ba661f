// The camera of one area: renders and encodes it while somebody pulls it.
#pragma once
#include <memory>

#include "base/result.h"
#include "base/time.h"
#include "demo/plateau.h"
#include "demo/stream.h"

namespace oriel::demo {

class TruthWriter;

struct AreaCameraOptions {
  // Wait at start so that twelve areas do not all work at the same instant.
  int phase = 0;                 // 0 … kAreaCount - 1, in twelfths of a frame
  TruthWriter* truth = nullptr;  // borrowed; null: nothing is written
};

// A camera whose main stream is 1280 × 720 at 12 frames/s, with sound where the area has some, and
// whose sub-stream is 320 × 180. Owns a thread, which sleeps while nobody is subscribed. `clock` is
// borrowed. Errors: those of opening the encoders.
Result<std::unique_ptr<Camera>> start_area_camera(const Area& area,
                                                  const AreaCameraOptions& options,
                                                  const Clock& clock);

}  // namespace oriel::demo
