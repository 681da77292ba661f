#include "demo/belled_stream.h"

namespace oriel::demo {

Result<StreamFormat> video_format(const VideoSettings& settings, std::string title) {
  ORIEL_TRY_ASSIGN(const auto encoder, VideoEncoder::open(settings));
  StreamFormat format;
  format.sps = encoder->sps();
  format.pps = encoder->pps();
  format.width = settings.width;
  format.height = settings.height;
  format.title = std::move(title);
  return format;
}

Result<void> encode_one(BelledStream& stream, std::unique_ptr<VideoEncoder>& encoder,
                        const VideoSettings& settings, const Picture& picture, UtcTime time,
                        bool periodic_key) {
  if (!encoder) {
    ORIEL_TRY_ASSIGN(encoder, VideoEncoder::open(settings));
  }
  const bool key_wanted = stream.fanout.take_key_request();
  ORIEL_TRY_ASSIGN(CodedPicture coded, encoder->encode(picture, periodic_key || key_wanted));
  stream.fanout.deliver(
      {false, coded.key, time, std::make_shared<const Bytes>(std::move(coded.bytes))});
  return {};
}

}  // namespace oriel::demo
