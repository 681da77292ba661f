#include "demo/train.h"

#include <cmath>

#include "demo/noise.h"

namespace oriel::demo {
namespace {

constexpr std::int64_t kSlotUs = 24 * 60 * std::int64_t{1'000'000};
constexpr double kSpeed = 25;        // metres a second: 90 km/h, the line's limit on permafrost
constexpr double kLineMetres = 420;  // more than what the picture shows of the viaduct

}  // namespace

std::optional<Train> train_at(UtcTime time) {
  const std::int64_t slot = time.us / kSlotUs;
  const int key = static_cast<int>(slot & 0x7fffffff);
  Train train;
  train.to_left = pick(61, key) < 0.5f;
  train.coaches = 12 + static_cast<int>(pick(62, key) * 6);
  const double start_s = 60 + 1200 * static_cast<double>(pick(63, key));
  const double age_s = static_cast<double>(time.us - slot * kSlotUs) / 1e6 - start_s;
  if (age_s < 0) return std::nullopt;
  const double gone = age_s * kSpeed;
  if (gone > kLineMetres + (train.coaches + 1) * static_cast<double>(kCoachPitch))
    return std::nullopt;
  train.head_m = train.to_left ? kLineMetres - gone : gone;
  return train;
}

std::optional<TrainSlice> train_slice(const Train& train, const View& view, int column) {
  const float z = viaduct_distance(static_cast<float>(column) + 0.5f);
  const float x = (static_cast<float>(column) + 0.5f - 640) / view.focal_px * z;
  const float along =
      std::hypot(x + 640 / view.focal_px * Viaduct::kLeftDistance, z - Viaduct::kLeftDistance);
  const float behind =
      static_cast<float>(train.to_left ? along - train.head_m : train.head_m - along);
  if (behind < 0) return std::nullopt;
  const int coach = static_cast<int>(behind / kCoachPitch);
  const float inside = behind - static_cast<float>(coach) * kCoachPitch;
  if (coach > train.coaches) return std::nullopt;
  const auto row = [&](float h) {
    return view.horizon_row + view.focal_px * (view.height_m - h) / z;
  };
  TrainSlice slice;
  slice.locomotive = coach == 0;
  slice.along_m = inside;
  // Below the parapet it is hidden; between coaches only the bellows show.
  slice.floor_row = row(Viaduct::kDeckTop + 1.1f);
  slice.roof_row = row(Viaduct::kDeckTop + (inside > kCoachLength ? 3.6f : 4.55f));
  return slice;
}

Rgb train_colour(const TrainSlice& slice, float height_share, const Light& light) {
  Rgb paint{.030f, .105f, .045f};
  bool window = false;
  if (slice.along_m > kCoachLength) {
    paint = {.03f, .03f, .03f};
  } else if (height_share > 0.88f) {
    paint = {.22f, .22f, .22f};
  } else if (height_share > 0.44f && height_share < 0.76f) {
    const float bay = std::fmod(slice.along_m - 2.0f, 1.95f);
    window = slice.locomotive ? slice.along_m < 2.4f
                              : slice.along_m > 2 && slice.along_m < 23.5f && bay < 1.2f;
    if (window) paint = {.035f, .045f, .055f};
  } else if (height_share > 0.34f && height_share < 0.40f) {
    paint = {.62f, .48f, .05f};
  }
  const float facing = std::max(0.0f, -0.86f * light.key.z - 0.35f * light.key.x);
  const float up = height_share > 0.88f ? std::max(light.key.y, 0.0f) : 0;
  Rgb c = paint * (light.key_light * (0.10f + 0.8f * facing + 0.6f * up) + light.ambient * 0.7f);
  // At night the compartments are lit from inside; exposure makes them glow.
  if (window) c = c + Rgb{.95f, .70f, .36f} * (0.9f * smooth(1.0f, -7.0f, light.sun_elevation_deg));
  return c;
}

}  // namespace oriel::demo
