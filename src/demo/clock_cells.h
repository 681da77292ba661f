// A clock in the picture that a program can read, so that delay is measured from what is seen.
//
// 48 square cells in a row, left to right, most significant bit first, light (luma 196) = 1,
// dark (20) = 0:
//   bits 47…6  the low 42 bits of the Unix time in milliseconds (enough until the year 2109)
//   bits  5…0  checksum: XOR of the seven groups of six bits above, then XOR 0b101010, so that an
//              all-black or all-white strip is not a valid time
// The row lies at the picture's bottom left corner, on a dark margin of half a cell.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

#include "base/time.h"
#include "demo/picture.h"

namespace oriel::demo {

inline constexpr int kClockCells = 48;

// 8 pixels in the 1280 × 720 picture, 4 in the 320 × 180 one.
constexpr int clock_cell_px(int picture_width) { return picture_width >= 640 ? 8 : 4; }

// The 48 bits of `time`, as the table above says.
std::uint64_t clock_bits(UtcTime time);

// Draws the cells into luma and makes their chroma neutral; returns the box touched.
PixelBox draw_clock(Picture& picture, UtcTime time);

// Reads the cells of a luma plane of 8-bit samples: `width` × `height`, rows `stride` bytes apart.
// The size of a cell follows from the width, also of a picture scaled in proportion. Nullopt when
// the checksum does not fit.
std::optional<UtcTime> read_clock(std::span<const std::uint8_t> luma, int width, int height,
                                  std::size_t stride);

}  // namespace oriel::demo
