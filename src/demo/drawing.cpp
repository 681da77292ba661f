#include "demo/drawing.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>

#include <fmt/format.h>

#include "demo/fauna.h"

namespace oriel::demo {
namespace {

constexpr float kPi = std::numbers::pi_v<float>;
constexpr float kWide = 800;
constexpr float kHigh = 600;
constexpr float kGroundY = 470;

constexpr Species kDrawn[] = {Species::tibetan_antelope,   Species::kiang,
                              Species::wild_yak,           Species::snow_leopard,
                              Species::white_lipped_deer,  Species::tibetan_fox,
                              Species::black_necked_crane, Species::blue_sheep,
                              Species::bar_headed_goose,   Species::wolf,
                              Species::whooper_swan,       Species::ruddy_shelduck};

bool swims(Species species) {
  return species == Species::bar_headed_goose || species == Species::whooper_swan ||
         species == Species::ruddy_shelduck;
}

// As it stands for its portrait: a grown male where they differ.
Figure portrait(Species species, double height_px) {
  Animal animal;
  animal.species = species;
  animal.height_px = height_px;
  animal.variant = 1;
  animal.gait = 0.09;
  animal.posture = swims(species) ? Posture::swimming : Posture::walking;
  return make_figure(animal);
}

// Reflectance as a screen shows it in good light.
std::string colour(Rgb linear) {
  const auto part = [](float v) {
    const float bright = std::clamp(v * 1.25f + 0.012f, 0.0f, 1.0f);
    const float shown =
        bright <= 0.0031308f ? 12.92f * bright : 1.055f * std::pow(bright, 1 / 2.4f) - 0.055f;
    return static_cast<int>(std::lround(shown * 255));
  };
  return fmt::format("#{:02x}{:02x}{:02x}", part(linear.r), part(linear.g), part(linear.b));
}

// Two circles and what lies between their outer tangents.
std::string outline(float ax, float ay, float ra, float bx, float by, float rb) {
  const float dx = bx - ax;
  const float dy = by - ay;
  const float length = std::hypot(dx, dy);
  if (length <= std::fabs(ra - rb) + 0.01f) {
    const bool first = ra >= rb;
    const float x = first ? ax : bx;
    const float y = first ? ay : by;
    const float r = first ? ra : rb;
    return fmt::format(
        "M{0:.1f} {1:.1f}a{2:.1f} {2:.1f} 0 1 0 {3:.1f} 0a{2:.1f} {2:.1f} 0 1 0 "
        "{4:.1f} 0Z",
        x - r, y, r, 2 * r, -2 * r);
  }
  const float direction = std::atan2(dy, dx);
  const float open = std::acos((ra - rb) / length);
  const auto on = [](float x, float y, float r, float angle) {
    return fmt::format("{:.1f} {:.1f}", x + r * std::cos(angle), y + r * std::sin(angle));
  };
  return fmt::format("M{} L{} A{:.1f} {:.1f} 0 {} 0 {} L{} A{:.1f} {:.1f} 0 {} 0 {}Z",
                     on(ax, ay, ra, direction + open), on(bx, by, rb, direction + open), rb, rb,
                     open > kPi / 2 ? 1 : 0, on(bx, by, rb, direction - open),
                     on(ax, ay, ra, direction - open), ra, ra, open > kPi / 2 ? 0 : 1,
                     on(ax, ay, ra, direction + open));
}

struct Setting {
  const char* sky;
  const char* haze;
  const char* hills;
  const char* ground;
  const char* near;
};

Setting setting_of(Species species) {
  if (swims(species)) return {"#8fc1dd", "#dcecee", "#7d9cae", "#4f8ba6", "#3d7691"};
  switch (species) {
    case Species::snow_leopard:
    case Species::blue_sheep:
      return {"#9db4cf", "#e8e6e4", "#8a8f9c", "#9a938a", "#857d74"};
    case Species::black_necked_crane:
      return {"#a5cbd3", "#f0ecd9", "#86a08d", "#9aa96c", "#7f9157"};
    case Species::wild_yak:
    case Species::wolf:
      return {"#b9c3d9", "#f3e6d8", "#98a0b5", "#c3ac7f", "#a98f64"};
    default:
      return {"#a9cce0", "#f6ead2", "#9fb0a8", "#cdb878", "#b39d61"};
  }
}

std::string stage_of(Species species, const std::string& id) {
  const auto look = setting_of(species);
  auto text = fmt::format(
      "<defs><linearGradient id=\"s{0}\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"1\"><stop offset=\"0\" "
      "stop-color=\"{1}\"/><stop offset=\"1\" stop-color=\"{2}\"/></linearGradient>"
      "<linearGradient id=\"g{0}\" x1=\"0\" y1=\"0\" x2=\"0\" y2=\"1\"><stop offset=\"0\" "
      "stop-color=\"{3}\"/><stop offset=\"1\" stop-color=\"{4}\"/></linearGradient></defs>"
      "<rect width=\"800\" height=\"600\" fill=\"url(#s{0})\"/>",
      id, look.sky, look.haze, look.ground, look.near);
  // Mountains: the same range shifted, so that no two pictures are alike.
  const int shift = static_cast<int>(species) * 37 % 160;
  text += fmt::format(
      "<path d=\"M0 430L{} 300L{} 350L{} 250L{} 360L{} 290L{} 370L800 310V480H0Z\" fill=\"{}\" "
      "opacity=\".55\"/>",
      60 + shift / 2, 150 + shift / 2, 260 + shift, 390 + shift, 500 + shift / 2, 640, look.hills);
  text += fmt::format("<path d=\"M0 440Q200 405 400 430T800 420V600H0Z\" fill=\"url(#g{})\"/>", id);
  return text;
}

std::string marks_of(Species species) {
  std::string text;
  if (swims(species)) {
    for (const auto [x, y, w] : {std::array{180, 500, 90}, std::array{560, 520, 120},
                                 std::array{330, 556, 160}, std::array{70, 566, 70}})
      text += fmt::format(
          "<path d=\"M{} {}q{} -7 {} 0t{} 0\" fill=\"none\" stroke=\"#fff\" "
          "stroke-opacity=\".35\" stroke-width=\"3\"/>",
          x, y, w / 4, w / 2, w / 2);
    return text;
  }
  for (const auto [x, y] : {std::array{90, 520}, std::array{210, 566}, std::array{640, 515},
                            std::array{720, 560}, std::array{460, 575}})
    text += fmt::format(
        "<path d=\"M{0} {1}q-6 -22 -14 -30M{0} {1}q0 -26 2 -36M{0} {1}q8 -20 17 "
        "-27\" fill=\"none\" stroke=\"#5e5a36\" stroke-opacity=\".5\" "
        "stroke-width=\"3\" stroke-linecap=\"round\"/>",
        x, y);
  return text;
}

// The figure fitted into the picture: how much larger, and how far moved.
struct Fit {
  float scale = 1;
  float x = 0;
  float y = 0;
};

Fit fit_of(const Figure& figure, bool on_water) {
  const float wide = figure.right - figure.left;
  const float high = figure.bottom - figure.top;
  Fit fit;
  fit.scale = std::min(600 / wide, 400 / high);
  fit.x = kWide / 2 - fit.scale * (figure.left + figure.right) / 2;
  fit.y = (on_water ? kGroundY + 25 : kGroundY + 35) - fit.scale * figure.bottom;
  return fit;
}

std::string limbs_of(const Figure& figure, const Fit& fit) {
  std::string text;
  for (std::size_t i = 0; i < figure.count; ++i) {
    const auto& limb = figure.limbs[i];
    const float ax = limb.ax * fit.scale + fit.x;
    const float ay = limb.ay * fit.scale + fit.y;
    const float bx = limb.bx * fit.scale + fit.x;
    const float by = limb.by * fit.scale + fit.y;
    const float ra = limb.ra * fit.scale;
    const float rb = limb.rb * fit.scale;
    text += fmt::format("<path d=\"{}\" fill=\"{}\"/>", outline(ax, ay, ra, bx, by, rb),
                        colour(limb.reflectance));
    // Light from above: the upper part of what is thick enough.
    if (std::max(ra, rb) < 14 || limb.depth < 0) continue;
    text += fmt::format("<path d=\"{}\" fill=\"{}\" opacity=\".45\"/>",
                        outline(ax, ay - ra * 0.36f, ra * 0.56f, bx, by - rb * 0.36f, rb * 0.56f),
                        colour(limb.reflectance * 1.35f + Rgb{.02f, .02f, .02f}));
  }
  if (figure.eye_r > 0) {
    const float x = figure.eye_x * fit.scale + fit.x;
    const float y = figure.eye_y * fit.scale + fit.y;
    const float r = std::max(figure.eye_r * fit.scale, 4.0f);
    text += fmt::format(
        "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\" fill=\"#d9b25f\"/>"
        "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\" fill=\"#15110d\"/>"
        "<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"{:.1f}\" fill=\"#fff\"/>",
        x, y, r * 1.25f, x, y, r, x + r * 0.3f, y - r * 0.35f, r * 0.3f);
  }
  return text;
}

std::string picture_of(Species species, const std::string& id) {
  const auto figure = portrait(species, 400);
  const auto fit = fit_of(figure, swims(species));
  auto text = stage_of(species, id);
  const float wide = (figure.right - figure.left) * fit.scale;
  const float foot = figure.bottom * fit.scale + fit.y;
  text += fmt::format(
      "<ellipse cx=\"400\" cy=\"{:.1f}\" rx=\"{:.1f}\" ry=\"{:.1f}\" "
      "fill=\"#1c2430\" opacity=\".28\"/>",
      foot - 4, wide * 0.46f, swims(species) ? 20.0f : 15.0f);
  text += limbs_of(figure, fit);
  // What is under water is seen through it.
  if (swims(species))
    text += fmt::format(
        "<rect y=\"{:.1f}\" width=\"800\" height=\"{:.1f}\" fill=\"#4f8ba6\" "
        "opacity=\".72\"/>",
        foot - 22, kHigh - foot + 22);
  return text + marks_of(species);
}

std::string svg(std::string_view size, std::string_view title, std::string_view content) {
  return fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {}\" "
      "font-family=\"sans-serif\"><title>{}</title>{}</svg>\n",
      size, title, content);
}

}  // namespace

std::span<const Species> drawn_species() { return kDrawn; }

std::string animal_drawing(Species species) {
  return svg("800 600", facts(species).common.en, picture_of(species, ""));
}

std::string animal_sheet() {
  std::string text = "<rect width=\"1640\" height=\"940\" fill=\"#0e1621\"/>";
  int place = 0;
  for (const auto species : kDrawn) {
    text += fmt::format(
        "<svg x=\"{}\" y=\"{}\" width=\"390\" height=\"293\" viewBox=\"0 0 800 "
        "600\">{}</svg>",
        16 + place % 4 * 406, 14 + place / 4 * 308, picture_of(species, std::to_string(place)));
    ++place;
  }
  return svg("1640 940", "Twelve animals of the plateau", text);
}

std::string bar_drawing(const std::vector<Bar>& bars) {
  std::string text = "<rect width=\"800\" height=\"600\" fill=\"#0e1621\"/>";
  double most = 1;
  for (const auto& bar : bars) most = std::max(most, bar.value);
  const double step = 540.0 / static_cast<double>(std::max<std::size_t>(bars.size(), 1));
  double y = 30;
  for (const auto& bar : bars) {
    const double wide = 500 * bar.value / most;
    text += fmt::format(
        "<text x=\"230\" y=\"{:.1f}\" text-anchor=\"end\" font-size=\"{:.0f}\" fill=\"#c9d4dd\">{}"
        "</text><rect x=\"245\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" rx=\"4\" "
        "fill=\"#6fb3c8\"/>",
        y + step * 0.56, std::min(24.0, step * 0.5), bar.name, y + step * 0.15, wide, step * 0.6);
    y += step;
  }
  return svg("800 600", "Animals seen", text);
}

std::string wave_drawing(std::span<const float> samples) {
  constexpr std::size_t kStrokes = 120;
  std::string text = "<rect width=\"800\" height=\"600\" fill=\"#0e1621\"/>";
  std::array<float, kStrokes> loud{};
  float most = 1e-6f;
  for (std::size_t i = 0; i < kStrokes; ++i) {
    float sum = 0;
    const auto part = samples.subspan(samples.size() * i / kStrokes, samples.size() / kStrokes);
    for (const float sample : part) sum += sample * sample;
    loud[i] = std::sqrt(sum / static_cast<float>(std::max<std::size_t>(part.size(), 1)));
    most = std::max(most, loud[i]);
  }
  for (std::size_t i = 0; i < kStrokes; ++i) {
    const float high = 6 + 380 * loud[i] / most;
    text += fmt::format(
        "<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"3.4\" height=\"{:.1f}\" rx=\"1.7\" "
        "fill=\"#6fb3c8\"/>",
        40 + 6 * static_cast<float>(i), 300 - high / 2, high);
  }
  return svg("800 600", "Sound", text);
}

}  // namespace oriel::demo
