#include "ingest/timestamp_mender.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>

namespace oriel::ingest {
namespace {

// A step may exceed the time that passed since the packet before by this much: what a network holds
// back and then delivers at once.
constexpr std::int64_t kStepSlackUs = 2'000'000;
// Smaller steps back are jitter: the packet is put just after the one before.
constexpr std::int64_t kJitterUs = 200'000;
constexpr int kFrozenAfter = 5;
// No camera sends a thousand frames a second: a clock that moves by less a frame stands still. A
// muxer that makes a step of one tick of what did not increase gives such times.
constexpr std::int64_t kVideoStepMinUs = 1'000;
// Two tracks count as keeping step when a shared anchor leaves them this close at their start.
constexpr std::int64_t kSharedStartUs = 10'000'000;
constexpr std::int64_t kOffsetMaxUs = 5'000'000;
constexpr std::int64_t kShiftMaxUs = 500'000;
constexpr std::int64_t kAudioJitterUs = 30'000;
constexpr std::int64_t kAudioArrivalJitterUs = 300'000;
constexpr int kDepthMax = 16;
// Times beyond 2^53 µs (285 years) are nonsense and would overflow sums.
constexpr std::int64_t kSourceMaxUs = std::int64_t{1} << 53;

std::optional<std::int64_t> to_us(const MenderTrack& about, std::optional<std::int64_t> ticks) {
  if (!ticks) return std::nullopt;
  const __int128 us =
      static_cast<__int128>(*ticks) * about.timebase_num * 1'000'000 / about.timebase_den;
  if (us > kSourceMaxUs || us < -kSourceMaxUs) return std::nullopt;
  return static_cast<std::int64_t>(us);
}

std::int64_t to_ticks(std::int64_t us, std::int32_t timescale) {
  const __int128 scaled = static_cast<__int128>(us) * timescale;
  const __int128 half = scaled >= 0 ? 500'000 : -500'000;
  return static_cast<std::int64_t>((scaled + half) / 1'000'000);
}

}  // namespace

TimestampMender::TimestampMender(std::vector<MenderTrack> tracks, MenderOptions options)
    : options_(options), by_arrival_(options.by_arrival) {
  for (MenderTrack& about : tracks) {
    TrackState state;
    state.depth = std::clamp(about.reorder_depth, 0, kDepthMax);
    if (about.declared_fps >= 1 && about.declared_fps <= 240)
      state.step_us = 1e6 / about.declared_fps;
    state.about = about;
    tracks_.push_back(std::move(state));
  }
}

// The n-th decode time is the n-th smallest presentation time, `depth` frames later.
std::int64_t TimestampMender::derive_dts(TrackState& track, std::int64_t pts_us) {
  auto& window = track.window_us;
  if (!window.empty() && std::llabs(pts_us - window.back()) > 10'000'000) {
    window.clear();
    track.window_seen = 0;
  }
  window.insert(std::upper_bound(window.begin(), window.end(), pts_us), pts_us);
  const auto full = static_cast<std::size_t>(track.depth) + 1;
  if (window.size() < full) {
    const std::int32_t missing = track.depth - track.window_seen++;
    return window.front() - static_cast<std::int64_t>(missing * track.step_us);
  }
  while (window.size() > full) window.erase(window.begin());
  const std::int64_t dts_us = window.front();
  window.erase(window.begin());
  if (track.begun && pts_us < dts_us && track.depth < kDepthMax) ++track.depth;
  return dts_us;
}

TimestampMender::SourceTime TimestampMender::source_time(TrackState& track,
                                                         const UnmendedTime& in) {
  SourceTime time{to_us(track.about, in.dts), to_us(track.about, in.pts)};
  if (track.about.dts_unknown) {
    time.dts_us.reset();
    if (time.pts_us) {
      // A deeper stream than declared shows itself by a picture before one that was decoded.
      if (track.begun && track.depth < kDepthMax &&
          *time.pts_us + track.wrap_us < track.last_source_us &&
          track.last_source_us - *time.pts_us - track.wrap_us < 1'000'000 &&
          track.window_us.empty())
        ++track.depth;
      time.dts_us = derive_dts(track, *time.pts_us);
    }
  } else if (!time.dts_us) {
    time.dts_us = time.pts_us;
  }
  return time;
}

std::int64_t TimestampMender::begin_track(TrackState& track, std::optional<std::int64_t> source_us,
                                          std::int64_t arrived_us) {
  std::int64_t run_us = arrived_us;
  if (source_us && !by_arrival_) {
    for (const TrackState& other : tracks_) {
      if (&other == &track || !other.begun) continue;
      const std::int64_t shared = *source_us - other.offset_us;
      if (std::llabs(shared - arrived_us) < kSharedStartUs) {
        run_us = shared;
        track.epoch = other.epoch;
      }
    }
  }
  if (source_us) {
    track.offset_us = *source_us - run_us;
    track.last_source_us = *source_us;
  }
  return run_us;
}

std::int64_t TimestampMender::predicted(const TrackState& track, std::int64_t arrived_us) const {
  const auto step = std::max<std::int64_t>(static_cast<std::int64_t>(track.step_us), 2);
  if (options_.bursty && !by_arrival_) return track.last_run_us + step;
  const std::int64_t target = arrived_us + static_cast<std::int64_t>(track.lag_us);
  const bool pause = arrived_us - track.last_arrived_us > 1'000'000;
  if (target > track.last_run_us + 1'000'000 && (pause || !track.catching_up)) return target;
  return std::clamp(target, track.last_run_us + step / 2, track.last_run_us + 2 * step);
}

std::int64_t TimestampMender::anchor_anew(TrackState& track, std::int64_t source_us,
                                          std::int64_t arrived_us) {
  ++counts_.jumped;
  const std::int64_t passed = std::max<std::int64_t>(arrived_us - track.last_arrived_us, 0);
  const auto fits = [&](std::int64_t offset_us) {
    const std::int64_t run_us = source_us - offset_us;
    return run_us > track.last_run_us && run_us <= track.last_run_us + passed + kStepSlackUs;
  };
  std::optional<std::int64_t> chosen;
  std::uint64_t epoch = 0;
  // One packet with a wrong time: the next one is back where it was.
  if (track.jumped_before && fits(track.offset_before_us)) {
    chosen = track.offset_before_us;
    epoch = ++epoch_;
  }
  for (const TrackState& other : tracks_)
    if (!chosen && &other != &track && other.begun && other.epoch > track.epoch &&
        fits(other.offset_us)) {
      chosen = other.offset_us;
      epoch = other.epoch;
    }
  if (!chosen) {
    chosen = source_us - predicted(track, arrived_us);
    epoch = ++epoch_;
  }
  track.offset_before_us = track.offset_us;
  track.jumped_before = true;
  track.offset_us = *chosen;
  track.epoch = epoch;
  track.clamped = 0;
  return source_us - track.offset_us;
}

std::int64_t TimestampMender::follow(TrackState& track, std::int64_t source_us,
                                     std::int64_t arrived_us) {
  std::int64_t step = source_us - track.last_source_us;
  const std::int64_t passed = std::max<std::int64_t>(arrived_us - track.last_arrived_us, 0);
  if (step < -kSourceMaxUs / 1'000'000'000) {
    // 32-bit RTP and 33-bit MPEG-TS clocks begin again from zero.
    for (const int bits : {32, 33}) {
      const auto turn = to_us(track.about, std::int64_t{1} << bits);
      if (turn && step + *turn > -kJitterUs && step + *turn <= passed + kStepSlackUs) {
        track.wrap_us += *turn;
        source_us += *turn;
        step += *turn;
        ++counts_.wrapped;
        break;
      }
    }
  }
  std::int64_t run_us = 0;
  const std::int64_t least_us = track.about.kind == media::TrackKind::video ? kVideoStepMinUs : 1;
  if (step >= least_us && step <= passed + kStepSlackUs) {
    run_us = source_us - track.offset_us;
    track.clamped = 0;
    if (step < 2'000'000) track.step_us += 0.1 * (static_cast<double>(step) - track.step_us);
  } else if (step < least_us && step > -kJitterUs) {
    ++counts_.not_increasing;
    if (++track.clamped < kFrozenAfter) {
      // last_source_us stays, so that a run of jitter is measured from its top.
      return track.last_run_us + 1;
    }
    ++counts_.frozen;
    run_us = predicted(track, arrived_us);
    track.offset_us = source_us - run_us;
    track.clamped = kFrozenAfter;
    // The length of a step is learnt from arrival as long as the camera's clock stands.
    if (passed > 0 && passed < 2'000'000)
      track.step_us += 0.1 * (static_cast<double>(passed) - track.step_us);
  } else {
    run_us = anchor_anew(track, source_us, arrived_us);
  }
  track.last_source_us = source_us;
  return run_us;
}

// Sample-exact as long as the camera's word differs by less than its jitter.
std::int64_t TimestampMender::smoothed_audio(TrackState& track, std::int64_t run_us,
                                             const UnmendedTime& in) const {
  std::int64_t out = to_ticks(run_us, track.about.timescale);
  if (track.about.kind != media::TrackKind::audio) return out;
  const std::int64_t exact = track.last_out + track.last_length;
  const std::int64_t allowed =
      to_ticks(by_arrival_ ? kAudioArrivalJitterUs : kAudioJitterUs, track.about.timescale);
  if (track.begun && track.last_length > 0 && std::llabs(out - exact) < allowed) out = exact;
  const auto length_us = to_us(track.about, in.duration);
  track.last_length =
      length_us && *length_us > 0 && *length_us < 5'000'000
          ? static_cast<std::int64_t>((static_cast<__int128>(in.duration) *
                                           track.about.timebase_num * track.about.timescale +
                                       track.about.timebase_den / 2) /
                                      track.about.timebase_den)
          : 0;
  return out;
}

// Compares, window by window, how far the run's time leads arrival; a lead that grows or shrinks
// all the time is a clock of a wrong rate, one that goes up and down is the network.
bool TimestampMender::out_of_step(std::int64_t run_us, std::int64_t arrived_us) {
  const std::int64_t window_us = options_.bursty ? 20'000'000 : 5'000'000;
  const std::int64_t allowed_us = options_.bursty ? 8'000'000 : 2'000'000;
  window_lead_us_ = std::max(window_lead_us_, run_us - arrived_us);
  if (arrived_us - window_begin_us_ < window_us) return false;
  if (lead_before_us_) {
    const std::int64_t change = window_lead_us_ - *lead_before_us_;
    const bool same_way = (change > 0) == (lead_drift_us_ > 0);
    if (std::llabs(change) < window_us / 100 || !same_way) {
      lead_drift_us_ = 0;
      drifting_windows_ = 0;
    }
    if (std::llabs(change) >= window_us / 100) {
      lead_drift_us_ += change;
      ++drifting_windows_;
    }
  }
  lead_before_us_ = window_lead_us_;
  window_lead_us_ = INT64_MIN;
  window_begin_us_ = arrived_us;
  return drifting_windows_ >= 3 && std::llabs(lead_drift_us_) > allowed_us;
}

void TimestampMender::go_by_arrival() {
  by_arrival_ = true;
  for (TrackState& track : tracks_) {
    track.lag_us = 0;
    track.catching_up = true;
  }
}

MenderVerdict TimestampMender::mend(const UnmendedTime& in, MendedTime& out) {
  TrackState& track = tracks_[in.track];
  const bool first = !first_arrived_us_;
  if (first) first_arrived_us_ = in.arrived.us;
  const std::int64_t arrived_us =
      std::max(in.arrived.us - *first_arrived_us_, track.last_arrived_us);
  SourceTime time = source_time(track, in);
  std::int64_t run_us = 0;
  if (!track.begun) {
    run_us = begin_track(track, time.dts_us, arrived_us);
  } else if (by_arrival_) {
    const std::int64_t passed = arrived_us - track.last_arrived_us;
    if (passed < 2'000'000) track.step_us += 0.05 * (static_cast<double>(passed) - track.step_us);
    run_us = predicted(track, arrived_us);
    if (std::llabs(run_us - arrived_us) < static_cast<std::int64_t>(track.step_us))
      track.catching_up = false;
  } else if (!time.dts_us) {
    ++counts_.missing;
    run_us = predicted(track, arrived_us);
  } else {
    run_us = follow(track, *time.dts_us + track.wrap_us, arrived_us);
  }
  if (run_us < 0 && !first) return MenderVerdict::drop;

  std::int64_t dts = smoothed_audio(track, run_us, in);
  if (track.begun && dts <= track.last_out) dts = track.last_out + 1;
  std::int64_t offset_us =
      time.dts_us && time.pts_us ? *time.pts_us - *time.dts_us + track.shift_us : 0;
  if (offset_us < 0 || offset_us > kOffsetMaxUs) {
    ++counts_.bad_offset;
    // A container that shows pictures before it decodes them does so by a constant.
    if (offset_us < 0 && track.shift_us - offset_us <= kShiftMaxUs && !track.about.dts_unknown) {
      track.shift_us -= offset_us;
    }
    offset_us = 0;
  }
  track.lag_us =
      track.begun ? track.lag_us + 0.05 * (static_cast<double>(run_us - arrived_us) - track.lag_us)
                  : static_cast<double>(run_us - arrived_us);
  if (by_arrival_) track.lag_us = 0;
  track.begun = true;
  track.last_run_us = std::max(run_us, track.last_run_us);
  track.last_arrived_us = arrived_us;
  track.last_out = dts;
  out.dts = dts;
  out.pts = dts + to_ticks(offset_us, track.about.timescale);
  out.run_us = run_us;
  if (!by_arrival_ && in.track == 0 && out_of_step(run_us, arrived_us)) go_by_arrival();
  return MenderVerdict::keep;
}

}  // namespace oriel::ingest
