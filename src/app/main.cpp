// The command line.
#include <csignal>
#include <cstdio>
#include <ctime>
#include <stop_token>

#include <CLI/CLI.hpp>
#include <fmt/format.h>
#include <pthread.h>

#include "app/archive_commands.h"
#include "app/commands.h"
#include "app/commons_command.h"
#include "app/config.h"
#include "app/database_command.h"
#include "app/inspect_command.h"
#include "app/proof_commands.h"
#include "app/retention_command.h"
#include "app/serve.h"
#include "base/thread.h"
#include "demo/camera_command.h"
#include "image/picture_worker.h"
#include "ingest/film_worker.h"
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
  std::string file;
  app::VerifyRequest verify;
  app::RebuildRequest rebuild;
  std::string to;
  app::ExportRequest clip;
  std::string key;
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
  if (name == "film") return ingest::run_film_worker(0, 1);
  if (name == "picture") return image::run_picture_worker(0, 1);
  if (name == "snapshot") return ingest::run_snapshot_worker(0, 1);
  return 2;
}

void add_config_options(CLI::App& command, Arguments& arguments) {
  command.add_option("--config", arguments.config, "The configuration file, oriel.toml");
  command.add_option("--data", arguments.data,
                     "The data folder, when there is no configuration file");
}

// What a subcommand does when it was the one that was called.
struct Command {
  CLI::App* parsed = nullptr;
  std::function<int()> run;
};
using Commands = std::vector<Command>;

void add_running(CLI::App& program, Arguments& arguments, Commands& commands) {
  auto* demo = program.add_subcommand("demo", "The whole system with a simulated plateau");
  demo->add_option("--listen", arguments.demo.listen, "ADDRESS:PORT")->capture_default_str();
  demo->add_option("--data", arguments.demo.data, "Where footage is kept");
  demo->add_option("--input", arguments.demo.inputs, "Video files instead of the simulation");
  commands.push_back({demo, [&] { return app::run_demo(arguments.demo); }});

  auto* serve = program.add_subcommand("serve", "Record and show what the configuration declares");
  serve->add_option("--config", arguments.config, "The configuration file")->required();
  commands.push_back({serve, [&] { return with_config(arguments, app::serve); }});

  auto* camera = program.add_subcommand("camera", "The simulated cameras alone, over RTSP");
  camera->add_option("--listen", arguments.camera_listen, "ADDRESS:PORT")->capture_default_str();
  camera->add_option("--area", arguments.camera.areas, "Only these areas");
  camera->add_option("--truth", arguments.camera.truth_file,
                     "Write which animal was where to this file");
  camera->add_option("--input", arguments.camera.inputs, "Video files instead of the simulation");
  commands.push_back({camera, [&] { return run_camera(arguments); }});

  auto* check = program.add_subcommand("check", "Read the configuration and say what it means");
  check->add_option("--config", arguments.config, "The configuration file")->required();
  commands.push_back({check, [&] { return with_config(arguments, app::check_config); }});

  auto* worker = program.add_subcommand("worker", "");
  worker->group("");  // the program calls it itself
  worker->add_option("name", arguments.worker)->required();
  commands.push_back({worker, [&] { return run_worker(arguments.worker); }});
}

void add_people(CLI::App& program, Arguments& arguments, Commands& commands) {
  auto* user = program.add_subcommand("user", "Accounts");
  user->require_subcommand(1);
  auto* add = user->add_subcommand(
      "add", "Add an account; the password is asked for, or read from standard input");
  add->add_option("name", arguments.user)->required();
  add->add_option("--role", arguments.role, "viewer, curator, operator or administrator")
      ->capture_default_str();
  add_config_options(*add, arguments);
  commands.push_back({add, [&] {
                        return with_config(arguments, [&](const app::Config& config) {
                          return app::add_user(config, arguments.user, arguments.role);
                        });
                      }});
  auto* list = user->add_subcommand("list", "List the accounts");
  add_config_options(*list, arguments);
  commands.push_back({list, [&] { return with_config(arguments, app::list_users); }});
  auto* password = user->add_subcommand("password", "Set a new password");
  password->add_option("name", arguments.user)->required();
  add_config_options(*password, arguments);
  commands.push_back({password, [&] {
                        return with_config(arguments, [&](const app::Config& config) {
                          return app::set_password(config, arguments.user);
                        });
                      }});

  auto* token = program.add_subcommand("token", "API tokens");
  token->require_subcommand(1);
  auto* make = token->add_subcommand("add", "Make a token and print it");
  make->add_option("name", arguments.token_name, "What it is for")->required();
  make->add_option("--user", arguments.user)->required();
  make->add_option("--scope", arguments.scopes, "For example feeds:read, media:read")->required();
  add_config_options(*make, arguments);
  commands.push_back({make, [&] {
                        return with_config(arguments, [&](const app::Config& config) {
                          return app::make_token(config, arguments.user, arguments.token_name,
                                                 arguments.scopes);
                        });
                      }});
}

void add_proofs(CLI::App& archive, Arguments& arguments, Commands& commands) {
  auto* clip = archive.add_subcommand("export", "A span of a feed as a file");
  clip->add_option("--feed", arguments.clip.feed)->required();
  clip->add_option("--start", arguments.clip.start, "RFC 3339")->required();
  clip->add_option("--end", arguments.clip.end, "At most an hour later")->required();
  clip->add_option("--out", arguments.clip.out, "The file to make; it must not exist")->required();
  clip->add_flag("--proof", arguments.clip.proof,
                 "A tar with the recordings it was cut from and what was signed about them");
  add_config_options(*clip, arguments);
  commands.push_back({clip, [&] {
                        return with_config(arguments, [&](const app::Config& config) {
                          return app::export_clip(config, arguments.clip);
                        });
                      }});
  auto* check = archive.add_subcommand(
      "check", "Whether a clip's proof holds; needs nothing but the proof and the node's key");
  check->add_option("path", arguments.file, "The tar, or a folder with what was in it")->required();
  check->add_option("--key", arguments.key, "The node's public key: PEM file or 64 digits");
  commands.push_back({check, [&] { return app::check_clip_proof(arguments.file, arguments.key); }});
}

void add_archive(CLI::App& program, Arguments& arguments, Commands& commands) {
  auto* archive = program.add_subcommand("archive", "The archive");
  archive->require_subcommand(1);
  auto* list = archive->add_subcommand(
      "ls", "List a feed's recordings: id, start, end, bytes, why it ended");
  list->add_option("feed", arguments.feed)->required();
  list->add_option("--count", arguments.count, "At most this many")->capture_default_str();
  add_config_options(*list, arguments);
  commands.push_back({list, [&] {
                        return with_config(arguments, [&](const app::Config& config) {
                          return app::list_recordings(config, arguments.feed, arguments.count);
                        });
                      }});
  auto* retention = archive->add_subcommand(
      "retention", "What the rules of retention would delete or thin now; changes nothing");
  retention->add_flag_callback(
      "--dry-run", [] {}, "Said or not: only the running program deletes");
  add_config_options(*retention, arguments);
  commands.push_back({retention, [&] { return with_config(arguments, app::show_retention); }});
  auto* inspect = archive->add_subcommand(
      "inspect", "What a file is: time, length, hash, and whether a seal says that it is whole");
  inspect->add_option("file", arguments.file)->required();
  commands.push_back({inspect, [&] { return app::inspect_recording(arguments.file); }});
  auto* verify = archive->add_subcommand(
      "verify", "Read recordings again and say which are not what was written");
  verify->add_option("--feed", arguments.verify.feed, "Only this feed");
  verify->add_option("--start", arguments.verify.start, "From here, RFC 3339");
  verify->add_option("--end", arguments.verify.end, "Up to here");
  verify->add_option("--rate", arguments.verify.megabytes_per_second, "Megabytes a second")
      ->capture_default_str()
      ->check(CLI::PositiveNumber);
  verify->add_flag("--fast", arguments.verify.fast, "As fast as the disks give it");
  verify->add_option("--copy-from", arguments.verify.copies,
                     "A folder laid out as a volume, to repair from");
  add_config_options(*verify, arguments);
  commands.push_back({verify, [&] {
                        return with_config(arguments, [&](const app::Config& config) {
                          return app::verify_archive(config, arguments.verify);
                        });
                      }});
  auto* rebuild = archive->add_subcommand(
      "rebuild", "Make the database again from the recordings, journals and seals");
  rebuild->add_flag("--replace", arguments.rebuild.replace,
                    "Put an existing database aside; nothing of it is deleted");
  rebuild->add_flag("--quick", arguments.rebuild.quick,
                    "Take the journals' word for the bytes; the scrub finds what is damaged");
  add_config_options(*rebuild, arguments);
  commands.push_back({rebuild, [&] {
                        return with_config(arguments, [&](const app::Config& config) {
                          return app::rebuild_archive(config, arguments.rebuild);
                        });
                      }});
  auto* volumes = archive->add_subcommand(
      "volumes", "The volumes: state, room, what lies on them, how far one is drained");
  add_config_options(*volumes, arguments);
  commands.push_back({volumes, [&] { return with_config(arguments, app::list_volumes); }});
  add_proofs(*archive, arguments, commands);
  auto* key = archive->add_subcommand("key", "The public key that this node signs with");
  add_config_options(*key, arguments);
  commands.push_back({key, [&] { return with_config(arguments, app::show_key); }});
}

void add_database(CLI::App& program, Arguments& arguments, Commands& commands) {
  auto* database = program.add_subcommand("database", "The database");
  database->require_subcommand(1);
  auto* copy = database->add_subcommand(
      "copy", "Copy everything into an empty database, of the same or the other kind");
  copy->add_option("--to", arguments.to,
                   "sqlite:PATH, postgresql://…, or @FILE whose first line is the address")
      ->required();
  add_config_options(*copy, arguments);
  commands.push_back({copy, [&] {
                        return with_config(arguments, [&](const app::Config& config) {
                          return app::copy_database(config, arguments.to);
                        });
                      }});
}

void add_commons(CLI::App& program, Arguments& arguments, Commands& commands) {
  auto* house = program.add_subcommand("commons", "The commons");
  house->require_subcommand(1);
  auto* reindex = house->add_subcommand(
      "reindex", "Make the search index again from the database, while the program is stopped");
  add_config_options(*reindex, arguments);
  commands.push_back({reindex, [&] { return with_config(arguments, app::reindex_commons); }});
}

}  // namespace

int main(int argc, char** argv) {
  app::block_signals();
  Arguments arguments;
  Commands commands;
  CLI::App program{"Oriel: an open window on nature, shared between museums"};
  program.set_version_flag("--version", ORIEL_VERSION);
  program.require_subcommand(1);
  add_running(program, arguments, commands);
  add_people(program, arguments, commands);
  add_archive(program, arguments, commands);
  add_database(program, arguments, commands);
  add_commons(program, arguments, commands);
  CLI11_PARSE(program, argc, argv);
  for (const auto& command : commands)
    if (command.parsed->parsed()) return command.run();
  return 2;
}
