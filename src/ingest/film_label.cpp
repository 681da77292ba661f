#include "ingest/film_label.h"

#include <algorithm>
#include <array>

namespace oriel::ingest {
namespace {

constexpr int kColumns = 5;
constexpr int kRows = 7;
constexpr std::string_view kLetters = "0123456789-:+UTC";
// Rows from above, the leftmost dot is the highest of five bits.
constexpr std::array<std::array<std::uint8_t, kRows>, kLetters.size()> kDots = {{
    {14, 17, 19, 21, 25, 17, 14},
    {4, 12, 4, 4, 4, 4, 14},
    {14, 17, 1, 2, 4, 8, 31},
    {31, 2, 4, 2, 1, 17, 14},
    {2, 6, 10, 18, 31, 2, 2},
    {31, 16, 30, 1, 1, 17, 14},
    {6, 8, 16, 30, 17, 17, 14},
    {31, 1, 2, 4, 8, 8, 8},
    {14, 17, 17, 14, 17, 17, 14},
    {14, 17, 17, 15, 1, 2, 12},
    {0, 0, 0, 31, 0, 0, 0},
    {0, 12, 12, 0, 12, 12, 0},
    {0, 4, 4, 31, 4, 4, 0},
    {17, 17, 17, 17, 17, 17, 14},
    {31, 4, 4, 4, 4, 4, 4},
    {14, 17, 16, 16, 16, 17, 14},
}};
constexpr std::uint8_t kWhite = 225;
constexpr std::uint8_t kGrey = 128;

void darken(const PlanarPicture& picture, int top) {
  for (int y = top; y < picture.height; ++y) {
    std::uint8_t* row = picture.luma + y * picture.luma_stride;
    // To black of video levels, 16.
    for (int x = 0; x < picture.width; ++x)
      row[x] = static_cast<std::uint8_t>(16 + std::max(0, row[x] - 16) * 2 / 5);
  }
  for (int plane = 0; plane < 2; ++plane)
    for (int y = top / 2; y < picture.height / 2; ++y) {
      std::uint8_t* row = picture.chroma[plane] + y * picture.chroma_stride[plane];
      for (int x = 0; x < picture.width / 2; ++x)
        row[x] = static_cast<std::uint8_t>(kGrey + (row[x] - kGrey) / 2);
    }
}

}  // namespace

void draw_label(const PlanarPicture& picture, std::string_view text) {
  const int dot = std::max(1, picture.height / 360);
  const int band = (kRows + 4) * dot / 2 * 2;
  if (text.empty() || picture.height < 2 * band) return;
  const int top = (picture.height - band) / 2 * 2;
  darken(picture, top);
  int left = 3 * dot;
  for (const char c : text) {
    if (left + kColumns * dot > picture.width) return;
    const auto letter = kLetters.find(c);
    for (int y = 0; letter != std::string_view::npos && y < kRows * dot; ++y) {
      const unsigned dots = kDots[letter][static_cast<std::size_t>(y / dot)];
      std::uint8_t* row = picture.luma + (top + 2 * dot + y) * picture.luma_stride + left;
      for (int x = 0; x < kColumns * dot; ++x)
        if ((dots >> (kColumns - 1 - x / dot) & 1U) != 0) row[x] = kWhite;
    }
    left += (kColumns + 1) * dot;
  }
}

}  // namespace oriel::ingest
