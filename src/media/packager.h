// Turns the packets of one run into parts, segments and recordings.
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "media/packet.h"
#include "media/part.h"
#include "media/part_builder.h"
#include "media/track.h"

namespace oriel::media {

struct PackagerOptions {
  FeedId feed;
  Rendition rendition = Rendition::main;
  std::int64_t part_90k = 30'000;           // wanted length of a part
  std::int64_t segment_min_90k = 270'000;   // a key frame after this begins a segment
  std::int64_t segment_max_90k = 540'000;   // a segment never exceeds this, key frame or not
  std::int64_t recording_90k = 27'000'000;  // the first key frame after this begins a recording
  std::int64_t recording_max_90k = 54'000'000;
};

// Where a segment of `length_90k` ends: before a frame or part that would begin a new one. Recovery
// finds the segments of a file again by this rule alone.
inline bool ends_segment(const PackagerOptions& options, std::int64_t length_90k,
                         bool next_independent, std::int64_t next_90k) {
  return (next_independent && length_90k >= options.segment_min_90k) ||
         (length_90k > 0 && length_90k + next_90k > options.segment_max_90k);
}

// What every new run and recording asks of the node. Thread-safe.
class IdSource {
 public:
  virtual ~IdSource() = default;
  virtual RecordingId next_recording_id() = 0;
  virtual RunId next_run_id() = 0;
};

// One packager lives as long as its rendition; begin_run()/end_run() bracket each reception. Only
// on the feed's thread. Holds back one packet per track, so that each sample's duration is the
// distance to the next one and not what the camera claims.
class Packager {
 public:
  Packager(PackagerOptions options, IdSource& ids, PartSink& sink);
  ~Packager();

  // Errors: unsupported (no init segment can be made of these tracks).
  Result<void> begin_run(RunHead head);
  // Packets before the first key frame (or any, without video) are dropped. Errors: invalid when
  // dts does not increase in its track; the run must then be ended.
  Result<void> push(Packet packet);
  // The UTC of the run's time zero may be slewed while it goes on (drift against the node's clock);
  // takes effect with the next recording.
  void set_run_clock(UtcTime start, ClockQuality clock);
  // Seals what is held back, ends the recording. Without effect when no run is open.
  void end_run(Reason reason);
  bool in_run() const;

 private:
  struct Run;
  static Sample sample_of(Packet packet, std::int64_t zero, std::int64_t duration);
  void commit(std::size_t track, Sample sample);
  void end_warmup();
  // Places lead samples; at a recording's cut only when the sound has come that far, or `flush`.
  void release_waiting(bool flush);
  bool cuts_recording(const Sample& sample) const;
  void place(Sample sample);
  void open_recording(std::int64_t begin_90k);
  void open_segment(std::int64_t begin_90k);
  void seal_part();
  void close_recording(Reason reason);

  PackagerOptions options_;
  IdSource& ids_;
  PartSink& sink_;
  std::unique_ptr<Run> run_;
};

}  // namespace oriel::media
