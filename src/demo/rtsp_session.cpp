#include "demo/rtsp_session.h"

extern "C" {
#include <libavutil/base64.h>
}

#include <fmt/format.h>

#include "demo/encoder.h"

namespace oriel::demo {
namespace {

std::string base64(ByteView bytes) {
  std::string out(AV_BASE64_SIZE(bytes.size()), '\0');
  av_base64_encode(out.data(), static_cast<int>(out.size()), bytes.data(),
                   static_cast<int>(bytes.size()));
  out.resize(out.find('\0'));
  return out;
}

std::string_view reason(int status) {
  switch (status) {
    case 200:
      return "OK";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 404:
      return "Not Found";
    case 454:
      return "Session Not Found";
    case 455:
      return "Method Not Valid in This State";
    case 459:
      return "Aggregate Operation Not Allowed";
    case 461:
      return "Unsupported Transport";
    case 501:
      return "Not Implemented";
    default:
      return "Service Unavailable";
  }
}

// "eling-lake/track1" → the stream's path and the track's number, 0 when none is named.
std::pair<std::string, int> split_track(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  const std::string last = slash == std::string::npos ? path : path.substr(slash + 1);
  const int track = last == "track1" ? 1 : last == "track2" ? 2 : 0;
  if (track == 0 || slash == std::string::npos) return {path, 0};
  return {path.substr(0, slash), track};
}

}  // namespace

std::string make_sdp(const StreamFormat& format) {
  std::string sdp = fmt::format(
      "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns={}\r\nc=IN IP4 0.0.0.0\r\nt=0 0\r\n"
      "a=control:*\r\na=range:npt=now-\r\n"
      "m=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
      "a=fmtp:96 packetization-mode=1;profile-level-id={:02X}{:02X}{:02X};"
      "sprop-parameter-sets={},{}\r\na=control:track1\r\n",
      format.title, format.sps.at(1), format.sps.at(2), format.sps.at(3), base64(format.sps),
      base64(format.pps));
  if (format.audio_configuration) {
    std::string hex;
    for (const std::uint8_t byte : *format.audio_configuration) hex += fmt::format("{:02x}", byte);
    sdp += fmt::format(
        "m=audio 0 RTP/AVP 97\r\na=rtpmap:97 mpeg4-generic/{}/{}\r\n"
        "a=fmtp:97 streamtype=5;profile-level-id=1;mode=AAC-hbr;sizelength=13;indexlength=3;"
        "indexdeltalength=3;config={}\r\na=control:track2\r\n",
        format.audio_rate, format.audio_channels, hex);
  }
  return sdp;
}

RtspSession::RtspSession(SessionSurroundings surroundings, std::uint64_t seed)
    : around_(std::move(surroundings)), random_(seed), last_heard_(around_.clock.now()) {
  nonce_ = fmt::format("{:016x}{:016x}", random_(), random_());
  session_id_ = fmt::format("{:016x}", random_());
}

RtspSession::~RtspSession() { stop_stream(); }

void RtspSession::stop_stream() {
  if (stream_ && inbox_) stream_->unsubscribe(inbox_);
  inbox_.reset();
  playing_ = false;
  for (Channel& channel : channels_) channel = Channel{};
}

bool RtspSession::receive(ByteView bytes) {
  if (input_.size() + bytes.size() > kInputBytesMax) return false;
  input_.insert(input_.end(), bytes.begin(), bytes.end());
  last_heard_ = around_.clock.now();
  while (!input_.empty()) {
    const std::size_t before = input_.size();
    if (!consume_one()) return false;
    if (input_.size() == before) break;
  }
  return true;
}

// One interleaved packet of the peer (its receiver reports are not needed) or one request.
bool RtspSession::consume_one() {
  if (input_[0] == '$') {
    if (input_.size() < 4) return true;
    const std::size_t size = 4u + static_cast<std::size_t>(input_[2] << 8 | input_[3]);
    if (input_.size() >= size)
      input_.erase(input_.begin(), input_.begin() + static_cast<long>(size));
    return true;
  }
  auto parsed = parse_rtsp_request(as_text(input_));
  if (!parsed) {
    answer(RtspRequest{}, 400);
    return false;
  }
  if (!*parsed) return true;
  const RtspRequest request = std::move((*parsed)->request);
  input_.erase(input_.begin(), input_.begin() + static_cast<long>((*parsed)->consumed_bytes));
  // Answers of a peer that never reads must not pile up.
  if (output_.size() > kOutputBytesMax * 2) return false;
  handle(request);
  return request.method != "TEARDOWN";
}

void RtspSession::answer(const RtspRequest& request, int status, std::string_view headers,
                         std::string_view body) {
  std::string cseq;
  for (const char c : request.header("cseq").substr(0, 16))
    if (c >= '0' && c <= '9') cseq += c;
  std::string text = fmt::format("RTSP/1.0 {} {}\r\nCSeq: {}\r\nServer: oriel-camera\r\n{}", status,
                                 reason(status), cseq.empty() ? "0" : cseq, headers);
  if (!body.empty()) text += fmt::format("Content-Length: {}\r\n", body.size());
  text += "\r\n";
  text += body;
  output_.insert(output_.end(), text.begin(), text.end());
}

void RtspSession::handle(const RtspRequest& request) {
  if (request.method == "OPTIONS") {
    return answer(request, 200,
                  "Public: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN\r\n");
  }
  if (!is_authorized(request, around_.credentials, nonce_)) {
    return answer(request, 401,
                  "WWW-Authenticate: " + challenge(around_.credentials, nonce_) + "\r\n");
  }
  if (request.method == "DESCRIBE") return describe(request);
  if (request.method == "SETUP") return setup(request);
  if (request.method == "PLAY") return play(request);
  if (request.method == "GET_PARAMETER" || request.method == "SET_PARAMETER")
    return answer(request, 200, "Session: " + session_id_ + ";timeout=60\r\n");
  if (request.method == "TEARDOWN") {
    stop_stream();
    return answer(request, 200);
  }
  answer(request, 501);
}

void RtspSession::describe(const RtspRequest& request) {
  const auto found = around_.streams.find(rtsp_path(request.url));
  if (found == around_.streams.end()) return answer(request, 404);
  const auto format = found->second->format();
  if (!format) return answer(request, 503);
  std::string base = request.url.substr(0, request.url.find('?'));
  if (!base.ends_with('/')) base += '/';
  answer(request, 200, fmt::format("Content-Base: {}\r\nContent-Type: application/sdp\r\n", base),
         make_sdp(*format));
}

void RtspSession::setup(const RtspRequest& request) {
  if (playing_) return answer(request, 455);
  const auto [path, track] = split_track(rtsp_path(request.url));
  const auto found = around_.streams.find(path);
  if (found == around_.streams.end()) return answer(request, 404);
  if (track == 0) return answer(request, 459);
  if (stream_ && path != path_) return answer(request, 455);
  auto transport = parse_transport(request.header("transport"));
  if (!transport) return answer(request, 461);
  auto format = found->second->format();
  if (!format) return answer(request, 503);
  if (track == 2 && !format->audio_configuration) return answer(request, 404);
  stream_ = found->second;
  path_ = path;
  format_ = std::move(*format);
  Channel& channel = channels_[track - 1];
  if (transport->interleaved < 0) transport->interleaved = 2 * (track - 1);
  channel.active = true;
  channel.transport = *transport;
  RtpStream::Start start;
  start.payload_type = track == 1 ? 96 : 97;
  start.clock_rate = track == 1 ? 90'000u : static_cast<std::uint32_t>(format_->audio_rate);
  start.ssrc = static_cast<std::uint32_t>(random_());
  start.sequence = static_cast<std::uint16_t>(random_());
  start.timestamp_offset = static_cast<std::uint32_t>(random_());
  channel.rtp.emplace(start);
  const std::string where = transport->kind == TransportKind::udp
                                ? fmt::format("RTP/AVP;unicast;client_port={}-{};server_port={}-{}",
                                              transport->client_port, transport->client_port + 1,
                                              around_.server_rtp_port, around_.server_rtp_port + 1)
                                : fmt::format("RTP/AVP/TCP;unicast;interleaved={}-{}",
                                              transport->interleaved, transport->interleaved + 1);
  answer(request, 200,
         fmt::format("Transport: {};ssrc={:08X}\r\nSession: {};timeout=60\r\n", where, start.ssrc,
                     session_id_));
}

void RtspSession::play(const RtspRequest& request) {
  if (!stream_) return answer(request, 455);
  std::string_view session = request.header("session");
  if (session.substr(0, session.find(';')) != session_id_) return answer(request, 454);
  answer(request, 200, fmt::format("Session: {};timeout=60\r\nRange: npt=now-\r\n", session_id_));
  if (playing_) return;
  playing_ = true;
  inbox_ = std::make_shared<Inbox>(around_.wake);
  stream_->subscribe(inbox_);
}

void RtspSession::pump() {
  if (!playing_ || !inbox_) return;
  while (output_.size() < kOutputBytesMax) {
    const auto unit = inbox_->take();
    if (!unit) return;
    send_unit(*unit);
  }
}

void RtspSession::send_unit(const MediaUnit& unit) {
  Channel& channel = channels_[unit.audio ? 1 : 0];
  if (!channel.active) return;
  // A report goes before the first packet, so that a receiver knows the true time from the start.
  if (!reported_) send_reports(unit.time);
  const auto emit = [&](ByteView packet) { send_packet(channel, false, packet); };
  if (unit.audio) return channel.rtp->send_aac(*unit.bytes, unit.time, emit);
  if (unit.key) {
    channel.rtp->send_nal(format_->sps, unit.time, false, emit);
    channel.rtp->send_nal(format_->pps, unit.time, false, emit);
  }
  const auto nals = split_annex_b(*unit.bytes);
  for (std::size_t i = 0; i < nals.size(); ++i)
    channel.rtp->send_nal(nals[i], unit.time, i + 1 == nals.size(), emit);
}

void RtspSession::send_packet(const Channel& channel, bool rtcp, ByteView packet) {
  if (channel.transport.kind == TransportKind::udp) {
    around_.send_datagram(channel.transport.client_port + (rtcp ? 1 : 0), rtcp, packet);
    return;
  }
  const std::uint8_t head[4] = {
      '$', static_cast<std::uint8_t>(channel.transport.interleaved + (rtcp ? 1 : 0)),
      static_cast<std::uint8_t>(packet.size() >> 8), static_cast<std::uint8_t>(packet.size())};
  output_.insert(output_.end(), head, head + 4);
  output_.insert(output_.end(), packet.begin(), packet.end());
}

void RtspSession::send_reports(UtcTime time) {
  for (const Channel& channel : channels_)
    if (channel.active)
      send_packet(channel, true, channel.rtp->sender_report(time, "oriel-camera"));
  reported_ = true;
  last_report_ = time;
}

bool RtspSession::any_udp() const {
  return (channels_[0].active && channels_[0].transport.kind == TransportKind::udp) ||
         (channels_[1].active && channels_[1].transport.kind == TransportKind::udp);
}

bool RtspSession::tick(UtcTime now) {
  if (playing_ && reported_ && now - last_report_ >= kReportEvery &&
      output_.size() < kOutputBytesMax)
    send_reports(now);
  // Over TCP a dead peer shows in the socket; over UDP only its requests show that it lives.
  return (!playing_ || any_udp()) && now - last_heard_ > kIdleMax;
}

}  // namespace oriel::demo
