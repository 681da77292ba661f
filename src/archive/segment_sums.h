// A small checksum of each segment of a recording. The hash in the row says whether a file is what
// was written; these say which segments of a damaged file still are, and so for how long something
// is unreadable. They stand in the journal only: in the database they would cost more than all the
// rest of a row.
//
// As text: eight hexadecimal digits a segment, the CRC-32 (ISO-HDLC, as in zlib) of its bytes in
// the file: prft, moof and mdat of each part. The init segment is not in it.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/bytes.h"

namespace oriel::archive {

class SegmentSums {
 public:
  // Bytes in file order; `segment` counts from 0 and never goes back.
  void add(std::uint32_t segment, ByteView bytes);
  const std::vector<std::uint32_t>& values() const { return values_; }

 private:
  std::vector<std::uint32_t> values_;
};

// A segment index as a journal line has it; absent for a longer one than it takes.
std::optional<std::string> format_index(const Bytes& index);

// Absent for more segments than a journal line takes: damage is then found without its place.
std::optional<std::string> format_sums(const SegmentSums& sums);
std::optional<std::vector<std::uint32_t>> parse_sums(std::string_view text);

}  // namespace oriel::archive
