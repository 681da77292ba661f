// Goal: what live viewers are told and given is what was made, in order, and nothing more. Method:
// scripted packets through the real packager into a channel.
#include "live/channel.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "media/packager.h"
#include "media/testing.h"

namespace oriel::live {
namespace {

using namespace media::testing;
using ::testing::HasSubstr;
using ::testing::Not;
using Status = PlaylistAnswer::Status;

class ChannelTest : public ::testing::Test {
 protected:
  void begin(media::Tracks tracks = {video_track()}) {
    ASSERT_TRUE(packager.begin_run(
        {.tracks = std::move(tracks), .began = media::Reason::starting, .start = clock.now()}));
  }
  void push(std::int64_t count, std::int64_t gop = 50) {
    for (std::int64_t i = 0; i < count; ++i, ++frames)
      ASSERT_TRUE(packager.push(frame(frames, 3600, gop)));
  }
  std::string text(const PlaylistQuery& query = {}, View view = {.with_audio = true}) {
    const auto answer = channel.playlist(view, {"m/"}, query);
    return answer.text ? std::string(as_text(*answer.text)) : "";
  }
  Status status(const PlaylistQuery& query) {
    return channel.playlist({.with_audio = true}, {"m/"}, query).status;
  }
  std::uint64_t first_msn() {
    const std::string playlist = text();
    const std::string_view tag = "#EXT-X-MEDIA-SEQUENCE:";
    return std::stoull(playlist.substr(playlist.find(tag) + tag.size()));
  }

  ManualClock clock{UtcTime::from_ms(1'800'000'000'000)};
  int changes = 0;
  Channel channel{{.payload = Duration::from_s(9)}, clock, [this] { ++changes; }};
  CountingIds ids;
  media::Packager packager{{.feed = FeedId("lake")}, ids, channel};
  std::int64_t frames = 0;
};

TEST_F(ChannelTest, lists_whole_segments_and_the_parts_of_the_growing_one) {
  begin();
  push(230);  // two segments of 4 s and a bit
  const std::string playlist = text();
  EXPECT_THAT(playlist, HasSubstr("#EXTINF:4.00000,\nm/1/0-13.m4s\n"));
  EXPECT_THAT(playlist, HasSubstr("m/1/13-26.m4s\n"));
  EXPECT_THAT(playlist, HasSubstr("URI=\"m/1/26-27.m4s\",INDEPENDENT=YES"));
  EXPECT_THAT(playlist, Not(HasSubstr("26-39")));
  EXPECT_THAT(playlist, HasSubstr("#EXT-X-PRELOAD-HINT:TYPE=PART,URI=\"m/1/29-30.m4s\""));
}

TEST_F(ChannelTest, a_blocking_request_is_ready_only_when_its_part_is_there) {
  begin();
  push(230);
  const std::uint64_t growing = first_msn() + 2;
  EXPECT_EQ(status({.msn = growing, .part = 2}), Status::ready);
  EXPECT_EQ(status({.msn = growing, .part = 3}), Status::wait);
  EXPECT_EQ(status({.msn = growing}), Status::wait);
  EXPECT_EQ(status({.msn = growing - 1}), Status::ready);
  EXPECT_EQ(status({.msn = growing - 1, .part = 99}), Status::ready);
  EXPECT_EQ(status({.msn = growing + 1, .part = 0}), Status::wait);
  EXPECT_EQ(status({.msn = growing + 3}), Status::too_far);
}

TEST_F(ChannelTest, a_delta_update_leaves_out_what_lies_behind_the_skip_boundary) {
  begin();
  push(1500);
  const std::string whole = text();
  const std::string delta = text({.delta = true});
  EXPECT_THAT(delta, HasSubstr("#EXT-X-SKIP:SKIPPED-SEGMENTS="));
  EXPECT_LT(delta.size(), whole.size());
}

TEST_F(ChannelTest, the_discontinuity_sequence_stays_small_enough_for_players) {
  begin();
  push(230);
  const std::string playlist = text();
  const std::string_view tag = "#EXT-X-DISCONTINUITY-SEQUENCE:";
  const auto number = std::stoull(playlist.substr(playlist.find(tag) + tag.size()));
  // The clock stands a year after the epoch of sequences.
  EXPECT_GT(number, 10'000u);
  EXPECT_LT(number, 100'000u);
}

TEST_F(ChannelTest, the_window_bounds_what_is_kept) {
  begin();
  push(25 * 300);
  const std::string playlist = text();
  std::size_t segments = 0;
  for (std::size_t at = 0; (at = playlist.find("#EXTINF", at)) != std::string::npos; ++at)
    ++segments;
  EXPECT_LE(segments, 16u);
  EXPECT_EQ(channel.find_parts({1}, 0, 1).status, Channel::Fetch::unknown);
}

TEST_F(ChannelTest, what_is_listed_but_let_go_still_has_its_span) {
  begin();
  push(25 * 30);
  const auto kept = channel.find_parts({1}, 78, 91);
  ASSERT_EQ(kept.status, Channel::Fetch::found);
  EXPECT_EQ(kept.span.begin, kept.parts.front()->start);
  EXPECT_EQ(kept.span.end, kept.parts.back()->end());
  const auto old = channel.find_parts({1}, 0, 13);
  EXPECT_EQ(old.status, Channel::Fetch::let_go);
  EXPECT_TRUE(old.parts.empty());
  EXPECT_EQ(old.span.end - old.span.begin, kept.span.end - kept.span.begin);
  EXPECT_EQ((kept.span.begin - old.span.begin).us, (kept.span.end - kept.span.begin).us * 6);
}

TEST_F(ChannelTest, a_new_run_is_a_discontinuity_and_sequence_numbers_go_on) {
  begin();
  push(230);
  const std::uint64_t before = first_msn();
  packager.end_run(media::Reason::link_down);
  begin();
  push(120);
  EXPECT_THAT(text(), HasSubstr("#EXT-X-DISCONTINUITY\n#EXT-X-MAP:URI=\"m/2/init.mp4\""));
  EXPECT_EQ(first_msn(), before);
}

TEST_F(ChannelTest, a_delayed_viewer_sees_nothing_younger) {
  begin();
  push(230);
  const UtcTime start = channel.next_part(0, {}, 1000).part->start;
  const View view{.with_audio = true, .not_after = start + Duration::from_s(5), .delayed = true};
  const std::string playlist = text({}, view);
  EXPECT_THAT(playlist, HasSubstr("m/1/0-13.m4s"));
  EXPECT_THAT(playlist, Not(HasSubstr("13-26")));
  for (Channel::Position position = 0;; ++position) {
    const auto next = channel.next_part(position, view, 1000);
    if (!next.part) break;
    EXPECT_LE(next.part->end(), view.not_after);
  }
}

TEST_F(ChannelTest, a_delay_that_is_set_while_it_runs_reaches_behind_the_window) {
  begin();
  push(230);
  channel.keep(true, Duration::from_s(120));
  push(3750);  // 150 s
  const UtcTime newest = *channel.summary().last_part_end;
  const View view{.not_after = newest - Duration::from_s(120), .delayed = true};
  EXPECT_EQ(channel.playlist(view, {"m/"}, {}).status, Status::ready);
  const auto next = channel.next_part(channel.start_position(view), view, 1000);
  ASSERT_TRUE(next.part);
  EXPECT_LE(next.part->end(), view.not_after);
}

TEST_F(ChannelTest, what_is_not_recorded_any_more_keeps_its_bytes_for_the_whole_window) {
  begin();
  channel.keep(false, {});
  push(1500);  // 60 s
  EXPECT_EQ(channel.find_parts({1}, 0, 13).status, Channel::Fetch::found);
}

TEST_F(ChannelTest, who_falls_behind_goes_on_at_the_newest_independent_part) {
  begin();
  push(230);
  const auto next = channel.next_part(0, {}, 5);
  ASSERT_TRUE(next.part);
  EXPECT_TRUE(next.skipped);
  EXPECT_TRUE(next.part->independent);
  EXPECT_EQ(next.position, 26u);
  EXPECT_EQ(channel.start_position({}), 26u);
  EXPECT_EQ(channel.position_after({1}, 26), 27u);
}

TEST_F(ChannelTest, the_next_part_is_awaited_and_a_strange_one_is_not) {
  begin();
  push(230);
  EXPECT_EQ(channel.find_parts({1}, 28, 29).status, Channel::Fetch::found);
  EXPECT_EQ(channel.find_parts({1}, 29, 30).status, Channel::Fetch::not_yet);
  EXPECT_EQ(channel.find_parts({1}, 30, 31).status, Channel::Fetch::unknown);
  EXPECT_EQ(channel.find_parts({7}, 0, 1).status, Channel::Fetch::unknown);
}

TEST_F(ChannelTest, without_the_right_to_sound_the_names_are_those_of_the_silent_bytes) {
  begin({video_track(), audio_track()});
  push(120);
  EXPECT_THAT(text({}, {.with_audio = false}), HasSubstr("m/1/0-13.v.m4s"));
  EXPECT_THAT(text({}, {.with_audio = false}), HasSubstr("m/1/init.v.mp4"));
  EXPECT_THAT(text({}, {.with_audio = true}), HasSubstr("m/1/0-13.m4s"));
}

TEST_F(ChannelTest, what_is_withheld_is_listed_as_a_gap) {
  begin();
  push(230);
  const UtcTime start = channel.next_part(0, {}, 1000).part->start;
  const View view{.with_audio = true,
                  .withheld = std::make_shared<const std::vector<UtcSpan>>(
                      std::vector{UtcSpan{start, start + Duration::from_s(1)}})};
  const std::string playlist = text({}, view);
  EXPECT_THAT(playlist, HasSubstr("#EXT-X-GAP\n#EXTINF:4.00000,\nm/1/0-13.m4s"));
  EXPECT_THAT(playlist, HasSubstr("URI=\"m/1/0-1.m4s\",INDEPENDENT=YES,GAP=YES"));
  EXPECT_THAT(playlist, Not(HasSubstr("m/1/13-14.m4s\",INDEPENDENT=YES,GAP=YES")));
  EXPECT_THAT(text(), Not(HasSubstr("GAP")));
}

TEST_F(ChannelTest, the_summary_tells_the_delivered_rate) {
  begin();
  push(500);
  EXPECT_NEAR(channel.summary().frames_per_s, 25, 0.01);
}

}  // namespace
}  // namespace oriel::live
