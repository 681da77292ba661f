#include "commons/search_index.h"

#include <algorithm>
#include <set>
#include <utility>

#include "commons/search_state.h"
#include "commons/search_terms.h"

namespace oriel::commons {
namespace {

constexpr std::size_t kIdBytesMax = 64;
constexpr std::size_t kValueBytesMax = 200;
constexpr std::size_t kRowValuesMax = 256;
constexpr std::size_t kTermBytesMax = 200;  // Xapian's own limit is 245
constexpr int kAttemptsMax = 5;

// The number Xapian gave the document; 0: it is not there.
Xapian::docid find_document(const Xapian::Database& database, const std::string& id) {
  const auto term = search_terms::of_id(id);
  const auto found = database.postlist_begin(term);
  return found == database.postlist_end(term) ? 0 : *found;
}

SearchColumns::Change put_document(Xapian::WritableDatabase& database,
                                   const SearchDocument& document, FacetWords& words,
                                   std::map<std::string, std::uint32_t>& spelling) {
  auto terms = search_terms::of(document);
  for (auto& text : terms.spelling) ++spelling[std::move(text)];
  RowContent row = search_row(document, terms.tokens, words);
  const auto entry = search_entry(document, terms, row);
  Xapian::docid number = find_document(database, document.id);
  if (number == 0)
    number = database.add_document(entry);
  else
    database.replace_document(number, entry);
  return {number, std::move(row)};
}

// All rows and words of an index of our format.
Result<std::shared_ptr<const SearchColumns>> read_columns(const Xapian::Database& database,
                                                          FacetWords& words) {
  for (std::size_t number = 0;; ++number) {
    const auto key = database.get_metadata(value_key(number));
    if (key.empty()) break;
    ORIEL_TRY(words.append_key(key));
    if (words.size() != number + 1)
      return fail(ErrorKind::data_loss, "the search index names a value twice");
  }
  std::vector<SearchColumns::Change> rows;
  rows.reserve(database.get_doccount());
  for (auto at = database.valuestream_begin(kRowSlot); at != database.valuestream_end(kRowSlot);
       ++at) {
    ORIEL_TRY_ASSIGN(RowContent row, unpack_row(*at));
    for (const auto value : row.values)
      if (value >= words.size())
        return fail(ErrorKind::data_loss, "a row of the search index has an unknown value");
    rows.emplace_back(at.get_docid(), std::move(row));
  }
  return SearchColumns().with(std::move(rows), std::make_shared<FacetWords>(words));
}

}  // namespace

std::string value_key(std::size_t number) { return "v" + std::to_string(number); }

RowContent search_row(const SearchDocument& document, std::size_t tokens, FacetWords& words) {
  RowContent row;
  row.length = static_cast<std::uint16_t>(std::min<std::size_t>(tokens, 65'535));
  row.published_s = static_cast<std::uint32_t>(
      std::clamp<std::int64_t>(document.published.us / 1'000'000, 0, UINT32_MAX));
  for (const auto& text : document.texts) {
    if (!text.title) continue;
    row.title_key = collation_key(text.text);
    break;
  }
  std::set<std::uint32_t> values;
  for (const auto& [facet, given] : document.facets)
    for (const auto& value : given)
      if (!value.empty() && value.size() <= kValueBytesMax && values.size() < kRowValuesMax)
        values.insert(words.add(facet, value));
  row.values.assign(values.begin(), values.end());
  return row;
}

Xapian::Document search_entry(const SearchDocument& document,
                              const search_terms::DocumentTerms& terms, const RowContent& row) {
  Xapian::Document entry;
  entry.set_data(document.id);
  entry.add_boolean_term(search_terms::of_id(document.id));
  for (const auto& [term, weight] : terms.weights)
    if (term.size() <= kTermBytesMax) entry.add_term(term, weight);
  entry.add_value(kRowSlot, pack_row(row));
  return entry;
}

Error search_error(const Xapian::Error& error) {
  const std::string_view type = error.get_type();
  const ErrorKind kind = type == "DatabaseLockError"      ? ErrorKind::conflict
                         : type == "DatabaseCorruptError" ? ErrorKind::data_loss
                         : type == "DatabaseVersionError" ? ErrorKind::data_loss
                                                          : ErrorKind::internal;
  std::string why = "search index: " + error.get_msg();
  if (const char* system = error.get_error_string()) why += std::string(": ") + system;
  return {kind, std::move(why)};
}

SearchReaders::Reader SearchReaders::take() {
  // Read before the database is opened: a change in between is then asked for once more.
  const auto generation = generation_.load();
  Reader reader;
  bool found = false;
  {
    const std::lock_guard lock(mutex_);
    if (!idle_.empty()) {
      reader = std::move(idle_.back());
      idle_.pop_back();
      found = true;
    }
  }
  if (!found)
    reader.database = Xapian::Database(folder_.string());
  else if (reader.generation != generation)
    reader.database.reopen();
  reader.generation = generation;
  return reader;
}

void SearchReaders::give_back(Reader reader) {
  const std::lock_guard lock(mutex_);
  if (idle_.size() < kIdleMax) idle_.push_back(std::move(reader));
}

SearchIndex::SearchIndex(std::unique_ptr<State> state) : state_(std::move(state)) {}
SearchIndex::~SearchIndex() = default;

Result<std::unique_ptr<SearchIndex>> SearchIndex::open(const std::filesystem::path& folder,
                                                       const Clock& clock) {
  auto state = std::make_unique<State>(folder, clock);
  try {
    state->database = Xapian::WritableDatabase(folder.string(), Xapian::DB_CREATE_OR_OPEN);
    if (state->database.get_metadata("format") != kSearchFormat) {
      if (state->database.get_doccount() > 0) {
        state->database.close();
        state->database = Xapian::WritableDatabase(folder.string(), Xapian::DB_CREATE_OR_OVERWRITE);
      }
      state->database.set_metadata("format", std::string(kSearchFormat));
      state->database.commit();
    }
    const auto change = state->database.get_metadata("change");
    state->change = change.empty() ? 0 : std::strtoll(change.c_str(), nullptr, 10);
    ORIEL_TRY_ASSIGN(state->newest, read_columns(state->database, state->words));
  } catch (const Xapian::Error& error) {
    return fail(search_error(error));
  }
  return std::unique_ptr<SearchIndex>(new SearchIndex(std::move(state)));
}

std::int64_t SearchIndex::change() const { return state_->change; }
std::int64_t SearchIndex::documents() const { return state_->columns()->live(); }

Result<void> SearchIndex::apply(const std::vector<SearchDocument>& documents,
                                const std::vector<std::string>& removed, std::int64_t change) {
  for (const auto& document : documents)
    if (document.id.empty() || document.id.size() > kIdBytesMax)
      return fail(ErrorKind::invalid, "a document's id has 1 to 64 bytes");
  State& state = *state_;
  const std::lock_guard lock(state.writing);
  auto& database = state.database;
  FacetWords words = state.words;
  std::vector<SearchColumns::Change> rows;
  try {
    database.begin_transaction();
    std::map<std::string, std::uint32_t> spelling;
    for (const auto& id : removed) {
      if (id.empty() || id.size() > kIdBytesMax) continue;
      const Xapian::docid number = find_document(database, id);
      if (number == 0) continue;
      database.delete_document(number);
      rows.emplace_back(number, std::nullopt);
    }
    for (const auto& document : documents)
      rows.push_back(put_document(database, document, words, spelling));
    for (const auto& [text, count] : spelling) database.add_spelling(text, count);
    for (std::size_t number = state.words.size(); number < words.size(); ++number)
      database.set_metadata(value_key(number), words.key(static_cast<std::uint32_t>(number)));
    database.set_metadata("change", std::to_string(change));
    database.commit_transaction();
  } catch (const Xapian::Error& error) {
    try {
      database.cancel_transaction();
    } catch (const Xapian::Error&) {
      return fail(search_error(error));  // there was none to cancel: nothing was kept
    }
    return fail(search_error(error));
  }
  const bool grown = words.size() != state.words.size();
  state.words = std::move(words);
  const auto before = state.columns();
  auto next = before->with(
      std::move(rows), grown ? std::make_shared<FacetWords>(state.words) : before->shared_words());
  state.readers.changed();
  const std::lock_guard columns_lock(state.columns_mutex);
  state.newest = std::move(next);
  state.change = change;
  return {};
}

Result<SearchAnswer> SearchIndex::search(const SearchRequest& request, Duration limit) const {
  const SteadyTime deadline = state_->clock.steady() + std::chrono::microseconds(limit.us);
  for (int attempt = 1;; ++attempt) {
    try {
      // The columns first: a document that is in the reader only is left out, never the reverse.
      const auto columns = state_->columns();
      auto reader = state_->readers.take();
      auto answer = search_once(reader.database, *columns, request, state_->clock, deadline);
      state_->readers.give_back(std::move(reader));
      return answer;
    } catch (const Xapian::DatabaseModifiedError& error) {
      // Two commits while it was read: once more, with a new reader.
      state_->readers.changed();
      if (attempt == kAttemptsMax)
        return fail(ErrorKind::unavailable, "the search index changes too fast: try again");
    } catch (const Xapian::Error& error) {
      return fail(search_error(error));
    }
  }
}

}  // namespace oriel::commons
