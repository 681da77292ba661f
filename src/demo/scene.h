// One area as a picture at any time: landscape, light, weather, water, animals.
#pragma once
#include <memory>
#include <stop_token>

#include "base/time.h"
#include "demo/picture.h"
#include "demo/plateau.h"

namespace oriel::demo {

inline constexpr int kSceneWidth = 1280;
inline constexpr int kSceneHeight = 720;
inline constexpr int kScenesPerSecond = 12;

// The land of an area without light: made once, then shared by any number of scenes and threads.
class Scenery;
// Takes about a second of one core. Gives none when asked to stop.
std::shared_ptr<const Scenery> make_scenery(const Area& area, const std::stop_token& stop = {});

struct SceneOptions {
  // For rendered past at few frames a second: sky and water change in slower sweeps.
  bool unhurried = false;
  bool demonstration_label = false;  // "demonstration" in the picture, for rendered past
};

// Not thread-safe. The first picture takes some tens of milliseconds, the next ones one or two, as
// long as times rise by less than a minute at a time.
class Scene {
 public:
  static std::unique_ptr<Scene> make(const Area& area, std::shared_ptr<const Scenery> scenery,
                                     const SceneOptions& options);
  virtual ~Scene() = default;
  // The picture stays valid and unchanged until the next call.
  virtual const Picture& render(UtcTime time) = 0;
};

}  // namespace oriel::demo
