// Date and time drawn into a picture, with letters of our own: a server has no fonts.
#pragma once
#include <cstdint>
#include <string_view>

namespace oriel::ingest {

// A planar 4:2:0 picture of 8 bits. Borrowed; strides in bytes.
struct PlanarPicture {
  std::uint8_t* luma = nullptr;
  std::uint8_t* chroma[2] = {};
  int luma_stride = 0;
  int chroma_stride[2] = {};
  int width = 0;
  int height = 0;
};

// A darkened line along the lower edge with `text` on it, a thirty-second of the picture's height.
// Characters that are not known are blanks; what does not fit is left out.
void draw_label(const PlanarPicture& picture, std::string_view text);

}  // namespace oriel::ingest
