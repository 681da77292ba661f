// What one may do with a Work: Creative Commons, RightsStatements.org and the licences of SPDX that
// media, data and models come under, by their URI or SPDX id. Pure values; a table, no I/O.
//
// Sources: creativecommons.org/licenses (all versions, ports and IGO), the SPDX licence list 3.24,
// rightsstatements.org 1.0. This says what a machine can decide; it is no legal advice.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/describe.hpp>

#include "base/result.h"

namespace oriel::commons {

// What people filter by; each is one value of the facet "licence".
enum class LicenceClass {
  free,      // public domain: nothing is asked
  by,        // credit
  by_sa,     // credit, and what is made from it under the same licence
  nc,        // not commercially (with or without share-alike)
  nd,        // not changed (commercially or not)
  reserved,  // no permission that everyone has: ask
  unknown,   // nobody can say: the statement itself says so, or no table knows it
};
BOOST_DESCRIBE_ENUM(LicenceClass, free, by, by_sa, nc, nd, reserved, unknown)

struct Licence {
  std::string id;    // SPDX where it has one; else in its form: "CC-BY-3.0-FR"
  std::string uri;   // the identifier; http for Creative Commons, as IIIF and others compare it
  std::string link;  // the page a person is sent to
  std::string name_en;
  std::string name_zh;
  LicenceClass licence_class = LicenceClass::unknown;
  bool may_share = false;  // pass on unchanged
  bool may_adapt = false;  // pass on what was made from it
  bool may_sell = false;   // either of them commercially
  bool asks_credit = false;
  bool asks_share_alike = false;
  // For share-alike: licences of one family and a version not older go with each other.
  std::string family;  // "by-sa"; the id itself outside Creative Commons
  int version = 0;     // 40 is 4.0; 0 outside Creative Commons
  std::string port;    // "de", "igo"; empty for none

  const std::string& name(std::string_view language) const;  // "zh", "zh-Hans" …; else English
  bool operator==(const Licence&) const = default;
};

// By URI (http or https, with or without "/deed.fr" or "/legalcode") or by id ("CC-BY-SA-4.0", also
// written "cc by-sa 4.0"). "All rights reserved" is one. Absent: a licence nobody knows.
std::optional<Licence> find_licence(std::string_view text);

// The same for what a person typed: the error (invalid) says what is wrong and what to write, for
// Creative Commons without a version too.
Result<Licence> parse_licence(std::string_view text);

// What a person needs to know, one sentence an item, without the words of lawyers.
struct LicenceWords {
  std::vector<std::string> may;
  std::vector<std::string> must;
  std::vector<std::string> must_not;
};
BOOST_DESCRIBE_STRUCT(LicenceWords, (), (may, must, must_not))

// In Chinese for "zh" and its variants, else in English.
LicenceWords plain_words(const Licence& licence, std::string_view language);

// Whether `language` is Chinese in any script or country: the texts of this folder know two.
bool is_chinese(std::string_view language);
// What a reader of `language` takes, best first: "zh-Hant-TW", "zh-Hant", "zh".
std::vector<std::string> languages_wanted(std::string_view language);

// What the desk offers first: current Creative Commons, the public domain, all rights reserved.
std::vector<Licence> common_licences();

}  // namespace oriel::commons
