// Reads a video file packet by packet, for ever.
#pragma once
#include <memory>
#include <optional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "demo/picture.h"

namespace oriel::demo {

struct ClipFormat {
  Bytes sps;  // of the H.264 track when `untouched`
  Bytes pps;
  int width = 0;
  int height = 0;
  bool untouched = false;                    // H.264 without B-frames: can be sent as it lies
  std::optional<Bytes> audio_configuration;  // AAC only
  int audio_rate = 0;
  int audio_channels = 0;
};

struct ClipPacket {
  bool audio = false;
  bool key = false;
  Duration at;  // since the first loop began; rises over the loops
  Bytes bytes;  // Annex B or raw AAC
};

// Not thread-safe. Blocks only on the file.
class ClipReader {
 public:
  // Errors: not_found, invalid.
  static Result<std::unique_ptr<ClipReader>> open(const std::string& path);
  virtual ~ClipReader() = default;
  virtual const ClipFormat& format() const = 0;
  // Begins again after the end. Errors: data_loss when a loop gives no picture.
  virtual Result<ClipPacket> next() = 0;
  // Feeds the last video packet next() gave to the decoder; true when `main` (null: not wanted) and
  // `sub` now show a new picture, scaled to fit inside black borders. What cannot be decoded is
  // skipped.
  virtual bool decode(Picture* main, Picture& sub) = 0;
};

}  // namespace oriel::demo
