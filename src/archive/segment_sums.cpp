#include "archive/segment_sums.h"

#include <zlib.h>

#include "base/hex.h"

namespace oriel::archive {

namespace {
// Together well below kJournalLineMax; a recording has some 75 segments.
constexpr std::size_t kSegmentsMax = 700;
constexpr std::size_t kIndexBytesMax = 3'500;
}  // namespace

void SegmentSums::add(std::uint32_t segment, ByteView bytes) {
  while (values_.size() <= segment)
    values_.push_back(static_cast<std::uint32_t>(::crc32_z(0, nullptr, 0)));
  auto& value = values_.back();
  value = static_cast<std::uint32_t>(::crc32_z(value, bytes.data(), bytes.size()));
}

std::optional<std::string> format_index(const Bytes& index) {
  if (index.size() > kIndexBytesMax) return std::nullopt;
  return format_hex(index);
}

std::optional<std::string> format_sums(const SegmentSums& sums) {
  if (sums.values().size() > kSegmentsMax) return std::nullopt;
  Bytes bytes;
  for (const auto value : sums.values())
    for (int shift = 24; shift >= 0; shift -= 8)
      bytes.push_back(static_cast<std::uint8_t>(value >> shift));
  return format_hex(bytes);
}

std::optional<std::vector<std::uint32_t>> parse_sums(std::string_view text) {
  const auto bytes = parse_hex(text);
  if (!bytes || bytes->size() % 4 != 0) return std::nullopt;
  std::vector<std::uint32_t> values;
  for (std::size_t i = 0; i < bytes->size(); i += 4)
    values.push_back(std::uint32_t{(*bytes)[i]} << 24 | std::uint32_t{(*bytes)[i + 1]} << 16 |
                     std::uint32_t{(*bytes)[i + 2]} << 8 | (*bytes)[i + 3]);
  return values;
}

}  // namespace oriel::archive
