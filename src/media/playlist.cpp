#include "media/playlist.h"

#include <algorithm>

#include <fmt/format.h>

namespace oriel::media {
namespace {

using Out = std::back_insert_iterator<std::string>;

double seconds(std::int64_t ticks) {
  return static_cast<double>(ticks) / static_cast<double>(kTicksPerSecond);
}

// A PART-TARGET that no part exceeds, rounded up to what is printed.
double part_target_seconds(std::int64_t ticks) {
  return static_cast<double>((ticks + 8) / 9) / 10'000.0;
}

void add_segment(std::string& text, const PlaylistSegment& segment, std::string& map,
                 bool with_date) {
  const Out out = std::back_inserter(text);
  if (segment.discontinuity) text += "#EXT-X-DISCONTINUITY\n";
  if (segment.map_uri != map) {
    fmt::format_to(out, "#EXT-X-MAP:URI=\"{}\"\n", segment.map_uri);
    map = segment.map_uri;
  }
  if (with_date)
    fmt::format_to(out, "#EXT-X-PROGRAM-DATE-TIME:{}\n", format_rfc3339(segment.start));
  for (const auto& part : segment.parts)
    fmt::format_to(out, "#EXT-X-PART:DURATION={:.5f},URI=\"{}\"{}{}\n", seconds(part.duration_90k),
                   part.uri, part.independent ? ",INDEPENDENT=YES" : "",
                   part.gap ? ",GAP=YES" : "");
  if (segment.gap && !segment.uri.empty()) text += "#EXT-X-GAP\n";
  if (!segment.uri.empty())
    fmt::format_to(out, "#EXTINF:{:.5f},\n{}\n", seconds(segment.duration_90k), segment.uri);
}

// Complete segments that a delta update may leave out: those further from the end than the skip
// boundary.
std::size_t skippable(const LivePlaylist& playlist) {
  std::int64_t from_end_90k = 0;
  std::size_t index = playlist.segments.size();
  while (index > 0) {
    from_end_90k += playlist.segments[index - 1].duration_90k;
    if (from_end_90k > kSkipTargets * playlist.target_s * kTicksPerSecond) break;
    --index;
  }
  return index;
}

}  // namespace

std::string render_live(const LivePlaylist& playlist, bool delta) {
  std::string text;
  text.reserve(4096);
  const Out out = std::back_inserter(text);
  const std::size_t skipped = delta ? skippable(playlist) : 0;
  text += "#EXTM3U\n#EXT-X-VERSION:9\n";
  fmt::format_to(out, "#EXT-X-TARGETDURATION:{}\n", playlist.target_s);
  const double part_target = part_target_seconds(playlist.part_target_90k);
  if (playlist.part_target_90k > 0) {
    fmt::format_to(
        out,
        "#EXT-X-SERVER-CONTROL:CAN-BLOCK-RELOAD=YES,PART-HOLD-BACK={:.4f},HOLD-BACK={:.1f},"
        "CAN-SKIP-UNTIL={:.1f}\n",
        part_target * 3, static_cast<double>(playlist.target_s * 3),
        static_cast<double>(playlist.target_s * kSkipTargets));
    fmt::format_to(out, "#EXT-X-PART-INF:PART-TARGET={:.4f}\n", part_target);
  }
  fmt::format_to(out, "#EXT-X-MEDIA-SEQUENCE:{}\n", playlist.media_sequence);
  fmt::format_to(out, "#EXT-X-DISCONTINUITY-SEQUENCE:{}\n", playlist.discontinuity_sequence);
  if (skipped > 0) fmt::format_to(out, "#EXT-X-SKIP:SKIPPED-SEGMENTS={}\n", skipped);

  std::string map;
  if (skipped > 0) map = playlist.segments[skipped - 1].map_uri;
  for (std::size_t i = skipped; i < playlist.segments.size(); ++i)
    add_segment(text, playlist.segments[i], map, true);
  if (playlist.hint_uri) {
    if (playlist.hint_map_uri && *playlist.hint_map_uri != map)
      fmt::format_to(out, "#EXT-X-PRELOAD-HINT:TYPE=MAP,URI=\"{}\"\n", *playlist.hint_map_uri);
    fmt::format_to(out, "#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"{}\"\n", *playlist.hint_uri);
  }
  return text;
}

std::string render_past(const std::vector<PlaylistSegment>& segments) {
  std::string text;
  text.reserve(200 + segments.size() * 120);
  std::int64_t longest_90k = kTicksPerSecond;
  for (const auto& segment : segments) longest_90k = std::max(longest_90k, segment.duration_90k);
  text += "#EXTM3U\n#EXT-X-VERSION:7\n#EXT-X-PLAYLIST-TYPE:VOD\n";
  fmt::format_to(std::back_inserter(text), "#EXT-X-TARGETDURATION:{}\n",
                 (longest_90k + kTicksPerSecond / 2) / kTicksPerSecond);
  text += "#EXT-X-MEDIA-SEQUENCE:0\n";
  std::string map;
  std::optional<UtcTime> expected;
  for (const auto& segment : segments) {
    // A date at the start, after each discontinuity and whenever the clock was slewed; the rest
    // follows from the durations.
    const bool with_date =
        !expected || segment.discontinuity || std::abs((segment.start - *expected).us) > 2'000;
    add_segment(text, segment, map, with_date);
    expected = (with_date ? segment.start : *expected) + ticks_to_duration(segment.duration_90k);
  }
  text += "#EXT-X-ENDLIST\n";
  return text;
}

std::string render_multivariant(const std::vector<Variant>& variants) {
  std::string text = "#EXTM3U\n#EXT-X-VERSION:9\n";
  const Out out = std::back_inserter(text);
  for (const auto& variant : variants) {
    fmt::format_to(out, "#EXT-X-STREAM-INF:BANDWIDTH={}", variant.bandwidth_bps);
    if (variant.average_bps > 0) fmt::format_to(out, ",AVERAGE-BANDWIDTH={}", variant.average_bps);
    fmt::format_to(out, ",CODECS=\"{}\"", variant.codecs);
    if (variant.width > 0) fmt::format_to(out, ",RESOLUTION={}x{}", variant.width, variant.height);
    if (variant.frame_rate > 0) fmt::format_to(out, ",FRAME-RATE={:.3f}", variant.frame_rate);
    fmt::format_to(out, "\n{}\n", variant.uri);
  }
  return text;
}

}  // namespace oriel::media
