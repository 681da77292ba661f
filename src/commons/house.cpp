#include "commons/house.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "base/log.h"
#include "commons/first_terms.h"
#include "commons/search_follower.h"

namespace oriel::commons {

namespace {

constexpr auto kTidyEvery = std::chrono::hours(1);
constexpr auto kIndexEvery = std::chrono::milliseconds(500);
constexpr std::int64_t kIndexBatch = 100;  // a Work may hold a megabyte
constexpr int kFailuresTold = 10;          // in a row: five seconds

// Whether the index knows of changes that the catalogue does not have: another database, or one
// that was put back.
Result<bool> is_ahead(const SearchIndex& index, const Catalogue& catalogue) {
  if (index.change() == 0) return false;
  ORIEL_TRY_ASSIGN(const auto last, catalogue.list_changed(index.change() - 1, 1));
  return last.empty();
}

Result<std::unique_ptr<SearchIndex>> open_index(const std::filesystem::path& folder,
                                                const Catalogue& catalogue, const Clock& clock) {
  auto index = SearchIndex::open(folder, clock);
  bool again = !index && index.error().kind == ErrorKind::data_loss;
  if (index) {
    ORIEL_TRY_ASSIGN(again, is_ahead(**index, catalogue));
  }
  if (!again) return index;
  log::warn("the search index in {} does not fit the catalogue and is made again", folder.string());
  index = std::unique_ptr<SearchIndex>();
  std::error_code error;
  std::filesystem::remove_all(folder, error);
  if (error) return fail(ErrorKind::internal, folder.string() + ": " + error.message());
  return SearchIndex::open(folder, clock);
}

}  // namespace

House::House(std::unique_ptr<store::ObjectStore> kept, store::Database& database,
             const Clock& clock)
    : objects_(std::move(kept)),
      catalogue(database, clock),
      shelf(database, *objects_, clock),
      uploads(database, shelf, clock),
      importer(database, shelf, clock),
      publications(database, clock),
      saved_searches(database, clock) {}

Result<std::unique_ptr<House>> House::open(std::unique_ptr<store::ObjectStore> objects,
                                           store::Database& database, const Clock& clock,
                                           const std::filesystem::path& index_folder) {
  std::unique_ptr<House> house(new House(std::move(objects), database, clock));
  ORIEL_TRY(database.write([](store::Session& session) { return add_first_terms(session); }));
  auto index = open_index(index_folder, house->catalogue, clock);
  if (index)
    house->index_ = std::move(*index);
  else
    log::error("nothing can be searched for: {}", index.error().message);
  return house;
}

void House::start(IndexTrouble trouble) {
  thread_ = NamedThread("commons", [this](const std::stop_token& stop) { tidy_loop(stop); });
  if (!index_) return;
  index_thread_ =
      NamedThread("search", [this, trouble = std::move(trouble)](const std::stop_token& stop) {
        index_loop(stop, trouble);
      });
}

void House::tidy_loop(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto expired = uploads.expire();
    if (!expired) log::warn("uploads: {}", expired.error().message);
    const auto tidied = shelf.tidy();
    if (!tidied) log::warn("files: {}", tidied.error().message);
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, kTidyEvery, [] { return false; });
  }
}

void House::index_loop(const std::stop_token& stop, const IndexTrouble& trouble) {
  SearchFollower follower(catalogue, *index_);
  int failures = 0;
  std::int64_t batch = kIndexBatch;
  while (!stop.stop_requested()) {
    const auto taken = follower.catch_up(batch);
    if (!taken) {
      if (failures++ == 0) log::warn("the search index stays behind: {}", taken.error().message);
      if (failures == kFailuresTold && trouble) trouble(taken.error().message);
    } else if (failures > 0) {
      log::info("the search index goes on");
      if (failures >= kFailuresTold && trouble) trouble("");
      failures = 0;
    }
    if (taken && *taken == batch) {
      batch = std::min(batch * 2, PageRequest::kCountMax);  // far behind: fewer syncs
      continue;
    }
    batch = kIndexBatch;
    std::unique_lock lock(mutex_);
    wake_.wait_for(lock, stop, kIndexEvery, [] { return false; });
  }
}

}  // namespace oriel::commons
