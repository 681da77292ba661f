#include "ingest/probe.h"

#include "ingest/make_source.h"
#include "ingest/reception.h"
#include "media/packager.h"

namespace oriel::ingest {
namespace {

constexpr int kPictureWidth = 640;
constexpr std::int64_t kLookUs = 1'000'000;

class NoIds final : public media::IdSource {
 public:
  RecordingId next_recording_id() override { return {1}; }
  RunId next_run_id() override { return {1}; }
};

// Keeps the first part that a picture can be made of.
class FirstPart final : public media::PartSink {
 public:
  void recording_began(const media::RecordingPtr&) override {}
  void part_made(const media::PartPtr& part) override {
    if (!part_ && part->independent) part_ = part;
  }
  void recording_ended(const media::RecordingPtr&, media::Reason) override {}
  const media::PartPtr& part() const { return part_; }

 private:
  media::PartPtr part_;
};

class Look final : public RunOutput {
 public:
  Look() : packager_(media::PackagerOptions{}, ids_, first_) {}
  Result<void> run_began(media::RunHead head) override {
    tracks = head.tracks;
    return packager_.begin_run(std::move(head));
  }
  Result<void> packet_made(media::Packet packet) override {
    return packager_.push(std::move(packet));
  }
  void run_clock_moved(UtcTime, media::ClockQuality) override {}
  void run_ended(media::Reason reason) override { packager_.end_run(reason); }

  media::Tracks tracks;
  const media::PartPtr& part() const { return first_.part(); }

 private:
  NoIds ids_;
  FirstPart first_;
  media::Packager packager_;
};

SourceDescription describe(const std::vector<SourceTrack>& from, const Look& look,
                           const Reception& reception) {
  SourceDescription made;
  for (const SourceTrack& track : from) {
    const bool video = track.kind == media::TrackKind::video;
    SourceTrackDescription about;
    about.kind = video ? "video" : "audio";
    about.codec = track.parameters.codec;
    for (const media::Track& recorded : look.tracks)
      if (recorded.kind() == track.kind) {
        about.recorded_as = recorded.codec_string;
        about.width = recorded.width;
        about.height = recorded.height;
        about.sample_rate = recorded.sample_rate;
        about.channels = recorded.channels;
      }
    if (video) {
      about.declared_fps = track.declared_fps;
      about.delivered_fps = reception.counts().delivered_fps;
    }
    made.tracks.push_back(std::move(about));
  }
  return made;
}

}  // namespace

Result<SourceDescription> test_source(const SourceUrl& url, const Clock& clock,
                                      const VideoReencoderMaker& make_reencoder, SnapshotPool& pool,
                                      SteadyTime deadline, std::stop_token stop) {
  const SteadyTime begun = std::chrono::steady_clock::now();
  const auto since = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  };
  const std::unique_ptr<Source> source = make_source(url, clock);
  ORIEL_TRY_ASSIGN(const auto tracks, source->open(deadline, std::move(stop)));
  const double connected_after_s = since();
  const SourceTraits traits = source->traits();
  ReceptionOptions options;
  options.bursty = traits.bursty;
  options.by_arrival = traits.no_times;
  options.make_reencoder = make_reencoder;
  Look look;
  Reception reception(std::move(options), tracks, look);
  ORIEL_TRY(reception.prepare());
  std::optional<UtcTime> first;
  for (bool enough = false; !enough;) {
    ORIEL_TRY_ASSIGN(auto packet, source->next(deadline));
    if (!packet) break;
    const UtcTime arrived = packet->arrived;
    if (!first) first = arrived;
    ORIEL_TRY(reception.push(std::move(*packet)));
    enough = look.part() && (arrived - *first).us >= kLookUs;
  }
  reception.end(media::Reason::paused);
  SourceDescription made = describe(tracks, look, reception);
  made.connected_after_s = connected_after_s;
  const bool has_video = !look.tracks.empty() && look.tracks[0].kind() == media::TrackKind::video;
  if (look.part() && has_video) {
    const media::Part& part = *look.part();
    Bytes bytes = *part.file_head;
    bytes.insert(bytes.end(), part.payload->begin(), part.payload->end());
    if (auto jpeg = pool.jpeg(*part.recording->init, bytes, 0, kPictureWidth)) {
      made.picture = std::move(*jpeg);
      made.picture_after_s = since();
    }
  }
  return made;
}

}  // namespace oriel::ingest
