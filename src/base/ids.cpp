#include "base/ids.h"

namespace oriel {

Result<std::string> parse_slug(std::string_view text) {
  if (text.empty() || text.size() > 64)
    return fail(ErrorKind::invalid, "an id has 1 to 64 characters");
  if (text.front() == '.' || text.front() == '-')
    return fail(ErrorKind::invalid, "an id starts with a letter or a digit");
  for (const char c : text) {
    const bool allowed =
        (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '_' || c == '-';
    if (!allowed) return fail(ErrorKind::invalid, "an id holds only a-z, 0-9, '.', '_' and '-'");
  }
  return std::string(text);
}

}  // namespace oriel
