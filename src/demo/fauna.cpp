#include "demo/fauna.h"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "demo/noise.h"

namespace oriel::demo {
namespace {

constexpr float kTwoPi = 2 * std::numbers::pi_v<float>;

struct Point {
  float x, y;
};

// Builds a figure in body units: x forward, y up from the ground, shoulder height 1.
class Body {
 public:
  Body(const Animal& animal, float scale)
      : x_(static_cast<float>(animal.x_px)),
        y_(static_cast<float>(animal.y_px)),
        scale_(scale),
        side_(animal.faces_left ? -1.0f : 1.0f) {}

  void limb(Point a, Point b, float ra, float rb, Rgb reflectance) {
    if (figure.count >= Figure::kLimbsMax) return;
    Limb& l = figure.limbs[figure.count++];
    l = {x_ + side_ * a.x * scale_,
         y_ - a.y * scale_,
         x_ + side_ * b.x * scale_,
         y_ - b.y * scale_,
         std::max(ra * scale_, 0.32f),
         std::max(rb * scale_, 0.32f),
         reflectance,
         depth * scale_,
         paired};
    figure.left = std::min({figure.left, l.ax - l.ra, l.bx - l.rb});
    figure.right = std::max({figure.right, l.ax + l.ra, l.bx + l.rb});
    figure.top = std::min({figure.top, l.ay - l.ra, l.by - l.rb});
    figure.bottom = std::max({figure.bottom, l.ay + l.ra, l.by + l.rb});
  }
  void blob(Point at, float r, Rgb reflectance) { limb(at, at, r, r, reflectance); }
  void eye(Point at, float r) {
    figure.eye_x = x_ + side_ * at.x * scale_;
    figure.eye_y = y_ - at.y * scale_;
    figure.eye_r = r * scale_;
  }

  Figure figure;
  // Of the limbs that follow, in body units.
  float depth = 0;
  bool paired = false;

 private:
  float x_, y_, scale_, side_;
};

// In body units; colours are reflectances. What a row of kBuilds does not name is as here.
struct Build {
  float length = 1.2f;  // shoulder to hip
  float chest = 0.22f;  // radius
  float belly = 0.20f;
  float hip = 0.19f;
  float leg = 0.045f;  // radius at the knee
  float neck = 0.42f;  // length
  float neck_r = 0.10f;
  float neck_angle = 0.95f;  // radians above the horizontal when the head is up
  float head = 0.26f;
  float head_r = 0.085f;
  float tail = 0.25f;
  float tail_r = 0.03f;
  Rgb back{.30f, .21f, .12f};
  Rgb under{.60f, .54f, .44f};
  Rgb legs{.42f, .34f, .24f};
  Rgb face{.28f, .20f, .13f};
  Rgb tail_colour{.25f, .18f, .11f};
};

using S = Species;

constexpr Build kYak{.length = 1.08f,
                     .chest = .33f,
                     .belly = .31f,
                     .hip = .26f,
                     .leg = .07f,
                     .neck = .26f,
                     .neck_r = .19f,
                     .neck_angle = .05f,
                     .head = .30f,
                     .head_r = .12f,
                     .tail = .5f,
                     .tail_r = .075f,
                     .back = {.045f, .034f, .028f},
                     .under = {.03f, .024f, .02f},
                     .legs = {.035f, .028f, .024f},
                     .face = {.06f, .05f, .045f},
                     .tail_colour = {.04f, .03f, .025f}};
constexpr Build kGazelle{.chest = .20f,
                         .belly = .18f,
                         .hip = .18f,
                         .leg = .035f,
                         .neck = .40f,
                         .neck_r = .075f,
                         .neck_angle = 1.1f,
                         .head = .22f,
                         .head_r = .07f,
                         .tail = .1f,
                         .back = {.48f, .34f, .20f},
                         .under = {.82f, .78f, .70f},
                         .legs = {.55f, .43f, .29f},
                         .face = {.44f, .32f, .20f}};

struct BuildRow {
  Species species;
  Build build;
};
constexpr BuildRow kBuilds[] = {
    {S::tibetan_antelope,
     {.tail = 0.14f,
      .back = {.46f, .33f, .21f},
      .under = {.80f, .76f, .68f},
      .legs = {.30f, .23f, .17f},
      .face = {.10f, .08f, .07f}}},
    {S::kiang,
     {.length = 1.12f,
      .chest = .235f,
      .belly = .225f,
      .hip = .22f,
      .neck = .46f,
      .neck_r = .14f,
      .head = .36f,
      .head_r = .095f,
      .tail = .48f,
      .tail_r = .03f,
      .back = {.36f, .17f, .075f},
      .under = {.78f, .72f, .62f},
      .legs = {.76f, .70f, .60f},
      .face = {.34f, .17f, .08f},
      .tail_colour = {.07f, .05f, .04f}}},
    {S::wild_yak, kYak},
    {S::domestic_yak, kYak},
    {S::przewalskis_gazelle, kGazelle},
    {S::tibetan_gazelle, kGazelle},
    {S::goitered_gazelle, kGazelle},
    {S::blue_sheep,
     {.length = 1.15f,
      .chest = .24f,
      .belly = .22f,
      .neck = .32f,
      .neck_r = .11f,
      .head = .26f,
      .tail = .14f,
      .back = {.25f, .225f, .195f},
      .under = {.72f, .70f, .66f},
      .legs = {.16f, .14f, .13f},
      .face = {.24f, .22f, .20f}}},
    {S::white_lipped_deer,
     {.neck = .48f,
      .neck_r = .10f,
      .neck_angle = 1.0f,
      .head = .30f,
      .tail = .12f,
      .back = {.25f, .165f, .095f},
      .under = {.48f, .38f, .27f},
      .legs = {.26f, .19f, .12f},
      .face = {.27f, .19f, .12f}}},
    {S::wolf,
     {.length = 1.2f,
      .chest = .20f,
      .belly = .165f,
      .hip = .165f,
      .leg = .045f,
      .neck = .30f,
      .neck_r = .125f,
      .neck_angle = .35f,
      .head = .30f,
      .head_r = .095f,
      .tail = .52f,
      .tail_r = .075f,
      .back = {.30f, .255f, .20f},
      .under = {.56f, .50f, .41f},
      .legs = {.46f, .38f, .28f},
      .face = {.34f, .29f, .23f},
      .tail_colour = {.24f, .20f, .16f}}},
    {S::tibetan_fox,
     {.length = 1.35f,
      .chest = .23f,
      .belly = .20f,
      .hip = .20f,
      .leg = .05f,
      .neck = .28f,
      .neck_r = .15f,
      .neck_angle = .35f,
      .head = .34f,
      .head_r = .15f,
      .tail = .95f,
      .tail_r = .13f,
      .back = {.46f, .27f, .13f},
      .under = {.50f, .48f, .45f},
      .legs = {.45f, .29f, .16f},
      .face = {.50f, .33f, .18f},
      .tail_colour = {.55f, .50f, .44f}}},
    {S::snow_leopard,
     {.length = 1.42f,
      .chest = .25f,
      .belly = .22f,
      .hip = .24f,
      .leg = .075f,
      .neck = .26f,
      .neck_r = .16f,
      .neck_angle = .22f,
      .head = .17f,
      .head_r = .15f,
      .tail = 1.35f,
      .tail_r = .085f,
      .back = {.40f, .37f, .325f},
      .under = {.66f, .63f, .58f},
      .legs = {.43f, .40f, .355f},
      .face = {.43f, .40f, .355f},
      .tail_colour = {.37f, .34f, .30f}}},
};

// The plain Build for a species without a row.
Build build_of(Species species) {
  for (const BuildRow& row : kBuilds)
    if (row.species == species) return row.build;
  return {};
}

bool is_yak(Species s) { return s == Species::wild_yak || s == Species::domestic_yak; }

// One leg of a four-beat walk. `phase` in cycles; the foot is on the ground for 0.62 of it.
void add_leg(Body& body, Point hip, float phase, float stride, bool hind, const Build& b,
             Rgb colour) {
  const float p = phase - std::floor(phase);
  float reach = 0;
  float lift = 0;
  if (p < 0.62f) {
    reach = mix(stride, -stride, p / 0.62f);
  } else {
    const float t = (p - 0.62f) / 0.38f;
    reach = mix(-stride, stride, t * t * (3 - 2 * t));
    lift = 0.13f * std::sin(t * kTwoPi / 2) * std::min(1.0f, stride * 5);
  }
  const Point foot{hip.x + reach, lift};
  const float bend = hind ? -0.07f : 0.045f;
  const Point knee{hip.x + reach * 0.42f + bend + lift * 0.9f, 0.34f + lift * 0.4f};
  body.limb(hip, knee, b.leg * 2.1f, b.leg * 1.1f, colour);
  body.limb(knee, foot, b.leg * 1.05f, b.leg * 0.75f, colour);
}

// What stands on the head: horns, antlers, ears.
void add_headgear(Body& body, const Animal& animal, Point crown, Point nose, const Build& b) {
  const Rgb horn{.13f, .11f, .09f};
  const float size = std::hypot(nose.x - crown.x, nose.y - crown.y);
  const Point f{(nose.x - crown.x) / size, (nose.y - crown.y) / size};
  const Point up{-f.y, f.x};
  const auto at = [&](float along, float above) {
    return Point{crown.x + f.x * along + up.x * above, crown.y + f.y * along + up.y * above};
  };
  const bool male = (animal.variant & 1) != 0;
  switch (animal.species) {
    case Species::tibetan_antelope:
      if (!male) break;
      for (const float lean : {0.02f, -0.07f})
        body.limb(at(0.02f, 0.05f), at(lean - 0.02f, 0.62f), 0.022f, 0.012f, horn);
      break;
    case Species::przewalskis_gazelle:
    case Species::goitered_gazelle:
    case Species::tibetan_gazelle:
      if (!male) break;
      body.limb(at(0.0f, 0.05f), at(-0.13f, 0.22f), 0.024f, 0.018f, horn);
      body.limb(at(-0.13f, 0.22f), at(-0.07f, 0.37f), 0.018f, 0.009f, horn);
      break;
    case Species::blue_sheep:
      body.limb(at(0.0f, 0.07f), at(-0.16f, 0.24f), 0.05f, 0.04f, horn);
      if (male) body.limb(at(-0.16f, 0.24f), at(-0.38f, 0.19f), 0.04f, 0.016f, horn);
      break;
    case Species::white_lipped_deer:
      if (!male) break;
      body.limb(at(0, 0.05f), at(-0.18f, 0.36f), 0.024f, 0.02f, horn);
      body.limb(at(-0.18f, 0.36f), at(-0.34f, 0.72f), 0.02f, 0.01f, horn);
      body.limb(at(-0.10f, 0.24f), at(0.12f, 0.36f), 0.016f, 0.008f, horn);
      body.limb(at(-0.20f, 0.42f), at(0.0f, 0.62f), 0.014f, 0.007f, horn);
      body.limb(at(-0.28f, 0.58f), at(-0.12f, 0.80f), 0.012f, 0.006f, horn);
      break;
    case Species::wild_yak:
    case Species::domestic_yak: {
      const Rgb pale{.32f, .30f, .27f};
      body.limb(at(0.02f, 0.08f), at(0.12f, 0.24f), 0.036f, 0.028f, pale);
      body.limb(at(0.12f, 0.24f), at(0.07f, 0.40f), 0.028f, 0.012f, pale);
      break;
    }
    default:
      break;
  }
  if (animal.species == Species::snow_leopard) {
    body.limb(at(-0.05f, b.head_r * 0.8f), at(-0.06f, b.head_r * 1.05f), 0.05f, 0.045f, b.face);
    return;
  }
  if (facts(animal.species).habit == Habit::hunting) {
    body.limb(at(-0.05f, b.head_r * 0.6f), at(-0.07f, b.head_r + 0.13f), 0.06f, 0.012f, b.face);
    return;
  }
  const float ear = animal.species == Species::kiang ? 0.17f : 0.11f;
  body.limb(at(-0.02f, b.head_r * 0.8f), at(-0.08f, b.head_r + ear), 0.035f, 0.012f, b.face);
}

void add_coat_marks(Body& body, const Animal& animal, const Build& b, float half) {
  if (animal.species == Species::snow_leopard) {
    const Rgb dark{.10f, .09f, .085f};
    body.depth = b.chest * 0.8f;
    body.paired = true;
    // In rows, each a little off its place, so that the coat is covered.
    for (int i = 0; i < 27; ++i) {
      const float u = (static_cast<float>(i % 9) + 0.7f * pick(91, i)) / 9;
      const float v = (static_cast<float>(i / 9) + 0.6f * pick(92, i)) / 3;
      body.blob({mix(-half - 0.12f, half + 0.14f, u), 0.61f + 0.32f * v},
                0.026f + 0.012f * pick(93, i), dark);
    }
    body.depth = 0;
    body.paired = false;
  }
  if (animal.species == Species::kiang)
    body.limb({-half, 0.985f}, {half, 0.975f}, 0.018f, 0.018f, {.10f, .06f, .04f});
  const bool rump = animal.species == Species::przewalskis_gazelle ||
                    animal.species == Species::tibetan_gazelle ||
                    animal.species == Species::tibetan_antelope;
  if (rump)
    body.limb({-half - 0.13f, 0.88f}, {-half - 0.10f, 0.68f}, 0.075f, 0.06f, {.85f, .83f, .78f});
  if (is_yak(animal.species)) {
    // The skirt of long hair.
    for (int i = 0; i < 9; ++i) {
      const float x = mix(-half - 0.08f, half + 0.12f, (static_cast<float>(i) + 0.5f) / 9);
      body.limb({x, 0.55f}, {x - 0.02f, 0.27f + 0.06f * pick(94, i)}, 0.10f, 0.045f, b.under);
    }
    body.limb({half * 0.5f, 0.97f}, {half * 1.05f, 0.95f}, 0.17f, 0.14f, b.back);
  }
}

void quadruped(Body& body, const Animal& animal) {
  const Build b = build_of(animal.species);
  const float half = b.length / 2 - 0.12f;
  const bool moving = animal.posture == Posture::walking || animal.posture == Posture::running;
  const float stride = !moving ? 0.035f : animal.posture == Posture::running ? 0.34f : 0.20f;
  const auto phase = static_cast<float>(animal.gait - std::floor(animal.gait));
  const float sway = moving ? 0.012f * std::sin(phase * 2 * kTwoPi) : 0;
  const auto shade = [](Rgb c, float k) { return c * k; };
  const Rgb far_leg = shade(b.legs, 0.62f);
  const float apart = b.chest * 0.55f;
  body.depth = -apart;
  add_leg(body, {-half, 0.62f}, phase + 0.5f, stride, true, b, far_leg);
  add_leg(body, {half - 0.02f, 0.60f}, phase + 0.75f, stride, false, b, far_leg);
  body.depth = 0;
  const float wag = 0.06f * std::sin(static_cast<float>(animal.gait) * 3.1f +
                                     static_cast<float>(animal.variant % 7));
  const bool cat = animal.species == Species::snow_leopard;
  const Point tail_root{-half - b.hip * 0.75f, 0.86f + sway};
  const Point tail_mid{tail_root.x - b.tail * (cat ? .42f : .34f),
                       tail_root.y - b.tail * (cat ? .42f : .38f) + wag};
  body.limb(tail_root, tail_mid, b.tail_r, b.tail_r, b.tail_colour);
  body.limb(tail_mid,
            {tail_mid.x - b.tail * (cat ? .38f : .08f), tail_mid.y - b.tail * (cat ? -.08f : .42f)},
            b.tail_r, b.tail_r * .8f, b.tail_colour);
  const float level = 0.76f + sway;
  body.limb({-half, level}, {half, level}, b.hip, b.chest, b.back);
  body.limb({-half * 0.7f, level - b.belly * 0.48f}, {half * 0.85f, level - b.belly * 0.55f},
            b.belly * .52f, b.belly * .5f, b.under);
  body.limb({-half, level + 0.02f}, {half, level + 0.03f}, b.hip * .86f, b.chest * .84f, b.back);
  body.depth = apart;
  add_leg(body, {-half + 0.02f, 0.62f}, phase, stride, true, b, b.legs);
  add_leg(body, {half, 0.60f}, phase + 0.25f, stride, false, b, b.legs);
  body.depth = apart * 0.5f;
  body.paired = true;
  body.limb({-half + 0.01f, 0.72f}, {-half + 0.02f, 0.56f}, b.hip * .72f, b.leg * 2, b.back);
  body.limb({half, 0.72f}, {half, 0.56f}, b.chest * .68f, b.leg * 2, b.back);
  body.paired = false;
  body.depth = 0;
  add_coat_marks(body, animal, b, half);
  // The neck swings from up to down to the grass.
  const auto down = static_cast<float>(animal.head);
  const float angle = mix(b.neck_angle, -0.95f, down);
  const Point withers{half + b.chest * 0.35f,
                      level + b.chest * (is_yak(animal.species) ? 0.0f : 0.30f)};
  const Point crown{withers.x + std::cos(angle) * b.neck, withers.y + std::sin(angle) * b.neck};
  body.limb({withers.x - 0.06f, withers.y - 0.04f}, crown, b.neck_r * 1.45f, b.neck_r * .85f,
            b.back);
  const float face = mix(-0.55f, -1.15f, down);
  const Point nose{crown.x + std::cos(face) * b.head, crown.y + std::sin(face) * b.head};
  body.limb(crown, nose, b.head_r, b.head_r * .55f, b.face);
  if (animal.species == Species::kiang || animal.species == Species::white_lipped_deer)
    body.blob(nose, b.head_r * .52f, {.72f, .68f, .60f});
  body.depth = b.head_r * 0.6f;
  body.paired = true;
  add_headgear(body, animal, crown, nose, b);
  body.eye({mix(crown.x, nose.x, 0.28f), mix(crown.y, nose.y, 0.28f) + b.head_r * 0.22f},
           b.head_r * 0.17f);
}

struct Plumage {
  Rgb body, wing, tip, neck, head, beak;
  float neck_length;  // of body length
};

struct PlumageRow {
  Species species;
  Plumage plumage;
};
constexpr PlumageRow kPlumages[] = {
    {S::black_necked_crane,
     {.body = {.66f, .66f, .65f},
      .wing = {.60f, .60f, .60f},
      .tip = {.05f, .05f, .05f},
      .neck = {.04f, .04f, .045f},
      .head = {.05f, .05f, .05f},
      .beak = {.35f, .32f, .22f},
      .neck_length = .95f}},
    {S::bar_headed_goose,
     {.body = {.46f, .44f, .42f},
      .wing = {.40f, .39f, .38f},
      .tip = {.08f, .08f, .08f},
      .neck = {.30f, .27f, .25f},
      .head = {.85f, .85f, .83f},
      .beak = {.80f, .45f, .08f},
      .neck_length = .55f}},
    {S::whooper_swan,
     {.body = {.88f, .88f, .87f},
      .wing = {.88f, .88f, .87f},
      .tip = {.85f, .85f, .84f},
      .neck = {.88f, .88f, .87f},
      .head = {.88f, .88f, .86f},
      .beak = {.80f, .62f, .08f},
      .neck_length = .95f}},
    {S::ruddy_shelduck,
     {.body = {.58f, .25f, .07f},
      .wing = {.62f, .55f, .45f},
      .tip = {.05f, .05f, .05f},
      .neck = {.66f, .42f, .20f},
      .head = {.72f, .56f, .36f},
      .beak = {.06f, .06f, .06f},
      .neck_length = .35f}},
    {S::brown_headed_gull,
     {.body = {.86f, .86f, .85f},
      .wing = {.62f, .64f, .66f},
      .tip = {.06f, .06f, .06f},
      .neck = {.86f, .86f, .85f},
      .head = {.24f, .15f, .10f},
      .beak = {.55f, .10f, .06f},
      .neck_length = .16f}},
    {S::great_cormorant,
     {.body = {.05f, .05f, .05f},
      .wing = {.06f, .055f, .05f},
      .tip = {.04f, .04f, .04f},
      .neck = {.05f, .05f, .05f},
      .head = {.12f, .11f, .10f},
      .beak = {.45f, .40f, .25f},
      .neck_length = .50f}},
    {S::upland_buzzard,
     {.body = {.40f, .32f, .24f},
      .wing = {.30f, .22f, .15f},
      .tip = {.08f, .07f, .06f},
      .neck = {.48f, .40f, .30f},
      .head = {.50f, .43f, .34f},
      .beak = {.10f, .10f, .10f},
      .neck_length = .12f}},
    {S::himalayan_griffon,
     {.body = {.42f, .35f, .26f},
      .wing = {.46f, .38f, .28f},
      .tip = {.05f, .045f, .04f},
      .neck = {.62f, .57f, .48f},
      .head = {.66f, .62f, .54f},
      .beak = {.20f, .18f, .14f},
      .neck_length = .14f}},
    {S::golden_eagle,
     {.body = {.12f, .085f, .06f},
      .wing = {.14f, .10f, .07f},
      .tip = {.06f, .05f, .04f},
      .neck = {.26f, .17f, .08f},
      .head = {.30f, .20f, .10f},
      .beak = {.10f, .10f, .10f},
      .neck_length = .12f}},
};

// All black for a species without a row.
Plumage plumage_of(Species species) {
  for (const PlumageRow& row : kPlumages)
    if (row.species == species) return row.plumage;
  return {};
}

// Scale 1 is the wing span: a bird crossing the view, wings beating across the body.
void flying_bird(Body& body, const Animal& animal) {
  const Plumage p = plumage_of(animal.species);
  const bool gull = animal.species == Species::brown_headed_gull;
  const float beat = std::sin(static_cast<float>(animal.gait - std::floor(animal.gait)) * kTwoPi);
  const float lag =
      std::sin(static_cast<float>(animal.gait - std::floor(animal.gait)) * kTwoPi - 0.9f);
  const float neck = p.neck_length * 0.34f;
  const auto wing = [&](float shade, float shift) {
    const Point root{0.02f + shift, 0.015f};
    const Point wrist{0.03f + shift, 0.015f + 0.20f * beat + 0.05f};
    const Point tip{-0.10f + shift, 0.015f + 0.30f * beat + 0.17f * lag + 0.03f};
    body.limb(root, wrist, 0.062f, 0.045f, p.wing * shade);
    body.limb(wrist, tip, 0.042f, gull ? 0.012f : 0.018f, mix(p.wing, p.tip, 0.75f) * shade);
  };
  body.depth = -0.04f;
  wing(0.62f, 0.05f);
  body.depth = 0;
  body.limb({-0.17f, 0}, {0.14f, 0.005f}, 0.038f, 0.058f, p.body);
  body.limb({-0.17f, 0}, {-0.27f, 0.005f}, 0.028f, 0.02f, mix(p.body, p.tip, 0.4f));
  body.limb({0.14f, 0.01f}, {0.17f + neck, 0.02f}, 0.034f, 0.022f, p.neck);
  body.blob({0.19f + neck, 0.025f}, 0.028f, p.head);
  body.limb({0.21f + neck, 0.022f}, {0.255f + neck, 0.015f}, 0.011f, 0.006f, p.beak);
  body.depth = 0.04f;
  wing(1, 0);
}

// Scale 1 is the wing span: seen from below and ahead, banking in its circle.
void soaring_bird(Body& body, const Animal& animal) {
  const Plumage p = plumage_of(animal.species);
  const float turn = static_cast<float>(animal.gait - std::floor(animal.gait)) * kTwoPi;
  const float open = 0.45f + 0.55f * std::fabs(std::cos(turn));  // foreshortened when side on
  const float bank = 0.16f * std::sin(turn);
  for (const float s : {-1.0f, 1.0f}) {
    const Point wrist{s * 0.25f * open, 0.045f + s * bank * 0.5f};
    const Point tip{s * 0.49f * open, 0.075f + s * bank};
    body.limb({0, 0}, wrist, 0.062f, 0.058f, p.wing);
    body.limb(wrist, tip, 0.052f, 0.022f, mix(p.wing, p.tip, 0.7f));
  }
  body.limb({-0.05f, -0.02f}, {0.07f, 0.01f}, 0.045f, 0.04f, p.body);
  body.limb({-0.06f, -0.025f}, {-0.13f, -0.04f}, 0.045f, 0.055f, p.wing);
  body.blob({0.11f, 0.015f}, 0.027f, p.head);
}

// Scale 1 is the standing height.
void swimming_bird(Body& body, const Animal& animal) {
  const Plumage p = plumage_of(animal.species);
  const bool long_neck = p.neck_length > 0.7f;
  const float bob = 0.012f * std::sin(static_cast<float>(animal.gait) * kTwoPi);
  const float top = long_neck ? 0.95f : 0.72f;
  body.limb({-0.42f, 0.16f + bob}, {0.30f, 0.14f + bob}, 0.11f, 0.20f, p.body);
  body.limb({-0.42f, 0.20f + bob}, {-0.60f, 0.26f + bob}, 0.09f, 0.03f, mix(p.wing, p.tip, 0.5f));
  body.limb({-0.36f, 0.24f + bob}, {0.14f, 0.26f + bob}, 0.07f, 0.09f, p.wing);
  const auto down = static_cast<float>(animal.head);
  const Point crown{0.42f + 0.14f * down, mix(top, 0.22f, down) + bob};
  body.limb({0.36f, 0.24f + bob}, crown, long_neck ? 0.060f : 0.085f, long_neck ? 0.045f : 0.07f,
            p.neck);
  body.blob({crown.x + 0.03f, crown.y + 0.01f}, long_neck ? 0.068f : 0.095f, p.head);
  body.eye({crown.x + 0.05f, crown.y + 0.03f}, 0.014f);
  if (animal.species == Species::bar_headed_goose) {
    const Rgb bar{.03f, .03f, .03f};
    body.limb({crown.x + 0.01f, crown.y + 0.075f}, {crown.x - 0.045f, crown.y + 0.045f}, 0.016f,
              0.014f, bar);
    body.limb({crown.x - 0.02f, crown.y + 0.01f}, {crown.x - 0.055f, crown.y - 0.02f}, 0.014f,
              0.012f, bar);
    body.limb({crown.x - 0.01f, crown.y - 0.1f}, {0.37f, 0.34f + bob}, 0.016f, 0.02f, p.head);
  }
  body.limb({crown.x + 0.08f, crown.y}, {crown.x + 0.20f, crown.y - 0.03f}, 0.030f, 0.012f, p.beak);
}

// Scale 1 is the standing height: a crane on its long legs.
void wading_bird(Body& body, const Animal& animal) {
  const Plumage p = plumage_of(animal.species);
  const auto phase = static_cast<float>(animal.gait - std::floor(animal.gait));
  const float stride = animal.posture == Posture::walking ? 0.13f : 0.02f;
  const Rgb leg{.07f, .065f, .06f};
  for (int i = 0; i < 2; ++i) {
    const float s = std::sin((phase + 0.5f * static_cast<float>(i)) * kTwoPi);
    const float lift =
        std::max(0.0f, std::cos((phase + 0.5f * static_cast<float>(i)) * kTwoPi)) * stride * 0.6f;
    const Point knee{s * stride * 0.5f - 0.03f, 0.24f + lift};
    body.limb({0, 0.46f}, knee, 0.020f, 0.014f, leg);
    body.limb(knee, {s * stride, lift}, 0.014f, 0.012f, leg);
  }
  body.limb({-0.17f, 0.55f}, {0.15f, 0.60f}, 0.10f, 0.115f, p.body);
  // The drooping bustle of black tertials.
  body.limb({-0.17f, 0.57f}, {-0.30f, 0.44f}, 0.075f, 0.035f, p.tip);
  const auto down = static_cast<float>(animal.head);
  const Point bend{0.25f + 0.06f * down, mix(0.78f, 0.50f, down)};
  const Point crown{0.24f + 0.20f * down, mix(0.98f, 0.12f, down)};
  body.limb({0.18f, 0.63f}, bend, 0.058f, 0.034f, p.neck);
  body.limb(bend, crown, 0.034f, 0.028f, p.neck);
  body.blob({crown.x + 0.01f, crown.y}, 0.038f, p.head);
  body.eye({crown.x + 0.02f, crown.y + 0.004f}, 0.008f);
  body.blob({crown.x + 0.02f, crown.y + 0.022f}, 0.018f, {.50f, .06f, .05f});
  body.limb({crown.x + 0.04f, crown.y}, {crown.x + 0.13f, crown.y - 0.03f - 0.06f * down}, 0.014f,
            0.006f, p.beak);
}

}  // namespace

Figure make_figure(const Animal& animal) {
  Body body(animal, static_cast<float>(animal.height_px));
  const Habit habit = facts(animal.species).habit;
  if (habit == Habit::soaring)
    soaring_bird(body, animal);
  else if (animal.posture == Posture::flapping || animal.posture == Posture::gliding)
    flying_bird(body, animal);
  else if (animal.posture == Posture::swimming)
    swimming_bird(body, animal);
  else if (habit == Habit::wading)
    wading_bird(body, animal);
  else
    quadruped(body, animal);
  return body.figure;
}

fauna_detail::LimbHit fauna_detail::hit(const Limb& limb, float x, float y) {
  const float dx = limb.bx - limb.ax;
  const float dy = limb.by - limb.ay;
  const float px = x - limb.ax;
  const float py = y - limb.ay;
  const float squared = dx * dx + dy * dy;
  const float t = squared > 1e-6f ? clamp01((px * dx + py * dy) / squared) : 0;
  const float r = mix(limb.ra, limb.rb, t);
  const float ox = px - dx * t;
  const float oy = py - dy * t;
  return {std::sqrt(ox * ox + oy * oy) - r, oy / r};
}

PixelBox draw_ground_shadow(Picture& picture, float x, float y, float half_width, float depth) {
  const float high = std::max(1.0f, half_width * 0.16f);
  const int x0 = std::max(0, static_cast<int>(x - half_width));
  const int x1 = std::min(picture.width(), static_cast<int>(x + half_width) + 1);
  const int y0 = std::max(0, static_cast<int>(y - high));
  const int y1 = std::min(picture.height(), static_cast<int>(y + high) + 1);
  for (int row = y0; row < y1; ++row)
    for (int column = x0; column < x1; ++column) {
      const float u = (static_cast<float>(column) + 0.5f - x) / half_width;
      const float v = (static_cast<float>(row) + 0.5f - y) / high;
      const float d = u * u + v * v;
      if (d >= 1) continue;
      auto& sample = picture.y_row(row)[column];
      sample =
          static_cast<std::uint8_t>(16 + static_cast<float>(sample - 16) * (1 - depth * (1 - d)));
    }
  return {x0, y0, std::max(0, x1 - x0), std::max(0, y1 - y0)};
}

}  // namespace oriel::demo
