// Clips made by a real encoder, the ffmpeg program, shown by the camera and read back.
#include "demo/clip_camera.h"

#include <chrono>
#include <condition_variable>
#include <cstdlib>
#include <fstream>
#include <mutex>

#include <gtest/gtest.h>

#include "demo/clip_reader.h"
#include "demo/encoder.h"

namespace oriel::demo {
namespace {

// Two seconds of a test picture, 24 frames/s; `codec` are ffmpeg's options for the video.
std::string make_clip(const std::string& name, const std::string& codec) {
  const std::string path = testing::TempDir() + name;
  const std::string command =
      "ffmpeg -v error -y -f lavfi -i testsrc2=size=640x480:rate=24:duration=2 "
      "-f lavfi -i sine=duration=2 " +
      codec + " -c:a aac -shortest " + path;
  EXPECT_EQ(std::system(command.c_str()), 0) << command;
  return path;
}

TEST(ClipReader, hands_on_h264_without_b_frames_and_loops_with_rising_times) {
  const auto path =
      make_clip("plain.mp4", "-c:v libx264 -preset ultrafast -bf 0 -g 24 -pix_fmt yuv420p");
  const auto reader = ClipReader::open(path).value();
  EXPECT_TRUE(reader->format().untouched);
  EXPECT_EQ(reader->format().width, 640);
  EXPECT_TRUE(reader->format().audio_configuration);
  Duration last{-1};
  int pictures = 0;
  int sounds = 0;
  while (pictures < 100) {
    const ClipPacket packet = reader->next().value();
    if (packet.audio) {
      ++sounds;
      continue;
    }
    EXPECT_GT(packet.at, last);
    EXPECT_LT((packet.at - last).seconds(), 0.2) << "no hole at the seam of the loop";
    EXPECT_EQ(packet.key, pictures % 24 == 0);
    EXPECT_FALSE(split_annex_b(packet.bytes).empty());
    last = packet.at;
    ++pictures;
  }
  EXPECT_GT(sounds, 100);
}

TEST(ClipReader, decodes_what_cannot_be_handed_on) {
  const auto path = make_clip("b.mp4", "-c:v libx264 -bf 2 -pix_fmt yuv420p");
  const auto reader = ClipReader::open(path).value();
  EXPECT_FALSE(reader->format().untouched);
  Picture large(1280, 720);
  Picture small(320, 180);
  int shown = 0;
  for (int i = 0; i < 60; ++i) {
    const ClipPacket packet = reader->next().value();
    if (!packet.audio && reader->decode(&large, small)) ++shown;
  }
  EXPECT_GT(shown, 10);
  EXPECT_EQ(large.y_row(360)[20], 16) << "4:3 in 16:9: black at the side";
  EXPECT_NE(large.y_row(360)[640], 16);
}

TEST(ClipReader, says_what_is_not_a_video) {
  EXPECT_EQ(ClipReader::open("/nonexistent.mp4").error().kind, ErrorKind::not_found);
  const std::string path = testing::TempDir() + "text.mp4";
  std::ofstream(path) << "<html>not a video</html>";
  EXPECT_EQ(ClipReader::open(path).error().kind, ErrorKind::invalid);
  EXPECT_EQ(ClipReader::open("http://127.0.0.1:1/x").error().kind, ErrorKind::not_found)
      << "only files";
}

// Waits until `count` pictures have come, at most 30 s.
struct Collector {
  std::mutex mutex;
  std::condition_variable woken;
  int wakes = 0;
  std::shared_ptr<Inbox> inbox = std::make_shared<Inbox>([this] {
    const std::lock_guard lock(mutex);
    ++wakes;
    woken.notify_all();
  });
  std::vector<MediaUnit> collect(std::size_t count) {
    std::vector<MediaUnit> units;
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (units.size() < count && std::chrono::steady_clock::now() < end) {
      if (auto unit = inbox->take()) {
        if (!unit->audio) units.push_back(std::move(*unit));
        continue;
      }
      std::unique_lock lock(mutex);
      woken.wait_for(lock, std::chrono::milliseconds(100));
    }
    return units;
  }
};

TEST(ClipCamera, shows_both_streams_from_a_key_frame) {
  const SystemClock clock;
  for (const char* codec :
       {"-c:v libx264 -preset ultrafast -bf 0 -g 24 -pix_fmt yuv420p", "-c:v mpeg4"}) {
    const auto path = make_clip("shown.mp4", codec);
    const auto camera = start_clip_camera(path, "clip", clock).value();
    Collector main;
    Collector sub;
    camera->main()->subscribe(main.inbox);
    camera->sub()->subscribe(sub.inbox);
    const auto pictures = main.collect(12);
    ASSERT_EQ(pictures.size(), 12u) << codec;
    EXPECT_TRUE(pictures.front().key);
    EXPECT_LT(pictures.front().time, pictures.back().time);
    EXPECT_EQ(sub.collect(6).size(), 6u) << codec;
    camera->main()->unsubscribe(main.inbox);
    camera->sub()->unsubscribe(sub.inbox);
  }
}

}  // namespace
}  // namespace oriel::demo
