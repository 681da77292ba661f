#include "ingest/snapshot_worker.h"

#include <algorithm>

#include "ingest/h264_encoder.h"
#include "ingest/libav_log.h"
#include "ingest/picture_decoding.h"

namespace oriel::ingest {
namespace {

constexpr int kWidthMax = 3840;

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
  ORIEL_TRY_ASSIGN(const AvPtr<AVFrame> picture,
                   decode_picture(request.init, request.segment, request.offset_90k));
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
