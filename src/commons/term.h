// A term: a word of a published vocabulary, named by its URI, with labels in languages.
#pragma once
#include <cstdint>
#include <string>

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

#include "commons/text.h"

namespace oriel::commons {

// Stored by number: only append.
enum class TermScheme : std::uint8_t { licence, sdg, subject, level, taxon, place };
BOOST_DESCRIBE_ENUM(TermScheme, licence, sdg, subject, level, taxon, place)

struct Term {
  std::string uri;  // absolute; its key
  TermScheme scheme = TermScheme::subject;
  LocalisedText label;  // at least one
  // As people of the field write it: "CC-BY-4.0", "15.1", "Pantholops hodgsonii". May be empty.
  std::string notation;
  std::string broader;  // the URI of the term above, of the same scheme; may be empty
  bool operator==(const Term&) const = default;
};
BOOST_DESCRIBE_STRUCT(Term, (), (uri, scheme, label, notation, broader))

// Errors: invalid, naming the member.
Result<void> check(const Term& term);

}  // namespace oriel::commons
