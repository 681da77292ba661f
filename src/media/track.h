// What a stream is made of, as far as a player must know it.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace oriel::media {

enum class TrackKind : std::uint8_t { video, audio };

// The codecs Oriel's files hold. What a camera sends beyond these is re-encoded at ingest.
enum class Codec : std::uint8_t { h264, h265, av1, aac, opus };

std::string_view to_string(Codec codec);
constexpr TrackKind kind_of(Codec codec) {
  return codec == Codec::aac || codec == Codec::opus ? TrackKind::audio : TrackKind::video;
}

// One track of a run. Immutable for the whole run: a change of parameters begins another run.
struct Track {
  Codec codec = Codec::h264;
  // Ticks a second of this track's packets: 90 000 for video, the sample rate for audio.
  std::int32_t timescale = 90'000;
  // Out-of-band parameters as MP4 stores them: avcC, hvcC, av1C, AudioSpecificConfig or OpusHead
  // (libavcodec's extradata of these layouts, never Annex B).
  Bytes configuration;
  std::int32_t width = 0;        // pixels, video only
  std::int32_t height = 0;       // pixels, video only
  std::int32_t sample_rate = 0;  // Hz, audio only
  std::int32_t channels = 0;     // audio only
  // RFC 6381, for CODECS and Media Source: "avc1.640028", "hvc1.1.6.L93.B0", "mp4a.40.2", "opus".
  std::string codec_string;

  TrackKind kind() const { return kind_of(codec); }
  bool operator==(const Track&) const = default;
};

// At most one video and one audio track; video first when both are there.
using Tracks = std::vector<Track>;

// "avc1.640028,mp4a.40.2"
std::string codecs_attribute(const Tracks& tracks);

}  // namespace oriel::media
