// The search index of the commons: one folder beside either database, made again from it at any
// time. Xapian keeps words and postings; facets, sorting and scoring go over columns in memory
// (search_columns.h).
//
// What is found: every word of the question, in any of its forms in the language (stems), in any
// text of the document. A run of Chinese or Japanese, and what stands in quotation marks, is found
// where each two neighbours of it stand side by side. Latin letters find Chinese by pinyin. "-word"
// leaves out. Counts are exact.
//
// On disk: the folder is a Xapian database (glass). Its metadata hold `format`, `change` (the last
// change of the catalogue that is in it) and `v0`, `v1` … (the values of facets). One commit takes
// documents and `change` together, so after a kill it stands at an earlier change, and goes on
// from there. Only whoever has it open for writing may delete it.
#pragma once
#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/describe.hpp>

#include "base/result.h"
#include "base/time.h"

namespace oriel::commons {

// Stored by number: only append.
enum class Facet : std::uint8_t {
  kind,
  licence,
  language,
  sdg,
  subject,
  level,
  place,
  taxon,
  institution,
  age,
};
BOOST_DESCRIBE_ENUM(Facet, kind, licence, language, sdg, subject, level, place, taxon, institution,
                    age)
inline constexpr int kFacets = static_cast<int>(Facet::age) + 1;

struct SearchText {
  std::string language;  // BCP 47; may be empty
  std::string text;
  bool title = false;  // counts four times, and begins are found by one or two letters
};

struct SearchDocument {
  std::string id;  // 1 to 64 bytes
  std::vector<SearchText> texts;
  std::map<Facet, std::vector<std::string>>
      facets;  // values of 1 to 200 bytes; longer are left out
  UtcTime published;
};

enum class SearchSort { relevance, newest, oldest, title };
BOOST_DESCRIBE_ENUM(SearchSort, relevance, newest, oldest, title)

struct SearchRequest {
  static constexpr std::size_t kTextBytesMax = 500;
  static constexpr std::size_t kWordsMax = 24;
  static constexpr std::size_t kFilterValuesMax = 200;
  static constexpr std::int64_t kDepthMax = 10'000;  // offset + count
  std::string text;                                  // empty: everything
  std::string language = "en";                       // of who asks: for stems
  bool typing = false;  // the last word may go on: it is found as a beginning, too
  // Of each facet any of these; all facets that are named.
  std::map<Facet, std::vector<std::string>> filters;
  SearchSort sort = SearchSort::relevance;
  std::int64_t offset = 0;
  std::int64_t count = 20;
  std::int64_t facet_values_max = 50;  // of each facet, those with the highest counts
};

struct FacetCount {
  std::string value;
  std::int64_t count = 0;
  bool operator==(const FacetCount&) const = default;
};
BOOST_DESCRIBE_STRUCT(FacetCount, (), (value, count))

struct SearchAnswer {
  std::vector<std::string> ids;
  std::int64_t total = 0;
  // What there would be with each value, the other facets' filters applied: so a second value of
  // one facet can be added.
  std::map<Facet, std::vector<FacetCount>> facets;
  std::string suggestion;  // the question with other spelling, when a word of it is nowhere
};

class SearchColumns;

class SearchIndex {
 public:
  // Opens or makes `folder` (its parent must exist) for writing; an index of another format is
  // made empty, change 0. `clock` must outlive it. Reads all rows: about a second a million.
  // Errors: conflict (open for writing elsewhere), data_loss (make it again), exhausted, denied,
  // internal.
  static Result<std::unique_ptr<SearchIndex>> open(const std::filesystem::path& folder,
                                                   const Clock& clock);
  ~SearchIndex();
  SearchIndex(const SearchIndex&) = delete;
  SearchIndex& operator=(const SearchIndex&) = delete;

  // The number of the last change that is in it; 0 when it is new.
  std::int64_t change() const;
  std::int64_t documents() const;

  // Puts documents in or in place of those with their ids, takes out those of `removed` (whether
  // they are there or not), all of it or, on an error, nothing; searches see it from then on.
  // Blocks for the disk; callers wait for each other. Errors: as open, invalid (an id).
  Result<void> apply(const std::vector<SearchDocument>& documents,
                     const std::vector<std::string>& removed, std::int64_t change);

  // Thread-safe, while apply runs too. Errors: invalid (too long, too many words, too deep),
  // deadline (no answer within `limit`), data_loss, internal.
  Result<SearchAnswer> search(const SearchRequest& request,
                              Duration limit = Duration::from_s(2)) const;

 private:
  struct State;
  explicit SearchIndex(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace oriel::commons
