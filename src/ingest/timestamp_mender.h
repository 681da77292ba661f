// Makes the timestamps of one run fit to be packaged, whatever the camera says.
//
// The run's time counts microseconds from its first packet. Source time is followed as long as its
// steps are possible; where it jumps, wraps, stands still or is missing, the run goes on by the
// arrival clock and the track is anchored anew. Tracks that jump together keep step: a track takes
// over another's new anchor when that makes its own time continuous. Source time that runs faster
// or slower than arrival for long is not believed: the run then goes on by arrival, and what it is
// behind or ahead is made good over the next frames, so that no gap and no jump shows.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "base/time.h"
#include "media/track.h"

namespace oriel::ingest {

struct MenderTrack {
  media::TrackKind kind = media::TrackKind::video;
  std::int32_t timebase_num = 1;  // of what comes in
  std::int32_t timebase_den = 90'000;
  std::int32_t timescale = 90'000;  // of what goes out
  bool dts_unknown = false;         // derive decode times from presentation times
  std::int32_t reorder_depth = 0;   // frames
  double declared_fps = 0;          // only a first guess of a step
};

struct MenderOptions {
  // Whole segments arrive at once (HLS): arrival says little about a single packet.
  bool bursty = false;
  // The source's times were found not to be believed.
  bool by_arrival = false;
};

struct UnmendedTime {
  std::uint32_t track = 0;
  std::optional<std::int64_t> dts;  // ticks of the track's timebase
  std::optional<std::int64_t> pts;
  std::int64_t duration = 0;  // ticks, exact for audio; 0: not known
  UtcTime arrived;
};

struct MendedTime {
  std::int64_t dts = 0;     // ticks of the track's timescale from the run's start
  std::int64_t pts = 0;     // >= dts
  std::int64_t run_us = 0;  // dts in microseconds
};

enum class MenderVerdict {
  keep,
  drop,  // from before the run's start
};

struct MenderCounts {
  std::uint64_t missing = 0;
  std::uint64_t not_increasing = 0;
  std::uint64_t jumped = 0;
  std::uint64_t wrapped = 0;
  std::uint64_t frozen = 0;
  std::uint64_t bad_offset = 0;  // presentation before decoding, or far from it
};

// Pure: what comes out depends only on what went in. One run, all its tracks, in arrival order.
class TimestampMender {
 public:
  TimestampMender(std::vector<MenderTrack> tracks, MenderOptions options);
  // `out` is set only for `keep`; dts strictly increases within each track.
  MenderVerdict mend(const UnmendedTime& in, MendedTime& out);
  // For a track whose rate is learnt after the run's start; before its first packet.
  void set_timescale(std::uint32_t track, std::int32_t timescale) {
    if (!tracks_[track].begun) tracks_[track].about.timescale = timescale;
  }
  const MenderCounts& counts() const { return counts_; }
  // The source's times are not believed (any more).
  bool by_arrival() const { return by_arrival_; }
  // Frames; grows when the stream proves deeper than declared. For the next run.
  std::int32_t reorder_depth(std::uint32_t track) const { return tracks_[track].depth; }

 private:
  struct TrackState {
    MenderTrack about;
    std::int32_t depth = 0;
    bool begun = false;
    std::int64_t offset_us = 0;         // source time - run time
    std::int64_t offset_before_us = 0;  // the one before the last jump
    bool jumped_before = false;
    std::uint64_t epoch = 0;  // of the offset
    std::int64_t last_source_us = 0;
    std::int64_t last_run_us = 0;
    std::int64_t last_out = 0;     // ticks
    std::int64_t last_length = 0;  // ticks of timescale, of the packet before; audio
    std::int64_t last_arrived_us = 0;
    double step_us = 40'000;
    double lag_us = 0;                    // mean of run time - arrival time
    bool catching_up = false;             // towards arrival, after by_arrival_ was found
    int clamped = 0;                      // packets in a row that did not increase
    std::int64_t wrap_us = 0;             // added to source time
    std::int64_t shift_us = 0;            // added to pts so that it is never before dts
    std::vector<std::int64_t> window_us;  // the last depth + 1 presentation times, sorted
    std::int32_t window_seen = 0;
  };
  struct SourceTime {
    std::optional<std::int64_t> dts_us;
    std::optional<std::int64_t> pts_us;
  };
  SourceTime source_time(TrackState& track, const UnmendedTime& in);
  std::int64_t derive_dts(TrackState& track, std::int64_t pts_us);
  std::int64_t begin_track(TrackState& track, std::optional<std::int64_t> source_us,
                           std::int64_t arrived_us);
  std::int64_t follow(TrackState& track, std::int64_t source_us, std::int64_t arrived_us);
  std::int64_t anchor_anew(TrackState& track, std::int64_t source_us, std::int64_t arrived_us);
  std::int64_t predicted(const TrackState& track, std::int64_t arrived_us) const;
  std::int64_t smoothed_audio(TrackState& track, std::int64_t run_us, const UnmendedTime& in) const;
  bool out_of_step(std::int64_t run_us, std::int64_t arrived_us);
  void go_by_arrival();

  std::vector<TrackState> tracks_;
  const MenderOptions options_;
  bool by_arrival_;
  MenderCounts counts_;
  std::optional<std::int64_t> first_arrived_us_;
  std::uint64_t epoch_ = 0;
  // Comparison of run time with arrival, of the first track only.
  std::int64_t window_begin_us_ = 0;
  std::int64_t window_lead_us_ = INT64_MIN;
  std::optional<std::int64_t> lead_before_us_;
  std::int64_t lead_drift_us_ = 0;
  int drifting_windows_ = 0;
};

}  // namespace oriel::ingest
