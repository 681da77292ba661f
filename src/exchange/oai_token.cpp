#include "exchange/oai_token.h"

#include <algorithm>
#include <charconv>
#include <vector>

#include "base/hex.h"
#include "base/sha256.h"

namespace oriel::exchange {
namespace {

constexpr std::size_t kTokenBytesMax = 400;
constexpr std::size_t kCheckDigits = 16;
constexpr std::size_t kFields = 11;

std::string check_of(std::string_view text) {
  return format_hex(sha256(as_bytes(text))).substr(0, kCheckDigits);
}

bool parse_number(std::string_view text, std::int64_t& number) {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  return error == std::errc() && end == text.data() + text.size() && std::to_string(number) == text;
}

bool is_name_character(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
         std::string_view("-_.!~*'()").find(c) != std::string_view::npos;
}

// Ours are made of these, so that "~" ends a field.
bool is_field(std::string_view text) { return text.find('~') == std::string_view::npos; }

}  // namespace

bool is_prefix(std::string_view text) {
  return !text.empty() && text.size() <= 100 &&
         std::all_of(text.begin(), text.end(), is_name_character);
}

bool is_set_spec(std::string_view text) {
  if (text.empty() || text.size() > 200) return false;
  while (true) {
    const auto end = text.find(':');
    if (!is_prefix(text.substr(0, end))) return false;
    if (end == std::string_view::npos) return true;
    text.remove_prefix(end + 1);
  }
}

std::string format_token(const OaiToken& token) {
  std::string text = token.headers_only ? "1~i~" : "1~r~";
  text += token.prefix + "~" + token.set + "~" + std::to_string(token.from_us) + "~" +
          std::to_string(token.end_us) + "~" + std::to_string(token.after.changed_us) + "~" +
          token.after.id + "~" + std::to_string(token.cursor) + "~" + std::to_string(token.size);
  return text + "~" + check_of(text);
}

Result<OaiToken> parse_token(std::string_view text) {
  const auto wrong = [] { return fail(ErrorKind::invalid, "this is no token of this repository"); };
  if (text.size() > kTokenBytesMax || text.size() < kCheckDigits + 1) return wrong();
  const auto before = text.substr(0, text.size() - kCheckDigits - 1);
  if (check_of(before) != text.substr(before.size() + 1) || text[before.size()] != '~')
    return wrong();
  std::vector<std::string_view> fields;
  for (std::size_t at = 0; at <= text.size();) {
    const auto end = std::min(text.find('~', at), text.size());
    fields.push_back(text.substr(at, end - at));
    at = end + 1;
  }
  if (fields.size() != kFields || fields[0] != "1" || (fields[1] != "i" && fields[1] != "r"))
    return wrong();
  OaiToken token;
  token.headers_only = fields[1] == "i";
  token.prefix = fields[2];
  token.set = fields[3];
  token.after.id = fields[7];
  const bool numbers = parse_number(fields[4], token.from_us) &&
                       parse_number(fields[5], token.end_us) &&
                       parse_number(fields[6], token.after.changed_us) &&
                       parse_number(fields[8], token.cursor) && parse_number(fields[9], token.size);
  if (!numbers || token.cursor < 0 || token.size < 0 || !is_prefix(token.prefix) ||
      (!token.set.empty() && !is_set_spec(token.set)) || !is_field(token.after.id))
    return wrong();
  return token;
}

}  // namespace oriel::exchange
