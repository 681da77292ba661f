#include "app/config.h"

#include <filesystem>
#include <fstream>
#include <sstream>

#include <fmt/format.h>

#include "api/provenance.h"
#include "app/toml_reader.h"
#include "ingest/source_url.h"

namespace oriel::app {
namespace {

// What a key that names something must be: checked and kept.
template <class Id>
void read_id(TomlReader& reader, std::string_view key, Id& id) {
  std::string text;
  reader.require(key);
  reader.text(key, text);
  auto parsed = parse_slug(text);
  if (!parsed) return reader.refuse(key, parsed.error().message);
  id = Id(std::move(*parsed));
}

template <class Id>
void read_optional_id(TomlReader& reader, std::string_view key, std::optional<Id>& id) {
  std::optional<std::string> text;
  reader.text(key, text);
  if (!text) return;
  auto parsed = parse_slug(*text);
  if (!parsed) return reader.refuse(key, parsed.error().message);
  id = Id(std::move(*parsed));
}

void read_public_url(TomlReader& reader, std::optional<std::string>& url) {
  reader.text("public_url", url);
  if (!url) return;
  if (url->ends_with('/')) url->pop_back();
  const auto separator = url->find("://");
  const bool scheme = url->starts_with("https://") || url->starts_with("http://");
  const std::string authority = scheme ? url->substr(separator + 3) : "";
  if (authority.empty() || authority.find_first_of("/?#@ ") != std::string::npos)
    reader.refuse("public_url", "expected an address without a path, as https://window.example");
}

void read_http(TomlReader& reader, HttpConfig& http) {
  reader.text("listen", http.listen);
  reader.text("tls_certificate", http.tls_certificate);
  reader.text("tls_key", http.tls_key);
  read_public_url(reader, http.public_url);
  reader.integer("threads", http.threads, 1, 64);
  reader.integer("connections_max", http.connections_max, 1, 1'000'000);
  reader.integer("connections_per_address_max", http.connections_per_address_max, 0, 1'000'000);
  reader.texts("trusted_proxies", http.trusted_proxies);
  reader.flag("public_metrics", http.public_metrics);
  if (http.tls_certificate.has_value() != http.tls_key.has_value())
    reader.refuse(http.tls_key ? "tls_key" : "tls_certificate",
                  "tls_certificate and tls_key go together");
}

void read_secret(TomlReader& reader, std::string_view key, Secret& secret) {
  std::optional<std::string> text;
  reader.text(key, text);
  if (text) secret = Secret(std::move(*text));
}

void read_webhook(TomlReader& reader, std::optional<notify::WebhookOptions>& webhook) {
  notify::WebhookOptions options;
  read_secret(reader, "webhook", options.url);
  read_secret(reader, "webhook_secret", options.key);
  if (options.url.empty()) {
    if (!options.key.empty()) reader.refuse("webhook_secret", "goes together with webhook");
    return;
  }
  if (auto checked = check(options); !checked)
    return reader.refuse("webhook", checked.error().message);
  webhook = std::move(options);
}

void read_mail(TomlReader& reader, notify::PostOfficeOptions& notify) {
  notify::MailOptions mail;
  std::string tls = "required";
  reader.text("smtp", mail.server);
  reader.text("smtp_tls", tls);
  reader.text("smtp_ca", mail.ca_file);
  reader.text("smtp_user", mail.user);
  read_secret(reader, "smtp_password", mail.password);
  reader.text("mail_from", mail.from);
  reader.texts("mail_to", mail.to);
  std::int64_t interval_s = 300;
  reader.integer("mail_interval_s", interval_s, 10, 86'400);
  notify.mail_box.interval = Duration::from_s(interval_s);
  if (mail.server.empty()) {
    if (!mail.from.empty() || !mail.to.empty())
      reader.refuse(mail.to.empty() ? "mail_from" : "mail_to", "goes together with smtp");
    return;
  }
  if (!boost::describe::enum_from_string(tls.c_str(), mail.tls))
    return reader.refuse("smtp_tls", "expected required, if_offered or none");
  if (auto checked = check(mail); !checked) return reader.refuse("smtp", checked.error().message);
  notify.mail = std::move(mail);
}

void read_notify(TomlReader& reader, notify::PostOfficeOptions& notify) {
  read_webhook(reader, notify.webhook);
  read_mail(reader, notify);
}

archive::VolumeOptions read_volume(TomlReader& reader) {
  archive::VolumeOptions volume;
  read_id(reader, "id", volume.id);
  reader.require("path");
  reader.text("path", volume.path);
  std::int64_t reserve = static_cast<std::int64_t>(volume.reserve_bytes);
  reader.integer("reserve_bytes", reserve, 0, std::int64_t{1} << 60);
  volume.reserve_bytes = static_cast<std::uint64_t>(reserve);
  return volume;
}

api::Sector read_sector(TomlReader& reader) {
  api::Sector sector;
  read_id(reader, "id", sector.id);
  sector.name = {{"und", sector.id.str()}};
  reader.localised("name", sector.name);
  return sector;
}

std::optional<access::Place> read_place(TomlReader& reader) {
  std::optional<double> latitude;
  std::optional<double> longitude;
  reader.real("latitude", latitude, -90, 90);
  reader.real("longitude", longitude, -180, 180);
  if (latitude.has_value() != longitude.has_value())
    reader.refuse(latitude ? "latitude" : "longitude", "latitude and longitude go together");
  if (!latitude || !longitude) return std::nullopt;
  return access::Place{*latitude, *longitude, std::nullopt};
}

api::Site read_site(TomlReader& reader) {
  api::Site site;
  read_id(reader, "id", site.id);
  read_optional_id(reader, "sector", site.sector);
  site.name = {{"und", site.id.str()}};
  reader.localised("name", site.name);
  site.place = read_place(reader);
  std::optional<double> elevation_m;
  reader.real("elevation_m", elevation_m, -500, 9000);
  if (site.place) site.place->elevation_m = elevation_m;
  reader.text("time_zone", site.time_zone);
  reader.table("published", [&](TomlReader& inner) { site.published = read_place(inner); });
  return site;
}

void read_source(TomlReader& reader, std::string_view key, Secret& source) {
  std::optional<std::string> text;
  reader.text(key, text);
  if (!text) return;
  const auto url = ingest::SourceUrl::parse(*text, {.file_allowed = true});
  if (!url) return reader.refuse(key, url.error().message);
  source = Secret(std::move(*text));
}

void read_contact(TomlReader& reader, std::string& contact) {
  reader.text("contact", contact);
  const auto at = contact.find('@');
  const bool plain = contact.find_first_of(" \t\r\n<>\"") == std::string::npos;
  if (!contact.empty() && (!plain || at == 0 || contact.find('.', at) == std::string::npos))
    reader.refuse("contact", "expected a mail address, such as commons@window.example");
}

void read_licence(TomlReader& reader, std::string& licence) {
  reader.text("licence", licence);
  if (!api::is_licence(licence))
    reader.refuse("licence", "expected one line of at most 200 bytes, such as CC-BY-4.0");
}

// [retention], or retention = { … } of a feed.
archive::RetentionRule read_retention(TomlReader& reader, bool of_feed) {
  archive::RetentionRule rule;
  const auto days = [&](std::string_view key, std::optional<double>& value) {
    reader.real(key, value, archive::kRuleDaysMin, archive::kRuleDaysMax);
  };
  const auto bytes = [&](std::string_view key, std::optional<std::int64_t>& value) {
    std::int64_t read = 0;
    reader.integer(key, read, 1, std::int64_t{1} << 60);
    if (read > 0) value = read;
  };
  days("keep_days", rule.keep_days);
  days("key_frames_after_days", rule.key_frames_after_days);
  days("minute_frames_after_days", rule.minute_frames_after_days);
  bytes("feed_bytes_max", rule.feed_bytes_max);
  if (!of_feed) {
    bytes("total_bytes_max", rule.total_bytes_max);
    bytes("free_bytes_min", rule.free_bytes_min);
  }
  if (const auto checked = archive::check_rule(rule, of_feed); !checked) {
    const auto& message = checked.error().message;
    const auto colon = message.find(": ");
    reader.refuse(message.substr(0, colon), message.substr(colon + 2));
  }
  return rule;
}

api::FeedSettings read_feed(TomlReader& reader) {
  api::FeedSettings feed;
  feed.declared = true;
  read_id(reader, "id", feed.id);
  read_optional_id(reader, "site", feed.site);
  reader.localised("name", feed.name);
  reader.require("source");
  read_source(reader, "source", feed.source);
  Secret sub;
  read_source(reader, "sub_source", sub);
  if (!sub.empty()) feed.sub_source = std::move(sub);
  reader.flag("record", feed.record);
  reader.flag("record_sub", feed.record_sub);
  reader.flag("public", feed.is_public);
  reader.flag("public_audio", feed.public_audio);
  reader.integer("delay_s", feed.delay_s, 0, api::kDelayMax_s);
  reader.integer("part_ms", feed.part_ms, api::kPartMin_ms, api::kPartMax_ms);
  read_licence(reader, feed.licence);
  return feed;
}

// Two of one name would be one row, one folder and one URL.
template <class Item>
Result<void> check_unique(const std::vector<Item>& items, const std::vector<std::int64_t>& lines,
                          std::string_view what, const std::string& file) {
  for (std::size_t i = 0; i < items.size(); ++i)
    for (std::size_t j = 0; j < i; ++j)
      if (items[i].id == items[j].id)
        return fail(ErrorKind::invalid,
                    fmt::format("{}:{}: {}[{}].id: \"{}\" is already the id of the one in line {}",
                                file, lines[i], what, i, items[i].id.str(), lines[j]));
  return {};
}

Result<void> check_references(const Config& config, const std::string& file) {
  const auto has = [](const auto& items, const auto& id) {
    return std::any_of(items.begin(), items.end(), [&](const auto& item) { return item.id == id; });
  };
  for (const auto& site : config.sites)
    if (site.sector && !has(config.sectors, *site.sector))
      return fail(ErrorKind::invalid,
                  fmt::format("{}: site \"{}\": there is no [[sector]] with the id \"{}\"", file,
                              site.id.str(), site.sector->str()));
  for (const auto& feed : config.feeds)
    if (feed.site && !has(config.sites, *feed.site))
      return fail(ErrorKind::invalid,
                  fmt::format("{}: feed \"{}\": there is no [[site]] with the id \"{}\"", file,
                              feed.id.str(), feed.site->str()));
  return {};
}

}  // namespace

Secret Config::database_url() const {
  if (!database.empty()) return database;
  return Secret("sqlite:" + (std::filesystem::path(data) / "oriel.db").string());
}

Result<Config> parse_config(std::string_view text, const std::string& file_name) {
  toml::table root;
  try {
    root = toml::parse(text, file_name);
  } catch (const toml::parse_error& e) {
    return fail(ErrorKind::invalid, fmt::format("{}:{}: {}", file_name, e.source().begin.line,
                                                std::string(e.description())));
  }
  Config config;
  config.file = file_name;
  std::optional<Error> error;
  std::vector<std::int64_t> sector_lines, site_lines, feed_lines, volume_lines;
  TomlReader reader(root, file_name, "", error);
  reader.localised("name", config.name);
  reader.text("data", config.data);
  read_secret(reader, "database", config.database);
  reader.text("web", config.web);
  reader.text("tiles", config.tiles);
  reader.text("log", config.log_level);
  if (config.log_level != "debug" && config.log_level != "info" && config.log_level != "warn" &&
      config.log_level != "error")
    reader.refuse("log", "expected debug, info, warn or error");
  reader.integer("timelapse_cache_bytes", config.timelapse_cache_bytes, 0, std::int64_t{1} << 50);
  read_licence(reader, config.licence);
  read_contact(reader, config.contact);
  reader.integer("made_renditions_max", config.made_renditions_max, 0, 100);
  reader.integer("scrub_days", config.scrub_days, 0, 3650);
  reader.table("http", [&](TomlReader& inner) { read_http(inner, config.http); });
  reader.table("notify", [&](TomlReader& inner) { read_notify(inner, config.notify); });
  reader.table("retention", [&](TomlReader& inner) {
    config.retention.installation = read_retention(inner, false);
  });
  reader.tables("volume", [&](TomlReader& inner) {
    config.volumes.push_back(read_volume(inner));
    volume_lines.push_back(inner.line());
  });
  reader.tables("sector", [&](TomlReader& inner) {
    config.sectors.push_back(read_sector(inner));
    sector_lines.push_back(inner.line());
  });
  reader.tables("site", [&](TomlReader& inner) {
    config.sites.push_back(read_site(inner));
    site_lines.push_back(inner.line());
  });
  reader.tables("feed", [&](TomlReader& inner) {
    config.feeds.push_back(read_feed(inner));
    inner.table("retention", [&](TomlReader& rule) {
      config.retention.feeds[config.feeds.back().id] = read_retention(rule, true);
    });
    feed_lines.push_back(inner.line());
  });
  reader.finish();
  config.notify.sender.name =
      config.name.contains("en") ? config.name["en"] : config.name.begin()->second;
  if (config.http.public_url) config.notify.sender.url = *config.http.public_url + "/desk";
  if (error) return fail(std::move(*error));
  ORIEL_TRY(check_unique(config.volumes, volume_lines, "volume", file_name));
  ORIEL_TRY(check_unique(config.sectors, sector_lines, "sector", file_name));
  ORIEL_TRY(check_unique(config.sites, site_lines, "site", file_name));
  ORIEL_TRY(check_unique(config.feeds, feed_lines, "feed", file_name));
  ORIEL_TRY(check_references(config, file_name));
  return config;
}

Result<Config> load_config(const std::string& path) {
  std::ifstream file(path);
  if (!file) return fail(errno_error(errno, path));
  std::stringstream text;
  text << file.rdbuf();
  return parse_config(text.str(), path);
}

}  // namespace oriel::app
