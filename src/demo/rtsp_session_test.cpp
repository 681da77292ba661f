#include "demo/rtsp_session.h"

#include <gtest/gtest.h>

namespace oriel::demo {
namespace {

class TwoTracks final : public Stream {
 public:
  Result<StreamFormat> format() override {
    StreamFormat format;
    format.sps = {0x67, 0x64, 0x00, 0x1f, 0xac};
    format.pps = {0x68, 0xee, 0x3c};
    format.audio_configuration = Bytes{0x11, 0x88};
    format.title = "Lake";
    return format;
  }
  void subscribe(std::shared_ptr<Inbox> inbox) override { fanout.add(std::move(inbox)); }
  void unsubscribe(const std::shared_ptr<Inbox>& inbox) override { fanout.remove(inbox); }
  Fanout fanout;
};

struct Datagram {
  int port;
  bool rtcp;
  Bytes bytes;
};

class RtspSessionTest : public testing::Test {
 protected:
  RtspSessionTest() {
    streams_.emplace("lake", stream_);
    open();
  }
  void open() {
    session_ = std::make_unique<RtspSession>(
        SessionSurroundings{streams_, credentials_, clock_,
                            [this](int port, bool rtcp, ByteView b) {
                              datagrams_.push_back({port, rtcp, Bytes(b.begin(), b.end())});
                            },
                            [] {}, 6000},
        1);
  }
  // Sends one request and gives the answer, taken from the output.
  std::string ask(const std::string& method, const std::string& url,
                  const std::string& headers = "") {
    alive_ = session_->receive(
        as_bytes(method + " " + url + " RTSP/1.0\r\nCSeq: 9\r\n" + headers + "\r\n"));
    std::string text(as_text(session_->output()));
    session_->output().clear();
    return text;
  }
  std::string session_header(const std::string& answer) {
    const auto at = answer.find("Session: ") + 9;
    return "Session: " + answer.substr(at, answer.find(';', at) - at) + "\r\n";
  }
  static MediaUnit picture(bool key, std::size_t bytes = 10) {
    Bytes data{0, 0, 1, static_cast<std::uint8_t>(key ? 0x65 : 0x41)};
    data.resize(data.size() + bytes, 1);
    return {false, key, UtcTime::from_ms(1'795'000'000'000), std::make_shared<const Bytes>(data)};
  }

  ManualClock clock_{UtcTime::from_ms(1'795'000'000'000)};
  std::shared_ptr<TwoTracks> stream_ = std::make_shared<TwoTracks>();
  StreamMap streams_;
  RtspCredentials credentials_;
  std::vector<Datagram> datagrams_;
  std::unique_ptr<RtspSession> session_;
  bool alive_ = true;
};

TEST_F(RtspSessionTest, describes_both_tracks) {
  const auto answer = ask("DESCRIBE", "rtsp://h/lake");
  EXPECT_TRUE(answer.starts_with("RTSP/1.0 200 OK\r\nCSeq: 9\r\n"));
  EXPECT_NE(answer.find("profile-level-id=64001F;sprop-parameter-sets=Z2QAH6w=,aO48"),
            std::string::npos);
  EXPECT_NE(answer.find("config=1188"), std::string::npos);
  EXPECT_TRUE(ask("DESCRIBE", "rtsp://h/../etc").starts_with("RTSP/1.0 404"));
}

TEST_F(RtspSessionTest, plays_interleaved_from_a_key_frame_with_parameter_sets_and_a_report_first) {
  const auto setup =
      ask("SETUP", "rtsp://h/lake/track1", "Transport: RTP/AVP/TCP;unicast;interleaved=2-3\r\n");
  ASSERT_TRUE(setup.starts_with("RTSP/1.0 200"));
  EXPECT_TRUE(ask("PLAY", "rtsp://h/lake", session_header(setup)).starts_with("RTSP/1.0 200"));
  stream_->fanout.deliver(picture(false));
  session_->pump();
  EXPECT_TRUE(session_->output().empty()) << "nothing before the first key frame";
  stream_->fanout.deliver(picture(true));
  session_->pump();
  const Bytes& out = session_->output();
  std::vector<std::pair<int, int>> channel_and_type;
  for (std::size_t at = 0; at < out.size();) {
    ASSERT_EQ(out[at], '$');
    channel_and_type.emplace_back(out[at + 1],
                                  out[at + 1] == 3 ? out[at + 5] : out[at + 4 + 12] & 31);
    at += 4u + static_cast<std::size_t>(out[at + 2] << 8 | out[at + 3]);
  }
  const std::vector<std::pair<int, int>> expected{{3, 200}, {2, 7}, {2, 8}, {2, 5}};
  EXPECT_EQ(channel_and_type, expected);
}

TEST_F(RtspSessionTest, plays_over_udp_to_the_ports_asked_for) {
  const auto setup =
      ask("SETUP", "rtsp://h/lake/track1", "Transport: RTP/AVP;unicast;client_port=5000-5001\r\n");
  EXPECT_NE(setup.find("server_port=6000-6001"), std::string::npos);
  ask("PLAY", "rtsp://h/lake", session_header(setup));
  stream_->fanout.deliver(picture(true));
  session_->pump();
  ASSERT_EQ(datagrams_.size(), 4u);
  EXPECT_EQ(datagrams_[0].port, 5001);
  EXPECT_TRUE(datagrams_[0].rtcp);
  EXPECT_EQ(datagrams_[1].port, 5000);
}

TEST_F(RtspSessionTest, a_peer_that_never_reads_loses_pictures_up_to_a_key_frame_and_holds_little) {
  const auto setup =
      ask("SETUP", "rtsp://h/lake/track1", "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\n");
  ask("PLAY", "rtsp://h/lake", session_header(setup));
  for (int i = 0; i < 400; ++i) {
    stream_->fanout.deliver(picture(i % 24 == 0, 50'000));
    session_->pump();
  }
  EXPECT_LT(session_->output().size(), 700'000u);
  session_->output().clear();
  session_->pump();
  EXPECT_FALSE(session_->output().empty());
}

TEST_F(RtspSessionTest, order_of_requests_and_unknown_ones_are_answered_as_the_standard_says) {
  EXPECT_TRUE(ask("PLAY", "rtsp://h/lake").starts_with("RTSP/1.0 455"));
  EXPECT_TRUE(ask("RECORD", "rtsp://h/lake").starts_with("RTSP/1.0 501"));
  EXPECT_TRUE(
      ask("SETUP", "rtsp://h/lake/track1", "Transport: RTP/SAVP\r\n").starts_with("RTSP/1.0 461"));
  const auto setup = ask("SETUP", "rtsp://h/lake/track1", "Transport: RTP/AVP/TCP\r\n");
  EXPECT_TRUE(ask("PLAY", "rtsp://h/lake", "Session: stolen\r\n").starts_with("RTSP/1.0 454"));
  EXPECT_TRUE(alive_);
  ask("TEARDOWN", "rtsp://h/lake", session_header(setup));
  EXPECT_FALSE(alive_);
}

TEST_F(RtspSessionTest, without_the_password_there_is_only_a_challenge) {
  credentials_ = {RtspAuth::digest, "u", Secret("p")};
  open();
  const auto answer = ask("DESCRIBE", "rtsp://h/lake");
  EXPECT_TRUE(answer.starts_with("RTSP/1.0 401"));
  EXPECT_NE(answer.find("WWW-Authenticate: Digest realm=\"oriel camera\", nonce=\""),
            std::string::npos);
  EXPECT_TRUE(ask("SETUP", "rtsp://h/lake/track1", "Transport: RTP/AVP/TCP\r\n")
                  .starts_with("RTSP/1.0 401"));
}

TEST_F(RtspSessionTest, a_silent_peer_over_udp_is_given_up_after_a_minute_and_a_half) {
  const auto setup =
      ask("SETUP", "rtsp://h/lake/track1", "Transport: RTP/AVP;unicast;client_port=5000-5001\r\n");
  ask("PLAY", "rtsp://h/lake", session_header(setup));
  clock_.advance(Duration::from_s(89));
  EXPECT_FALSE(session_->tick(clock_.now()));
  clock_.advance(Duration::from_s(2));
  EXPECT_TRUE(session_->tick(clock_.now()));
}

TEST_F(RtspSessionTest, garbage_is_answered_once_and_closed) {
  EXPECT_FALSE(session_->receive(as_bytes("\x16\x03\x01 hello\r\n\r\n")));
  EXPECT_TRUE(as_text(session_->output()).starts_with("RTSP/1.0 400"));
}

}  // namespace
}  // namespace oriel::demo
