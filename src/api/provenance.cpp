#include "api/provenance.h"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

namespace oriel::api {
namespace {

constexpr std::string_view kNoLicence = "All rights reserved";

template <class Items, class Id>
auto find_by_id(const Items& items, const std::optional<Id>& id) {
  return std::find_if(items.begin(), items.end(),
                      [&](const auto& item) { return id && item.id == *id; });
}

bool is_host(std::string_view text) {
  return !text.empty() && text.size() < 256 &&
         text.find_first_not_of(
             "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
             ".-:[]") == std::string_view::npos;
}

// "20 November 2026, 08:00:00 UTC"
std::string spoken_time(UtcTime at) {
  static constexpr std::array kMonths = {"January",   "February", "March",    "April",
                                         "May",       "June",     "July",     "August",
                                         "September", "October",  "November", "December"};
  const std::string text = format_rfc3339(at);
  const auto month = static_cast<std::size_t>((text[5] - '0') * 10 + text[6] - '1');
  const std::string day = text[8] == '0' ? text.substr(9, 1) : text.substr(8, 2);
  return fmt::format("{} {} {}, {} UTC", day, kMonths[month], text.substr(0, 4),
                     text.substr(11, 8));
}

}  // namespace

bool is_licence(std::string_view text) {
  return text.size() <= kLicenceBytesMax && std::none_of(text.begin(), text.end(), [](char c) {
           return static_cast<unsigned char>(c) < 0x20 || c == 0x7f;
         });
}

std::string licence_of(const FeedSettings& feed, const WindowSettings& window) {
  return feed.licence.empty() ? window.licence : feed.licence;
}

std::optional<std::string> licence_url(std::string_view licence) {
  if (licence == "CC0-1.0") return "https://creativecommons.org/publicdomain/zero/1.0/";
  constexpr std::string_view kFamily = "CC-";
  if (!licence.starts_with(kFamily)) return std::nullopt;
  const auto dash = licence.rfind('-');
  std::string kind(licence.substr(kFamily.size(), dash - std::min(dash, kFamily.size())));
  const std::string version(licence.substr(dash + 1));
  for (auto& c : kind) c = c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  constexpr std::array kKinds = {"by", "by-sa", "by-nc", "by-nc-sa", "by-nd", "by-nc-nd"};
  constexpr std::array kVersions = {"2.0", "2.5", "3.0", "4.0"};
  if (std::find(kKinds.begin(), kKinds.end(), kind) == kKinds.end() ||
      std::find(kVersions.begin(), kVersions.end(), version) == kVersions.end())
    return std::nullopt;
  return fmt::format("https://creativecommons.org/licenses/{}/{}/", kind, version);
}

std::string in_all_languages(const LocalisedText& text) {
  std::string all;
  const auto english = text.find("en");
  if (english != text.end()) all = english->second;
  for (const auto& [language, words] : text) {
    if (language == "en" || words == all || words.empty()) continue;
    all += (all.empty() ? "" : " · ") + words;
  }
  return all;
}

std::string origin_of(const Services& services, const http::Request& request) {
  if (!services.window.public_url.empty()) return services.window.public_url;
  const auto host = request.header("Host").value_or("");
  // Without a name of our own an address is at least right from where it stands.
  if (!is_host(host)) return "";
  return std::string(request.secure ? "https://" : "http://") + std::string(host);
}

Provenance provenance(const Services& services, const http::Request& request, const Feed& feed,
                      UtcTime at) {
  const auto settings = feed.settings();
  Provenance about;
  about.title = settings->name;
  if (about.title.empty()) about.title = {{"und", feed.id().str()}};
  about.node = services.window.name;
  const auto sites = services.feeds.sites();
  if (const auto site = find_by_id(sites, settings->site); site != sites.end()) {
    about.site = site->name;
    const auto sectors = services.feeds.sectors();
    if (const auto sector = find_by_id(sectors, site->sector); sector != sectors.end())
      about.sector = sector->name;
    about.place = access::decide_place({site->place, site->published}, access::Identity{});
  }
  const std::string licence = licence_of(*settings, services.window);
  about.licence = licence.empty() ? std::string(kNoLicence) : licence;
  about.licence_url = licence_url(licence);
  about.address =
      fmt::format("{}/m/{}/{}", origin_of(services, request), feed.id().str(), format_rfc3339(at));
  about.cite = in_all_languages(about.node) + ": " + in_all_languages(about.title);
  if (about.sector) about.cite += ", " + in_all_languages(*about.sector);
  about.cite += fmt::format(". Recorded {}. {}. {}", spoken_time(at), about.licence, about.address);
  return about;
}

media::MovieTags movie_tags(const Provenance& about, UtcSpan span, const WindowSettings& window) {
  media::MovieTags tags;
  tags.created = span.begin;
  tags.title = in_all_languages(about.title);
  tags.artist = in_all_languages(about.node);
  std::string place = about.site ? in_all_languages(*about.site) : tags.title;
  if (about.sector) place += ", " + in_all_languages(*about.sector);
  tags.description =
      fmt::format("{}. {} to {}", place, format_rfc3339(span.begin), format_rfc3339(span.end));
  tags.copyright = about.licence;
  if (about.licence_url) tags.copyright += " (" + *about.licence_url + ")";
  tags.comment = about.cite;
  tags.address = about.address;
  tags.encoder = "Oriel " + window.version;
  if (about.place)
    tags.location =
        media::iso_6709(about.place->latitude, about.place->longitude, about.place->elevation_m);
  return tags;
}

}  // namespace oriel::api
