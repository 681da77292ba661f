// Questions that people ask again: each account has its own.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include <boost/describe/class.hpp>

#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "store/database.h"

namespace oriel::commons {

struct SavedSearch {
  std::string id;
  std::string name;
  std::string query;  // as in the address of the search: "q=antelope&kind=clip"
  UtcTime made_at;
  bool operator==(const SavedSearch&) const = default;
};
BOOST_DESCRIBE_STRUCT(SavedSearch, (), (id, name, query, made_at))

// Thread-safe. Every call blocks, on the database, and gives its errors.
class SavedSearches {
 public:
  static constexpr std::size_t kCountMax = 200;  // of one account
  static constexpr std::size_t kNameBytesMax = 200;
  static constexpr std::size_t kQueryBytesMax = 2'000;

  // Both must outlive it.
  SavedSearches(store::Database& database, const Clock& clock)
      : database_(database), clock_(clock) {}

  // `query` is not looked into. Errors: invalid (the name, a length), conflict (there are
  // kCountMax).
  Result<SavedSearch> add(UserId account, const std::string& name, const std::string& query);
  Result<std::vector<SavedSearch>> list(UserId account) const;  // the oldest first
  Result<void> remove(UserId account, const std::string& id);   // not_found

 private:
  store::Database& database_;
  const Clock& clock_;
};

}  // namespace oriel::commons
