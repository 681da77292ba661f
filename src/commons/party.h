// A party: whoever holds, makes or gives.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

#include "commons/text.h"

namespace oriel::commons {

// Stored by number: only append.
enum class PartyKind : std::uint8_t { institution, department, person, group };
BOOST_DESCRIBE_ENUM(PartyKind, institution, department, person, group)

// What people write of a party.
struct PartyContent {
  PartyKind kind = PartyKind::institution;
  LocalisedText name;  // at least one
  LocalisedText about;
  // The party it belongs to: a department's institution, several institutions' umbrella. "": none.
  std::string within;
  // By scheme: {"ror": "https://ror.org/…", "orcid": "https://orcid.org/…"}.
  std::map<std::string, std::string> identifiers;
  std::string homepage;  // http or https; may be empty
  std::string country;   // ISO 3166-1, two capitals; may be empty
  std::vector<std::string> languages;
  bool operator==(const PartyContent&) const = default;
};
BOOST_DESCRIBE_STRUCT(PartyContent, (),
                      (kind, name, about, within, identifiers, homepage, country, languages))

struct Party : PartyContent {
  std::string id;  // of a PartyId
  std::int64_t version = 0;
  bool operator==(const Party&) const = default;
};
BOOST_DESCRIBE_STRUCT(Party, (PartyContent), (id, version))

// Errors: invalid, naming the member.
Result<void> check(const PartyContent& content);

}  // namespace oriel::commons
