#include "api/still_cache.h"

namespace oriel::api {

SharedBytes StillCache::find(const std::string& key) {
  const std::lock_guard lock(mutex_);
  const auto found = entries_.find(key);
  if (found == entries_.end()) return nullptr;
  newest_first_.splice(newest_first_.begin(), newest_first_, found->second.place);
  return found->second.jpeg;
}

void StillCache::add(const std::string& key, SharedBytes jpeg) {
  const std::lock_guard lock(mutex_);
  if (entries_.contains(key)) return;
  newest_first_.push_front(key);
  bytes_ += jpeg->size();
  entries_.emplace(key, Entry{std::move(jpeg), newest_first_.begin()});
  while (bytes_ > bytes_max_ && newest_first_.size() > 1) {
    const auto oldest = entries_.find(newest_first_.back());
    bytes_ -= oldest->second.jpeg->size();
    entries_.erase(oldest);
    newest_first_.pop_back();
  }
}

}  // namespace oriel::api
