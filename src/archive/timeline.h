// The timeline from its rows; Catalog::timeline() is for all others.
#pragma once
#include <vector>

#include "archive/catalog.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "store/database.h"

namespace oriel::archive {

// Every whole millisecond of `span`, which is in whole milliseconds and not later than `now`, in
// exactly one state; what a moment's state is does not depend on the span that was asked for. The
// unsettled recordings of the writer count as they stand, in place of their rows.
Result<Timeline> lay_timeline(store::Session& session, const FeedId& feed, UtcSpan span,
                              const std::vector<UnsettledRecording>& open, UtcTime now);

// The end of the latest recording or gap that begins before span.begin, at most span.begin, and the
// start of the first that begins at or after span.end; INT64_MIN, INT64_MAX where there is none.
Result<UtcSpan> between_neighbours(store::Session& session, const FeedId& feed, UtcSpan span);

// Where the first recording or gap of the feed begins; INT64_MAX without any.
Result<UtcTime> declared_at(store::Session& session, const FeedId& feed);

}  // namespace oriel::archive
