// Any bytes as a journal line: refused, or written again as a line that reads the same.
#include <cstdint>

#include "archive/journal.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace oriel;
  const auto entry = archive::parse_journal_line(as_text(ByteView(data, size)));
  if (!entry) return 0;
  auto line = archive::format_journal_line(*entry);
  line.pop_back();
  // Escapes may make a line longer than it came.
  if (line.size() > archive::kJournalLineMax) return 0;
  const auto again = archive::parse_journal_line(line);
  ORIEL_CHECK(again.has_value() && *again == *entry);
  return 0;
}
