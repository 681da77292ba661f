#include "ingest/timestamp_mender.h"

#include <random>

#include <gtest/gtest.h>

namespace oriel::ingest {
namespace {

MenderTrack video_track(int depth = 0) {
  MenderTrack track;
  track.reorder_depth = depth;
  return track;
}
MenderTrack audio_track() {
  MenderTrack track;
  track.kind = media::TrackKind::audio;
  track.timebase_den = 48'000;
  track.timescale = 48'000;
  return track;
}

struct Fed {
  std::vector<MendedTime> out;
  MenderVerdict last = MenderVerdict::keep;
};

UnmendedTime at(std::uint32_t track, std::int64_t dts, std::int64_t arrived_us) {
  UnmendedTime in;
  in.track = track;
  in.dts = dts;
  in.pts = dts;
  in.arrived = UtcTime{1'000'000'000'000 + arrived_us};
  return in;
}

void expect_increasing(const std::vector<MendedTime>& times) {
  for (std::size_t i = 1; i < times.size(); ++i) ASSERT_GT(times[i].dts, times[i - 1].dts) << i;
  for (const MendedTime& time : times) ASSERT_GE(time.pts, time.dts);
}

TEST(TimestampMender, honest_times_pass_unchanged_but_for_the_origin) {
  TimestampMender mender({video_track()}, {});
  for (int i = 0; i < 500; ++i) {
    MendedTime out;
    ASSERT_EQ(mender.mend(at(0, 777'000 + i * 3600, i * 40'000), out), MenderVerdict::keep);
    EXPECT_EQ(out.dts, i * 3600);
    EXPECT_EQ(out.pts, i * 3600);
  }
}

TEST(TimestampMender, missing_times_are_filled_by_arrival) {
  TimestampMender mender({video_track()}, {});
  std::vector<MendedTime> all;
  for (int i = 0; i < 250; ++i) {
    UnmendedTime in = at(0, i * 3600, i * 40'000);
    if (i % 3 != 0) in.dts = in.pts = std::nullopt;
    MendedTime out;
    ASSERT_EQ(mender.mend(in, out), MenderVerdict::keep);
    all.push_back(out);
  }
  expect_increasing(all);
  EXPECT_NEAR(static_cast<double>(all.back().dts), 249 * 3600.0, 9000);
}

TEST(TimestampMender, a_clock_that_stands_still_is_replaced_by_arrival) {
  TimestampMender mender({video_track()}, {});
  std::vector<MendedTime> all;
  for (int i = 0; i < 500; ++i) {
    MendedTime out;
    ASSERT_EQ(mender.mend(at(0, 5, i * 66'666), out), MenderVerdict::keep);
    all.push_back(out);
  }
  expect_increasing(all);
  EXPECT_NEAR(static_cast<double>(all.back().dts), 499 * 6000.0, 90'000);
  EXPECT_GT(mender.counts().frozen, 400U);
}

TEST(TimestampMender, a_clock_that_moves_by_a_tick_a_frame_is_replaced_by_arrival) {
  TimestampMender mender({video_track()}, {});
  MendedTime out;
  for (int i = 0; i < 250; ++i)
    ASSERT_EQ(mender.mend(at(0, 9'000 + i, i * 40'000), out), MenderVerdict::keep);
  EXPECT_NEAR(static_cast<double>(out.run_us), 249 * 40'000.0, 300'000);
  EXPECT_GT(mender.counts().frozen, 200U);
}

TEST(TimestampMender, a_wrap_of_33_bits_is_no_jump) {
  TimestampMender mender({video_track()}, {});
  const std::int64_t turn = std::int64_t{1} << 33;
  for (int i = 0; i < 100; ++i) {
    MendedTime out;
    ASSERT_EQ(mender.mend(at(0, (turn - 36'000 + i * 3600) % turn, i * 40'000), out),
              MenderVerdict::keep);
    EXPECT_NEAR(static_cast<double>(out.dts), i * 3600.0, 1.0);
  }
  EXPECT_EQ(mender.counts().wrapped, 1U);
  EXPECT_EQ(mender.counts().jumped, 0U);
}

TEST(TimestampMender, picture_and_sound_that_jump_together_keep_step) {
  TimestampMender mender({video_track(), audio_track()}, {});
  MendedTime video;
  MendedTime audio;
  for (int i = 0; i < 400; ++i) {
    const std::int64_t jump_s = i >= 200 ? 3600 : 0;
    ASSERT_EQ(mender.mend(at(0, i * 3600 + jump_s * 90'000, i * 40'000), video),
              MenderVerdict::keep);
    ASSERT_EQ(mender.mend(at(1, i * 1920 + jump_s * 48'000, i * 40'000 + 7000), audio),
              MenderVerdict::keep);
  }
  EXPECT_NEAR(static_cast<double>(video.dts) / 90'000, static_cast<double>(audio.dts) / 48'000,
              0.001);
  EXPECT_NEAR(static_cast<double>(video.dts) / 90'000, 399 * 0.04, 0.1);
}

TEST(TimestampMender, one_wrong_time_leaves_no_trace) {
  TimestampMender mender({video_track()}, {});
  MendedTime out;
  for (int i = 0; i < 100; ++i)
    ASSERT_EQ(mender.mend(at(0, i == 50 ? 999'999'999 : i * 3600, i * 40'000), out),
              MenderVerdict::keep);
  EXPECT_EQ(out.dts, 99 * 3600);
}

TEST(TimestampMender, decode_times_are_derived_from_presentation_times_of_b_frames) {
  MenderTrack track = video_track(1);
  track.dts_unknown = true;
  TimestampMender mender({track}, {});
  const int order[] = {0, 3, 1, 2, 6, 4, 5, 9, 7, 8, 12, 10, 11};
  std::vector<MendedTime> all;
  for (int i = 0; i < 13; ++i) {
    UnmendedTime in = at(0, 0, i * 40'000);
    in.dts.reset();
    in.pts = order[i] * 3600;
    MendedTime out;
    ASSERT_EQ(mender.mend(in, out), MenderVerdict::keep);
    all.push_back(out);
  }
  expect_increasing(all);
  for (std::size_t i = 1; i < all.size(); ++i) {
    EXPECT_NEAR(static_cast<double>(all[i].dts - all[i - 1].dts), 3600, 2) << i;
    EXPECT_NEAR(static_cast<double>(all[i].pts - all[0].pts), order[i] * 3600.0, 2) << i;
  }
}

TEST(TimestampMender, a_depth_that_was_not_declared_is_learnt) {
  MenderTrack track = video_track(0);
  track.dts_unknown = true;
  TimestampMender mender({track}, {});
  std::vector<MendedTime> all;
  for (int i = 0; i < 300; ++i) {
    UnmendedTime in = at(0, 0, i * 40'000);
    in.dts.reset();
    const int group = i / 3 * 3;
    in.pts =
        (i == 0 ? 0 : (i % 3 == 1 ? group + 3 : group + i % 3 - 1 + (i % 3 == 0 ? 0 : 0))) * 3600;
    MendedTime out;
    ASSERT_EQ(mender.mend(in, out), MenderVerdict::keep);
    all.push_back(out);
  }
  expect_increasing(all);
  EXPECT_GE(mender.reorder_depth(0), 1);
}

// Frames that come each `arrival_us` and are stamped as if each `stamped_us` had passed.
std::vector<MendedTime> lying_rate(TimestampMender& mender, std::int64_t stamped_us,
                                   std::int64_t arrival_us, int frames) {
  std::vector<MendedTime> all;
  for (int i = 0; i < frames; ++i) {
    MendedTime out;
    EXPECT_EQ(mender.mend(at(0, i * stamped_us * 9 / 100, i * arrival_us), out),
              MenderVerdict::keep);
    all.push_back(out);
  }
  return all;
}

TEST(TimestampMender, a_clock_of_twice_the_rate_is_found_out) {
  TimestampMender mender({video_track()}, {});
  const auto times = lying_rate(mender, 80'000, 40'000, 2'500);
  EXPECT_TRUE(mender.by_arrival());
  expect_increasing(times);
  EXPECT_NEAR(static_cast<double>(times.back().run_us), 2'499 * 40'000.0, 100'000);
}

// A camera that stamps 25 frames a second and sends 21 is behind by a sixth of all time: where its
// stamps are believed, and mended by a cut now and then, recordings have gaps that never were.
TEST(TimestampMender, a_camera_that_sends_fewer_frames_than_it_stamps_leaves_no_gap) {
  TimestampMender mender({video_track()}, {});
  constexpr std::int64_t kSent = 1'000'000 / 21;
  const auto times = lying_rate(mender, 40'000, kSent, 21 * 120);
  expect_increasing(times);
  EXPECT_TRUE(mender.by_arrival());
  for (std::size_t i = 1; i < times.size(); ++i)
    ASSERT_LE(times[i].run_us - times[i - 1].run_us, 2 * kSent) << i;
  for (std::size_t i = 21 * 60; i < times.size(); ++i)
    ASSERT_NEAR(static_cast<double>(times[i].run_us), static_cast<double>(i) * kSent, 100'000) << i;
}

TEST(TimestampMender, segments_that_arrive_at_once_are_not_a_lying_clock) {
  TimestampMender mender({video_track()}, {.bursty = true});
  for (int i = 0; i < 5000; ++i) {
    // Six seconds at once, the first three segments together.
    const std::int64_t arrived = std::max(0, i / 150 - 2) * 6'000'000LL + i % 150 * 100;
    MendedTime out;
    ASSERT_EQ(mender.mend(at(0, i * 3600, arrived), out), MenderVerdict::keep) << i;
    ASSERT_EQ(out.dts, i * 3600);
  }
}

TEST(TimestampMender, milliseconds_of_sound_become_exact_samples) {
  MenderTrack track = audio_track();
  track.timebase_den = 1000;
  track.timescale = 44'100;
  TimestampMender mender({track}, {});
  for (int i = 0; i < 1000; ++i) {
    UnmendedTime in = at(0, i * 1024 * 1000LL / 44'100, i * 23'220);
    in.duration = 0;
    MendedTime out;
    ASSERT_EQ(mender.mend(in, out), MenderVerdict::keep);
    EXPECT_NEAR(static_cast<double>(out.dts), i * 1024.0, 50);
  }
}

// Whatever a camera says: decode times increase, and the run lasts as long as it took to arrive.
TEST(TimestampMender, random_lies_give_increasing_times_in_step_with_arrival) {
  for (unsigned seed = 0; seed < 200; ++seed) {
    std::mt19937 random(seed);
    const auto chance = [&](unsigned percent) { return random() % 100 < percent; };
    MenderTrack first = video_track(static_cast<int>(random() % 3));
    first.dts_unknown = chance(30);
    TimestampMender mender({first, audio_track()}, {.bursty = false, .by_arrival = chance(20)});
    std::vector<MendedTime> times[2];
    std::int64_t lie[2] = {0, 0};
    const unsigned honesty = random() % 30;
    std::int64_t arrived = 0;
    for (int i = 0; i < 1500; ++i) {
      arrived = i * 40'000 + static_cast<std::int64_t>(random() % 30'000);
      for (std::uint32_t track = 0; track < 2; ++track) {
        if (chance(honesty)) lie[track] = static_cast<std::int64_t>(random()) - (1LL << 31);
        if (chance(2)) lie[track] = 0;
        UnmendedTime in = at(track, i * (track == 0 ? 3600 : 1920) + lie[track], arrived);
        if (chance(honesty)) in.dts.reset();
        if (chance(honesty)) in.pts.reset();
        if (chance(1)) in.pts = static_cast<std::int64_t>(random()) << 32;
        if (chance(1)) in.dts = INT64_MIN + 1;
        if (track == 1 && chance(50)) in.duration = 1920;
        MendedTime out;
        const MenderVerdict verdict = mender.mend(in, out);
        if (verdict == MenderVerdict::keep) times[track].push_back(out);
      }
    }
    for (int track = 0; track < 2; ++track) {
      expect_increasing(times[track]);
      ASSERT_FALSE(times[track].empty()) << seed;
      const double length_s =
          static_cast<double>(times[track].back().dts) / (track == 0 ? 90'000.0 : 48'000.0);
      EXPECT_NEAR(length_s, static_cast<double>(arrived) / 1e6, 6.0) << "seed " << seed;
    }
  }
}

}  // namespace
}  // namespace oriel::ingest
