#include "media/media_name.h"

#include <charconv>

#include <fmt/format.h>

namespace oriel::media {
namespace {

// More than the parts of any segment: of 6 s, and two parts together are never below 100 ms.
constexpr std::uint32_t kRangeMax = 256;

bool take(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::optional<std::uint32_t> take_number(std::string_view& text) {
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{}) return std::nullopt;
  const auto length = static_cast<std::size_t>(end - text.data());
  if (length > 1 && text.front() == '0') return std::nullopt;  // one name for one range
  text.remove_prefix(length);
  return value;
}

}  // namespace

bool has_sound_to_mute(const Tracks& tracks) {
  return tracks.size() == 2 && tracks[0].kind() == TrackKind::video;
}

std::string range_name(RecordingId recording, std::uint32_t first, std::uint32_t end, bool muted) {
  return fmt::format("{}/{}-{}{}.m4s", recording.value, first, end, muted ? ".v" : "");
}

std::string init_name(RecordingId recording, bool muted) {
  return fmt::format("{}/init{}.mp4", recording.value, muted ? ".v" : "");
}

std::string range_name(const Recording& recording, std::uint32_t first, std::uint32_t end,
                       bool with_audio) {
  return range_name(recording.id, first, end, !with_audio && has_sound_to_mute(*recording.tracks));
}

std::string init_name(const Recording& recording, bool with_audio) {
  return init_name(recording.id, !with_audio && has_sound_to_mute(*recording.tracks));
}

Result<MediaName> parse_media_name(std::string_view text) {
  const auto unknown = fail(ErrorKind::not_found, "no such part");
  MediaName name;
  if (take(text, "init")) {
    name.init = true;
    name.muted = take(text, ".v");
    if (text != ".mp4") return unknown;
    return name;
  }
  const auto first = take_number(text);
  if (!first || !take(text, "-")) return unknown;
  const auto end = take_number(text);
  if (!end || *end <= *first || *end - *first > kRangeMax) return unknown;
  name.first = *first;
  name.end = *end;
  name.muted = take(text, ".v");
  if (text != ".m4s") return unknown;
  return name;
}

}  // namespace oriel::media
