// What is missing of each feed right now, and why: at most one open gap a feed.
#pragma once
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "archive/row_writer.h"
#include "base/ids.h"
#include "base/time.h"
#include "media/reason.h"

namespace oriel::archive {

// Two things can be missing: the source (told by ingest) and the disk (told by the writer). The
// source's reason is the one that counts when both are. Thread-safe; bounded by the number of
// feeds.
class GapLedger {
 public:
  // A gap that was open when the program started.
  void load(const FeedId& feed, media::Reason reason, UtcTime start);

  // What has changed, in order. The same reason again changes nothing; a time before the open gap's
  // start counts as that start.
  std::vector<RowChange> note_source(const FeedId& feed, media::Reason reason, UtcTime at);
  std::vector<RowChange> note_disk(const FeedId& feed, media::Reason reason, UtcTime at);
  // An ordered stop: all feeds but those that a person paused.
  std::vector<RowChange> note_stop(UtcTime at);

 private:
  struct State {
    media::Reason source = media::Reason::none;
    media::Reason disk = media::Reason::none;
    media::Reason open = media::Reason::none;  // of the open gap
    UtcTime since;
  };
  void settle(const FeedId& feed, State& state, UtcTime at, std::vector<RowChange>& changes);

  std::mutex mutex_;
  std::map<FeedId, State> feeds_;  // guarded by mutex_
};

}  // namespace oriel::archive
