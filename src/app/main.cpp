// The command line.
#include <csignal>
#include <cstdio>
#include <ctime>
#include <stop_token>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <pthread.h>

#include "app/commands.h"
#include "app/config.h"
#include "app/serve.h"
#include "base/thread.h"
#include "demo/camera_command.h"
#include "ingest/snapshot_worker.h"
#include "ingest/transcode_worker.h"

namespace {

using namespace oriel;

struct Arguments {
  std::string config;
  std::string data;
  app::DemoOptions demo;
  demo::CameraOptions camera;
  std::string camera_listen = "127.0.0.1:8554";
  std::string worker;
  std::string user;
  std::string role = "administrator";
  std::string token_name;
  std::vector<std::string> scopes;
  std::string feed;
  std::size_t count = 100;
};

// Commands that need a configuration take a file, or only the data folder.
Result<app::Config> config_of(const Arguments& arguments) {
  app::Config config;
  if (!arguments.config.empty()) {
    ORIEL_TRY_ASSIGN(config, app::load_config(arguments.config));
  }
  if (!arguments.data.empty()) config.data = arguments.data;
  return config;
}

int with_config(const Arguments& arguments, const std::function<int(const app::Config&)>& command) {
  const auto config = config_of(arguments);
  if (config) return command(*config);
  fmt::print(stderr, "oriel: {}\n", config.error().message);
  return 2;
}

int run_camera(Arguments& arguments) {
  const auto colon = arguments.camera_listen.rfind(':');
  const std::string port =
      colon == std::string::npos ? "" : arguments.camera_listen.substr(colon + 1);
  if (port.empty() || port.find_first_not_of("0123456789") != std::string::npos ||
      std::stoul(port) > 65'535) {
    fmt::print(stderr, "oriel: --listen: expected ADDRESS:PORT\n");
    return 2;
  }
  arguments.camera.address = arguments.camera_listen.substr(0, colon);
  arguments.camera.port = static_cast<std::uint16_t>(std::stoul(port));
  std::stop_source stop;
  NamedThread waiter("signals", [&stop](std::stop_token ended) {
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGINT);
    const timespec step{0, 200'000'000};
    while (!ended.stop_requested())
      if (sigtimedwait(&set, nullptr, &step) > 0) break;
    stop.request_stop();
  });
  return demo::run_camera(arguments.camera, stop.get_token());
}

int run_worker(const std::string& name) {
  if (name == "transcode") return ingest::run_transcode_worker(0, 1);
  if (name == "snapshot") return ingest::run_snapshot_worker(0, 1);
  return 2;
}

void add_config_options(CLI::App& command, Arguments& arguments) {
  command.add_option("--config", arguments.config, "The configuration file, oriel.toml");
  command.add_option("--data", arguments.data,
                     "The data folder, when there is no configuration file");
}

}  // namespace

int main(int argc, char** argv) {
  app::block_signals();
  Arguments arguments;
  CLI::App program{"Oriel: an open window on nature, shared between museums"};
  program.set_version_flag("--version", ORIEL_VERSION);
  program.require_subcommand(1);

  auto* demo_command = program.add_subcommand("demo", "The whole system with a simulated plateau");
  demo_command->add_option("--listen", arguments.demo.listen, "ADDRESS:PORT")
      ->capture_default_str();
  demo_command->add_option("--data", arguments.demo.data, "Where footage is kept");
  demo_command->add_option("--input", arguments.demo.inputs,
                           "Video files instead of the simulation");

  auto* serve_command =
      program.add_subcommand("serve", "Record and show what the configuration declares");
  serve_command->add_option("--config", arguments.config, "The configuration file")->required();

  auto* camera_command = program.add_subcommand("camera", "The simulated cameras alone, over RTSP");
  camera_command->add_option("--listen", arguments.camera_listen, "ADDRESS:PORT")
      ->capture_default_str();
  camera_command->add_option("--area", arguments.camera.areas, "Only these areas");
  camera_command->add_option("--truth", arguments.camera.truth_file,
                             "Write which animal was where to this file");
  camera_command->add_option("--input", arguments.camera.inputs,
                             "Video files instead of the simulation");

  auto* check_command =
      program.add_subcommand("check", "Read the configuration and say what it means");
  check_command->add_option("--config", arguments.config, "The configuration file")->required();

  auto* user_command = program.add_subcommand("user", "Accounts");
  user_command->require_subcommand(1);
  auto* user_add = user_command->add_subcommand(
      "add", "Add an account; the password is asked for, or read from standard input");
  user_add->add_option("name", arguments.user)->required();
  user_add->add_option("--role", arguments.role, "viewer, curator, operator or administrator")
      ->capture_default_str();
  add_config_options(*user_add, arguments);
  auto* user_list = user_command->add_subcommand("list", "List the accounts");
  add_config_options(*user_list, arguments);
  auto* user_password = user_command->add_subcommand("password", "Set a new password");
  user_password->add_option("name", arguments.user)->required();
  add_config_options(*user_password, arguments);

  auto* token_command = program.add_subcommand("token", "API tokens");
  token_command->require_subcommand(1);
  auto* token_add = token_command->add_subcommand("add", "Make a token and print it");
  token_add->add_option("name", arguments.token_name, "What it is for")->required();
  token_add->add_option("--user", arguments.user)->required();
  token_add->add_option("--scope", arguments.scopes, "For example feeds:read, media:read")
      ->required();
  add_config_options(*token_add, arguments);

  auto* archive_command = program.add_subcommand("archive", "The archive");
  archive_command->require_subcommand(1);
  auto* archive_ls = archive_command->add_subcommand(
      "ls", "List a feed's recordings: id, start, end, bytes, why it ended");
  archive_ls->add_option("feed", arguments.feed)->required();
  archive_ls->add_option("--count", arguments.count, "At most this many")->capture_default_str();
  add_config_options(*archive_ls, arguments);

  auto* worker_command = program.add_subcommand("worker", "");
  worker_command->group("");
  worker_command->add_option("name", arguments.worker)->required();

  CLI11_PARSE(program, argc, argv);

  if (*demo_command) return app::run_demo(arguments.demo);
  if (*camera_command) return run_camera(arguments);
  if (*worker_command) return run_worker(arguments.worker);
  return with_config(arguments, [&](const app::Config& config) {
    if (*serve_command) return app::serve(config);
    if (*check_command) return app::check_config(config);
    if (*user_add) return app::add_user(config, arguments.user, arguments.role);
    if (*user_list) return app::list_users(config);
    if (*user_password) return app::set_password(config, arguments.user);
    if (*token_add)
      return app::make_token(config, arguments.user, arguments.token_name, arguments.scopes);
    return app::list_recordings(config, arguments.feed, arguments.count);
  });
}
