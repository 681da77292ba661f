#include "app/shelf.h"

#include <filesystem>

#include <sys/stat.h>

namespace oriel::app {

std::vector<archive::VolumeOptions> volumes_of(const Config& config) {
  if (!config.volumes.empty()) return config.volumes;
  return {{VolumeId("archive"), (std::filesystem::path(config.data) / "archive").string()}};
}

Result<void> open_volumes(Shelf& shelf, const Config& config) {
  for (auto& options : volumes_of(config)) {
    ORIEL_TRY_ASSIGN(auto volume, archive::Volume::open(std::move(options), *shelf.files,
                                                        *shelf.database, shelf.clock.now()));
    shelf.volume_views.push_back(volume.get());
    shelf.volumes.push_back(std::move(volume));
  }
  return {};
}

Result<std::unique_ptr<Shelf>> open_shelf(const Config& config) {
  ::umask(0077);
  auto shelf = std::make_unique<Shelf>();
  auto database = store::open_database(config.database_url().reveal(), shelf->metrics);
  if (!database) return fail(std::move(database).error().within("database"));
  shelf->database = std::move(*database);
  ORIEL_TRY(open_volumes(*shelf, config));
  return shelf;
}

}  // namespace oriel::app
