// oriel.toml. Every key is known; a wrong one is refused with file, line, key and what was
// expected.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "api/feeds.h"
#include "archive/retention_rules.h"
#include "archive/volume.h"
#include "base/result.h"
#include "base/secret.h"
#include "notify/post_office.h"

namespace oriel::app {

struct HttpConfig {
  std::string listen = "127.0.0.1:8080";
  std::optional<std::string> tls_certificate;  // PEM files
  std::optional<std::string> tls_key;
  // How visitors' browsers name this server where a proxy asks it under another name: an origin,
  // "https://window.example". Their pages may then log in and open the socket.
  std::optional<std::string> public_url;
  std::int64_t threads = 1;
  std::int64_t connections_max = 20'000;
  std::int64_t connections_per_address_max = 0;  // 0: no bound
  std::vector<std::string> trusted_proxies;
  bool public_metrics = false;
};

struct Config {
  std::string file;  // where it was read; empty: made by the program
  api::LocalisedText name{{"en", "Oriel"}};
  std::string data = "data";
  Secret database;  // may hold a password; empty: see database_url()
  std::string web;  // folder of the built pages; empty: beside the program
  std::string tiles;
  std::string log_level = "info";
  // Under which what is recorded may be used, unless a feed says otherwise: "CC-BY-4.0" or in
  // words; empty: all rights reserved.
  std::string licence;
  // Mail address of who answers for this node: harvesters are given it. May be empty.
  std::string contact;
  std::int64_t made_renditions_max = 4;
  std::int64_t scrub_days = 90;  // every recording is read again once in so many days; 0: never
  std::int64_t timelapse_cache_bytes = std::int64_t{2} << 30;
  HttpConfig http;
  notify::PostOfficeOptions notify;
  std::vector<archive::VolumeOptions> volumes;
  archive::RetentionRules retention;
  std::vector<api::Sector> sectors;
  std::vector<api::Site> sites;
  std::vector<api::FeedSettings> feeds;
  bool demonstration = false;

  // As store::open_database() takes it: `database`, or the file oriel.db in `data`.
  Secret database_url() const;
  // The node's key (base/signing.h).
  std::string key_file() const { return data + "/node.key"; }
};

// Errors: not_found and denied (the file), invalid: "oriel.toml:12: feed[2].part_ms: expected …".
Result<Config> load_config(const std::string& path);
Result<Config> parse_config(std::string_view text, const std::string& file_name);

}  // namespace oriel::app
