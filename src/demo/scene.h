// One area as a picture at any time: landscape, light, weather, water, animals.
#pragma once
#include <memory>

#include "base/time.h"
#include "demo/picture.h"
#include "demo/plateau.h"

namespace oriel::demo {

inline constexpr int kSceneWidth = 1280;
inline constexpr int kSceneHeight = 720;
inline constexpr int kScenesPerSecond = 12;

struct SceneOptions {
  bool demonstration_label = false;  // "demonstration" in the picture, for rendered past
};

// Not thread-safe. The first picture takes some hundred milliseconds, the next ones little, as
// long as times rise by less than a minute at a time.
class Scene {
 public:
  static std::unique_ptr<Scene> make(const Area& area, const SceneOptions& options);
  virtual ~Scene() = default;
  // The picture stays valid and unchanged until the next call.
  virtual const Picture& render(UtcTime time) = 0;
};

}  // namespace oriel::demo
