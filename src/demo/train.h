// The train that crosses the viaduct at Wudaoliang now and then.
#pragma once
#include <cstdint>
#include <optional>

#include "base/time.h"
#include "demo/light.h"
#include "demo/picture.h"
#include "demo/terrain.h"

namespace oriel::demo {

// Where it is on the line: metres from the left edge of the picture along the viaduct.
struct Train {
  double head_m = 0;
  bool to_left = false;
  int coaches = 15;
};

// Pure: the same for ever. Nullopt while no part of it can be in the picture.
std::optional<Train> train_at(UtcTime time);

inline constexpr float kCoachLength = 25.5f;  // metres, as China Railway's 25T stock
inline constexpr float kCoachPitch = 26.6f;

// What is seen of the train at one column, between two rows.
struct TrainSlice {
  float roof_row = 0;
  float floor_row = 0;
  float along_m = 0;  // within its coach
  bool locomotive = false;
};
std::optional<TrainSlice> train_slice(const Train& train, const View& view, int column);
Rgb train_colour(const TrainSlice& slice, float height_share, const Light& light);

template <class ToYuv>
PixelBox draw_train(Picture& picture, const Train& train, const View& view, const Light& light,
                    const ToYuv& to_yuv) {
  const std::size_t half = picture.luma_stride() / 2;
  int left = picture.width();
  int right = 0;
  int top = picture.height();
  int bottom = 0;
  for (int x = 0; x < picture.width(); ++x) {
    const auto slice = train_slice(train, view, x);
    if (!slice) continue;
    const int y0 = std::max(0, static_cast<int>(slice->roof_row));
    const int y1 = std::min(picture.height(), static_cast<int>(slice->floor_row));
    left = std::min(left, x);
    right = std::max(right, x + 1);
    top = std::min(top, y0);
    bottom = std::max(bottom, y1);
    for (int y = y0; y < y1; ++y) {
      const float share =
          (slice->floor_row - static_cast<float>(y) - 0.5f) / (slice->floor_row - slice->roof_row);
      const auto c = to_yuv(train_colour(*slice, share, light));
      picture.y_row(y)[x] = c.y;
      if ((x & 1) == 0 && (y & 1) == 0) {
        const std::size_t at =
            static_cast<std::size_t>(y / 2) * half + static_cast<std::size_t>(x / 2);
        picture.u()[at] = c.u;
        picture.v()[at] = c.v;
      }
    }
  }
  if (right <= left) return {};
  return {left, top, right - left, bottom - top};
}

}  // namespace oriel::demo
