#include "demo/scene.h"

#include "demo/clock_cells.h"

namespace oriel::demo {
namespace {

class PlainScene final : public Scene {
 public:
  const Picture& render(UtcTime time) override {
    draw_clock(picture_, time);
    return picture_;
  }

 private:
  Picture picture_{kSceneWidth, kSceneHeight};
};

}  // namespace

std::unique_ptr<Scene> Scene::make(const Area&, const SceneOptions&) {
  return std::make_unique<PlainScene>();
}

}  // namespace oriel::demo
