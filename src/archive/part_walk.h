// Reading a recording's file from part to part.
#pragma once
#include <cstdint>

#include "archive/file_system.h"
#include "base/bytes.h"
#include "base/result.h"
#include "media/boxes.h"

namespace oriel::archive {

constexpr std::uint64_t kInitBytesMax = 1 << 20;

// The init segment a file begins with. Errors: data_loss when there is no whole one of at most
// kInitBytesMax bytes.
Result<Bytes> load_init(const File& file);

// The head of the part that begins at `offset` and must end by `end`. Errors: data_loss when it is
// torn, foreign, or does not end by then.
Result<media::PartHead> load_part_head(const File& file, std::uint64_t offset, std::uint64_t end,
                                       const media::InitSummary& init);

inline std::uint64_t size_of(const media::PartHead& head) {
  return head.head_bytes + head.payload_bytes;
}

}  // namespace oriel::archive
