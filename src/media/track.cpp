#include "media/track.h"

namespace oriel::media {

std::string_view to_string(Codec codec) {
  switch (codec) {
    case Codec::h264:
      return "h264";
    case Codec::h265:
      return "h265";
    case Codec::av1:
      return "av1";
    case Codec::aac:
      return "aac";
    case Codec::opus:
      return "opus";
  }
  return "unknown";
}

std::string codecs_attribute(const Tracks& tracks) {
  std::string text;
  for (const auto& track : tracks) {
    if (!text.empty()) text += ',';
    text += track.codec_string;
  }
  return text;
}

}  // namespace oriel::media
