// Animals as things to take along: the figures that walk through the scenes, drawn as a picture of
// vectors and built as a model of rounded cones. Pure functions; the same for ever.
#pragma once
#include <span>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "demo/plateau.h"

namespace oriel::demo {

// The dozen that are drawn for the commons.
std::span<const Species> drawn_species();

// An SVG without scripts, 800 × 600, the animal from its side before its ground and sky.
std::string animal_drawing(Species species);

// A glTF 2.0 binary: one mesh, a colour to each vertex, metres, +Y up, standing on y = 0 and
// looking along +X.
Bytes animal_model(Species species);

// All of them on one sheet: four in a row, as `animal_drawing` has them.
std::string animal_sheet();

// Bars for named numbers, for a picture that stands for a table; SVG, 800 × 600.
struct Bar {
  std::string name;
  double value = 0;
};
std::string bar_drawing(const std::vector<Bar>& bars);

// How loud a sound is from its beginning to its end; SVG, 800 × 600.
std::string wave_drawing(std::span<const float> samples);

}  // namespace oriel::demo
