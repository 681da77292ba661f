#include "http/file_piece.h"

#include <array>
#include <cerrno>

#include <sys/uio.h>
#include <unistd.h>

namespace oriel::http {
namespace {

// Fills all of `into` from `offset`.
Result<void> read_exactly(int descriptor, std::uint64_t offset, std::uint8_t* into,
                          std::size_t length) {
  while (length > 0) {
    const auto got = ::pread(descriptor, into, length, static_cast<::off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return fail(errno_error(errno, "read for a client"));
    if (got == 0) return fail(ErrorKind::data_loss, "a file is shorter than was said");
    into += got;
    offset += static_cast<std::uint64_t>(got);
    length -= static_cast<std::size_t>(got);
  }
  return {};
}

}  // namespace

bool is_file_piece_cached(int descriptor, std::uint64_t offset, std::uint64_t length) {
  char byte = 0;
  const ::iovec place{&byte, 1};
  const auto probe = [&](std::uint64_t at) {
    return ::preadv2(descriptor, &place, 1, static_cast<::off_t>(at), RWF_NOWAIT) == 1;
  };
  return probe(offset) && (length < 2 || probe(offset + length - 1));
}

Result<void> warm_file_piece(int descriptor, std::uint64_t offset, std::uint64_t length) {
  std::array<std::uint8_t, 64 << 10> scratch;
  while (length > 0) {
    const auto step = std::min<std::uint64_t>(length, scratch.size());
    ORIEL_TRY(read_exactly(descriptor, offset, scratch.data(), step));
    offset += step;
    length -= step;
  }
  return {};
}

Result<SharedBytes> read_file_piece(int descriptor, std::uint64_t offset, std::uint64_t length) {
  auto bytes = std::make_shared<Bytes>(length);
  ORIEL_TRY(read_exactly(descriptor, offset, bytes->data(), bytes->size()));
  return SharedBytes(std::move(bytes));
}

}  // namespace oriel::http
