#include "demo/picture.h"

#include <gtest/gtest.h>

namespace oriel::demo {
namespace {

TEST(Picture, shrinking_gives_the_mean_of_each_square) {
  for (const int factor : {2, 4, 5}) {
    Picture large(factor * 32, factor * 16);
    for (int y = 0; y < large.height(); ++y)
      for (int x = 0; x < large.width(); ++x)
        large.y_row(y)[x] = static_cast<std::uint8_t>((x * 37 + y * 101 + (x * y) % 17) & 255);
    Picture small(32, 16);
    shrink(large, small);
    for (int y = 0; y < 16; ++y)
      for (int x = 0; x < 32; ++x) {
        int sum = factor * factor / 2;
        for (int i = 0; i < factor * factor; ++i)
          sum += large.y_row(y * factor + i / factor)[x * factor + i % factor];
        EXPECT_EQ(small.y_row(y)[x], sum / (factor * factor)) << factor << " " << x << " " << y;
      }
    EXPECT_EQ(small.u()[0], 128);
  }
}

TEST(Picture, a_box_is_copied_whole_and_cut_at_the_edges) {
  Picture from(64, 32);
  std::fill(from.y(), from.y() + 64 * 32, 200);
  Picture to(64, 32);
  copy_box(from, to, {5, 5, 3, 3});
  EXPECT_EQ(to.y_row(5)[5], 200);
  EXPECT_EQ(to.y_row(7)[7], 200);
  EXPECT_EQ(to.y_row(8)[8], 16);
  copy_box(from, to, {-10, 28, 200, 50});
  EXPECT_EQ(to.y_row(31)[63], 200);
  copy_box(from, to, {100, 100, 5, 5});
  copy_box(from, to, {});
}

}  // namespace
}  // namespace oriel::demo
