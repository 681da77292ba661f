#include "archive/catalog.h"

#include <algorithm>
#include <set>
#include <string>
#include <utility>

#include "archive/track_json.h"

namespace oriel::archive {
namespace {

// Recordings that begin before a span and reach into it; clocks that were set back make more than
// one possible.
constexpr std::int64_t kRowsBefore = 4;

constexpr std::string_view kColumns =
    "SELECT id, feed, rendition, run, run_offset_90k, volume, init, start_us, end_us, bytes,"
    " began, ended, clock_source, clock_error_us, segment_index, clock_offset_us, declared_fps, "
    "frames, thinned"
    " FROM recording ";

std::string select(std::string_view where) { return std::string(kColumns) + std::string(where); }

RecordingRow row_of(const store::Row& row) {
  RecordingRow read;
  read.id = RecordingId{row.integer(0)};
  read.feed = FeedId(row.text(1));
  read.rendition = static_cast<media::Rendition>(row.integer(2));
  read.run = RunId{row.integer(3)};
  read.run_offset_90k = row.integer(4);
  read.volume = VolumeId(row.text(5));
  read.init = row.integer(6);
  read.start = UtcTime{row.integer(7)};
  read.end = row.is_null(8) ? read.start : UtcTime{row.integer(8)};
  read.bytes = static_cast<std::uint64_t>(row.integer(9));
  read.began = static_cast<media::Reason>(row.integer(10));
  if (!row.is_null(11)) read.ended = static_cast<media::Reason>(row.integer(11));
  read.clock.source = static_cast<media::ClockSource>(row.integer(12));
  read.clock.error_us = row.integer(13);
  read.segment_index = row.blob(14);
  read.clock.offset_us = row.integer(15);
  read.declared_fps = row.real(16);
  read.frames = row.integer(17);
  read.thinned = static_cast<media::Thinned>(row.integer(18));
  return read;
}

RecordingRow row_of(const UnsettledRecording& recording) {
  const auto& head = *recording.head;
  RecordingRow row;
  row.id = head.id;
  row.feed = head.feed;
  row.rendition = head.rendition;
  row.run = head.run;
  row.run_offset_90k = head.run_offset_90k;
  row.volume = recording.volume;
  row.start = head.start;
  row.end = recording.end;
  row.bytes = recording.bytes;
  row.began = head.began;
  row.ended = recording.ended;
  row.clock = head.clock;
  row.declared_fps = head.declared_fps;
  row.frames = static_cast<std::int64_t>(recording.frames);
  row.thinned = head.thinned;
  row.segment_index = media::encode_segment_index(recording.segments);
  row.head = recording.head;
  return row;
}

bool earlier(const RecordingRow& a, const RecordingRow& b) {
  return std::pair(a.start, a.id) < std::pair(b.start, b.id);
}

}  // namespace

Result<std::vector<media::SegmentEntry>> segments_of(const RecordingRow& row) {
  return media::decode_segment_index(row.segment_index);
}

Catalog::Catalog(store::Database& database, const Writer* writer)
    : database_(database), writer_(writer) {}

std::vector<UnsettledRecording> Catalog::unsettled(const FeedId& feed,
                                                   media::Rendition rendition) const {
  return writer_ == nullptr ? std::vector<UnsettledRecording>{}
                            : writer_->unsettled(feed, rendition);
}

Result<RecordingPage> Catalog::recordings(const FeedId& feed, media::Rendition rendition,
                                          UtcSpan span, std::size_t rows_max) const {
  rows_max = std::clamp<std::size_t>(rows_max, 1, kRowsMax);
  // Before the database, so that what settles in between is seen twice rather than never.
  const auto open = unsettled(feed, rendition);
  std::vector<RecordingRow> rows;
  const auto keep = [&](const store::Row& row) {
    auto read = row_of(row);
    if (read.end > span.begin) rows.push_back(std::move(read));
  };
  const auto kind = static_cast<std::int64_t>(rendition);
  ORIEL_TRY(database_.read([&](store::Session& session) -> Result<void> {
    // An open row that the writer does not know is of a volume that is not there.
    ORIEL_TRY(session.query(select("WHERE feed = $1 AND rendition = $2 AND start_us < $3"
                                   " AND ended IS NOT NULL ORDER BY start_us DESC LIMIT $4"),
                            {feed.str(), kind, span.begin.us, kRowsBefore}, keep));
    return session.query(
        select("WHERE feed = $1 AND rendition = $2 AND start_us >= $3"
               " AND start_us < $4 ORDER BY start_us LIMIT $5"),
        {feed.str(), kind, span.begin.us, span.end.us, static_cast<std::int64_t>(rows_max) + 1},
        keep);
  }));
  for (const auto& recording : open) {
    auto row = row_of(recording);
    if (!row.span().overlaps(span)) continue;
    std::erase_if(rows, [&](const auto& other) { return other.id == row.id; });
    rows.push_back(std::move(row));
  }
  std::sort(rows.begin(), rows.end(), earlier);
  RecordingPage page;
  if (rows.size() > rows_max) {
    // Recordings of one run may overlap by the rounding of their ends: the next page begins after
    // the last row of this one.
    page.next = std::max(rows[rows_max].start, rows[rows_max - 1].end);
    rows.resize(rows_max);
  }
  page.rows = std::move(rows);
  return page;
}

Result<RecordingRow> Catalog::recording(RecordingId id) const {
  if (writer_ != nullptr)
    if (const auto open = writer_->find(id)) return row_of(*open);
  std::optional<RecordingRow> found;
  ORIEL_TRY(database_.read([&](store::Session& session) {
    return session.query(select("WHERE id = $1 AND ended IS NOT NULL"), {id.value},
                         [&](const store::Row& row) { found = row_of(row); });
  }));
  if (!found)
    return fail(ErrorKind::not_found, "there is no recording " + std::to_string(id.value));
  return *found;
}

Result<std::optional<RecordingRow>> Catalog::first_recording(const FeedId& feed,
                                                             media::Rendition rendition) const {
  const auto open = unsettled(feed, rendition);
  std::optional<RecordingRow> found;
  ORIEL_TRY(database_.read([&](store::Session& session) {
    return session.query(select("WHERE feed = $1 AND rendition = $2 AND ended IS NOT NULL"
                                " ORDER BY start_us LIMIT 1"),
                         {feed.str(), static_cast<std::int64_t>(rendition)},
                         [&](const store::Row& row) { found = row_of(row); });
  }));
  if (!open.empty() && (!found || open.front().head->start < found->start))
    found = row_of(open.front());
  return found;
}

Result<std::optional<RecordingRow>> Catalog::last_recording(const FeedId& feed,
                                                            media::Rendition rendition) const {
  return last_before(feed, rendition, UtcTime{INT64_MAX});
}

Result<std::optional<RecordingRow>> Catalog::last_before(const FeedId& feed,
                                                         media::Rendition rendition,
                                                         UtcTime before) const {
  const auto open = unsettled(feed, rendition);
  std::optional<RecordingRow> found;
  ORIEL_TRY(database_.read([&](store::Session& session) {
    return session.query(select("WHERE feed = $1 AND rendition = $2 AND start_us < $3"
                                " AND ended IS NOT NULL ORDER BY start_us DESC LIMIT 1"),
                         {feed.str(), static_cast<std::int64_t>(rendition), before.us},
                         [&](const store::Row& row) { found = row_of(row); });
  }));
  for (const auto& recording : open)
    if (recording.head->start < before && (!found || found->start <= recording.head->start))
      found = row_of(recording);
  return found;
}

Result<std::optional<UtcSpan>> Catalog::last_good_span(const FeedId& feed, UtcTime before,
                                                       Duration length_max) const {
  ORIEL_TRY_ASSIGN(const auto last, last_before(feed, media::Rendition::main, before));
  if (!last) return std::optional<UtcSpan>{};
  const UtcTime end = std::min(last->end, before);
  UtcSpan good{last->start, end};
  // Back through what was recorded without a break; rows are a few minutes each, so this is short.
  while (good.length() < length_max) {
    ORIEL_TRY_ASSIGN(const auto previous, last_before(feed, media::Rendition::main, good.begin));
    if (!previous || previous->end + kJoin < good.begin) break;
    good.begin = previous->start;
  }
  good.begin = std::max(good.begin, end - length_max);
  if (good.begin >= good.end) return std::optional<UtcSpan>{};
  return std::optional(good);
}

Result<InitSegment> Catalog::init_of(const RecordingRow& row) const {
  if (row.head) {
    ORIEL_TRY_ASSIGN(auto summary, media::parse_init(*row.head->init));
    return InitSegment{row.head->init, row.head->tracks, std::move(summary)};
  }
  {
    const std::lock_guard lock(mutex_);
    for (auto at = inits_.begin(); at != inits_.end(); ++at) {
      if (at->first != row.init) continue;
      inits_.splice(inits_.begin(), inits_, at);
      return inits_.front().second;
    }
  }
  std::optional<Bytes> bytes;
  std::string tracks_text;
  ORIEL_TRY(database_.read([&](store::Session& session) {
    return session.query("SELECT bytes, tracks FROM init WHERE id = $1", {row.init},
                         [&](const store::Row& found) {
                           bytes = found.blob(0);
                           tracks_text = found.text(1);
                         });
  }));
  if (!bytes)
    return fail(ErrorKind::data_loss,
                "recording " + std::to_string(row.id.value) + " has no init segment");
  InitSegment init;
  ORIEL_TRY_ASSIGN(init.summary, media::parse_init(*bytes));
  ORIEL_TRY_ASSIGN(auto tracks, parse_tracks(tracks_text));
  init.tracks = std::make_shared<const media::Tracks>(std::move(tracks));
  init.bytes = std::make_shared<const Bytes>(std::move(*bytes));
  const std::lock_guard lock(mutex_);
  inits_.emplace_front(row.init, init);
  if (inits_.size() > kInitsMax) inits_.pop_back();
  return init;
}

}  // namespace oriel::archive
