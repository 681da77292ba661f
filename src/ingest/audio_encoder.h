// Sound that MP4 or browsers do not take, made AAC in this process: it is cheap, and its decoders
// (G.711, PCM, ADPCM, MPEG audio, AC-3) are small.
#pragma once
#include <memory>
#include <vector>

#include "base/result.h"
#include "ingest/source.h"
#include "media/packet.h"
#include "media/track.h"

namespace oriel::ingest {

// One stream, one thread. The output keeps the input's times to within a sample; a hole of more
// than 100 ms stays a hole, and sound that comes twice is dropped.
class AudioEncoder {
 public:
  // Errors: unsupported (no decoder), invalid (parameters that are refused).
  static Result<std::unique_ptr<AudioEncoder>> make(const StreamParameters& parameters);
  ~AudioEncoder();
  AudioEncoder(const AudioEncoder&) = delete;
  AudioEncoder& operator=(const AudioEncoder&) = delete;

  // AAC LC of the input's sample rate (raised to 16 kHz for telephony) and at most two channels.
  // Known at once when the input's rate is, else after the first packet: check has_track().
  bool has_track() const;
  const media::Track& track() const;
  // `run_us` is when the packet's first sample is heard, in the run's time. What comes out has dts
  // in samples of track().timescale; `arrived` is the packet's. A packet that cannot be decoded is
  // skipped. Errors: data_loss after 50 failures in a row, internal.
  Result<std::vector<media::Packet>> encode(ByteView packet, std::int64_t run_us, UtcTime arrived);

 private:
  struct State;
  explicit AudioEncoder(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace oriel::ingest
