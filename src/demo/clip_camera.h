// A real video file as a camera: looped in real time.
#pragma once
#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "demo/stream.h"

namespace oriel::demo {

// The main stream is the file's own H.264 (without B-frames) and AAC, untouched; another codec is
// re-encoded to 1280 × 720 at 12 frames/s, and sound other than AAC is left out. The sub-stream is
// 320 × 180 at 12 frames/s. Owns a thread, which sleeps while nobody is subscribed. `clock` is
// borrowed. Errors: not_found, invalid (not a video), those of opening the encoders.
Result<std::unique_ptr<Camera>> start_clip_camera(const std::string& path, const std::string& title,
                                                  const Clock& clock);

}  // namespace oriel::demo
