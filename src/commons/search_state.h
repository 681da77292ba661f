// What the search index holds open: of no use outside its own sources.
#pragma once
#include <atomic>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <xapian.h>

#include "commons/search_columns.h"
#include "commons/search_index.h"
#include "commons/search_terms.h"

namespace oriel::commons {

// Databases for reading, which threads may not share. A database that was opened before the newest
// change is brought up to it when it is taken.
class SearchReaders {
 public:
  explicit SearchReaders(std::filesystem::path folder) : folder_(std::move(folder)) {}
  struct Reader {
    std::uint64_t generation = 0;  // of the newest change it surely has
    Xapian::Database database;
  };
  // Throws Xapian::Error.
  Reader take();
  void give_back(Reader reader);
  void changed() { ++generation_; }

 private:
  static constexpr std::size_t kIdleMax = 8;
  std::filesystem::path folder_;
  std::atomic<std::uint64_t> generation_ = 0;
  std::mutex mutex_;
  std::vector<Reader> idle_;
};

struct SearchIndex::State {
  State(std::filesystem::path folder, const Clock& given) : clock(given), readers(folder) {}

  std::shared_ptr<const SearchColumns> columns() const {
    const std::lock_guard lock(columns_mutex);
    return newest;
  }

  const Clock& clock;
  std::mutex writing;  // one apply at a time
  Xapian::WritableDatabase database;
  FacetWords words;  // under `writing`
  std::atomic<std::int64_t> change = 0;
  mutable std::mutex columns_mutex;
  std::shared_ptr<const SearchColumns> newest = std::make_shared<SearchColumns>();
  mutable SearchReaders readers;
};

inline constexpr std::string_view kSearchFormat = "1";
inline constexpr Xapian::valueno kRowSlot = 0;
// Where the metadata keep a value of a facet: "v0", "v1" …
std::string value_key(std::size_t number);

// The row of a document; its values get their numbers in `words`.
RowContent search_row(const SearchDocument& document, std::size_t tokens, FacetWords& words);
// What Xapian keeps of it.
Xapian::Document search_entry(const SearchDocument& document,
                              const search_terms::DocumentTerms& terms, const RowContent& row);

// Xapian's exceptions as errors, in one place.
Error search_error(const Xapian::Error& error);

// One attempt; throws Xapian::DatabaseModifiedError where a change went over the reader.
Result<SearchAnswer> search_once(const Xapian::Database& database, const SearchColumns& columns,
                                 const SearchRequest& request, const Clock& clock,
                                 SteadyTime deadline);

}  // namespace oriel::commons
