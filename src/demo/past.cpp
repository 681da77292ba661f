#include "demo/past.h"

#include <fmt/format.h>

#include "demo/encoder.h"

namespace oriel::demo {
namespace {

constexpr int kKeyEveryS = 4;

// AVCDecoderConfigurationRecord with four-byte lengths (ISO/IEC 14496-15 section 5.3.3.1). The
// last four bytes belong to the High profile: 4:2:0, 8 bits, no extensions.
Bytes make_avcc(const Bytes& sps, const Bytes& pps) {
  Bytes out{1, sps.at(1), sps.at(2), sps.at(3), 0xff, 0xe1};
  const auto put = [&](const Bytes& set) {
    out.push_back(static_cast<std::uint8_t>(set.size() >> 8));
    out.push_back(static_cast<std::uint8_t>(set.size()));
    out.insert(out.end(), set.begin(), set.end());
  };
  put(sps);
  out.push_back(1);
  put(pps);
  if (sps.at(1) >= 100) out.insert(out.end(), {0xfd, 0xf8, 0xf8, 0});
  return out;
}

Bytes with_lengths(ByteView annex_b) {
  Bytes out;
  out.reserve(annex_b.size() + 16);
  for (const ByteView nal : split_annex_b(annex_b)) {
    const auto size = static_cast<std::uint32_t>(nal.size());
    for (const int shift : {24, 16, 8, 0}) out.push_back(static_cast<std::uint8_t>(size >> shift));
    out.insert(out.end(), nal.begin(), nal.end());
  }
  return out;
}

class ScenePast final : public PastRenderer {
 public:
  ScenePast(const Area& area, UtcSpan span, const PastOptions& options,
            std::unique_ptr<VideoEncoder> encoder)
      : span_(span),
        rate_(options.frames_per_second),
        encoder_(std::move(encoder)),
        scene_(Scene::make(area, options.scenery ? options.scenery : make_scenery(area),
                           {.unhurried = true, .demonstration_label = true})) {
    const Bytes& sps = encoder_->sps();
    track_.codec = media::Codec::h264;
    track_.timescale = 90'000;
    track_.configuration = make_avcc(sps, encoder_->pps());
    track_.width = kSceneWidth;
    track_.height = kSceneHeight;
    track_.codec_string = fmt::format("avc1.{:02x}{:02x}{:02x}", sps.at(1), sps.at(2), sps.at(3));
  }

  const media::Track& track() const override { return track_; }

  Result<std::optional<media::Packet>> next() override {
    const UtcTime time = span_.begin + Duration{index_ * 1'000'000 / rate_};
    if (time >= span_.end) return std::optional<media::Packet>{};
    ORIEL_TRY_ASSIGN(CodedPicture coded,
                     encoder_->encode(scene_->render(time), index_ % (kKeyEveryS * rate_) == 0));
    media::Packet packet;
    packet.dts = packet.pts = index_ * 90'000 / rate_;
    packet.duration = 90'000 / rate_;
    packet.key = coded.key;
    packet.bytes = with_lengths(coded.bytes);
    packet.arrived = time;
    ++index_;
    return std::optional<media::Packet>(std::move(packet));
  }

 private:
  const UtcSpan span_;
  const std::int64_t rate_;
  const std::unique_ptr<VideoEncoder> encoder_;
  const std::unique_ptr<Scene> scene_;
  media::Track track_;
  std::int64_t index_ = 0;
};

}  // namespace

Result<std::unique_ptr<PastRenderer>> PastRenderer::open(const Area& area, UtcSpan span,
                                                         const PastOptions& options) {
  if (span.end <= span.begin) return fail(ErrorKind::invalid, "the span is empty");
  if (options.frames_per_second < 1 || options.frames_per_second > 12)
    return fail(ErrorKind::invalid, "frames a second: expected 1 to 12");
  VideoSettings settings;
  settings.fps_num = options.frames_per_second;
  settings.qp = 29;
  ORIEL_TRY_ASSIGN(auto encoder, VideoEncoder::open(settings));
  return std::make_unique<ScenePast>(area, span, options, std::move(encoder));
}

}  // namespace oriel::demo
