// What parties, terms and Works must be, whatever the database holds.
#include <algorithm>
#include <charconv>
#include <set>

#include "base/ids.h"
#include "base/sha256.h"
#include "commons/party.h"
#include "commons/term.h"
#include "commons/work.h"

namespace oriel::commons {

namespace {

constexpr std::size_t kNameBytesMax = 1'000;
constexpr std::size_t kAboutBytesMax = 50'000;
constexpr std::size_t kLineBytesMax = 500;
constexpr std::size_t kListMax = 500;
constexpr std::size_t kPartsMax = 10'000;
constexpr std::int64_t kMinutesMax = 100'000;  // a course of years
constexpr std::size_t kFilesMax = 2'000;       // the pages of a book

tl::unexpected<Error> wrong(std::string_view path, const std::string& what) {
  return fail(ErrorKind::invalid, std::string(path) + ": " + what);
}

Result<void> check_name(const LocalisedText& name, std::string_view path) {
  if (name.empty()) return wrong(path, "is missing: at least one language is needed");
  return check_text(name, path, kNameBytesMax);
}

Result<void> check_languages(const std::vector<std::string>& languages) {
  if (languages.size() > kListMax) return wrong("languages", "are too many");
  for (const auto& language : languages)
    if (!is_language_tag(language))
      return wrong("languages", "\"" + language.substr(0, 40) + "\" is not a language tag");
  return {};
}

Result<void> check_identifiers(const std::map<std::string, std::string>& identifiers) {
  if (identifiers.size() > kListMax) return wrong("identifiers", "are too many");
  for (const auto& [scheme, value] : identifiers) {
    if (!parse_slug(scheme)) return wrong("identifiers", "a scheme is a word of small letters");
    if (value.empty()) return wrong("identifiers." + scheme, "is empty");
    ORIEL_TRY(check_line(value, "identifiers." + scheme, kLineBytesMax));
  }
  return {};
}

// An absolute URI (RFC 3986, section 3) of visible ASCII, and none that a browser runs or reads
// from the visitor's own disk: it may become a link.
bool is_uri(std::string_view text) {
  if (text.size() > kLineBytesMax) return false;
  const auto colon = text.find(':');
  if (colon == std::string_view::npos || colon == 0 || colon + 1 == text.size()) return false;
  std::string scheme(text.substr(0, colon));
  for (char& c : scheme)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  const auto letter = [](char c) { return c >= 'a' && c <= 'z'; };
  if (!letter(scheme.front()) || !std::all_of(scheme.begin(), scheme.end(), [&](char c) {
        return letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
      }))
    return false;
  for (const auto* barred : {"javascript", "vbscript", "data", "blob", "file", "filesystem"})
    if (scheme == barred) return false;
  return std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < 0x7f && std::string_view("\"<>\\^`{|}").find(c) == std::string_view::npos;
  });
}

Result<void> check_uris(const std::vector<std::string>& uris, std::string_view path) {
  if (uris.size() > kListMax) return wrong(path, "are too many");
  for (const auto& uri : uris)
    if (!is_uri(uri)) return wrong(path, "\"" + uri.substr(0, 80) + "\" is not an absolute URI");
  return {};
}

Result<void> check_ids(const std::vector<std::string>& ids, std::string_view path,
                       std::size_t count_max) {
  if (ids.size() > count_max) return wrong(path, "are more than " + std::to_string(count_max));
  std::set<std::string_view> seen;
  for (const auto& id : ids) {
    if (!parse_slug(id)) return wrong(path, "\"" + id.substr(0, 40) + "\" is not an id");
    if (!seen.insert(id).second) return wrong(path, id + " is named twice");
  }
  return {};
}

Result<void> check_makers(const std::vector<Maker>& makers) {
  if (makers.size() > kListMax) return wrong("makers", "are too many");
  for (std::size_t i = 0; i < makers.size(); ++i) {
    const auto& maker = makers[i];
    const auto path = "makers[" + std::to_string(i) + "]";
    if (maker.party.empty() == maker.name.empty()) return wrong(path, "has a party or a name");
    if (!maker.party.empty() && !parse_slug(maker.party)) return wrong(path, "party is not an id");
    ORIEL_TRY(check_line(maker.name, path + ".name", kLineBytesMax));
    if (maker.role.empty()) return wrong(path + ".role", "is empty");
    ORIEL_TRY(check_line(maker.role, path + ".role", 64));
  }
  return {};
}

Result<void> check_files(const std::vector<HeldFile>& files) {
  if (files.size() > kFilesMax) return wrong("files", "are more than " + std::to_string(kFilesMax));
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const auto& file = files[i];
    const auto path = "files[" + std::to_string(i) + "]";
    if (!parse_sha256(file.sha256)) return wrong(path + ".sha256", "is not a SHA-256");
    const auto named = path + ".name";
    if (file.name.empty() || file.name.front() == '.' ||
        file.name.find_first_of("/\\\n\t") != std::string::npos)
      return wrong(named, "is not the name of a file");
    ORIEL_TRY(check_line(file.name, named, 255));
    if (!names.insert(file.name).second) return wrong(named, file.name + " is there twice");
    if (!file.licence.empty() && !is_uri(file.licence))
      return wrong(path + ".licence", "is not an absolute URI");
    if (!file.language.empty() && !is_language_tag(file.language))
      return wrong(path + ".language", "is not a language tag");
    ORIEL_TRY(check_text(file.about, path + ".about", kAboutBytesMax));
  }
  return {};
}

// "1932", "1932-05", "1932-05-28", with a sign before Christ; also with a time.
bool is_date(std::string_view date) {
  if (date.starts_with('-')) date.remove_prefix(1);
  if (date.size() > 10) return parse_rfc3339(date).has_value();
  if (date.size() != 4 && date.size() != 7 && date.size() != 10) return false;
  for (std::size_t i = 0; i < date.size(); ++i) {
    const bool hyphen = i == 4 || i == 7;
    if (hyphen ? date[i] != '-' : date[i] < '0' || date[i] > '9') return false;
  }
  const auto number = [&](std::size_t at) {
    int value = 0;
    std::from_chars(date.data() + at, date.data() + at + 2, value);
    return value;
  };
  if (date.size() > 4 && (number(5) < 1 || number(5) > 12)) return false;
  return date.size() < 10 || (number(8) >= 1 && number(8) <= 31);
}

Result<void> check_where_and_when(const WorkContent& content) {
  if (content.moment) {
    if (!parse_slug(content.moment->feed)) return wrong("moment.feed", "is not the id of a feed");
    if (content.moment->end < content.moment->start) return wrong("moment.end", "is before start");
  }
  if (content.place &&
      (std::abs(content.place->latitude) > 90 || std::abs(content.place->longitude) > 180))
    return wrong("place", "is not on the globe");
  if (!content.date.empty() && !is_date(content.date))
    return wrong("date", "expected a year, month, day or time (ISO 8601)");
  if (content.audience &&
      (content.audience->from < 0 || content.audience->to < content.audience->from ||
       content.audience->to > 120))
    return wrong("audience", "expected ages from 0 to 120");
  return {};
}

Result<void> check_teaching(const WorkContent& content) {
  using enum WorkKind;
  const bool composed = content.kind == courseware || content.kind == lesson ||
                        content.kind == exhibit || content.kind == travelling_exhibit;
  if (!composed && !content.pages.empty())
    return wrong("pages", "are what courseware, lessons and exhibits have");
  if (content.minutes && (*content.minutes < 1 || *content.minutes > kMinutesMax))
    return wrong("minutes", "expected 1 to " + std::to_string(kMinutesMax));
  return check(content.pages);
}

}  // namespace

Result<void> check(const PartyContent& content) {
  ORIEL_TRY(check_name(content.name, "name"));
  ORIEL_TRY(check_text(content.about, "about", kAboutBytesMax));
  if (!content.within.empty() && !parse_slug(content.within))
    return wrong("within", "is not an id");
  ORIEL_TRY(check_identifiers(content.identifiers));
  const auto& homepage = content.homepage;
  if (!homepage.empty() && (!is_uri(homepage) || (!homepage.starts_with("https://") &&
                                                  !homepage.starts_with("http://"))))
    return wrong("homepage", "expected http://… or https://…");
  const auto& country = content.country;
  const auto capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (!country.empty() &&
      (country.size() != 2 || !std::all_of(country.begin(), country.end(), capital)))
    return wrong("country", "expected two capital letters (ISO 3166-1)");
  return check_languages(content.languages);
}

Result<void> check(const Term& term) {
  if (!is_uri(term.uri)) return wrong("uri", "is not an absolute URI");
  ORIEL_TRY(check_name(term.label, "label"));
  ORIEL_TRY(check_line(term.notation, "notation", kLineBytesMax));
  if (!term.broader.empty() && !is_uri(term.broader))
    return wrong("broader", "is not an absolute URI");
  if (term.broader == term.uri) return wrong("broader", "a term is not above itself");
  return {};
}

std::vector<std::string> held_works(const WorkContent& content) {
  std::vector<std::string> held;
  std::set<std::string_view> seen;
  for (const auto& part : content.parts)
    if (seen.insert(part).second) held.push_back(part);
  for (const auto& page : content.pages)
    for (const auto& block : page.blocks)
      if (!block.work.empty() && seen.insert(block.work).second) held.push_back(block.work);
  return held;
}

Result<void> check(const WorkContent& content) {
  ORIEL_TRY(check_name(content.title, "title"));
  ORIEL_TRY(check_text(content.about, "about", kAboutBytesMax));
  ORIEL_TRY(check_languages(content.languages));
  ORIEL_TRY(check_makers(content.makers));
  ORIEL_TRY(check_ids(content.stewards, "stewards", kListMax));
  if (!content.licence.empty() && !is_uri(content.licence))
    return wrong("licence", "is not an absolute URI");
  ORIEL_TRY(check_line(content.credit, "credit", kNameBytesMax));
  ORIEL_TRY(check_uris(content.terms, "terms"));
  ORIEL_TRY(check_files(content.files));
  ORIEL_TRY(check_ids(content.parts, "parts", kPartsMax));
  ORIEL_TRY(check_ids(content.derived_from, "derived_from", kListMax));
  ORIEL_TRY(check_identifiers(content.identifiers));
  ORIEL_TRY(check_teaching(content));
  return check_where_and_when(content);
}

}  // namespace oriel::commons
