#include "demo/encoder.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/opt.h>
}

#include <string>

namespace oriel::demo {
namespace {

struct ContextFree {
  void operator()(AVCodecContext* c) const { avcodec_free_context(&c); }
};
struct FrameFree {
  void operator()(AVFrame* f) const { av_frame_free(&f); }
};
struct PacketFree {
  void operator()(AVPacket* p) const { av_packet_free(&p); }
};
using ContextPtr = std::unique_ptr<AVCodecContext, ContextFree>;
using FramePtr = std::unique_ptr<AVFrame, FrameFree>;
using PacketPtr = std::unique_ptr<AVPacket, PacketFree>;

Error av_error(int code, std::string_view what) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(code, text, sizeof(text));
  return {ErrorKind::internal, std::string(what) + ": " + text};
}

// libavcodec's errors come back as codes; its settings and statistics are no news for a log.
constexpr int kQuieter = AV_LOG_VERBOSE - AV_LOG_WARNING + 8;

void keep_buffer(void*, std::uint8_t*) {}

class X264Encoder final : public VideoEncoder {
 public:
  X264Encoder(ContextPtr context, int width, int height)
      : context_(std::move(context)),
        frame_(av_frame_alloc()),
        packet_(av_packet_alloc()),
        width_(width),
        height_(height) {
    for (const ByteView nal :
         split_annex_b({context_->extradata, static_cast<std::size_t>(context_->extradata_size)})) {
      const int type = nal[0] & 31;
      if (type == 7) sps_.assign(nal.begin(), nal.end());
      if (type == 8) pps_.assign(nal.begin(), nal.end());
    }
  }

  Result<CodedPicture> encode(const Picture& picture, bool key) override {
    ORIEL_CHECK(picture.width() == width_ && picture.height() == height_);
    ORIEL_TRY(send(picture, key));
    const int got = avcodec_receive_packet(context_.get(), packet_.get());
    if (got < 0) return fail(av_error(got, "encode a picture"));
    CodedPicture coded;
    coded.key = (packet_->flags & AV_PKT_FLAG_KEY) != 0;
    coded.bytes.assign(packet_->data, packet_->data + packet_->size);
    av_packet_unref(packet_.get());
    return coded;
  }
  const Bytes& sps() const override { return sps_; }
  const Bytes& pps() const override { return pps_; }

 private:
  // The planes are lent to the encoder without a copy: with zerolatency it is done with them
  // before the packet is out.
  Result<void> send(const Picture& picture, bool key) {
    AVFrame* f = frame_.get();
    av_frame_unref(f);
    f->format = AV_PIX_FMT_YUV420P;
    f->width = width_;
    f->height = height_;
    auto* base = const_cast<std::uint8_t*>(picture.y());
    const std::size_t size = picture.luma_stride() * static_cast<std::size_t>(height_) * 3 / 2;
    f->buf[0] = av_buffer_create(base, size, keep_buffer, nullptr, AV_BUFFER_FLAG_READONLY);
    if (f->buf[0] == nullptr) return fail(ErrorKind::exhausted, "no memory for a picture");
    f->data[0] = base;
    f->data[1] = const_cast<std::uint8_t*>(picture.u());
    f->data[2] = const_cast<std::uint8_t*>(picture.v());
    f->linesize[0] = width_;
    f->linesize[1] = f->linesize[2] = width_ / 2;
    f->pts = index_++;
    f->pict_type = key || index_ == 1 ? AV_PICTURE_TYPE_I : AV_PICTURE_TYPE_NONE;
    const int sent = avcodec_send_frame(context_.get(), f);
    av_frame_unref(f);
    if (sent < 0) return fail(av_error(sent, "encode a picture"));
    return {};
  }

  ContextPtr context_;
  FramePtr frame_;
  PacketPtr packet_;
  int width_;
  int height_;
  std::int64_t index_ = 0;
  Bytes sps_;
  Bytes pps_;
};

class AacEncoder final : public SoundEncoder {
 public:
  explicit AacEncoder(ContextPtr context)
      : context_(std::move(context)),
        frame_(av_frame_alloc()),
        packet_(av_packet_alloc()),
        configuration_(context_->extradata, context_->extradata + context_->extradata_size) {}

  Result<std::optional<Bytes>> encode(std::span<const float> samples) override {
    ORIEL_CHECK(samples.size() == kSoundFrame);
    AVFrame* f = frame_.get();
    av_frame_unref(f);
    f->format = AV_SAMPLE_FMT_FLTP;
    f->nb_samples = kSoundFrame;
    f->sample_rate = kSoundRate;
    av_channel_layout_default(&f->ch_layout, 1);
    f->pts = position_;
    position_ += kSoundFrame;
    if (const int made = av_frame_get_buffer(f, 0); made < 0)
      return fail(av_error(made, "make a sound buffer"));
    std::copy(samples.begin(), samples.end(), reinterpret_cast<float*>(f->data[0]));
    if (const int sent = avcodec_send_frame(context_.get(), f); sent < 0)
      return fail(av_error(sent, "encode sound"));
    const int got = avcodec_receive_packet(context_.get(), packet_.get());
    if (got == AVERROR(EAGAIN)) return std::optional<Bytes>{};
    if (got < 0) return fail(av_error(got, "encode sound"));
    std::optional<Bytes> bytes(std::in_place, packet_->data, packet_->data + packet_->size);
    av_packet_unref(packet_.get());
    return bytes;
  }
  const Bytes& configuration() const override { return configuration_; }

 private:
  ContextPtr context_;
  FramePtr frame_;
  PacketPtr packet_;
  Bytes configuration_;
  std::int64_t position_ = 0;
};

}  // namespace

Result<std::unique_ptr<VideoEncoder>> VideoEncoder::open(const VideoSettings& s) {
  const AVCodec* codec = avcodec_find_encoder_by_name("libx264");
  if (codec == nullptr) return fail(ErrorKind::unsupported, "libavcodec has no libx264");
  ContextPtr context(avcodec_alloc_context3(codec));
  AVCodecContext* c = context.get();
  c->width = s.width;
  c->height = s.height;
  c->pix_fmt = AV_PIX_FMT_YUV420P;
  c->time_base = {s.fps_den, s.fps_num};
  c->framerate = {s.fps_num, s.fps_den};
  c->gop_size = 1 << 20;
  c->max_b_frames = 0;
  c->refs = 1;
  c->thread_count = 1;
  c->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  c->log_level_offset = kQuieter;
  c->color_primaries = AVCOL_PRI_BT709;
  c->color_trc = AVCOL_TRC_BT709;
  c->colorspace = AVCOL_SPC_BT709;
  c->color_range = AVCOL_RANGE_MPEG;
  // ultrafast takes half the time of superfast for a quarter more bits on these pictures (3.2
  // against 5.7 ms on a busy core). With scenecut off a key frame comes only where it is asked for;
  // deblocking hides the block edges that a slowly changing sky would show.
  av_opt_set(c->priv_data, "preset", "ultrafast", 0);
  av_opt_set(c->priv_data, "tune", "zerolatency", 0);
  av_opt_set_int(c->priv_data, "qp", s.qp, 0);
  av_opt_set(c->priv_data, "forced-idr", "1", 0);
  av_opt_set(c->priv_data, "x264-params",
             "scenecut=0:sliced-threads=0:slices=1:threads=1:ref=1:weightp=0:rc-lookahead=0:no-"
             "deblock=0:deblock=0,0",
             0);
  if (const int opened = avcodec_open2(c, codec, nullptr); opened < 0)
    return fail(av_error(opened, "open libx264"));
  return std::make_unique<X264Encoder>(std::move(context), s.width, s.height);
}

Result<std::unique_ptr<SoundEncoder>> SoundEncoder::open() {
  const AVCodec* codec = avcodec_find_encoder_by_name("aac");
  if (codec == nullptr) return fail(ErrorKind::unsupported, "libavcodec has no AAC encoder");
  ContextPtr context(avcodec_alloc_context3(codec));
  AVCodecContext* c = context.get();
  c->sample_fmt = AV_SAMPLE_FMT_FLTP;
  c->sample_rate = kSoundRate;
  av_channel_layout_default(&c->ch_layout, 1);
  c->bit_rate = 64'000;
  c->time_base = {1, kSoundRate};
  c->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  c->log_level_offset = kQuieter;
  if (const int opened = avcodec_open2(c, codec, nullptr); opened < 0)
    return fail(av_error(opened, "open the AAC encoder"));
  return std::make_unique<AacEncoder>(std::move(context));
}

std::vector<ByteView> split_annex_b(ByteView bytes) {
  std::vector<ByteView> nals;
  std::size_t begin = bytes.size();
  bool inside = false;
  std::size_t i = 0;
  const auto close = [&](std::size_t end) {
    while (end > begin && bytes[end - 1] == 0) --end;
    if (inside && end > begin) nals.push_back(bytes.subspan(begin, end - begin));
  };
  while (i + 3 <= bytes.size()) {
    if (bytes[i + 2] > 1) {
      i += 3;
    } else if (bytes[i] == 0 && bytes[i + 1] == 0 && bytes[i + 2] == 1) {
      close(i);
      inside = true;
      i += 3;
      begin = i;
    } else {
      ++i;
    }
  }
  close(bytes.size());
  return nals;
}

}  // namespace oriel::demo
