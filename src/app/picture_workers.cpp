#include "app/picture_workers.h"

#include "ingest/make_source.h"
#include "ingest/source_url.h"

namespace oriel::app {
namespace {

constexpr std::chrono::seconds kProbeDeadline{10};

}  // namespace

Result<api::ProbedSource> WorkerPictures::probe(const Secret& source) {
  ORIEL_TRY_ASSIGN(const auto url, ingest::SourceUrl::parse(source.reveal()));
  const auto opened = ingest::make_source(url, clock_);
  ORIEL_TRY_ASSIGN(const auto tracks, opened->open(clock_.steady() + kProbeDeadline, {}));
  api::ProbedSource probed;
  for (const auto& track : tracks) {
    const auto& parameters = track.parameters;
    const bool video = track.kind == media::TrackKind::video;
    probed.tracks.push_back({video ? "video" : "audio", parameters.codec, parameters.width,
                             parameters.height, parameters.sample_rate, parameters.channels,
                             track.declared_fps});
  }
  opened->close();
  return probed;
}

}  // namespace oriel::app
