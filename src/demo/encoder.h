// Pictures to H.264 and sound to AAC, through libavcodec.
#pragma once
#include <memory>
#include <optional>
#include <span>

#include "base/bytes.h"
#include "base/result.h"
#include "demo/picture.h"

namespace oriel::demo {

struct VideoSettings {
  int width = 1280;
  int height = 720;
  int fps_num = 12;
  int fps_den = 1;
  // Quantiser of the P pictures (0 … 51); key frames get three less. Constant, because every other
  // way of steering x264's rate makes it look at a small copy of each picture first, which costs
  // as much as coding pictures that hardly change. The scenes bound the rate by what moves in them.
  int qp = 26;
};

struct CodedPicture {
  bool key = false;
  Bytes bytes;  // Annex B, without parameter sets
};

// One H.264 stream, High profile, no B-frames, one slice, one thread. Not thread-safe.
class VideoEncoder {
 public:
  // Errors: unsupported (no libx264), invalid, internal.
  static Result<std::unique_ptr<VideoEncoder>> open(const VideoSettings& settings);
  virtual ~VideoEncoder() = default;
  // Blocks for the encoding; `picture` is borrowed. Key frames come only when asked for, and first.
  virtual Result<CodedPicture> encode(const Picture& picture, bool key) = 0;
  virtual const Bytes& sps() const = 0;  // one NAL unit, without start code
  virtual const Bytes& pps() const = 0;
};

inline constexpr int kSoundRate = 48'000;
inline constexpr int kSoundFrame = 1024;  // samples of one AAC frame

// One AAC-LC stream, 48 kHz mono, 64 kbit/s. Not thread-safe.
class SoundEncoder {
 public:
  static Result<std::unique_ptr<SoundEncoder>> open();
  virtual ~SoundEncoder() = default;
  // `samples` are kSoundFrame values in [-1, 1]. Nullopt while the encoder fills its delay of one
  // frame; what comes out then belongs to the call before.
  virtual Result<std::optional<Bytes>> encode(std::span<const float> samples) = 0;
  virtual const Bytes& configuration() const = 0;  // AudioSpecificConfig
};

// Splits Annex B into NAL units, start codes removed; the views point into `bytes`.
std::vector<ByteView> split_annex_b(ByteView bytes);

}  // namespace oriel::demo
