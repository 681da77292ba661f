#include "archive/volume_lane.h"

#include <algorithm>
#include <chrono>
#include <utility>

#include "archive/file_names.h"
#include "archive/track_json.h"
#include "base/hex.h"
#include "base/log.h"

namespace oriel::archive {
namespace {

constexpr std::size_t kBatchMax = 512;
constexpr std::size_t kJournalQueueMax = 10'000;
// Escaped in its line it stays well below kJournalLineMax.
constexpr std::size_t kTracksTextMax = 6'000;

// Of what is open, often enough that a deleted file is noticed within ten seconds.
constexpr auto kLookInterval = std::chrono::seconds(4);
constexpr std::size_t kCopyBytes = std::size_t{1} << 20;

std::int64_t steady_us(const Clock& clock) {
  return std::chrono::duration_cast<std::chrono::microseconds>(clock.steady().time_since_epoch())
      .count();
}

// Marks that a call to the disk is under way.
class Busy {
 public:
  Busy(std::atomic<std::int64_t>& since_us, const Clock& clock) : since_us_(since_us) {
    since_us_ = std::max<std::int64_t>(steady_us(clock), 1);
  }
  ~Busy() { since_us_ = 0; }
  Busy(const Busy&) = delete;
  Busy& operator=(const Busy&) = delete;

 private:
  std::atomic<std::int64_t>& since_us_;
};

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

JournalEntry began_entry(const media::Recording& head, UtcTime now) {
  JournalEntry entry;
  entry.at_us = now.us;
  entry.kind = JournalKind::recording_began;
  entry.feed = head.feed.str();
  entry.rendition = head.rendition;
  entry.recording = head.id.value;
  entry.run = head.run.value;
  entry.run_offset_90k = head.run_offset_90k;
  entry.reason = head.began;
  entry.clock_source = head.clock.source;
  entry.clock_offset_us = head.clock.offset_us;
  entry.clock_error_us = head.clock.error_us;
  if (head.declared_fps > 0) entry.declared_fps = head.declared_fps;
  entry.start_us = head.start.us;
  if (head.run_offset_90k == 0 && head.tracks) {
    auto tracks = format_tracks(*head.tracks);
    if (tracks.size() <= kTracksTextMax) entry.tracks = std::move(tracks);
  }
  return entry;
}

JournalEntry ended_entry(const TrackedRecording& recording, media::Reason reason,
                         const Sha256Digest& sha256, const SegmentSums& sums, UtcTime now) {
  JournalEntry entry;
  entry.at_us = now.us;
  entry.kind = JournalKind::recording_ended;
  entry.feed = recording.head->feed.str();
  entry.recording = recording.head->id.value;
  entry.reason = reason;
  entry.end_us = recording.end().us;
  const auto written = recording.snapshot();
  entry.bytes = static_cast<std::int64_t>(written.bytes);
  entry.frames = static_cast<std::int64_t>(written.frames);
  entry.index = format_index(media::encode_segment_index(written.segments));
  entry.sha256 = format_hex(sha256);
  entry.sums = format_sums(sums);
  return entry;
}

}  // namespace

VolumeLane::VolumeLane(LaneOptions options, Volume& volume, FileSystem& file_system,
                       const Clock& clock, BufferBudget& budget, RowWriter& rows, Metrics& metrics,
                       Cut cut, Discarded discarded, Troubled troubled)
    : options_(options),
      volume_(volume),
      file_system_(file_system),
      clock_(clock),
      budget_(budget),
      rows_(rows),
      cut_(std::move(cut)),
      discarded_(std::move(discarded)),
      troubled_(std::move(troubled)),
      written_bytes_(metrics.counter("oriel_archive_written_bytes_total",
                                     "Bytes of recordings written",
                                     {{"volume", volume.id().str()}})),
      dropped_parts_(
          metrics.counter("oriel_archive_refused_parts_total", "Parts that were not recorded")),
      dropped_bytes_(metrics.counter("oriel_archive_refused_bytes_total",
                                     "Bytes of parts that were not recorded")),
      dropped_journal_(metrics.counter("oriel_archive_journal_dropped_total",
                                       "Journal lines that could not be written")),
      syncs_(metrics.counter("oriel_archive_syncs_total", "Syncs of a volume",
                             {{"volume", volume.id().str()}})),
      sync_seconds_(metrics.counter("oriel_archive_sync_seconds_total",
                                    "Time spent in syncs of a volume",
                                    {{"volume", volume.id().str()}})),
      free_bytes_(metrics.gauge("oriel_archive_volume_free_bytes", "Free bytes of a volume",
                                {{"volume", volume.id().str()}})),
      state_(metrics.gauge("oriel_archive_volume_writable",
                           "1 when a volume can be written, else 0",
                           {{"volume", volume.id().str()}})),
      journal_(volume, file_system) {}

void VolumeLane::start() {
  JournalEntry entry;
  entry.at_us = clock_.now().us;
  entry.kind = JournalKind::started;
  push_journal(std::move(entry));
  writer_ = NamedThread("write-" + volume_.id().str(),
                        [this](const std::stop_token& stop) { write_loop(stop); });
  syncer_ = NamedThread("sync-" + volume_.id().str(),
                        [this](const std::stop_token& stop) { sync_loop(stop); });
}

void VolumeLane::stop() {
  writer_.request_stop();
  writer_.join();
  syncer_.request_stop();
  syncer_.join();
}

bool VolumeLane::accepts(bool after_refusal) const {
  if (!volume_.takes_recordings()) return false;
  const auto has_room = [&](std::size_t taken, std::size_t bytes_max) {
    return taken <= (after_refusal ? bytes_max / 2 : bytes_max / 8 * 7);
  };
  return has_room(queued_bytes_.load(), options_.queue_bytes_max) &&
         has_room(budget_.taken(), budget_.bytes_max());
}

bool VolumeLane::push_part(const TrackedPtr& recording, const media::PartPtr& part) {
  const std::size_t bytes = part->size();
  if (queued_bytes_.load() + bytes > options_.queue_bytes_max || !budget_.try_take(bytes))
    return false;
  queued_bytes_ += bytes;
  recording->received(*part);
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back({recording, part});
    ++pushed_;
  }
  work_.notify_one();
  return true;
}

// Always taken: at most one for each recording that was accepted.
void VolumeLane::push_close(const TrackedPtr& recording, media::Reason reason) {
  {
    const std::lock_guard lock(mutex_);
    queue_.push_back({recording, nullptr, reason});
    ++pushed_;
  }
  work_.notify_one();
}

void VolumeLane::push_journal(JournalEntry entry) {
  {
    const std::lock_guard lock(mutex_);
    if (journal_queue_.size() >= kJournalQueueMax) {
      dropped_journal_.add();
      return;
    }
    journal_queue_.push_back(std::move(entry));
    ++pushed_;
  }
  work_.notify_one();
}

Result<void> VolumeLane::write_journal_durably(std::vector<JournalEntry> entries,
                                               SteadyTime deadline) {
  if (entries.empty()) return {};
  const auto order = std::make_shared<JournalOrder>();
  order->entries = std::move(entries);
  {
    std::unique_lock lock(mutex_);
    journal_order_queue_.push_back(order);
    ++pushed_;
    work_.notify_one();
    if (!progress_.wait_until(lock, deadline, [&] { return order->done; }))
      return fail(ErrorKind::deadline, "volume " + volume_.id().str() + ": its journal is behind");
    if (!order->result) return order->result;
  }
  // By descriptors of its own: an error that this sync is told of is still told to the lane's.
  ORIEL_TRY_ASSIGN(const auto file,
                   file_system_.open(volume_.path_of(journal_file(order->day)), OpenMode::write));
  ORIEL_TRY(file->sync());
  return file_system_.sync_folder(volume_.path_of(kJournalFolder));
}

bool VolumeLane::drain(SteadyTime deadline) {
  std::unique_lock lock(mutex_);
  const auto target = pushed_;
  if (!progress_.wait_until(lock, deadline, [&] { return done_ >= target; })) return false;
  const auto sync = ++sync_wanted_;
  sync_wake_.notify_one();
  return progress_.wait_until(lock, deadline, [&] { return sync_done_ >= sync; });
}

std::size_t VolumeLane::open_count() const {
  const std::lock_guard lock(mutex_);
  return static_cast<std::size_t>(
      std::count_if(recordings_.begin(), recordings_.end(),
                    [](const auto& synced) { return !synced->recording->is_ended(); }));
}

void VolumeLane::write_loop(const std::stop_token& stop) {
  for (;;) {
    std::deque<Command> batch;
    std::deque<JournalEntry> journal;
    std::deque<std::shared_ptr<JournalOrder>> orders;
    {
      std::unique_lock lock(mutex_);
      work_.wait(lock, stop, [&] {
        return !queue_.empty() || !journal_queue_.empty() || !journal_order_queue_.empty();
      });
      if (queue_.empty() && journal_queue_.empty() && journal_order_queue_.empty()) return;
      const auto count = static_cast<std::ptrdiff_t>(std::min(queue_.size(), kBatchMax));
      batch.assign(std::make_move_iterator(queue_.begin()),
                   std::make_move_iterator(queue_.begin() + count));
      queue_.erase(queue_.begin(), queue_.begin() + count);
      journal.swap(journal_queue_);
      orders.swap(journal_order_queue_);
    }
    const auto count = batch.size() + journal.size() + orders.size();
    Result<void> journalled;
    {
      const Busy busy(writing_since_us_, clock_);
      write_batch(batch);
      journalled = write_journal(journal, orders);
    }
    {
      const std::lock_guard lock(mutex_);
      for (const auto& order : orders) {
        order->result = journalled;
        order->done = true;
      }
      done_ += count;
    }
    progress_.notify_all();
  }
}

// Parts of one recording that wait together become one write; recordings do not depend on each
// other, so only the order within each is kept.
void VolumeLane::write_batch(std::deque<Command>& batch) {
  std::vector<std::pair<TrackedPtr, std::vector<media::PartPtr>>> groups;
  const auto group_of = [&](const TrackedPtr& recording) -> std::vector<media::PartPtr>& {
    for (auto& [key, parts] : groups)
      if (key == recording) return parts;
    return groups.emplace_back(recording, std::vector<media::PartPtr>{}).second;
  };
  for (auto& command : batch) {
    auto& parts = group_of(command.recording);
    if (command.part) {
      parts.push_back(std::move(command.part));
      continue;
    }
    write_parts(command.recording, parts);
    if (command.look)
      mend_file(command.recording);
    else
      close(command.recording, command.reason);
  }
  for (auto& [recording, parts] : groups) write_parts(recording, parts);
}

void VolumeLane::write_parts(const TrackedPtr& recording, std::vector<media::PartPtr>& parts) {
  if (parts.empty()) return;
  std::size_t bytes = 0;
  for (const auto& part : parts) bytes += part->size();
  const auto state = volume_.state();
  bool done = false;
  if (!recording->is_ended() && state == VolumeState::ok) {
    if (auto appended = append(recording, parts); appended) {
      {
        const std::lock_guard lock(mutex_);
        unsynced_ = true;
      }
      // After the flag: see sync_once().
      recording->written(parts);
      written_bytes_.add(static_cast<double>(bytes));
      done = true;
    } else {
      log::error("recording {} of feed {}: {}", recording->head->id.value,
                 recording->head->feed.str(), appended.error().message);
      // A file that exists already is this recording's trouble, not the disk's.
      const bool disk = appended.error().kind != ErrorKind::conflict;
      if (disk) volume_.report_error(appended.error());
      cut_back(recording);
      cut_by_disk(recording, disk ? reason_of(volume_.state()) : media::Reason::disk_failed);
    }
  } else if (!recording->is_ended()) {
    cut_by_disk(recording, reason_of(state));
  }
  if (!done) {
    dropped_parts_.add(static_cast<double>(parts.size()));
    dropped_bytes_.add(static_cast<double>(bytes));
  }
  queued_bytes_ -= bytes;
  budget_.give_back(bytes);
  parts.clear();
}

Result<VolumeLane::OpenFile*> VolumeLane::file_of(const TrackedPtr& recording) {
  const auto found = files_.find(recording.get());
  if (found != files_.end()) return &found->second;
  const auto& head = *recording->head;
  const std::string path =
      volume_.path_of(recording_file(head.feed, head.rendition, head.id, head.start));
  auto opened = file_system_.open(path, OpenMode::create_new);
  if (!opened && opened.error().kind == ErrorKind::not_found) {
    ORIEL_TRY(file_system_.make_folders(folder_of(path)));
    opened = file_system_.open(path, OpenMode::create_new);
  }
  if (!opened) return fail(std::move(opened).error());
  OpenFile* const file = &files_[recording.get()];
  file->file = std::move(*opened);
  if (const auto identity = file->file->identity()) recording->set_file(*identity);
  journal_lines_.push_back(began_entry(head, clock_.now()));
  const std::lock_guard lock(mutex_);
  recordings_.push_back(std::make_shared<Synced>(Synced{recording}));
  return file;
}

Result<void> VolumeLane::append(const TrackedPtr& recording,
                                const std::vector<media::PartPtr>& parts) {
  ORIEL_TRY_ASSIGN(OpenFile* const file, file_of(recording));
  const std::uint64_t offset = recording->position().written_bytes;
  std::vector<ByteView> pieces;
  pieces.reserve(parts.size() * 2 + 1);
  if (offset == 0) pieces.emplace_back(*recording->head->init);
  for (const auto& part : parts) {
    pieces.emplace_back(*part->file_head);
    pieces.emplace_back(*part->payload);
  }
  ORIEL_TRY(file->file->write(offset, pieces));
  for (const auto piece : pieces) file->hash.update(piece);
  for (const auto& part : parts) {
    file->sums.add(part->segment, *part->file_head);
    file->sums.add(part->segment, *part->payload);
  }
  return {};
}

// After a failed write the file ends with a whole part again, or goes.
void VolumeLane::cut_back(const TrackedPtr& recording) {
  const auto found = files_.find(recording.get());
  if (found == files_.end()) return;
  const auto whole_bytes = recording->position().written_bytes;
  if (whole_bytes == 0) return;  // close() removes it
  if (auto cut = found->second.file->truncate(whole_bytes); !cut)
    log::error("recording {}: its torn end stays until recovery: {}", recording->head->id.value,
               cut.error().message);
}

// On the sync thread. What is written was counted before the file is looked at, so a whole file is
// never taken for a short one.
void VolumeLane::look_at_files() {
  const auto now = clock_.steady();
  if (looked_at_ && now - *looked_at_ < kLookInterval) return;
  looked_at_ = now;
  std::vector<TrackedPtr> open;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& synced : recordings_)
      if (!synced->recording->is_ended()) open.push_back(synced->recording);
  }
  for (const auto& recording : open) {
    const auto file = recording->file();
    const auto written_bytes = recording->position().written_bytes;
    if (!file || written_bytes == 0) continue;
    const auto& head = *recording->head;
    const auto found = file_system_.identify(
        volume_.path_of(recording_file(head.feed, head.rendition, head.id, head.start)));
    const bool gone = !found && found.error().kind == ErrorKind::not_found;
    const bool wrong = found && (!found->same_file(*file) || found->size_bytes < written_bytes);
    if (!gone && !wrong) continue;
    {
      const std::lock_guard lock(mutex_);
      queue_.push_back({recording, nullptr, media::Reason::none, true});
      ++pushed_;
    }
    work_.notify_one();
  }
}

// On the writer thread. A file whose name is gone can still be read while it is open.
void VolumeLane::mend_file(const TrackedPtr& recording) {
  const auto open = files_.find(recording.get());
  if (recording->is_ended() || open == files_.end() || volume_.state() != VolumeState::ok) return;
  // With the disk itself gone there is nothing to mend, and its bare mount point is not filled.
  if (!volume_.is_in_place()) return;
  const auto& head = *recording->head;
  const std::string path =
      volume_.path_of(recording_file(head.feed, head.rendition, head.id, head.start));
  const auto held = open->second.file->identity();
  const auto named = file_system_.identify(path);
  const bool whole = held && held->size_bytes >= recording->position().written_bytes;
  const bool in_place = named && held && named->same_file(*held);
  if (whole && in_place) return;
  if (whole) {
    const auto anew = write_anew(recording, *open->second.file, path);
    if (anew) return troubled_(recording, FileTrouble::restored);
    log::error("recording {}: its file is gone and could not be written again: {}", head.id.value,
               anew.error().message);
  }
  cut_by_disk(recording, media::Reason::damaged);
  troubled_(recording, FileTrouble::lost);
}

Result<void> VolumeLane::write_anew(const TrackedPtr& recording, File& open,
                                    const std::string& path) {
  if (file_system_.identify(path)) {
    // Somebody's file is not written over; nobody takes it for a recording under this name.
    ORIEL_TRY(file_system_.rename(path, path + ".foreign"));
  }
  ORIEL_TRY(file_system_.make_folders(folder_of(path)));
  ORIEL_TRY_ASSIGN(auto file, file_system_.open(path, OpenMode::create_new));
  Bytes chunk(kCopyBytes);
  const auto written_bytes = recording->position().written_bytes;
  for (std::uint64_t offset = 0; offset < written_bytes;) {
    const auto wanted = std::min<std::uint64_t>(chunk.size(), written_bytes - offset);
    ORIEL_TRY_ASSIGN(const auto count, open.read(offset, std::span(chunk).first(wanted)));
    if (count == 0) return fail(ErrorKind::data_loss, "it is shorter than what was written");
    const ByteView piece = ByteView(chunk).first(count);
    ORIEL_TRY(file->write(offset, std::span(&piece, 1)));
    offset += count;
  }
  ORIEL_TRY_ASSIGN(const auto identity, file->identity());
  recording->set_file(identity);
  files_[recording.get()].file = std::move(file);
  const std::lock_guard lock(mutex_);
  unsynced_ = true;
  return {};
}

Duration VolumeLane::busy_for() const {
  const auto now_us = steady_us(clock_);
  Duration longest;
  for (const auto* since_us : {&writing_since_us_, &syncing_since_us_})
    if (const auto began_us = since_us->load(); began_us != 0)
      longest = std::max(longest, Duration{now_us - began_us});
  return longest;
}

void VolumeLane::cut_by_disk(const TrackedPtr& recording, media::Reason reason) {
  recording->cut();
  cut_(recording, reason);
  close(recording, reason);
}

void VolumeLane::close(const TrackedPtr& recording, media::Reason reason) {
  if (recording->is_ended()) return;
  const bool has_parts = recording->position().written_parts > 0;
  auto file = files_.extract(recording.get());
  std::optional<Sha256Digest> sha256;
  if (has_parts) sha256 = file.mapped().hash.finish();
  recording->ended(reason, sha256);
  if (!has_parts) {
    if (!file.empty()) {
      file.mapped().file.reset();
      const auto& head = *recording->head;
      const auto removed = file_system_.remove(
          volume_.path_of(recording_file(head.feed, head.rendition, head.id, head.start)));
      if (!removed)
        log::warn("recording {}: a file without a part stays until recovery: {}", head.id.value,
                  removed.error().message);
    }
    {
      const std::lock_guard lock(mutex_);
      std::erase_if(recordings_,
                    [&](const auto& synced) { return synced->recording == recording; });
    }
    discarded_(recording);
    return;
  }
  journal_lines_.push_back(
      ended_entry(*recording, reason, *sha256, file.mapped().sums, clock_.now()));
  const std::lock_guard lock(mutex_);
  unsynced_ = true;
}

Result<void> VolumeLane::write_journal(std::deque<JournalEntry>& entries,
                                       std::deque<std::shared_ptr<JournalOrder>>& orders) {
  const auto state = volume_.state();
  journal_lines_.insert(journal_lines_.end(), std::make_move_iterator(entries.begin()),
                        std::make_move_iterator(entries.end()));
  const auto unordered = journal_lines_.size();
  for (const auto& order : orders)
    journal_lines_.insert(journal_lines_.end(), order->entries.begin(), order->entries.end());
  if (journal_lines_.empty()) return {};
  Result<void> written;
  // The reserve of a full volume is for this, too.
  if (state == VolumeState::ok || state == VolumeState::full) {
    const auto now = clock_.now();
    for (const auto& order : orders) order->day = day_of(now);
    written = journal_.append(journal_lines_, now);
    if (!written) log::warn("volume {}: journal: {}", volume_.id().str(), written.error().message);
    const std::lock_guard lock(mutex_);
    unsynced_ = true;
  } else {
    written = fail(ErrorKind::unavailable, "volume " + volume_.id().str() +
                                               " takes no journal: " + volume_.status().message);
  }
  if (!written) {
    // Who ordered lines hears that they are not written, and decides.
    journal_lines_.resize(unordered);
    keep_journal_lines();
    return written;
  }
  journal_lines_.clear();
  journal_waits_ = false;
  return written;
}

// Reasons must not be lost with the disk they speak of: the lines wait until it can be written.
// Bounded by kJournalQueueMax: the newest are dropped.
void VolumeLane::keep_journal_lines() {
  journal_waits_ = true;
  std::erase_if(journal_lines_, [](const auto& line) { return line.kind == JournalKind::alive; });
  if (journal_lines_.size() <= kJournalQueueMax) return;
  dropped_journal_.add(static_cast<double>(journal_lines_.size() - kJournalQueueMax));
  journal_lines_.resize(kJournalQueueMax);
}

void VolumeLane::sync_loop(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex_);
      sync_wake_.wait_for(lock, stop, std::chrono::microseconds(options_.sync_interval.us),
                          [&] { return sync_wanted_ > sync_done_; });
    }
    sync_once();
  }
  sync_once();
}

void VolumeLane::note_alive() {
  const auto now = clock_.steady();
  {
    const std::lock_guard lock(mutex_);
    if (alive_at_ && now - *alive_at_ < std::chrono::microseconds(kAliveInterval.us)) return;
    alive_at_ = now;
  }
  JournalEntry entry;
  entry.at_us = clock_.now().us;
  push_journal(std::move(entry));
}

void VolumeLane::sync_once() {
  const Busy busy(syncing_since_us_, clock_);
  const bool came_back = volume_.refresh();
  const auto status = volume_.status();
  free_bytes_.set(static_cast<double>(status.free_bytes));
  state_.set(status.state == VolumeState::ok ? 1 : 0);
  note_alive();

  std::vector<std::shared_ptr<Synced>> recordings;
  std::uint64_t generation = 0;
  {
    const std::lock_guard lock(mutex_);
    recordings = recordings_;
    generation = sync_wanted_;
  }
  if (came_back)
    for (const auto& each : recordings) troubled_(each->recording, FileTrouble::suspect);
  // The writer appends, raises the flag, then counts the bytes as written. Here the counts are
  // taken first and the flag after: bytes that are in a mark were appended before this sync, or,
  // with the flag down, before the sync that took it down.
  std::vector<UnsettledRecording> marks;
  for (const auto& synced : recordings) marks.push_back(synced->recording->snapshot());
  bool needed = false;
  {
    const std::lock_guard lock(mutex_);
    needed = std::exchange(unsynced_, false);
  }
  if (status.state == VolumeState::ok) look_at_files();
  // On a disk that is not there, or that lost its pages, a sync would promise what is not true.
  const bool usable = status.state == VolumeState::ok || status.state == VolumeState::full;
  Result<void> synced;
  if (needed && usable) {
    const auto before = std::chrono::steady_clock::now();
    synced = volume_.sync();
    syncs_.add();
    sync_seconds_.add(
        std::chrono::duration<double>(std::chrono::steady_clock::now() - before).count());
    if (!synced) {
      log::error("volume {}: sync failed, what was written since the last one may be lost: {}",
                 volume_.id().str(), synced.error().message);
      volume_.report_error(synced.error());
    }
  }
  if (needed && (!usable || !synced)) {
    const std::lock_guard lock(mutex_);
    unsynced_ = true;
  } else {
    for (std::size_t i = 0; i < recordings.size(); ++i)
      recordings[i]->recording->made_durable(marks[i]);
    settle_synced(recordings, marks);
  }
  {
    const std::lock_guard lock(mutex_);
    sync_done_ = std::max(sync_done_, generation);
  }
  progress_.notify_all();
}

void VolumeLane::settle_synced(std::vector<std::shared_ptr<Synced>>& synced,
                               const std::vector<UnsettledRecording>& marks) {
  std::vector<const Synced*> settled;
  for (std::size_t i = 0; i < synced.size(); ++i) {
    if (marks[i].segments.empty()) continue;
    if (marks[i].ended) {
      rows_.push(marks[i]);
      settled.push_back(synced[i].get());
    } else if (!std::exchange(synced[i]->row_open, true)) {
      rows_.push(marks[i]);
    }
  }
  if (settled.empty()) return;
  const std::lock_guard lock(mutex_);
  std::erase_if(recordings_, [&](const auto& recording) {
    return std::find(settled.begin(), settled.end(), recording.get()) != settled.end();
  });
}

}  // namespace oriel::archive
