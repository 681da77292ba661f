#include "api/part_slices.h"

namespace oriel::api {
namespace {

// Silence for every muted part of every viewer.
const SharedBytes& zeros() {
  static const SharedBytes shared = std::make_shared<const Bytes>(std::size_t{64} << 10);
  return shared;
}

}  // namespace

std::vector<http::MemorySlice> part_slices(const media::Part& part, bool muted) {
  using http::MemorySlice;
  std::vector<MemorySlice> slices;
  if (!muted || part.picture_bytes == part.payload->size()) {
    slices.push_back(MemorySlice::of(part.wire_head));
    slices.push_back(MemorySlice::of(part.payload));
    return slices;
  }
  slices.push_back(MemorySlice::of(part.muted_head));
  slices.push_back(MemorySlice::of(part.payload, 0, part.picture_bytes));
  for (std::size_t left = part.payload->size() - part.picture_bytes; left > 0;) {
    const std::size_t piece = std::min(left, zeros()->size());
    slices.push_back(MemorySlice::of(zeros(), 0, piece));
    left -= piece;
  }
  return slices;
}

}  // namespace oriel::api
