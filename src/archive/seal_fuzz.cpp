// A seal from outside: parsing never fails in any other way than by saying so, and what is taken
// has one text only.
#include "archive/seal.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  const auto seal = oriel::archive::parse_seal(text);
  if (!seal) return 0;
  ORIEL_CHECK(oriel::archive::format_seal(*seal) == text);
  const auto checked = oriel::archive::check_seal(*seal);
  ORIEL_CHECK(checked || !checked.error().message.empty());
  return 0;
}
