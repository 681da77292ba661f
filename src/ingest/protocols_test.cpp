// Sources that are not RTSP, with ffmpeg as the other end. What is tried here is listed in
// docs/reference/protocols.md.
#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "ingest/feed_driver.h"
#include "ingest/make_source.h"
#include "ingest/testing.h"
#include "ingest/transcoder.h"

namespace oriel::ingest {
namespace {

using testing::decode;
using testing::FileSink;
using testing::Peer;

// A port that nobody has at this moment.
int free_port(int type) {
  const int fd = socket(AF_INET, type | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof(address);
  bind(fd, reinterpret_cast<sockaddr*>(&address), size);
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size);
  close(fd);
  return ntohs(address.sin_port);
}

struct ProtocolCase {
  const char* name;
  const char* scheme;  // rtmp, srt, http
  std::vector<std::string> video;
  std::vector<std::string> audio;
  const char* formats;
};

const std::vector<std::string> kH264 = {"-c:v",     "libx264",     "-preset", "ultrafast",
                                        "-tune",    "zerolatency", "-g",      "25",
                                        "-pix_fmt", "yuv420p"};
const std::vector<std::string> kH264WithB = {"-c:v", "libx264", "-preset", "veryfast", "-bf",
                                             "2",    "-g",      "25",      "-pix_fmt", "yuv420p"};
const std::vector<std::string> kH265 = {
    "-c:v",         "libx265",
    "-preset",      "ultrafast",
    "-tune",        "zerolatency",
    "-x265-params", "keyint=25:log-level=none:pools=none:frame-threads=1",
    "-pix_fmt",     "yuv420p"};
const std::vector<std::string> kMpeg4 = {"-c:v", "mpeg4", "-g", "25"};
const std::vector<std::string> kMpeg2 = {"-c:v", "mpeg2video", "-g", "12"};
const std::vector<std::string> kAac = {"-c:a", "aac"};
const std::vector<std::string> kMp2 = {"-c:a", "mp2"};
const std::vector<std::string> kMp3 = {"-c:a", "libmp3lame"};
const std::vector<std::string> kAc3 = {"-c:a", "ac3"};
const std::vector<std::string> kOpus = {"-c:a", "libopus", "-ar", "48000"};
const std::vector<std::string> kNone = {"-an"};

class OtherProtocol : public ::testing::TestWithParam<ProtocolCase> {};

TEST_P(OtherProtocol, is_recorded_and_decodes_clean) {
  const ProtocolCase& c = GetParam();
  const std::string scheme = c.scheme;
  const int port = free_port(scheme == "srt" ? SOCK_DGRAM : SOCK_STREAM);
  const std::string address = "127.0.0.1:" + std::to_string(port);
  std::vector<std::string> command = {"ffmpeg",
                                      "-nostdin",
                                      "-v",
                                      "quiet",
                                      "-re",
                                      "-f",
                                      "lavfi",
                                      "-i",
                                      "testsrc2=size=320x240:rate=25",
                                      "-f",
                                      "lavfi",
                                      "-i",
                                      "sine=frequency=440:sample_rate=44100"};
  command.insert(command.end(), c.video.begin(), c.video.end());
  command.insert(command.end(), c.audio.begin(), c.audio.end());
  std::string url;
  if (scheme == "rtmp") {
    url = "rtmp://" + address + "/live/stream";
    command.insert(command.end(), {"-f", "flv", "-listen", "1", url});
  } else if (scheme == "srt") {
    url = "srt://" + address;
    command.insert(command.end(), {"-f", "mpegts", url + "?mode=listener"});
  } else {
    url = "http://" + address + "/stream.ts";
    command.insert(command.end(), {"-f", "mpegts", "-listen", "1", url});
  }
  Peer publisher(command);
  SystemClock clock;
  const SourceUrl source = *SourceUrl::parse(url);
  media::testing::CountingIds ids;
  FileSink sink;
  FeedDriverOptions options;
  options.packager.feed = FeedId("other");
  options.source = source.redacted();
  options.make_source = [&] { return make_source(source, clock); };
  options.make_reencoder = [](const StreamParameters& parameters) {
    return std::make_unique<Transcoder>(TranscoderOptions{}, parameters);
  };
  FeedDriver driver(std::move(options), clock, ids, sink, nullptr);
  driver.start();
  ASSERT_TRUE(sink.wait_for_parts(6)) << driver.status().detail;
  driver.request_stop();
  driver.join();
  const auto decoded = decode(sink.files()[0].bytes);
  EXPECT_EQ(decoded.formats, c.formats);
  EXPECT_EQ(decoded.errors, 0);
  EXPECT_GE(decoded.pictures, 35);
  if (c.audio != kNone) {
    EXPECT_NEAR(
        static_cast<double>(decoded.samples) / sink.files()[0].recording->tracks->back().timescale,
        decoded.seconds, 0.6);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Ffmpeg, OtherProtocol,
    ::testing::Values(ProtocolCase{"rtmp_h264_aac", "rtmp", kH264, kAac, "h264+aac"},
                      ProtocolCase{"rtmp_h264_b_frames", "rtmp", kH264WithB, kNone, "h264"},
                      ProtocolCase{"rtmp_h264_mp3", "rtmp", kH264, kMp3, "h264+aac"},
                      ProtocolCase{"srt_h264_aac", "srt", kH264, kAac, "h264+aac"},
                      ProtocolCase{"srt_h265_mp2", "srt", kH265, kMp2, "hevc+aac"},
                      ProtocolCase{"ts_h264_aac", "http", kH264WithB, kAac, "h264+aac"},
                      ProtocolCase{"ts_h265_aac", "http", kH265, kAac, "hevc+aac"},
                      ProtocolCase{"ts_h264_ac3", "http", kH264, kAc3, "h264+aac"},
                      ProtocolCase{"ts_h264_opus", "http", kH264, kOpus, "h264+opus"},
                      ProtocolCase{"ts_mpeg4_mp2", "http", kMpeg4, kMp2, "h264+aac"},
                      ProtocolCase{"ts_mpeg2_mp2", "http", kMpeg2, kMp2, "h264+aac"}),
    [](const auto& parameter) { return std::string(parameter.param.name); });

// A folder that ffmpeg fills and Python's web server gives out.
struct HlsCase {
  const char* name;
  std::vector<std::string> codecs;
  bool fmp4;
  const char* formats;
};
class Hls : public ::testing::TestWithParam<HlsCase> {};

TEST_P(Hls, is_recorded_and_decodes_clean) {
  const HlsCase& c = GetParam();
  const auto folder = std::filesystem::temp_directory_path() /
                      ("oriel-hls-" + std::to_string(getpid()) + "-" + c.name);
  std::filesystem::create_directories(folder);
  std::vector<std::string> command = {"ffmpeg",
                                      "-nostdin",
                                      "-v",
                                      "quiet",
                                      "-re",
                                      "-f",
                                      "lavfi",
                                      "-i",
                                      "testsrc2=size=320x240:rate=25",
                                      "-f",
                                      "lavfi",
                                      "-i",
                                      "sine=frequency=440"};
  command.insert(command.end(), c.codecs.begin(), c.codecs.end());
  command.insert(command.end(), {"-c:a", "aac", "-f", "hls", "-hls_time", "1", "-hls_list_size",
                                 "6", "-hls_flags", "delete_segments"});
  if (c.fmp4)
    command.insert(command.end(), {"-hls_segment_type", "fmp4", "-tag:v",
                                   std::string(c.formats).starts_with("hevc") ? "hvc1" : "avc1"});
  command.push_back((folder / "index.m3u8").string());
  Peer publisher(command);
  const int port = free_port(SOCK_STREAM);
  Peer server({"/usr/bin/python3", "-m", "http.server", "--bind", "127.0.0.1", "--directory",
               folder.string(), std::to_string(port)});
  SystemClock clock;
  const SourceUrl source =
      *SourceUrl::parse("http://127.0.0.1:" + std::to_string(port) + "/index.m3u8");
  media::testing::CountingIds ids;
  FileSink sink;
  FeedDriverOptions options;
  options.packager.feed = FeedId("hls");
  options.source = source.redacted();
  options.make_source = [&] { return make_source(source, clock); };
  FeedDriver driver(std::move(options), clock, ids, sink, nullptr);
  driver.start();
  ASSERT_TRUE(sink.wait_for_parts(10)) << driver.status().detail;
  driver.request_stop();
  driver.join();
  const auto files = sink.files();
  const auto decoded = decode(files[0].bytes);
  EXPECT_EQ(files.size(), 1U);
  EXPECT_EQ(decoded.formats, c.formats);
  EXPECT_EQ(decoded.errors, 0);
  std::filesystem::remove_all(folder);
}

TEST(HlsOfFile, av1_in_fmp4_is_recorded_as_it_is) {
  ORIEL_NEEDS_SAMPLE("formats/av1.mp4");
  const auto folder =
      std::filesystem::temp_directory_path() / ("oriel-hls-" + std::to_string(getpid()) + "-av1");
  std::filesystem::create_directories(folder);
  Peer publisher({"ffmpeg",
                  "-nostdin",
                  "-v",
                  "quiet",
                  "-re",
                  "-stream_loop",
                  "-1",
                  "-i",
                  testing::sample("formats/av1.mp4"),
                  "-c",
                  "copy",
                  "-f",
                  "hls",
                  "-hls_time",
                  "1",
                  "-hls_list_size",
                  "6",
                  "-hls_segment_type",
                  "fmp4",
                  (folder / "index.m3u8").string()});
  const int port = free_port(SOCK_STREAM);
  Peer server({"/usr/bin/python3", "-m", "http.server", "--bind", "127.0.0.1", "--directory",
               folder.string(), std::to_string(port)});
  SystemClock clock;
  const SourceUrl source =
      *SourceUrl::parse("http://127.0.0.1:" + std::to_string(port) + "/index.m3u8");
  media::testing::CountingIds ids;
  FileSink sink;
  FeedDriverOptions options;
  options.packager.feed = FeedId("hls");
  options.make_source = [&] { return make_source(source, clock); };
  FeedDriver driver(std::move(options), clock, ids, sink, nullptr);
  driver.start();
  ASSERT_TRUE(sink.wait_for_parts(6)) << driver.status().detail;
  driver.request_stop();
  driver.join();
  EXPECT_EQ(decode(sink.files()[0].bytes).formats, "av1+aac");
  std::filesystem::remove_all(folder);
}

INSTANTIATE_TEST_SUITE_P(Ffmpeg, Hls,
                         ::testing::Values(HlsCase{"ts_h264", kH264, false, "h264+aac"},
                                           HlsCase{"fmp4_h265", kH265, true, "hevc+aac"}),
                         [](const auto& parameter) { return std::string(parameter.param.name); });

TEST(HttpMjpeg, becomes_h264_in_a_worker) {
  const int port = free_port(SOCK_STREAM);
  const std::string url = "http://127.0.0.1:" + std::to_string(port) + "/video.mjpg";
  Peer publisher({"ffmpeg", "-nostdin", "-v", "quiet", "-re", "-f", "lavfi", "-i",
                  "testsrc2=size=320x240:rate=15", "-c:v", "mjpeg", "-f", "mpjpeg", "-listen", "1",
                  "-content_type", "multipart/x-mixed-replace;boundary=ffmpeg", url});
  SystemClock clock;
  const SourceUrl source = *SourceUrl::parse(url);
  media::testing::CountingIds ids;
  FileSink sink;
  FeedDriverOptions options;
  options.packager.feed = FeedId("mjpeg");
  options.source = source.redacted();
  options.make_source = [&] { return make_source(source, clock); };
  options.make_reencoder = [](const StreamParameters& parameters) {
    return std::make_unique<Transcoder>(TranscoderOptions{}, parameters);
  };
  FeedDriver driver(std::move(options), clock, ids, sink, nullptr);
  driver.start();
  ASSERT_TRUE(sink.wait_for_parts(10)) << driver.status().detail;
  driver.request_stop();
  driver.join();
  const auto decoded = decode(sink.files()[0].bytes);
  EXPECT_EQ(decoded.formats, "h264");
  EXPECT_EQ(decoded.errors, 0);
  // The stream has no times and declares 25 pictures a second; it gives 15.
  EXPECT_NEAR(decoded.pictures / decoded.seconds, 15.0, 3.0);
}

}  // namespace
}  // namespace oriel::ingest
