#include "media/segment_index.h"

namespace oriel::media {
namespace {

constexpr std::size_t kEntriesMax = 100'000;

void put_varint(Bytes& out, std::uint64_t value) {
  while (value >= 0x80) {
    out.push_back(static_cast<std::uint8_t>(value | 0x80));
    value >>= 7;
  }
  out.push_back(static_cast<std::uint8_t>(value));
}

std::uint64_t zigzag(std::int64_t value) {
  return (static_cast<std::uint64_t>(value) << 1) ^ static_cast<std::uint64_t>(value >> 63);
}

std::int64_t unzigzag(std::uint64_t value) {
  return static_cast<std::int64_t>(value >> 1) ^ -static_cast<std::int64_t>(value & 1);
}

Result<std::uint64_t> take_varint(ByteView& bytes) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 63; shift += 7) {
    if (bytes.empty()) return fail(ErrorKind::data_loss, "segment index: torn number");
    const std::uint8_t byte = bytes.front();
    bytes = bytes.subspan(1);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
  return fail(ErrorKind::data_loss, "segment index: overlong number");
}

}  // namespace

Bytes encode_segment_index(const std::vector<SegmentEntry>& entries) {
  Bytes out;
  out.reserve(entries.size() * 6);
  SegmentEntry before;
  for (const auto& entry : entries) {
    put_varint(out, zigzag(entry.duration_90k - before.duration_90k));
    put_varint(out, zigzag(entry.bytes - before.bytes));
    put_varint(out, static_cast<std::uint64_t>(entry.parts) << 1 | (entry.independent ? 1 : 0));
    before = entry;
  }
  return out;
}

Result<std::vector<SegmentEntry>> decode_segment_index(ByteView bytes) {
  std::vector<SegmentEntry> entries;
  SegmentEntry before;
  while (!bytes.empty()) {
    if (entries.size() == kEntriesMax)
      return fail(ErrorKind::data_loss, "segment index: too many entries");
    ORIEL_TRY_ASSIGN(const auto duration, take_varint(bytes));
    ORIEL_TRY_ASSIGN(const auto size, take_varint(bytes));
    ORIEL_TRY_ASSIGN(const auto parts, take_varint(bytes));
    SegmentEntry entry;
    const bool overflow =
        __builtin_add_overflow(before.duration_90k, unzigzag(duration), &entry.duration_90k) ||
        __builtin_add_overflow(before.bytes, unzigzag(size), &entry.bytes);
    if (overflow || entry.duration_90k < 0 || entry.bytes < 0 || (parts >> 1) > 1'000'000)
      return fail(ErrorKind::data_loss, "segment index: value out of range");
    entry.parts = static_cast<std::uint32_t>(parts >> 1);
    entry.independent = (parts & 1) != 0;
    entries.push_back(entry);
    before = entry;
  }
  return entries;
}

}  // namespace oriel::media
