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

// Owns a thread, which sleeps while nobody is subscribed. Thread-safe.
class AreaCamera {
 public:
  // `clock` is borrowed. Errors: those of opening the encoders.
  static Result<std::unique_ptr<AreaCamera>> start(const Area& area,
                                                   const AreaCameraOptions& options,
                                                   const Clock& clock);
  virtual ~AreaCamera() = default;
  virtual std::shared_ptr<Stream> main() = 0;  // 1280 × 720, 12 frames/s, sound where the area has
  virtual std::shared_ptr<Stream> sub() = 0;   // 320 × 180, 12 frames/s
};

}  // namespace oriel::demo
