// What facets, sorting and scoring need of every document, in memory: 24 bytes a document and four
// for each value of a facet. Counting 250,000 hits here takes milliseconds; asking the index for
// the values of each document would take most of a second.
//
// Nothing here is kept for itself: each document carries its row as value 0 of the index, and all
// rows are read from there when it is opened. A snapshot never changes; a change makes new chunks
// of those that are touched.
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/result.h"
#include "commons/search_index.h"

namespace oriel::commons {

// One for each value of any facet, numbered for good in order of first appearance.
class FacetWords {
 public:
  std::uint32_t add(Facet facet, const std::string& value);
  std::optional<std::uint32_t> find(Facet facet, const std::string& value) const;
  std::size_t size() const { return words_.size(); }
  Facet facet(std::uint32_t number) const { return words_[number].first; }
  const std::string& value(std::uint32_t number) const { return words_[number].second; }
  // As it stands in the metadata of the index, and back. Errors: data_loss.
  std::string key(std::uint32_t number) const;
  Result<void> append_key(const std::string& key);

 private:
  std::vector<std::pair<Facet, std::string>> words_;
  std::unordered_map<std::string, std::uint32_t> numbers_;
};

struct SearchRow {
  std::uint32_t begin = 0;  // of its values in the chunk
  std::uint16_t count = 0;
  std::uint16_t length = 0;  // tokens, at most 65535
  std::uint32_t published_s = 0;
  std::uint32_t live = 0;  // 0: no such document
  std::uint64_t title_key = 0;
};

struct RowContent {
  std::uint16_t length = 0;
  std::uint32_t published_s = 0;
  std::uint64_t title_key = 0;
  std::vector<std::uint32_t> values;
};

// Little-endian: length u16, published_s u32, title_key u64, values u32 each.
std::string pack_row(const RowContent& row);
// Errors: data_loss.
Result<RowContent> unpack_row(std::string_view packed);

class SearchColumns {
 public:
  static constexpr std::uint32_t kChunkRows = 1U << 14;
  struct Chunk {
    std::vector<SearchRow> rows;
    std::vector<std::uint32_t> values;
  };

  // Of what the index calls `document`; one that is not live when there is none.
  const SearchRow& row(std::uint32_t document) const {
    static constexpr SearchRow kNone{};
    const auto chunk = document / kChunkRows;
    return chunk < chunks_.size() && chunks_[chunk] ? chunks_[chunk]->rows[document % kChunkRows]
                                                    : kNone;
  }
  const std::uint32_t* values(std::uint32_t document, const SearchRow& row) const {
    return chunks_[document / kChunkRows]->values.data() + row.begin;
  }
  const FacetWords& words() const { return *words_; }
  std::shared_ptr<const FacetWords> shared_words() const { return words_; }
  std::uint32_t end() const { return static_cast<std::uint32_t>(chunks_.size()) * kChunkRows; }
  std::int64_t live() const { return live_; }
  double mean_length() const {
    return live_ > 0 ? static_cast<double>(tokens_) / static_cast<double>(live_) : 1.0;
  }

  // The same with these rows instead of those of these documents; absent: none from now on.
  using Change = std::pair<std::uint32_t, std::optional<RowContent>>;
  std::shared_ptr<const SearchColumns> with(std::vector<Change> changes,
                                            std::shared_ptr<const FacetWords> words) const;

 private:
  static std::shared_ptr<const Chunk> changed(const Chunk* old, const Change* begin,
                                              const Change* end);

  std::vector<std::shared_ptr<const Chunk>> chunks_;
  std::shared_ptr<const FacetWords> words_ = std::make_shared<const FacetWords>();
  std::int64_t live_ = 0;
  std::int64_t tokens_ = 0;
};

}  // namespace oriel::commons
