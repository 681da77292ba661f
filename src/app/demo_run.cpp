// `oriel demo`: the whole system with cameras that are simulated, in a process of their own.
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <fcntl.h>
#include <fmt/format.h>
#include <poll.h>
#include <spawn.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "app/demo_commons.h"
#include "app/demo_past.h"
#include "app/serve.h"
#include "base/log.h"
#include "demo/plateau.h"

namespace oriel::app {
namespace {

namespace fs = std::filesystem;

// `oriel camera` as a child; killed with us.
class CameraProcess {
 public:
  ~CameraProcess() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGTERM);
    // It has two seconds to close its truth file; then it is ended.
    pollfd ended{static_cast<int>(::syscall(SYS_pidfd_open, pid_, 0)), POLLIN, 0};
    ::poll(&ended, 1, 2'000);
    if (ended.fd >= 0) ::close(ended.fd);
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
  }
  // Gives the port it serves on. Errors: internal.
  Result<int> start(const DemoOptions& options, const std::string& truth_file);

 private:
  pid_t pid_ = -1;
};

Result<int> CameraProcess::start(const DemoOptions& options, const std::string& truth_file) {
  int out[2];
  if (::pipe2(out, O_CLOEXEC) != 0) return fail(errno_error(errno, "pipe"));
  std::vector<std::string> arguments{"oriel",       "camera",  "--listen",
                                     "127.0.0.1:0", "--truth", truth_file};
  for (const auto& input : options.inputs) {
    arguments.emplace_back("--input");
    arguments.push_back(input);
  }
  std::vector<char*> argv;
  for (auto& argument : arguments) argv.push_back(argument.data());
  argv.push_back(nullptr);
  const pid_t parent = ::getpid();
  pid_ = ::fork();
  if (pid_ < 0) return fail(errno_error(errno, "fork"));
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
    if (::getppid() != parent) ::_exit(1);
    ::dup2(out[1], STDOUT_FILENO);
    ::execv("/proc/self/exe", argv.data());
    ::_exit(127);
  }
  ::close(out[1]);
  // "… rtsp://127.0.0.1:43121/…": one line when it is ready.
  std::string line;
  char c = 0;
  while (line.size() < 1000 && ::read(out[0], &c, 1) == 1 && c != '\n') line.push_back(c);
  ::close(out[0]);
  const auto at = line.find("127.0.0.1:");
  const int port = at == std::string::npos ? 0 : std::atoi(line.c_str() + at + 10);
  if (port <= 0) return fail(ErrorKind::internal, "the simulated cameras did not start");
  return port;
}

std::string default_data() {
  if (const char* cache = std::getenv("XDG_CACHE_HOME")) return std::string(cache) + "/oriel-demo";
  if (const char* home = std::getenv("HOME")) return std::string(home) + "/.cache/oriel-demo";
  return (fs::temp_directory_path() / "oriel-demo").string();
}

api::LocalisedText localised(const demo::LocalName& name) {
  return {{"en", std::string(name.en)}, {"zh", std::string(name.zh)}};
}

Config demo_config(const DemoOptions& options, int port) {
  Config config;
  config.name = {{"en", "The plateau, now"}, {"zh", "此刻高原"}};
  config.demonstration = true;
  config.data = options.data.empty() ? default_data() : options.data;
  config.http.listen = options.listen;
  for (const auto& sector : demo::sectors())
    config.sectors.push_back({SectorId(std::string(sector.id)), localised(sector.name)});
  for (const auto& area : demo::areas()) {
    api::Site site;
    site.id = SiteId(std::string(area.id));
    site.sector = SectorId(std::string(demo::sector_place(area.sector).id));
    site.name = localised(area.name);
    site.place = access::Place{area.latitude_deg, area.longitude_deg, area.elevation_m};
    site.time_zone = std::string(demo::kTimeZone);
    config.sites.push_back(std::move(site));
    api::FeedSettings feed;
    feed.id = FeedId(std::string(area.id));
    feed.site = SiteId(std::string(area.id));
    feed.name = localised(area.name);
    const std::string url = fmt::format("rtsp://127.0.0.1:{}/{}", port, area.id);
    feed.source = Secret(url);
    feed.sub_source = Secret(url + "/sub");
    feed.is_public = true;
    feed.public_audio = true;
    feed.declared = true;
    config.feeds.push_back(std::move(feed));
  }
  return config;
}

}  // namespace

int run_demo(const DemoOptions& options) {
  const std::string data = options.data.empty() ? default_data() : options.data;
  std::error_code error;
  fs::create_directories(data, error);
  CameraProcess cameras;
  const auto port = cameras.start(options, (fs::path(data) / "truth.ndjson").string());
  if (!port) {
    fmt::print(stderr, "oriel: {}\n", port.error().message);
    return 1;
  }
  const Config config = demo_config(options, *port);
  const SystemClock clock;
  auto application = Application::start(config, clock);
  if (!application) {
    fmt::print(stderr, "oriel: {}\n", application.error().message);
    return 1;
  }
  fmt::print("Oriel is ready at {}\n", (*application)->address());
  fmt::print("A simulated plateau of twelve areas; footage is kept in {}\n", config.data);
  std::fflush(stdout);
  DemoPast past((*application)->archive(), clock);
  if (options.inputs.empty()) past.start();
  DemoCommons commons((*application)->services(), (*application)->address());
  if (options.inputs.empty()) commons.start();
  wait_for_stop(**application, config);
  commons.stop();
  past.stop();
  (*application)->stop();
  log::info("stopped");
  return 0;
}

}  // namespace oriel::app
