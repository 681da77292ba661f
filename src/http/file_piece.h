// Pieces of files on their way to a socket. Inside the folder only.
#pragma once
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"

namespace oriel::http {

// Whether the page cache holds the piece, judged by its first and last byte. Does not block. A file
// system that cannot tell counts as one that does not hold it.
bool is_file_piece_cached(int descriptor, std::uint64_t offset, std::uint64_t length);

// Reads the piece into the page cache. Blocks. Error: data_loss when the file is shorter.
Result<void> warm_file_piece(int descriptor, std::uint64_t offset, std::uint64_t length);

// Reads the piece into memory. Blocks. Error: data_loss when the file is shorter.
Result<SharedBytes> read_file_piece(int descriptor, std::uint64_t offset, std::uint64_t length);

}  // namespace oriel::http
