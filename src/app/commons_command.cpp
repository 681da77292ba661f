#include "app/commons_command.h"

#include <chrono>
#include <filesystem>

#include <fmt/format.h>
#include <sys/stat.h>

#include "app/folder_lock.h"
#include "base/metrics.h"
#include "commons/catalogue.h"
#include "commons/search_rebuild.h"
#include "store/database.h"

namespace oriel::app {
namespace {

constexpr auto kTellEvery = std::chrono::seconds(2);

Result<commons::SearchRebuilt> reindex(const Config& config) {
  std::error_code error;
  if (!std::filesystem::exists(config.data, error))
    return fail(ErrorKind::not_found, "there is no data folder " + config.data);
  FolderLock lock;
  if (auto taken = lock.take(config.data); !taken) {
    if (taken.error().kind != ErrorKind::conflict) return fail(std::move(taken).error());
    return fail(ErrorKind::conflict, taken.error().message +
                                         ": stop it first, and start it again afterwards; while it"
                                         " runs it keeps the index up by itself");
  }
  Metrics metrics;
  auto database = store::open_database(config.database_url().reveal(), metrics);
  if (!database) return fail(std::move(database).error().within("database"));
  const SystemClock clock;
  const commons::Catalogue catalogue(**database, clock);
  auto told = std::chrono::steady_clock::now();
  commons::SearchRebuildOptions options;
  options.progress = [&](std::int64_t works) {
    const auto now = std::chrono::steady_clock::now();
    if (now - told < kTellEvery) return;
    told = now;
    fmt::print(stderr, "{} works\n", works);
  };
  return commons::rebuild_search(catalogue, config.data + "/search", options);
}

}  // namespace

int reindex_commons(const Config& config) {
  ::umask(0077);
  const auto started = std::chrono::steady_clock::now();
  const auto rebuilt = reindex(config);
  if (!rebuilt) {
    fmt::print(stderr, "oriel: {}\n", rebuilt.error().message);
    return 1;
  }
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - started;
  fmt::print("the search index is made again: {} published works of {}, in {:.1f} s\n",
             rebuilt->documents, rebuilt->works, took.count());
  return 0;
}

}  // namespace oriel::app
