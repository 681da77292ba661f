#include "ingest/reception.h"

#include <algorithm>
#include <cstdio>

#include "base/log.h"
#include "ingest/audio_format.h"

namespace oriel::ingest {
namespace {

using media::Codec;
using media::Reason;
using media::TrackKind;

constexpr std::int64_t kNoKeyFrameMaxUs = 60'000'000;
// From light on the sensor to the least delayed packet here: cameras encode, packetise and send a
// frame within a few of its lengths; a playlist of segments is written when they are whole, and
// players are told to stay three of them behind (RFC 8216 6.3.3).
constexpr std::int64_t kTransitUs = 500'000;
constexpr std::int64_t kBurstyTransitUs = 30'000'000;
constexpr std::int64_t kAudioWaitUs = 1'000'000;
constexpr std::size_t kHeldBytesMax = 4 << 20;
constexpr std::int64_t kRateWindowUs = 5'000'000;
constexpr std::size_t kRateFramesMax = 600;

// AV1 in ISOBMFF 2.3: profile, level, tier and bit depth of an av1C record.
std::optional<std::string> av1_codec_string(ByteView av1c) {
  if (av1c.size() < 4 || av1c[0] != 0x81) return std::nullopt;
  const int profile = av1c[1] >> 5;
  const bool high = (av1c[2] & 0x40) != 0;
  const bool twelve = (av1c[2] & 0x20) != 0;
  const int depth = profile == 2 && high ? (twelve ? 12 : 10) : (high ? 10 : 8);
  char text[32] = {};
  std::snprintf(text, sizeof(text), "av01.%d.%02d%c.%02d", profile, av1c[1] & 0x1F,
                (av1c[2] & 0x80) != 0 ? 'H' : 'M', depth);
  return std::string(text);
}

// MPEG-4 part 2 6.3.5: vop_coding_type 0 is an intra picture.
bool holds_intra_vop(ByteView bytes) {
  for (std::size_t i = 0; i + 4 < bytes.size(); ++i)
    if (bytes[i] == 0 && bytes[i + 1] == 0 && bytes[i + 2] == 1 && bytes[i + 3] == 0xB6)
      return bytes[i + 4] >> 6 == 0;
  return false;
}

bool contains(const std::vector<Bytes>& all, const std::vector<Bytes>& some) {
  return std::all_of(some.begin(), some.end(), [&](const Bytes& set) {
    return std::find(all.begin(), all.end(), set) != all.end();
  });
}

}  // namespace

Reception::Reception(ReceptionOptions options, std::vector<SourceTrack> tracks, RunOutput& output)
    : options_(std::move(options)),
      tracks_(std::move(tracks)),
      output_(output),
      clock_({.window_us = options_.bursty ? 60'000'000 : 10'000'000,
              .transit_us = options_.bursty ? kBurstyTransitUs : kTransitUs}),
      next_began_(options_.began) {}

Reception::~Reception() = default;

Result<void> Reception::prepare() {
  for (std::size_t i = 0; i < tracks_.size(); ++i)
    (tracks_[i].kind == TrackKind::video ? video_index_ : audio_index_) =
        static_cast<std::uint32_t>(i);
  const bool has_video = std::any_of(tracks_.begin(), tracks_.end(), [](const SourceTrack& t) {
    return t.kind == TrackKind::video;
  });
  const bool has_audio = std::any_of(tracks_.begin(), tracks_.end(), [](const SourceTrack& t) {
    return t.kind == TrackKind::audio;
  });
  if (has_video) prepare_video();
  if (has_audio) prepare_audio();
  if (has_video && video_path_ == VideoPath::none)
    return fail(ErrorKind::unsupported,
                "video of codec " + tracks_[video_index_].parameters.codec + " is not supported");
  if (video_path_ == VideoPath::none && audio_path_ == AudioPath::none)
    return fail(ErrorKind::unsupported, "there is neither video nor sound that can be used");
  return {};
}

void Reception::prepare_video() {
  const SourceTrack& source = tracks_[video_index_];
  const StreamParameters& parameters = source.parameters;
  if (parameters.codec == "h264" || parameters.codec == "hevc") {
    video_codec_ = parameters.codec == "h264" ? Codec::h264 : Codec::h265;
    if (auto known = parse_nal_extradata(video_codec_, parameters.extradata)) {
      layout_ = known->layout;
      sets_ = std::move(known->sets);
    }
    video_path_ = VideoPath::nal;
    return;
  }
  if (parameters.codec == "av1") {
    if (auto name = av1_codec_string(parameters.extradata); name && parameters.width > 0) {
      media::Track track;
      track.codec = Codec::av1;
      track.configuration = parameters.extradata;
      track.width = parameters.width;
      track.height = parameters.height;
      track.codec_string = *name;
      video_track_ = std::move(track);
      video_path_ = VideoPath::as_is;
      return;
    }
  }
  if (options_.make_reencoder) reencoder_ = options_.make_reencoder(parameters);
  if (reencoder_) video_path_ = VideoPath::reencode;
}

void Reception::prepare_audio() {
  const StreamParameters& parameters = tracks_[audio_index_].parameters;
  if (parameters.codec == "aac" && parameters.extradata.empty()) {
    audio_path_ = AudioPath::adts;
    return;
  }
  const auto track = make_audio_track(parameters, {});
  if (track && *track) {
    audio_path_ = parameters.codec == "opus" ? AudioPath::opus : AudioPath::aac;
    audio_track_ = **track;
    return;
  }
  auto encoder = AudioEncoder::make(parameters);
  if (!encoder) {
    drop_audio(encoder.error().message);
    return;
  }
  audio_encoder_ = std::move(*encoder);
  audio_path_ = AudioPath::encode;
  if (audio_encoder_->has_track()) audio_track_ = audio_encoder_->track();
}

// A failing sound never stops the picture.
void Reception::drop_audio(const std::string& why) {
  log::warn("sound is left out: {}", why);
  audio_fault_ = why;
  audio_path_ = AudioPath::none;
  audio_encoder_.reset();
  audio_track_.reset();
}

media::Tracks Reception::run_tracks() const {
  media::Tracks tracks;
  if (video_track_) tracks.push_back(*video_track_);
  if (audio_track_) tracks.push_back(*audio_track_);
  return tracks;
}

Result<void> Reception::push(SourcePacket packet) {
  if (packet.track >= tracks_.size() || packet.bytes.empty()) return {};
  if (!waiting_since_) waiting_since_ = packet.arrived;
  const bool is_video = tracks_[packet.track].kind == TrackKind::video;
  if (is_video && video_path_ != VideoPath::none) {
    count_frame(packet.arrived);
    ++counts_.video_packets;
    ORIEL_TRY(push_video(std::move(packet)));
  } else if (!is_video && audio_path_ != AudioPath::none) {
    ORIEL_TRY(push_audio(std::move(packet)));
  }
  if (reencoder_) ORIEL_TRY(drain_reencoder());
  return {};
}

void Reception::count_frame(UtcTime arrived) {
  frames_.push_back(arrived);
  while (frames_.size() > kRateFramesMax || (arrived - frames_.front()).us > kRateWindowUs)
    frames_.pop_front();
  const double span_s = (frames_.back() - frames_.front()).seconds();
  if (span_s > 0.5) counts_.delivered_fps = static_cast<double>(frames_.size() - 1) / span_s;
}

Result<void> Reception::push_video(SourcePacket packet) {
  if (video_path_ == VideoPath::nal) return push_nal(std::move(packet));
  if (video_path_ == VideoPath::reencode && !packet.key) {
    // RTP says nothing of key frames.
    const std::string& codec = tracks_[video_index_].parameters.codec;
    packet.key = codec == "mjpeg" || (codec == "mpeg4" && holds_intra_vop(packet.bytes));
  }
  const bool begins = video_path_ == VideoPath::reencode || packet.key;
  if (!in_run_) {
    if (!begins) {
      ++counts_.dropped_before_key;
      return {};
    }
    ORIEL_TRY(begin_run(packet));
  }
  MendedTime time;
  if (!mend(packet, time)) return {};
  media::Packet made;
  made.dts = time.dts;
  made.pts = time.pts;
  made.key = packet.key;
  made.bytes = std::move(packet.bytes);
  made.arrived = packet.arrived;
  if (video_path_ == VideoPath::as_is) return emit(std::move(made));
  reencoder_->submit(std::move(made));
  return {};
}

bool Reception::take_parameter_sets(ParameterSets sets) {
  if (sets.empty()) return false;
  if (contains(sets_.vps, sets.vps) && contains(sets_.sps, sets.sps) &&
      contains(sets_.pps, sets.pps))
    return false;
  const bool known_before = sets_.complete(video_codec_);
  if (!sets.vps.empty()) sets_.vps = std::move(sets.vps);
  if (!sets.sps.empty()) sets_.sps = std::move(sets.sps);
  if (!sets.pps.empty()) sets_.pps = std::move(sets.pps);
  return known_before;
}

Result<void> Reception::push_nal(SourcePacket packet) {
  bool changed = false;
  if (!packet.new_extradata.empty()) {
    if (auto known = parse_nal_extradata(video_codec_, packet.new_extradata)) {
      layout_ = known->layout;
      changed = take_parameter_sets(std::move(known->sets));
    }
  }
  auto unit = parse_access_unit(video_codec_, layout_, packet.bytes);
  if (!unit) {
    ++counts_.damaged_packets;
    return {};
  }
  changed = take_parameter_sets(std::move(unit->sets)) || changed;
  if (changed && in_run_) begin_anew(Reason::parameters_changed);
  if (!unit->picture) return {};
  // What stands in the picture is nearer to the sensor than what the transport says.
  if (unit->captured) packet.captured = {*unit->captured, media::ClockSource::camera};
  if (audio_changed_ && unit->key && in_run_) begin_anew(Reason::parameters_changed);
  if (!in_run_) {
    if (!unit->key || !sets_.complete(video_codec_)) {
      ++counts_.dropped_before_key;
      if ((packet.arrived - *waiting_since_).us > kNoKeyFrameMaxUs)
        return fail(ErrorKind::data_loss, unit->key ? "the camera sends no parameter sets"
                                                    : "no key frame came within a minute");
      return {};
    }
    auto track = make_nal_track(video_codec_, sets_);
    if (!track) {
      ++counts_.damaged_packets;
      sets_ = {};
      if ((packet.arrived - *waiting_since_).us > kNoKeyFrameMaxUs)
        return fail(std::move(track).error());
      return {};
    }
    video_track_ = std::move(*track);
    ORIEL_TRY(begin_run(packet));
  }
  MendedTime time;
  if (!mend(packet, time)) return {};
  media::Packet made;
  made.dts = time.dts;
  made.pts = time.pts;
  made.key = unit->key;
  made.bytes = std::move(unit->bytes);
  made.arrived = packet.arrived;
  return emit(std::move(made));
}

Result<void> Reception::push_audio(SourcePacket packet) {
  const StreamParameters& parameters = tracks_[audio_index_].parameters;
  if (audio_path_ == AudioPath::adts) {
    const auto frame = parse_adts(packet.bytes);
    if (!frame) {
      ++counts_.damaged_packets;
      return {};
    }
    if (!audio_track_ || audio_track_->configuration != frame->configuration) {
      auto track = make_audio_track(parameters, packet.bytes);
      if (!track || !*track) {
        ++counts_.damaged_packets;
        return {};
      }
      audio_changed_ = announced_;
      audio_track_ = std::move(**track);
      if (mender_ && !announced_) mender_->set_timescale(audio_index_, audio_track_->timescale);
    }
    packet.bytes = Bytes(packet.bytes.begin() + static_cast<std::ptrdiff_t>(frame->header_bytes),
                         packet.bytes.begin() + static_cast<std::ptrdiff_t>(frame->frame_bytes));
  }
  if (!in_run_) {
    if (video_path_ != VideoPath::none) {
      // A camera that sends sound but no picture must not look as if it were well.
      if (video_path_ == VideoPath::nal && (packet.arrived - *waiting_since_).us > kNoKeyFrameMaxUs)
        return fail(ErrorKind::data_loss, "no key frame came within a minute");
      return {};
    }
    ORIEL_TRY(begin_run(packet));
  }
  return emit_audio(std::move(packet));
}

Result<void> Reception::emit_audio(SourcePacket packet) {
  const SourceTrack& source = tracks_[audio_index_];
  const std::int64_t samples = audio_samples(source.parameters, packet.bytes);
  const std::int64_t rate = audio_track_ && audio_path_ != AudioPath::encode
                                ? audio_track_->sample_rate
                                : source.parameters.sample_rate;
  if (samples > 0 && rate > 0)
    packet.duration = samples * source.timebase_den / (source.timebase_num * rate);
  MendedTime time;
  if (!mend(packet, time)) return {};
  const std::uint32_t index = video_path_ == VideoPath::none ? 0 : 1;
  if (audio_path_ != AudioPath::encode) {
    media::Packet made;
    made.track = index;
    made.dts = time.dts;
    made.pts = time.dts;
    made.key = true;
    made.bytes = std::move(packet.bytes);
    made.arrived = packet.arrived;
    return emit(std::move(made));
  }
  auto encoded = audio_encoder_->encode(packet.bytes, time.run_us, packet.arrived);
  if (!encoded) {
    drop_audio(encoded.error().message);
    if (video_path_ == VideoPath::none) return fail(std::move(encoded).error());
    if (announced_ && announced_tracks_.size() > 1) begin_anew(Reason::parameters_changed);
    return {};
  }
  if (!audio_track_ && audio_encoder_->has_track()) {
    audio_track_ = audio_encoder_->track();
    audio_changed_ = announced_;
  }
  for (media::Packet& made : *encoded) {
    made.track = index;
    ORIEL_TRY(emit(std::move(made)));
  }
  return {};
}

Result<void> Reception::begin_run(const SourcePacket& first) {
  std::vector<MenderTrack> tracks;
  for (std::size_t i = 0; i < tracks_.size(); ++i) {
    const SourceTrack& source = tracks_[i];
    MenderTrack track;
    track.kind = source.kind;
    track.timebase_num = source.timebase_num;
    track.timebase_den = source.timebase_den;
    track.dts_unknown = source.dts_unknown;
    track.reorder_depth = source.reorder_depth;
    track.declared_fps = source.declared_fps;
    if (source.kind == TrackKind::video && video_path_ == VideoPath::nal) {
      if (const auto format = parse_sps(video_codec_, sets_.sps.front()))
        track.reorder_depth = std::max(track.reorder_depth, format->reorder_depth);
    }
    if (source.kind == TrackKind::audio)
      track.timescale =
          audio_path_ == AudioPath::encode || !audio_track_ ? 1'000'000 : audio_track_->timescale;
    if (mender_)
      track.reorder_depth =
          std::max(track.reorder_depth, mender_->reorder_depth(static_cast<std::uint32_t>(i)));
    tracks.push_back(track);
  }
  mender_.emplace(std::move(tracks),
                  MenderOptions{.bursty = options_.bursty, .by_arrival = options_.by_arrival});
  clock_.begin(0, first.arrived, first.captured);
  in_run_ = true;
  announced_ = false;
  audio_changed_ = false;
  run_first_arrived_ = first.arrived;
  held_.clear();
  held_bytes_ = 0;
  return {};
}

bool Reception::mend(const SourcePacket& packet, MendedTime& time) {
  UnmendedTime in;
  in.track = packet.track;
  in.dts = packet.dts;
  in.pts = packet.pts;
  in.duration = packet.duration;
  in.arrived = packet.arrived;
  const MenderVerdict verdict = mender_->mend(in, time);
  if (verdict == MenderVerdict::drop) return false;
  if (mender_->by_arrival() && !options_.by_arrival) {
    log::warn("the source's clock runs at a wrong rate; its times are replaced by ours");
    options_.by_arrival = true;
  }
  const std::uint32_t leading = video_path_ == VideoPath::none ? audio_index_ : video_index_;
  if (packet.track != leading) return true;
  if (!announced_) {
    clock_.refine(time.run_us, packet.arrived);
  } else if (clock_.observe(time.run_us, packet.arrived, packet.captured)) {
    output_.run_clock_moved(clock_.start(), clock_.quality());
  }
  if (clock_.lost()) {
    begin_anew(Reason::clock_jumped);
    return false;
  }
  return true;
}

Result<void> Reception::emit(media::Packet packet) {
  if (announced_) {
    if (packet.track >= announced_tracks_.size()) return {};
    return output_.packet_made(std::move(packet));
  }
  const std::int64_t waited_us = (packet.arrived - run_first_arrived_).us;
  held_bytes_ += packet.bytes.size();
  held_.push_back(std::move(packet));
  const bool full = held_bytes_ > kHeldBytesMax;
  const bool audio_ready = audio_path_ == AudioPath::none || audio_track_.has_value();
  if (video_path_ != VideoPath::none && !video_track_) {
    // Only sound has come so far; it waits for the picture, the oldest goes first.
    if (full) {
      held_bytes_ -= held_.front().bytes.size();
      held_.pop_front();
    }
    return {};
  }
  if (!full && (waited_us < options_.start_hold_us || (!audio_ready && waited_us < kAudioWaitUs)))
    return {};
  return announce();
}

Result<void> Reception::announce() {
  media::RunHead head;
  head.tracks = run_tracks();
  head.began = next_began_;
  head.start = clock_.start();
  head.clock = clock_.quality();
  if (video_path_ != VideoPath::none) head.declared_fps = tracks_[video_index_].declared_fps;
  announced_tracks_ = head.tracks;
  announced_ = true;
  audio_changed_ = false;
  next_began_ = Reason::parameters_changed;
  ++counts_.runs;
  ORIEL_TRY(output_.run_began(std::move(head)));
  std::deque<media::Packet> held = std::exchange(held_, {});
  held_bytes_ = 0;
  // Re-encoded pictures come later than the sound that belongs to them, and a packager drops sound
  // that comes before the first picture.
  std::erase_if(held, [this](const media::Packet& packet) {
    return packet.track >= announced_tracks_.size();
  });
  std::stable_sort(held.begin(), held.end(),
                   [this](const media::Packet& a, const media::Packet& b) {
                     return static_cast<__int128>(a.dts) * announced_tracks_[b.track].timescale <
                            static_cast<__int128>(b.dts) * announced_tracks_[a.track].timescale;
                   });
  for (media::Packet& packet : held) ORIEL_TRY(output_.packet_made(std::move(packet)));
  return {};
}

Result<void> Reception::drain_reencoder() {
  while (auto made = reencoder_->try_receive()) {
    if (auto* track = std::get_if<media::Track>(&*made)) {
      if (announced_ && video_track_ && *video_track_ != *track) {
        output_.run_ended(Reason::parameters_changed);
        announced_ = false;
      }
      video_track_ = std::move(*track);
      continue;
    }
    media::Packet& packet = std::get<media::Packet>(*made);
    packet.track = 0;
    packet.arrived = frames_.empty() ? run_first_arrived_ : frames_.back();
    if (in_run_ && video_track_) ORIEL_TRY(emit(std::move(packet)));
  }
  return {};
}

void Reception::add(MenderCounts& to, const MenderCounts& more) {
  to.missing += more.missing;
  to.not_increasing += more.not_increasing;
  to.jumped += more.jumped;
  to.wrapped += more.wrapped;
  to.frozen += more.frozen;
  to.bad_offset += more.bad_offset;
}

ReceptionCounts Reception::counts() const {
  ReceptionCounts all = counts_;
  if (in_run_ && mender_) add(all.times, mender_->counts());
  return all;
}

void Reception::end(Reason reason) {
  if (announced_) output_.run_ended(reason);
  announced_ = false;
  if (in_run_ && mender_) add(counts_.times, mender_->counts());
  in_run_ = false;
  held_.clear();
  held_bytes_ = 0;
  waiting_since_.reset();
}

void Reception::begin_anew(Reason reason) {
  const std::optional<UtcTime> now = waiting_since_;
  end(reason);
  waiting_since_ = now && !frames_.empty() ? frames_.back() : now;
  next_began_ = reason;
}

}  // namespace oriel::ingest
