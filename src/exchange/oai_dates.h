// from and until of a selective harvest.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace oriel::exchange {

struct OaiDate {
  std::int64_t begin_us = 0;
  std::int64_t end_us = 0;  // exclusive: of the day or the second
  bool is_day = false;
};
// "2026-11-20" or "2026-11-20T08:00:00Z", years 0001 to 9999. Errors: invalid.
Result<OaiDate> parse_oai_date(std::string_view text);

}  // namespace oriel::exchange
