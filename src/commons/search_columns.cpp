#include "commons/search_columns.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>

namespace oriel::commons {
namespace {

constexpr std::size_t kHeadBytes = 14;
static_assert(std::endian::native == std::endian::little, "the index would not be portable");

std::string word_key(Facet facet, const std::string& value) {
  return static_cast<char>('a' + static_cast<int>(facet)) + value;
}

template <class T>
void put(std::string& packed, T value) {
  packed.append(reinterpret_cast<const char*>(&value), sizeof value);
}

template <class T>
T take(std::string_view& packed) {
  T value;
  std::memcpy(&value, packed.data(), sizeof value);
  packed.remove_prefix(sizeof value);
  return value;
}

}  // namespace

std::uint32_t FacetWords::add(Facet facet, const std::string& value) {
  const auto number = static_cast<std::uint32_t>(words_.size());
  const auto [at, fresh] = numbers_.emplace(word_key(facet, value), number);
  if (fresh) words_.emplace_back(facet, value);
  return at->second;
}

std::optional<std::uint32_t> FacetWords::find(Facet facet, const std::string& value) const {
  const auto found = numbers_.find(word_key(facet, value));
  return found == numbers_.end() ? std::nullopt : std::optional(found->second);
}

std::string FacetWords::key(std::uint32_t number) const {
  return word_key(words_[number].first, words_[number].second);
}

Result<void> FacetWords::append_key(const std::string& key) {
  const int facet = key.empty() ? -1 : key.front() - 'a';
  if (facet < 0 || facet >= kFacets)
    return fail(ErrorKind::data_loss, "the search index holds a facet that is none");
  add(static_cast<Facet>(facet), key.substr(1));
  return {};
}

std::string pack_row(const RowContent& row) {
  std::string packed;
  packed.reserve(kHeadBytes + 4 * row.values.size());
  put(packed, row.length);
  put(packed, row.published_s);
  put(packed, row.title_key);
  for (const auto value : row.values) put(packed, value);
  return packed;
}

Result<RowContent> unpack_row(std::string_view packed) {
  if (packed.size() < kHeadBytes || (packed.size() - kHeadBytes) % 4 != 0)
    return fail(ErrorKind::data_loss, "a row of the search index has a wrong length");
  RowContent row;
  row.length = take<std::uint16_t>(packed);
  row.published_s = take<std::uint32_t>(packed);
  row.title_key = take<std::uint64_t>(packed);
  while (!packed.empty()) row.values.push_back(take<std::uint32_t>(packed));
  return row;
}

std::shared_ptr<const SearchColumns::Chunk> SearchColumns::changed(const Chunk* old,
                                                                   const Change* begin,
                                                                   const Change* end) {
  auto chunk = std::make_shared<Chunk>();
  chunk->rows.resize(kChunkRows);
  if (old != nullptr) chunk->rows = old->rows;
  std::vector<const RowContent*> fresh(kChunkRows, nullptr);
  for (const auto* change = begin; change != end; ++change) {
    SearchRow& row = chunk->rows[change->first % kChunkRows];
    row = SearchRow{};
    fresh[change->first % kChunkRows] = change->second ? &*change->second : nullptr;
    if (!change->second) continue;
    row.live = 1;
    row.count = static_cast<std::uint16_t>(change->second->values.size());
    row.length = change->second->length;
    row.published_s = change->second->published_s;
    row.title_key = change->second->title_key;
  }
  // The values anew, in the order of the rows: what went leaves no hole.
  for (std::size_t i = 0; i < chunk->rows.size(); ++i) {
    SearchRow& row = chunk->rows[i];
    if (row.live == 0) continue;
    const auto* from =
        fresh[i] != nullptr ? fresh[i]->values.data() : old->values.data() + row.begin;
    row.begin = static_cast<std::uint32_t>(chunk->values.size());
    chunk->values.insert(chunk->values.end(), from, from + row.count);
  }
  return chunk;
}

std::shared_ptr<const SearchColumns> SearchColumns::with(
    std::vector<Change> changes, std::shared_ptr<const FacetWords> words) const {
  auto next = std::make_shared<SearchColumns>(*this);
  next->words_ = std::move(words);
  std::stable_sort(changes.begin(), changes.end(),
                   [](const Change& a, const Change& b) { return a.first < b.first; });
  const auto* at = changes.data();
  const auto* const end = at + changes.size();
  while (at != end) {
    const auto number = at->first / kChunkRows;
    const auto* last = at;
    while (last != end && last->first / kChunkRows == number) ++last;
    if (number >= next->chunks_.size()) next->chunks_.resize(number + 1);
    auto& chunk = next->chunks_[number];
    const auto count = [next](const Chunk* of, int sign) {
      if (of == nullptr) return;
      for (const auto& row : of->rows) {
        next->live_ += row.live == 0 ? 0 : sign;
        next->tokens_ += sign * static_cast<std::int64_t>(row.length);
      }
    };
    count(chunk.get(), -1);
    chunk = changed(chunk.get(), at, last);
    count(chunk.get(), 1);
    at = last;
  }
  return next;
}

}  // namespace oriel::commons
