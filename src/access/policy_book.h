// The feeds' policies, places and withheld spans in memory, so that passing the gate costs no SQL.
#pragma once
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <shared_mutex>
#include <string>
#include <unordered_map>
#include <vector>

#include <boost/describe/class.hpp>

#include "access/gate.h"
#include "access/identity.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "store/database.h"

namespace oriel::access {

// As the desk shows it. `end` absent: until released.
struct Withheld {
  std::int64_t id = 0;
  std::string feed;
  UtcTime start;
  std::optional<UtcTime> end;
  std::string reason;
  std::string made_by;
  UtcTime made_at;
};
BOOST_DESCRIBE_STRUCT(Withheld, (), (id, feed, start, end, reason, made_by, made_at))

struct WithholdRequest {
  FeedId feed;
  UtcSpan span;        // end kForever: until released
  std::string reason;  // 1 to 1000 characters
  std::string who;     // the account's name
};

// Where withheld spans are also noted, so that they stay withheld when the database is made again.
// Blocks until the note survives a loss of power. Errors: unavailable, deadline.
class PolicyJournal {
 public:
  virtual ~PolicyJournal() = default;
  virtual Result<void> note_withheld(const Withheld& withheld) = 0;
  virtual Result<void> note_released(std::int64_t id) = 0;
};

// Thread-safe. Only withhold(), release() and load() block, on the database.
class PolicyBook {
 public:
  // Past these, set_feed(), set_site() and withhold() refuse (exhausted).
  static constexpr std::size_t kFeedsMax = 20'000;
  static constexpr std::size_t kSitesMax = 20'000;
  static constexpr std::size_t kWithheldPerFeedMax = 10'000;

  // All must outlive it. `journal` may be absent (tests, tools).
  PolicyBook(store::Database& database, const Clock& clock, PolicyJournal* journal = nullptr);

  // Reads the withheld spans; once, before the first view is given.
  Result<void> load();

  // By app, when feeds and sites come, change and go. A feed that is gone but has recordings stays,
  // with the policy it should have. Withheld spans are kept when a feed is removed and set again.
  // Errors: invalid (a negative delay), exhausted.
  Result<void> set_feed(const FeedId& feed, FeedPolicy policy);
  void remove_feed(const FeedId& feed);
  Result<void> set_site(const SiteId& site, SitePlaces places);
  void remove_site(const SiteId& site);

  // The gate. Error: not_found, in the same words for a feed that is not there and one this viewer
  // may not know of. A view that is given is always allowed.
  Result<View> view(const FeedId& feed, const Identity& identity) const;
  // A site is known to visitors when one of its feeds is public. Error: not_found, as above.
  Result<std::optional<Place>> place(const SiteId& site, const Identity& identity) const;

  // Hides a span from all but operators, from Oriel at once and from caches within the hour (see
  // gate.h). Gives its id once the journal has it, too. Errors: invalid, not_found
  // (the feed), exhausted, of the database; of the journal: then nothing is withheld.
  Result<std::int64_t> withhold(const WithholdRequest& request);
  // Errors: not_found. A journal that does not take it is logged: the span would be withheld again
  // in a database that is made again, which is the safe side.
  Result<void> release(std::int64_t id);
  // Of one feed or of all, by feed and start. For who may withhold.
  std::vector<Withheld> list_withheld(const std::optional<FeedId>& feed) const;

  // Moves with every change of what someone may see.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }

 private:
  struct Feed {
    std::optional<FeedPolicy> policy;  // nullopt: only withheld spans are known of it
    std::vector<Withheld> withheld;    // by start
    Spans spans;                       // of the above, joined; null when there are none
  };
  static void rebuild(Feed& feed);
  void changed() { version_.fetch_add(1, std::memory_order_acq_rel); }

  store::Database& database_;
  const Clock& clock_;
  PolicyJournal* const journal_;
  mutable std::shared_mutex mutex_;
  std::unordered_map<FeedId, Feed> feeds_;
  std::unordered_map<SiteId, SitePlaces> sites_;
  std::atomic<std::uint64_t> version_ = 0;
};

}  // namespace oriel::access
