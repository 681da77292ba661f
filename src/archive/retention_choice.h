// Which recordings the rules would delete or thin, oldest first. One choice serves the thread that
// does it and the dry run that only says so.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "archive/holds.h"
#include "archive/retention_rules.h"
#include "archive/usage.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "media/part.h"
#include "store/database.h"

namespace oriel::archive {

// Which member of the rules asks for it; also the subject of the alarm when it cannot be met.
enum class RetentionCause {
  keep_days,
  feed_bytes_max,
  total_bytes_max,
  free_bytes_min,
  key_frames_after_days,
  minute_frames_after_days,
};
BOOST_DESCRIBE_ENUM(RetentionCause, keep_days, feed_bytes_max, total_bytes_max, free_bytes_min,
                    key_frames_after_days, minute_frames_after_days)

struct RetentionStep {
  RecordingId id;
  FeedId feed;
  media::Rendition rendition = media::Rendition::main;
  VolumeId volume;
  UtcSpan span;
  std::uint64_t bytes = 0;
  media::Thinned thinned = media::Thinned::none;  // as it is
  // What it becomes; none: it is deleted.
  media::Thinned becomes = media::Thinned::none;
  RetentionCause cause = RetentionCause::keep_days;
  const Hold* held_by = nullptr;  // then nothing is done
};

struct VolumeSpace {
  VolumeId id;
  std::uint64_t free_bytes = 0;
  std::uint64_t reserve_bytes = 0;  // below this recording stops, see VolumeOptions
};

// A goal that is not met though everything that may be deleted would be.
struct Unmet {
  RetentionCause cause = RetentionCause::free_bytes_min;
  std::string subject;  // feed or volume; "archive" for all
  std::uint64_t missing_bytes = 0;
  bool by_holds = false;  // held recordings are what stands in the way
};

struct ChoiceInput {
  RetentionRules rules;
  std::vector<Hold> holds;           // in force
  std::vector<VolumeSpace> volumes;  // only those that can be written
  UtcTime now;
};

// For one thread.
class RetentionChoice {
 public:
  RetentionChoice(store::Database& database, Usage& usage);

  // Returns false to stop.
  using Visit = std::function<bool(const RetentionStep&)>;
  // Calls visit with each step; what it was called with counts as done. Blocks. Errors: the
  // database's, unavailable while the usage is not counted.
  Result<void> each(const ChoiceInput& input, const Visit& visit);
  // After each() went through without being stopped.
  const std::vector<Unmet>& unmet() const { return unmet_; }
  // Between calls of each() on what has really been done, remembers how far everything is thinned;
  // forget() when rules or holds changed.
  void forget() { thinned_until_.clear(); }
  // This one cannot be thinned: it is not chosen again until forget().
  void leave(RecordingId id) { left_.insert_or_assign(id, true); }

 private:
  struct Row;
  class FeedWalk;
  class DayWalk;
  using Place = std::pair<std::int64_t, std::int64_t>;  // start_us, id

  Result<bool> delete_of_feed(const FeedId& feed, const ChoiceInput& input, const Visit& visit);
  Result<bool> thin_of_feed(const FeedId& feed, const ChoiceInput& input, media::Thinned stage,
                            const Visit& visit);
  Result<bool> delete_oldest(const ChoiceInput& input, RetentionCause cause,
                             const std::string& subject, std::uint64_t wanted_bytes,
                             const VolumeId* volume, const Visit& visit);
  bool is_taken(const Row& row) const;

  store::Database& database_;
  Usage& usage_;
  std::vector<FeedId> feeds_;
  std::map<FeedId, Place> deleted_until_;  // in this call, by feed: all before are done or held
  std::map<VolumeId, std::uint64_t> freed_;
  std::uint64_t freed_total_ = 0;
  std::uint64_t used_total_ = 0;
  std::vector<Unmet> unmet_;
  std::map<std::pair<FeedId, media::Thinned>, std::int64_t> thinned_until_;  // start_us
  std::map<RecordingId, bool> left_;
};

}  // namespace oriel::archive
