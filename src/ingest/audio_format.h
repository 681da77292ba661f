// Headers of AAC and Opus: what stands before the sound itself. Pure.
#pragma once
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "base/result.h"
#include "ingest/source.h"
#include "media/track.h"

namespace oriel::ingest {

// One AAC frame with its ADTS header (ISO/IEC 14496-3 1.A.2).
struct AdtsFrame {
  std::size_t header_bytes = 0;
  std::size_t frame_bytes = 0;  // header included
  Bytes configuration;          // AudioSpecificConfig, two bytes
};
// Errors: data_loss (no sync word, cut short), unsupported (several raw blocks in one frame, or a
// channel layout in the stream itself).
Result<AdtsFrame> parse_adts(ByteView bytes);

struct AacFormat {
  int object_type = 2;
  std::int32_t sample_rate = 0;  // of the core: what timestamps and frames count
  std::int32_t channels = 0;
};
// An AudioSpecificConfig. Errors: data_loss, unsupported.
Result<AacFormat> parse_aac_configuration(ByteView configuration);

// Samples at 48 kHz of an Opus packet (RFC 6716 3.1); 0 when it is none.
std::int64_t opus_samples(ByteView packet);

// AAC or Opus as MP4 holds it, from what the transport says; nullopt when MP4 (as Oriel uses it)
// does not hold this codec. For AAC in ADTS `parameters.extradata` is empty and `packet` tells.
// Errors: data_loss, unsupported.
Result<std::optional<media::Track>> make_audio_track(const StreamParameters& parameters,
                                                     ByteView packet);

// Samples in a packet of this stream, in its own sample rate; 0: only a decoder knows.
std::int64_t audio_samples(const StreamParameters& parameters, ByteView packet);

}  // namespace oriel::ingest
