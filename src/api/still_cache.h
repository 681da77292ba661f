// JPEG stills that were made lately.
#pragma once
#include <list>
#include <map>
#include <mutex>
#include <optional>
#include <string>

#include "base/bytes.h"

namespace oriel::api {

// Thread-safe. Bounded in bytes; overflow drops the least recently used.
class StillCache {
 public:
  explicit StillCache(std::size_t bytes_max) : bytes_max_(bytes_max) {}
  SharedBytes find(const std::string& key);  // null: not there
  void add(const std::string& key, SharedBytes jpeg);

 private:
  struct Entry {
    SharedBytes jpeg;
    std::list<std::string>::iterator place;
  };
  const std::size_t bytes_max_;
  std::mutex mutex_;
  std::size_t bytes_ = 0;                 // guarded by mutex_
  std::list<std::string> newest_first_;   // guarded by mutex_
  std::map<std::string, Entry> entries_;  // guarded by mutex_
};

}  // namespace oriel::api
