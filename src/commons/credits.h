// Credits of a Work and all it came from: title, author, source and licence (TASL), what was
// changed, and how each was used; as text for people and as data for programs.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include <boost/describe.hpp>

#include "commons/licence_chain.h"

namespace oriel::commons {

struct Credit {
  std::string id;
  std::string title;
  std::string title_language;  // of the title taken; empty when there is none
  std::vector<std::string> makers;
  std::string address;  // http(s) only, else empty
  std::string licence;  // its name in the language asked for; as given when nobody knows it
  std::string licence_id;
  std::string licence_link;
  std::string changes;
  std::string used;        // "adapted", "unchanged"; empty for the Work itself
  std::string used_for;    // title of the Work that was made with it; empty for the Work itself
  std::int64_t depth = 0;  // links from the Work
};
BOOST_DESCRIBE_STRUCT(Credit, (),
                      (id, title, title_language, makers, address, licence, licence_id,
                       licence_link, changes, used, used_for, depth))

// The Work first, then what it came from, nearest first, each once. Texts are one line each,
// without control characters. Errors: as find_clashes.
Result<std::vector<Credit>> credits(const Chain& chain, std::string_view language);

enum class CreditsFormat { markdown, html, json, csv };
BOOST_DESCRIBE_ENUM(CreditsFormat, markdown, html, json, csv)

// `language` chooses the words around the credits; text is UTF-8 and safe where it is put: HTML is
// a fragment without scripts (only http and https links), Markdown is CommonMark, CSV is RFC 4180
// with a head line in English and no cell that a spreadsheet takes for a formula.
std::string format_credits(const std::vector<Credit>& credits, CreditsFormat format,
                           std::string_view language);

// One line for a picture's edge and for metadata in files: “Title” by A, B, address, CC BY 4.0.
std::string credit_line(const Credit& credit, std::string_view language);

// &, <, >, " and ' as entities, for text and attributes alike; control characters go.
std::string escape_html(std::string_view text);

}  // namespace oriel::commons
