// What a file is to say about itself wherever it goes: title, makers, credit, licence, what it was
// made from, and where it came from.
#pragma once
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "base/time.h"

namespace oriel::imprint {

// Texts are UTF-8; an empty one is left out.
struct Legend {
  std::string title;
  std::map<std::string, std::string> titles;  // by language, for formats that hold several
  std::vector<std::string> makers;
  std::string credit;       // one line: who must be named, under which licence, where it is from
  std::string licence;      // its name
  std::string licence_uri;  // where it can be read
  bool public_domain = false;
  std::vector<std::string> credits;  // a line for the Work and each Work it came from
  std::vector<std::string> sources;  // addresses of those it came from
  std::string address;               // of the Work
  UtcTime date;                      // of what is said here
};

// Cut to what every format has room for, at the ends of characters; whoever is left out is behind
// the Work's address. Texts become one line each, without control characters.
Legend bounded(Legend legend);

// Only what everyone must be told: for where even that which is bounded() has no room.
Legend shortened(Legend legend);

// All credit lines with line ends between.
std::string all_credits(const Legend& legend);
// "A, B".
std::string all_makers(const Legend& legend);

}  // namespace oriel::imprint
