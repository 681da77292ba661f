// HLS playlists (RFC 8216 and its successor draft-pantos-hls-rfc8216bis) as text. Pure: what to
// list is decided elsewhere.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace oriel::media {

struct PlaylistPart {
  std::string uri;
  std::int64_t duration_90k = 0;
  bool independent = false;
  bool gap = false;  // there is something, but this viewer does not get it
};

struct PlaylistSegment {
  // Empty while the segment is still growing: then only its parts are listed.
  std::string uri;
  std::string map_uri;
  std::int64_t duration_90k = 0;
  UtcTime start;
  bool discontinuity = false;  // before this segment
  bool gap = false;            // as in PlaylistPart
  std::vector<PlaylistPart> parts;
};

struct LivePlaylist {
  std::uint64_t media_sequence = 0;          // of the first segment
  std::uint64_t discontinuity_sequence = 0;  // likewise
  std::int64_t target_s = 6;
  std::int64_t part_target_90k = 0;  // 0: no parts
  std::vector<PlaylistSegment> segments;
  // The part that comes next, when it is certain what it will be called.
  std::optional<std::string> hint_uri;
  std::optional<std::string> hint_map_uri;  // when the hinted part needs another init segment
};

// Segments older than this many target durations may be left out of a delta update.
constexpr std::int64_t kSkipTargets = 6;

// `delta`: leave old segments out (EXT-X-SKIP) when there are any to leave out.
std::string render_live(const LivePlaylist& playlist, bool delta);

// A finished playlist of the past.
std::string render_past(const std::vector<PlaylistSegment>& segments);

struct Variant {
  std::string uri;
  std::string codecs;
  std::int32_t width = 0;
  std::int32_t height = 0;
  double frame_rate = 0;           // 0: not known
  std::int64_t bandwidth_bps = 0;  // peak
  std::int64_t average_bps = 0;    // 0: not known
};
std::string render_multivariant(const std::vector<Variant>& variants);

}  // namespace oriel::media
