// How parts are named in URLs: a name stands for one byte string for ever.
//
//   {recording}/{first}-{end}.m4s     parts [first, end) of a recording
//   {recording}/{first}-{end}.v.m4s   the same without sound, when there is sound to leave out
//   {recording}/init.mp4, {recording}/init.v.mp4
//
// Naming ranges of parts instead of segments makes what a crash lost disappear with its name: a
// segment that was seen with twelve parts and recovered with ten has another name.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/ids.h"
#include "base/result.h"
#include "media/part.h"

namespace oriel::media {

struct MediaName {
  std::uint32_t first = 0;
  std::uint32_t end = 0;
  bool muted = false;
  bool init = false;
};

// The names in a playlist for a viewer who may or may not hear; relative to `{…}/media/{feed}/`.
std::string range_name(const Recording& recording, std::uint32_t first, std::uint32_t end,
                       bool with_audio);
std::string range_name(RecordingId recording, std::uint32_t first, std::uint32_t end, bool muted);
std::string init_name(const Recording& recording, bool with_audio);
std::string init_name(RecordingId recording, bool muted);
bool has_sound_to_mute(const Tracks& tracks);

// The last path segment. Errors: not_found for anything else, an empty range or one of more than
// 10 000 parts.
Result<MediaName> parse_media_name(std::string_view text);

}  // namespace oriel::media
