// Bits of a header, most significant first; past the end it gives zeros and is no longer ok().
#pragma once
#include <cstddef>
#include <cstdint>

#include "base/bytes.h"

namespace oriel::ingest {

class BitReader {
 public:
  // Borrows `bytes`.
  explicit BitReader(ByteView bytes) : bytes_(bytes) {}

  bool ok() const { return ok_; }
  bool flag() { return read(1) != 0; }
  // At most 32 bits.
  std::uint32_t read(unsigned count) {
    std::uint64_t value = 0;
    for (unsigned i = 0; i < count; ++i) value = value << 1 | bit();
    return static_cast<std::uint32_t>(value);
  }
  void skip(unsigned count) {
    at_ += count;
    if (at_ > bytes_.size() * 8) ok_ = false;
  }
  // Exp-Golomb codes ue(v) and se(v) (H.264 9.1).
  std::uint32_t ue() {
    unsigned zeros = 0;
    while (ok_ && bit() == 0 && zeros < 32) ++zeros;
    if (!ok_ || zeros >= 32) {
      ok_ = false;
      return 0;
    }
    return static_cast<std::uint32_t>((std::uint64_t{1} << zeros) - 1 + read(zeros));
  }
  std::int32_t se() {
    const std::uint32_t code = ue();
    const auto half = static_cast<std::int32_t>(code / 2);
    return (code & 1) != 0 ? half + 1 : -half;
  }

 private:
  std::uint32_t bit() {
    if (at_ >= bytes_.size() * 8) {
      ok_ = false;
      return 0;
    }
    const std::uint32_t value = bytes_[at_ / 8] >> (7 - at_ % 8) & 1;
    ++at_;
    return value;
  }

  ByteView bytes_;
  std::size_t at_ = 0;  // bits
  bool ok_ = true;
};

}  // namespace oriel::ingest
