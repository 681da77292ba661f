#include "media/segment_index.h"

namespace oriel::media {
namespace {

constexpr std::size_t kEntriesMax = 100'000;
// More than any segment has, and small enough that what was read can be written again.
constexpr std::int64_t kValueMax = std::int64_t{1} << 48;

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

// The first byte of the layout written now; in the older one it would be a first segment without
// duration, which none has.
constexpr std::uint8_t kSteadyLayout = 0;

std::uint64_t parts_of(const SegmentEntry& entry) {
  return static_cast<std::uint64_t>(entry.parts) << 1 | (entry.independent ? 1 : 0);
}

Result<SegmentEntry> next_entry(const SegmentEntry& before, std::uint64_t duration,
                                std::uint64_t size, std::uint64_t parts) {
  SegmentEntry entry;
  const bool overflow =
      __builtin_add_overflow(before.duration_90k, unzigzag(duration), &entry.duration_90k) ||
      __builtin_add_overflow(before.bytes, unzigzag(size), &entry.bytes);
  if (overflow || entry.duration_90k < 0 || entry.duration_90k > kValueMax || entry.bytes < 0 ||
      entry.bytes > kValueMax || (parts >> 1) > 1'000'000)
    return fail(ErrorKind::data_loss, "segment index: value out of range");
  entry.parts = static_cast<std::uint32_t>(parts >> 1);
  entry.independent = (parts & 1) != 0;
  return entry;
}

Result<SegmentEntry> take_entry(const SegmentEntry& before, ByteView& bytes) {
  ORIEL_TRY_ASSIGN(const auto size, take_varint(bytes));
  if ((size & 1) != 0) return next_entry(before, 0, size >> 1, parts_of(before));
  ORIEL_TRY_ASSIGN(const auto duration, take_varint(bytes));
  ORIEL_TRY_ASSIGN(const auto parts, take_varint(bytes));
  return next_entry(before, duration, size >> 1, parts);
}

Result<SegmentEntry> take_older_entry(const SegmentEntry& before, ByteView& bytes) {
  ORIEL_TRY_ASSIGN(const auto duration, take_varint(bytes));
  ORIEL_TRY_ASSIGN(const auto size, take_varint(bytes));
  ORIEL_TRY_ASSIGN(const auto parts, take_varint(bytes));
  return next_entry(before, duration, size, parts);
}

}  // namespace

Bytes encode_segment_index(const std::vector<SegmentEntry>& entries) {
  Bytes out;
  if (entries.empty()) return out;
  out.reserve(entries.size() * 4 + 8);
  out.push_back(kSteadyLayout);
  SegmentEntry before;
  for (const auto& entry : entries) {
    const bool same =
        entry.duration_90k == before.duration_90k && parts_of(entry) == parts_of(before);
    put_varint(out, zigzag(entry.bytes - before.bytes) << 1 | (same ? 1 : 0));
    if (!same) {
      put_varint(out, zigzag(entry.duration_90k - before.duration_90k));
      put_varint(out, parts_of(entry));
    }
    before = entry;
  }
  return out;
}

Result<std::vector<SegmentEntry>> decode_segment_index(ByteView bytes) {
  std::vector<SegmentEntry> entries;
  if (bytes.empty()) return entries;
  const bool steady = bytes.front() == kSteadyLayout;
  if (steady) bytes = bytes.subspan(1);
  SegmentEntry before;
  while (!bytes.empty()) {
    if (entries.size() == kEntriesMax)
      return fail(ErrorKind::data_loss, "segment index: too many entries");
    ORIEL_TRY_ASSIGN(before, steady ? take_entry(before, bytes) : take_older_entry(before, bytes));
    entries.push_back(before);
  }
  return entries;
}

}  // namespace oriel::media
