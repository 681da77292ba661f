// What is recorded on volumes that are not there now: missing for as long as they are away.
#pragma once
#include <vector>

#include "archive/catalog.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "store/database.h"

namespace oriel::archive {

// Main recordings of the feed on these volumes that overlap `span`, joined where they touch, by
// start. Costs a look at each row of the span. Errors: the database's.
Result<std::vector<UtcSpan>> recorded_on(store::Session& session, const FeedId& feed, UtcSpan span,
                                         const std::vector<VolumeId>& volumes);

// What is recorded in `away` (by start, not overlapping) is missing: disk_failed. Touching spans
// stay touching, in whole milliseconds.
std::vector<TimelineSpan> without(const std::vector<TimelineSpan>& spans,
                                  const std::vector<UtcSpan>& away);

}  // namespace oriel::archive
