// The compact index of a recording's segments, kept in its row: about five bytes a segment.
//
// Layout: a sequence of entries, each of unsigned LEB128 numbers:
//   zigzag(duration_90k - duration of the entry before, 0 for the first)
//   zigzag(bytes - bytes of the entry before)
//   parts << 1 | independent
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
