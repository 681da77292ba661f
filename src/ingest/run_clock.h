// Which UTC a run's time zero is, and how well that is known: from when packets arrive, or from the
// camera's own clock when it writes its time into the pictures or sends RTCP sender reports, and is
// right within kCameraClockTrustUs.
#pragma once
#include <cstdint>
#include <optional>

#include "base/time.h"
#include "ingest/source.h"
#include "media/part.h"

namespace oriel::ingest {

struct RunClockOptions {
  // How long the best (least delayed) packet is sought before the clock is slewed.
  std::int64_t window_us = 10'000'000;
  // The longest that the least delayed packet may have been on its way, encoding included.
  std::int64_t transit_us = 500'000;
};

// Pure. A network only ever adds delay, so the smallest (arrival - run time) of a window is nearest
// to the truth; the start is moved towards it by at most 500 ppm, never cut.
class RunClock {
 public:
  explicit RunClock(RunClockOptions options) : options_(options) {}
  // The camera's clock is believed when it is this near to ours at the run's start.
  static constexpr std::int64_t kCameraClockTrustUs = 2'000'000;
  // Beyond this a new run must begin.
  static constexpr std::int64_t kErrorMaxUs = 5'000'000;

  // Chooses the clock of the run: before the first packet of it. `captured` is the camera's time of
  // the packet at `run_us`, if it says one.
  void begin(std::int64_t run_us, UtcTime arrived, const std::optional<CaptureTime>& captured);
  // Before the run is announced: an earlier start is found while packets come in a burst.
  void refine(std::int64_t run_us, UtcTime arrived);
  // Every later packet. True when start() and quality() may have moved: at the end of a window.
  // A camera's clock of another source than the run's is not asked.
  bool observe(std::int64_t run_us, UtcTime arrived, const std::optional<CaptureTime>& captured);
  // The run cannot go on with this clock.
  bool lost() const { return lost_; }
  UtcTime start() const { return start_; }
  // As far as our own clock is right: its error is added by who knows it.
  media::ClockQuality quality() const;

 private:
  RunClockOptions options_;
  media::ClockSource source_ = media::ClockSource::arrival;
  UtcTime start_;
  std::int64_t offset_us_ = 0;    // see ClockQuality; of the window before, or of this one so far
  std::int64_t residual_us_ = 0;  // not yet slewed
  std::optional<std::int64_t> window_offset_us_;
  std::int64_t window_begin_us_ = 0;
  std::optional<std::int64_t> window_best_us_;
  bool lost_ = false;
};

}  // namespace oriel::ingest
