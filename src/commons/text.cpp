#include "commons/text.h"

#include <algorithm>
#include <cstdint>

namespace oriel::commons {

namespace {

constexpr std::size_t kLanguagesMax = 200;

bool alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// The bytes of the character that begins there, 0 when there is none.
std::size_t character_at(std::string_view text, std::size_t at) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(at);
  if (first < 0x80U)
    return first >= 0x20U ? (first == 0x7fU ? 0 : 1) : (first == '\n' || first == '\t' ? 1 : 0);
  const std::size_t length = first < 0xc2U   ? 0
                             : first < 0xe0U ? 2
                             : first < 0xf0U ? 3
                             : first < 0xf5U ? 4
                                             : 0;
  if (length == 0 || at + length > text.size()) return 0;
  std::uint32_t point = first & (0x7fU >> length);
  for (std::size_t i = 1; i < length; ++i) {
    if ((byte(at + i) & 0xc0U) != 0x80U) return 0;
    point = (point << 6U) | (byte(at + i) & 0x3fU);
  }
  constexpr std::uint32_t kLeast[] = {0, 0, 0x80, 0x800, 0x10000};
  if (point < kLeast[length] || point > 0x10ffffU || (point >= 0xd800U && point < 0xe000U))
    return 0;
  return point < 0xa0U ? 0 : length;  // C1 controls
}

tl::unexpected<Error> wrong(std::string_view path, const std::string& what) {
  return fail(ErrorKind::invalid, std::string(path) + ": " + what);
}

}  // namespace

std::string_view text_in(const LocalisedText& text, const std::vector<std::string>& wanted) {
  const auto find = [&](std::string_view tag) {
    return std::find_if(text.begin(), text.end(), [&](const auto& item) {
      return item.first.starts_with(tag) &&
             (item.first.size() == tag.size() || item.first[tag.size()] == '-');
    });
  };
  for (const auto& tag : wanted)
    if (const auto found = find(tag); found != text.end()) return found->second;
  if (const auto english = find("en"); english != text.end()) return english->second;
  return text.empty() ? std::string_view() : std::string_view(text.begin()->second);
}

bool is_language_tag(std::string_view tag) {
  if (tag.size() > 35) return false;
  bool first = true;
  while (true) {
    const auto end = std::min(tag.find('-'), tag.size());
    const auto subtag = tag.substr(0, end);
    if (subtag.empty() || subtag.size() > 8) return false;
    if (!std::all_of(subtag.begin(), subtag.end(), alphanumeric)) return false;
    if (first && (subtag.size() < 2 || subtag[0] < 'A')) return false;
    if (end == tag.size()) return true;
    tag.remove_prefix(end + 1);
    first = false;
  }
}

bool is_plain_text(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const auto length = character_at(text, at);
    if (length == 0) return false;
    at += length;
  }
  return true;
}

Result<void> check_line(std::string_view text, std::string_view path, std::size_t bytes_max) {
  if (text.size() > bytes_max)
    return wrong(path, "is longer than " + std::to_string(bytes_max) + " bytes");
  if (!is_plain_text(text)) return wrong(path, "is not plain text in UTF-8");
  return {};
}

Result<void> check_text(const LocalisedText& text, std::string_view path, std::size_t bytes_max) {
  if (text.size() > kLanguagesMax) return wrong(path, "is in more than 200 languages");
  for (const auto& [language, words] : text) {
    if (!is_language_tag(language))
      return wrong(path, "\"" + language.substr(0, 40) + "\" is not a language tag");
    const auto place = std::string(path) + "." + language;
    if (words.empty()) return wrong(place, "is empty");
    ORIEL_TRY(check_line(words, place, bytes_max));
  }
  return {};
}

}  // namespace oriel::commons
