// A search as a feed that a reader subscribes to: Atom (RFC 4287) and JSON Feed 1.1
// (jsonfeed.org/version/1.1).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/time.h"

namespace oriel::exchange {

struct FeedFile {
  std::string url;  // absolute
  std::string type;
  std::int64_t bytes = 0;
};

struct FeedEntry {
  std::string address;  // of the Work; its id, too
  std::string title;
  std::string summary;  // plain text; may be empty
  std::string language;
  std::vector<std::string> authors;
  std::vector<std::string> tags;
  std::string rights;  // the licence's URI; may be empty
  UtcTime published;
  UtcTime updated;
  std::optional<FeedFile> picture;
  std::vector<FeedFile> files;  // that everybody may have
};

struct Feed {
  std::string title;
  std::string node;  // who gives it: an author of the whole
  std::string self;  // its own address
  std::string page;  // the same search for people
  UtcTime updated;   // of the newest entry; where there is none, now
  std::string next;  // address of the following part; "": none
  std::vector<FeedEntry> entries;
};

std::string format_atom(const Feed& feed);
std::string format_json_feed(const Feed& feed);

}  // namespace oriel::exchange
