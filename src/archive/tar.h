// The little of tar (POSIX.1-1988, ustar) that a proof needs: every system unpacks it, and it can
// be sent while it is made.
//
// Format: for each file a header of 512 bytes and its bytes, filled up with zeros to 512; two
// blocks of zeros at the end. A header: name 100 bytes, mode 8, uid 8, gid 8, size 12 (octal),
// mtime 12, checksum 8 (the sum of the header's bytes with these as spaces), type 1 ('0'), …,
// "ustar\0" "00" at 257. Validity when read: checksum and magic are right, sizes are octal and
// within the file, names are relative and without "..". Folders and pax headers are passed over,
// links and everything else are refused: nothing is unpacked.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "archive/file_system.h"
#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace oriel::archive {

constexpr std::size_t kTarBlockBytes = 512;
// What 11 octal digits can say.
constexpr std::uint64_t kTarFileBytesMax = (std::uint64_t{1} << 33) - 1;
constexpr std::size_t kTarEntriesMax = 20'000;  // read

struct TarEntry {
  std::string name;
  std::uint64_t offset = 0;  // of its bytes
  std::uint64_t bytes = 0;
};

// `name` has at most 100 bytes, `bytes` is at most kTarFileBytesMax.
Bytes format_tar_header(std::string_view name, std::uint64_t bytes, UtcTime modified);
// Zeros that follow a file of this length.
std::size_t tar_padding(std::uint64_t bytes);
constexpr std::size_t kTarEndBytes = 2 * kTarBlockBytes;

// The files in a tar; their bytes are not read. Errors: invalid, exhausted (more than
// kTarEntriesMax), of the disk.
Result<std::vector<TarEntry>> read_tar(const File& file);

}  // namespace oriel::archive
