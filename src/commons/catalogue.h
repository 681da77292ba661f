// The catalogue: parties, terms and Works in the database, with their history.
//
// A Work's content lies as JSON in one row, and what each change replaced in a row of its own;
// beside it stand its state and, for questions from the other end, whom it names (work_link).
// Every change takes the next number of one counter inside its transaction, so that who follows
// the numbers (the search index, a harvester) misses none: the counter's row is held until the
// commit, so a number is never seen before the smaller ones.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <boost/describe/class.hpp>

#include "base/result.h"
#include "base/time.h"
#include "commons/ids.h"
#include "commons/party.h"
#include "commons/term.h"
#include "commons/work.h"
#include "store/database.h"

namespace oriel::commons {

// Who changes something, and why.
struct Contribution {
  std::string by;           // the account
  std::string note;         // may be empty
  std::string import = {};  // the id of the import that a new Work comes with; "": none
};

// A stretch of a list; `next` is where the following one begins, absent at the end.
template <class T>
struct Page {
  std::vector<T> items;
  std::optional<std::string> next;
};

struct PageRequest {
  static constexpr std::int64_t kCountMax = 1'000;
  std::string after;         // `next` of the page before; "": from the beginning
  std::int64_t count = 100;  // 1 to kCountMax
};

// What a Work names. Stored by number: only append.
enum class Relation : std::uint8_t { part = 1, source, steward, maker, file };

// A Work as it was before a later change.
struct WorkVersion : WorkContent {
  std::int64_t version = 0;
  WorkState state = WorkState::draft;
  UtcTime changed_at;
  std::string changed_by;
  std::string note;
  bool operator==(const WorkVersion&) const = default;
};
BOOST_DESCRIBE_STRUCT(WorkVersion, (WorkContent), (version, state, changed_at, changed_by, note))

// Inside a transaction of the caller, for changes of many Works at once. Errors: as the members of
// Catalogue; after one the transaction is to be given up.
Result<Work> add_work(store::Session& session, const WorkContent& content,
                      const Contribution& contribution, UtcTime now);
Result<Work> load_work(store::Session& session, const WorkId& id);
Result<Party> load_party(store::Session& session, const PartyId& id);
Result<Work> move_work(store::Session& session, const WorkId& id, std::int64_t version,
                       WorkState state, const Contribution& contribution, UtcTime now);
// What the content names (Works, parties, terms, files) is there. Errors: invalid, naming it.
Result<void> check_named(store::Session& session, const WorkContent& content);

// Thread-safe. Every call blocks, on the database, and may give its errors too.
class Catalogue {
 public:
  static constexpr std::int64_t kSourcesMax = 10'000;

  // Both must outlive it.
  Catalogue(store::Database& database, const Clock& clock) : database_(database), clock_(clock) {}

  // As a draft, version 1. Errors: invalid (the content; it names what is not there).
  Result<Work> add_work(const WorkContent& content, const Contribution& contribution);
  // In whatever state. Errors: not_found (there never was one).
  Result<Work> load_work(const WorkId& id) const;
  // Replaces the content of version `version`; the state stays. Errors: invalid (also: it would
  // contain itself, or come from itself, through others too), not_found, conflict (it has another
  // version by now, or it is deleted).
  Result<Work> change_work(const WorkId& id, std::int64_t version, const WorkContent& content,
                           const Contribution& contribution);
  // To `state`, as may_become() has it. Of a deleted Work title and kind stay, and its history
  // goes. Errors: not_found, conflict (another version; not from its state; to be published its
  // licence is unknown or clashes with that of what it came from, or a Work that it holds is not
  // published, and the message says which).
  Result<Work> move_work(const WorkId& id, std::int64_t version, WorkState state,
                         const Contribution& contribution);
  // Of what that account made, how much is a draft or in review.
  Result<std::int64_t> count_unpublished(const std::string& account) const;
  // Newest first; of one state, or all that are not deleted.
  Result<Page<Work>> list_works(std::optional<WorkState> state, const PageRequest& page) const;
  // The ids of the Works that name `target` (an id or a SHA-256) as that, by id.
  Result<Page<std::string>> list_naming(Relation relation, const std::string& target,
                                        const PageRequest& page) const;
  // The moments that it and the Works it came from, however far back, were cut from. Errors:
  // exhausted (it came from more than kSourcesMax).
  Result<std::vector<MomentOf>> list_moments(const WorkId& id) const;
  // In whatever state, also deleted, with a change number above `change`, by that number.
  Result<std::vector<Work>> list_changed(std::int64_t change, std::int64_t count_max) const;
  // Newest first, the version of now not among them; `next` as ever.
  Result<Page<WorkVersion>> list_versions(const WorkId& id, const PageRequest& page) const;

  // Errors: invalid (also: `within` is not there, or is within this one).
  Result<Party> add_party(const PartyContent& content);
  Result<Party> load_party(const PartyId& id) const;  // not_found
  // Errors: as add_party; not_found, conflict (it has another version by now).
  Result<Party> change_party(const PartyId& id, std::int64_t version, const PartyContent& content);
  // Errors: not_found, conflict (a Work or a party names it).
  Result<void> remove_party(const PartyId& id);
  Result<Page<Party>> list_parties(const PageRequest& page) const;  // by id: the oldest first

  // New, or instead of the one with that URI. Errors: invalid (also: `broader` is not there).
  Result<void> put_term(const Term& term);
  Result<Term> load_term(const std::string& uri) const;  // not_found
  // By URI; of one scheme, or all.
  Result<Page<Term>> list_terms(std::optional<TermScheme> scheme, const PageRequest& page) const;

 private:
  store::Database& database_;
  const Clock& clock_;
};

// draft → in_review → published ⇄ withdrawn; back from review and from withdrawn to draft; deleted
// from anything that is not in public.
bool may_become(WorkState from, WorkState to);

}  // namespace oriel::commons
