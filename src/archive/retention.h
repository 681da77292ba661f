// Keeps what must be kept and lets go of what may go: holds, rules, deletion by people, the dry
// run and the forecast, on one thread that stands back for recording.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "archive/alarms.h"
#include "archive/catalog.h"
#include "archive/deletion.h"
#include "archive/forecast.h"
#include "archive/holds.h"
#include "archive/retention_choice.h"
#include "archive/retention_rules.h"
#include "archive/thinning.h"
#include "archive/usage.h"
#include "base/metrics.h"
#include "base/thread.h"

namespace oriel::archive {

enum class RetentionAction { deleted, key_frames, minute_frames };
BOOST_DESCRIBE_ENUM(RetentionAction, deleted, key_frames, minute_frames)

struct PlannedSpan {
  UtcTime start;
  UtcTime end;
};
BOOST_DESCRIBE_STRUCT(PlannedSpan, (), (start, end))

// What one rule would do to one feed now.
struct PlannedItem {
  std::string feed;
  RetentionCause cause = RetentionCause::keep_days;
  RetentionAction action = RetentionAction::deleted;
  std::int64_t recordings = 0;
  std::int64_t bytes = 0;          // they have now
  std::vector<PlannedSpan> spans;  // at most kPlannedSpansMax, the rest is one
};
BOOST_DESCRIBE_STRUCT(PlannedItem, (), (feed, cause, action, recordings, bytes, spans))
// What would be done if this hold were not.
struct ProtectedItem {
  std::int64_t hold = 0;
  std::int64_t recordings = 0;
  std::int64_t bytes = 0;
};
BOOST_DESCRIBE_STRUCT(ProtectedItem, (), (hold, recordings, bytes))
struct UnmetGoal {
  RetentionCause cause = RetentionCause::free_bytes_min;
  std::string subject;
  std::int64_t missing_bytes = 0;
  bool by_holds = false;
};
BOOST_DESCRIBE_STRUCT(UnmetGoal, (), (cause, subject, missing_bytes, by_holds))

struct RetentionPlan {
  std::int64_t deleted_recordings = 0;
  std::int64_t deleted_bytes = 0;
  std::int64_t thinned_recordings = 0;
  std::vector<PlannedItem> items;
  std::vector<ProtectedItem> held;
  std::vector<UnmetGoal> unmet;
  bool complete = true;  // false: more than kPlanStepsMax, the rest is not counted
};
BOOST_DESCRIBE_STRUCT(RetentionPlan, (),
                      (deleted_recordings, deleted_bytes, thinned_recordings, items, held, unmet,
                       complete))
constexpr std::size_t kPlannedSpansMax = 100;
constexpr std::int64_t kPlanStepsMax = 2'000'000;

// Blocks; changes nothing. Errors: the database's, unavailable.
Result<RetentionPlan> plan_retention(store::Database& database, Usage& usage,
                                     const ChoiceInput& input);

// A person wants a span of a feed gone.
struct DeletionRequest {
  FeedId feed;
  UtcSpan span;
  std::string reason;  // 1 to 1000 bytes
  std::string who;
  bool dry_run = false;  // only say what would go
};
// Whole recordings go: [start, end) is what they cover.
struct DeletionAnswer {
  std::int64_t recordings = 0;
  std::int64_t bytes = 0;
  UtcTime start;
  UtcTime end;
};
BOOST_DESCRIBE_STRUCT(DeletionAnswer, (), (recordings, bytes, start, end))

struct DeletionOrder {
  std::int64_t id = 0;
  std::string feed;
  UtcTime start;
  UtcTime end;
  std::string reason;
  std::string made_by;
  UtcTime made_at;
  std::int64_t recordings = 0;
  std::int64_t bytes = 0;
};
BOOST_DESCRIBE_STRUCT(DeletionOrder, (),
                      (id, feed, start, end, reason, made_by, made_at, recordings, bytes))

struct RetentionOptions {
  Duration interval = Duration::from_s(10);  // between two looks at the rules
  // An alarm is raised when all volumes are going to be full within this time.
  Duration full_within = Duration::from_s(30LL * 86'400);
  // Copying for thinning, so that the disk has room for what is recorded.
  std::uint64_t thinning_bytes_per_s = std::uint64_t{20} << 20;
};

// What it works on; all outlive it.
struct RetentionParts {
  store::Database& database;
  Writer& writer;
  FileSystem& file_system;
  std::function<std::vector<Volume*>()> volumes;
  const Catalog& catalog;
  media::IdSource& ids;
  const Clock& clock;
  AlarmSink& alarms;
  Metrics& metrics;
  Deletion::Forget forget;
};

// Thread-safe; calls block on database and disk unless said otherwise.
class Retention {
 public:
  Retention(RetentionOptions options, RetentionParts parts);
  ~Retention();

  // Loads the rules and begins to work. Errors: the database's.
  Result<void> start();
  // Ends the thread between two recordings. Twice is fine.
  void stop();

  RuleBook& rules() { return rules_; }
  const HoldBook& holds() const { return holds_; }
  Usage& usage() { return usage_; }

  // As HoldBook, and the journals of all volumes that can be written know of it on return; the
  // others are told when they come.
  Result<Hold> make_hold(const HoldRequest& request);
  Result<Hold> release_hold(std::int64_t id, const std::string& who);

  Result<void> set_rule(const std::optional<FeedId>& feed, const RetentionRule& rule,
                        const std::string& who);
  // With the rules in force, or as if these were.
  Result<RetentionPlan> plan(const std::optional<RetentionRules>& rules = std::nullopt);
  // `recording`: the feeds that go on.
  Result<Forecast> forecast(const std::vector<FeedId>& recording,
                            const std::optional<RetentionRules>& rules = std::nullopt);

  static constexpr std::size_t kDeletionRowsMax = 20'000;
  // Nobody finds the recordings once this has returned; their files go within moments. Errors:
  // invalid (an empty, reversed or future span, no reason, too many recordings at once), not_found
  // (nothing is there), conflict (a hold, or one is still being written).
  Result<DeletionAnswer> delete_span(const DeletionRequest& request);
  // Newest first, those with an id below `before`.
  Result<std::vector<DeletionOrder>> deletion_orders(std::size_t count_max,
                                                     std::int64_t before = INT64_MAX) const;

  // Does now what the thread does now and then; for tests and tools.
  Result<void> run_once();

 private:
  void run(const std::stop_token& stop);
  bool pause(Duration length, const std::stop_token& stop);
  void poke();
  Result<void> pass(const std::stop_token& stop);
  // True: there was something to do, and there may be more.
  Result<bool> step(const std::stop_token& stop);
  Result<bool> thin(const RetentionStep& step, const std::stop_token& stop);
  Result<void> erase_all(const std::stop_token& stop);
  Result<void> note_holds();
  Result<void> look_ahead();
  Result<void> touch(const std::vector<Marked>& marked);
  ChoiceInput input(std::vector<Hold> holds) const;
  void tell_failure(const Result<void>& passed);
  void tell_unmet(const std::vector<Unmet>& unmet);
  Result<std::vector<RecordingRow>> rows_of(const DeletionRequest& request) const;

  const RetentionOptions options_;
  const RetentionParts parts_;
  RuleBook rules_;
  HoldBook holds_;
  Usage usage_;
  Deletion deletion_;
  Thinning thinning_;
  Counter& deleted_recordings_;
  Counter& deleted_bytes_;
  Counter& thinned_recordings_;
  Counter& thinned_bytes_;

  std::mutex working_;  // one pass at a time; choice_ and the three below are its
  RetentionChoice choice_;
  std::uint64_t rules_version_ = 0;
  std::optional<SteadyTime> swept_;
  std::optional<SteadyTime> looked_ahead_;
  std::map<std::string, std::string> told_;  // alarms raised: subject, message

  std::mutex noting_;  // one thread tells the journals of holds
  std::mutex mutex_;
  std::condition_variable_any wake_;
  bool poked_ = false;          // guarded by mutex_
  bool holds_changed_ = false;  // guarded by mutex_
  bool failing_ = false;        // its thread only
  NamedThread thread_;
};

}  // namespace oriel::archive
