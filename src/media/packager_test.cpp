// Goal: parts, segments and recordings hold every frame once, obey the lengths players are told,
// and read back as they were written. Method: scripted packets in, a recording sink out.
#include "media/packager.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "media/boxes.h"
#include "media/testing.h"

namespace oriel::media {
namespace {

using namespace media::testing;

struct KeptSink : PartSink {
  std::vector<RecordingPtr> recordings;
  std::vector<PartPtr> parts;
  std::vector<Reason> ends;
  void recording_began(const RecordingPtr& recording) override { recordings.push_back(recording); }
  void part_made(const PartPtr& part) override { parts.push_back(part); }
  void recording_ended(const RecordingPtr&, Reason reason) override { ends.push_back(reason); }
};

class PackagerTest : public ::testing::Test {
 protected:
  void begin(Tracks tracks) {
    const auto begun = packager.begin_run({.tracks = std::move(tracks),
                                           .began = Reason::starting,
                                           .start = UtcTime::from_ms(1'700'000'000'000)});
    ASSERT_TRUE(begun) << begun.error().message;
  }
  void push_frames(std::int64_t count, std::int64_t distance, std::int64_t gop) {
    for (std::int64_t i = 0; i < count; ++i) ASSERT_TRUE(packager.push(frame(i, distance, gop)));
  }
  PackagerOptions options{.feed = FeedId("lake"), .recording_90k = 20 * 90'000};
  CountingIds ids;
  KeptSink sink;
  Packager packager{options, ids, sink};
};

TEST_F(PackagerTest, no_frame_is_lost_and_none_is_doubled_across_recordings) {
  begin({video_track()});
  push_frames(1500, 3600, 50);
  packager.end_run(Reason::link_down);
  ASSERT_EQ(sink.recordings.size(), 3u);
  std::int64_t end_90k = 0;
  std::size_t bytes = 0;
  for (const auto& part : sink.parts) {
    EXPECT_EQ(part->recording->run_offset_90k + part->start_90k, end_90k);
    end_90k += part->duration_90k;
    bytes += part->payload->size() - 8;
  }
  EXPECT_EQ(end_90k, 1500 * 3600);
  std::size_t sent = 0;
  for (std::int64_t i = 0; i < 1500; ++i) sent += frame(i, 3600, 50).bytes.size();
  EXPECT_EQ(bytes, sent);
  EXPECT_THAT(sink.ends, ::testing::ElementsAre(Reason::length_reached, Reason::length_reached,
                                                Reason::link_down));
}

// RFC 8216bis 4.4.3.7: at most the target, and at least 85 % of it but for a segment's last part.
TEST_F(PackagerTest, parts_keep_to_their_target_at_every_frame_rate) {
  for (const std::int64_t distance :
       {1500, 1800, 3000, 3003, 3600, 6000, 7200, 7500, 9000, 18'000}) {
    sink = {};
    begin({video_track()});
    push_frames(20 * 90'000 / distance, distance, 2 * 90'000 / distance);
    packager.end_run(Reason::paused);
    ASSERT_GT(sink.parts.size(), 10u);
    for (std::size_t i = 0; i + 1 < sink.parts.size(); ++i) {
      EXPECT_LE(sink.parts[i]->duration_90k, sink.parts[i]->target_90k) << distance;
      if (!sink.parts[i + 1]->opens_segment) {
        EXPECT_GE(sink.parts[i]->duration_90k * 100, sink.parts[i]->target_90k * 85) << distance;
      }
    }
  }
}

TEST_F(PackagerTest, a_segment_begins_with_a_key_frame_unless_the_gop_is_too_long) {
  begin({video_track()});
  push_frames(600, 3600, 50);
  packager.end_run(Reason::paused);
  for (const auto& part : sink.parts) EXPECT_EQ(part->opens_segment, part->independent);

  sink = {};
  begin({video_track()});
  push_frames(1000, 3600, 500);  // a key frame each 20 s
  packager.end_run(Reason::paused);
  int dependent = 0;
  std::int64_t length = 0;
  for (const auto& part : sink.parts) {
    if (part->opens_segment) length = 0;
    length += part->duration_90k;
    EXPECT_LE(length, options.segment_max_90k);
    dependent += part->opens_segment && !part->independent;
  }
  EXPECT_GT(dependent, 3);
}

TEST_F(PackagerTest, a_part_reads_back_as_it_was_written) {
  begin({video_track(), audio_track()});
  std::int64_t audio = 0;
  for (std::int64_t i = 0; i < 1200; ++i) {
    ASSERT_TRUE(packager.push(frame(i, 3600, 50)));
    for (; audio * 1024 * 90'000 / 44'100 < (i - 3) * 3600; ++audio) {
      Packet sound;
      sound.track = 1;
      sound.dts = sound.pts = 490'000 + audio * 1024;
      sound.key = true;
      sound.bytes = Bytes(9, 0xaa);
      ASSERT_TRUE(packager.push(std::move(sound)));
    }
  }
  packager.end_run(Reason::paused);
  ASSERT_GE(sink.recordings.size(), 2u);
  const auto init = parse_init(*sink.recordings.front()->init);
  ASSERT_TRUE(init) << init.error().message;
  EXPECT_THAT(init->timescales, ::testing::ElementsAre(90'000, 44'100));
  EXPECT_TRUE(init->video);

  std::int64_t sound_samples_end = 0;
  for (const auto& part : sink.parts) {
    Bytes file(*part->file_head);
    file.insert(file.end(), part->payload->begin(), part->payload->end());
    const auto head = parse_part_head(file, init->timescales, init->video);
    ASSERT_TRUE(head) << head.error().message;
    EXPECT_EQ(head->sequence, part->number + 1);
    EXPECT_EQ(head->start, part->start);
    EXPECT_EQ(head->start_90k, part->start_90k);
    EXPECT_EQ(head->duration_90k, part->duration_90k);
    EXPECT_EQ(head->independent, part->independent);
    EXPECT_EQ(head->picture_bytes, part->picture_bytes);
    shift_decode_times(file, head->decode_times, part->recording->run_offset_90k);
    EXPECT_TRUE(std::equal(part->wire_head->begin(), part->wire_head->end(), file.begin()));
    mute_part(file, *head);
    EXPECT_TRUE(std::equal(part->muted_head->begin(), part->muted_head->end(), file.begin()));
    EXPECT_EQ(
        std::count(file.begin() + static_cast<std::ptrdiff_t>(head->head_bytes), file.end(), 0xaa),
        std::count(part->payload->begin(),
                   part->payload->begin() + static_cast<std::ptrdiff_t>(part->picture_bytes),
                   0xaa));
    if (head->audio_traf != 0) ++sound_samples_end;
  }
  EXPECT_GT(sound_samples_end, 100);
}

TEST_F(PackagerTest, a_muted_init_has_one_track_and_the_same_size) {
  const auto init = make_init({video_track(), audio_track()});
  ASSERT_TRUE(init);
  const auto muted = mute_init(*init);
  ASSERT_TRUE(muted);
  EXPECT_EQ(muted->size(), init->size());
  const auto summary = parse_init(*muted);
  ASSERT_TRUE(summary);
  EXPECT_EQ(summary->timescales.size(), 1u);
  EXPECT_EQ(parse_init(*init)->timescales.size(), 2u);
}

TEST_F(PackagerTest, a_damaged_init_is_told_and_not_muted) {
  auto init = make_init({video_track(), audio_track()});
  ASSERT_TRUE(init);
  for (std::size_t at = 0; at + 4 < init->size(); at += 3) {
    Bytes damaged(*init);
    damaged[at] = damaged[at + 1] = 0xff;
    if (const auto muted = mute_init(damaged)) {
      EXPECT_EQ(muted->size(), damaged.size());
    } else {
      EXPECT_EQ(muted.error().kind, ErrorKind::data_loss);
    }
  }
}

TEST_F(PackagerTest, what_comes_before_the_first_key_frame_is_dropped) {
  begin({video_track()});
  for (std::int64_t i = 20; i < 120; ++i) ASSERT_TRUE(packager.push(frame(i, 3600, 50)));
  packager.end_run(Reason::paused);
  ASSERT_FALSE(sink.parts.empty());
  EXPECT_TRUE(sink.parts.front()->independent);
  // dts 0 is at 1.7e12 ms; the first key frame is number 50, at 1 000 000 + 50 * 3600 ticks.
  EXPECT_EQ(sink.parts.front()->start,
            UtcTime::from_ms(1'700'000'000'000) + ticks_to_duration(1'180'000));
}

TEST_F(PackagerTest, decode_times_that_do_not_increase_are_refused) {
  begin({video_track()});
  ASSERT_TRUE(packager.push(frame(0, 3600, 50)));
  EXPECT_EQ(packager.push(frame(0, 3600, 50)).error().kind, ErrorKind::invalid);
}

}  // namespace
}  // namespace oriel::media
