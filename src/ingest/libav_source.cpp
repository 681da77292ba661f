#include "ingest/libav_source.h"

#include <cerrno>
#include <cstring>

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/host_lookup.h"
#include "ingest/av_parameters.h"
#include "ingest/libav_log.h"

namespace oriel::ingest {
namespace {

using media::Reason;

// A packet is a frame: 16 MiB is an intra frame of 8K.
constexpr int kPacketBytesMax = 16 << 20;
constexpr std::chrono::milliseconds kReachableWait{1000};

// What libav's blocking calls ask again and again (every 100 ms in its network code).
struct Interrupt {
  std::stop_token stop;
  SteadyTime deadline;
  bool expired = false;

  static int check(void* opaque) {
    auto& self = *static_cast<Interrupt*>(opaque);
    if (self.stop.stop_requested()) return 1;
    if (std::chrono::steady_clock::now() < self.deadline) return 0;
    self.expired = true;
    return 1;
  }
};

struct SchemeRules {
  // What libavformat may open while it reads this source, nested playlists and redirects included.
  const char* protocols;
  // What the bytes may be taken for; nothing else is probed.
  const char* formats;
};

SchemeRules rules_of(SourceScheme scheme) {
  switch (scheme) {
    case SourceScheme::rtsp:
      return {"rtp,udp,tcp", "rtsp,sdp,mpegts"};
    case SourceScheme::rtsps:
      return {"rtp,udp,tcp,tls", "rtsp,sdp,mpegts"};
    case SourceScheme::rtmp:
      return {"rtmp,tcp", "flv,live_flv"};
    case SourceScheme::rtmps:
      return {"rtmps,tls,tcp", "flv,live_flv"};
    case SourceScheme::srt:
      return {"srt", "mpegts"};
    case SourceScheme::http:
    case SourceScheme::https:
      return {"http,https,tcp,tls,crypto",
              "hls,mpegts,mpjpeg,flv,mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,aac,mp3,ogg,wav"};
    case SourceScheme::file:
      return {"file",
              "mov,mp4,m4a,3gp,3g2,mj2,matroska,webm,mpegts,flv,avi,asf,mpeg,h264,hevc,mjpeg,"
              "aac,mp3,ogg,wav,flac,ac3"};
  }
  return {"", ""};
}

bool is_rtsp(SourceScheme scheme) {
  return scheme == SourceScheme::rtsp || scheme == SourceScheme::rtsps;
}

// True when something accepts TCP connections there: tells a camera that hangs from one that is
// gone. Only asked after a failure.
bool accepts_tcp(const std::string& host, std::uint16_t port) {
  addrinfo hints{};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  std::string name = host;
  if (name.size() > 2 && name.front() == '[') name = name.substr(1, name.size() - 2);
  if (getaddrinfo(name.c_str(), std::to_string(port).c_str(), &hints, &found) != 0) return false;
  bool accepted = false;
  const int fd = socket(found->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
  if (fd >= 0) {
    if (connect(fd, found->ai_addr, found->ai_addrlen) == 0) {
      accepted = true;
    } else if (errno == EINPROGRESS) {
      pollfd wait{fd, POLLOUT, 0};
      int error = 0;
      socklen_t size = sizeof(error);
      accepted = poll(&wait, 1, static_cast<int>(kReachableWait.count())) == 1 &&
                 getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &size) == 0 && error == 0;
    }
    ::close(fd);
  }
  freeaddrinfo(found);
  return accepted;
}

struct Failure {
  ErrorKind kind;
  Reason reason;
  const char* words;
};

// libav's codes, mapped once. RTSP and HTTP statuses come as AVERROR_HTTP_*.
Failure failure_of(int code) {
  switch (code) {
    case AVERROR_HTTP_UNAUTHORIZED:
    case AVERROR_HTTP_FORBIDDEN:
    case AVERROR(EACCES):
    case AVERROR(EPERM):
      return {ErrorKind::denied, Reason::refused, "the name or password is not accepted"};
    case AVERROR_HTTP_NOT_FOUND:
    case AVERROR_STREAM_NOT_FOUND:
    case AVERROR(ENOENT):
      return {ErrorKind::not_found, Reason::refused, "there is no such stream"};
    case AVERROR_HTTP_BAD_REQUEST:
    case AVERROR_HTTP_OTHER_4XX:
      return {ErrorKind::not_found, Reason::refused, "the request is refused"};
    case AVERROR_HTTP_SERVER_ERROR:
      return {ErrorKind::unavailable, Reason::refused, "it answers with a server error"};
    case AVERROR_INVALIDDATA:
    case AVERROR_DEMUXER_NOT_FOUND:
      return {ErrorKind::invalid, Reason::not_a_stream,
              "what it sends is no video or sound we know"};
    case AVERROR_PROTOCOL_NOT_FOUND:
    case AVERROR(EINVAL):
      return {ErrorKind::invalid, Reason::not_a_stream,
              "it is no stream, or leads to a place that is not allowed"};
    case AVERROR_PATCHWELCOME:
    case AVERROR_DECODER_NOT_FOUND:
      return {ErrorKind::unsupported, Reason::not_a_stream, "this kind of stream is not supported"};
    case AVERROR(ECONNREFUSED):
      return {ErrorKind::unavailable, Reason::link_down, "the connection is refused"};
    case AVERROR(EHOSTUNREACH):
    case AVERROR(ENETUNREACH):
    case AVERROR(ENETDOWN):
      return {ErrorKind::unavailable, Reason::link_down, "it cannot be reached"};
    case AVERROR(ETIMEDOUT):
      return {ErrorKind::unavailable, Reason::link_down, "it does not answer"};
    case AVERROR_EOF:
    case AVERROR(ECONNRESET):
    case AVERROR(EPIPE):
      return {ErrorKind::unavailable, Reason::link_down, "the connection was closed"};
    default:
      return {ErrorKind::unavailable, Reason::link_down, nullptr};
  }
}

// What RTSP's SDP tells is enough to begin without libavformat's analysis.
bool known_from_sdp(const AVCodecParameters& parameters) {
  switch (parameters.codec_id) {
    case AV_CODEC_ID_H264:
    case AV_CODEC_ID_HEVC:
    case AV_CODEC_ID_MJPEG:
    case AV_CODEC_ID_MPEG4:
      return true;
    case AV_CODEC_ID_AAC:
      return parameters.extradata_size >= 2;
    case AV_CODEC_ID_OPUS:
    case AV_CODEC_ID_PCM_ALAW:
    case AV_CODEC_ID_PCM_MULAW:
    case AV_CODEC_ID_PCM_S16BE:
    case AV_CODEC_ID_ADPCM_G722:
      return parameters.sample_rate > 0 && parameters.ch_layout.nb_channels > 0;
    default:
      return parameters.codec_type == AVMEDIA_TYPE_DATA;
  }
}

std::optional<std::int64_t> if_set(std::int64_t value) {
  if (value == AV_NOPTS_VALUE) return std::nullopt;
  return value;
}

}  // namespace

struct LibavSource::Connection {
  Interrupt interrupt;
  AvPtr<AVFormatContext> format;
  AvPtr<AVPacket> packet{av_packet_alloc()};
  RtpCounts rtp;
  std::vector<int> track_of_stream;  // by stream index; -1: not wanted
  // RTP gives a picture in pieces with one timestamp (and RTSP is read without libavformat's
  // parsers, which cost time and lose the first timestamp): the picture being put together.
  bool pieces = false;
  std::vector<bool> in_pieces;  // by track
  SourcePacket picture;
  bool picture_open = false;
};

LibavSource::LibavSource(SourceUrl url, const Clock& clock) : url_(std::move(url)), clock_(clock) {
  capture_libav_log();
}
LibavSource::~LibavSource() { close(); }

Error LibavSource::failed(int code, Step step) {
  const Interrupt& interrupt = connection_->interrupt;
  const std::string what = step == Step::connect ? "connect"
                           : step == Step::look  ? "look at the stream"
                                                 : "read";
  if (interrupt.stop.stop_requested()) {
    failure_reason_ = Reason::server_stopped;
    return Error{ErrorKind::cancelled, what + ": stopped"};
  }
  if (interrupt.expired) {
    const bool reachable = step == Step::read || url_.scheme() == SourceScheme::file ||
                           (url_.port() != 0 && url_.scheme() != SourceScheme::srt &&
                            accepts_tcp(url_.host(), url_.port()));
    failure_reason_ = reachable ? Reason::silent : Reason::link_down;
    return Error{ErrorKind::deadline, what + (reachable ? ": connected, but nothing arrives in time"
                                                        : ": it does not answer in time")};
  }
  const Failure failure = failure_of(code);
  failure_reason_ = failure.reason;
  return Error{
      failure.kind,
      what + ": " + (failure.words != nullptr ? std::string(failure.words) : av_error_text(code))};
}

Result<void> LibavSource::open_input() {
  AvOptions options;
  const SchemeRules rules = rules_of(url_.scheme());
  options.set("protocol_whitelist", rules.protocols);
  options.set("format_whitelist", rules.formats);
  std::string address = url_.url().reveal();
  switch (url_.scheme()) {
    case SourceScheme::rtsp:
    case SourceScheme::rtsps:
      options.set("rtsp_transport", url_.rtsp_transport() == RtspTransport::udp ? "udp" : "tcp");
      options.set("allowed_media_types", "video+audio");
      if (url_.rtsp_transport() == RtspTransport::udp) {
        // A second of 2 Mbit/s in 1 400-byte packets is 180; reordering spans far less.
        options.set("reorder_queue_size", "128");
        options.set("max_delay", "300000");
        options.set("buffer_size", "1048576");
      }
      break;
    case SourceScheme::rtmp:
    case SourceScheme::rtmps:
      options.set("rtmp_live", "live");
      options.set("rtmp_buffer", "500");
      break;
    case SourceScheme::http:
    case SourceScheme::https:
      options.set("multiple_requests", "0");
      break;
    case SourceScheme::srt:
      break;
    case SourceScheme::file:
      address = "file:" + url_.file_path().reveal();
      break;
  }
  const bool file = url_.scheme() == SourceScheme::file;
  options.set("probesize", file ? "5000000" : "500000");
  options.set("analyzeduration", file ? "5000000" : "1500000");

  AVFormatContext* raw = avformat_alloc_context();
  if (raw == nullptr) return fail(ErrorKind::exhausted, "no memory to connect");
  raw->interrupt_callback = {&Interrupt::check, &connection_->interrupt};
  // Corrupt packets are wanted: what is lost is counted, and decoders conceal it.
  const int code = avformat_open_input(&raw, address.c_str(), nullptr, options.get());
  if (code < 0) return fail(failed(code, Step::connect));  // raw is freed by libavformat
  connection_->format.reset(raw);
  return {};
}

Result<std::vector<SourceTrack>> LibavSource::open(SteadyTime deadline, std::stop_token stop) {
  close();
  connection_ = std::make_unique<Connection>();
  connection_->interrupt.stop = std::move(stop);
  connection_->interrupt.deadline = deadline;
  const LibavLogScope scope(url_.scrubber(), connection_->rtp);
  // libav looks the name up again and cannot be stopped there: only when it has just been found.
  failure_reason_ = Reason::link_down;
  ORIEL_TRY(look_up_host(url_.host(), deadline, connection_->interrupt.stop));
  ORIEL_TRY(open_input());
  AVFormatContext& format = *connection_->format;
  bool analyse = !is_rtsp(url_.scheme());
  for (unsigned i = 0; i < format.nb_streams; ++i)
    analyse = analyse || !known_from_sdp(*format.streams[i]->codecpar);
  if (analyse) {
    if (const int code = avformat_find_stream_info(&format, nullptr); code < 0)
      return fail(failed(code, Step::look));
    if (connection_->interrupt.expired || connection_->interrupt.stop.stop_requested())
      return fail(failed(AVERROR_EXIT, Step::look));
  }
  if (!analyse) format.flags |= AVFMT_FLAG_NOPARSE | AVFMT_FLAG_NOFILLIN;
  connection_->pieces = !analyse;
  return choose_tracks();
}

Result<std::vector<SourceTrack>> LibavSource::choose_tracks() {
  AVFormatContext& format = *connection_->format;
  const int video = av_find_best_stream(&format, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  const int audio = av_find_best_stream(&format, AVMEDIA_TYPE_AUDIO, -1, video, nullptr, 0);
  connection_->track_of_stream.assign(format.nb_streams, -1);
  std::vector<SourceTrack> tracks;
  for (const int index : {video, audio}) {
    if (index < 0) continue;
    const AVStream& stream = *format.streams[index];
    if (stream.codecpar->codec_id == AV_CODEC_ID_NONE ||
        (index == video && (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) != 0))
      continue;
    SourceTrack track;
    track.kind = index == video ? media::TrackKind::video : media::TrackKind::audio;
    track.parameters = from_av(*stream.codecpar);
    track.timebase_num = stream.time_base.num;
    track.timebase_den = stream.time_base.den;
    if (stream.avg_frame_rate.num > 0) track.declared_fps = av_q2d(stream.avg_frame_rate);
    track.dts_unknown = is_rtsp(url_.scheme()) && index == video;
    connection_->in_pieces.push_back(connection_->pieces && index == video &&
                                     stream.codecpar->codec_id != AV_CODEC_ID_MJPEG);
    track.reorder_depth = stream.codecpar->video_delay;
    connection_->track_of_stream[static_cast<std::size_t>(index)] = static_cast<int>(tracks.size());
    tracks.push_back(std::move(track));
  }
  for (unsigned i = 0; i < format.nb_streams; ++i)
    if (connection_->track_of_stream[i] < 0) format.streams[i]->discard = AVDISCARD_ALL;
  if (tracks.empty()) {
    failure_reason_ = Reason::not_a_stream;
    return fail(ErrorKind::invalid, "it has neither video nor sound that we know");
  }
  failure_reason_ = Reason::none;
  return tracks;
}

Result<std::optional<SourcePacket>> LibavSource::next(SteadyTime deadline) {
  if (!connection_ || !connection_->format)
    return fail(ErrorKind::conflict, "read: the source is not open");
  connection_->interrupt.deadline = deadline;
  const LibavLogScope scope(url_.scrubber(), connection_->rtp);
  AVPacket& packet = *connection_->packet;
  for (;;) {
    av_packet_unref(&packet);
    const int code = av_read_frame(connection_->format.get(), &packet);
    statistics_.packets_lost = connection_->rtp.lost;
    statistics_.packets_late = connection_->rtp.late;
    const Interrupt& interrupt = connection_->interrupt;
    if (code == AVERROR_EOF && !interrupt.expired && !interrupt.stop.stop_requested()) {
      failure_reason_ = Reason::link_down;
      return std::optional<SourcePacket>{};
    }
    if (code == AVERROR(EAGAIN)) {
      if (Interrupt::check(&connection_->interrupt) == 0) continue;
      return fail(failed(AVERROR_EXIT, Step::read));
    }
    if (code < 0) return fail(failed(code, Step::read));
    // Woken or cut off within a picture, MPEG-TS gives the piece it has as if it were whole.
    if (Interrupt::check(&connection_->interrupt) != 0)
      return fail(failed(AVERROR_EXIT, Step::read));
    if (ended_within_picture()) continue;
    const auto stream = static_cast<std::size_t>(packet.stream_index);
    if (stream >= connection_->track_of_stream.size()) continue;
    const int track = connection_->track_of_stream[stream];
    if (track < 0 || packet.size <= 0 || packet.size > kPacketBytesMax) continue;
    statistics_.bytes += static_cast<std::uint64_t>(packet.size);
    auto whole = take(static_cast<std::uint32_t>(track));
    if (!whole) continue;
    ++statistics_.packets;
    return whole;
  }
}

bool LibavSource::ended_within_picture() const {
  const AVFormatContext& format = *connection_->format;
  return url_.scheme() != SourceScheme::file && format.pb != nullptr &&
         (format.pb->eof_reached != 0 || format.pb->error < 0) &&
         std::string_view(format.iformat->name) == "mpegts";
}

std::optional<SourcePacket> LibavSource::take(std::uint32_t track) {
  const AVPacket& packet = *connection_->packet;
  if (connection_->in_pieces[track]) {
    SourcePacket& open = connection_->picture;
    const auto pts = if_set(packet.pts);
    const bool same = connection_->picture_open && (!pts || pts == open.pts);
    if (same) {
      if (open.bytes.size() + static_cast<std::size_t>(packet.size) > kPacketBytesMax) {
        open.damaged = true;
        return std::nullopt;
      }
      open.bytes.insert(open.bytes.end(), packet.data, packet.data + packet.size);
      open.arrived = clock_.now();
      open.key = open.key || (packet.flags & AV_PKT_FLAG_KEY) != 0;
      open.damaged = open.damaged || (packet.flags & AV_PKT_FLAG_CORRUPT) != 0;
      return std::nullopt;
    }
    std::optional<SourcePacket> whole;
    if (connection_->picture_open) whole = std::move(open);
    open = make_packet(track);
    connection_->picture_open = true;
    return whole;
  }
  return make_packet(track);
}

SourcePacket LibavSource::make_packet(std::uint32_t track) const {
  const AVPacket& packet = *connection_->packet;
  SourcePacket made;
  made.track = track;
  made.dts = if_set(packet.dts);
  made.pts = if_set(packet.pts);
  made.duration = packet.duration;
  made.key = (packet.flags & AV_PKT_FLAG_KEY) != 0;
  made.damaged = (packet.flags & AV_PKT_FLAG_CORRUPT) != 0;
  made.bytes.assign(packet.data, packet.data + packet.size);
  made.arrived = clock_.now();
  std::size_t size = 0;
  const std::uint8_t* side = av_packet_get_side_data(&packet, AV_PKT_DATA_PRFT, &size);
  if (side != nullptr && size >= sizeof(AVProducerReferenceTime)) {
    AVProducerReferenceTime reference{};
    std::memcpy(&reference, side, sizeof(reference));
    made.captured = {UtcTime{reference.wallclock}, media::ClockSource::rtcp_sender_report};
  }
  side = av_packet_get_side_data(&packet, AV_PKT_DATA_NEW_EXTRADATA, &size);
  if (side != nullptr && size > 0 && size < (1U << 20))
    made.new_extradata.assign(side, side + size);
  return made;
}

Result<void> LibavSource::rewind() {
  if (!connection_ || !connection_->format || url_.scheme() != SourceScheme::file)
    return fail(ErrorKind::unsupported, "only a file can be played again");
  AVFormatContext& format = *connection_->format;
  const LibavLogScope scope(url_.scrubber(), connection_->rtp);
  const std::int64_t start = format.start_time != AV_NOPTS_VALUE ? format.start_time : 0;
  if (av_seek_frame(&format, -1, start, AVSEEK_FLAG_BACKWARD) < 0 &&
      av_seek_frame(&format, -1, 0, AVSEEK_FLAG_BYTE) < 0)
    return fail(ErrorKind::unsupported, "the file cannot be played again from its start");
  return {};
}

media::Reason LibavSource::failure_reason() const { return failure_reason_; }

SourceStatistics LibavSource::statistics() const { return statistics_; }

SourceTraits LibavSource::traits() const {
  SourceTraits made;
  const std::string_view format =
      connection_ && connection_->format ? connection_->format->iformat->name : "";
  switch (url_.scheme()) {
    case SourceScheme::http:
    case SourceScheme::https:
      made.bursty = format == "hls";
      made.no_times = format == "mpjpeg";
      // An HLS player begins three segments behind; they come within a second or two.
      made.start_hold_us = made.bursty ? 1'500'000 : 400'000;
      break;
    case SourceScheme::rtmp:
    case SourceScheme::rtmps:
      made.start_hold_us = 400'000;
      break;
    case SourceScheme::srt:
      made.start_hold_us = 200'000;
      break;
    default:
      break;
  }
  return made;
}

void LibavSource::close() {
  if (!connection_) return;
  const LibavLogScope scope(url_.scrubber(), connection_->rtp);
  // A farewell (RTSP TEARDOWN, RTMP deleteStream) must not wait for a peer that is gone.
  connection_->interrupt.stop = {};
  connection_->interrupt.deadline =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(500);
  connection_->format.reset();
}

}  // namespace oriel::ingest
