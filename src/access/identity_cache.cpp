#include "access/identity_cache.h"

#include <utility>

namespace oriel::access {

namespace {

Counter& lookups(Metrics& metrics, const char* found) {
  return metrics.counter("oriel_identity_cache_lookups_total",
                         "Tokens looked up among those shown lately", {{"found", found}});
}

}  // namespace

IdentityCache::IdentityCache(const Clock& clock, Metrics& metrics, Options options)
    : clock_(clock),
      options_(options),
      hits_(lookups(metrics, "yes")),
      misses_(lookups(metrics, "no")) {}

std::optional<Identity> IdentityCache::find(const Bytes& token_hash) {
  const auto now = clock_.now();
  const auto steady = clock_.steady();
  std::optional<Identity> found;
  {
    const std::scoped_lock lock(mutex_);
    if (const auto entry = entries_.find(token_hash); entry != entries_.end()) {
      if (steady < entry->second.fresh_until && now < entry->second.valid_until)
        found = entry->second.identity;
      else
        erase(entry);
    }
  }
  (found ? hits_ : misses_).add();
  return found;
}

std::uint64_t IdentityCache::generation() const {
  const std::scoped_lock lock(mutex_);
  return generation_;
}

void IdentityCache::add(const Bytes& token_hash, Identity identity, UtcTime valid_until,
                        std::uint64_t generation) {
  const auto fresh_until = clock_.steady() + std::chrono::microseconds(options_.lifetime.us);
  const std::scoped_lock lock(mutex_);
  if (generation != generation_) return;
  if (const auto old = entries_.find(token_hash); old != entries_.end()) erase(old);
  while (!entries_.empty() && entries_.size() >= options_.entries_max)
    erase(entries_.find(oldest_first_.front()));
  oldest_first_.push_back(token_hash);
  entries_.emplace(token_hash, Entry{std::move(identity), fresh_until, valid_until,
                                     std::prev(oldest_first_.end())});
}

void IdentityCache::forget(const Bytes& token_hash) {
  const std::scoped_lock lock(mutex_);
  ++generation_;
  if (const auto entry = entries_.find(token_hash); entry != entries_.end()) erase(entry);
}

void IdentityCache::forget_account(UserId account) {
  const std::scoped_lock lock(mutex_);
  ++generation_;
  for (auto entry = entries_.begin(); entry != entries_.end();) {
    const auto current = entry++;
    if (current->second.identity.account == account) erase(current);
  }
}

void IdentityCache::erase(std::map<Bytes, Entry>::iterator entry) {
  oldest_first_.erase(entry->second.place);
  entries_.erase(entry);
}

}  // namespace oriel::access
