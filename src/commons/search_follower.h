// Brings the search index up to the catalogue: what is published is in it, everything else is not.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "commons/catalogue.h"
#include "commons/search_index.h"

namespace oriel::commons {

// What a Work is found by. One thread at a time.
class SearchDocuments {
 public:
  // It must outlive it.
  explicit SearchDocuments(const Catalogue& catalogue) : catalogue_(catalogue) {}
  // Blocks, on the database. Errors: of the catalogue.
  Result<SearchDocument> of(const Work& work);
  // The terms and parties that were read are read again: the same few are named by most Works.
  void forget();

 private:
  Result<void> add_terms(const Work& work, SearchDocument& document);
  Result<void> add_party(const std::string& id, SearchDocument& document);

  const Catalogue& catalogue_;
  std::map<std::string, std::optional<Term>> terms_;
  std::map<std::string, std::optional<Party>> parties_;
};

// One thread at a time. A term or party whose words change is found by the new ones in Works that
// change after that; all of them after the index is made again.
class SearchFollower {
 public:
  // Both must outlive it.
  SearchFollower(const Catalogue& catalogue, SearchIndex& index)
      : catalogue_(catalogue), index_(index), documents_(catalogue) {}

  // Takes in up to `count_max` (1 to PageRequest::kCountMax) changes in one commit, and gives how
  // many: as many as asked for when there may be more. With an empty index this makes it from the
  // beginning. Blocks. Errors: of the catalogue and of SearchIndex::apply, and internal for what
  // was thrown; nothing of the batch is taken in then.
  Result<std::int64_t> catch_up(std::int64_t count_max);

 private:
  Result<std::int64_t> take_in(std::int64_t count_max);

  const Catalogue& catalogue_;
  SearchIndex& index_;
  SearchDocuments documents_;
};

// The values of the facet `age` that a span of years falls into, of "0-5", "6-8", "9-11", "12-14",
// "15-17", "18-".
std::vector<std::string> age_groups(const Ages& ages);

}  // namespace oriel::commons
