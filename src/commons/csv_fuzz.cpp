// Any bytes are rows or an error with its line, in both encodings.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstring>

#include "base/result.h"
#include "commons/csv.h"
#include "commons/file_type.h"
#include "commons/text.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using oriel::commons::TextEncoding;
  for (const auto encoding : {TextEncoding::utf_8, TextEncoding::gb18030}) {
    std::size_t at = 0;
    oriel::commons::CsvReader reader(
        [&](std::span<std::uint8_t> into) -> oriel::Result<std::size_t> {
          const std::size_t count = std::min(into.size(), size - at);
          if (count > 0) std::memcpy(into.data(), data + at, count);
          at += count;
          return count;
        },
        encoding);
    while (true) {
      const auto row = reader.next();
      if (!row) {
        ORIEL_CHECK(row.error().message.rfind("line ", 0) == 0);
        break;
      }
      if (!*row) break;
      ORIEL_CHECK(!(*row)->fields.empty());
    }
  }
  ORIEL_CHECK(!oriel::commons::file_type({data, size}).empty());
  return 0;
}
