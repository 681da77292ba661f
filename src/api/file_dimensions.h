// Width, height and duration of files, found out by a worker after they came and kept in their row.
#pragma once
#include <condition_variable>
#include <mutex>
#include <stop_token>

#include "base/result.h"
#include "base/thread.h"
#include "commons/shelf.h"
#include "image/pictures.h"

namespace oriel::api {

// Whether it is a picture, a film or a sound of which nothing is known yet.
bool lacks_dimensions(const commons::File& file);

// The same file with what a worker told of it. Blocks. Errors: of image::Pictures::describe(), of
// the database; unsupported (the file is not on this machine's disk).
Result<commons::File> with_dimensions(commons::Shelf& shelf, image::Pictures& pictures,
                                      commons::File file);

// Looks at what came, a few seconds later, one file at a time. What cannot be read is tried once a
// start; who asks for it is told why.
class DimensionFinder {
 public:
  // Both outlive it.
  DimensionFinder(commons::Shelf& shelf, image::Pictures& pictures);
  void request_stop() { thread_.request_stop(); }

 private:
  void run(const std::stop_token& stop);
  // Whether there may be more. `after` moves past what was looked at.
  bool look(UtcTime& after, const std::stop_token& stop);

  commons::Shelf& shelf_;
  image::Pictures& pictures_;
  std::mutex mutex_;
  std::condition_variable_any wake_;
  NamedThread thread_;  // last: it uses all above
};

}  // namespace oriel::api
