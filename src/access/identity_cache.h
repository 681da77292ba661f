// Identities of recently shown tokens, so that a segment request costs no SQL.
#pragma once
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <mutex>
#include <optional>

#include "access/identity.h"
#include "base/bytes.h"
#include "base/ids.h"
#include "base/metrics.h"
#include "base/time.h"

namespace oriel::access {

// Thread-safe, never blocks on I/O. At most `entries_max`; the least recently added is dropped (it
// is loaded again). An entry lasts `lifetime`, which bounds how long another process's change
// (`oriel user password`) goes unseen; changes of this process call forget and take effect at once.
class IdentityCache {
 public:
  struct Options {
    std::size_t entries_max = 4096;
    Duration lifetime = Duration::from_s(10);
  };

  // Both must outlive it.
  IdentityCache(const Clock& clock, Metrics& metrics) : IdentityCache(clock, metrics, Options{}) {}
  IdentityCache(const Clock& clock, Metrics& metrics, Options options);

  std::optional<Identity> find(const Bytes& token_hash);

  // Taken before loading from the database and given to add(), which keeps nothing when something
  // was forgotten in between: the load may have read what was before.
  std::uint64_t generation() const;
  // `valid_until`: when session or token expires.
  void add(const Bytes& token_hash, Identity identity, UtcTime valid_until,
           std::uint64_t generation);

  void forget(const Bytes& token_hash);
  void forget_account(UserId account);

 private:
  struct Entry {
    Identity identity;
    SteadyTime fresh_until;
    UtcTime valid_until;
    std::list<Bytes>::iterator place;
  };
  void erase(std::map<Bytes, Entry>::iterator entry);

  const Clock& clock_;
  const Options options_;
  Counter& hits_;
  Counter& misses_;
  mutable std::mutex mutex_;
  std::uint64_t generation_ = 0;
  std::map<Bytes, Entry> entries_;
  std::list<Bytes> oldest_first_;
};

}  // namespace oriel::access
