#include "demo/camera_command.h"

#include <condition_variable>
#include <cstdio>
#include <mutex>

#include <fmt/format.h>

#include "demo/area_camera.h"
#include "demo/clip_camera.h"
#include "demo/plateau.h"
#include "demo/rtsp_server.h"
#include "demo/truth.h"

namespace oriel::demo {
namespace {

class Cameras final : public PlateauCameras {
 public:
  std::unique_ptr<TruthWriter> truth;
  std::vector<std::unique_ptr<Camera>> cameras;
  std::unique_ptr<RtspServer> server;  // last: goes first, its sessions use the cameras' streams
  std::uint16_t port() const override { return server->port(); }
};

Result<std::vector<const Area*>> chosen_areas(const std::vector<std::string>& ids) {
  std::vector<const Area*> chosen;
  for (const std::string& id : ids) {
    const Area* area = find_area(id);
    if (area == nullptr) return fail(ErrorKind::invalid, "'" + id + "' is not an area");
    if (std::find(chosen.begin(), chosen.end(), area) != chosen.end())
      return fail(ErrorKind::invalid, "area '" + id + "' is named twice");
    chosen.push_back(area);
  }
  if (chosen.empty())
    for (const Area& area : areas()) chosen.push_back(&area);
  return chosen;
}

Result<std::unique_ptr<Camera>> start_camera(const Area& area, const CameraOptions& options,
                                             TruthWriter* truth, const Clock& clock) {
  if (!options.inputs.empty()) {
    const auto index = static_cast<std::size_t>(index_of(area)) % options.inputs.size();
    return start_clip_camera(options.inputs[index], std::string(area.name.en), clock);
  }
  AreaCameraOptions camera_options;
  camera_options.phase = index_of(area);
  camera_options.truth = truth;
  return start_area_camera(area, camera_options, clock);
}

}  // namespace

Result<std::unique_ptr<PlateauCameras>> PlateauCameras::start(const CameraOptions& options,
                                                              const Clock& clock) {
  auto made = std::make_unique<Cameras>();
  ORIEL_TRY_ASSIGN(const auto chosen, chosen_areas(options.areas));
  if (!options.truth_file.empty()) {
    ORIEL_TRY_ASSIGN(made->truth, TruthWriter::open(options.truth_file));
  }
  StreamMap streams;
  for (const Area* area : chosen) {
    ORIEL_TRY_ASSIGN(auto camera, start_camera(*area, options, made->truth.get(), clock));
    streams.emplace(std::string(area->id), camera->main());
    streams.emplace(std::string(area->id) + "/sub", camera->sub());
    made->cameras.push_back(std::move(camera));
  }
  RtspServerOptions server_options;
  server_options.address = options.address;
  server_options.port = options.port;
  server_options.credentials = options.credentials;
  ORIEL_TRY_ASSIGN(made->server, RtspServer::start(server_options, std::move(streams), clock));
  return made;
}

int run_camera(const CameraOptions& options, std::stop_token stop) {
  const SystemClock clock;
  auto cameras = PlateauCameras::start(options, clock);
  if (!cameras) {
    fmt::print(stderr, "oriel camera: {}\n", cameras.error().message);
    return 1;
  }
  fmt::print("oriel camera: rtsp://{}:{}/ is ready\n", options.address, (*cameras)->port());
  std::fflush(stdout);
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  stopped.wait(lock, stop, [] { return false; });
  return 0;
}

}  // namespace oriel::demo
