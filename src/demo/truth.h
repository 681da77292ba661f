// Which animal is where in the picture, when: decided here, drawn by the scene, written for tests.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "base/result.h"
#include "base/time.h"
#include "demo/plateau.h"

namespace oriel::demo {

enum class Posture { walking, grazing, running, standing, swimming, flapping, gliding };

// One animal in the picture. Pixels of the 1280 × 720 picture, y down.
struct Animal {
  Species species = Species::kiang;
  std::uint32_t track = 0;  // the same animal keeps it from entering to leaving
  double x_px = 0;          // between the feet; birds in the air: the middle of the body
  double y_px = 0;
  double height_px = 0;  // at the shoulder; birds in the air: the wing span
  double distance_m = 0;
  bool faces_left = false;
  Posture posture = Posture::walking;
  double gait = 0;            // phase of the gait or the wing beat, in cycles
  double head = 0;            // 0 up … 1 down at the grass or in the water
  std::uint32_t variant = 0;  // small differences between individuals
  // The drawn animal's box: x, y, width, height.
  double box_x = 0, box_y = 0, box_w = 0, box_h = 0;
};

// The animals that can be seen at `time`, farthest first. Pure: the same for ever for the same
// area and time, so that footage of any time can be drawn. Those behind a hill or out of the
// picture are left out; a box that reaches over the edge is cut.
std::vector<Animal> animals_at(const Area& area, UtcTime time);

struct CommonName {
  std::string en;
  std::string zh;
};
BOOST_DESCRIBE_STRUCT(CommonName, (), (en, zh))

// One line of the truth file.
struct Sighting {
  UtcTime time;
  std::string area;
  std::string species;  // Latin
  CommonName common;
  std::int64_t track = 0;
  std::vector<double> box;  // x, y, width, height, in 0 … 1 of the picture
};
BOOST_DESCRIBE_STRUCT(Sighting, (), (time, area, species, common, track, box))

std::vector<Sighting> sightings_at(const Area& area, UtcTime time);

// Appends Sightings to a file as NDJSON, once a second and area. Thread-safe.
class TruthWriter {
 public:
  // Errors: those of open(2).
  static Result<std::unique_ptr<TruthWriter>> open(const std::string& path);
  virtual ~TruthWriter() = default;
  // Writes when `time` is in another second than the area's last line; blocks for a write(2). A
  // write that fails is logged once and the file is given up: the picture goes on.
  virtual void record(const Area& area, UtcTime time) = 0;
};

}  // namespace oriel::demo
