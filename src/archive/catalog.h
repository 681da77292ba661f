// What is recorded: by feed and time, from the database and from what the writer has not settled.
#pragma once
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include <boost/describe.hpp>

#include "archive/writer.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "media/boxes.h"
#include "media/part.h"
#include "media/segment_index.h"
#include "media/track.h"
#include "store/database.h"

namespace oriel::archive {

struct RecordingRow {
  RecordingId id;
  FeedId feed;
  media::Rendition rendition = media::Rendition::main;
  RunId run;
  std::int64_t run_offset_90k = 0;
  VolumeId volume;
  std::int64_t init = 0;  // row of its init segment; 0 when `head` holds it
  UtcTime start;
  UtcTime end;  // of what is written, for an open one
  std::uint64_t bytes = 0;
  media::Reason began = media::Reason::none;
  std::optional<media::Reason> ended;  // absent while open
  media::ClockQuality clock;
  double declared_fps = 0;  // 0: not known, or no picture
  std::int64_t frames = 0;  // samples of the track that gives parts their time; 0: not known
  media::Thinned thinned = media::Thinned::none;
  Bytes segment_index;       // encoded; see segments_of()
  media::RecordingPtr head;  // set while the recording is not settled

  bool open() const { return !ended.has_value(); }
  UtcSpan span() const { return {start, end}; }
  // Frames a second that came; 0: not known.
  double delivered_fps() const {
    return end > start ? static_cast<double>(frames) / (end - start).seconds() : 0;
  }
};
// Errors: data_loss.
Result<std::vector<media::SegmentEntry>> segments_of(const RecordingRow& row);

// A page of an answer: `next` is where the following page begins, absent at the end.
struct RecordingPage {
  std::vector<RecordingRow> rows;
  std::optional<UtcTime> next;
};

enum class TimelineState { recorded, missing };
BOOST_DESCRIBE_ENUM(TimelineState, recorded, missing)

struct TimelineSpan {
  UtcTime start;  // whole milliseconds
  UtcTime end;
  TimelineState state = TimelineState::missing;
  media::Reason reason =
      media::Reason::none;  // none when recorded, or before the feed was declared
  media::Thinned thinned = media::Thinned::none;  // of what is recorded
  bool operator==(const TimelineSpan&) const = default;
};
BOOST_DESCRIBE_STRUCT(TimelineSpan, (), (start, end, state, reason, thinned))

// Spans touch and their sum is exactly [begin, covered_end). covered_end is the asked end (or now,
// whichever is earlier) unless the answer hit its bound: ask again from there.
struct Timeline {
  std::vector<TimelineSpan> spans;
  UtcTime covered_end;
};

struct InitSegment {
  SharedBytes bytes;
  std::shared_ptr<const media::Tracks> tracks;
  media::InitSummary summary;
};

// Thread-safe. Every call blocks on the database. Errors: the database's; not_found.
class Catalog {
 public:
  // `writer` may be absent (tools that only read).
  Catalog(store::Database& database, const Writer* writer);

  // Which volumes are not there at the moment; without it, all are. Before the first question.
  void set_away(std::function<std::vector<VolumeId>()> away) { away_ = std::move(away); }

  static constexpr std::size_t kRowsMax = 1'000;
  static constexpr std::size_t kTimelineSpansMax = 20'000;
  // Recordings less than this apart count as one unbroken span.
  static constexpr Duration kJoin = Duration::from_ms(50);
  // The same for recordings that follow each other within a run: 500 ppm of ten minutes, thrice.
  static constexpr Duration kSlewJoin = Duration::from_ms(900);
  // An open recording counts as recorded up to now when it is at most this behind: the part being
  // made, on its way through the packager and the disk.
  static constexpr Duration kOpenLag = Duration::from_s(5);

  // Recordings that overlap the span, by start, at most `rows_max` (bounded by kRowsMax). Pass
  // `next` as the new begin for the following page.
  Result<RecordingPage> recordings(const FeedId& feed, media::Rendition rendition, UtcSpan span,
                                   std::size_t rows_max = kRowsMax) const;
  Result<RecordingRow> recording(RecordingId id) const;
  Result<std::optional<RecordingRow>> first_recording(const FeedId& feed,
                                                      media::Rendition rendition) const;
  Result<std::optional<RecordingRow>> last_recording(const FeedId& feed,
                                                     media::Rendition rendition) const;

  // Of the main rendition. Memory is bounded by the spans, not by the rows looked at.
  Result<Timeline> timeline(const FeedId& feed, UtcSpan span, UtcTime now) const;
  // Lays and keeps days that are over, so that a year's timeline is fast; see kept_days.h. Gives
  // how many; 0: all that can be kept are.
  Result<std::size_t> keep_days(const FeedId& feed, UtcTime now) const;
  // All that were ever declared.
  Result<std::vector<FeedId>> feeds() const;
  // The end of the newest unbroken recorded time before `before`, at most `length_max` of it.
  Result<std::optional<UtcSpan>> last_good_span(const FeedId& feed, UtcTime before,
                                                Duration length_max) const;

  // The init segment and tracks of a recording; the newest few are kept in memory.
  Result<InitSegment> init_of(const RecordingRow& row) const;

 private:
  std::vector<UnsettledRecording> unsettled(const FeedId& feed, media::Rendition rendition) const;
  Result<std::optional<RecordingRow>> last_before(const FeedId& feed, media::Rendition rendition,
                                                  UtcTime before) const;

  static constexpr std::size_t kInitsMax = 128;  // overflow: least recently used goes
  store::Database& database_;
  const Writer* const writer_;
  std::function<std::vector<VolumeId>()> away_;
  mutable std::mutex mutex_;
  mutable std::list<std::pair<std::int64_t, InitSegment>> inits_;  // guarded, newest first
};

}  // namespace oriel::archive
