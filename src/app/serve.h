// `oriel serve` and `oriel demo`: run until told to stop.
#pragma once
#include <functional>
#include <string>
#include <vector>

#include "app/application.h"
#include "app/config.h"

namespace oriel::app {

// Blocks SIGTERM, SIGINT and SIGHUP in this thread and all it will start; call first in main().
void block_signals();

// Starts the application, prints one line with its address, waits for SIGTERM or SIGINT and stops
// it. SIGHUP reads the file again. Gives the exit status.
int serve(const Config& config);
// Until SIGTERM or SIGINT; from then on the program has ten seconds to end. SIGHUP reads the file
// again.
void wait_for_stop(Application& application, const Config& config);

struct DemoOptions {
  std::string listen = "127.0.0.1:8080";
  std::string data;  // empty: a folder that is kept between runs, in the user's cache
  std::vector<std::string> inputs;  // real clips instead of the simulated plateau
};
int run_demo(const DemoOptions& options);

}  // namespace oriel::app
