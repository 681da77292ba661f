// Big-endian writing of boxes, shared by what builds them.
#pragma once
#include <cstdint>
#include <string_view>

#include "base/bytes.h"

namespace oriel::media {

class ByteWriter {
 public:
  void u8(std::uint8_t v) { bytes_.push_back(v); }
  void u16(std::uint16_t v) { be(v, 2); }
  void u24(std::uint32_t v) { be(v, 3); }
  void u32(std::uint32_t v) { be(v, 4); }
  void u64(std::uint64_t v) { be(v, 8); }
  void name(std::string_view four) { bytes_.insert(bytes_.end(), four.begin(), four.end()); }
  void append(ByteView more) { bytes_.insert(bytes_.end(), more.begin(), more.end()); }
  std::size_t size() const { return bytes_.size(); }

  // Starts a box and gives the place of its size for end_box().
  std::size_t begin_box(std::string_view type) {
    const std::size_t at = size();
    u32(0);
    name(type);
    return at;
  }
  std::size_t begin_full_box(std::string_view type, std::uint8_t version, std::uint32_t flags) {
    const std::size_t at = begin_box(type);
    u8(version);
    u24(flags);
    return at;
  }
  void end_box(std::size_t at) { set_u32(at, static_cast<std::uint32_t>(size() - at)); }
  void set_u32(std::size_t at, std::uint32_t v) {
    for (int i = 0; i < 4; ++i)
      bytes_[at + static_cast<std::size_t>(i)] = static_cast<std::uint8_t>(v >> (24 - 8 * i));
  }
  Bytes take() { return std::move(bytes_); }

 private:
  void be(std::uint64_t v, int count) {
    for (int i = count - 1; i >= 0; --i) bytes_.push_back(static_cast<std::uint8_t>(v >> (8 * i)));
  }
  Bytes bytes_;
};

inline std::uint64_t read_be(ByteView bytes, std::size_t at, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < count; ++i) value = value << 8 | bytes[at + i];
  return value;
}

}  // namespace oriel::media
