// Reading the past: which recordings answer a span, as segments, clips and stills. Blocks.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "access/gate.h"
#include "archive/archive.h"
#include "base/result.h"
#include "base/time.h"
#include "media/movie_tags.h"
#include "media/playlist.h"

namespace oriel::api {

// Where the past is read: of a running archive, or of one that only tools look at.
struct PastSource {
  const archive::Catalog& catalog;
  const archive::Reader& reader;
};
inline PastSource past_of(const archive::Archive& archive) {
  return {archive.catalog(), archive.reader()};
}

// The segments of main recordings that overlap the visible parts of a span, by time.
Result<std::vector<media::PlaylistSegment>> past_segments(const archive::Archive& archive,
                                                          const FeedId& feed,
                                                          const access::View& view, UtcSpan span,
                                                          const std::string& uri_prefix);

// A file made of parts as they lie in recordings, decode times moved so that they follow each
// other.
struct ClipPlan {
  struct Piece {
    // Of all pieces of a recording: it holds the recording's index.
    std::shared_ptr<const archive::RecordingRow> row;
    std::uint32_t first_part = 0;
    std::uint32_t end_part = 0;
    std::uint64_t offset = 0;    // in the file
    std::uint64_t bytes = 0;     // in the file, and in the clip
    std::int64_t shift_90k = 0;  // added to the decode times in the file
  };
  SharedBytes init;  // as this viewer gets it
  bool muted = false;
  UtcTime start;  // of the first frame: an independent part at or before the asked start
  UtcTime end;
  std::vector<Piece> pieces;  // at most a few seconds each
  std::uint64_t total_bytes = 0;
  std::string etag;
};
// Errors: not_found (nothing recorded in the span that this viewer may see), conflict (the
// picture's parameters change within the span; the message says when).
Result<ClipPlan> plan_clip(PastSource past, const FeedId& feed, const access::View& view,
                           UtcSpan span);
// Lets the file say what it shows; nothing of its pictures changes. Errors: data_loss.
Result<void> tag_clip(ClipPlan& plan, const media::MovieTags& tags);
// Bytes of one piece as they stand in the clip.
Result<SharedBytes> clip_piece(PastSource past, const ClipPlan& plan, std::size_t index);

// What a still of a moment is decoded from.
struct StillSource {
  SharedBytes init;
  Bytes parts;                  // from an independent part on
  std::int64_t offset_90k = 0;  // of the moment, from the first of them
  std::string key;              // the same for every request that gives the same picture
};
// Errors: not_found.
Result<StillSource> find_still(const archive::Archive& archive, const FeedId& feed,
                               const access::View& view, UtcTime at);

}  // namespace oriel::api
