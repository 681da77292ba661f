// Live segments as files in memory, so that the kernel sends them without passing through us.
#pragma once
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "archive/reader.h"
#include "http/message.h"

namespace oriel::api {

// A segment that hundreds of viewers fetch in the same second is put together once, in a memfd, and
// sent by sendfile: a third of the CPU of writing the same bytes from user memory for each of them.
// Thread-safe. Bounded in bytes and count; overflow drops the least recently used, whose file lives
// until its last viewer has it.
class SegmentFiles {
 public:
  static constexpr std::size_t kCountMax = 256;
  explicit SegmentFiles(std::uint64_t bytes_max) : bytes_max_(bytes_max) {}

  std::optional<http::FileRange> find(const archive::WireRange& range);
  // Errors: exhausted (no memory or descriptor); the caller then sends the slices themselves.
  Result<http::FileRange> add(const archive::WireRange& range,
                              const std::vector<http::MemorySlice>& slices);

 private:
  struct Entry {
    archive::WireRange range;
    http::FileRange file;
  };
  const std::uint64_t bytes_max_;
  std::mutex mutex_;
  std::uint64_t bytes_ = 0;  // guarded by mutex_, as all below
  std::list<Entry> newest_first_;
  std::map<archive::WireRange, std::list<Entry>::iterator> index_;
};

}  // namespace oriel::api
