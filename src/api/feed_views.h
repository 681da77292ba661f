// Feeds as the API shows them. Nothing here can hold a source or its credentials.
#pragma once
#include <optional>
#include <string>
#include <vector>

#include "api/services.h"
#include "base/json.h"

namespace oriel::api {

struct TrackView {
  std::string kind;
  std::string codec;
  std::string codec_string;
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::int64_t sample_rate = 0;
  std::int64_t channels = 0;
};
BOOST_DESCRIBE_STRUCT(TrackView, (),
                      (kind, codec, codec_string, width, height, sample_rate, channels))

struct RenditionView {
  media::Rendition name = media::Rendition::main;
  std::string codecs;
  std::vector<TrackView> tracks;
  std::int64_t bitrate_bps = 0;
};
BOOST_DESCRIBE_STRUCT(RenditionView, (), (name, codecs, tracks, bitrate_bps))

struct SpanView {
  UtcTime start;
  UtcTime end;
};
BOOST_DESCRIBE_STRUCT(SpanView, (), (start, end))

// What a viewer with this view is told of a feed. `archive` is asked (and blocks) when it is given;
// without it first_recorded_at and last_good stay empty.
json::object feed_view(const Feed& feed, const access::View& view, const archive::Archive* archive,
                       const Services& services);
json::value feed_schema();

}  // namespace oriel::api
