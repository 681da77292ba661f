// The compact index of a recording's segments, kept in its row: about three bytes a segment.
//
// Layout: a zero byte, then a sequence of entries, each of unsigned LEB128 numbers:
//   zigzag(bytes - bytes of the entry before, 0 for the first) << 1 | same
//   unless same, which says that both are those of the entry before:
//     zigzag(duration_90k - duration of the entry before)
//     parts << 1 | independent
// A camera's groups of pictures are equally long, so that of most segments only the size is kept.
// Schema versions 1 and 2 wrote, without the zero byte: zigzag of the duration's difference, zigzag
// of that of the bytes, parts << 1 | independent; it is still read. An empty index has no byte.
// A reader stops at the end of the bytes; a torn or overlong number makes the index invalid. It can
// be made again from the file, so no checksum is kept here.
#pragma once
#include <cstdint>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace oriel::media {

struct SegmentEntry {
  std::int64_t duration_90k = 0;
  std::int64_t bytes = 0;  // of its parts in the file: prft + moof + mdat
  std::uint32_t parts = 0;
  bool independent = false;  // starts with a picture from which decoding can start
  bool operator==(const SegmentEntry&) const = default;
};

Bytes encode_segment_index(const std::vector<SegmentEntry>& entries);
// Errors: data_loss. At most 100 000 entries are read.
Result<std::vector<SegmentEntry>> decode_segment_index(ByteView bytes);

}  // namespace oriel::media
