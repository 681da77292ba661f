#include "store/counter.h"

#include <utility>

namespace oriel::store {

IdBlock::IdBlock(Database& database, std::string name)
    : database_(database), name_(std::move(name)) {}

std::optional<std::int64_t> IdBlock::take() {
  const std::scoped_lock lock(mutex_);
  if (current_.begin == current_.end) current_ = std::exchange(spare_, Range{});
  if (current_.begin == current_.end) return std::nullopt;
  return current_.begin++;
}

Result<std::int64_t> IdBlock::next() {
  if (const auto id = take()) return *id;
  const std::scoped_lock reserving(reserving_);
  // Another thread may have reserved while this one waited.
  if (const auto id = take()) return *id;
  ORIEL_TRY_ASSIGN(Range range, reserve());
  const auto id = range.begin++;
  const std::scoped_lock lock(mutex_);
  current_ = range;
  return id;
}

Result<void> IdBlock::replenish() {
  const std::scoped_lock reserving(reserving_);
  {
    const std::scoped_lock lock(mutex_);
    const auto left = current_.end - current_.begin + spare_.end - spare_.begin;
    if (left >= kBlockSize / 2) return {};
  }
  ORIEL_TRY_ASSIGN(const Range range, reserve());
  // A spare is moved whole to current_, so with less than half a block left there is none; and only
  // holders of reserving_ fill it.
  const std::scoped_lock lock(mutex_);
  ORIEL_CHECK(spare_.begin == spare_.end);
  spare_ = range;
  return {};
}

Result<IdBlock::Range> IdBlock::reserve() {
  std::int64_t end = 0;
  auto reserved = database_.write_durable([&](Session& session) {
    return session.query(
        "INSERT INTO counter (name, next) VALUES ($1, $2 + 1)"
        " ON CONFLICT (name) DO UPDATE SET next = counter.next + $2 RETURNING next",
        {name_, kBlockSize}, [&](const Row& row) { end = row.integer(0); });
  });
  if (!reserved) return fail(std::move(reserved).error().within("reserve numbers for " + name_));
  ORIEL_CHECK(end > kBlockSize);
  return Range{end - kBlockSize, end};
}

Result<void> raise_counter(Session& session, const std::string& name, std::int64_t at_least) {
  ORIEL_TRY(
      session.execute("INSERT INTO counter (name, next) VALUES ($1, $2) ON CONFLICT (name)"
                      " DO UPDATE SET next = excluded.next WHERE counter.next < excluded.next",
                      {name, at_least}));
  return {};
}

}  // namespace oriel::store
