// A YUV 4:2:0 picture (BT.709, limited range) and the few marks that are put on it.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace oriel::demo {

// Three planes in one block; strides equal the plane widths. Width and height are even.
class Picture {
 public:
  Picture(int width, int height);
  int width() const { return width_; }
  int height() const { return height_; }
  std::uint8_t* y() { return bytes_.data(); }
  std::uint8_t* u() { return bytes_.data() + luma_size(); }
  std::uint8_t* v() { return u() + luma_size() / 4; }
  const std::uint8_t* y() const { return bytes_.data(); }
  const std::uint8_t* u() const { return bytes_.data() + luma_size(); }
  const std::uint8_t* v() const { return u() + luma_size() / 4; }
  std::uint8_t* y_row(int row) { return y() + static_cast<std::size_t>(row) * luma_stride(); }
  const std::uint8_t* y_row(int row) const {
    return y() + static_cast<std::size_t>(row) * luma_stride();
  }
  std::size_t luma_stride() const { return static_cast<std::size_t>(width_); }

 private:
  std::size_t luma_size() const {
    return static_cast<std::size_t>(width_) * static_cast<std::size_t>(height_);
  }
  int width_;
  int height_;
  std::vector<std::uint8_t> bytes_;
};

// Pixels, half open: [x, x + w) × [y, y + h).
struct PixelBox {
  int x = 0;
  int y = 0;
  int w = 0;
  int h = 0;
};

// Copies one box (grown to even edges, cut to the picture) from a picture of the same size.
void copy_box(const Picture& from, Picture& to, PixelBox box);

// Each pixel of `to` is the mean of a square of `from`, whose size is a whole multiple of `to`.
void shrink(const Picture& from, Picture& to);

// Writes `text` (ASCII 32 to 126, a 5 × 7 face in 6 × 8 cells times `scale`) with a soft shadow,
// its top left corner at (x, y); returns the box it touched. Other characters are left blank.
PixelBox draw_text(Picture& picture, int x, int y, std::string_view text, int scale,
                   std::uint8_t luma);

}  // namespace oriel::demo
