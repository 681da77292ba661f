// Reads the whole archive again, slowly and for ever: one round in so many days. Where it is stands
// in the database, so that a restart goes on from there.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include <boost/describe.hpp>

#include "archive/alarms.h"
#include "archive/verifier.h"
#include "archive/volume.h"
#include "base/result.h"
#include "base/time.h"
#include "store/database.h"

namespace oriel::archive {

struct ScrubState {
  std::int64_t next = 0;  // recordings up to this id are done
  UtcTime began;
  std::int64_t recordings = 0;  // of this round, as the rest
  std::int64_t bytes = 0;
  std::int64_t damaged = 0;
  std::int64_t repaired = 0;
  std::optional<UtcTime> finished;
};
BOOST_DESCRIBE_STRUCT(ScrubState, (), (next, began, recordings, bytes, damaged, repaired, finished))

// Absent: no round has begun. Errors: the database's.
Result<std::optional<ScrubState>> load_scrub(store::Database& database);

// For one thread.
class Scrub {
 public:
  Scrub(Verifier& verifier, store::Database& database, VolumeList volumes, AlarmSink& alarms,
        const Clock& clock, Duration round);

  // Looks at the next few recordings, at a pace that brings the round to its end in time, with a
  // quarter to spare. False: nothing to do before the next round is due. Errors: cancelled, the
  // database's.
  Result<bool> step(Pace& pace);

 private:
  double rate(const ScrubState& state) const;
  Result<void> save(const ScrubState& state);

  Verifier& verifier_;
  store::Database& database_;
  const VolumeList volumes_;
  AlarmSink& alarms_;
  const Clock& clock_;
  const Duration round_;
};

// The calling thread's disk access waits for everybody else's (where the I/O scheduler knows of
// it).
void lower_disk_priority();

}  // namespace oriel::archive
