#include "ingest/snapshot_worker.h"

#include <algorithm>
#include <cstring>

#include "ingest/av_parameters.h"
#include "ingest/h264_encoder.h"
#include "ingest/libav_log.h"

namespace oriel::ingest {
namespace {

constexpr int kReadBufferBytes = 32'768;
constexpr int kWidthMax = 3840;

struct TwoPieces {
  ByteView left;
  ByteView then;
  static int read(void* opaque, std::uint8_t* to, int size) {
    auto& self = *static_cast<TwoPieces*>(opaque);
    if (self.left.empty()) std::swap(self.left, self.then);
    if (self.left.empty()) return AVERROR_EOF;
    const std::size_t count = std::min(static_cast<std::size_t>(size), self.left.size());
    std::memcpy(to, self.left.data(), count);
    self.left = self.left.subspan(count);
    return static_cast<int>(count);
  }
};

// The last picture shown at or before the wanted time; the first one when all are later.
Result<AvPtr<AVFrame>> find_picture(AVFormatContext* format, AVCodecContext* decoder, int stream,
                                    std::int64_t offset_90k) {
  AvPtr<AVFrame> best;
  AvPtr<AVFrame> frame(av_frame_alloc());
  AvPtr<AVPacket> packet(av_packet_alloc());
  std::optional<std::int64_t> first_dts;
  bool sending = true;
  while (sending) {
    av_packet_unref(packet.get());
    if (av_read_frame(format, packet.get()) < 0) {
      sending = false;
      avcodec_send_packet(decoder, nullptr);
    } else {
      if (packet->stream_index != stream) continue;
      if (!first_dts) first_dts = packet->dts;
      avcodec_send_packet(decoder, packet.get());
    }
    while (avcodec_receive_frame(decoder, frame.get()) >= 0) {
      const bool later =
          first_dts && frame->pts != AV_NOPTS_VALUE && frame->pts - *first_dts > offset_90k;
      if (later && best) return best;
      best.reset(av_frame_clone(frame.get()));
      if (later) return best;
    }
  }
  if (!best) return fail(ErrorKind::data_loss, "no picture there can be decoded");
  return best;
}

Result<Bytes> encode_jpeg(const AVFrame& picture, int width_max) {
  const int bound = width_max > 0 ? std::min(width_max, kWidthMax) : kWidthMax;
  const PictureSize size = fitted(picture.width, picture.height, bound, 1 << 14);
  const AvPtr<SwsContext> scaler(sws_getContext(
      picture.width, picture.height, static_cast<AVPixelFormat>(picture.format), size.width,
      size.height, AV_PIX_FMT_YUVJ420P, SWS_BICUBIC, nullptr, nullptr, nullptr));
  const AVCodec* codec = avcodec_find_encoder(AV_CODEC_ID_MJPEG);
  AvPtr<AVCodecContext> encoder(codec != nullptr ? avcodec_alloc_context3(codec) : nullptr);
  AvPtr<AVFrame> scaled(av_frame_alloc());
  AvPtr<AVPacket> packet(av_packet_alloc());
  if (!scaler || !encoder || !scaled || !packet)
    return fail(ErrorKind::internal, "the picture cannot be scaled");
  encoder->width = scaled->width = size.width;
  encoder->height = scaled->height = size.height;
  encoder->pix_fmt = AV_PIX_FMT_YUVJ420P;
  encoder->color_range = AVCOL_RANGE_JPEG;
  encoder->time_base = {1, 25};
  encoder->flags |= AV_CODEC_FLAG_QSCALE;
  encoder->global_quality = FF_QP2LAMBDA * 3;
  scaled->format = AV_PIX_FMT_YUVJ420P;
  scaled->quality = encoder->global_quality;
  if (av_frame_get_buffer(scaled.get(), 0) < 0 || avcodec_open2(encoder.get(), codec, nullptr) < 0)
    return fail(ErrorKind::internal, "the JPEG encoder does not begin");
  sws_scale(scaler.get(), picture.data, picture.linesize, 0, picture.height, scaled->data,
            scaled->linesize);
  scaled->pts = 0;
  if (avcodec_send_frame(encoder.get(), scaled.get()) < 0 ||
      avcodec_receive_packet(encoder.get(), packet.get()) < 0)
    return fail(ErrorKind::internal, "the JPEG encoder gives nothing");
  return Bytes(packet->data, packet->data + packet->size);
}

Result<Bytes> make_jpeg(const PictureRequest& request) {
  TwoPieces pieces{request.init, request.segment};
  AvPtr<AVIOContext> io(avio_alloc_context(
      static_cast<unsigned char*>(av_malloc(static_cast<std::size_t>(kReadBufferBytes))),
      kReadBufferBytes, 0, &pieces, &TwoPieces::read, nullptr, nullptr));
  AVFormatContext* raw = avformat_alloc_context();
  if (!io || raw == nullptr) return fail(ErrorKind::exhausted, "no memory for a reader");
  raw->pb = io.get();
  raw->flags |= AVFMT_FLAG_CUSTOM_IO;
  if (const int code = avformat_open_input(&raw, "", av_find_input_format("mp4"), nullptr);
      code < 0)
    return fail(ErrorKind::data_loss, "the segment cannot be read: " + av_error_text(code));
  const AvPtr<AVFormatContext> format(raw);
  const int stream = av_find_best_stream(raw, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (stream < 0) return fail(ErrorKind::not_found, "there is no picture, only sound");
  AVStream& about = *raw->streams[stream];
  ORIEL_TRY_ASSIGN(auto decoder, open_decoder(from_av(*about.codecpar), about.time_base));
  const std::int64_t offset =
      av_rescale_q(request.offset_90k, AVRational{1, 90'000}, about.time_base);
  ORIEL_TRY_ASSIGN(const AvPtr<AVFrame> picture, find_picture(raw, decoder.get(), stream, offset));
  return encode_jpeg(*picture, request.width);
}

}  // namespace

Message make_message(const PictureRequest& request) {
  WireWriter out;
  out.i64(request.offset_90k);
  out.i32(request.width);
  out.bytes(request.init);
  out.bytes(request.segment);
  return {MessageType::picture, out.take()};
}

Result<PictureRequest> parse_picture_request(ByteView payload) {
  WireReader in(payload);
  PictureRequest request;
  request.offset_90k = in.i64();
  request.width = in.i32();
  request.init = in.bytes();
  request.segment = in.bytes();
  if (!in.ok()) return fail(ErrorKind::data_loss, "a message is cut short");
  return request;
}

int run_snapshot_worker(int in_fd, int out_fd) {
  capture_libav_log();
  for (;;) {
    auto message = read_message(in_fd);
    if (!message) return message.error().kind == ErrorKind::unavailable ? 0 : 1;
    auto request = parse_picture_request(message->payload);
    if (!request) return 1;
    auto jpeg = make_jpeg(*request);
    const auto written = jpeg ? write_message(out_fd, {MessageType::jpeg, std::move(*jpeg)})
                              : write_message(out_fd, make_failure(jpeg.error().message));
    if (!written) return 0;
  }
}

}  // namespace oriel::ingest
