// What a camera, a publisher or a file gives: timed coded packets, as they come, lies included.
//
// A Source only receives. What it gives is made fit for a run by Reception, which takes packets by
// call and owns no thread, so that an event-driven receiver can feed it as well as a blocking one.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "media/part.h"
#include "media/reason.h"
#include "media/track.h"

namespace oriel::ingest {

// What a decoder must know of a stream; libavcodec's vocabulary as plain values, so that it can
// cross to a worker process.
struct StreamParameters {
  std::string codec;  // libavcodec's codec name: "h264", "mjpeg", "pcm_alaw"
  std::uint32_t codec_tag = 0;
  Bytes extradata;         // in the container's own layout: avcC or Annex B
  std::int32_t width = 0;  // pixels; 0: not known yet
  std::int32_t height = 0;
  std::int32_t sample_rate = 0;  // Hz
  std::int32_t channels = 0;
  std::int32_t bits_per_coded_sample = 0;
  std::int32_t block_align = 0;
  std::int32_t frame_size = 0;  // samples a packet, 0: varies or not known
  std::int32_t profile = -99;   // libavcodec's FF_PROFILE_UNKNOWN
};

struct SourceTrack {
  media::TrackKind kind = media::TrackKind::video;
  StreamParameters parameters;
  // One tick of the packets' timestamps lasts timebase_num / timebase_den seconds.
  std::int32_t timebase_num = 1;
  std::int32_t timebase_den = 90'000;
  double declared_fps = 0;  // 0: nothing declared
  // The transport carries only presentation times (RTP): decode times must be worked out.
  bool dts_unknown = false;
  // Frames of delay between decoding and showing, as far as declared (B-frames).
  std::int32_t reorder_depth = 0;
};

// When a picture was taken, by the camera's clock.
struct CaptureTime {
  UtcTime time;
  media::ClockSource source = media::ClockSource::camera;  // not arrival
};

struct SourcePacket {
  std::uint32_t track = 0;          // index into what open() gave
  std::optional<std::int64_t> dts;  // ticks of the track's timebase
  std::optional<std::int64_t> pts;
  std::int64_t duration = 0;  // ticks; 0: not known
  bool key = false;           // as far as the transport says
  bool damaged = false;       // the transport lost a piece of it
  Bytes bytes;
  UtcTime arrived;
  std::optional<CaptureTime> captured;
  Bytes new_extradata;  // not empty: parameters change with this packet
};

struct SourceStatistics {
  std::uint64_t bytes = 0;
  std::uint64_t packets = 0;
  std::uint64_t packets_lost = 0;  // RTP packets that never came
  std::uint64_t packets_late = 0;  // RTP packets that came too late to be put in order
};

// How this transport behaves, known once it is open.
struct SourceTraits {
  bool bursty = false;             // whole segments arrive at once, with seconds of silence between
  std::int64_t start_hold_us = 0;  // how long a server may send its backlog at the start
  bool no_times = false;           // the transport carries none; what packets say is made up
};

// One connection at a time; used by one thread, which the caller owns.
class Source {
 public:
  virtual ~Source() = default;
  // Connects and learns what the stream is made of: at most one video and one audio track, video
  // first. Blocks, at most until `deadline`; `stop` wakes it at once. Errors: unavailable
  // (unreachable or broken), denied (password), not_found (no such path), invalid (no stream that
  // we know), unsupported, deadline, cancelled. No text holds the URL.
  virtual Result<std::vector<SourceTrack>> open(SteadyTime deadline, std::stop_token stop) = 0;
  // The next packet, or nullopt when the peer has ended the stream in good order. Blocks like
  // open(). After an error, deadline included, the source can only be closed.
  virtual Result<std::optional<SourcePacket>> next(SteadyTime deadline) = 0;
  // Why the last error came, for the feed's state and the recording's end.
  virtual media::Reason failure_reason() const = 0;
  virtual SourceStatistics statistics() const = 0;
  virtual SourceTraits traits() const = 0;
  virtual void close() = 0;
};

}  // namespace oriel::ingest
