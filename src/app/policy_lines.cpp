#include "app/policy_lines.h"

#include "archive/journal.h"

namespace oriel::app {

namespace {
// A volume syncs once a second.
constexpr Duration kDeadline = Duration::from_s(8);
}  // namespace

Result<void> PolicyLines::note_withheld(const access::Withheld& withheld) {
  archive::JournalEntry entry;
  entry.at_us = clock_.now().us;
  entry.kind = archive::JournalKind::withheld;
  entry.item = withheld.id;
  entry.feed = withheld.feed;
  entry.start_us = withheld.start.us;
  if (withheld.end) entry.end_us = withheld.end->us;
  entry.text = withheld.reason;
  entry.who = withheld.made_by;
  entry.made_us = withheld.made_at.us;
  return writer_.note_everywhere(entry, kDeadline);
}

Result<void> PolicyLines::note_released(std::int64_t id) {
  archive::JournalEntry entry;
  entry.at_us = clock_.now().us;
  entry.kind = archive::JournalKind::released;
  entry.item = id;
  return writer_.note_everywhere(entry, kDeadline);
}

}  // namespace oriel::app
