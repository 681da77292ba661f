// The archive of a configuration for the commands that look at it, without recording to it.
#pragma once
#include <memory>
#include <vector>

#include "app/config.h"
#include "archive/file_system.h"
#include "archive/volume.h"
#include "base/metrics.h"
#include "base/result.h"
#include "base/time.h"
#include "store/database.h"

namespace oriel::app {

struct Shelf {
  SystemClock clock;
  Metrics metrics;
  std::unique_ptr<archive::FileSystem> files = archive::make_posix_file_system();
  std::unique_ptr<store::Database> database;
  std::vector<std::unique_ptr<archive::Volume>> volumes;
  std::vector<archive::Volume*> volume_views;
};

std::vector<archive::VolumeOptions> volumes_of(const Config& config);
// Errors: the database's; conflict, as Volume::open().
Result<void> open_volumes(Shelf& shelf, const Config& config);
Result<std::unique_ptr<Shelf>> open_shelf(const Config& config);

}  // namespace oriel::app
