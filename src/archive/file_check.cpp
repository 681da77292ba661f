#include "archive/file_check.h"

#include <algorithm>

#include <fmt/format.h>
#include <zlib.h>

#include "archive/part_walk.h"
#include "media/segment_index.h"

namespace oriel::archive {
namespace {

constexpr std::size_t kBlockBytes = std::size_t{1} << 20;

struct Segment {
  std::uint64_t begin = 0;  // file bytes
  std::uint64_t end = 0;
  UtcSpan span;
  std::uint32_t first_part = 0;
  std::uint32_t parts = 0;
  std::uint32_t sum = 0;
  bool damaged = false;
};

class Check {
 public:
  Check(const File& file, const ExpectedFile& expected, Pace& pace)
      : file_(file), expected_(expected), pace_(pace) {}

  Result<FileCheck> run() {
    if (auto known = lay_out(); !known) return all_damaged(known.error().message);
    const auto size = file_.size();
    if (!size) return all_damaged(size.error().message);
    const std::uint64_t bytes = expected_.row.bytes;
    if (*size > bytes) check_.surplus_bytes = *size - bytes;
    ORIEL_TRY(read_all(std::min(*size, bytes)));
    if (*size < bytes)
      say(fmt::format("{} of {} bytes are missing at its end", bytes - *size, bytes));
    else if (!unreadable_)
      check_.sha256 = hash_.finish();
    if (*size >= bytes && !unreadable_ && expected_.sha256 == check_.sha256) return check_;
    if (unreadable_) say("the disk cannot read some of it");
    find_damage(*size);
    return take();
  }

 private:
  Result<void> lay_out();
  Result<void> read_all(std::uint64_t end);
  void add_sum(std::uint64_t offset, ByteView bytes);
  void mark_damaged(std::uint64_t begin, std::uint64_t end);
  void find_damage(std::uint64_t size);
  bool structure_holds(const Segment& segment, const media::InitSummary& init) const;
  FileCheck take();
  FileCheck all_damaged(const std::string& what) {
    say(what);
    check_.damaged = {expected_.row.span()};
    return check_;
  }
  void say(const std::string& what) {
    if (!check_.what.empty()) check_.what += "; ";
    check_.what += what;
  }

  const File& file_;
  const ExpectedFile& expected_;
  Pace& pace_;
  FileCheck check_;
  Sha256 hash_;
  std::vector<Segment> segments_;
  std::size_t at_segment_ = 0;  // where add_sum() is
  bool unreadable_ = false;
  bool sums_known_ = false;
};

Result<void> Check::lay_out() {
  ORIEL_TRY_ASSIGN(const auto entries, segments_of(expected_.row));
  std::uint64_t media_bytes = 0;
  for (const auto& entry : entries) media_bytes += static_cast<std::uint64_t>(entry.bytes);
  if (entries.empty() || media_bytes > expected_.row.bytes)
    return fail(ErrorKind::data_loss, "its index in the database is wrong");
  std::uint64_t offset = expected_.row.bytes - media_bytes;
  std::int64_t at_90k = 0;
  std::uint32_t part = 0;
  const auto time_at = [&](std::int64_t ticks) {
    return expected_.row.start + ticks_to_duration(ticks);
  };
  for (const auto& entry : entries) {
    Segment segment;
    segment.begin = offset;
    offset += static_cast<std::uint64_t>(entry.bytes);
    segment.end = offset;
    segment.span = {time_at(at_90k), time_at(at_90k + entry.duration_90k)};
    at_90k += entry.duration_90k;
    segment.first_part = part;
    segment.parts = entry.parts;
    part += entry.parts;
    segments_.push_back(segment);
  }
  segments_.back().span.end = std::max(segments_.back().span.begin, expected_.row.end);
  return {};
}

void Check::add_sum(std::uint64_t offset, ByteView bytes) {
  while (!bytes.empty() && at_segment_ < segments_.size()) {
    auto& segment = segments_[at_segment_];
    if (segment.end <= offset) {
      ++at_segment_;
      continue;
    }
    if (offset + bytes.size() <= segment.begin) return;
    const std::uint64_t from = std::max(offset, segment.begin);
    const std::uint64_t to = std::min(offset + bytes.size(), segment.end);
    const auto piece = bytes.subspan(from - offset, to - from);
    segment.sum = static_cast<std::uint32_t>(::crc32_z(segment.sum, piece.data(), piece.size()));
    if (to < segment.end) return;
    bytes = bytes.subspan(to - offset);
    offset = to;
    ++at_segment_;
  }
}

void Check::mark_damaged(std::uint64_t begin, std::uint64_t end) {
  for (auto& segment : segments_)
    if (segment.begin < end && begin < segment.end) segment.damaged = true;
}

Result<void> Check::read_all(std::uint64_t end) {
  Bytes block(kBlockBytes);
  for (std::uint64_t offset = 0; offset < end;) {
    const auto wanted =
        static_cast<std::size_t>(std::min<std::uint64_t>(kBlockBytes, end - offset));
    if (!pace_.take(wanted)) return fail(ErrorKind::cancelled, "stopped");
    const auto count = file_.read(offset, std::span(block).first(wanted));
    if (!count || *count == 0) {
      unreadable_ = true;
      mark_damaged(offset, offset + wanted);
      offset += wanted;
      continue;
    }
    const auto bytes = ByteView(block).first(*count);
    hash_.update(bytes);
    add_sum(offset, bytes);
    check_.bytes_read += *count;
    offset += *count;
  }
  return {};
}

bool Check::structure_holds(const Segment& segment, const media::InitSummary& init) const {
  std::uint64_t offset = segment.begin;
  for (std::uint32_t i = 0; i < segment.parts; ++i) {
    const auto head = load_part_head(file_, offset, segment.end, init);
    if (!head || head->sequence != segment.first_part + i + 1) return false;
    offset += size_of(*head);
  }
  return offset == segment.end;
}

void Check::find_damage(std::uint64_t size) {
  mark_damaged(size, UINT64_MAX);
  sums_known_ = expected_.sums && expected_.sums->size() == segments_.size();
  std::optional<media::InitSummary> init;
  if (const auto bytes = load_init(file_))
    if (auto parsed = media::parse_init(*bytes)) init = std::move(*parsed);
  if (!init || init->bytes != segments_.front().begin) say("its head is damaged");
  for (std::size_t i = 0; i < segments_.size(); ++i) {
    auto& segment = segments_[i];
    if (segment.damaged) continue;
    if (sums_known_)
      segment.damaged = segment.sum != (*expected_.sums)[i];
    else if (init)
      segment.damaged = !structure_holds(segment, *init);
    else
      segment.damaged = true;
  }
}

FileCheck Check::take() {
  std::size_t count = 0;
  for (const auto& segment : segments_) {
    if (!segment.damaged) continue;
    ++count;
    if (!check_.damaged.empty() && check_.damaged.back().end >= segment.span.begin)
      check_.damaged.back().end = std::max(check_.damaged.back().end, segment.span.end);
    else
      check_.damaged.push_back(segment.span);
  }
  if (count > 0) say(fmt::format("{} of {} segments are damaged", count, segments_.size()));
  if (count == 0 && expected_.sha256) {
    check_.only_head = sums_known_;
    return all_damaged("its bytes are not those that were written");
  }
  return check_;
}

}  // namespace

Result<FileCheck> check_file(const File& file, const ExpectedFile& expected, Pace& pace) {
  return Check(file, expected, pace).run();
}

}  // namespace oriel::archive
