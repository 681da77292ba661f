#include "archive/volume_care.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>
#include <sodium.h>

#include "archive/file_names.h"
#include "archive/moving.h"
#include "archive/recovery.h"
#include "archive/segment_sums.h"
#include "base/hex.h"
#include "base/log.h"

namespace oriel::archive {
namespace {

constexpr Duration kLookInterval = Duration::from_s(1);
constexpr auto kTryAgainAfter = std::chrono::seconds(30);
constexpr std::size_t kChunkBytes = std::size_t{1} << 20;
constexpr std::size_t kMoveAtOnce = 4;
// After each batch: recording comes first, and a drain has days.
constexpr Duration kDrainPause = Duration::from_ms(500);

bool readable(VolumeState state) {
  return state == VolumeState::ok || state == VolumeState::full || state == VolumeState::readonly;
}

class Sha256 {
 public:
  Sha256() { crypto_hash_sha256_init(&state_); }
  void add(ByteView bytes) { crypto_hash_sha256_update(&state_, bytes.data(), bytes.size()); }
  Bytes take() {
    Bytes digest(crypto_hash_sha256_BYTES);
    crypto_hash_sha256_final(&state_, digest.data());
    return digest;
  }

 private:
  crypto_hash_sha256_state state_;
};

}  // namespace

VolumeCare::VolumeCare(std::function<std::vector<Volume*>()> volumes, Writer& writer,
                       FileSystem& file_system, store::Database& database, AlarmSink& alarms,
                       const Clock& clock, Metrics& metrics,
                       std::function<void(RecordingId)> forget)
    : volumes_(std::move(volumes)),
      writer_(writer),
      file_system_(file_system),
      database_(database),
      alarms_(alarms),
      clock_(clock),
      forget_(std::move(forget)),
      moved_bytes_(metrics.counter("oriel_archive_drained_bytes_total",
                                   "Bytes of recordings moved to another volume")) {}

void VolumeCare::start() {
  thread_ = NamedThread("archive-volumes", [this](const std::stop_token& stop) {
    while (pause(stop, kLookInterval)) look(stop);
  });
}

void VolumeCare::stop() {
  thread_.request_stop();
  thread_.join();
}

// False when asked to stop.
bool VolumeCare::pause(const std::stop_token& stop, Duration length) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, stop, std::chrono::microseconds(length.us), [] { return false; });
  return !stop.stop_requested();
}

void VolumeCare::look(const std::stop_token& stop) {
  const std::lock_guard one(look_mutex_);
  for (auto* volume : volumes_()) {
    if (stop.stop_requested()) return;
    if (!volume->ready()) bring_in(*volume);
    if (volume->draining() && volume->ready()) drain(*volume, stop);
  }
}

// Nothing is recorded there before this: recovery meets only what an earlier life left.
void VolumeCare::bring_in(Volume& volume) {
  const auto now = clock_.steady();
  if (const auto tried = tried_.find(volume.id());
      tried != tried_.end() && now - tried->second < kTryAgainAfter)
    return;
  if (auto claimed = volume.claim_late(database_, clock_.now()); !claimed) {
    tried_[volume.id()] = now;
    return;
  }
  volume.refresh();
  if (!readable(volume.state())) return;
  // First what has no place there any more: recovery would take it for a recording.
  if (auto cleared = clear_unfinished_moves(volumes_(), file_system_, database_); !cleared)
    return log::warn("{}", cleared.error().message);
  const auto recovered = recover_volume(volume, file_system_, database_, clock_.now());
  if (!recovered) {
    tried_[volume.id()] = now;
    return log::warn("{}", recovered.error().message);
  }
  volume.set_ready(true);
  log::info("volume {}: is there and used from now on; {} recordings closed, {} adopted",
            volume.id().str(), recovered->closed, recovered->adopted);
}

void VolumeCare::drain(Volume& volume, const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    const auto drained = drain_some(volume, kMoveAtOnce, stop);
    if (!drained) return log::warn("volume {}: {}", volume.id().str(), drained.error().message);
    if (drained->left > 0)
      alarms_.raise(AlarmKind::drain_stuck, volume.id().str(),
                    "Its recordings cannot be moved away: " + drained->trouble + ".");
    else
      alarms_.clear(AlarmKind::drain_stuck, volume.id().str());
    if (drained->moved == 0 || !pause(stop, kDrainPause)) return;
  }
}

VolumeCare::Moving VolumeCare::moving_of(const store::Row& row, UtcTime now) {
  Moving moving;
  moving.id = RecordingId{row.integer(0)};
  moving.feed = FeedId(row.text(1));
  moving.rendition = static_cast<media::Rendition>(row.integer(2));
  moving.start = UtcTime{row.integer(3)};
  moving.bytes = static_cast<std::uint64_t>(row.integer(4));
  auto& began = moving.began;
  began.at_us = now.us;
  began.kind = JournalKind::recording_began;
  began.feed = moving.feed.str();
  began.rendition = moving.rendition;
  began.recording = moving.id.value;
  began.start_us = moving.start.us;
  began.run = row.integer(6);
  began.run_offset_90k = row.integer(7);
  began.reason = static_cast<media::Reason>(row.integer(8));
  began.clock_source = static_cast<media::ClockSource>(row.integer(10));
  began.clock_error_us = row.integer(11);
  auto& ended = moving.ended;
  ended.at_us = now.us;
  ended.kind = JournalKind::recording_ended;
  ended.feed = moving.feed.str();
  ended.recording = moving.id.value;
  ended.end_us = row.integer(5);
  ended.reason = static_cast<media::Reason>(row.integer(9));
  ended.bytes = row.integer(4);
  ended.frames = row.integer(12);
  ended.index = format_index(row.blob(13));
  if (!row.is_null(14)) ended.sha256 = format_hex(row.blob(14));
  began.clock_offset_us = row.integer(15);
  began.declared_fps = row.real(16);
  return moving;
}

Result<std::vector<VolumeCare::Moving>> VolumeCare::next_to_move(const Volume& volume,
                                                                 std::size_t count_max) {
  std::vector<Moving> next;
  ORIEL_TRY(database_.read([&](store::Session& session) {
    next.clear();
    return session.query(
        "SELECT id, feed, rendition, start_us, bytes, end_us, run, run_offset_90k, began, ended,"
        " clock_source, clock_error_us, frames, segment_index, sha256, clock_offset_us,"
        " declared_fps FROM recording WHERE volume = $1"
        " AND ended IS NOT NULL AND id > $2 ORDER BY id LIMIT $3",
        {volume.id().str(), cursors_[volume.id()].value, static_cast<std::int64_t>(count_max)},
        [&](const store::Row& row) { next.push_back(moving_of(row, clock_.now())); });
  }));
  return next;
}

// The one with the most room, and its reserve stays.
Volume* VolumeCare::target_for(const Volume& from, std::uint64_t bytes) {
  Volume* best = nullptr;
  for (auto* volume : volumes_()) {
    if (volume == &from || !volume->takes_recordings()) continue;
    if (volume->status().free_bytes < volume->reserve_bytes() + 2 * bytes) continue;
    if (best == nullptr || volume->status().free_bytes > best->status().free_bytes) best = volume;
  }
  return best;
}

Result<void> VolumeCare::hand_over_seals(const Volume& from) {
  constexpr std::size_t kBytesMax = std::size_t{32} << 20;  // kSealBytesMax
  const auto feeds = file_system_.list(from.path_of(kSealFolder));
  if (!feeds) return {};
  for (const auto& feed : *feeds) {
    const auto folder = join_path(kSealFolder, feed.name);
    const auto seals = file_system_.list(from.path_of(folder));
    if (!feed.is_folder || !seals) continue;
    for (const auto& seal : *seals) {
      if (!parse_seal_file_name(seal.name)) continue;
      const auto name = join_path(folder, seal.name);
      for (const auto* to : volumes_()) {
        if (to == &from || !to->takes_recordings()) continue;
        if (file_system_.identify(to->path_of(name))) continue;
        ORIEL_TRY_ASSIGN(const auto text,
                         read_small_file(file_system_, from.path_of(name), kBytesMax));
        ORIEL_TRY(write_whole_file(file_system_, to->path_of(name), text));
      }
    }
  }
  return {};
}

Result<DrainReport> VolumeCare::drain_some(Volume& volume, std::size_t count_max,
                                           const std::stop_token& stop) {
  DrainReport report;
  ORIEL_TRY(clear_unfinished_moves(volumes_(), file_system_, database_));
  ORIEL_TRY_ASSIGN(const auto next, next_to_move(volume, count_max));
  if (next.empty()) {
    // From the beginning again, for what was left.
    auto& cursor = cursors_[volume.id()];
    report.finished = cursor.value == 0;
    if (report.finished && !handed_over_.contains(volume.id())) {
      ORIEL_TRY(hand_over_seals(volume));
      handed_over_.insert(volume.id());
    }
    cursor = RecordingId{};
    return report;
  }
  for (const auto& recording : next) {
    if (stop.stop_requested()) return report;
    auto* to = target_for(volume, recording.bytes);
    if (to == nullptr) {
      report.left = 1;
      report.trouble = "no other volume has room";
      return report;
    }
    const auto moved = move(volume, *to, recording);
    cursors_[volume.id()] = recording.id;
    if (!moved) {
      ++report.left;
      report.trouble = moved.error().message;
      log::warn("recording {}: not moved: {}", recording.id.value, report.trouble);
      continue;
    }
    ++report.moved;
    report.moved_bytes += recording.bytes;
    moved_bytes_.add(static_cast<double>(recording.bytes));
  }
  return report;
}

Result<Bytes> VolumeCare::copy(const std::string& from, const std::string& to) {
  ORIEL_TRY_ASSIGN(const auto source, file_system_.open(from, OpenMode::read));
  ORIEL_TRY(file_system_.make_folders(to.substr(0, to.rfind('/'))));
  ORIEL_TRY_ASSIGN(const auto target, file_system_.open(to, OpenMode::create));
  ORIEL_TRY(target->truncate(0));
  Sha256 digest;
  Bytes chunk(kChunkBytes);
  for (std::uint64_t offset = 0;;) {
    ORIEL_TRY_ASSIGN(const auto count, source->read(offset, chunk));
    if (count == 0) break;
    const ByteView piece = ByteView(chunk).first(count);
    digest.add(piece);
    ORIEL_TRY(target->write(offset, std::span(&piece, 1)));
    offset += count;
  }
  ORIEL_TRY(target->sync());
  return digest.take();
}

Result<Bytes> VolumeCare::digest_of(const std::string& path) {
  ORIEL_TRY_ASSIGN(const auto file, file_system_.open(path, OpenMode::read));
  Sha256 digest;
  Bytes chunk(kChunkBytes);
  for (std::uint64_t offset = 0;;) {
    ORIEL_TRY_ASSIGN(const auto count, file->read(offset, chunk));
    if (count == 0) return digest.take();
    digest.add(ByteView(chunk).first(count));
    offset += count;
  }
}

Result<void> VolumeCare::move(Volume& from, Volume& to, const Moving& recording) {
  const auto name =
      recording_file(recording.feed, recording.rendition, recording.id, recording.start);
  const auto old_path = from.path_of(name);
  const auto new_path = to.path_of(name);
  MovingFile moving{recording.id,    recording.feed, recording.rendition,
                    recording.start, to.id(),        VolumeId{}};
  ORIEL_TRY(database_.write_durable(
      [&](store::Session& session) { return note_moving(session, moving); }));
  ORIEL_TRY_ASSIGN(const auto read, copy(old_path, new_path));
  ORIEL_TRY_ASSIGN(const auto written, digest_of(new_path));
  if (read != written)
    return fail(ErrorKind::data_loss, "the copy on volume " + to.id().str() + " differs");
  // The names too.
  writer_.note(to.id(), recording.began);
  writer_.note(to.id(), recording.ended);
  ORIEL_TRY(to.sync());
  ORIEL_TRY(database_.write_durable([&](store::Session& session) -> Result<void> {
    ORIEL_TRY_ASSIGN(const auto switched,
                     session.execute("UPDATE recording SET volume = $2 WHERE id = $1"
                                     " AND volume = $3",
                                     {recording.id.value, to.id().str(), from.id().str()}));
    // Deleted meanwhile: the copy has no row and goes.
    moving.surplus = switched == 0 ? to.id() : from.id();
    return note_moving(session, moving);
  }));
  forget_(recording.id);
  return clear_unfinished_moves(volumes_(), file_system_, database_);
}

}  // namespace oriel::archive
