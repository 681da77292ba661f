// H.264 (ISO/IEC 14496-10) and H.265 (ISO/IEC 23008-2) byte streams: NAL units, parameter sets, and
// the configuration records of MP4 (ISO/IEC 14496-15). Pure; every function takes bytes from
// outside and reads only what is there.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "media/track.h"

namespace oriel::ingest {

// How NAL units stand in a packet: after start codes (Annex B) or after lengths of 1 to 4 bytes.
struct NalLayout {
  int length_bytes = 0;  // 0: Annex B
  bool operator==(const NalLayout&) const = default;
};

// Complete NAL units, without start code. At most 16 of a kind are kept.
struct ParameterSets {
  std::vector<Bytes> vps;  // H.265 only
  std::vector<Bytes> sps;
  std::vector<Bytes> pps;
  // A decoder can begin with these.
  bool complete(media::Codec codec) const;
  bool empty() const { return vps.empty() && sps.empty() && pps.empty(); }
  bool operator==(const ParameterSets&) const = default;
};

// One access unit as MP4 wants it.
struct AccessUnit {
  Bytes bytes;           // NAL units after 4-byte lengths; no parameter sets, delimiters or filler
  ParameterSets sets;    // those that came within
  bool picture = false;  // holds at least one slice
  bool key = false;      // decoding can start here: IDR, H.265 IRAP, or an H.264 recovery point
  std::optional<UtcTime> captured;  // see SeiFacts
};

// A NAL unit without emulation prevention bytes (H.264 7.4.1): 00 00 03 becomes 00 00.
Bytes unescaped(ByteView nal);

// The NAL units of `bytes`, borrowed. Bytes before the first start code are ignored. Errors:
// data_loss (a length that leads outside), at most 8192 units.
Result<std::vector<ByteView>> split_nal_units(ByteView bytes, NalLayout layout);
// Errors: data_loss. `codec` is h264 or h265.
Result<AccessUnit> parse_access_unit(media::Codec codec, NalLayout layout, ByteView bytes);

struct OutOfBand {
  NalLayout layout;
  ParameterSets sets;
};
// What a container's extradata says: avcC or hvcC (first byte 1), Annex B, or nothing (Annex B
// then).
Result<OutOfBand> parse_nal_extradata(media::Codec codec, ByteView extradata);

// What a sequence parameter set says of the picture.
struct PictureFormat {
  std::int32_t width = 0;  // after cropping
  std::int32_t height = 0;
  std::int32_t reorder_depth = 0;  // frames; 0 also when it is not said
  double fps = 0;                  // 0: not said
  std::int32_t chroma_format = 1;
  std::int32_t bit_depth_luma = 8;
  std::int32_t bit_depth_chroma = 8;
  std::int32_t sub_layers = 1;    // H.265
  bool temporal_nesting = false;  // H.265
  Bytes profile_tier_level;       // H.265: the 12 general bytes
};
// Errors: data_loss, unsupported (a size beyond 16384).
Result<PictureFormat> parse_sps(media::Codec codec, ByteView sps);

// avcC or hvcC. Errors: data_loss (sets are not complete or not readable).
Result<Bytes> make_nal_configuration(media::Codec codec, const ParameterSets& sets);
// "avc1.640028", "hvc1.1.6.L93.B0" of a sequence parameter set. Errors: data_loss.
Result<std::string> nal_codec_string(media::Codec codec, ByteView sps);

// A whole video track of these sets. Errors: as above.
Result<media::Track> make_nal_track(media::Codec codec, const ParameterSets& sets);

}  // namespace oriel::ingest
