// The unit everything is made of: a part is about a third of a second of one rendition, packaged
// once. Live, archive, clips and relays all pass these same bytes on.
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <boost/describe/enum.hpp>

#include "base/bytes.h"
#include "base/ids.h"
#include "base/time.h"
#include "media/reason.h"
#include "media/track.h"

namespace oriel::media {

enum class Rendition : std::uint8_t { main, sub, made };
BOOST_DESCRIBE_ENUM(Rendition, main, sub, made)

// Where a recording's clock came from. Stored by number: only append.
enum class ClockSource : std::uint8_t { arrival, rtcp_sender_report, camera };
BOOST_DESCRIBE_ENUM(ClockSource, arrival, rtcp_sender_report, camera)

// How well the start of a run or recording is known.
struct ClockQuality {
  ClockSource source = ClockSource::arrival;
  // The camera's time minus ours at the least delayed packet seen of late: positive when the camera
  // is ahead, never more than the truth, since a network only adds delay. 0 for arrival.
  std::int64_t offset_us = 0;
  // Bound of |start - UTC|; 0: not known, since nothing keeps the computer's own clock.
  std::int64_t error_us = 0;
};

// The head of a run: what is known when reception begins.
struct RunHead {
  Tracks tracks;
  Reason began = Reason::none;
  UtcTime start;  // of dts 0
  ClockQuality clock;
  double declared_fps = 0;  // what the source says of itself; 0: nothing, or no picture
};

// What is left of a recording that was thinned instead of deleted. Stored by number: only append.
enum class Thinned : std::uint8_t {
  none,           // all of it
  key_frames,     // its key frames alone, without sound
  minute_frames,  // one key frame a minute, without sound
};
BOOST_DESCRIBE_ENUM(Thinned, none, key_frames, minute_frames)

// The head of one recording: what is known when it opens. Immutable, shared between threads.
struct Recording {
  RecordingId id;
  FeedId feed;
  Rendition rendition = Rendition::main;
  // Runs are unbroken receptions. The first recording of a run has offset 0; the next ones begin
  // where the one before ended, without a gap.
  RunId run;
  std::int64_t run_offset_90k = 0;
  UtcTime start;
  ClockQuality clock;
  double declared_fps = 0;      // see RunHead
  Reason began = Reason::none;  // why the run began; length_reached for a follow-up recording
  Thinned thinned = Thinned::none;
  std::shared_ptr<const Tracks> tracks;
  // ftyp and moov: the first bytes of the file, and the init segment that players get.
  SharedBytes init;
};
using RecordingPtr = std::shared_ptr<const Recording>;

// Where one decode time stands in a part's head.
struct TfdtPosition {
  std::uint32_t offset = 0;  // bytes from the head's start to the 8-byte big-endian value
  std::int32_t timescale = 0;
};

// Immutable once made. The file holds file_head + payload; players get wire_head + payload. Both
// heads have the same length: a wire byte offset is a file byte offset.
struct Part {
  RecordingPtr recording;
  std::uint32_t number = 0;    // in the recording, from 0
  std::uint32_t segment = 0;   // in the recording, from 0
  bool opens_segment = false;  // the first part of its segment
  bool independent = false;    // decoding can start with its first video sample
  std::int64_t start_90k = 0;  // from the recording's start, decode order
  std::int64_t duration_90k = 0;
  std::int64_t target_90k = 0;    // what parts of this segment aim at: no shorter than
                                  // 85 % of it but for the segment's last, and no longer
  std::uint32_t frames = 0;       // samples of the track that gives the part its time
  UtcTime start;                  // recording start + start_90k
  std::uint64_t file_offset = 0;  // of this part's first byte in the recording's file
  SharedBytes file_head;          // prft + moof, decode times from the recording's start
  SharedBytes wire_head;          // the same with decode times from the run's start
  SharedBytes payload;            // the whole mdat box: header, video samples, audio samples
  // Bytes of payload, counted from its start, that a viewer without sound gets; the rest are sent
  // as zeros, and muted_head has the audio traf renamed to `free`. Equal to payload size and
  // wire_head when there is nothing to mute.
  std::size_t picture_bytes = 0;
  SharedBytes muted_head;

  std::size_t size() const { return file_head->size() + payload->size(); }
  UtcTime end() const { return start + ticks_to_duration(duration_90k); }
};
using PartPtr = std::shared_ptr<const Part>;

// Takes the log of one rendition as it is made: began, then its parts in order, then ended, then
// the next recording. Called on the feed's thread; must not block.
class PartSink {
 public:
  virtual ~PartSink() = default;
  virtual void recording_began(const RecordingPtr& recording) = 0;
  virtual void part_made(const PartPtr& part) = 0;
  // No further part of `recording` follows. length_reached: the next recording of the same run
  // begins at once; any other reason ended the run.
  virtual void recording_ended(const RecordingPtr& recording, Reason reason) = 0;
};

}  // namespace oriel::media
