// Owning pointers for libav's C objects. Only for .cpp files of adapters: no header of ingest that
// others include names a libav type.
#pragma once
extern "C" {
#include <libavcodec/avcodec.h>
#include <libavcodec/bsf.h>
#include <libavformat/avformat.h>
#include <libswresample/swresample.h>
#include <libswscale/swscale.h>
}

#include <memory>
#include <string>

#include "base/result.h"

namespace oriel::ingest {

struct AvDeleter {
  void operator()(AVFormatContext* context) const {
    if (context != nullptr && context->iformat != nullptr)
      avformat_close_input(&context);
    else
      avformat_free_context(context);
  }
  void operator()(AVCodecContext* context) const { avcodec_free_context(&context); }
  void operator()(AVCodecParameters* parameters) const { avcodec_parameters_free(&parameters); }
  void operator()(AVCodecParserContext* parser) const { av_parser_close(parser); }
  void operator()(AVPacket* packet) const { av_packet_free(&packet); }
  void operator()(AVFrame* frame) const { av_frame_free(&frame); }
  void operator()(AVBSFContext* filter) const { av_bsf_free(&filter); }
  void operator()(SwsContext* scaler) const { sws_freeContext(scaler); }
  void operator()(SwrContext* resampler) const { swr_free(&resampler); }
  void operator()(AVIOContext* io) const {
    if (io != nullptr) av_freep(&io->buffer);
    avio_context_free(&io);
  }
};

template <class T>
using AvPtr = std::unique_ptr<T, AvDeleter>;

// A dictionary of options, filled before a call and emptied by it.
class AvOptions {
 public:
  AvOptions() = default;
  ~AvOptions() { av_dict_free(&options_); }
  AvOptions(const AvOptions&) = delete;
  AvOptions& operator=(const AvOptions&) = delete;
  void set(const char* key, const std::string& value) {
    av_dict_set(&options_, key, value.c_str(), 0);
  }
  AVDictionary** get() { return &options_; }

 private:
  AVDictionary* options_ = nullptr;
};

// libav's words for its own error code; they hold no URL.
inline std::string av_error_text(int code) {
  char text[AV_ERROR_MAX_STRING_SIZE] = {};
  av_strerror(code, text, sizeof(text));
  return text;
}

}  // namespace oriel::ingest
