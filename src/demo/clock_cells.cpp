#include "demo/clock_cells.h"

#include <algorithm>
#include <cmath>

namespace oriel::demo {
namespace {

constexpr std::uint64_t kTimeMask = (std::uint64_t{1} << 42) - 1;
constexpr std::uint8_t kBlack = 20;
constexpr std::uint8_t kWhite = 196;

std::uint64_t checksum(std::uint64_t time_bits) {
  std::uint64_t sum = 0b101010;
  for (int shift = 0; shift < 42; shift += 6) sum ^= (time_bits >> shift) & 63;
  return sum;
}

// Where a cell's centre lies, in pixels, for a cell of `cell` pixels.
double centre_x(int index, double cell) { return cell * (0.5 + index + 0.5); }

}  // namespace

std::uint64_t clock_bits(UtcTime time) {
  const std::uint64_t bits = static_cast<std::uint64_t>(time.ms()) & kTimeMask;
  return (bits << 6) | checksum(bits);
}

PixelBox draw_clock(Picture& picture, UtcTime time) {
  const int cell = clock_cell_px(picture.width());
  const int width = cell * (kClockCells + 1);
  const int height = cell + cell / 2;
  const int top = picture.height() - height;
  const std::uint64_t bits = clock_bits(time);
  for (int row = 0; row < height; ++row) {
    std::uint8_t* line = picture.y_row(top + row);
    std::fill(line, line + width, kBlack);
    if (row >= cell) continue;
    for (int i = 0; i < kClockCells; ++i)
      if ((bits >> (kClockCells - 1 - i)) & 1)
        std::fill_n(line + cell / 2 + i * cell, cell, kWhite);
  }
  const std::size_t chroma_stride = picture.luma_stride() / 2;
  for (int row = top / 2; row < picture.height() / 2; ++row) {
    const std::size_t at = static_cast<std::size_t>(row) * chroma_stride;
    std::fill_n(picture.u() + at, width / 2, 128);
    std::fill_n(picture.v() + at, width / 2, 128);
  }
  return {0, top, width, height};
}

std::optional<UtcTime> read_clock(std::span<const std::uint8_t> luma, int width, int height,
                                  std::size_t stride) {
  // In proportion to the picture it was drawn for, so that a scaled screenshot can be read too.
  const double cell = width >= 640 ? 8.0 * width / 1280 : 4.0 * width / 320;
  const int row = height - 1 - static_cast<int>(std::floor(cell));
  if (cell < 2 || row < 0 || width < cell * (kClockCells + 1)) return std::nullopt;
  std::uint64_t bits = 0;
  for (int i = 0; i < kClockCells; ++i) {
    const int x = static_cast<int>(centre_x(i, cell));
    int sum = 0;
    for (int dx = -1; dx <= 0; ++dx) {
      const std::size_t at =
          static_cast<std::size_t>(row) * stride + static_cast<std::size_t>(x + dx);
      if (at >= luma.size()) return std::nullopt;
      sum += luma[at];
    }
    bits = (bits << 1) | (sum > 2 * 108 ? 1u : 0u);
  }
  const std::uint64_t time_bits = bits >> 6;
  if ((bits & 63) != checksum(time_bits)) return std::nullopt;
  return UtcTime::from_ms(static_cast<std::int64_t>(time_bits));
}

}  // namespace oriel::demo
