#include "archive/gap_ledger.h"

#include <algorithm>

namespace oriel::archive {

void GapLedger::load(const FeedId& feed, media::Reason reason, UtcTime start) {
  const std::lock_guard lock(mutex_);
  feeds_[feed] = {reason, media::Reason::none, reason, start};
}

std::vector<RowChange> GapLedger::note_source(const FeedId& feed, media::Reason reason,
                                              UtcTime at) {
  std::vector<RowChange> changes;
  const std::lock_guard lock(mutex_);
  auto& state = feeds_[feed];
  state.source = reason;
  settle(feed, state, at, changes);
  return changes;
}

std::vector<RowChange> GapLedger::note_disk(const FeedId& feed, media::Reason reason, UtcTime at) {
  std::vector<RowChange> changes;
  const std::lock_guard lock(mutex_);
  auto& state = feeds_[feed];
  state.disk = reason;
  settle(feed, state, at, changes);
  return changes;
}

std::vector<RowChange> GapLedger::note_stop(UtcTime at) {
  std::vector<RowChange> changes;
  const std::lock_guard lock(mutex_);
  for (auto& [feed, state] : feeds_) {
    if (state.source != media::Reason::paused) state.source = media::Reason::server_stopped;
    settle(feed, state, at, changes);
  }
  return changes;
}

void GapLedger::settle(const FeedId& feed, State& state, UtcTime at,
                       std::vector<RowChange>& changes) {
  const auto wanted = state.source != media::Reason::none ? state.source : state.disk;
  if (wanted == state.open) return;
  at = std::max(at, state.since);
  if (state.open != media::Reason::none) changes.emplace_back(GapEndedRow{feed, at});
  if (wanted != media::Reason::none) changes.emplace_back(GapBeganRow{feed, at, wanted});
  state.open = wanted;
  state.since = at;
}

}  // namespace oriel::archive
