#include "demo/scene.h"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "demo/clock_cells.h"
#include "demo/fauna.h"
#include "demo/ground.h"
#include "demo/light.h"
#include "demo/noise.h"
#include "demo/painter.h"
#include "demo/terrain.h"
#include "demo/train.h"
#include "demo/truth.h"

namespace oriel::demo {

class Scenery {
 public:
  Scenery(const Area& area, const std::stop_token& stop)
      : terrain(area), ground(terrain, stop), tile(terrain.seed() + 400) {}
  const Terrain terrain;
  const Ground ground;
  const NoiseTile tile;  // of clouds and waves
};

std::shared_ptr<const Scenery> make_scenery(const Area& area, const std::stop_token& stop) {
  auto made = std::make_shared<const Scenery>(area, stop);
  return stop.stop_requested() ? nullptr : made;
}

namespace {

// How long one pass over a part of the background takes. A pass paints a band of rows a frame, so
// that the cost is even and no single frame changes everywhere.
constexpr Duration kSkyPass = Duration::from_ms(1'500);
constexpr Duration kLandPass = Duration::from_ms(20'000);
constexpr Duration kWaterPass = Duration::from_ms(330);
constexpr Duration kSlowPass = Duration::from_ms(4'000);
constexpr Duration kLightStep = Duration::from_ms(20'000);
// A jump in time larger than this paints everything anew.
constexpr Duration kJump = Duration::from_ms(60'000);

// Walks round a range of rows at a given pace.
struct Sweep {
  int begin = 0;
  int end = 0;
  double at = 0;
  // The rows due after `elapsed`: [first, second), possibly empty, and the wrap to the start.
  std::pair<int, int> due(Duration elapsed, Duration pass) {
    if (end <= begin) return {0, 0};
    const double rows = (end - begin) * elapsed.seconds() / pass.seconds();
    const double from = at < begin ? begin : at;
    at = from + std::min(rows, static_cast<double>(end - begin));
    const int first = static_cast<int>(from) & ~1;
    const int last = std::min(end, (static_cast<int>(at) + 1) & ~1);
    if (at >= end) at = begin;
    return {first, last};
  }
};

class PaintedScene final : public Scene {
 public:
  PaintedScene(const Area& area, std::shared_ptr<const Scenery> scenery,
               const SceneOptions& options)
      : area_(area),
        options_(options),
        scenery_(std::move(scenery)),
        terrain_(scenery_->terrain),
        ground_(scenery_->ground),
        painter_(area, terrain_, ground_, scenery_->tile) {
    plant_tufts();
    sky_.end = ground_.end_sky_row();
    land_.begin = ground_.first_land_row() & ~1;
    land_.end = kSceneHeight;
    water_.begin = ground_.first_water_row() & ~1;
    water_.end = ground_.end_water_row();
  }

  const Picture& render(UtcTime time) override {
    const Duration elapsed = time - last_;
    if (!started_ || elapsed > kJump || elapsed < Duration{0}) {
      paint_all(time);
    } else {
      refresh(time, elapsed);
    }
    last_ = time;
    if (area_.landscape == Landscape::railway_bridge) draw_train_at(time);
    draw_grass(time);
    draw_animals(time);
    draw_weather(time);
    draw_marks(time);
    return picture_;
  }

 private:
  void paint_all(UtcTime time) {
    painter_.set_light(light_at(area_, time));
    painter_.paint_sky(background_, 0, kSceneHeight, time);
    painter_.paint_land(background_, 0, kSceneHeight, time);
    painter_.paint_water(background_, 0, kSceneHeight, time);
    copy_box(background_, picture_, {0, 0, kSceneWidth, kSceneHeight});
    touched_.clear();
    started_ = true;
  }

  void refresh(UtcTime time, Duration elapsed) {
    if (time - painter_.light().time >= kLightStep) painter_.set_light(light_at(area_, time));
    for (const PixelBox& box : touched_) copy_box(background_, picture_, box);
    touched_.clear();
    const auto [sky0, sky1] = sky_.due(elapsed, options_.unhurried ? kSlowPass : kSkyPass);
    painter_.paint_sky(background_, sky0, sky1, time);
    copy_rows(sky0, sky1);
    const auto [land0, land1] = land_.due(elapsed, kLandPass);
    painter_.paint_land(background_, land0, land1, time);
    copy_rows(land0, land1);
    const auto [water0, water1] = water_.due(elapsed, options_.unhurried ? kSlowPass : kWaterPass);
    painter_.paint_water(background_, water0, water1, time);
    copy_rows(water0, water1);
  }

  void copy_rows(int begin, int end) {
    copy_box(background_, picture_, {0, begin, kSceneWidth, end - begin});
  }

  void draw_animals(UtcTime time) {
    const Light& light = painter_.light();
    const auto film = [this](Rgb c) { return painter_.to_yuv(c); };
    for (const Animal& animal : animals_at(area_, time)) {
      const Figure figure = make_figure(animal);
      FigureLight on;
      on.top =
          light.key_light * (0.14f + 0.50f * std::max(light.key.y, 0.0f)) + light.ambient * 0.9f;
      on.side =
          light.key_light * (0.08f + 0.34f * std::max(-light.key.z, 0.0f)) + light.ambient * 0.42f;
      on.clear = std::exp(-static_cast<float>(animal.distance_m) / light.visibility_m);
      on.air = light.horizon;
      const bool on_ground = animal.posture == Posture::walking ||
                             animal.posture == Posture::grazing ||
                             animal.posture == Posture::standing;
      if (on_ground) {
        const auto tall = static_cast<float>(animal.height_px);
        touched_.push_back(draw_ground_shadow(picture_, static_cast<float>(animal.x_px),
                                              static_cast<float>(animal.y_px), tall * 0.85f,
                                              0.42f));
      }
      touched_.push_back(draw_figure(picture_, figure, on, film));
    }
  }

  // Where the tufts stand that move in the wind: on grass close to the camera.
  void plant_tufts() {
    for (int i = 0; i < 400 && tufts_.size() < kTuftsMax; ++i) {
      const int x = static_cast<int>(pick(71, i) * kSceneWidth);
      const int y = kSceneHeight - 40 - static_cast<int>(pick(72, i) * 110);
      const Surfel& s = ground_.row(y)[x];
      const bool grows = s.material == Material::grass || s.material == Material::sedge ||
                         s.material == Material::steppe || s.material == Material::flower;
      const float z = distance_of_step(s.range >> 6);
      if (grows && z < 110)
        tufts_.push_back({static_cast<float>(x), static_cast<float>(y),
                          0.42f * terrain_.view().focal_px / z, s.material});
    }
  }

  // Blades bend four times a second: enough to look alive, and most pictures change little.
  void draw_grass(UtcTime time) {
    const Light& light = painter_.light();
    const double beat = static_cast<double>(time.us / 250'000 % 1'000'000);
    const float wind = clamp01(light.weather.wind_m_s / 9);
    FigureLight on;
    on.top = light.key_light * (0.15f + 0.45f * std::max(light.key.y, 0.0f)) + light.ambient * 0.8f;
    on.side = on.top;
    const auto film = [this](Rgb c) { return painter_.to_yuv(c); };
    for (std::size_t i = 0; i < tufts_.size(); ++i) {
      const Tuft& tuft = tufts_[i];
      Figure figure;
      for (int b = 0; b < 5; ++b) {
        const float lean = (pick(73, i, b) - 0.5f) * 0.7f;
        const float gust = std::sin(static_cast<float>(beat) * 0.55f - tuft.x * 0.012f) +
                           0.6f * std::sin(static_cast<float>(beat) * 1.3f + static_cast<float>(b));
        const float bend = lean + wind * (0.16f + 0.15f * gust);
        const float tall = tuft.height_px * (0.6f + 0.4f * pick(74, i, b));
        const float root = tuft.x + (pick(75, i, b) - 0.5f) * tuft.height_px * 0.6f;
        const Rgb colour = painter_.reflectance(tuft.material, 0.55f + 0.4f * pick(76, i, b));
        Limb& blade = figure.limbs[figure.count++];
        blade = {root, tuft.y, root + bend * tall, tuft.y - tall, 0.8f, 0.35f, colour};
        figure.left = std::min({figure.left, blade.ax - 1, blade.bx - 1});
        figure.right = std::max({figure.right, blade.ax + 1, blade.bx + 1});
        figure.top = std::min(figure.top, blade.by - 1);
        figure.bottom = std::max(figure.bottom, blade.ay + 1);
      }
      touched_.push_back(draw_figure(picture_, figure, on, film));
    }
  }

  void draw_train_at(UtcTime time) {
    const auto train = train_at(time);
    if (!train) return;
    touched_.push_back(draw_train(picture_, *train, terrain_.view(), painter_.light(),
                                  [this](Rgb c) { return painter_.to_yuv(c); }));
  }

  // Flakes and drops at several depths; nearer ones are larger and faster.
  void draw_weather(UtcTime time) {
    const Weather& weather = painter_.light().weather;
    const bool snow = weather.snow > weather.rain;
    const float strength = std::max(weather.snow, weather.rain);
    const int count = static_cast<int>(smooth(0.05f, 0.8f, strength) * 240);
    const double seconds = static_cast<double>(time.us % 3'600'000'000) / 1e6;
    const int lighter = snow ? 64 : 26;
    for (int i = 0; i < count; ++i) {
      const float depth = pick(51, i);
      const double fall =
          snow ? 50 + 90 * static_cast<double>(depth) : 620 + 300 * static_cast<double>(depth);
      const double drift = static_cast<double>(weather.wind_m_s) * (snow ? 9 : 14) *
                           (0.5 + static_cast<double>(depth));
      const double sway = snow ? 7 * std::sin(seconds * 1.3 + i) : 0;
      const int x = static_cast<int>(
          std::fmod(static_cast<double>(pick(52, i)) * 1280 + drift * seconds + sway + 2560, 1280));
      const int y =
          static_cast<int>(std::fmod(static_cast<double>(pick(53, i)) * 720 + fall * seconds, 720));
      const int w = snow && depth > 0.55f ? 2 : 1;
      const int h = snow ? w + (depth > 0.85f ? 1 : 0) : 7 + static_cast<int>(7 * depth);
      brighten({x, y, w, h}, lighter);
    }
  }

  void brighten(PixelBox box, int by) {
    for (int y = box.y; y < std::min(box.y + box.h, kSceneHeight); ++y)
      for (int x = box.x; x < std::min(box.x + box.w, kSceneWidth); ++x) {
        auto& sample = picture_.y_row(y)[x];
        sample = static_cast<std::uint8_t>(sample + (235 - std::min<int>(sample, 235)) * by / 128);
      }
    touched_.push_back(box);
  }

  void draw_marks(UtcTime time) {
    std::string text = format_rfc3339(time).substr(0, 19) + "Z";
    text[10] = ' ';
    if (options_.demonstration_label) text += "   demonstration";
    touched_.push_back(draw_text(picture_, 8, kSceneHeight - 32, text, 2, 225));
    touched_.push_back(draw_clock(picture_, time));
  }

  const Area& area_;
  const SceneOptions options_;
  const std::shared_ptr<const Scenery> scenery_;
  const Terrain& terrain_;
  const Ground& ground_;
  Painter painter_;
  Picture background_{kSceneWidth, kSceneHeight};
  Picture picture_{kSceneWidth, kSceneHeight};
  struct Tuft {
    float x, y, height_px;
    Material material;
  };
  static constexpr std::size_t kTuftsMax = 34;
  std::vector<Tuft> tufts_;
  std::vector<PixelBox> touched_;  // what lies over the background in picture_
  Sweep sky_;
  Sweep land_;
  Sweep water_;
  UtcTime last_;
  bool started_ = false;
};

}  // namespace

std::unique_ptr<Scene> Scene::make(const Area& area, std::shared_ptr<const Scenery> scenery,
                                   const SceneOptions& options) {
  return std::make_unique<PaintedScene>(area, std::move(scenery), options);
}

}  // namespace oriel::demo
