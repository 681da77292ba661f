#include "exchange/xml.h"

#include <cstdint>

namespace oriel::exchange {
namespace {

constexpr std::string_view kReplacement = "\xEF\xBF\xBD";

// How many bytes the character of XML that `text` begins with has; 0: it begins with none.
std::size_t character_bytes(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const auto follows = [&](std::size_t i) { return i < text.size() && (byte(i) & 0xC0) == 0x80; };
  const unsigned first = byte(0);
  if (first < 0x80) return first >= 0x20 || first == '\t' || first == '\n' || first == '\r' ? 1 : 0;
  if (first >= 0xC2 && first < 0xE0) return follows(1) ? 2 : 0;
  if (first >= 0xE0 && first < 0xF0) {
    if (!follows(1) || !follows(2)) return 0;
    const unsigned code = (first & 0x0F) << 12 | (byte(1) & 0x3Fu) << 6 | (byte(2) & 0x3Fu);
    const bool surrogate = code >= 0xD800 && code < 0xE000;
    return code < 0x800 || surrogate || code >= 0xFFFE ? 0 : 3;
  }
  if (first >= 0xF0 && first < 0xF5) {
    if (!follows(1) || !follows(2) || !follows(3)) return 0;
    const unsigned code = (first & 0x07) << 18 | (byte(1) & 0x3Fu) << 12;
    return code < 0x10000 || code >= 0x110000 ? 0 : 4;
  }
  return 0;
}

}  // namespace

void append_escaped(std::string& xml, std::string_view text) {
  std::size_t kept = 0;  // from here on nothing was written yet
  const auto replace = [&](std::size_t at, std::size_t bytes, std::string_view by) {
    xml.append(text.substr(kept, at - kept));
    xml.append(by);
    kept = at + bytes;
  };
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    if (c == '&') {
      replace(at++, 1, "&amp;");
    } else if (c == '<') {
      replace(at++, 1, "&lt;");
    } else if (c == '>') {
      replace(at++, 1, "&gt;");
    } else if (c == '"') {
      replace(at++, 1, "&quot;");
    } else if (c >= 0x20) {
      ++at;
    } else if (const auto bytes = character_bytes(text.substr(at)); bytes > 0) {
      at += bytes;
    } else {
      replace(at++, 1, kReplacement);
    }
  }
  xml.append(text.substr(kept));
}

void append_element(std::string& xml, std::string_view name, std::string_view text,
                    std::string_view language) {
  xml.append("<").append(name);
  if (!language.empty() && language != "und") append_attribute(xml, "xml:lang", language);
  xml.append(">");
  append_escaped(xml, text);
  xml.append("</").append(name).append(">");
}

void append_attribute(std::string& xml, std::string_view name, std::string_view value) {
  xml.append(" ").append(name).append("=\"");
  append_escaped(xml, value);
  xml.append("\"");
}

}  // namespace oriel::exchange
