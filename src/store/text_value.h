// What a TEXT may hold on every back end.
#pragma once
#include <string_view>

#include "base/result.h"

namespace oriel::store {

// PostgreSQL's texts end at a zero byte, so none may hold one. Errors: invalid.
inline Result<void> check_text(std::string_view text) {
  if (text.find('\0') == std::string_view::npos) return {};
  return fail(ErrorKind::invalid, "a text holds a zero byte");
}

}  // namespace oriel::store
