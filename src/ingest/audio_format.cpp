#include "ingest/audio_format.h"

#include <array>

#include "ingest/bit_reader.h"

namespace oriel::ingest {
namespace {

constexpr std::array<std::int32_t, 13> kAacRates = {96'000, 88'200, 64'000, 48'000, 44'100,
                                                    32'000, 24'000, 22'050, 16'000, 12'000,
                                                    11'025, 8'000,  7'350};

std::int32_t read_rate(BitReader& bits) {
  const std::uint32_t index = bits.read(4);
  if (index == 15) return static_cast<std::int32_t>(bits.read(24));
  return index < kAacRates.size() ? kAacRates[index] : 0;
}

// RFC 7845 5.1, for a source that gave none: no gain, channel mapping 0, the usual pre-skip.
Bytes opus_head(int channels) {
  Bytes head = {'O',  'p',  'u',  's',  'H', 'e', 'a', 'd', 1, static_cast<std::uint8_t>(channels),
                0x38, 0x01, 0x80, 0xBB, 0,   0,   0,   0,   0};
  return head;
}

}  // namespace

Result<AdtsFrame> parse_adts(ByteView bytes) {
  if (bytes.size() < 7 || bytes[0] != 0xFF || (bytes[1] & 0xF6) != 0xF0)
    return fail(ErrorKind::data_loss, "an AAC packet has no ADTS header");
  AdtsFrame frame;
  frame.header_bytes = (bytes[1] & 1) != 0 ? 7 : 9;
  const unsigned profile = bytes[2] >> 6;
  const unsigned rate = (bytes[2] >> 2) & 0xF;
  const unsigned channels = (bytes[2] & 1U) << 2 | bytes[3] >> 6;
  frame.frame_bytes = (bytes[3] & 3U) << 11 | static_cast<unsigned>(bytes[4]) << 3 | bytes[5] >> 5;
  if (frame.frame_bytes <= frame.header_bytes || frame.frame_bytes > bytes.size())
    return fail(ErrorKind::data_loss, "an AAC packet is cut short");
  if ((bytes[6] & 3) != 0 || channels == 0 || rate >= kAacRates.size())
    return fail(ErrorKind::unsupported, "an AAC packet of an unusual form");
  const unsigned config = (profile + 1) << 11 | rate << 7 | channels << 3;
  frame.configuration = {static_cast<std::uint8_t>(config >> 8), static_cast<std::uint8_t>(config)};
  return frame;
}

Result<AacFormat> parse_aac_configuration(ByteView configuration) {
  BitReader bits(configuration);
  AacFormat format;
  format.object_type = static_cast<int>(bits.read(5));
  if (format.object_type == 31) format.object_type = static_cast<int>(32 + bits.read(6));
  format.sample_rate = read_rate(bits);
  const std::uint32_t channels = bits.read(4);
  if (!bits.ok()) return fail(ErrorKind::data_loss, "the AAC configuration is cut short");
  format.channels = static_cast<std::int32_t>(channels == 7 ? 8 : channels);
  if (format.sample_rate < 7'000 || format.sample_rate > 96'000 || channels == 0 || channels > 7)
    return fail(ErrorKind::unsupported, "an AAC configuration of an unusual form");
  return format;
}

std::int64_t opus_samples(ByteView packet) {
  if (packet.empty()) return 0;
  const unsigned config = packet[0] >> 3;
  constexpr std::int64_t kSilk[] = {480, 960, 1920, 2880};
  constexpr std::int64_t kCelt[] = {120, 240, 480, 960};
  const std::int64_t frame = config < 12   ? kSilk[config & 3]
                             : config < 16 ? ((config & 1) != 0 ? 960 : 480)
                                           : kCelt[config & 3];
  switch (packet[0] & 3) {
    case 0:
      return frame;
    case 3:
      return packet.size() < 2 ? 0 : frame * (packet[1] & 0x3F);
    default:
      return frame * 2;
  }
}

Result<std::optional<media::Track>> make_audio_track(const StreamParameters& parameters,
                                                     ByteView packet) {
  media::Track track;
  if (parameters.codec == "opus") {
    track.codec = media::Codec::opus;
    track.channels = parameters.channels > 0 ? parameters.channels : 2;
    track.configuration =
        parameters.extradata.size() >= 19 ? parameters.extradata : opus_head(track.channels);
    if (track.configuration[18] != 0 || track.channels > 2) return std::optional<media::Track>{};
    track.timescale = track.sample_rate = 48'000;
    track.codec_string = "opus";
    return std::optional<media::Track>(std::move(track));
  }
  if (parameters.codec != "aac") return std::optional<media::Track>{};
  track.codec = media::Codec::aac;
  track.configuration = parameters.extradata;
  if (track.configuration.empty()) {
    ORIEL_TRY_ASSIGN(const AdtsFrame frame, parse_adts(packet));
    track.configuration = frame.configuration;
  }
  ORIEL_TRY_ASSIGN(const AacFormat format, parse_aac_configuration(track.configuration));
  track.timescale = track.sample_rate = format.sample_rate;
  track.channels = format.channels;
  track.codec_string = "mp4a.40." + std::to_string(format.object_type);
  return std::optional<media::Track>(std::move(track));
}

std::int64_t audio_samples(const StreamParameters& parameters, ByteView packet) {
  if (parameters.codec == "opus") return opus_samples(packet);
  if (parameters.codec == "aac") return parameters.frame_size > 0 ? parameters.frame_size : 1024;
  const std::int64_t channels = parameters.channels > 0 ? parameters.channels : 1;
  const auto bits = static_cast<std::int64_t>(packet.size()) * 8;
  if (parameters.codec == "pcm_alaw" || parameters.codec == "pcm_mulaw") return bits / 8 / channels;
  if (parameters.codec.starts_with("pcm_s16")) return bits / 16 / channels;
  if (parameters.codec == "adpcm_g722") return bits / 4 / channels;
  return 0;
}

}  // namespace oriel::ingest
