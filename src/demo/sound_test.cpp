#include "demo/sound.h"

#include <cmath>

#include <gtest/gtest.h>

#include "demo/encoder.h"

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavutil/mem.h>
}

namespace oriel::demo {
namespace {

const UtcTime kMorning = parse_rfc3339("2026-07-10T01:00:00Z").value();

double decibels(double mean_square) { return 10 * std::log10(mean_square + 1e-12); }

// Ten seconds of an area: the level before and after AAC.
struct Levels {
  double made_db = 0;
  double heard_db = 0;
  double peak = 0;
};

Levels levels_of(const Area& area) {
  Soundscape sound(area);
  const auto encoder = SoundEncoder::open().value();
  const Bytes& configuration = encoder->configuration();
  AVCodecContext* decoder = avcodec_alloc_context3(avcodec_find_decoder(AV_CODEC_ID_AAC));
  decoder->extradata =
      static_cast<std::uint8_t*>(av_mallocz(configuration.size() + AV_INPUT_BUFFER_PADDING_SIZE));
  std::copy(configuration.begin(), configuration.end(), decoder->extradata);
  decoder->extradata_size = static_cast<int>(configuration.size());
  EXPECT_EQ(avcodec_open2(decoder, nullptr, nullptr), 0);
  AVPacket* packet = av_packet_alloc();
  AVFrame* frame = av_frame_alloc();
  std::array<float, kSoundFrame> samples;
  double made = 0;
  double heard = 0;
  std::size_t heard_count = 0;
  Levels levels;
  constexpr int kFrames = 470;
  for (int i = 0; i < kFrames; ++i) {
    sound.fill(samples,
               kMorning + Duration{std::int64_t{i} * kSoundFrame * 1'000'000 / kSoundRate});
    for (const float s : samples) {
      made += s * s;
      levels.peak = std::max<double>(levels.peak, std::abs(s));
    }
    auto coded = encoder->encode(samples).value();
    if (!coded) continue;
    av_new_packet(packet, static_cast<int>(coded->size()));
    std::copy(coded->begin(), coded->end(), packet->data);
    EXPECT_EQ(avcodec_send_packet(decoder, packet), 0);
    av_packet_unref(packet);
    while (avcodec_receive_frame(decoder, frame) == 0) {
      const auto* out = reinterpret_cast<const float*>(frame->data[0]);
      for (int k = 0; k < frame->nb_samples; ++k) heard += out[k] * out[k];
      heard_count += static_cast<std::size_t>(frame->nb_samples);
    }
  }
  av_frame_free(&frame);
  av_packet_free(&packet);
  avcodec_free_context(&decoder);
  levels.made_db = decibels(made / (kFrames * kSoundFrame));
  levels.heard_db = decibels(heard / static_cast<double>(heard_count));
  return levels;
}

TEST(Soundscape, is_as_quiet_as_the_open_country_and_survives_its_encoding) {
  for (const char* id : {"eling-lake", "angsai-canyon", "qinghai-lake"}) {
    const Levels levels = levels_of(*find_area(id));
    EXPECT_GT(levels.made_db, -48) << id;
    EXPECT_LT(levels.made_db, -18) << id;
    EXPECT_LT(levels.peak, 0.8) << id;
    EXPECT_NEAR(levels.heard_db, levels.made_db, 1.5) << id;
  }
}

}  // namespace
}  // namespace oriel::demo
