// What the database knows and media cannot say, written into the journal again at each start: a
// loss of power may have taken a row whose line is there, or a line whose row is.
#pragma once
#include <vector>

#include "archive/journal.h"
#include "base/result.h"
#include "base/time.h"
#include "store/database.h"

namespace oriel::archive {

// The lines ledger_began and gap_stands for what ends at or after `since`, then a line `withheld`
// for each withheld span. Errors: the database's.
Result<std::vector<JournalEntry>> ledger_lines(store::Database& database, UtcTime since,
                                               UtcTime now);

// Bring one such line into the database, in the order of the journal. Errors: the database's; a
// line that lacks a member changes nothing.
Result<void> restore_ledger_line(store::Session& session, const JournalEntry& entry);

}  // namespace oriel::archive
