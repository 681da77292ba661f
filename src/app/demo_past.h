// An hour of the demonstration's past, drawn in the background, newest first.
#pragma once
#include "archive/archive.h"
#include "base/thread.h"
#include "base/time.h"
#include "demo/plateau.h"
#include "demo/scene.h"

namespace oriel::app {

// What is recorded already is not drawn again. Runs at a low priority, on one thread.
class DemoPast {
 public:
  DemoPast(archive::Archive& archive, const Clock& clock) : archive_(archive), clock_(clock) {}
  void start();
  // Before the archive closes. Takes as long as one frame.
  void stop();

 private:
  void run(const std::stop_token& stop);
  Result<void> fill(const demo::Area& area, const std::shared_ptr<const demo::Scenery>& scenery,
                    UtcSpan span, const std::stop_token& stop);

  archive::Archive& archive_;
  const Clock& clock_;
  NamedThread thread_;
};

}  // namespace oriel::app
