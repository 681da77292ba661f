#include "ingest/h264_encoder.h"

#include <algorithm>

#include "ingest/nal.h"

namespace oriel::ingest {

PictureSize fitted(int width, int height, int width_max, int height_max) {
  if (width <= 0 || height <= 0) return {};
  const double by = std::min(
      {1.0, static_cast<double>(width_max) / width, static_cast<double>(height_max) / height});
  const auto even = [](double side) { return std::max(2, static_cast<int>(side / 2 + 0.5) * 2); };
  return {std::min(even(width * by), std::max(2, width_max / 2 * 2)),
          std::min(even(height * by), std::max(2, height_max / 2 * 2))};
}

H264Encoder::H264Encoder(const TranscodeRequest& request, Give give)
    : request_(request), give_(std::move(give)) {}

Result<void> H264Encoder::open(const AVFrame& picture) {
  const PictureSize size =
      fitted(picture.width, picture.height, request_.width_max, request_.height_max);
  if (size.width == 0) return fail(ErrorKind::internal, "a picture without a size");
  scaler_.reset(sws_getContext(picture.width, picture.height,
                               static_cast<AVPixelFormat>(picture.format), size.width, size.height,
                               AV_PIX_FMT_YUV420P, SWS_FAST_BILINEAR, nullptr, nullptr, nullptr));
  if (!scaler_) return fail(ErrorKind::unsupported, "this kind of picture cannot be scaled");
  from_width_ = picture.width;
  from_height_ = picture.height;
  from_format_ = picture.format;
  if (encoder_ && encoder_->width == size.width && encoder_->height == size.height) return {};

  const AVCodec* codec = avcodec_find_encoder_by_name("libx264");
  encoder_.reset(codec != nullptr ? avcodec_alloc_context3(codec) : nullptr);
  if (!encoder_) return fail(ErrorKind::unsupported, "there is no H.264 encoder");
  encoder_->width = size.width;
  encoder_->height = size.height;
  encoder_->pix_fmt = AV_PIX_FMT_YUV420P;
  encoder_->sample_aspect_ratio = picture.sample_aspect_ratio;
  encoder_->time_base = {1, 90'000};
  encoder_->framerate = {25, 1};
  encoder_->gop_size = 600;  // key frames are asked for by time
  encoder_->max_b_frames = 0;
  encoder_->thread_count = std::clamp(request_.threads, 1, 8);
  encoder_->rc_max_rate = request_.bitrate_max_bps;
  encoder_->rc_buffer_size = request_.bitrate_max_bps;
  encoder_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  AvOptions options;
  options.set("preset", "superfast");
  options.set("tune", "zerolatency");
  options.set("profile", "high");
  options.set("crf", "25");
  options.set("forced-idr", "1");
  if (const int code = avcodec_open2(encoder_.get(), codec, options.get()); code < 0)
    return fail(ErrorKind::internal, "H.264 encoder: " + av_error_text(code));
  last_key_pts_ = INT64_MIN;
  av_frame_unref(scaled_.get());
  scaled_->format = AV_PIX_FMT_YUV420P;
  scaled_->width = size.width;
  scaled_->height = size.height;
  if (av_frame_get_buffer(scaled_.get(), 0) < 0)
    return fail(ErrorKind::exhausted, "no memory for a picture");

  const auto size_bytes = static_cast<std::size_t>(std::max(encoder_->extradata_size, 0));
  ORIEL_TRY_ASSIGN(const OutOfBand known,
                   parse_nal_extradata(media::Codec::h264, {encoder_->extradata, size_bytes}));
  ORIEL_TRY_ASSIGN(const media::Track track, make_nal_track(media::Codec::h264, known.sets));
  return give_(make_message(0, track));
}

Result<void> H264Encoder::encode(const AVFrame& picture, std::int64_t pts_90k) {
  if (!encoder_ || picture.width != from_width_ || picture.height != from_height_ ||
      picture.format != from_format_)
    ORIEL_TRY(open(picture));
  if (av_frame_make_writable(scaled_.get()) < 0)
    return fail(ErrorKind::exhausted, "no memory for a picture");
  sws_scale(scaler_.get(), picture.data, picture.linesize, 0, picture.height, scaled_->data,
            scaled_->linesize);
  const std::int64_t pts = last_pts_ == INT64_MIN ? pts_90k : std::max(pts_90k, last_pts_ + 1);
  last_pts_ = pts;
  const std::int64_t gop_90k = std::int64_t{request_.gop_ms} * 90;
  const bool key = last_key_pts_ == INT64_MIN || pts - last_key_pts_ >= gop_90k;
  if (key) last_key_pts_ = pts;
  scaled_->pts = pts;
  scaled_->pict_type = key ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
  if (const int code = avcodec_send_frame(encoder_.get(), scaled_.get()); code < 0)
    return fail(ErrorKind::internal, "H.264 encoder: " + av_error_text(code));
  return receive();
}

Result<void> H264Encoder::receive() {
  for (;;) {
    const int code = avcodec_receive_packet(encoder_.get(), packet_.get());
    if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return {};
    if (code < 0) return fail(ErrorKind::internal, "H.264 encoder: " + av_error_text(code));
    ORIEL_TRY_ASSIGN(AccessUnit unit,
                     parse_access_unit(media::Codec::h264, NalLayout{},
                                       {packet_->data, static_cast<std::size_t>(packet_->size)}));
    media::Packet made;
    made.dts = packet_->dts;
    made.pts = packet_->pts;
    made.key = unit.key;
    made.bytes = std::move(unit.bytes);
    av_packet_unref(packet_.get());
    ORIEL_TRY(give_(make_message(made)));
  }
}

}  // namespace oriel::ingest
