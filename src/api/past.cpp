#include "api/past.h"

#include <algorithm>

#include <fmt/format.h>

#include "media/media_name.h"

namespace oriel::api {
namespace {

using archive::RecordingRow;
using media::Rendition;

// Calls visit for each recording of the span, page by page, until it fails.
template <class Visit>
Result<void> for_each_recording(const archive::Archive& archive, const FeedId& feed, UtcSpan span,
                                const Visit& visit) {
  std::optional<UtcTime> begin = span.begin;
  while (begin) {
    ORIEL_TRY_ASSIGN(const auto page,
                     archive.catalog().recordings(feed, Rendition::main, {*begin, span.end}));
    for (const auto& row : page.rows) ORIEL_TRY(visit(row));
    begin = page.next;
  }
  return {};
}

// A segment of a row with where its parts and times begin.
struct PlacedSegment {
  media::SegmentEntry entry;
  std::uint32_t index = 0;
  std::uint32_t first_part = 0;
  std::int64_t start_90k = 0;
  UtcTime start;
  UtcTime end;
};

Result<std::vector<PlacedSegment>> placed_segments(const RecordingRow& row) {
  ORIEL_TRY_ASSIGN(const auto entries, archive::segments_of(row));
  std::vector<PlacedSegment> placed;
  placed.reserve(entries.size());
  std::uint32_t part = 0;
  std::int64_t time = 0;
  for (std::uint32_t i = 0; i < entries.size(); ++i) {
    const auto& entry = entries[i];
    const std::int64_t end = time + entry.duration_90k;
    placed.push_back({entry, i, part, time, row.start + ticks_to_duration(time),
                      row.start + ticks_to_duration(end)});
    part += entry.parts;
    time = end;
  }
  return placed;
}

std::int64_t duration_of(const std::vector<PlacedSegment>& segments) {
  return segments.empty() ? 0 : segments.back().start_90k + segments.back().entry.duration_90k;
}

// Whether `row` goes on where the row before ended, in the same run.
struct Seam {
  std::optional<RunId> run;
  std::int64_t end_90k = 0;  // in the run
  bool continues(const RecordingRow& row, std::int64_t start_90k) const {
    return run && *run == row.run && std::abs(row.run_offset_90k + start_90k - end_90k) <= 2;
  }
};

}  // namespace

Result<std::vector<media::PlaylistSegment>> past_segments(const archive::Archive& archive,
                                                          const FeedId& feed,
                                                          const access::View& view, UtcSpan span,
                                                          const std::string& uri_prefix) {
  std::vector<media::PlaylistSegment> segments;
  Seam seam;
  ORIEL_TRY(for_each_recording(archive, feed, span, [&](const RecordingRow& row) -> Result<void> {
    ORIEL_TRY_ASSIGN(const auto init, archive.catalog().init_of(row));
    const bool muted = !view.with_audio && media::has_sound_to_mute(*init.tracks);
    ORIEL_TRY_ASSIGN(const auto placed, placed_segments(row));
    for (const auto& segment : placed) {
      const UtcSpan lies{segment.start, segment.end};
      if (!span.overlaps(lies) || segment.entry.parts == 0 || !view.may_see(lies)) continue;
      media::PlaylistSegment listed;
      listed.uri = uri_prefix + media::range_name(row.id, segment.first_part,
                                                  segment.first_part + segment.entry.parts, muted);
      listed.map_uri = uri_prefix + media::init_name(row.id, muted);
      listed.duration_90k = segment.entry.duration_90k;
      listed.start = segment.start;
      listed.discontinuity = !segments.empty() && !seam.continues(row, segment.start_90k);
      segments.push_back(std::move(listed));
      seam.run = row.run;
      seam.end_90k = row.run_offset_90k + segment.start_90k + segment.entry.duration_90k;
    }
    return {};
  }));
  return segments;
}

namespace {

// The parts of one row that belong to a clip, as pieces of at most one segment.
class ClipBuilder {
 public:
  ClipBuilder(const archive::Archive& archive, const access::View& view, UtcSpan span)
      : archive_(archive), view_(view), span_(span) {}

  Result<void> add(const RecordingRow& row) {
    ORIEL_TRY_ASSIGN(const auto init, archive_.catalog().init_of(row));
    if (!plan_.init) {
      plan_.muted = !view_.with_audio && media::has_sound_to_mute(*init.tracks);
      stored_init_ = init.bytes;
      plan_.init = init.bytes;
      if (plan_.muted) {
        ORIEL_TRY_ASSIGN(auto silent, media::mute_init(*init.bytes));
        plan_.init = std::make_shared<const Bytes>(std::move(silent));
      }
      plan_.total_bytes = plan_.init->size();
    } else if (*stored_init_ != *init.bytes) {
      return fail(ErrorKind::conflict, "the camera's picture format changes at " +
                                           format_rfc3339(row.start) +
                                           "; ask for the time before and after as two clips");
    }
    ORIEL_TRY_ASSIGN(const auto placed, placed_segments(row));
    const auto shared = std::make_shared<const RecordingRow>(row);
    // From the segment that decoding can start with.
    std::size_t first = 0;
    while (first + 1 < placed.size() && placed[first].end <= span_.begin) ++first;
    while (plan_.pieces.empty() && first > 0 && !placed[first].entry.independent) --first;
    for (std::size_t i = first; i < placed.size() && placed[i].start < span_.end; ++i)
      ORIEL_TRY(add_segment(shared, placed[i]));
    return {};
  }

  Result<ClipPlan> finish() {
    if (plan_.pieces.empty()) return fail(ErrorKind::not_found, "nothing is recorded in this span");
    const auto& first = plan_.pieces.front();
    const auto& last = plan_.pieces.back();
    plan_.etag =
        fmt::format("\"{}-{}-{}-{}-{}{}\"", first.row->id.value, first.first_part,
                    last.row->id.value, last.end_part, plan_.total_bytes, plan_.muted ? "v" : "");
    return std::move(plan_);
  }

 private:
  Result<void> add_segment(const std::shared_ptr<const RecordingRow>& row,
                           const PlacedSegment& segment) {
    const UtcSpan lies{segment.start, segment.end};
    if (segment.entry.parts == 0 || !view_.may_see(lies)) return {};
    ClipPlan::Piece piece;
    piece.first_part = segment.first_part;
    piece.end_part = segment.first_part + segment.entry.parts;
    piece.bytes = static_cast<std::uint64_t>(segment.entry.bytes);
    std::int64_t start_90k = segment.start_90k;
    std::int64_t end_90k = start_90k + segment.entry.duration_90k;
    if (plan_.pieces.empty() || segment.end > span_.end) {
      ORIEL_TRY_ASSIGN(const auto table,
                       archive_.reader().part_table(*row, segment.index, segment.index + 1));
      trim(table, piece, start_90k, end_90k);
      if (piece.first_part == piece.end_part) return {};
    }
    if (plan_.pieces.empty()) plan_.start = row->start + ticks_to_duration(start_90k);
    plan_.end = row->start + ticks_to_duration(end_90k);
    piece.shift_90k = length_90k_ - start_90k;
    length_90k_ += end_90k - start_90k;
    piece.row = row;
    plan_.total_bytes += piece.bytes;
    plan_.pieces.push_back(std::move(piece));
    return {};
  }

  // Leaves out parts before the last independent one at or before the start, and parts after the
  // end.
  void trim(const std::vector<archive::PartEntry>& table, ClipPlan::Piece& piece,
            std::int64_t& start_90k, std::int64_t& end_90k) const {
    if (table.empty()) {
      piece.end_part = piece.first_part;
      return;
    }
    std::size_t begin = 0;
    std::size_t end = table.size();
    if (plan_.pieces.empty()) {
      for (std::size_t i = 0; i < table.size() && table[i].start <= span_.begin; ++i)
        if (table[i].independent) begin = i;
    }
    while (end > begin && table[end - 1].start >= span_.end) --end;
    piece.first_part = table[begin].number;
    piece.end_part = end > begin ? table[end - 1].number + 1 : piece.first_part;
    piece.bytes = 0;
    for (std::size_t i = begin; i < end; ++i) piece.bytes += table[i].bytes;
    start_90k = table[begin].start_90k;
    if (end > begin) end_90k = table[end - 1].start_90k + table[end - 1].duration_90k;
  }

  const archive::Archive& archive_;
  const access::View& view_;
  const UtcSpan span_;
  ClipPlan plan_;
  SharedBytes stored_init_;
  std::int64_t length_90k_ = 0;
};

}  // namespace

Result<ClipPlan> plan_clip(const archive::Archive& archive, const FeedId& feed,
                           const access::View& view, UtcSpan span) {
  ClipBuilder builder(archive, view, span);
  ORIEL_TRY(for_each_recording(archive, feed, span,
                               [&](const RecordingRow& row) { return builder.add(row); }));
  return builder.finish();
}

Result<SharedBytes> clip_piece(const archive::Archive& archive, const ClipPlan& plan,
                               std::size_t index) {
  const auto& piece = plan.pieces[index];
  ORIEL_TRY_ASSIGN(auto parts,
                   archive.reader().read_parts(*piece.row, piece.first_part, piece.end_part));
  if (parts.bytes.size() != piece.bytes)
    return fail(ErrorKind::data_loss, "a recording does not hold what its index says");
  for (const auto& part : parts.pieces) {
    const auto bytes = std::span(parts.bytes).subspan(part.offset, part.size());
    media::shift_decode_times(bytes, part.head.decode_times, piece.shift_90k);
    if (plan.muted) media::mute_part(bytes, part.head);
  }
  return SharedBytes(std::make_shared<const Bytes>(std::move(parts.bytes)));
}

Result<StillSource> find_still(const archive::Archive& archive, const FeedId& feed,
                               const access::View& view, UtcTime at) {
  const Error nothing{ErrorKind::not_found, "there is no picture of this moment"};
  // A frame lasts: ask for a little around the moment.
  const UtcSpan around{at - Duration::from_ms(1), at + Duration::from_ms(1)};
  ORIEL_TRY_ASSIGN(const auto page, archive.catalog().recordings(feed, Rendition::main, around, 1));
  if (page.rows.empty() || !view.may_see(around)) return fail(nothing);
  const RecordingRow& row = page.rows.front();
  ORIEL_TRY_ASSIGN(const auto placed, placed_segments(row));
  if (placed.empty() || at >= row.start + ticks_to_duration(duration_of(placed)))
    return fail(nothing);
  std::size_t wanted = 0;
  while (wanted + 1 < placed.size() && placed[wanted].end <= at) ++wanted;
  std::size_t first = wanted;
  while (first > 0 && !placed[first].entry.independent) --first;
  ORIEL_TRY_ASSIGN(auto parts, archive.reader().read_segments(row, placed[first].index,
                                                              placed[wanted].index + 1));
  ORIEL_TRY_ASSIGN(const auto init, archive.catalog().init_of(row));
  StillSource source;
  source.init = init.bytes;
  source.parts = std::move(parts.bytes);
  source.offset_90k = std::max<std::int64_t>(0, duration_to_ticks(at - placed[first].start));
  source.key = fmt::format("{}@{}", row.id.value, duration_to_ticks(at - row.start) / 900);
  return source;
}

}  // namespace oriel::api
