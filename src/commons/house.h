// The house of the commons: its catalogue, shelf and uploads over one database and one object
// store, its search index, and the threads that keep it tidy and findable.
#pragma once
#include <condition_variable>
#include <filesystem>
#include <functional>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>
#include <string_view>

#include "base/result.h"
#include "base/thread.h"
#include "base/time.h"
#include "commons/catalogue.h"
#include "commons/import.h"
#include "commons/publications.h"
#include "commons/saved_searches.h"
#include "commons/search_index.h"
#include "commons/shelf.h"
#include "commons/uploads.h"
#include "store/database.h"
#include "store/object_store.h"

namespace oriel::commons {

class House {
 public:
  // Both must outlive it. Brings the terms that every house begins with. The index lies in
  // `index_folder`; one that cannot be read, or that knows of changes that the catalogue does not
  // have, is made again; without one the house opens all the same. Blocks. Errors: of the database.
  static Result<std::unique_ptr<House>> open(std::unique_ptr<store::ObjectStore> objects,
                                             store::Database& database, const Clock& clock,
                                             const std::filesystem::path& index_folder);

  // Told why the index cannot follow the catalogue, when that lasts, and "" when it goes on; on a
  // thread of the house's own. Must not block.
  using IndexTrouble = std::function<void(std::string_view why)>;

  // Once an hour abandoned uploads go, and files that no Work names. Twice a second the index takes
  // in what changed; what keeps it from that is tried again as often.
  void start(IndexTrouble trouble = {});
  void request_stop() {
    thread_.request_stop();
    index_thread_.request_stop();
  }

  // What is published, by words; nullptr when it could not be opened.
  const SearchIndex* index() const { return index_.get(); }

 private:
  House(std::unique_ptr<store::ObjectStore> kept, store::Database& database, const Clock& clock);
  void tidy_loop(const std::stop_token& stop);
  void index_loop(const std::stop_token& stop, const IndexTrouble& trouble);

  std::unique_ptr<store::ObjectStore> objects_;
  std::mutex mutex_;
  std::condition_variable_any wake_;

 public:
  Catalogue catalogue;
  Shelf shelf;
  Uploads uploads;
  Importer importer;
  Publications publications;
  SavedSearches saved_searches;

 private:
  std::unique_ptr<SearchIndex> index_;
  NamedThread thread_;  // last: they end first
  NamedThread index_thread_;
};

}  // namespace oriel::commons
