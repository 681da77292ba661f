// "Test this camera": one short look at a source, with its first picture.
#pragma once
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <boost/describe/class.hpp>

#include "base/bytes.h"
#include "base/time.h"
#include "ingest/reencoder.h"
#include "ingest/snapshot_process.h"
#include "ingest/source_url.h"

namespace oriel::ingest {

struct SourceTrackDescription {
  std::string kind;         // video, audio
  std::string codec;        // what the source sends: "hevc", "pcm_alaw"
  std::string recorded_as;  // RFC 6381 of what is recorded; empty: left out
  std::int32_t width = 0;
  std::int32_t height = 0;
  double declared_fps = 0;
  double delivered_fps = 0;
  std::int32_t sample_rate = 0;
  std::int32_t channels = 0;
};
BOOST_DESCRIBE_STRUCT(SourceTrackDescription, (),
                      (kind, codec, recorded_as, width, height, declared_fps, delivered_fps,
                       sample_rate, channels))

struct SourceDescription {
  std::vector<SourceTrackDescription> tracks;
  double connected_after_s = 0;
  double picture_after_s = 0;  // 0: there is none
  Bytes picture;               // JPEG, at most 640 wide; empty when there is none
};

// Connects, receives about a second, and closes again. Blocks at most until `deadline`; `stop`
// wakes it. `pool` and `clock` are borrowed. Errors: as Source::open and Reception::push; none of
// their texts holds the URL. A source that gives a stream but no picture in time is deadline.
Result<SourceDescription> test_source(const SourceUrl& url, const Clock& clock,
                                      const VideoReencoderMaker& make_reencoder, SnapshotPool& pool,
                                      SteadyTime deadline, std::stop_token stop);

}  // namespace oriel::ingest
