// Holds: spans whose recordings nothing deletes or thins, whatever the rules and however full the
// disk. The database's table `hold` is the authority and is asked inside each transaction that
// marks recordings for deletion; each volume's journal has a copy (hold_made, hold_released).
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <boost/describe.hpp>

#include "archive/journal.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "store/database.h"

namespace oriel::archive {

enum class HoldState {
  in_force,
  lapsed,    // its end date has come
  released,  // by a person
};
BOOST_DESCRIBE_ENUM(HoldState, in_force, lapsed, released)

// `feed` absent: all feeds. A recording is held when any of it lies in [start, end).
struct Hold {
  std::int64_t id = 0;
  std::optional<std::string> feed;
  UtcTime start;
  UtcTime end;
  std::string reason;
  std::string made_by;
  UtcTime made_at;
  std::optional<UtcTime> until;  // lapses by itself then
  std::optional<std::string> released_by;
  std::optional<UtcTime> released_at;
  HoldState state = HoldState::in_force;

  bool covers(const FeedId& of, UtcSpan span) const {
    return (!feed || *feed == of.str()) && span.overlaps({start, end});
  }
};
BOOST_DESCRIBE_STRUCT(Hold, (),
                      (id, feed, start, end, reason, made_by, made_at, until, released_by,
                       released_at, state))

struct HoldRequest {
  std::optional<FeedId> feed;
  UtcSpan span;        // may end in the future: what will be recorded is held, too
  std::string reason;  // 1 to 1000 bytes
  std::string who;
  std::optional<UtcTime> until;
};

// Thread-safe; every call blocks on the database. Errors: also the database's.
class HoldBook {
 public:
  HoldBook(store::Database& database, const Clock& clock);
  static constexpr std::size_t kInForceMax = 10'000;

  // Survives a loss of power when this returns. Errors: invalid (an empty or reversed span, one
  // that begins in the future, an end date that has passed, a reason that is empty or too long),
  // not_found (no such feed, or nothing of the span is there any more), exhausted.
  Result<Hold> make(const HoldRequest& request);
  // Errors: not_found, conflict (released already, or lapsed).
  Result<Hold> release(std::int64_t id, const std::string& who);
  // All that ever were, newest first: those with an id below `before`.
  Result<std::vector<Hold>> list(std::size_t count_max, std::int64_t before = INT64_MAX) const;
  Result<std::vector<Hold>> in_force() const;

  // What the journal of this volume does not know yet; then that it knows.
  Result<std::vector<Hold>> not_noted(const VolumeId& volume) const;
  Result<void> set_noted(const VolumeId& volume, const std::vector<Hold>& holds);

 private:
  store::Database& database_;
  const Clock& clock_;
};

// Inside a transaction.
Result<std::vector<Hold>> holds_in_force(store::Session& session, UtcTime now);
// The first of `holds` that covers the span; null when none does.
const Hold* find_hold(const std::vector<Hold>& holds, const FeedId& feed, UtcSpan span);

JournalEntry hold_entry(const Hold& hold);
// Brings a line hold_made or hold_released into the database, in any order and as often as it is
// read. Errors: invalid (another kind, or a member is missing).
Result<void> restore_hold(store::Session& session, const JournalEntry& entry);

}  // namespace oriel::archive
