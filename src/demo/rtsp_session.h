// One RTSP connection as a state machine: bytes in, bytes out; it owns no socket.
#pragma once
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>

#include "base/bytes.h"
#include "base/time.h"
#include "demo/rtp.h"
#include "demo/rtsp_message.h"
#include "demo/stream.h"

namespace oriel::demo {

using StreamMap = std::map<std::string, std::shared_ptr<Stream>, std::less<>>;

// What a session needs from the server it lives in. All borrowed for the session's life.
struct SessionSurroundings {
  const StreamMap& streams;
  const RtspCredentials& credentials;
  const Clock& clock;
  // Sends a datagram to the peer's address at `port` from our RTP or RTCP port; may lose it.
  std::function<void(int port, bool rtcp, ByteView bytes)> send_datagram;
  std::function<void()> wake;  // see Inbox
  int server_rtp_port = 0;     // RTCP is the next one
};

// Not thread-safe: lives on the server's thread.
class RtspSession {
 public:
  RtspSession(SessionSurroundings surroundings, std::uint64_t seed);
  ~RtspSession();
  RtspSession(const RtspSession&) = delete;
  RtspSession& operator=(const RtspSession&) = delete;

  // Takes bytes of the connection; answers go to output(). False: close after the output is sent.
  bool receive(ByteView bytes);
  // Moves what waits in the inbox to the output or to datagrams, until the output holds
  // kOutputBytesMax; then a slow peer's inbox fills and drops to the next key frame.
  void pump();
  // Sender reports; true when the peer has been silent too long and should be closed.
  bool tick(UtcTime now);
  // Bytes for the connection; the server removes from its front what it has sent.
  Bytes& output() { return output_; }
  bool playing() const { return playing_; }

 private:
  struct Channel {
    bool active = false;
    RtspTransport transport;
    std::optional<RtpStream> rtp;
  };
  static constexpr std::size_t kOutputBytesMax = 512 * 1024;
  static constexpr std::size_t kInputBytesMax = 128 * 1024;
  static constexpr Duration kIdleMax = Duration::from_s(90);
  static constexpr Duration kReportEvery = Duration::from_s(5);

  bool consume_one();
  void handle(const RtspRequest& request);
  void describe(const RtspRequest& request);
  void setup(const RtspRequest& request);
  void play(const RtspRequest& request);
  void stop_stream();
  void answer(const RtspRequest& request, int status, std::string_view headers = {},
              std::string_view body = {});
  void send_unit(const MediaUnit& unit);
  void send_packet(const Channel& channel, bool rtcp, ByteView packet);
  void send_reports(UtcTime time);
  bool any_udp() const;

  SessionSurroundings around_;
  std::mt19937_64 random_;
  std::string nonce_;
  std::string session_id_;
  Bytes input_;
  Bytes output_;
  std::string path_;
  std::shared_ptr<Stream> stream_;
  std::optional<StreamFormat> format_;
  std::shared_ptr<Inbox> inbox_;
  Channel channels_[2];  // video, audio
  bool playing_ = false;
  bool reported_ = false;
  UtcTime last_heard_;
  UtcTime last_report_;
};

// The session description of a stream (RFC 4566, 6184 section 8.2.1, 3640 section 4.1).
std::string make_sdp(const StreamFormat& format);

}  // namespace oriel::demo
