// What of a recording is unreadable: rows of the table `damage`, made by the verifier.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "archive/catalog.h"
#include "base/ids.h"
#include "base/time.h"
#include "store/database.h"

namespace oriel::archive {

struct DamagedSpan {
  RecordingId recording;
  UtcSpan span;
  std::string what;
  UtcTime found;
};

// Replaces what is known of the recording; no spans: it is whole. True when that changed something.
Result<bool> set_damage(store::Session& session, const RecordingRow& row,
                        const std::vector<UtcSpan>& spans, std::string_view what, UtcTime now);
// Of recordings that are there, by start, that overlap the span.
Result<std::vector<DamagedSpan>> damage_of(store::Session& session, const FeedId& feed,
                                           media::Rendition rendition, UtcSpan span);
struct DamageCount {
  std::int64_t recordings = 0;
  UtcTime first;
};
Result<DamageCount> count_damage(store::Session& session, const FeedId& feed);

}  // namespace oriel::archive
