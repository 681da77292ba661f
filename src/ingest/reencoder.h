// What Reception asks of whoever turns old codecs into those that MP4 and browsers take.
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <variant>

#include "base/result.h"
#include "ingest/source.h"
#include "media/packet.h"
#include "media/track.h"

namespace oriel::ingest {

// What came out: the track's parameters first (and again whenever they change), then its packets.
using ReencodedVideo = std::variant<media::Track, media::Packet>;

// Pictures go in and H.264 comes out, some frames later, with the times that went in. The work is
// done elsewhere: no call blocks.
class VideoReencoder {
 public:
  virtual ~VideoReencoder() = default;
  // Takes a packet whose dts and pts are in 90 kHz. When more is waiting than the worker can take,
  // packets up to the next key frame are dropped and counted.
  virtual void submit(media::Packet packet) = 0;
  virtual std::optional<ReencodedVideo> try_receive() = 0;
};

using VideoReencoderMaker = std::function<std::unique_ptr<VideoReencoder>(const StreamParameters&)>;

}  // namespace oriel::ingest
