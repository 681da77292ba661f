// A file that is looked at where needed and never held: reads with an offset, and what the file is
// to become as a few changes of it.
#pragma once
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"

namespace oriel::imprint {

// The bytes of a file. Borrowed by who looks at it.
class Source {
 public:
  virtual ~Source() = default;
  virtual std::uint64_t bytes() const = 0;
  // Bytes read: less than `into` only at the end. May block.
  virtual Result<std::size_t> read(std::uint64_t offset, std::span<std::uint8_t> into) const = 0;
};

// Reads of one source within a budget, so that no file keeps a thread for long.
class Look {
 public:
  // A clip of an hour has 33 000 boxes; 64 MiB is more than any head that players read.
  static constexpr std::uint64_t kReadsMax = 300'000;
  static constexpr std::uint64_t kBytesMax = 64u << 20;

  explicit Look(const Source& source) : source_(source) {}
  std::uint64_t bytes() const { return source_.bytes(); }
  // Exactly `count` bytes. Errors: data_loss (the file ends before), unsupported (the budget is
  // used up), those of the source.
  Result<Bytes> at(std::uint64_t offset, std::uint64_t count);
  // As many as are there, up to `count`.
  Result<Bytes> up_to(std::uint64_t offset, std::uint64_t count);

 private:
  const Source& source_;
  std::uint64_t reads_ = 0;
  std::uint64_t bytes_read_ = 0;
};

// `removed` bytes at `offset` of the original give way to `bytes`.
struct Change {
  std::uint64_t offset = 0;
  std::uint64_t removed = 0;
  Bytes bytes;
};
using Changes = std::vector<Change>;

// A stretch of the file as it becomes: bytes made here, or a stretch of the original.
struct Piece {
  Bytes made;  // empty: `bytes` bytes of the original from `offset`
  std::uint64_t offset = 0;
  std::uint64_t bytes = 0;  // of `made` too
};

// The changes put into the original, in order; those at one place in the order given. Errors:
// data_loss (changes that overlap, or lie beyond the end).
Result<std::vector<Piece>> pieces_of(Changes changes, std::uint64_t original_bytes);

// Little-endian numbers, of bytes that are there.
inline std::uint64_t read_le(ByteView bytes, std::size_t at, std::size_t count) {
  std::uint64_t value = 0;
  for (std::size_t i = count; i-- > 0;) value = value << 8 | bytes[at + i];
  return value;
}
inline void write_le(Bytes& out, std::uint64_t value, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}
inline void write_be(Bytes& out, std::uint64_t value, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    out.push_back(static_cast<std::uint8_t>(value >> (8 * (count - 1 - i))));
}
inline void set_be(Bytes& bytes, std::size_t at, std::uint64_t value, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    bytes[at + i] = static_cast<std::uint8_t>(value >> (8 * (count - 1 - i)));
}
inline void append(Bytes& out, ByteView more) { out.insert(out.end(), more.begin(), more.end()); }
inline void append(Bytes& out, std::string_view text) { append(out, as_bytes(text)); }

}  // namespace oriel::imprint
