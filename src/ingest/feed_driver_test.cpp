#include "ingest/feed_driver.h"

#include <set>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>

#include "ingest/make_source.h"
#include "ingest/testing.h"

namespace oriel::ingest {
namespace {

using media::Reason;
using testing::Camera;
using testing::decode;
using testing::FileSink;

class Observed : public FeedObserver {
 public:
  void feed_state_changed(const FeedId&, media::Rendition, const FeedStatus& status) override {
    const std::lock_guard lock(mutex_);
    statuses_.push_back(status);
    changed_.notify_all();
  }
  bool wait_for(FeedState wanted, std::optional<Reason> reason = {},
                std::chrono::seconds limit = std::chrono::seconds(90)) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [&] {
      for (const FeedStatus& status : statuses_)
        if (status.state == wanted && (!reason || status.reason == *reason)) return true;
      return false;
    });
  }
  void forget() {
    const std::lock_guard lock(mutex_);
    statuses_.clear();
  }
  std::string all() const {
    const std::lock_guard lock(mutex_);
    std::string text;
    for (const FeedStatus& status : statuses_)
      text += std::string(boost::describe::enum_to_string(status.state, "")) + "/" +
              boost::describe::enum_to_string(status.reason, "") + "/" + status.detail + "\n";
    return text;
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<FeedStatus> statuses_;
};

struct Rig {
  explicit Rig(const std::string& text, RtspTransport transport = RtspTransport::tcp,
               std::chrono::milliseconds open_deadline = std::chrono::milliseconds(8000)) {
    auto parsed = SourceUrl::parse(text, {.file_allowed = true, .rtsp_transport = transport});
    EXPECT_TRUE(parsed);
    url = *parsed;
    FeedDriverOptions options;
    options.packager.feed = FeedId("lake");
    options.source = url.redacted();
    options.make_source = [this] { return make_source(url, clock); };
    options.open_deadline = open_deadline;
    options.stall = std::chrono::milliseconds(2000);
    driver = std::make_unique<FeedDriver>(std::move(options), clock, ids, sink, &observed);
  }
  ~Rig() { driver.reset(); }
  bool wait_for_files(std::size_t count) {
    return sink.wait(std::chrono::seconds(30),
                     [count](const auto& files) { return files.size() >= count; });
  }

  SystemClock clock;
  SourceUrl url;
  media::testing::CountingIds ids;
  FileSink sink;
  Observed observed;
  std::unique_ptr<FeedDriver> driver;
};

// A server that does to each connection what it is told; on a port of its own.
class RawServer {
 public:
  explicit RawServer(std::string answer, bool close_after = false)
      : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    EXPECT_EQ(bind(fd_, reinterpret_cast<sockaddr*>(&address), size), 0);
    EXPECT_EQ(listen(fd_, 8), 0);
    getsockname(fd_, reinterpret_cast<sockaddr*>(&address), &size);
    port_ = ntohs(address.sin_port);
    thread_ = NamedThread(
        "raw-server", [this, answer = std::move(answer), close_after](const std::stop_token& stop) {
          while (!stop.stop_requested()) {
            const int client = accept4(fd_, nullptr, nullptr, SOCK_CLOEXEC);
            if (client < 0) return;
            accepted_ = true;
            accepted_.notify_all();
            if (!answer.empty()) {
              char request[4096];
              if (recv(client, request, sizeof(request), 0) > 0)
                (void)!send(client, answer.data(), answer.size(), MSG_NOSIGNAL);
            }
            if (close_after)
              close(client);
            else
              clients_.push_back(client);
          }
        });
  }
  ~RawServer() {
    thread_.request_stop();
    shutdown(fd_, SHUT_RDWR);
    close(fd_);
    thread_.join();
    for (const int client : clients_) close(client);
  }
  int port() const { return port_; }
  void wait_for_a_client() const { accepted_.wait(false); }

 private:
  int fd_;
  int port_ = 0;
  std::atomic<bool> accepted_ = false;
  std::vector<int> clients_;
  NamedThread thread_;
};

std::string web_page() {
  const std::string body = "<!doctype html><html><body><h1>It works!</h1></body></html>";
  return "HTTP/1.0 200 OK\r\nContent-Type: text/html\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

struct CameraCase {
  const char* name;
  std::vector<std::string> options;
  RtspTransport transport;
  const char* user;
  const char* formats;
};

class FeedFromCamera : public ::testing::TestWithParam<CameraCase> {};

TEST_P(FeedFromCamera, is_recorded_and_decodes_clean) {
  const CameraCase& c = GetParam();
  Camera camera(c.options);
  ASSERT_TRUE(camera.up());
  Rig rig(camera.url(c.user), c.transport);
  rig.driver->start();
  ASSERT_TRUE(rig.sink.wait_for_parts(6)) << rig.observed.all();
  EXPECT_EQ(rig.driver->status().state, FeedState::live);
  rig.driver->request_stop();
  rig.driver->join();
  const auto files = rig.sink.files();
  ASSERT_EQ(files.size(), 1U);
  EXPECT_EQ(files[0].ended, Reason::server_stopped);
  const auto decoded = decode(files[0].bytes);
  EXPECT_EQ(decoded.formats, c.formats);
  EXPECT_EQ(decoded.errors, 0);
  const std::string formats = c.formats;
  if (formats != "aac") {
    EXPECT_GE(decoded.pictures, 40);
  }
  if (formats.ends_with("aac") || formats.ends_with("opus")) {
    EXPECT_GT(decoded.samples, 10'000);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rtsp, FeedFromCamera,
    ::testing::Values(
        CameraCase{"h264_tcp", {}, RtspTransport::tcp, "", "h264"},
        CameraCase{"h264_udp", {"--udp"}, RtspTransport::udp, "", "h264"},
        CameraCase{"h264_sets_only_in_sdp", {"--sets", "sdp"}, RtspTransport::tcp, "", "h264"},
        CameraCase{
            "h264_b_frames", {"--bframes", "2", "--sets", "sdp"}, RtspTransport::tcp, "", "h264"},
        CameraCase{"h264_aac_basic",
                   {"--audio", "aac", "--auth", "basic"},
                   RtspTransport::tcp,
                   "user:secret",
                   "h264+aac"},
        CameraCase{"h264_opus_digest",
                   {"--audio", "opus", "--auth", "digest"},
                   RtspTransport::tcp,
                   "user:secret",
                   "h264+opus"},
        CameraCase{"h264_g711a", {"--audio", "pcma"}, RtspTransport::tcp, "", "h264+aac"},
        CameraCase{"h264_g711u", {"--audio", "pcmu"}, RtspTransport::tcp, "", "h264+aac"},
        CameraCase{"h264_g722", {"--audio", "g722"}, RtspTransport::tcp, "", "h264+aac"},
        CameraCase{"h264_l16", {"--audio", "l16"}, RtspTransport::tcp, "", "h264+aac"},
        CameraCase{"h265_tcp", {"--codec", "h265"}, RtspTransport::tcp, "", "hevc"},
        CameraCase{"h265_udp_aac",
                   {"--codec", "h265", "--audio", "aac", "--udp"},
                   RtspTransport::udp,
                   "",
                   "hevc+aac"},
        CameraCase{
            "sound_only", {"--codec", "none", "--audio", "aac"}, RtspTransport::tcp, "", "aac"}),
    [](const auto& parameter) { return std::string(parameter.param.name); });

TEST(FeedDriver, loss_over_udp_is_counted_and_the_picture_goes_on) {
  Camera camera({"--udp", "--loss", "2", "--bitrate", "2000", "--size", "640x480"});
  ASSERT_TRUE(camera.up());
  Rig rig(camera.url(), RtspTransport::udp);
  rig.driver->start();
  ASSERT_TRUE(rig.sink.wait_for_parts(24)) << rig.observed.all();
  EXPECT_GT(rig.driver->statistics().packets_lost, 0U);
  EXPECT_EQ(rig.driver->status().state, FeedState::live);
}

TEST(FeedDriver, a_camera_that_comes_back_is_recorded_again_without_a_hand) {
  auto camera = std::make_unique<Camera>(std::vector<std::string>{"--gop", "25"});
  ASSERT_TRUE(camera->up());
  const std::string port = std::to_string(camera->port());
  Rig rig(camera->url());
  rig.driver->start();
  ASSERT_TRUE(rig.sink.wait_for_parts(3)) << rig.observed.all();
  camera.reset();
  ASSERT_TRUE(rig.observed.wait_for(FeedState::failed, Reason::link_down)) << rig.observed.all();
  rig.observed.forget();
  Camera again({"--port", port});
  ASSERT_TRUE(again.up());
  EXPECT_TRUE(rig.observed.wait_for(FeedState::live)) << rig.observed.all();
  ASSERT_TRUE(rig.wait_for_files(2));
  const auto files = rig.sink.files();
  EXPECT_EQ(files[0].ended, Reason::link_down);
  EXPECT_EQ(files.back().recording->began, Reason::link_down);
}

TEST(FeedDriver, a_camera_that_falls_silent_is_stalled_and_asked_again) {
  Camera camera({});
  ASSERT_TRUE(camera.up());
  Rig rig(camera.url());
  rig.driver->start();
  ASSERT_TRUE(rig.sink.wait_for_parts(3)) << rig.observed.all();
  camera.peer().signal(SIGSTOP);
  EXPECT_TRUE(rig.observed.wait_for(FeedState::stalled, Reason::silent)) << rig.observed.all();
  camera.peer().signal(SIGCONT);
  rig.observed.forget();
  EXPECT_TRUE(rig.observed.wait_for(FeedState::live)) << rig.observed.all();
}

TEST(FeedDriver, pausing_ends_the_run_and_resuming_begins_another) {
  Camera camera({});
  ASSERT_TRUE(camera.up());
  Rig rig(camera.url());
  rig.driver->start();
  ASSERT_TRUE(rig.sink.wait_for_parts(3)) << rig.observed.all();
  rig.driver->pause("the lens is being cleaned");
  ASSERT_TRUE(rig.observed.wait_for(FeedState::paused));
  EXPECT_EQ(rig.driver->status().detail, "the lens is being cleaned");
  EXPECT_EQ(rig.sink.files().back().ended, Reason::paused);
  rig.observed.forget();
  rig.driver->resume();
  EXPECT_TRUE(rig.observed.wait_for(FeedState::live)) << rig.observed.all();
  ASSERT_TRUE(rig.wait_for_files(2));
  EXPECT_EQ(rig.sink.files().back().recording->began, Reason::paused);
}

TEST(FeedDriver, trouble_with_the_disk_begins_a_new_run_on_the_same_connection) {
  Camera camera({"--gop", "10"});
  ASSERT_TRUE(camera.up());
  Rig rig(camera.url());
  rig.driver->start();
  ASSERT_TRUE(rig.sink.wait_for_parts(3)) << rig.observed.all();
  rig.driver->request_new_run(Reason::disk_behind);
  ASSERT_TRUE(rig.sink.wait(std::chrono::seconds(20), [](const auto& files) {
    return files.size() == 2 && files[1].parts.size() > 1;
  }));
  EXPECT_EQ(rig.sink.files()[0].ended, Reason::disk_behind);
  EXPECT_EQ(rig.sink.files()[1].recording->began, Reason::disk_behind);
  EXPECT_EQ(rig.driver->statistics().connects, 1U);
}

TEST(FeedDriver, a_file_is_played_again_and_again_as_one_run) {
  ORIEL_NEEDS_SAMPLE("formats/h264-aac.mp4");
  Rig rig("file:" + testing::sample("formats/h264-aac.mp4"));
  rig.driver->start();
  ASSERT_TRUE(rig.sink.wait_for_parts(12)) << rig.observed.all();
  rig.driver->request_stop();
  rig.driver->join();
  const auto files = rig.sink.files();
  ASSERT_EQ(files.size(), 1U);
  const auto decoded = decode(files[0].bytes);
  EXPECT_EQ(decoded.errors, 0);
  EXPECT_GT(decoded.seconds, 3.0);
  EXPECT_NEAR(decoded.pictures / decoded.seconds, 30.0, 1.5);
}

// Runs until the feed has failed; gives what a person would read.
std::string failure_of(const std::string& url, Reason expected,
                       std::chrono::milliseconds open_deadline = std::chrono::milliseconds(8000)) {
  Rig rig(url, RtspTransport::tcp, open_deadline);
  rig.driver->start();
  EXPECT_TRUE(rig.observed.wait_for(FeedState::failed, expected)) << rig.observed.all();
  const std::string text = rig.observed.all() + rig.driver->statistics().source;
  EXPECT_EQ(text.find("secret"), std::string::npos) << text;
  EXPECT_EQ(text.find("stream9"), std::string::npos) << text;
  return text;
}

TEST(FeedDriver, a_wrong_password_is_refused_and_never_shown) {
  Camera camera({"--auth", "digest"});
  ASSERT_TRUE(camera.up());
  failure_of("rtsp://user:secret9@127.0.0.1:" + std::to_string(camera.port()) + "/stream",
             Reason::refused);
}

TEST(FeedDriver, a_path_that_does_not_exist_is_refused) {
  Camera camera({});
  ASSERT_TRUE(camera.up());
  failure_of("rtsp://user:secret@127.0.0.1:" + std::to_string(camera.port()) + "/stream9",
             Reason::refused);
}

TEST(FeedDriver, nobody_there_is_link_down) {
  failure_of("rtsp://user:secret@127.0.0.1:1/stream9", Reason::link_down);
  failure_of("http://user:secret@127.0.0.1:1/stream9.ts", Reason::link_down);
  failure_of("rtmp://127.0.0.1:1/live/stream9", Reason::link_down);
}

TEST(FeedDriver, a_listener_that_never_answers_is_silent_by_the_deadline) {
  RawServer server("");
  const std::string port = std::to_string(server.port());
  for (const char* scheme : {"rtsp://", "http://", "rtmp://"})
    failure_of(scheme + ("user:secret@127.0.0.1:" + port) + "/stream9", Reason::silent,
               std::chrono::milliseconds(700));
}

TEST(FeedDriver, a_web_page_is_not_a_stream) {
  RawServer server(web_page(), true);
  const std::string port = std::to_string(server.port());
  failure_of("http://user:secret@127.0.0.1:" + port + "/stream9", Reason::not_a_stream);
}

TEST(FeedDriver, an_empty_answer_is_not_a_stream) {
  RawServer server("HTTP/1.0 200 OK\r\nContent-Type: video/mp2t\r\nContent-Length: 0\r\n\r\n",
                   true);
  failure_of("http://127.0.0.1:" + std::to_string(server.port()) + "/stream9",
             Reason::not_a_stream);
}

TEST(FeedDriver, a_playlist_that_names_a_file_or_another_protocol_gets_nothing) {
  for (const char* target : {"file:///etc/passwd", "/etc/passwd", "concat:/etc/passwd|/etc/group",
                             "gopher://127.0.0.1/x", "subfile,,start,0,end,9,,:/etc/passwd"}) {
    const std::string body =
        "#EXTM3U\n#EXT-X-TARGETDURATION:4\n#EXTINF:4,\n" + std::string(target) + "\n";
    RawServer server(
        "HTTP/1.0 200 OK\r\nContent-Type: application/vnd.apple.mpegurl\r\n"
        "Content-Length: " +
            std::to_string(body.size()) + "\r\n\r\n" + body,
        true);
    Rig rig("http://127.0.0.1:" + std::to_string(server.port()) + "/stream9.m3u8",
            RtspTransport::tcp, std::chrono::milliseconds(3000));
    rig.driver->start();
    EXPECT_TRUE(rig.observed.wait_for(FeedState::failed)) << target;
    EXPECT_TRUE(rig.sink.files().empty()) << target;
  }
}

TEST(FeedDriver, a_redirect_to_a_file_is_not_followed) {
  RawServer server("HTTP/1.0 302 Found\r\nLocation: file:///etc/passwd\r\n\r\n", true);
  failure_of("http://127.0.0.1:" + std::to_string(server.port()) + "/stream9",
             Reason::not_a_stream);
}

TEST(FeedDriver, stopping_wakes_a_connection_that_hangs) {
  RawServer server("");
  Rig rig("rtsp://127.0.0.1:" + std::to_string(server.port()) + "/stream9", RtspTransport::tcp,
          std::chrono::milliseconds(600'000));
  rig.driver->start();
  server.wait_for_a_client();
  // Ends within the test's own limit only if the stop wakes libav.
  rig.driver->request_stop();
  rig.driver->join();
  SUCCEED();
}

TEST(FeedDriver, a_file_of_no_length_is_not_a_stream) {
  const auto path = std::filesystem::temp_directory_path() / "oriel-ingest-empty.mp4";
  std::ofstream(path).flush();
  failure_of("file:" + path.string(), Reason::not_a_stream);
  std::filesystem::remove(path);
}

}  // namespace
}  // namespace oriel::ingest
