#include "archive/row_writer.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "archive/file_names.h"
#include "archive/kept_days.h"
#include "archive/seal_rows.h"
#include "archive/track_json.h"
#include "base/log.h"

namespace oriel::archive {
namespace {

constexpr std::size_t kBatchMax = 256;
constexpr auto kRetryAfter = std::chrono::seconds(1);
constexpr auto kComplainEvery = std::chrono::minutes(1);

// The row of this init segment, made when it is new: a camera sends the same one for years.
Result<std::int64_t> init_row(store::Session& session, const media::Recording& head) {
  const auto hash = sha256(*head.init);
  const Bytes digest(hash.begin(), hash.end());
  ORIEL_TRY(session.execute(
      "INSERT INTO init (sha256, bytes, tracks) VALUES ($1, $2, $3)"
      " ON CONFLICT (sha256) DO NOTHING",
      {digest, *head.init, format_tracks(head.tracks ? *head.tracks : media::Tracks{})}));
  std::int64_t id = 0;
  ORIEL_TRY(session.query("SELECT id FROM init WHERE sha256 = $1", {digest},
                          [&](const store::Row& row) { id = row.integer(0); }));
  return id;
}

Result<void> put_recording(store::Session& session, const UnsettledRecording& recording) {
  const auto& head = *recording.head;
  ORIEL_TRY_ASSIGN(const auto init, init_row(session, head));
  store::Value end_us = nullptr;
  store::Value ended = nullptr;
  store::Value index = nullptr;
  store::Value sha256_of_file = nullptr;
  if (recording.ended) {
    end_us = recording.end.us;
    ended = static_cast<std::int64_t>(*recording.ended);
    index = media::encode_segment_index(recording.segments);
    if (recording.sha256)
      sha256_of_file = Bytes(recording.sha256->begin(), recording.sha256->end());
    ORIEL_TRY(mark_unsealed(session, head.feed, day_of(head.start)));
  }
  // Not ON CONFLICT: where years lie apart, no key spans them all (store/schema.h).
  ORIEL_TRY_ASSIGN(
      const auto changed,
      session.execute("UPDATE recording SET end_us = $2, bytes = $3,"
                      " segment_index = $4, ended = $5, frames = $6, sha256 = $7 WHERE id = $1",
                      {head.id.value, end_us, static_cast<std::int64_t>(recording.bytes), index,
                       ended, static_cast<std::int64_t>(recording.frames), sha256_of_file}));
  if (changed > 0) return {};
  ORIEL_TRY(session.execute(
      "INSERT INTO recording (id, feed, rendition, run, run_offset_90k, volume, init, start_us,"
      " end_us, bytes, segment_index, began, ended, clock_source, clock_error_us,"
      " clock_offset_us, declared_fps, frames, sha256, thinned) VALUES ($1, $2, $3, $4, $5, $6, $7,"
      " $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20)",
      {head.id.value,
       head.feed.str(),
       static_cast<std::int64_t>(head.rendition),
       head.run.value,
       head.run_offset_90k,
       recording.volume.str(),
       init,
       head.start.us,
       end_us,
       static_cast<std::int64_t>(recording.bytes),
       index,
       static_cast<std::int64_t>(head.began),
       ended,
       static_cast<std::int64_t>(head.clock.source),
       head.clock.error_us,
       head.clock.offset_us,
       head.declared_fps,
       static_cast<std::int64_t>(recording.frames),
       sha256_of_file,
       static_cast<std::int64_t>(head.thinned)}));
  return {};
}

Result<void> apply(store::Session& session, const UnsettledRecording& recording) {
  ORIEL_TRY(put_recording(session, recording));
  const auto& head = *recording.head;
  if (!recording.ended || head.rendition != media::Rendition::main) return {};
  return past_changed(session, head.feed, {head.start, std::max(head.start, recording.end)});
}

Result<void> apply(store::Session& session, const GapBeganRow& gap) {
  ORIEL_TRY(session.execute(
      "INSERT INTO gap (feed, start_us, end_us, reason) VALUES ($1, $2, NULL, $3)"
      " ON CONFLICT (feed, start_us) DO UPDATE SET end_us = NULL, reason = excluded.reason",
      {gap.feed.str(), gap.start.us, static_cast<std::int64_t>(gap.reason)}));
  return past_changed(session, gap.feed, {gap.start, UtcTime{INT64_MAX}});
}

Result<void> apply(store::Session& session, const GapEndedRow& gap) {
  // A gap of no length would only get in the way of the next one's key.
  ORIEL_TRY(session.execute("DELETE FROM gap WHERE feed = $1 AND end_us IS NULL AND start_us >= $2",
                            {gap.feed.str(), gap.end.us}));
  ORIEL_TRY(session.execute("UPDATE gap SET end_us = $2 WHERE feed = $1 AND end_us IS NULL",
                            {gap.feed.str(), gap.end.us}));
  return past_changed(session, gap.feed, {gap.end, UtcTime{INT64_MAX}});
}

}  // namespace

Result<void> apply_row(store::Session& session, const RowChange& change) {
  return std::visit([&](const auto& row) { return apply(session, row); }, change);
}

RowWriter::RowWriter(std::size_t count_max, Duration probe_every, store::Database& database,
                     Metrics& metrics, std::function<void(RecordingId)> settled)
    : count_max_(count_max),
      probe_every_(probe_every),
      database_(database),
      settled_(std::move(settled)),
      waiting_(metrics.gauge("oriel_archive_rows_waiting_count", "Rows waiting for the database")),
      dropped_(metrics.counter("oriel_archive_rows_dropped_total",
                               "Rows dropped because the database was away for too long")) {}

void RowWriter::start() {
  thread_ = NamedThread("archive-rows", [this](const std::stop_token& stop) { run(stop); });
}

void RowWriter::push(RowChange change) {
  std::optional<RecordingId> given_up;
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() < count_max_) {
      queue_.push_back(std::move(change));
      ++pushed_;
    } else {
      if (const auto* recording = std::get_if<UnsettledRecording>(&change);
          recording != nullptr && recording->ended)
        given_up = recording->head->id;
      dropped_.add();
    }
    waiting_.set(static_cast<double>(queue_.size()));
  }
  changed_.notify_all();
  if (given_up) settled_(*given_up);
}

bool RowWriter::drain(Duration deadline) {
  std::unique_lock lock(mutex_);
  const auto target = pushed_;
  return changed_.wait_for(lock, std::chrono::microseconds(deadline.us),
                           [&] { return done_ >= target; });
}

void RowWriter::stop() {
  thread_.request_stop();
  thread_.join();
}

void RowWriter::run(const std::stop_token& stop) {
  for (;;) {
    std::vector<RowChange> batch;
    {
      std::unique_lock lock(mutex_);
      const bool some = changed_.wait_for(lock, stop, std::chrono::microseconds(probe_every_.us),
                                          [&] { return !queue_.empty(); });
      if (stop.stop_requested()) return;
      if (!some) {
        lock.unlock();
        probe();
        continue;
      }
      const auto count = std::min(queue_.size(), kBatchMax);
      // Copied: they stay queued, and count against the bound, until they are in the database.
      batch.assign(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(count));
    }
    if (!write(batch)) {
      std::unique_lock lock(mutex_);
      changed_.wait_for(lock, stop, kRetryAfter, [] { return false; });
      if (stop.stop_requested()) return;
      continue;
    }
    {
      const std::lock_guard lock(mutex_);
      queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(batch.size()));
      waiting_.set(static_cast<double>(queue_.size()));
    }
    for (const auto& change : batch)
      if (const auto* recording = std::get_if<UnsettledRecording>(&change);
          recording != nullptr && recording->ended)
        settled_(recording->head->id);
    // Counted only now: who waits in drain() finds the recordings settled.
    {
      const std::lock_guard lock(mutex_);
      done_ += batch.size();
    }
    changed_.notify_all();
  }
}

// False when the batch must be tried again later.
bool RowWriter::write(const std::vector<RowChange>& batch) {
  const auto written = database_.write([&](store::Session& session) -> Result<void> {
    for (const auto& change : batch) ORIEL_TRY(apply_row(session, change));
    return {};
  });
  if (written) {
    if (failing_) log::info("rows of recordings reach the database again");
    failing_ = false;
    return true;
  }
  if (written.error().kind == ErrorKind::invalid || written.error().kind == ErrorKind::conflict) {
    return write_singly(batch);
  }
  report_failure(written.error());
  return false;
}

// One row that the database will never take must not keep the others waiting.
bool RowWriter::write_singly(const std::vector<RowChange>& batch) {
  for (const auto& change : batch) {
    const auto written = database_.write(
        [&](store::Session& session) -> Result<void> { return apply_row(session, change); });
    if (written) continue;
    if (written.error().kind != ErrorKind::invalid && written.error().kind != ErrorKind::conflict) {
      report_failure(written.error());
      return false;
    }
    dropped_.add();
    log::error("a row was refused by the database and is left to recovery: {}",
               written.error().message);
  }
  return true;
}

// Recordings close every few minutes: whether the database answers is known before the next one
// needs it.
void RowWriter::probe() {
  const auto asked = database_.read([](store::Session& session) {
    return session.query("SELECT 1", {}, [](const store::Row&) {});
  });
  if (!asked) return report_failure(asked.error());
  if (failing_.exchange(false)) log::info("the database answers again");
}

RowState RowWriter::state() const {
  const std::lock_guard lock(mutex_);
  return {queue_.size(), failing_.load()};
}

void RowWriter::report_failure(const Error& error) {
  const auto now = std::chrono::steady_clock::now();
  if (failing_ && now - last_complaint_ < kComplainEvery) return;
  failing_ = true;
  last_complaint_ = now;
  log::warn("rows of recordings cannot be written, recording goes on and they wait: {}",
            error.message);
}

}  // namespace oriel::archive
