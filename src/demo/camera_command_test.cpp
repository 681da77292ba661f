// The cameras against a real receiver: libavformat's RTSP client.
#include "demo/camera_command.h"

#include <gtest/gtest.h>

#include "demo/clock_cells.h"
#include "demo/encoder.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

namespace oriel::demo {
namespace {

struct Received {
  int pictures = 0;
  int sounds = 0;
  int width = 0;
  bool first_is_key = false;
  double delay_s = 1e9;  // of the newest picture, by its own clock
  int error = 0;
};

void read_delay(AVCodecContext* decoder, const AVPacket* packet, Received& received) {
  avcodec_send_packet(decoder, packet);
  AVFrame* frame = av_frame_alloc();
  while (avcodec_receive_frame(decoder, frame) == 0) {
    const auto stride = static_cast<std::size_t>(frame->linesize[0]);
    const auto shown =
        read_clock({frame->data[0], stride * static_cast<std::size_t>(frame->height)}, frame->width,
                   frame->height, stride);
    if (shown) received.delay_s = (SystemClock().now() - *shown).seconds();
    received.width = frame->width;
  }
  av_frame_free(&frame);
}

Received receive(const std::string& url, const char* transport, int pictures) {
  Received received;
  AVFormatContext* input = nullptr;
  AVDictionary* options = nullptr;
  av_dict_set(&options, "rtsp_transport", transport, 0);
  av_dict_set(&options, "timeout", "20000000", 0);
  av_dict_set(&options, "analyzeduration", "300000", 0);
  av_dict_set(&options, "probesize", "200000", 0);
  received.error = avformat_open_input(&input, url.c_str(), nullptr, &options);
  av_dict_free(&options);
  if (received.error < 0) return received;
  AVCodecContext* decoder = avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_H264));
  avcodec_parameters_to_context(decoder, input->streams[0]->codecpar);
  decoder->thread_count = 1;
  avcodec_open2(decoder, nullptr, nullptr);
  AVPacket* packet = av_packet_alloc();
  while (received.pictures < pictures && av_read_frame(input, packet) >= 0) {
    if (packet->stream_index == 0) {
      if (received.pictures++ == 0) received.first_is_key = (packet->flags & AV_PKT_FLAG_KEY) != 0;
      read_delay(decoder, packet, received);
    } else {
      ++received.sounds;
    }
    av_packet_unref(packet);
  }
  av_packet_free(&packet);
  avcodec_free_context(&decoder);
  avformat_close_input(&input);
  return received;
}

std::unique_ptr<PlateauCameras> start(CameraOptions options) {
  static const SystemClock clock;
  options.port = 0;
  return PlateauCameras::start(options, clock).value();
}

TEST(Camera, is_received_over_tcp_and_udp_with_sound_and_a_readable_clock) {
  const auto cameras = start({.areas = {"qinghai-lake"}});
  const std::string url = "rtsp://127.0.0.1:" + std::to_string(cameras->port()) + "/qinghai-lake";
  const Received tcp = receive(url, "tcp", 30);
  EXPECT_EQ(tcp.pictures, 30);
  EXPECT_TRUE(tcp.first_is_key);
  EXPECT_GT(tcp.sounds, 20);
  EXPECT_EQ(tcp.width, 1280);
  EXPECT_LT(tcp.delay_s, 10) << "the clock was read from decoded pictures";
  const Received udp = receive(url + "/sub", "udp", 20);
  EXPECT_EQ(udp.pictures, 20);
  EXPECT_EQ(udp.width, 320);
  EXPECT_LT(udp.delay_s, 10);
}

TEST(Camera, asks_for_the_password) {
  for (const RtspAuth auth : {RtspAuth::basic, RtspAuth::digest}) {
    CameraOptions options{.areas = {"qaidam"}};
    options.credentials = {auth, "ranger", Secret("yak")};
    const auto cameras = start(options);
    const std::string host = "127.0.0.1:" + std::to_string(cameras->port()) + "/qaidam/sub";
    EXPECT_EQ(receive("rtsp://ranger:yak@" + host, "tcp", 2).pictures, 2);
    EXPECT_EQ(receive("rtsp://ranger:wrong@" + host, "tcp", 2).error, AVERROR_HTTP_UNAUTHORIZED);
    EXPECT_EQ(receive("rtsp://" + host, "tcp", 2).error, AVERROR_HTTP_UNAUTHORIZED);
  }
}

TEST(Camera, says_what_is_wrong_with_its_options) {
  const SystemClock clock;
  const auto kind = [&](CameraOptions options) {
    options.port = 0;
    const auto made = PlateauCameras::start(options, clock);
    return made ? ErrorKind::internal : made.error().kind;
  };
  EXPECT_EQ(kind({.areas = {"atlantis"}}), ErrorKind::invalid);
  EXPECT_EQ(kind({.areas = {"muli", "muli"}}), ErrorKind::invalid);
  EXPECT_EQ(kind({.address = "localhost", .areas = {"muli"}}), ErrorKind::invalid);
  EXPECT_EQ(kind({.areas = {"muli"}, .inputs = {"/nonexistent.mp4"}}), ErrorKind::not_found);
  EXPECT_EQ(kind({.areas = {"muli"}, .truth_file = "/nonexistent/t"}), ErrorKind::not_found);
  const auto first = start({.areas = {"muli"}});
  CameraOptions taken{.port = first->port(), .areas = {"muli"}};
  EXPECT_FALSE(PlateauCameras::start(taken, clock));
}

TEST(Camera, an_unknown_area_is_not_found) {
  const auto cameras = start({.areas = {"muli"}});
  const std::string url = "rtsp://127.0.0.1:" + std::to_string(cameras->port()) + "/qaidam";
  EXPECT_EQ(receive(url, "tcp", 1).error, AVERROR_HTTP_NOT_FOUND);
}

}  // namespace
}  // namespace oriel::demo
