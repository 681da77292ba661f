// The house of the commons: its catalogue, shelf and uploads over one database and one object
// store, and the thread that keeps it tidy.
#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <stop_token>
#include <string>

#include "base/result.h"
#include "base/thread.h"
#include "base/time.h"
#include "commons/catalogue.h"
#include "commons/import.h"
#include "commons/shelf.h"
#include "commons/uploads.h"
#include "store/database.h"
#include "store/object_store.h"

namespace oriel::commons {

class House {
 public:
  // Both must outlive it. Brings the terms that every house begins with. Blocks. Errors: of the
  // database.
  static Result<std::unique_ptr<House>> open(std::unique_ptr<store::ObjectStore> objects,
                                             store::Database& database, const Clock& clock);

  // Once an hour abandoned uploads go, and files that no Work names.
  void start();
  void request_stop() { thread_.request_stop(); }

 private:
  House(std::unique_ptr<store::ObjectStore> kept, store::Database& database, const Clock& clock);
  void tidy_loop(const std::stop_token& stop);

  std::unique_ptr<store::ObjectStore> objects_;
  std::mutex mutex_;
  std::condition_variable_any wake_;

 public:
  Catalogue catalogue;
  Shelf shelf;
  Uploads uploads;
  Importer importer;

 private:
  NamedThread thread_;  // last: it ends first
};

}  // namespace oriel::commons
