#include "archive/id_allocator.h"

#include <utility>

#include "base/log.h"

namespace oriel::archive {
namespace {

constexpr const char* kRecordingCounter = "recording";
constexpr const char* kRunCounter = "run";

}  // namespace

IdAllocator::Sequence::Sequence(store::Database& database, std::string counter,
                                std::int64_t highest)
    : block(database, counter), name(std::move(counter)), last(highest) {}

std::int64_t IdAllocator::Sequence::next() {
  for (;;) {
    const auto number = block.next();
    if (!number)
      log::warn("{} numbers: counting on without the database: {}", name, number.error().message);
    const std::lock_guard lock(mutex);
    if (!number) return ++last;
    // Numbers that were counted on without the database are passed over when its blocks come again.
    if (*number > last) return last = *number;
  }
}

IdAllocator::IdAllocator(store::Database& database, RecordingId highest_recording,
                         RunId highest_run)
    : recordings_(database, kRecordingCounter, highest_recording.value),
      runs_(database, kRunCounter, highest_run.value) {}

Result<std::unique_ptr<IdAllocator>> IdAllocator::open(store::Database& database,
                                                       RecordingId highest_recording,
                                                       RunId highest_run) {
  ORIEL_TRY(database.write_durable([&](store::Session& session) -> Result<void> {
    ORIEL_TRY(store::raise_counter(session, kRecordingCounter, highest_recording.value + 1));
    return store::raise_counter(session, kRunCounter, highest_run.value + 1);
  }));
  std::unique_ptr<IdAllocator> ids(new IdAllocator(database, highest_recording, highest_run));
  ORIEL_TRY(ids->refill());
  return ids;
}

RecordingId IdAllocator::next_recording_id() { return RecordingId{recordings_.next()}; }

RunId IdAllocator::next_run_id() { return RunId{runs_.next()}; }

Result<void> IdAllocator::refill() {
  ORIEL_TRY(recordings_.block.replenish());
  return runs_.block.replenish();
}

}  // namespace oriel::archive
