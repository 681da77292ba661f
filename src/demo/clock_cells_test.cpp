#include "demo/clock_cells.h"

#include <gtest/gtest.h>

namespace oriel::demo {
namespace {

std::span<const std::uint8_t> luma_of(const Picture& p) {
  return {p.y(), static_cast<std::size_t>(p.width()) * static_cast<std::size_t>(p.height())};
}

TEST(ClockCells, are_read_back_from_both_picture_sizes) {
  for (const auto& [w, h] : {std::pair{1280, 720}, std::pair{320, 180}}) {
    Picture picture(w, h);
    for (const std::int64_t ms : {0LL, 1'800'000'000'123LL, 4'398'046'511'103LL}) {
      draw_clock(picture, UtcTime::from_ms(ms));
      const auto read = read_clock(luma_of(picture), w, h, picture.luma_stride());
      ASSERT_TRUE(read) << w << " " << ms;
      EXPECT_EQ(read->ms(), ms);
    }
  }
}

TEST(ClockCells, one_flipped_cell_is_noticed) {
  Picture picture(1280, 720);
  const UtcTime time = UtcTime::from_ms(1'795'000'000'000);
  for (int cell = 0; cell < kClockCells; ++cell) {
    draw_clock(picture, time);
    for (int row = 708; row < 716; ++row)
      for (int x = 4 + cell * 8; x < 12 + cell * 8; ++x) {
        auto& sample = picture.y_row(row)[x];
        sample = sample > 108 ? 16 : 235;
      }
    EXPECT_FALSE(read_clock(luma_of(picture), 1280, 720, 1280)) << cell;
  }
}

TEST(ClockCells, a_picture_without_a_clock_has_none) {
  Picture picture(1280, 720);
  EXPECT_FALSE(read_clock(luma_of(picture), 1280, 720, 1280));
  std::fill(picture.y(), picture.y() + 1280 * 720, 235);
  EXPECT_FALSE(read_clock(luma_of(picture), 1280, 720, 1280));
  EXPECT_FALSE(read_clock(luma_of(picture).first(100), 1280, 720, 1280));
}

}  // namespace
}  // namespace oriel::demo
