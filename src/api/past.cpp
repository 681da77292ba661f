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
Result<void> for_each_recording(PastSource past, const FeedId& feed, UtcSpan span,
                                const Visit& visit) {
  std::optional<UtcTime> begin = span.begin;
  while (begin) {
    ORIEL_TRY_ASSIGN(const auto page,
                     past.catalog.recordings(feed, Rendition::main, {*begin, span.end}));
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
  std::uint64_t offset = 0;  // in the file
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
  std::uint64_t offset = row.bytes;
  for (const auto& entry : entries) offset -= static_cast<std::uint64_t>(entry.bytes);
  for (std::uint32_t i = 0; i < entries.size(); ++i) {
    const auto& entry = entries[i];
    const std::int64_t end = time + entry.duration_90k;
    placed.push_back({entry, i, part, offset, time, row.start + ticks_to_duration(time),
                      row.start + ticks_to_duration(end)});
    part += entry.parts;
    offset += static_cast<std::uint64_t>(entry.bytes);
    time = end;
  }
  return placed;
}

// Whether a segment goes on where the one before ended, in the same run.
struct Seam {
  std::optional<RunId> run;
  std::int64_t end_90k = 0;  // in the run
  media::Thinned thinned = media::Thinned::none;
  bool continues(const RecordingRow& row, std::int64_t start_90k) const {
    // What is thinned has no sound: another set of tracks.
    return run && *run == row.run && thinned == row.thinned &&
           std::abs(row.run_offset_90k + start_90k - end_90k) <= 2;
  }
  void extend(const RecordingRow& row, std::int64_t segment_end_90k) {
    run = row.run;
    thinned = row.thinned;
    end_90k = row.run_offset_90k + segment_end_90k;
  }
};

// Where playing `begin` starts to read: a long group of pictures spans several segments, and only
// its first one can be decoded by itself.
std::size_t first_segment(const std::vector<PlacedSegment>& placed, UtcTime begin) {
  std::size_t first = 0;
  while (first + 1 < placed.size() && placed[first].end <= begin) ++first;
  while (first > 0 && !placed[first].entry.independent) --first;
  return first;
}

}  // namespace

Result<std::vector<media::PlaylistSegment>> past_segments(const archive::Archive& archive,
                                                          const FeedId& feed,
                                                          const access::View& view, UtcSpan span,
                                                          const std::string& uri_prefix) {
  std::vector<media::PlaylistSegment> segments;
  Seam seam;
  const PastSource past = past_of(archive);
  ORIEL_TRY(for_each_recording(past, feed, span, [&](const RecordingRow& row) -> Result<void> {
    ORIEL_TRY_ASSIGN(const auto init, archive.catalog().init_of(row));
    const bool muted = !view.with_audio && media::has_sound_to_mute(*init.tracks);
    ORIEL_TRY_ASSIGN(const auto placed, placed_segments(row));
    const std::size_t first = segments.empty() ? first_segment(placed, span.begin) : 0;
    for (std::size_t i = first; i < placed.size() && placed[i].start < span.end; ++i) {
      const auto& segment = placed[i];
      const UtcSpan lies{segment.start, segment.end};
      if (segment.entry.parts == 0 || !view.may_see(lies)) continue;
      const bool continues = seam.continues(row, segment.start_90k);
      // Behind a hole nothing can be decoded before the next full picture.
      if (!continues && !segment.entry.independent) continue;
      media::PlaylistSegment listed;
      listed.uri = uri_prefix + media::range_name(row.id, segment.first_part,
                                                  segment.first_part + segment.entry.parts, muted);
      listed.map_uri = uri_prefix + media::init_name(row.id, muted);
      listed.duration_90k = segment.entry.duration_90k;
      listed.start = segment.start;
      listed.discontinuity = !segments.empty() && !continues;
      segments.push_back(std::move(listed));
      seam.extend(row, segment.start_90k + segment.entry.duration_90k);
    }
    return {};
  }));
  return segments;
}

namespace {

// The parts of one row that belong to a clip, as pieces of at most one segment.
class ClipBuilder {
 public:
  ClipBuilder(PastSource past, const access::View& view, UtcSpan span)
      : past_(past), view_(view), span_(span) {}

  Result<void> add(const RecordingRow& row) {
    ORIEL_TRY_ASSIGN(const auto init, past_.catalog.init_of(row));
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
    const std::size_t first = plan_.pieces.empty() ? first_segment(placed, span_.begin) : 0;
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
    piece.offset = segment.offset;
    piece.bytes = static_cast<std::uint64_t>(segment.entry.bytes);
    std::int64_t start_90k = segment.start_90k;
    std::int64_t end_90k = start_90k + segment.entry.duration_90k;
    const bool continues = seam_.continues(*row, segment.start_90k);
    if (segment.end > span_.end || plan_.pieces.empty() ||
        (!continues && !segment.entry.independent)) {
      ORIEL_TRY_ASSIGN(const auto table,
                       past_.reader.part_table(*row, segment.index, segment.index + 1));
      trim(table, continues, piece, start_90k, end_90k);
      if (piece.first_part == piece.end_part) return {};
    }
    if (plan_.pieces.empty()) plan_.start = row->start + ticks_to_duration(start_90k);
    plan_.end = row->start + ticks_to_duration(end_90k);
    piece.shift_90k = length_90k_ - start_90k;
    length_90k_ += end_90k - start_90k;
    seam_.extend(*row, end_90k);
    piece.row = row;
    plan_.total_bytes += piece.bytes;
    plan_.pieces.push_back(std::move(piece));
    return {};
  }

  // Leaves out what cannot be decoded where the segment does not continue the one before (of the
  // first segment: parts before the last independent one at or before the start), and parts after
  // the end.
  void trim(const std::vector<archive::PartEntry>& table, bool continues, ClipPlan::Piece& piece,
            std::int64_t& start_90k, std::int64_t& end_90k) const {
    if (table.empty()) {
      piece.end_part = piece.first_part;
      return;
    }
    std::size_t begin = 0;
    std::size_t end = table.size();
    if (!continues) {
      while (begin < end && !table[begin].independent) ++begin;
      if (plan_.pieces.empty())
        for (std::size_t i = begin; i < end && table[i].start <= span_.begin; ++i)
          if (table[i].independent) begin = i;
    }
    if (begin == end) {
      piece.end_part = piece.first_part;
      return;
    }
    while (end > begin && table[end - 1].start >= span_.end) --end;
    piece.first_part = table[begin].number;
    piece.end_part = end > begin ? table[end - 1].number + 1 : piece.first_part;
    piece.offset = table[begin].file_offset;
    piece.bytes = 0;
    for (std::size_t i = begin; i < end; ++i) piece.bytes += table[i].bytes;
    start_90k = table[begin].start_90k;
    if (end > begin) end_90k = table[end - 1].start_90k + table[end - 1].duration_90k;
  }

  const PastSource past_;
  const access::View& view_;
  const UtcSpan span_;
  ClipPlan plan_;
  SharedBytes stored_init_;
  Seam seam_;
  std::int64_t length_90k_ = 0;
};

}  // namespace

Result<ClipPlan> plan_clip(PastSource past, const FeedId& feed, const access::View& view,
                           UtcSpan span) {
  ClipBuilder builder(past, view, span);
  ORIEL_TRY(for_each_recording(past, feed, span,
                               [&](const RecordingRow& row) { return builder.add(row); }));
  return builder.finish();
}

Result<void> tag_clip(ClipPlan& plan, const media::MovieTags& tags) {
  ORIEL_TRY_ASSIGN(auto tagged, media::tag_init(*plan.init, tags));
  plan.total_bytes += tagged.size();
  plan.total_bytes -= plan.init->size();
  // The words are part of the file: another name or licence makes it another file.
  plan.etag.insert(plan.etag.size() - 1,
                   fmt::format("-{:x}", std::hash<std::string_view>{}(as_text(tagged))));
  plan.init = std::make_shared<const Bytes>(std::move(tagged));
  return {};
}

Result<SharedBytes> clip_piece(PastSource past, const ClipPlan& plan, std::size_t index) {
  const auto& piece = plan.pieces[index];
  ORIEL_TRY_ASSIGN(auto parts,
                   past.reader.read_parts(*piece.row, piece.first_part, piece.end_part));
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
  if (!view.may_see(around)) return fail(nothing);
  // Recordings touch, and a clock that was set back makes them overlap: of two the later one.
  const UtcSpan near{at - archive::Catalog::kJoin, around.end};
  ORIEL_TRY_ASSIGN(const auto page, archive.catalog().recordings(feed, Rendition::main, near, 8));
  // What the API says of a start is cut to whole milliseconds, and asked for again as such.
  const auto holds = [&](const RecordingRow& row, Duration after) {
    return row.start < around.end && at < row.end + after;
  };
  auto found = std::find_if(page.rows.rbegin(), page.rows.rend(),
                            [&](const RecordingRow& row) { return holds(row, Duration{}); });
  // Between two recordings without a break the last picture is still the one that was seen.
  if (found == page.rows.rend())
    found = std::find_if(page.rows.rbegin(), page.rows.rend(), [&](const RecordingRow& row) {
      return holds(row, archive::Catalog::kJoin);
    });
  if (found == page.rows.rend()) return fail(nothing);
  const RecordingRow& row = *found;
  ORIEL_TRY_ASSIGN(const auto placed, placed_segments(row));
  if (placed.empty()) return fail(nothing);
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
