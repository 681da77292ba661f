// What goes with a picture wherever it goes: where it was taken, by whom, under which licence, and
// the address at which this very moment can be seen again.
#pragma once
#include <optional>
#include <string>

#include "api/services.h"
#include "http/message.h"
#include "media/movie_tags.h"

namespace oriel::api {

// One line of at most kLicenceBytesMax bytes of UTF-8 without control characters; may be empty.
bool is_licence(std::string_view text);
// The feed's own, or the window's; empty: all rights reserved.
std::string licence_of(const FeedSettings& feed, const WindowSettings& window);
// Where a licence's text stands, for SPDX identifiers of Creative Commons; else nullopt.
std::optional<std::string> licence_url(std::string_view licence);

struct Provenance {
  LocalisedText title;  // the feed's name
  std::optional<LocalisedText> site;
  std::optional<LocalisedText> sector;
  LocalisedText node;   // this window's name
  std::string licence;  // "All rights reserved" when none was given
  std::optional<std::string> licence_url;
  // The published place, never the true one where it must be coarser: files travel.
  std::optional<access::Place> place;
  std::string address;  // of the moment, absolute
  std::string cite;
};
// Never blocks.
Provenance provenance(const Services& services, const http::Request& request, const Feed& feed,
                      UtcTime at);
// "https://window.example", as the caller reached us; from the configuration where it says so.
std::string origin_of(const Services& services, const http::Request& request);

// The same in the boxes of an MP4 that shows `span`.
media::MovieTags movie_tags(const Provenance& about, UtcSpan span, const WindowSettings& window);

// "Eling Lake · 鄂陵湖": English first, for files and citations that know no language.
std::string in_all_languages(const LocalisedText& text);

}  // namespace oriel::api
