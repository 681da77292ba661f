// The rules of retention: what may go, and when. Without a rule nothing is ever deleted.
#pragma once
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "store/database.h"

namespace oriel::archive {

// Absent: not asked for. Ages count from a recording's end. A feed's rule stands before the
// installation's, member by member.
struct RetentionRule {
  std::optional<double> keep_days;                 // older recordings are deleted
  std::optional<double> key_frames_after_days;     // older ones keep their key frames only
  std::optional<double> minute_frames_after_days;  // older ones keep one frame a minute
  std::optional<std::int64_t> feed_bytes_max;      // the oldest of the feed are deleted above this
  // Only for the installation.
  std::optional<std::int64_t> total_bytes_max;  // the oldest of all are deleted above this
  std::optional<std::int64_t> free_bytes_min;   // on each volume: the oldest there are deleted
  bool operator==(const RetentionRule&) const = default;
};
BOOST_DESCRIBE_STRUCT(RetentionRule, (),
                      (keep_days, key_frames_after_days, minute_frames_after_days, feed_bytes_max,
                       total_bytes_max, free_bytes_min))

constexpr double kRuleDaysMin = 1.0 / 86'400;  // a second
constexpr double kRuleDaysMax = 36'500;
Duration duration_of_days(double days);

// Errors: invalid, naming the member: out of range, thinning that never comes, what only the
// installation has.
Result<void> check_rule(const RetentionRule& rule, bool of_feed);

// `scope` absent: the installation. `declared`: by the configuration file, not to be changed here.
struct ScopedRule {
  std::optional<std::string> feed;
  RetentionRule rule;
  bool declared = false;
};
BOOST_DESCRIBE_STRUCT(ScopedRule, (), (feed, rule, declared))

// All rules in force, as a value.
struct RetentionRules {
  RetentionRule installation;
  std::map<FeedId, RetentionRule> feeds;
  // What holds for a feed, its own members before the installation's.
  RetentionRule of(const FeedId& feed) const;
  bool empty() const;
};

// What the file declares and what people set. Thread-safe. Errors: also the database's.
class RuleBook {
 public:
  explicit RuleBook(store::Database& database);
  // Blocks; once, before the first rule is asked for.
  Result<void> load();
  // What the configuration file says now; stands before what is stored for the same scope.
  void declare(RetentionRules declared);

  RetentionRules rules() const;
  std::vector<ScopedRule> list() const;
  // Blocks. `feed` absent: the installation's. An empty rule takes it away. Errors: invalid,
  // conflict (the file declares it).
  Result<void> set(const std::optional<FeedId>& feed, const RetentionRule& rule,
                   const std::string& who, UtcTime now);
  // Moves with every change.
  std::uint64_t version() const;

 private:
  store::Database& database_;
  mutable std::mutex mutex_;
  RetentionRules declared_;  // guarded by mutex_, as all below
  RetentionRules stored_;
  std::uint64_t version_ = 0;
};

}  // namespace oriel::archive
