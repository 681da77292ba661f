// Animals as figures of limbs: how each species is built, stands, walks, swims and flies.
#pragma once
#include <array>
#include <cstddef>

#include "demo/light.h"
#include "demo/noise.h"
#include "demo/picture.h"
#include "demo/truth.h"

namespace oriel::demo {

// A rounded stroke in picture pixels that narrows from one end to the other.
struct Limb {
  float ax, ay, bx, by;
  float ra, rb;  // radii, pixels
  Rgb reflectance;
  // How far from the middle of the body towards who looks, pixels; the scene draws it flat.
  float depth = 0;
  bool paired = false;  // there is one on the other side, too, which is hidden from the side
};

// Limbs in the order they are drawn; at most kLimbsMax, further ones are left out.
struct Figure {
  static constexpr std::size_t kLimbsMax = 64;
  std::array<Limb, kLimbsMax> limbs{};
  std::size_t count = 0;
  float eye_x = 0, eye_y = 0, eye_r = 0;  // pixels; no radius: it is not seen
  float left = 1e9f, top = 1e9f, right = -1e9f, bottom = -1e9f;  // its bounds, pixels
};

// Pure.
Figure make_figure(const Animal& animal);

// How light falls on a figure: what it reflects is multiplied by these and seen through the air.
struct FigureLight {
  Rgb top;
  Rgb side;
  float clear = 1;  // share of light that comes through the air
  Rgb air;
  float opacity = 1;
};

// Draws with smooth edges; `to_yuv` is the film. Returns the box touched, empty when outside.
template <class ToYuv>
PixelBox draw_figure(Picture& picture, const Figure& figure, const FigureLight& light,
                     const ToYuv& to_yuv);

// A soft dark patch on the ground under an animal that stands at (x, y).
PixelBox draw_ground_shadow(Picture& picture, float x, float y, float half_width, float depth);

namespace fauna_detail {
// Signed distance to a limb, and where across it the point lies: -1 upper edge … 1 lower edge.
struct LimbHit {
  float distance;
  float across;
};
LimbHit hit(const Limb& limb, float x, float y);
}  // namespace fauna_detail

template <class ToYuv>
PixelBox draw_figure(Picture& picture, const Figure& figure, const FigureLight& light,
                     const ToYuv& to_yuv) {
  const int x0 = std::max(0, static_cast<int>(figure.left) - 2) & ~1;
  const int y0 = std::max(0, static_cast<int>(figure.top) - 2) & ~1;
  const int x1 = std::min(picture.width(), (static_cast<int>(figure.right) + 4) & ~1);
  const int y1 = std::min(picture.height(), (static_cast<int>(figure.bottom) + 4) & ~1);
  if (x1 <= x0 || y1 <= y0) return {};
  const std::size_t half = picture.luma_stride() / 2;
  for (std::size_t i = 0; i < figure.count; ++i) {
    const Limb& limb = figure.limbs[i];
    const float reach = std::max(limb.ra, limb.rb) + 1;
    const int lx0 = std::max(x0, static_cast<int>(std::min(limb.ax, limb.bx) - reach)) & ~1;
    const int ly0 = std::max(y0, static_cast<int>(std::min(limb.ay, limb.by) - reach)) & ~1;
    const int lx1 = std::min(x1, static_cast<int>(std::max(limb.ax, limb.bx) + reach) + 2);
    const int ly1 = std::min(y1, static_cast<int>(std::max(limb.ay, limb.by) + reach) + 2);
    for (int y = ly0; y < ly1; ++y) {
      for (int x = lx0; x < lx1; ++x) {
        const auto at =
            fauna_detail::hit(limb, static_cast<float>(x) + 0.5f, static_cast<float>(y) + 0.5f);
        const float cover = std::clamp(0.5f - at.distance, 0.0f, 1.0f) * light.opacity;
        if (cover <= 0.02f) continue;
        const float up = 0.5f - 0.5f * std::clamp(at.across, -1.0f, 1.0f);
        // Hair and feathers: fixed to the animal, not to the picture.
        const float coat = 1 + 0.30f * noise2((static_cast<float>(x) - figure.left) * 0.55f,
                                              (static_cast<float>(y) - figure.top) * 0.35f, 9);
        const Rgb lit = limb.reflectance * mix(light.side, light.top, up) * coat;
        const auto c = to_yuv(lit * light.clear + light.air * (1 - light.clear));
        const auto blend = [&](std::uint8_t& into, std::uint8_t v) {
          into =
              static_cast<std::uint8_t>(static_cast<float>(into) +
                                        (static_cast<float>(v) - static_cast<float>(into)) * cover);
        };
        blend(picture.y_row(y)[x], c.y);
        if ((x & 1) == 0 && (y & 1) == 0) {
          const std::size_t chroma =
              static_cast<std::size_t>(y / 2) * half + static_cast<std::size_t>(x / 2);
          blend(picture.u()[chroma], c.u);
          blend(picture.v()[chroma], c.v);
        }
      }
    }
  }
  return {x0, y0, x1 - x0, y1 - y0};
}

}  // namespace oriel::demo
