#include "archive/track_json.h"

#include <array>
#include <optional>
#include <system_error>
#include <vector>

#include <fmt/format.h>

#include "base/hex.h"
#include "base/json.h"

namespace oriel::archive {
namespace {

constexpr std::array kCodecs{media::Codec::h264, media::Codec::h265, media::Codec::av1,
                             media::Codec::aac, media::Codec::opus};

struct TrackText {
  std::string codec;
  std::int32_t timescale = 0;
  std::string configuration;  // hexadecimal
  std::int32_t width = 0;
  std::int32_t height = 0;
  std::int32_t sample_rate = 0;
  std::int32_t channels = 0;
  std::string codec_string;
};
BOOST_DESCRIBE_STRUCT(TrackText, (),
                      (codec, timescale, configuration, width, height, sample_rate, channels,
                       codec_string))

}  // namespace

std::string format_tracks(const media::Tracks& tracks) {
  std::vector<TrackText> texts;
  for (const auto& track : tracks)
    texts.push_back({std::string(media::to_string(track.codec)), track.timescale,
                     format_hex(track.configuration), track.width, track.height, track.sample_rate,
                     track.channels, track.codec_string});
  return json::serialize(to_json(texts));
}

Result<media::Tracks> parse_tracks(std::string_view text) {
  std::error_code error;
  const auto value = json::parse(text, error);
  if (error) return fail(ErrorKind::data_loss, "tracks are not JSON: " + error.message());
  const auto texts = from_json<std::vector<TrackText>>(value, "tracks");
  if (!texts) return fail(ErrorKind::data_loss, texts.error().message);
  media::Tracks tracks;
  for (const auto& from : *texts) {
    media::Track track;
    bool known = false;
    for (const auto codec : kCodecs) {
      if (media::to_string(codec) != from.codec) continue;
      track.codec = codec;
      known = true;
    }
    auto configuration = parse_hex(from.configuration);
    if (!known || !configuration || from.timescale <= 0)
      return fail(ErrorKind::data_loss, "tracks: a codec, configuration or timescale is wrong");
    track.timescale = from.timescale;
    track.configuration = std::move(*configuration);
    track.width = from.width;
    track.height = from.height;
    track.sample_rate = from.sample_rate;
    track.channels = from.channels;
    track.codec_string = from.codec_string;
    tracks.push_back(std::move(track));
  }
  return tracks;
}

}  // namespace oriel::archive
