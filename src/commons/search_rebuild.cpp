#include "commons/search_rebuild.h"

#include <algorithm>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "base/thread.h"
#include "commons/search_follower.h"
#include "commons/search_state.h"
#include "commons/search_terms.h"

namespace oriel::commons {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kBatch = 200;  // a Work may hold a megabyte
// As many as Xapian writes at once: then it never looks for a place in what it wrote before.
constexpr std::int64_t kPartDocuments = 10'000;
// Merged at once: each has five files open.
constexpr std::size_t kMergedMax = 32;

// What the threads share.
class Rebuild {
 public:
  Rebuild(const Catalogue& catalogue, fs::path folder, const SearchRebuildOptions& options)
      : catalogue_(catalogue), folder_(std::move(folder)), options_(options) {}

  // One thread's work; any number of threads.
  void run() {
    try {
      const auto done = write_parts();
      if (!done) stop_with(done.error());
    } catch (const Xapian::Error& error) {
      stop_with(search_error(error));
    } catch (const std::exception& error) {
      stop_with({ErrorKind::internal, std::string("search index: ") + error.what()});
    }
  }

  // When all threads have ended.
  Result<SearchRebuilt> merge(const fs::path& target) {
    if (error_) return fail(std::move(*error_));
    try {
      describe(new_part());
      while (parts_.size() > kMergedMax) merge_first(kMergedMax, new_part());
      merge_first(parts_.size(), target);
    } catch (const Xapian::Error& error) {
      return fail(search_error(error));
    }
    return rebuilt_;
  }

 private:
  struct Part {
    Xapian::WritableDatabase database;
    std::int64_t documents = 0;
    std::map<std::string, std::uint32_t> spelling;
  };

  fs::path new_part() {
    const std::lock_guard lock(mutex_);
    parts_.push_back(folder_ / std::to_string(parts_made_++));
    return parts_.back();
  }

  // Takes the place of the first `count` parts, which go.
  void merge_first(std::size_t count, const fs::path& target) {
    const auto end = parts_.begin() + static_cast<std::ptrdiff_t>(count);
    {
      Xapian::Database all;
      for (auto part = parts_.begin(); part != end; ++part)
        all.add_database(Xapian::Database(part->string()));
      all.compact(target.string());
    }
    std::error_code ignored;  // they go with the folder
    for (auto part = parts_.begin(); part != end; ++part) fs::remove_all(*part, ignored);
    parts_.erase(parts_.begin(), end);
  }

  // The next Works; none: all were given out, or another thread failed.
  Result<std::vector<Work>> next() {
    const std::lock_guard lock(mutex_);
    if (error_) return std::vector<Work>();
    ORIEL_TRY_ASSIGN(auto works, catalogue_.list_changed(change_, kBatch));
    if (works.empty()) return works;
    change_ = works.back().change;
    rebuilt_.works += static_cast<std::int64_t>(works.size());
    if (options_.progress) options_.progress(rebuilt_.works);
    return works;
  }

  Result<void> write_parts() {
    SearchDocuments documents(catalogue_);
    std::optional<Part> part;
    while (true) {
      ORIEL_TRY_ASSIGN(const auto works, next());
      if (works.empty()) break;
      for (const auto& work : works) {
        if (work.state != WorkState::published) continue;
        if (part && part->documents == kPartDocuments) close(*part), part.reset();
        if (!part)
          part.emplace(
              Part{Xapian::WritableDatabase(new_part().string(),
                                            Xapian::DB_CREATE_OR_OVERWRITE | Xapian::DB_NO_SYNC),
                   0,
                   {}});
        ORIEL_TRY_ASSIGN(const auto document, documents.of(work));
        put(document, *part);
      }
    }
    if (part) close(*part);
    return {};
  }

  void put(const SearchDocument& document, Part& part) {
    auto terms = search_terms::of(document);
    for (auto& text : terms.spelling) ++part.spelling[std::move(text)];
    RowContent row;
    {
      const std::lock_guard lock(words_mutex_);
      row = search_row(document, terms.tokens, words_);
    }
    part.database.add_document(search_entry(document, terms, row));
    ++part.documents;
  }

  void close(Part& part) {
    for (const auto& [text, count] : part.spelling) part.database.add_spelling(text, count);
    part.database.commit();
    part.database.close();
    const std::lock_guard lock(mutex_);
    rebuilt_.documents += part.documents;
  }

  // An index of no documents that says what all of them are.
  void describe(const fs::path& part) {
    Xapian::WritableDatabase database(part.string(), Xapian::DB_CREATE_OR_OVERWRITE);
    database.set_metadata("format", std::string(kSearchFormat));
    database.set_metadata("change", std::to_string(change_));
    for (std::size_t number = 0; number < words_.size(); ++number)
      database.set_metadata(value_key(number), words_.key(static_cast<std::uint32_t>(number)));
    database.commit();
    database.close();
  }

  void stop_with(Error error) {
    const std::lock_guard lock(mutex_);
    if (!error_) error_ = std::move(error);
  }

  const Catalogue& catalogue_;
  const fs::path folder_;
  const SearchRebuildOptions& options_;
  std::mutex mutex_;  // all below but the words
  std::int64_t change_ = 0;
  SearchRebuilt rebuilt_;
  std::vector<fs::path> parts_;
  std::size_t parts_made_ = 0;
  std::optional<Error> error_;
  std::mutex words_mutex_;
  FacetWords words_;
};

Result<void> put_in_place(const fs::path& made, const fs::path& folder, const fs::path& old) {
  // Between the two names there is no index, and the program makes one when it finds none.
  std::error_code error;
  if (fs::exists(folder)) fs::rename(folder, old, error);
  if (!error) fs::rename(made, folder, error);
  if (error) return fail(errno_error(error.value(), "search index " + folder.string()));
  return {};
}

}  // namespace

Result<SearchRebuilt> rebuild_search(const Catalogue& catalogue, const fs::path& folder,
                                     const SearchRebuildOptions& options) {
  fs::path beside = folder;
  beside += ".new";
  std::error_code error;
  fs::remove_all(beside, error);
  if (!error) fs::create_directories(beside, error);
  if (error) return fail(errno_error(error.value(), "search index " + beside.string()));
  const auto processors = std::max(std::thread::hardware_concurrency(), 1u);
  const std::size_t threads = options.threads > 0 ? options.threads : processors;
  Rebuild rebuild(catalogue, beside, options);
  {
    std::vector<NamedThread> running;
    for (std::size_t i = 0; i < threads; ++i)
      running.emplace_back("search-" + std::to_string(i),
                           [&rebuild](const std::stop_token&) { rebuild.run(); });
  }
  auto rebuilt = rebuild.merge(beside / "whole");
  if (rebuilt) {
    if (auto placed = put_in_place(beside / "whole", folder, beside / "old"); !placed)
      return fail(std::move(placed).error());
  }
  fs::remove_all(beside, error);  // what is left is removed by the next
  return rebuilt;
}

}  // namespace oriel::commons
