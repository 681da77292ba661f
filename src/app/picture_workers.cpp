#include "app/picture_workers.h"

#include "ingest/probe.h"
#include "ingest/source_url.h"
#include "ingest/transcoder.h"

namespace oriel::app {
namespace {

// A person waits for the answer: long enough for a camera with a key frame each 10 s.
constexpr std::chrono::seconds kProbeDeadline{15};

}  // namespace

Result<api::ProbedSource> WorkerPictures::probe(const Secret& source) {
  ORIEL_TRY_ASSIGN(const auto url, ingest::SourceUrl::parse(source.reveal()));
  const ingest::VideoReencoderMaker reencoder = [](const ingest::StreamParameters& parameters) {
    return std::make_unique<ingest::Transcoder>(ingest::TranscoderOptions{}, parameters);
  };
  ORIEL_TRY_ASSIGN(auto found, ingest::test_source(url, clock_, reencoder, pool_,
                                                   clock_.steady() + kProbeDeadline, {}));
  api::ProbedSource probed;
  for (auto& track : found.tracks)
    probed.tracks.push_back({std::move(track.kind), std::move(track.codec), track.width,
                             track.height, track.sample_rate, track.channels, track.delivered_fps});
  if (!found.picture.empty()) probed.picture = std::move(found.picture);
  return probed;
}

}  // namespace oriel::app
