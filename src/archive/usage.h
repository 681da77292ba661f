// How many bytes of which feed lie on which volume, by day: kept in memory, so that the desk, the
// rules of retention and the forecast do not sum millions of rows.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <vector>

#include "archive/writer.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "media/part.h"
#include "store/database.h"

namespace oriel::archive {

// What recordings that start on one UTC day have on one volume, all renditions.
struct DayUse {
  std::int32_t day = 0;  // since 1970
  VolumeId volume;
  media::Thinned thinned = media::Thinned::none;
  std::uint32_t recordings = 0;
  std::uint64_t bytes = 0;
};

struct FeedTotals {
  std::uint64_t bytes = 0;  // open recordings included
  std::uint64_t recordings = 0;
  std::uint64_t today_bytes = 0;  // of recordings that start today, UTC
};

// Counts come from the database alone and are counted again for the days that changed: the writer
// says when a recording of a feed was settled, touch() says what else changed. Thread-safe. Memory:
// some 40 bytes a feed, volume and day (3 MB for 76 feeds of a year).
class Usage {
 public:
  // `writer` may be absent (tools that only read); nobody else calls its take_settled().
  Usage(store::Database& database, Writer* writer);

  static constexpr std::int64_t kDay_us = 86'400'000'000;
  static std::int32_t day_of(UtcTime time) { return static_cast<std::int32_t>(time.us / kDay_us); }

  // Counts everything, feed by feed; once, at start, off the way of whoever waits. Blocks on the
  // database. `go_on` is asked between feeds.
  Result<void> load(const std::function<bool()>& go_on);
  bool loaded() const;
  // Recordings of the feed that start in the span came, went or were thinned. Blocks.
  Result<void> touch(const FeedId& feed, UtcSpan span);

  // Those that have recordings. Blocks on the database only for feeds that the writer has settled
  // recordings of since.
  Result<std::vector<FeedId>> feeds();
  // Errors: unavailable until it is loaded.
  Result<FeedTotals> totals(const FeedId& feed, UtcTime now);
  Result<std::vector<DayUse>> days(const FeedId& feed);

 private:
  struct Feed {
    std::vector<DayUse> days;        // by day
    std::optional<UtcTime> settled;  // not counted yet: recordings from here on
  };
  Result<void> count(const FeedId& feed, std::int32_t first_day, std::int32_t end_day);
  Result<void> refresh(const FeedId& feed);
  void note_settled();
  Result<void> check_loaded() const;

  store::Database& database_;
  Writer* const writer_;
  std::mutex counting_;  // one count at a time; taken before mutex_
  mutable std::mutex mutex_;
  bool loaded_ = false;  // guarded by mutex_, as below
  std::map<FeedId, Feed> feeds_;
};

// All feeds that have a recording, also those that were removed. Blocks.
Result<std::vector<FeedId>> recorded_feeds(store::Session& session);

}  // namespace oriel::archive
