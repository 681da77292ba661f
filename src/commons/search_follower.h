// Brings the search index up to the catalogue: what is published is in it, everything else is not.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>

#include "commons/catalogue.h"
#include "commons/search_index.h"

namespace oriel::commons {

// One thread at a time. A term or party whose words change is found by the new ones in Works that
// change after that; all of them after the index is made again.
class SearchFollower {
 public:
  // Both must outlive it.
  SearchFollower(const Catalogue& catalogue, SearchIndex& index)
      : catalogue_(catalogue), index_(index) {}

  // Takes in up to `count_max` (1 to 10,000) changes in one commit, and gives how many: as many as
  // asked for when there may be more. With an empty index this makes it from the beginning. Blocks.
  // Errors: of the catalogue and of SearchIndex::apply; nothing of the batch is taken in then.
  Result<std::int64_t> catch_up(std::int64_t count_max);

 private:
  Result<SearchDocument> document_of(const Work& work);
  Result<void> add_terms(const Work& work, SearchDocument& document);
  Result<void> add_party(const std::string& id, SearchDocument& document);

  const Catalogue& catalogue_;
  SearchIndex& index_;
  // Of one batch: the same few are named by most Works.
  std::map<std::string, std::optional<Term>> terms_;
  std::map<std::string, std::optional<Party>> parties_;
};

// The values of the facet `age` that a span of years falls into, of "0-5", "6-8", "9-11", "12-14",
// "15-17", "18-".
std::vector<std::string> age_groups(const Ages& ages);

}  // namespace oriel::commons
