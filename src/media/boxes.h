// The few ISO BMFF boxes (ISO/IEC 14496-12) that Oriel writes and reads itself: everything but the
// init segment's sample descriptions, which come from libavformat.
//
// A part in a recording:
//   prft  version 1, flags 24: track id, NTP time, media time: the UTC of the first decode time
//   moof  mfhd(sequence = part number + 1)
//         traf per track with samples: tfhd (default-base-is-moof), tfdt version 1, trun
//   mdat  the samples of the first track in decode order, then those of the second
// Validity: a part counts when prft, moof and mdat are complete, sizes fit the file, and mfhd's
// sequence follows the part before. Crash argument: parts are only ever appended; a torn part is
// the last one, fails the rule and is cut off when the recording is recovered.
#pragma once
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"
#include "media/part.h"
#include "media/track.h"

namespace oriel::media {

// Box header as read: `size` includes the header.
struct BoxHeader {
  char type[4] = {};
  std::uint64_t size = 0;
  std::uint32_t header_bytes = 8;
  std::string_view name() const { return {type, 4}; }
};
// Errors: data_loss when fewer than 8 (16 for a 64-bit size) bytes are there or the size is less
// than the header. A size of 0 (to the end of file) is refused: Oriel never writes it.
Result<BoxHeader> parse_box_header(ByteView bytes);

// What one part says about itself.
struct PartHead {
  std::uint32_t sequence = 0;       // mfhd
  UtcTime start;                    // prft
  std::uint32_t head_bytes = 0;     // prft + moof
  std::uint64_t payload_bytes = 0;  // mdat with its header
  std::uint64_t picture_bytes = 0;  // see Part::picture_bytes
  bool independent = false;         // the first video sample is a sync sample, or no video
  std::int64_t start_90k = 0;       // tfdt of the first traf, in 90 kHz
  std::int64_t duration_90k = 0;    // sum of the first traf's sample durations
  std::uint64_t frames = 0;         // samples of the first traf
  std::vector<TfdtPosition> decode_times;
  std::uint32_t audio_traf = 0;  // offset of the audio traf; 0: nothing to mute
};

// Reads the head of the part that `bytes` begins with; needs prft, moof and the mdat's header, at
// most kPartHeadBytesMax bytes. `timescales[i]` is that of track id i+1; `video` says whether track
// id 1 is video. Errors: data_loss with what is wrong.
constexpr std::size_t kPartHeadBytesMax = 1 << 20;
Result<PartHead> parse_part_head(ByteView bytes, const std::vector<std::int32_t>& timescales,
                                 bool video);

// One picture of a part, as its head says.
struct VideoSample {
  std::int64_t decode_time = 0;  // ticks of the track, as in the file
  std::int64_t duration = 0;
  std::int64_t composition_offset = 0;
  std::uint64_t offset = 0;  // of its bytes from the part's start
  std::uint32_t bytes = 0;
  bool key = false;
};
// The pictures of a part of a recording with video, in decode order. `bytes` is the part's head
// with the header of its mdat, `head` what parse_part_head() read of it. Errors: data_loss.
Result<std::vector<VideoSample>> parse_video_samples(ByteView bytes, const PartHead& head);

// What recovery and `archive rebuild` need of a file's moov.
struct InitSummary {
  std::uint64_t bytes = 0;               // ftyp + moov
  std::vector<std::int32_t> timescales;  // of track id 1, 2
  bool video = false;                    // track 1 is video
};
Result<InitSummary> parse_init(ByteView bytes);

// Adds `offset_90k` (converted to each track's timescale, rounded to nearest) to every decode time
// of a part whose bytes start at bytes[0]. In place.
void shift_decode_times(std::span<std::uint8_t> bytes, const std::vector<TfdtPosition>& positions,
                        std::int64_t offset_90k);
// Exactly what shift_decode_times adds to a time of this timescale.
std::int64_t ticks_in(std::int64_t ticks_90k, std::int32_t timescale);
// The other way, rounded to nearest.
std::int64_t ticks_from(std::int64_t ticks, std::int32_t timescale);
// Makes a part silent in place: the audio traf becomes `free` and the audio bytes become zeros. The
// size stays. `bytes` is the whole part.
void mute_part(std::span<std::uint8_t> bytes, const PartHead& head);
// The init segment without its audio track, same size; a copy when there is nothing to mute.
// Errors: data_loss.
Result<Bytes> mute_init(ByteView init);

// ftyp + moov for these tracks, made by libavformat's mp4 muxer with CMAF brands. Track ids are
// 1, 2 in order. Errors: unsupported when MP4 cannot hold a codec.
Result<Bytes> make_init(const Tracks& tracks);

}  // namespace oriel::media
