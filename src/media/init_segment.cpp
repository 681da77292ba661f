// make_init: the one place of src/media that uses libavformat, for the sample descriptions.
#include "media/boxes.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
#include <libavutil/opt.h>
}

namespace oriel::media {
namespace {

AVCodecID codec_id(Codec codec) {
  switch (codec) {
    case Codec::h264:
      return AV_CODEC_ID_H264;
    case Codec::h265:
      return AV_CODEC_ID_HEVC;
    case Codec::av1:
      return AV_CODEC_ID_AV1;
    case Codec::aac:
      return AV_CODEC_ID_AAC;
    case Codec::opus:
      return AV_CODEC_ID_OPUS;
  }
  return AV_CODEC_ID_NONE;
}

struct MuxerDeleter {
  void operator()(AVFormatContext* context) const {
    if (context->pb != nullptr) {
      std::uint8_t* buffer = nullptr;
      avio_close_dyn_buf(context->pb, &buffer);
      av_free(buffer);
    }
    avformat_free_context(context);
  }
};
using Muxer = std::unique_ptr<AVFormatContext, MuxerDeleter>;

Error av_error(int code, std::string_view what) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
  av_strerror(code, text.data(), text.size());
  return Error{ErrorKind::unsupported, std::string(what) + ": " + text.data()};
}

Result<void> add_stream(AVFormatContext* muxer, const Track& track) {
  AVStream* stream = avformat_new_stream(muxer, nullptr);
  if (stream == nullptr) return fail(ErrorKind::exhausted, "no memory for a stream");
  auto* parameters = stream->codecpar;
  parameters->codec_id = codec_id(track.codec);
  parameters->codec_type =
      track.kind() == TrackKind::video ? AVMEDIA_TYPE_VIDEO : AVMEDIA_TYPE_AUDIO;
  parameters->codec_tag = track.codec == Codec::h265 ? MKTAG('h', 'v', 'c', '1') : 0;
  parameters->width = track.width;
  parameters->height = track.height;
  parameters->sample_rate = track.sample_rate;
  av_channel_layout_default(&parameters->ch_layout, track.channels);
  if (track.codec == Codec::aac) parameters->frame_size = 1024;
  const auto& configuration = track.configuration;
  if (!configuration.empty()) {
    parameters->extradata =
        static_cast<std::uint8_t*>(av_mallocz(configuration.size() + AV_INPUT_BUFFER_PADDING_SIZE));
    if (parameters->extradata == nullptr) return fail(ErrorKind::exhausted, "no memory");
    std::copy(configuration.begin(), configuration.end(), parameters->extradata);
    parameters->extradata_size = static_cast<int>(configuration.size());
  }
  stream->time_base = AVRational{1, track.timescale};
  return {};
}

}  // namespace

Result<Bytes> make_init(const Tracks& tracks) {
  if (tracks.empty() || tracks.size() > 2)
    return fail(ErrorKind::invalid, "a run has one or two tracks");
  AVFormatContext* raw = nullptr;
  if (const int code = avformat_alloc_output_context2(&raw, nullptr, "mp4", nullptr); code < 0)
    return fail(av_error(code, "mp4 muxer"));
  Muxer muxer(raw);
  if (const int code = avio_open_dyn_buf(&muxer->pb); code < 0)
    return fail(av_error(code, "buffer"));
  for (const auto& track : tracks) ORIEL_TRY(add_stream(muxer.get(), track));

  AVDictionary* options = nullptr;
  av_dict_set(&options, "movflags", "frag_custom+empty_moov+default_base_moof", 0);
  av_dict_set(&options, "use_editlist", "0", 0);
  av_dict_set(&options, "video_track_timescale", "90000", 0);
  av_dict_set(&options, "brand", "cmfc", 0);
  muxer->flags |= AVFMT_FLAG_BITEXACT;
  const int code = avformat_write_header(muxer.get(), &options);
  av_dict_free(&options);
  if (code < 0) return fail(av_error(code, "make an init segment"));
  avio_flush(muxer->pb);

  std::uint8_t* buffer = nullptr;
  const int size = avio_get_dyn_buf(muxer->pb, &buffer);
  Bytes init(buffer, buffer + size);
  const auto summary = parse_init(init);
  if (!summary) return fail(Error(summary.error()).within("make an init segment"));
  return init;
}

}  // namespace oriel::media
