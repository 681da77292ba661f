#include "ingest/audio_encoder.h"

#include <algorithm>

#include "ingest/av_parameters.h"
#include "ingest/libav_log.h"

namespace oriel::ingest {
namespace {

constexpr int kFailuresMax = 50;
constexpr std::int64_t kHoleUs = 100'000;
// Rates that AAC LC has (ISO/IEC 14496-3 table 1.18) and that browsers play.
constexpr int kRates[] = {16'000, 22'050, 24'000, 32'000, 44'100, 48'000};

int output_rate(int input_rate) {
  for (const int rate : kRates)
    if (input_rate <= rate) return rate;
  return 48'000;
}

}  // namespace

struct AudioEncoder::State {
  AvPtr<AVCodecContext> decoder;
  AvPtr<AVCodecContext> encoder;
  AvPtr<SwrContext> resampler;
  AvPtr<AVFrame> decoded{av_frame_alloc()};
  AvPtr<AVFrame> filled{av_frame_alloc()};  // one encoder frame, being filled
  AvPtr<AVPacket> packet{av_packet_alloc()};
  AVSampleFormat input_format = AV_SAMPLE_FMT_NONE;
  int input_rate = 0;
  int input_channels = 0;
  media::Track track;
  bool known = false;
  int failures = 0;
  int fill = 0;               // samples in `filled`
  std::int64_t next_dts = 0;  // of `filled`'s first sample; ticks
  bool anchored = false;
  std::vector<media::Packet> made;
  UtcTime arrived;
  std::vector<std::vector<float>> planes;  // what the resampler gives

  Result<void> open_encoder(int rate, int channels);
  Result<void> open_resampler(const AVFrame& frame);
  Result<void> take_frame(const AVFrame& frame, std::int64_t run_us);
  Result<void> flush_frame();
  Result<void> receive();
};

Result<void> AudioEncoder::State::open_encoder(int rate, int channels) {
  const AVCodec* codec = avcodec_find_encoder(AV_CODEC_ID_AAC);
  encoder.reset(codec != nullptr ? avcodec_alloc_context3(codec) : nullptr);
  if (!encoder) return fail(ErrorKind::unsupported, "there is no AAC encoder");
  encoder->sample_rate = output_rate(rate);
  av_channel_layout_default(&encoder->ch_layout, std::min(channels, 2));
  encoder->sample_fmt = AV_SAMPLE_FMT_FLTP;
  encoder->bit_rate =
      32'000 * encoder->ch_layout.nb_channels * (encoder->sample_rate > 24'000 ? 2 : 1);
  encoder->time_base = {1, encoder->sample_rate};
  encoder->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
  if (const int code = avcodec_open2(encoder.get(), codec, nullptr); code < 0)
    return fail(ErrorKind::invalid, "AAC encoder: " + av_error_text(code));
  filled->format = AV_SAMPLE_FMT_FLTP;
  filled->nb_samples = encoder->frame_size;
  filled->sample_rate = encoder->sample_rate;
  av_channel_layout_copy(&filled->ch_layout, &encoder->ch_layout);
  if (av_frame_get_buffer(filled.get(), 0) < 0)
    return fail(ErrorKind::exhausted, "no memory for sound");
  track.codec = media::Codec::aac;
  track.configuration.assign(encoder->extradata, encoder->extradata + encoder->extradata_size);
  track.timescale = track.sample_rate = encoder->sample_rate;
  track.channels = encoder->ch_layout.nb_channels;
  track.codec_string = "mp4a.40.2";
  known = true;
  return {};
}

Result<void> AudioEncoder::State::open_resampler(const AVFrame& frame) {
  if (resampler && frame.format == input_format && frame.sample_rate == input_rate &&
      frame.ch_layout.nb_channels == input_channels)
    return {};
  SwrContext* raw = nullptr;
  AVChannelLayout from{};  // libswresample 4 takes it as not const
  if (av_channel_layout_copy(&from, &frame.ch_layout) < 0)
    return fail(ErrorKind::exhausted, "no memory for sound");
  if (swr_alloc_set_opts2(&raw, &encoder->ch_layout, AV_SAMPLE_FMT_FLTP, encoder->sample_rate,
                          &from, static_cast<AVSampleFormat>(frame.format), frame.sample_rate, 0,
                          nullptr) < 0)
    return fail(ErrorKind::invalid, "this sound cannot be resampled");
  resampler.reset(raw);
  if (swr_init(raw) < 0) return fail(ErrorKind::invalid, "this sound cannot be resampled");
  input_format = static_cast<AVSampleFormat>(frame.format);
  input_rate = frame.sample_rate;
  input_channels = frame.ch_layout.nb_channels;
  return {};
}

Result<void> AudioEncoder::State::receive() {
  for (;;) {
    const int code = avcodec_receive_packet(encoder.get(), packet.get());
    if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return {};
    if (code < 0) return fail(ErrorKind::internal, "AAC encoder: " + av_error_text(code));
    media::Packet out;
    out.dts = out.pts = packet->pts;
    out.duration = encoder->frame_size;
    out.key = true;
    out.bytes.assign(packet->data, packet->data + packet->size);
    out.arrived = arrived;
    av_packet_unref(packet.get());
    // The encoder gives its priming samples negative times; before the run's start they are
    // dropped.
    if (out.dts >= 0) made.push_back(std::move(out));
  }
}

Result<void> AudioEncoder::State::flush_frame() {
  filled->pts = next_dts;
  next_dts += filled->nb_samples;
  fill = 0;
  if (const int code = avcodec_send_frame(encoder.get(), filled.get()); code < 0)
    return fail(ErrorKind::internal, "AAC encoder: " + av_error_text(code));
  ORIEL_TRY(receive());
  if (av_frame_make_writable(filled.get()) < 0)
    return fail(ErrorKind::exhausted, "no memory for sound");
  return {};
}

Result<void> AudioEncoder::State::take_frame(const AVFrame& frame, std::int64_t run_us) {
  ORIEL_TRY(open_resampler(frame));
  const int room = swr_get_out_samples(resampler.get(), frame.nb_samples);
  if (room < 0) return fail(ErrorKind::internal, "this sound cannot be resampled");
  const auto channels = static_cast<std::size_t>(encoder->ch_layout.nb_channels);
  planes.resize(channels);
  std::vector<std::uint8_t*> pointers;
  for (auto& plane : planes) {
    plane.resize(static_cast<std::size_t>(room));
    pointers.push_back(reinterpret_cast<std::uint8_t*>(plane.data()));
  }
  const int count =
      swr_convert(resampler.get(), pointers.data(), room,
                  const_cast<const std::uint8_t**>(frame.extended_data), frame.nb_samples);
  if (count < 0) return fail(ErrorKind::internal, "this sound cannot be resampled");

  const std::int64_t rate = encoder->sample_rate;
  const std::int64_t wanted = run_us * rate / 1'000'000;
  const std::int64_t here = next_dts + fill;
  const std::int64_t hole = kHoleUs * rate / 1'000'000;
  int from = 0;
  if (!anchored || wanted - here > hole) {
    // Begin at the packet's own time; what was half filled is completed with silence.
    if (fill > 0) {
      for (std::size_t c = 0; c < channels; ++c) {
        auto* samples = reinterpret_cast<float*>(filled->extended_data[c]);
        std::fill(samples + fill, samples + filled->nb_samples, 0.0F);
      }
      ORIEL_TRY(flush_frame());
    }
    next_dts = anchored ? std::max(wanted, next_dts) : wanted;
    anchored = true;
  } else if (here - wanted > hole) {
    from = static_cast<int>(std::min<std::int64_t>(here - wanted, count));
  }
  while (from < count) {
    const int take = std::min(count - from, filled->nb_samples - fill);
    for (std::size_t c = 0; c < channels; ++c) {
      auto* samples = reinterpret_cast<float*>(filled->extended_data[c]);
      std::copy_n(planes[c].data() + from, take, samples + fill);
    }
    fill += take;
    from += take;
    if (fill == filled->nb_samples) ORIEL_TRY(flush_frame());
  }
  return {};
}

AudioEncoder::AudioEncoder(std::unique_ptr<State> state) : state_(std::move(state)) {}
AudioEncoder::~AudioEncoder() = default;

Result<std::unique_ptr<AudioEncoder>> AudioEncoder::make(const StreamParameters& parameters) {
  capture_libav_log();
  auto state = std::make_unique<State>();
  const AVRational timebase = {1, 1'000'000};
  ORIEL_TRY_ASSIGN(state->decoder, open_decoder(parameters, timebase));
  if (state->decoder->codec_type != AVMEDIA_TYPE_AUDIO)
    return fail(ErrorKind::unsupported, parameters.codec + " is no sound");
  if (parameters.sample_rate > 0 && parameters.channels > 0)
    ORIEL_TRY(state->open_encoder(parameters.sample_rate, parameters.channels));
  return std::unique_ptr<AudioEncoder>(new AudioEncoder(std::move(state)));
}

bool AudioEncoder::has_track() const { return state_->known; }
const media::Track& AudioEncoder::track() const { return state_->track; }

Result<std::vector<media::Packet>> AudioEncoder::encode(ByteView packet, std::int64_t run_us,
                                                        UtcTime arrived) {
  State& s = *state_;
  s.made.clear();
  s.arrived = arrived;
  if (av_new_packet(s.packet.get(), static_cast<int>(packet.size())) < 0)
    return fail(ErrorKind::exhausted, "no memory for sound");
  std::copy(packet.begin(), packet.end(), s.packet->data);
  s.packet->pts = s.packet->dts = run_us;
  int code = avcodec_send_packet(s.decoder.get(), s.packet.get());
  av_packet_unref(s.packet.get());
  bool decoded = false;
  std::int64_t at_us = run_us;
  while (code >= 0) {
    code = avcodec_receive_frame(s.decoder.get(), s.decoded.get());
    if (code < 0) break;
    const AVFrame& frame = *s.decoded;
    if (frame.sample_rate <= 0 || frame.ch_layout.nb_channels <= 0) continue;
    if (!s.known) ORIEL_TRY(s.open_encoder(frame.sample_rate, frame.ch_layout.nb_channels));
    ORIEL_TRY(s.take_frame(frame, at_us));
    at_us += std::int64_t{1'000'000} * frame.nb_samples / frame.sample_rate;
    decoded = true;
  }
  if (decoded || code == AVERROR(EAGAIN))
    s.failures = 0;
  else if (++s.failures >= kFailuresMax)
    return fail(ErrorKind::data_loss, "the sound cannot be decoded: " + av_error_text(code));
  return std::move(s.made);
}

}  // namespace oriel::ingest
