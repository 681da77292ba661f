#include "demo/clip_reader.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavcodec/bsf.h>
#include <libavformat/avformat.h>
#include <libswscale/swscale.h>
}

#include <algorithm>

#include "demo/encoder.h"

namespace oriel::demo {
namespace {

struct Free {
  void operator()(AVFormatContext* c) const { avformat_close_input(&c); }
  void operator()(AVCodecContext* c) const { avcodec_free_context(&c); }
  void operator()(AVBSFContext* c) const { av_bsf_free(&c); }
  void operator()(AVPacket* p) const { av_packet_free(&p); }
  void operator()(AVFrame* f) const { av_frame_free(&f); }
  void operator()(SwsContext* s) const { sws_freeContext(s); }
};
template <class T>
using Av = std::unique_ptr<T, Free>;

Error clip_error(int code, const std::string& path) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(code, text, sizeof(text));
  const auto kind = code == AVERROR(ENOENT) ? ErrorKind::not_found : ErrorKind::invalid;
  return {kind, path + ": " + text};
}

class AvClipReader final : public ClipReader {
 public:
  explicit AvClipReader(std::string path) : path_(std::move(path)) {}

  Result<void> start() {
    ORIEL_TRY(open_input());
    const AVStream* video = input_->streams[video_];
    ORIEL_TRY(open_decoder(video));
    format_.width = video->codecpar->width;
    format_.height = video->codecpar->height;
    ORIEL_TRY(open_filter(video));
    if (audio_ >= 0) {
      const AVCodecParameters* sound = input_->streams[audio_]->codecpar;
      if (sound->codec_id == AV_CODEC_ID_AAC && sound->extradata_size >= 2) {
        format_.audio_configuration.emplace(sound->extradata,
                                            sound->extradata + sound->extradata_size);
        format_.audio_rate = sound->sample_rate;
        format_.audio_channels = sound->ch_layout.nb_channels;
      } else {
        audio_ = -1;
      }
    }
    return {};
  }

  const ClipFormat& format() const override { return format_; }

  Result<ClipPacket> next() override {
    for (int rewinds = 0; rewinds < 2;) {
      const int got = av_read_frame(input_.get(), packet_.get());
      if (got < 0) {
        ++rewinds;
        ORIEL_TRY(rewind());
        continue;
      }
      auto made = take_packet();
      av_packet_unref(packet_.get());
      if (made) return std::move(*made);
    }
    return fail(ErrorKind::data_loss, path_ + ": has no pictures");
  }

  bool decode(Picture* main, Picture& sub) override {
    if (avcodec_send_packet(decoder_.get(), video_packet_.get()) < 0) return false;
    bool fresh = false;
    while (avcodec_receive_frame(decoder_.get(), frame_.get()) == 0) {
      scale(main_scaler_, main);
      scale(sub_scaler_, &sub);
      fresh = true;
      av_frame_unref(frame_.get());
    }
    return fresh;
  }

 private:
  Result<void> open_input() {
    // A bare path: nothing in it may name another protocol.
    const std::string url = "file:" + path_;
    AVFormatContext* raw = nullptr;
    AVDictionary* options = nullptr;
    av_dict_set(&options, "protocol_whitelist", "file", 0);
    const int opened = avformat_open_input(&raw, url.c_str(), nullptr, &options);
    av_dict_free(&options);
    if (opened < 0) return fail(clip_error(opened, path_));
    input_.reset(raw);
    if (const int found = avformat_find_stream_info(raw, nullptr); found < 0)
      return fail(clip_error(found, path_));
    video_ = av_find_best_stream(raw, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
    audio_ = av_find_best_stream(raw, AVMEDIA_TYPE_AUDIO, -1, -1, nullptr, 0);
    if (video_ < 0) return fail(ErrorKind::invalid, path_ + ": has no video track");
    return {};
  }

  Result<void> open_decoder(const AVStream* video) {
    const AVCodec* codec = avcodec_find_decoder(video->codecpar->codec_id);
    if (codec == nullptr) return fail(ErrorKind::unsupported, path_ + ": no decoder for its video");
    decoder_.reset(avcodec_alloc_context3(codec));
    avcodec_parameters_to_context(decoder_.get(), video->codecpar);
    decoder_->thread_count = 1;
    if (const int opened = avcodec_open2(decoder_.get(), codec, nullptr); opened < 0)
      return fail(clip_error(opened, path_));
    return {};
  }

  // H.264 comes out of MP4 with lengths; the filter turns them into start codes.
  Result<void> open_filter(const AVStream* video) {
    if (video->codecpar->codec_id != AV_CODEC_ID_H264) return {};
    AVBSFContext* raw = nullptr;
    const AVBitStreamFilter* filter = av_bsf_get_by_name("h264_mp4toannexb");
    if (filter == nullptr || av_bsf_alloc(filter, &raw) < 0)
      return fail(ErrorKind::unsupported, "libavcodec has no h264_mp4toannexb");
    filter_.reset(raw);
    avcodec_parameters_copy(raw->par_in, video->codecpar);
    if (const int made = av_bsf_init(raw); made < 0) return fail(clip_error(made, path_));
    for (const ByteView nal : split_annex_b(
             {raw->par_out->extradata, static_cast<std::size_t>(raw->par_out->extradata_size)})) {
      Bytes& set = (nal[0] & 31) == 7 ? format_.sps : format_.pps;
      if ((nal[0] & 31) == 7 || (nal[0] & 31) == 8) set.assign(nal.begin(), nal.end());
    }
    format_.untouched =
        video->codecpar->video_delay == 0 && format_.sps.size() > 3 && !format_.pps.empty();
    return {};
  }

  Result<void> rewind() {
    offset_ = offset_ + longest_;
    longest_ = Duration{0};
    first_pts_.reset();
    if (const int sought = av_seek_frame(input_.get(), -1, INT64_MIN, AVSEEK_FLAG_BACKWARD);
        sought < 0 && avformat_seek_file(input_.get(), -1, INT64_MIN, 0, INT64_MAX, 0) < 0)
      return fail(clip_error(sought, path_));
    avcodec_flush_buffers(decoder_.get());
    if (filter_) av_bsf_flush(filter_.get());
    return {};
  }

  std::optional<ClipPacket> take_packet() {
    const int index = packet_->stream_index;
    if (index != video_ && index != audio_) return std::nullopt;
    const std::int64_t pts = packet_->dts != AV_NOPTS_VALUE ? packet_->dts : packet_->pts;
    if (pts == AV_NOPTS_VALUE) return std::nullopt;
    const AVRational base = input_->streams[index]->time_base;
    const std::int64_t us = av_rescale_q(pts, base, {1, 1'000'000});
    if (!first_pts_) first_pts_ = us;
    const Duration at{std::max<std::int64_t>(0, us - *first_pts_)};
    const std::int64_t length = av_rescale_q(packet_->duration, base, {1, 1'000'000});
    longest_ = std::max(longest_, at + Duration{std::max<std::int64_t>(length, 1'000)});
    ClipPacket made;
    made.audio = index == audio_;
    made.key = made.audio || (packet_->flags & AV_PKT_FLAG_KEY) != 0;
    made.at = offset_ + at;
    if (!made.audio) {
      av_packet_unref(video_packet_.get());
      av_packet_ref(video_packet_.get(), packet_.get());
      if (filter_) {
        if (av_bsf_send_packet(filter_.get(), packet_.get()) < 0 ||
            av_bsf_receive_packet(filter_.get(), packet_.get()) < 0)
          return std::nullopt;
      }
    }
    made.bytes.assign(packet_->data, packet_->data + packet_->size);
    return made;
  }

  // Fits the frame into the picture, centred, the rest black.
  void scale(Av<SwsContext>& scaler, Picture* picture) {
    if (picture == nullptr) return;
    const double fit = std::min(static_cast<double>(picture->width()) / frame_->width,
                                static_cast<double>(picture->height()) / frame_->height);
    const int width = std::clamp(static_cast<int>(frame_->width * fit) & ~3, 4, picture->width());
    const int height =
        std::clamp(static_cast<int>(frame_->height * fit) & ~3, 4, picture->height());
    scaler.reset(sws_getCachedContext(scaler.release(), frame_->width, frame_->height,
                                      static_cast<AVPixelFormat>(frame_->format), width, height,
                                      AV_PIX_FMT_YUV420P, SWS_BILINEAR, nullptr, nullptr, nullptr));
    if (!scaler) return;
    const int x = ((picture->width() - width) / 2) & ~1;
    const int y = ((picture->height() - height) / 2) & ~1;
    const int half = picture->width() / 2;
    std::uint8_t* planes[3] = {picture->y_row(y) + x, picture->u() + y / 2 * half + x / 2,
                               picture->v() + y / 2 * half + x / 2};
    const int strides[3] = {picture->width(), half, half};
    sws_scale(scaler.get(), frame_->data, frame_->linesize, 0, frame_->height, planes, strides);
  }

  const std::string path_;
  ClipFormat format_;
  Av<AVFormatContext> input_;
  Av<AVCodecContext> decoder_;
  Av<AVBSFContext> filter_;
  Av<AVPacket> packet_{av_packet_alloc()};
  Av<AVPacket> video_packet_{av_packet_alloc()};
  Av<AVFrame> frame_{av_frame_alloc()};
  Av<SwsContext> main_scaler_;
  Av<SwsContext> sub_scaler_;
  int video_ = -1;
  int audio_ = -1;
  std::optional<std::int64_t> first_pts_;
  Duration offset_;
  Duration longest_;
};

}  // namespace

Result<std::unique_ptr<ClipReader>> ClipReader::open(const std::string& path) {
  auto reader = std::make_unique<AvClipReader>(path);
  ORIEL_TRY(reader->start());
  return reader;
}

}  // namespace oriel::demo
