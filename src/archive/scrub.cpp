#include "archive/scrub.h"

#include <algorithm>
#include <utility>

#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"

namespace oriel::archive {
namespace {

constexpr std::size_t kAtOnce = 8;
// A young archive is read in no time; there is no hurry.
constexpr double kRateMin = 256.0 * 1024;

}  // namespace

Result<std::optional<ScrubState>> load_scrub(store::Database& database) {
  std::optional<ScrubState> state;
  ORIEL_TRY(database.read([&](store::Session& session) {
    return session.query(
        "SELECT next, began_us, recordings, bytes, damaged, repaired, finished_us FROM scrub"
        " WHERE name = $1",
        {std::string("round")}, [&](const store::Row& row) {
          state =
              ScrubState{row.integer(0), UtcTime{row.integer(1)}, row.integer(2), row.integer(3),
                         row.integer(4), row.integer(5),          std::nullopt};
          if (!row.is_null(6)) state->finished = UtcTime{row.integer(6)};
        });
  }));
  return state;
}

Scrub::Scrub(Verifier& verifier, store::Database& database, VolumeList volumes, AlarmSink& alarms,
             const Clock& clock, Duration round)
    : verifier_(verifier),
      database_(database),
      volumes_(std::move(volumes)),
      alarms_(alarms),
      clock_(clock),
      round_(round) {}

// What the volumes hold, over three quarters of what is left of the round.
double Scrub::rate(const ScrubState& state) const {
  std::uint64_t used = 0;
  for (const auto* volume : volumes_()) {
    const auto status = volume->status();
    used += status.total_bytes - std::min(status.free_bytes, status.total_bytes);
  }
  const double left = static_cast<double>(used) - static_cast<double>(state.bytes);
  const double whole_s = round_.seconds() * 0.75;
  const double left_s = std::max(whole_s / 8, whole_s - (clock_.now() - state.began).seconds());
  return std::max(kRateMin, left / left_s);
}

Result<void> Scrub::save(const ScrubState& state) {
  store::Value finished = nullptr;
  if (state.finished) finished = state.finished->us;
  return database_.write([&](store::Session& session) -> Result<void> {
    ORIEL_TRY(session.execute(
        "INSERT INTO scrub (name, next, began_us, recordings, bytes, damaged, repaired,"
        " finished_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
        " ON CONFLICT (name) DO UPDATE SET next = excluded.next, began_us = excluded.began_us,"
        " recordings = excluded.recordings, bytes = excluded.bytes, damaged = excluded.damaged,"
        " repaired = excluded.repaired, finished_us = excluded.finished_us",
        {std::string("round"), state.next, state.began.us, state.recordings, state.bytes,
         state.damaged, state.repaired, finished}));
    return {};
  });
}

Result<bool> Scrub::step(Pace& pace) {
  ORIEL_TRY_ASSIGN(const auto loaded, load_scrub(database_));
  ScrubState state = loaded.value_or(ScrubState{});
  const auto now = clock_.now();
  if (state.finished && now < state.began + round_) return false;
  if (!loaded || state.finished) {
    state = ScrubState{};
    state.began = now;
  }
  std::vector<HashedRecording> batch;
  ORIEL_TRY(database_.read([&](store::Session& session) -> Result<void> {
    ORIEL_TRY_ASSIGN(batch, closed_recordings_after(session, RecordingId{state.next}, kAtOnce));
    return {};
  }));
  if (batch.empty()) {
    state.finished = now;
    ORIEL_TRY(save(state));
    alarms_.clear(AlarmKind::verify_behind, "archive");
    log::info("scrub: {} recordings read again, {} damaged, {} repaired", state.recordings,
              state.damaged, state.repaired);
    return false;
  }
  pace.set_rate(rate(state));
  for (const auto& recording : batch) {
    ORIEL_TRY_ASSIGN(const auto verified, verifier_.verify(recording, pace));
    state.next = recording.row.id.value;
    ++state.recordings;
    state.bytes += static_cast<std::int64_t>(verified.bytes_read);
    if (verified.verdict == Verdict::damaged || verified.verdict == Verdict::lost) ++state.damaged;
    if (verified.verdict == Verdict::repaired) ++state.repaired;
  }
  ORIEL_TRY(save(state));
  if (clock_.now() > state.began + round_)
    alarms_.raise(AlarmKind::verify_behind, "archive",
                  "not every recording could be read again in the time that is set for it");
  return true;
}

void lower_disk_priority() {
  constexpr long kThisThread = 1;  // IOPRIO_WHO_PROCESS with id 0
  constexpr long kIdle = 3L << 13;
  if (::syscall(SYS_ioprio_set, kThisThread, 0, kIdle) != 0)
    log::debug("the scrub reads with ordinary priority");
}

}  // namespace oriel::archive
