// Any bytes as a volume's marker: refused, or written again as a marker that reads the same.
#include <cstdint>

#include "archive/volume.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace oriel;
  const auto marker = archive::parse_marker(ByteView(data, size));
  if (!marker) return 0;
  const auto again = archive::parse_marker(as_bytes(archive::format_marker(*marker)));
  ORIEL_CHECK(again.has_value() && again->uuid == marker->uuid && again->volume == marker->volume);
  return 0;
}
