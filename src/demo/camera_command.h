// `oriel camera`: the simulated plateau as RTSP cameras.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "demo/rtsp_message.h"

namespace oriel::demo {

struct CameraOptions {
  std::string address = "127.0.0.1";  // numeric IPv4
  std::uint16_t port = 8554;          // 0: any free one
  std::vector<std::string> areas;     // ids; empty: all twelve
  std::string truth_file;             // empty: none is written
  RtspCredentials credentials;
  std::vector<std::string> inputs;  // video files shown instead of the rendered areas, in turn
};

// Cameras that serve rtsp://address:port/{area} and rtsp://address:port/{area}/sub until destroyed.
class PlateauCameras {
 public:
  // `clock` is borrowed. Errors: invalid (an unknown area, a bad address), conflict (the port is
  // taken), not_found or invalid (an input file), unsupported (no libx264).
  static Result<std::unique_ptr<PlateauCameras>> start(const CameraOptions& options,
                                                       const Clock& clock);
  virtual ~PlateauCameras() = default;
  virtual std::uint16_t port() const = 0;
};

// Runs until `stop`; prints one line to standard output when it is ready. Returns the exit status:
// 0, or 1 after an error on standard error.
int run_camera(const CameraOptions& options, std::stop_token stop);

}  // namespace oriel::demo
