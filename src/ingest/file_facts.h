// What a file of video or sound is: only in worker processes.
#pragma once
#include <cstdint>
#include <string>

#include "base/result.h"

namespace oriel::ingest {

struct MediaFacts {
  std::int32_t width = 0;  // pixels, turned as its matrix says; 0: only sound
  std::int32_t height = 0;
  std::int64_t duration_ms = 0;
};

// Reads the file's head, or all of it where the head does not say how long it is. Blocks. Errors:
// data_loss (no video or sound is found).
Result<MediaFacts> describe_media(const std::string& path);

}  // namespace oriel::ingest
