#include "ingest/run_clock.h"

#include <gtest/gtest.h>

namespace oriel::ingest {
namespace {

CaptureTime by_report(std::int64_t us) {
  return {UtcTime{us}, media::ClockSource::rtcp_sender_report};
}

TEST(RunClock, moves_by_500_ppm_towards_the_least_delayed_packet) {
  RunClock clock({.window_us = 10'000'000});
  const std::int64_t true_start = 1'700'000'000'000'000;
  // The first packet came 200 ms late, the others up to 50 ms.
  clock.begin(0, UtcTime{true_start + 200'000}, {});
  for (std::int64_t run_us = 0; run_us <= 600'000'000; run_us += 40'000)
    clock.observe(run_us, UtcTime{true_start + run_us + run_us / 40'000 % 6 * 10'000}, {});
  EXPECT_NEAR(static_cast<double>(clock.start().us - true_start), 0, 1000);
  EXPECT_FALSE(clock.lost());
}

TEST(RunClock, believes_a_camera_that_is_near_and_not_one_that_is_far) {
  RunClock clock({});
  clock.begin(0, UtcTime{1'000'000'000}, by_report(999'800'000));
  EXPECT_EQ(clock.quality().source, media::ClockSource::rtcp_sender_report);
  EXPECT_EQ(clock.start().us, 999'800'000);
  clock.begin(0, UtcTime{1'000'000'000}, by_report(1'000'000));
  EXPECT_EQ(clock.quality().source, media::ClockSource::arrival);
}

TEST(RunClock, is_lost_when_the_run_drifts_by_seconds) {
  RunClock clock({.window_us = 10'000'000});
  clock.begin(0, UtcTime{0}, {});
  for (std::int64_t run_us = 0; run_us < 100'000'000; run_us += 40'000)
    clock.observe(run_us, UtcTime{run_us * 2}, {});
  EXPECT_TRUE(clock.lost());
}

// A camera that stamps 0.3 s before the least delayed packet comes: it is right and its packets
// need that long, or it is late and they need less.
TEST(RunClock, says_how_far_the_camera_is_and_how_wrong_that_can_be) {
  RunClock clock({.window_us = 10'000'000, .transit_us = 500'000});
  const std::int64_t start = 1'700'000'000'000'000;
  clock.begin(0, UtcTime{start + 450'000}, by_report(start));
  EXPECT_EQ(clock.quality().offset_us, -450'000) << "all that is known yet";
  for (std::int64_t run_us = 0; run_us <= 20'000'000; run_us += 40'000) {
    const std::int64_t delay_us = 300'000 + run_us / 40'000 % 5 * 40'000;
    clock.observe(run_us, UtcTime{start + run_us + delay_us}, by_report(start + run_us));
  }
  EXPECT_EQ(clock.quality().source, media::ClockSource::rtcp_sender_report);
  EXPECT_EQ(clock.quality().offset_us, -300'000);
  EXPECT_EQ(clock.quality().error_us, 300'000);
  EXPECT_EQ(clock.start().us, start);
}

TEST(RunClock, by_arrival_the_error_holds_the_way_and_what_is_not_slewed_yet) {
  RunClock clock({.window_us = 10'000'000, .transit_us = 500'000});
  clock.begin(0, UtcTime{2'000'000}, {});
  EXPECT_EQ(clock.quality().error_us, 500'000);
  for (std::int64_t run_us = 0; run_us <= 10'000'000; run_us += 40'000)
    clock.observe(run_us, UtcTime{1'900'000 + run_us}, {});
  EXPECT_EQ(clock.quality().source, media::ClockSource::arrival);
  EXPECT_EQ(clock.quality().offset_us, 0);
  EXPECT_EQ(clock.quality().error_us, 500'000 + 100'000 - 5'000);
}

}  // namespace
}  // namespace oriel::ingest
