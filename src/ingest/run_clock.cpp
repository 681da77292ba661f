#include "ingest/run_clock.h"

#include <algorithm>
#include <cstdlib>

namespace oriel::ingest {

constexpr std::int64_t kSlewPpm = 500;

void RunClock::begin(std::int64_t run_us, UtcTime arrived,
                     const std::optional<CaptureTime>& captured) {
  const std::int64_t ahead_us = captured ? captured->time.us - arrived.us : 0;
  const bool by_camera = captured && std::llabs(ahead_us) < kCameraClockTrustUs;
  source_ = by_camera ? captured->source : media::ClockSource::arrival;
  offset_us_ = by_camera ? ahead_us : 0;
  start_ = UtcTime{arrived.us + offset_us_ - run_us};
  residual_us_ = 0;
  window_offset_us_.reset();
  window_begin_us_ = run_us;
  window_best_us_.reset();
  lost_ = false;
}

void RunClock::refine(std::int64_t run_us, UtcTime arrived) {
  if (source_ == media::ClockSource::arrival)
    start_ = std::min(start_, UtcTime{arrived.us - run_us});
}

bool RunClock::observe(std::int64_t run_us, UtcTime arrived,
                       const std::optional<CaptureTime>& captured) {
  const bool by_camera = source_ != media::ClockSource::arrival;
  if (by_camera && (!captured || captured->source != source_)) return false;
  const std::int64_t here_us = (by_camera ? captured->time.us : arrived.us) - run_us;
  window_best_us_ = window_best_us_ ? std::min(*window_best_us_, here_us) : here_us;
  if (by_camera) {
    const std::int64_t offset_us = captured->time.us - arrived.us;
    window_offset_us_ = std::max(window_offset_us_.value_or(offset_us), offset_us);
  }
  const std::int64_t passed_us = run_us - window_begin_us_;
  if (passed_us < options_.window_us) return false;
  const std::int64_t error_us = *window_best_us_ - start_.us;
  const std::int64_t most_us = passed_us * kSlewPpm / 1'000'000;
  lost_ = lost_ || std::llabs(error_us) > kErrorMaxUs;
  const std::int64_t step_us = std::clamp(error_us, -most_us, most_us);
  start_.us += step_us;
  residual_us_ = error_us - step_us;
  if (by_camera) offset_us_ = *window_offset_us_;
  window_offset_us_.reset();
  window_begin_us_ = run_us;
  window_best_us_.reset();
  return true;
}

// The camera's clock is ahead of ours by the offset and the time d that the least delayed packet
// was on its way, 0 <= d <= transit; by arrival, that packet was captured up to d before it came.
media::ClockQuality RunClock::quality() const {
  media::ClockQuality quality;
  quality.source = source_;
  quality.offset_us = offset_us_;
  const std::int64_t wrong_us =
      source_ == media::ClockSource::arrival
          ? options_.transit_us
          : std::max(std::llabs(offset_us_), std::llabs(offset_us_ + options_.transit_us));
  quality.error_us = wrong_us + std::llabs(residual_us_);
  return quality;
}

}  // namespace oriel::ingest
