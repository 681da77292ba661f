#include "api/segment_files.h"

#include <cerrno>

#include <sys/mman.h>
#include <unistd.h>

namespace oriel::api {
namespace {

Result<void> write_all(int descriptor, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::write(descriptor, bytes.data(), bytes.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(errno_error(errno, "write a segment to memory"));
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

}  // namespace

std::optional<http::FileRange> SegmentFiles::find(const archive::WireRange& range) {
  const std::lock_guard lock(mutex_);
  const auto found = index_.find(range);
  if (found == index_.end()) return std::nullopt;
  newest_first_.splice(newest_first_.begin(), newest_first_, found->second);
  return found->second->file;
}

Result<http::FileRange> SegmentFiles::add(const archive::WireRange& range,
                                          const std::vector<http::MemorySlice>& slices) {
  const int descriptor = ::memfd_create("oriel-segment", MFD_CLOEXEC);
  if (descriptor < 0) return fail(errno_error(errno, "memfd_create"));
  http::FileRange file;
  file.owner =
      std::shared_ptr<const void>(nullptr, [descriptor](const void*) { ::close(descriptor); });
  file.descriptor = descriptor;
  file.in_memory = true;
  for (const auto& slice : slices) {
    ORIEL_TRY(write_all(descriptor, slice.bytes));
    file.length_bytes += slice.bytes.size();
  }
  std::list<Entry> dropped;  // closed outside the lock
  const std::lock_guard lock(mutex_);
  if (index_.contains(range)) return file;
  newest_first_.push_front({range, file});
  index_[range] = newest_first_.begin();
  bytes_ += file.length_bytes;
  while (bytes_ > bytes_max_ || newest_first_.size() > kCountMax) {
    const auto oldest = std::prev(newest_first_.end());
    bytes_ -= oldest->file.length_bytes;
    index_.erase(oldest->range);
    dropped.splice(dropped.begin(), newest_first_, oldest);
  }
  return file;
}

}  // namespace oriel::api
