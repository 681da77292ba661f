// What is or was in public, in the order of its last change: for those who copy it.
//
// A Work that is withdrawn or deleted stays in the list, as one that is gone, for good; one that
// was never published is not in it. Each change moves it to the end. Pages are keyset pages over an
// index by (changed_us, id), so that page 10,000 costs what page 1 does, and what changes meanwhile
// comes again and hides nothing.
#pragma once
#include <cstdint>
#include <limits>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "base/time.h"
#include "commons/file.h"
#include "commons/party.h"
#include "commons/term.h"
#include "commons/work.h"
#include "store/database.h"

namespace oriel::commons {

struct Publication {
  Work work;
  std::vector<std::string> sets;  // see work_sets.h
  bool is_gone() const { return work.state != WorkState::published; }
};

// Where a page begins: after the Work of that id, changed then.
struct PublicationKey {
  std::int64_t changed_us = std::numeric_limits<std::int64_t>::min();
  std::string id;
  // Before all that were changed at or after `from`: no id is greater than "~".
  static PublicationKey before(UtcTime from) { return {from.us - 1, "~"}; }
};

struct PublicationRequest {
  std::string set;  // "": all
  PublicationKey after;
  std::int64_t end_us = std::numeric_limits<std::int64_t>::max();  // changed before that
  std::int64_t count = 100;
};

// What the Works of a page name, by id, URI and SHA-256; what is no more there is absent.
struct Names {
  std::unordered_map<std::string, std::shared_ptr<const Party>> parties;
  std::unordered_map<std::string, std::shared_ptr<const Term>> terms;
  std::unordered_map<std::string, File> files;
};

struct PublicationSet {
  std::string spec;
  std::string name;  // in English where there is one
};

// Thread-safe. Every call blocks, on the database, and gives its errors.
class Publications {
 public:
  // Both must outlive it.
  Publications(store::Database& database, const Clock& clock)
      : database_(database), clock_(clock) {}

  // At most `count`, by (changed_us, id).
  Result<std::vector<Publication>> list(const PublicationRequest& request) const;
  // How many there are after `after`.
  Result<std::int64_t> count(const PublicationRequest& request) const;
  // When the one that was changed longest ago was; absent where there is none.
  Result<std::optional<UtcTime>> earliest() const;
  // Errors: not_found (also: never published).
  Result<Publication> load(const std::string& id) const;
  // Every set that something is in, parents first.
  Result<std::vector<PublicationSet>> list_sets() const;
  // A name that changed may be given as it was for up to five seconds.
  Result<Names> names_of(const std::vector<Publication>& page) const;

  // Addresses of what is published now, by id: at most `count` after `after`.
  struct Address {
    std::string id;
    UtcTime changed_at;
  };
  Result<std::vector<Address>> list_addresses(const std::string& after, std::int64_t count) const;
  // The ids that end each stretch of `stretch` such addresses but the last one.
  Result<std::vector<std::string>> list_ends(std::int64_t stretch) const;

 private:
  static constexpr std::size_t kKeptMax = 50'000;

  Result<void> add_parties(store::Session& session, std::vector<std::string> ids,
                           Names& names) const;
  Result<void> add_terms(store::Session& session, std::vector<std::string> uris,
                         Names& names) const;
  void keep(const Names& fresh) const;

  store::Database& database_;
  const Clock& clock_;
  // The same few are named by most Works: those of the last seconds.
  mutable std::mutex mutex_;
  mutable Names kept_;
  mutable SteadyTime kept_since_;
};

}  // namespace oriel::commons
