// Numbers that are never given twice, taken from blocks that are reserved on disk before use.
//
// Argument: `counter.next` only grows, and it has grown past a block, durably, before the first
// number of the block is given. Whoever dies with a block in hand leaves a hole, never a repeat.
// Two programs on one database get different blocks.
#pragma once
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

#include "base/result.h"
#include "store/database.h"

namespace oriel::store {

// Thread-safe; `database` must outlive it.
class IdBlock {
 public:
  static constexpr std::int64_t kBlockSize = 1024;

  // `name` is the row of the table counter; the first number ever given is 1.
  IdBlock(Database& database, std::string name);

  // Increases within one IdBlock. Blocks only when replenish() was not called in time and no number
  // is left; for that case never call it inside a write of the same database, which the reservation
  // would wait for. Errors: of the database; nothing is given then, and the next call tries again.
  Result<std::int64_t> next();

  // Reserves a second block when fewer than half a block is left, so that next(), on a camera's
  // thread, does not wait for the disk. Blocks; call it before start and now and then.
  Result<void> replenish();

 private:
  struct Range {
    std::int64_t begin = 0;
    std::int64_t end = 0;
  };
  Result<Range> reserve();
  std::optional<std::int64_t> take();

  Database& database_;
  const std::string name_;
  // Held while reserving, so that many threads out of numbers reserve one block and not one each.
  std::mutex reserving_;
  std::mutex mutex_;  // for the two below; never held during I/O
  Range current_;
  Range spare_;
};

// Makes the counter `name` give `at_least` or more from its next reservation on: after a database
// was rebuilt from files that hold numbers. For use before any IdBlock of that name.
Result<void> raise_counter(Session& session, const std::string& name, std::int64_t at_least);

}  // namespace oriel::store
