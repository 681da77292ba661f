// One coded frame or audio packet on its way from a source to the packager.
#pragma once
#include <cstdint>
#include <memory>

#include "base/bytes.h"
#include "base/time.h"

namespace oriel::media {

struct Packet {
  std::uint32_t track = 0;  // index into the run's Tracks
  // Ticks of the track's timescale from an origin the source chooses once per run; the packager
  // needs dts strictly increasing per track (ingest's timestamp mender sees to that).
  std::int64_t dts = 0;
  std::int64_t pts = 0;       // >= dts for a decodable stream; may be < dts in what cameras send
  std::int64_t duration = 0;  // 0: not known
  bool key = false;           // a picture from which decoding can start; true for audio
  // Length-prefixed NAL units (4 bytes, big endian) for H.264 and H.265, as MP4 stores them; OBUs
  // without temporal delimiters for AV1; raw frames without ADTS for AAC.
  Bytes bytes;
  UtcTime arrived;  // when the last byte came in, by the node's clock
};

}  // namespace oriel::media
