#include "archive/reader.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "archive/file_names.h"
#include "archive/part_walk.h"

namespace oriel::archive {
namespace {

Error damaged(const RecordingRow& row, std::string_view what) {
  return Error{ErrorKind::data_loss, fmt::format("recording {}: {}", row.id.value, what)};
}

// Where segments [first, end) lie in the file, by the index alone.
struct SegmentRange {
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;
  std::uint32_t first_part = 0;
  std::uint32_t end_part = 0;
  std::int64_t start_90k = 0;
};

SegmentRange range_of(const std::vector<media::SegmentEntry>& segments, std::uint64_t init_bytes,
                      std::uint32_t first, std::uint32_t end) {
  SegmentRange range;
  range.offset = init_bytes;
  for (std::uint32_t i = 0; i < end; ++i) {
    const auto& segment = segments[i];
    const auto bytes = static_cast<std::uint64_t>(segment.bytes);
    if (i < first) {
      range.offset += bytes;
      range.first_part += segment.parts;
      range.start_90k += segment.duration_90k;
    } else {
      range.bytes += bytes;
    }
    if (i < first) range.end_part = range.first_part;
    if (i >= first) range.end_part += segment.parts;
  }
  return range;
}

// The index comes from a row: what it says is checked before it is used to size anything.
Result<std::vector<media::SegmentEntry>> checked_segments(const RecordingRow& row) {
  auto segments = segments_of(row);
  if (!segments) return fail(std::move(segments).error());
  std::uint64_t bytes = 0;
  std::uint64_t parts = 0;
  for (const auto& segment : *segments) {
    if (segment.bytes <= 0 || segment.parts == 0 || segment.duration_90k < 0)
      return fail(damaged(row, "its index is wrong"));
    bytes += static_cast<std::uint64_t>(segment.bytes);
    parts += segment.parts;
  }
  if (bytes > row.bytes || parts > Reader::kPartsMax)
    return fail(damaged(row, "its index does not fit its size"));
  return segments;
}

}  // namespace

Reader::Reader(std::vector<Volume*> volumes, FileSystem& file_system, const Catalog& catalog)
    : file_system_(file_system), catalog_(catalog), volumes_(std::move(volumes)) {}

void Reader::add_volume(Volume& volume) {
  const std::lock_guard lock(mutex_);
  volumes_.push_back(&volume);
}

Result<std::shared_ptr<File>> Reader::open_file(const RecordingRow& row) const {
  const Volume* volume = nullptr;
  {
    const std::lock_guard lock(mutex_);
    for (auto at = files_.begin(); at != files_.end(); ++at) {
      if (at->first != row.id) continue;
      files_.splice(files_.begin(), files_, at);
      return files_.front().second;
    }
    for (const auto* each : volumes_)
      if (each->id() == row.volume) volume = each;
  }
  if (volume == nullptr || volume->state() == VolumeState::missing)
    return fail(ErrorKind::unavailable, fmt::format("recording {}: volume {} is not there",
                                                    row.id.value, row.volume.str()));
  auto opened = file_system_.open(
      volume->path_of(recording_file(row.feed, row.rendition, row.id, row.start)), OpenMode::read);
  if (!opened && opened.error().kind == ErrorKind::not_found)
    return fail(damaged(row, "its file is gone"));
  if (!opened) return fail(std::move(opened).error());
  std::shared_ptr<File> file = std::move(*opened);
  std::shared_ptr<File> closed_outside_the_lock;
  const std::lock_guard lock(mutex_);
  files_.emplace_front(row.id, file);
  if (files_.size() > kOpenFilesMax) {
    closed_outside_the_lock = std::move(files_.back().second);
    files_.pop_back();
  }
  return file;
}

void Reader::forget(RecordingId id) const {
  std::list<std::pair<RecordingId, std::shared_ptr<File>>> closed_outside_the_lock;
  const std::lock_guard lock(mutex_);
  for (auto at = files_.begin(); at != files_.end(); ++at) {
    if (at->first != id) continue;
    closed_outside_the_lock.splice(closed_outside_the_lock.begin(), files_, at);
    return;
  }
}

Result<Bytes> Reader::read_bytes(const RecordingRow& row, std::uint64_t offset,
                                 std::size_t size) const {
  if (size > kBytesMax)
    return fail(ErrorKind::exhausted,
                fmt::format("{} bytes at once are more than {}", size, kBytesMax));
  if (offset > row.bytes || size > row.bytes - offset)
    return fail(ErrorKind::not_found, fmt::format("recording {} ends before", row.id.value));
  ORIEL_TRY_ASSIGN(const auto file, open_file(row));
  Bytes bytes(size);
  ORIEL_TRY_ASSIGN(const auto count, file->read(offset, bytes));
  if (count != size) return fail(damaged(row, "its file is shorter than its row says"));
  return bytes;
}

Result<PartBytes> Reader::read_parts(RecordingId id, std::uint32_t first, std::uint32_t end) const {
  ORIEL_TRY_ASSIGN(const auto row, catalog_.recording(id));
  return read_parts(row, first, end);
}

Result<PartBytes> Reader::read_segments(const RecordingRow& row, std::uint32_t first,
                                        std::uint32_t end) const {
  ORIEL_TRY_ASSIGN(const auto segments, checked_segments(row));
  end = std::min(end, static_cast<std::uint32_t>(segments.size()));
  if (first >= end)
    return fail(ErrorKind::not_found,
                fmt::format("recording {} has {} segments", row.id.value, segments.size()));
  const auto range = range_of(segments, 0, first, end);
  return read_parts(row, range.first_part, range.end_part);
}

// Whole segments are read at once, then walked in memory: a seek costs more than their bytes.
Result<PartBytes> Reader::read_parts(const RecordingRow& row, std::uint32_t first,
                                     std::uint32_t end) const {
  ORIEL_TRY_ASSIGN(const auto segments, checked_segments(row));
  ORIEL_TRY_ASSIGN(const auto init, catalog_.init_of(row));
  std::uint32_t first_segment = 0;
  std::uint32_t part = 0;
  const auto count = static_cast<std::uint32_t>(segments.size());
  while (first_segment < count && part + segments[first_segment].parts <= first)
    part += segments[first_segment++].parts;
  std::uint32_t end_segment = first_segment;
  for (auto reached = part; end_segment < count && reached < end;)
    reached += segments[end_segment++].parts;
  if (first >= end || first_segment == count)
    return fail(ErrorKind::not_found,
                fmt::format("recording {} has no part {}", row.id.value, first));

  const auto range = range_of(segments, init.summary.bytes, first_segment, end_segment);
  ORIEL_TRY_ASSIGN(auto bytes,
                   read_bytes(row, range.offset, static_cast<std::size_t>(range.bytes)));
  end = std::min(end, range.end_part);
  PartBytes parts;
  std::size_t begin = 0;
  std::size_t at = 0;
  for (std::uint32_t number = range.first_part; number < end; ++number) {
    auto head = media::parse_part_head(ByteView(bytes).subspan(at), init.summary.timescales,
                                       init.summary.video);
    if (!head) return fail(std::move(head).error().within(damaged(row, "a part").message));
    if (head->sequence != number + 1 || size_of(*head) > bytes.size() - at)
      return fail(damaged(row, fmt::format("part {} is not where its index says", number)));
    const auto size = static_cast<std::size_t>(size_of(*head));
    if (number == first) begin = at;
    if (number >= first) parts.pieces.push_back({at - begin, std::move(*head)});
    at += size;
  }
  bytes.resize(at);
  bytes.erase(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(begin));
  parts.recording = row;
  parts.bytes = std::move(bytes);
  return parts;
}

Result<Bytes> Reader::read_first_part(const RecordingRow& row, std::uint32_t segment) const {
  ORIEL_TRY_ASSIGN(const auto segments, checked_segments(row));
  if (segment >= segments.size())
    return fail(ErrorKind::not_found,
                fmt::format("recording {} has {} segments", row.id.value, segments.size()));
  ORIEL_TRY_ASSIGN(const auto init, catalog_.init_of(row));
  ORIEL_TRY_ASSIGN(const auto file, open_file(row));
  const auto range = range_of(segments, init.summary.bytes, segment, segment + 1);
  auto head = load_part_head(*file, range.offset, range.offset + range.bytes, init.summary);
  if (!head) return fail(std::move(head).error().within(damaged(row, "a part").message));
  return read_bytes(row, range.offset, static_cast<std::size_t>(size_of(*head)));
}

Result<std::vector<PartEntry>> Reader::part_table(const RecordingRow& row,
                                                  std::uint32_t first_segment,
                                                  std::uint32_t end_segment) const {
  ORIEL_TRY_ASSIGN(const auto segments, checked_segments(row));
  ORIEL_TRY_ASSIGN(const auto init, catalog_.init_of(row));
  end_segment = std::min(end_segment, static_cast<std::uint32_t>(segments.size()));
  std::vector<PartEntry> table;
  if (first_segment >= end_segment) return table;
  ORIEL_TRY_ASSIGN(const auto file, open_file(row));
  auto range = range_of(segments, init.summary.bytes, first_segment, end_segment);
  const std::uint64_t file_end = range.offset + range.bytes;
  table.reserve(range.end_part - range.first_part);
  std::uint32_t number = range.first_part;
  for (auto segment = first_segment; segment < end_segment; ++segment) {
    for (std::uint32_t i = 0; i < segments[segment].parts; ++i, ++number) {
      auto head = load_part_head(*file, range.offset, file_end, init.summary);
      if (!head) return fail(std::move(head).error().within(damaged(row, "a part").message));
      if (head->sequence != number + 1)
        return fail(damaged(row, fmt::format("part {} is not where its index says", number)));
      table.push_back({number, segment, head->independent, range.offset, size_of(*head),
                       head->start_90k, head->duration_90k,
                       row.start + ticks_to_duration(head->start_90k)});
      range.offset += size_of(*head);
    }
  }
  return table;
}

void make_wire(PartBytes& parts, bool muted) {
  for (const auto& piece : parts.pieces) {
    const auto bytes = std::span(parts.bytes).subspan(piece.offset, piece.size());
    media::shift_decode_times(bytes, piece.head.decode_times, parts.recording.run_offset_90k);
    if (muted) media::mute_part(bytes, piece.head);
  }
}

}  // namespace oriel::archive
