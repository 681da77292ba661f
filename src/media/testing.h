// Scripted packets for tests of what is made of parts. Only included by tests.
#pragma once
#include "media/packager.h"

namespace oriel::media::testing {

class CountingIds : public IdSource {
 public:
  RecordingId next_recording_id() override { return {++recordings_}; }
  RunId next_run_id() override { return {++runs_}; }

 private:
  std::int64_t recordings_ = 0;
  std::int64_t runs_ = 0;
};

// A baseline 64x64 avcC (SPS and PPS of x264).
inline const Bytes kAvcC = {0x01, 0x42, 0xc0, 0x0a, 0xff, 0xe1, 0x00, 0x17, 0x67, 0x42,
                            0xc0, 0x0a, 0xd9, 0x04, 0x26, 0xc0, 0x44, 0x00, 0x00, 0x03,
                            0x00, 0x04, 0x00, 0x00, 0x03, 0x00, 0xc8, 0x3c, 0x48, 0x99,
                            0x20, 0x01, 0x00, 0x05, 0x68, 0xcb, 0x83, 0xcb, 0x20};

inline Track video_track() {
  Track track;
  track.configuration = kAvcC;
  track.width = track.height = 64;
  track.codec_string = "avc1.42c00a";
  return track;
}

inline Track audio_track() {
  Track track;
  track.codec = Codec::aac;
  track.timescale = track.sample_rate = 44'100;
  track.channels = 1;
  track.configuration = {0x12, 0x08};
  track.codec_string = "mp4a.40.2";
  return track;
}

inline Packet frame(std::int64_t number, std::int64_t distance, std::int64_t gop) {
  Packet packet;
  packet.dts = packet.pts = 1'000'000 + number * distance;
  packet.key = number % gop == 0;
  packet.bytes =
      Bytes(static_cast<std::size_t>(20 + number % 7), static_cast<std::uint8_t>(number));
  return packet;
}

}  // namespace oriel::media::testing
