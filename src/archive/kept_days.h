// The timeline of days that are over, laid once and kept as rows (kept_day), so that a year is read
// in a few hundred rows instead of a hundred thousand. Days are those of UTC; what is kept are the
// spans and not their sums, so that every time zone, step and viewer has its own sum of them.
//
// A kept day is always what laying it again would give: whoever changes a main recording that is
// closed, a gap or a damage says so in the same transaction by past_changed(), which drops the days
// that it may touch. The days are laid in a transaction that writes, so that nothing changes
// between the look and the row. tests/archive_rows_test.py looks for who forgets.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "archive/catalog.h"
#include "archive/timeline.h"
#include "base/bytes.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "store/database.h"

namespace oriel::archive {

// Drops the kept days that a change of what was in `changed` touches: between what stands before
// and what comes after it, since time without a reason takes it from its neighbours. After the
// change. Errors: the database's.
Result<void> past_changed(store::Session& session, const FeedId& feed, UtcSpan changed);
// The same for a recording, by its row, which is still there.
Result<void> past_changes(store::Session& session, RecordingId recording);
// All days of all feeds from `since` on; for what writes many rows at once.
Result<void> forget_days(store::Session& session, UtcTime since);

// As lay_timeline(), by means of the days that are kept.
Result<Timeline> read_timeline(store::Session& session, const FeedId& feed, UtcSpan span,
                               const std::vector<UnsettledRecording>& open, UtcTime now);

// Lays and keeps days of the feed that are over and not kept yet, a month of them at the most;
// gives how many. `open`: what the writer has not settled. Errors: the database's.
Result<std::size_t> keep_days(store::Database& database, const FeedId& feed,
                              const std::vector<UnsettledRecording>& open, UtcTime now);

// The spans of one day as they are stored, and back. Spans that do not make up the day, and bytes
// that do not, are nothing.
Bytes encode_day(const std::vector<TimelineSpan>& spans);
std::optional<std::vector<TimelineSpan>> decode_day(ByteView bytes, UtcTime start);

}  // namespace oriel::archive
