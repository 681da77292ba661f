#include "ingest/av_parameters.h"

#include <cstring>

namespace oriel::ingest {

// Parameter sets and headers are some hundred bytes; a stream that claims more is not believed.
constexpr int kExtradataBytesMax = 1 << 20;

StreamParameters from_av(const AVCodecParameters& from) {
  StreamParameters made;
  made.codec = avcodec_get_name(from.codec_id);
  made.codec_tag = from.codec_tag;
  if (from.extradata != nullptr && from.extradata_size > 0 &&
      from.extradata_size <= kExtradataBytesMax)
    made.extradata.assign(from.extradata, from.extradata + from.extradata_size);
  made.width = from.width;
  made.height = from.height;
  made.sample_rate = from.sample_rate;
  made.channels = from.ch_layout.nb_channels;
  made.bits_per_coded_sample = from.bits_per_coded_sample;
  made.block_align = from.block_align;
  made.frame_size = from.frame_size;
  made.profile = from.profile;
  return made;
}

Result<AvPtr<AVCodecParameters>> to_av(const StreamParameters& from) {
  const AVCodecDescriptor* descriptor = avcodec_descriptor_get_by_name(from.codec.c_str());
  if (descriptor == nullptr || from.extradata.size() > kExtradataBytesMax)
    return fail(ErrorKind::unsupported, "codec " + from.codec + " is not known here");
  AvPtr<AVCodecParameters> made(avcodec_parameters_alloc());
  if (!made) return fail(ErrorKind::exhausted, "no memory for codec parameters");
  made->codec_type = descriptor->type;
  made->codec_id = descriptor->id;
  made->codec_tag = from.codec_tag;
  made->width = from.width;
  made->height = from.height;
  made->sample_rate = from.sample_rate;
  if (from.channels > 0) av_channel_layout_default(&made->ch_layout, from.channels);
  made->bits_per_coded_sample = from.bits_per_coded_sample;
  made->block_align = from.block_align;
  made->frame_size = from.frame_size;
  made->profile = from.profile;
  if (!from.extradata.empty()) {
    made->extradata = static_cast<std::uint8_t*>(
        av_mallocz(from.extradata.size() + AV_INPUT_BUFFER_PADDING_SIZE));
    if (made->extradata == nullptr)
      return fail(ErrorKind::exhausted, "no memory for codec parameters");
    std::memcpy(made->extradata, from.extradata.data(), from.extradata.size());
    made->extradata_size = static_cast<int>(from.extradata.size());
  }
  return made;
}

Result<AvPtr<AVCodecContext>> open_decoder(const StreamParameters& parameters,
                                           AVRational packet_timebase) {
  ORIEL_TRY_ASSIGN(auto codec_parameters, to_av(parameters));
  const AVCodec* codec = avcodec_find_decoder(codec_parameters->codec_id);
  if (codec == nullptr)
    return fail(ErrorKind::unsupported, "there is no decoder for " + parameters.codec);
  AvPtr<AVCodecContext> context(avcodec_alloc_context3(codec));
  if (!context) return fail(ErrorKind::exhausted, "no memory for a decoder");
  if (const int code = avcodec_parameters_to_context(context.get(), codec_parameters.get());
      code < 0)
    return fail(ErrorKind::invalid, parameters.codec + ": " + av_error_text(code));
  context->pkt_timebase = packet_timebase;
  context->thread_count = 1;
  if (const int code = avcodec_open2(context.get(), codec, nullptr); code < 0)
    return fail(ErrorKind::invalid, parameters.codec + " decoder: " + av_error_text(code));
  return context;
}

}  // namespace oriel::ingest
