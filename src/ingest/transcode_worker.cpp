#include "ingest/transcode_worker.h"

#include <algorithm>
#include <cstring>

#include "ingest/audio_format.h"
#include "ingest/av_parameters.h"
#include "ingest/h264_encoder.h"
#include "ingest/libav_log.h"

namespace oriel::ingest {
namespace {

constexpr int kFailuresMax = 250;
constexpr int kReadBufferBytes = 32'768;

// Decodes one video stream into the encoder. Pictures that cannot be decoded are skipped.
class VideoDecoding {
 public:
  VideoDecoding(AvPtr<AVCodecContext> decoder, H264Encoder& encoder)
      : decoder_(std::move(decoder)), encoder_(encoder) {}

  // pts in 90 kHz. Errors: data_loss after kFailuresMax failures in a row; the encoder's.
  Result<void> decode(AVPacket* packet) {
    int code = avcodec_send_packet(decoder_.get(), packet);
    while (code >= 0) {
      code = avcodec_receive_frame(decoder_.get(), frame_.get());
      if (code < 0) break;
      failures_ = 0;
      const std::int64_t pts =
          frame_->pts != AV_NOPTS_VALUE ? frame_->pts : frame_->best_effort_timestamp;
      if (pts == AV_NOPTS_VALUE) continue;
      ORIEL_TRY(encoder_.encode(*frame_, pts));
    }
    if (code == AVERROR(EAGAIN) || code == AVERROR_EOF || code >= 0) return {};
    if (++failures_ < kFailuresMax) return {};
    return fail(ErrorKind::data_loss, "the pictures cannot be decoded: " + av_error_text(code));
  }

 private:
  AvPtr<AVCodecContext> decoder_;
  AvPtr<AVFrame> frame_{av_frame_alloc()};
  H264Encoder& encoder_;
  int failures_ = 0;
};

Result<void> transcode_packets(const TranscodeRequest& request, int in_fd, H264Encoder& encoder) {
  ORIEL_TRY_ASSIGN(auto decoder, open_decoder(request.parameters, {1, 90'000}));
  decoder->flags |= AV_CODEC_FLAG_LOW_DELAY;
  VideoDecoding decoding(std::move(decoder), encoder);
  AvPtr<AVPacket> packet(av_packet_alloc());
  for (;;) {
    ORIEL_TRY_ASSIGN(const Message message, read_message(in_fd));
    ORIEL_TRY_ASSIGN(const media::Packet in, parse_packet(message.payload));
    if (av_new_packet(packet.get(), static_cast<int>(in.bytes.size())) < 0)
      return fail(ErrorKind::exhausted, "no memory for a packet");
    std::copy(in.bytes.begin(), in.bytes.end(), packet->data);
    packet->dts = in.dts;
    packet->pts = in.pts;
    packet->flags = in.key ? AV_PKT_FLAG_KEY : 0;
    const auto decoded = decoding.decode(packet.get());
    av_packet_unref(packet.get());
    ORIEL_TRY(decoded);
  }
}

// Feeds libavformat's MP4 reader with parts as they come.
struct CmafInput {
  int fd = -1;
  Bytes bytes;
  std::size_t at = 0;

  static int read(void* opaque, std::uint8_t* to, int size) {
    auto& self = *static_cast<CmafInput*>(opaque);
    while (self.at == self.bytes.size()) {
      auto message = read_message(self.fd);
      if (!message || message->type != MessageType::cmaf) return AVERROR_EOF;
      self.bytes = std::move(message->payload);
      self.at = 0;
    }
    const std::size_t count = std::min(static_cast<std::size_t>(size), self.bytes.size() - self.at);
    std::memcpy(to, self.bytes.data() + self.at, count);
    self.at += count;
    return static_cast<int>(count);
  }
};

Result<void> transcode_cmaf(int in_fd, const H264Encoder::Give& give, H264Encoder& encoder) {
  CmafInput input{.fd = in_fd, .bytes = {}, .at = 0};
  AvPtr<AVIOContext> io(avio_alloc_context(
      static_cast<unsigned char*>(av_malloc(static_cast<std::size_t>(kReadBufferBytes))),
      kReadBufferBytes, 0, &input, &CmafInput::read, nullptr, nullptr));
  AVFormatContext* raw = avformat_alloc_context();
  if (!io || raw == nullptr) return fail(ErrorKind::exhausted, "no memory for a reader");
  raw->pb = io.get();
  raw->flags |= AVFMT_FLAG_CUSTOM_IO;
  if (const int code = avformat_open_input(&raw, "", av_find_input_format("mp4"), nullptr);
      code < 0)
    return fail(ErrorKind::data_loss, "the init segment cannot be read: " + av_error_text(code));
  const AvPtr<AVFormatContext> format(raw);
  std::optional<VideoDecoding> video;
  int video_stream = -1;
  int audio_stream = -1;
  for (unsigned i = 0; i < raw->nb_streams; ++i) {
    const AVCodecParameters& parameters = *raw->streams[i]->codecpar;
    if (parameters.codec_type == AVMEDIA_TYPE_VIDEO && !video) {
      ORIEL_TRY_ASSIGN(auto decoder, open_decoder(from_av(parameters), {1, 90'000}));
      video.emplace(std::move(decoder), encoder);
      video_stream = static_cast<int>(i);
    } else if (parameters.codec_type == AVMEDIA_TYPE_AUDIO && audio_stream < 0) {
      ORIEL_TRY_ASSIGN(const auto track, make_audio_track(from_av(parameters), {}));
      if (!track) continue;
      audio_stream = static_cast<int>(i);
      ORIEL_TRY(give(make_message(1, *track)));
    }
  }
  if (!video) return fail(ErrorKind::unsupported, "there is no picture to re-encode");
  AvPtr<AVPacket> packet(av_packet_alloc());
  for (;;) {
    av_packet_unref(packet.get());
    const int code = av_read_frame(raw, packet.get());
    if (code < 0) return fail(ErrorKind::unavailable, "the parts have ended");
    if (packet->stream_index == video_stream) {
      ORIEL_TRY(video->decode(packet.get()));
    } else if (packet->stream_index == audio_stream) {
      media::Packet made;
      made.track = 1;
      made.dts = made.pts = packet->dts;
      made.duration = packet->duration;
      made.key = true;
      made.bytes.assign(packet->data, packet->data + packet->size);
      ORIEL_TRY(give(make_message(made)));
    }
  }
}

}  // namespace

int run_transcode_worker(int in_fd, int out_fd) {
  capture_libav_log();
  const H264Encoder::Give give = [out_fd](const Message& message) {
    return write_message(out_fd, message);
  };
  const auto worked = [&]() -> Result<void> {
    ORIEL_TRY_ASSIGN(const Message opening, read_message(in_fd));
    if (opening.type != MessageType::open)
      return fail(ErrorKind::data_loss, "the first message says not what is wanted");
    ORIEL_TRY_ASSIGN(const TranscodeRequest request, parse_transcode_request(opening.payload));
    H264Encoder encoder(request, give);
    return request.cmaf ? transcode_cmaf(in_fd, give, encoder)
                        : transcode_packets(request, in_fd, encoder);
  }();
  if (worked || worked.error().kind == ErrorKind::unavailable) return 0;
  if (!write_message(out_fd, make_failure(worked.error().message))) return 2;
  return 1;
}

}  // namespace oriel::ingest
