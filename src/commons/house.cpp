#include "commons/house.h"

#include <chrono>

#include "base/log.h"
#include "commons/first_terms.h"

namespace oriel::commons {

namespace {
constexpr auto kTidyEvery = std::chrono::hours(1);
}

House::House(std::unique_ptr<store::ObjectStore> kept, store::Database& database,
             const Clock& clock)
    : objects_(std::move(kept)),
      catalogue(database, clock),
      shelf(database, *objects_, clock),
      uploads(database, shelf, clock),
      importer(database, shelf, clock) {}

Result<std::unique_ptr<House>> House::open(std::unique_ptr<store::ObjectStore> objects,
                                           store::Database& database, const Clock& clock) {
  std::unique_ptr<House> house(new House(std::move(objects), database, clock));
  ORIEL_TRY(database.write([](store::Session& session) { return add_first_terms(session); }));
  return house;
}

void House::start() {
  thread_ = NamedThread("commons", [this](const std::stop_token& stop) { tidy_loop(stop); });
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

}  // namespace oriel::commons
