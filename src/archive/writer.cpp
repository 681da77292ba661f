#include "archive/writer.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <map>
#include <mutex>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "archive/gap_ledger.h"
#include "archive/row_writer.h"
#include "archive/tracked_recording.h"
#include "archive/volume_lane.h"
#include "base/log.h"
#include "base/thread.h"

namespace oriel::archive {
namespace {

constexpr auto kCareInterval = std::chrono::milliseconds(500);
constexpr auto kAskAgainAfter = std::chrono::seconds(5);

std::optional<JournalEntry> journal_entry(const RowChange& change, UtcTime now) {
  JournalEntry entry;
  entry.at_us = now.us;
  if (const auto* began = std::get_if<GapBeganRow>(&change)) {
    entry.kind = JournalKind::gap_began;
    entry.feed = began->feed.str();
    entry.reason = began->reason;
    entry.start_us = began->start.us;
    return entry;
  }
  if (const auto* ended = std::get_if<GapEndedRow>(&change)) {
    entry.kind = JournalKind::gap_ended;
    entry.feed = ended->feed.str();
    entry.end_us = ended->end.us;
    return entry;
  }
  return std::nullopt;
}

}  // namespace

// One for each volume. Grows while others go through it, and never shrinks.
class Lanes {
 public:
  void add(std::unique_ptr<VolumeLane> lane) {
    lanes_[count_] = std::move(lane);
    ++count_;
  }
  std::size_t size() const { return count_.load(); }
  const std::unique_ptr<VolumeLane>* begin() const { return lanes_.data(); }
  const std::unique_ptr<VolumeLane>* end() const { return lanes_.data() + size(); }
  const std::unique_ptr<VolumeLane>& back() const { return lanes_[size() - 1]; }

 private:
  std::array<std::unique_ptr<VolumeLane>, Writer::kVolumesMax> lanes_;
  std::atomic<std::size_t> count_ = 0;
};

class Writer::Core {
 public:
  Core(WriterOptions options, std::vector<Volume*> volumes, FileSystem& file_system,
       store::Database& database, const Clock& clock, Metrics& metrics);

  Result<void> start();
  void stop();
  Result<void> add_volume(Volume& volume);
  void note(const VolumeId& volume, JournalEntry entry);

  // For the sinks, on the feeds' threads.
  std::uint64_t open_stream(const FeedId& feed, media::Rendition rendition, SinkUse use);
  void close_stream(std::uint64_t stream);
  // Absent: no volume takes it now.
  std::pair<TrackedPtr, VolumeLane*> begin(std::uint64_t stream, const media::RecordingPtr& head);
  void refuse_part(const TrackedPtr& recording, VolumeLane& lane);
  void count_refused(const media::Part& part);

  void note_source(const FeedId& feed, media::Reason reason, UtcTime at);
  TrackedPtr tracked(RecordingId id) const;
  std::vector<UnsettledRecording> unsettled(const FeedId& feed, media::Rendition rendition) const;
  std::vector<StreamState> stream_states() const;
  std::vector<LaneState> lane_states() const;
  RowState row_state() const { return rows_.state(); }
  void note_journal(const VolumeId& volume, JournalEntry entry);
  void note_ledger(std::vector<JournalEntry> entries);
  Result<void> note_everywhere(const JournalEntry& entry, Duration deadline);
  Result<void> flush(Duration deadline);
  Result<void> write_journal(const VolumeId& volume, std::vector<JournalEntry> entries,
                             Duration deadline);
  std::map<FeedId, UtcTime> take_settled();
  double backlog() const {
    return static_cast<double>(budget_.taken()) / static_cast<double>(budget_.bytes_max());
  }

 private:
  // What one sink writes.
  struct Stream {
    FeedId feed;
    media::Rendition rendition = media::Rendition::main;
    SinkUse use = SinkUse::live;
    RecordingId current;                        // the recording last accepted
    media::Reason wants = media::Reason::none;  // why it waits for a new recording
    SteadyTime asked{};
  };

  std::unique_ptr<VolumeLane> make_lane(Volume& volume, std::size_t queue_bytes_max);
  VolumeLane& ledger_lane();
  VolumeLane* choose_lane(bool after_refusal);
  media::Reason why_no_lane() const;
  void apply(const std::vector<RowChange>& changes);
  void refused(const media::RecordingPtr& head, media::Reason reason, UtcTime at);
  void forget(RecordingId id);
  void care(const std::stop_token& stop);
  void ask_for_recordings();

  const WriterOptions options_;
  FileSystem& file_system_;
  store::Database& database_;
  const Clock& clock_;
  Metrics& metrics_;
  BufferBudget budget_;
  GapLedger ledger_;
  Counter& refused_parts_;
  Counter& refused_bytes_;
  Gauge& buffer_bytes_;
  Gauge& open_recordings_;
  RowWriter rows_;
  Lanes lanes_;

  mutable std::mutex mutex_;
  std::unordered_map<RecordingId, TrackedPtr> tracked_;  // guarded by mutex_
  std::map<FeedId, UtcTime> settled_;                    // guarded by mutex_; one a feed
  std::map<std::uint64_t, Stream> streams_;              // guarded by mutex_; one a sink
  std::uint64_t last_stream_ = 0;                        // guarded by mutex_
  // Keeps a gap's rows and journal lines in the ledger's order.
  std::mutex apply_mutex_;
  std::mutex care_mutex_;
  std::condition_variable_any care_wake_;
  NamedThread care_;
  std::mutex volumes_mutex_;  // one addition at a time, none once stopped
  bool stopped_ = false;      // guarded by volumes_mutex_
};

// One recording after the other of one rendition. Only on the feed's thread.
class RecordingSink final : public media::PartSink {
 public:
  RecordingSink(Writer::Core& core, FeedId feed, media::Rendition rendition, SinkUse use)
      : core_(core),
        feed_(std::move(feed)),
        rendition_(rendition),
        stream_(core.open_stream(feed_, rendition, use)) {}
  ~RecordingSink() override {
    close(media::Reason::server_stopped);
    core_.close_stream(stream_);
  }

  void recording_began(const media::RecordingPtr& recording) override {
    close(media::Reason::length_reached);
    ORIEL_CHECK(recording->feed == feed_ && recording->rendition == rendition_);
    std::tie(current_, lane_) = core_.begin(stream_, recording);
  }

  void part_made(const media::PartPtr& part) override {
    if (!current_ || current_->head != part->recording || current_->is_cut()) {
      core_.count_refused(*part);
      return;
    }
    if (lane_->push_part(current_, part)) return;
    core_.count_refused(*part);
    core_.refuse_part(current_, *lane_);
  }

  void recording_ended(const media::RecordingPtr& recording, media::Reason reason) override {
    if (current_ && current_->head == recording) close(reason);
  }

 private:
  void close(media::Reason reason) {
    if (current_ && current_->cut()) lane_->push_close(current_, reason);
    current_.reset();
    lane_ = nullptr;
  }

  Writer::Core& core_;
  const FeedId feed_;
  const media::Rendition rendition_;
  const std::uint64_t stream_;
  TrackedPtr current_;
  VolumeLane* lane_ = nullptr;
};

Writer::Core::Core(WriterOptions options, std::vector<Volume*> volumes, FileSystem& file_system,
                   store::Database& database, const Clock& clock, Metrics& metrics)
    : options_(std::move(options)),
      file_system_(file_system),
      database_(database),
      clock_(clock),
      metrics_(metrics),
      budget_(options_.buffer_bytes_max),
      refused_parts_(
          metrics.counter("oriel_archive_refused_parts_total", "Parts that were not recorded")),
      refused_bytes_(metrics.counter("oriel_archive_refused_bytes_total",
                                     "Bytes of parts that were not recorded")),
      buffer_bytes_(metrics.gauge("oriel_archive_buffer_bytes",
                                  "Bytes received and not yet written, all volumes")),
      open_recordings_(
          metrics.gauge("oriel_archive_open_recordings_count", "Recordings being written")),
      rows_(options_.row_queue_max, options_.database_probe_every, database, metrics,
            [this](RecordingId id) { forget(id); }) {
  const std::size_t queue_bytes_max =
      volumes.size() > 1 ? options_.buffer_bytes_max / 4 * 3 : options_.buffer_bytes_max;
  ORIEL_CHECK(volumes.size() <= kVolumesMax);
  for (auto* volume : volumes) lanes_.add(make_lane(*volume, queue_bytes_max));
}

std::unique_ptr<VolumeLane> Writer::Core::make_lane(Volume& volume, std::size_t queue_bytes_max) {
  LaneOptions lane;
  lane.sync_interval = options_.sync_interval;
  lane.queue_bytes_max = queue_bytes_max;
  return std::make_unique<VolumeLane>(
      lane, volume, file_system_, clock_, budget_, rows_, metrics_,
      [this](const TrackedPtr& recording, media::Reason reason) {
        refused(recording->head, reason, recording->end());
      },
      [this](const TrackedPtr& recording) { forget(recording->head->id); },
      [this](const TrackedPtr& recording, FileTrouble trouble) {
        if (options_.file_trouble) options_.file_trouble(recording->snapshot(), trouble);
      });
}

Result<void> Writer::Core::add_volume(Volume& volume) {
  const std::lock_guard lock(volumes_mutex_);
  if (stopped_) return fail(ErrorKind::cancelled, "the archive is stopping");
  if (lanes_.size() == kVolumesMax)
    return fail(ErrorKind::exhausted,
                fmt::format("an archive has at most {} volumes", kVolumesMax));
  auto lane = make_lane(volume, options_.buffer_bytes_max / 4 * 3);
  lane->start();
  lanes_.add(std::move(lane));
  return {};
}

void Writer::Core::note(const VolumeId& volume, JournalEntry entry) {
  for (const auto& lane : lanes_)
    if (lane->volume().id() == volume) return lane->push_journal(std::move(entry));
}

Result<void> Writer::Core::start() {
  ORIEL_TRY(database_.read([&](store::Session& session) {
    return session.query("SELECT feed, start_us, reason FROM gap WHERE end_us IS NULL", {},
                         [&](const store::Row& row) {
                           ledger_.load(FeedId(row.text(0)),
                                        static_cast<media::Reason>(row.integer(2)),
                                        UtcTime{row.integer(1)});
                         });
  }));
  rows_.start();
  for (auto& lane : lanes_) lane->start();
  care_ = NamedThread("archive-care", [this](const std::stop_token& stop) { care(stop); });
  return {};
}

void Writer::Core::stop() {
  {
    const std::lock_guard lock(volumes_mutex_);
    if (std::exchange(stopped_, true)) return;
  }
  care_.request_stop();
  care_.join();
  std::vector<TrackedPtr> open;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, recording] : tracked_)
      if (recording->cut()) open.push_back(recording);
  }
  for (const auto& recording : open)
    for (auto& lane : lanes_)
      if (lane->volume().id() == recording->volume)
        lane->push_close(recording, media::Reason::server_stopped);
  const auto now = clock_.now();
  {
    const std::lock_guard order(apply_mutex_);
    apply(ledger_.note_stop(now));
  }
  for (auto& lane : lanes_) {
    JournalEntry entry;
    entry.at_us = now.us;
    entry.kind = JournalKind::stopped;
    lane->push_journal(std::move(entry));
  }
  if (auto flushed = flush(options_.stop_deadline); !flushed)
    log::warn("archive: {}; the next start recovers what is missing", flushed.error().message);
  for (auto& lane : lanes_) lane->stop();
  rows_.stop();
}

VolumeLane* Writer::Core::choose_lane(bool after_refusal) {
  VolumeLane* best = nullptr;
  std::uint64_t best_free = 0;
  for (auto& lane : lanes_) {
    if (!lane->accepts(after_refusal)) continue;
    const auto free_bytes = lane->volume().status().free_bytes;
    if (best != nullptr && free_bytes <= best_free) continue;
    best = lane.get();
    best_free = free_bytes;
  }
  return best;
}

media::Reason Writer::Core::why_no_lane() const {
  auto reason = media::Reason::disk_failed;
  for (const auto& lane : lanes_) {
    const auto state = lane->volume().state();
    if (state == VolumeState::ok && lane->volume().takes_recordings())
      return media::Reason::disk_behind;
    if (state == VolumeState::full) reason = media::Reason::disk_full;
  }
  return reason;
}

std::uint64_t Writer::Core::open_stream(const FeedId& feed, media::Rendition rendition,
                                        SinkUse use) {
  const std::lock_guard lock(mutex_);
  auto& stream = streams_[++last_stream_];
  stream.feed = feed;
  stream.rendition = rendition;
  stream.use = use;
  return last_stream_;
}

void Writer::Core::close_stream(std::uint64_t stream) {
  const std::lock_guard lock(mutex_);
  streams_.erase(stream);
}

std::pair<TrackedPtr, VolumeLane*> Writer::Core::begin(std::uint64_t stream,
                                                       const media::RecordingPtr& head) {
  bool waits = false;
  {
    const std::lock_guard lock(mutex_);
    streams_[stream].current = head->id;
    waits = streams_[stream].wants != media::Reason::none;
  }
  VolumeLane* lane = choose_lane(waits);
  if (lane == nullptr) {
    refused(head, why_no_lane(), head->start);
    return {nullptr, nullptr};
  }
  auto recording = std::make_shared<TrackedRecording>(head, lane->volume().id());
  bool ends_gap = false;
  {
    const std::lock_guard lock(mutex_);
    tracked_[head->id] = recording;
    streams_[stream].wants = media::Reason::none;
    ends_gap = streams_[stream].use == SinkUse::live && head->rendition == media::Rendition::main;
  }
  if (ends_gap) {
    const std::lock_guard order(apply_mutex_);
    apply(ledger_.note_disk(head->feed, media::Reason::none, head->start));
  }
  return {std::move(recording), lane};
}

void Writer::Core::refuse_part(const TrackedPtr& recording, VolumeLane& lane) {
  if (!recording->cut()) return;
  lane.push_close(recording, media::Reason::disk_behind);
  log::warn("feed {}: the disk is behind, recording {} ends early", recording->head->feed.str(),
            recording->head->id.value);
  // What is still queued will be written: the gap begins after it.
  const auto received = recording->received_end();
  refused(recording->head, media::Reason::disk_behind, received);
}

void Writer::Core::count_refused(const media::Part& part) {
  refused_parts_.add();
  refused_bytes_.add(static_cast<double>(part.size()));
}

// The stream waits for room, unless it has moved on to another recording meanwhile.
void Writer::Core::refused(const media::RecordingPtr& head, media::Reason reason, UtcTime at) {
  {
    const std::lock_guard lock(mutex_);
    const auto found = std::find_if(streams_.begin(), streams_.end(), [&](const auto& stream) {
      return stream.second.current == head->id;
    });
    if (found == streams_.end() || found->second.use != SinkUse::live) return;
    found->second.wants = reason;
  }
  if (head->rendition != media::Rendition::main) return;
  const std::lock_guard order(apply_mutex_);
  apply(ledger_.note_disk(head->feed, reason, at));
}

void Writer::Core::note_source(const FeedId& feed, media::Reason reason, UtcTime at) {
  const std::lock_guard order(apply_mutex_);
  apply(ledger_.note_source(feed, reason, at));
}

// apply_mutex_ held; pushes to queues only.
void Writer::Core::apply(const std::vector<RowChange>& changes) {
  for (const auto& change : changes) {
    if (auto entry = journal_entry(change, clock_.now()))
      ledger_lane().push_journal(std::move(*entry));
    rows_.push(change);
  }
}

// One copy is enough; the first volume that can be written has it.
VolumeLane& Writer::Core::ledger_lane() {
  for (auto& lane : lanes_)
    if (lane->volume().writable()) return *lane;
  return *lanes_.back();
}

void Writer::Core::note_ledger(std::vector<JournalEntry> entries) {
  const std::lock_guard order(apply_mutex_);
  auto& lane = ledger_lane();
  for (auto& entry : entries) lane.push_journal(std::move(entry));
}

void Writer::Core::forget(RecordingId id) {
  const std::lock_guard lock(mutex_);
  const auto found = tracked_.find(id);
  if (found == tracked_.end()) return;
  const auto& head = *found->second->head;
  auto& earliest = settled_.try_emplace(head.feed, head.start).first->second;
  earliest = std::min(earliest, head.start);
  tracked_.erase(found);
}

std::map<FeedId, UtcTime> Writer::Core::take_settled() {
  const std::lock_guard lock(mutex_);
  return std::exchange(settled_, {});
}

TrackedPtr Writer::Core::tracked(RecordingId id) const {
  const std::lock_guard lock(mutex_);
  const auto found = tracked_.find(id);
  return found == tracked_.end() ? nullptr : found->second;
}

std::vector<UnsettledRecording> Writer::Core::unsettled(const FeedId& feed,
                                                        media::Rendition rendition) const {
  std::vector<TrackedPtr> found;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [id, recording] : tracked_)
      if (recording->head->feed == feed && recording->head->rendition == rendition)
        found.push_back(recording);
  }
  std::vector<UnsettledRecording> taken;
  for (const auto& recording : found) {
    auto snapshot = recording->snapshot();
    if (snapshot.parts > 0) taken.push_back(std::move(snapshot));
  }
  std::sort(taken.begin(), taken.end(), [](const auto& a, const auto& b) {
    return std::pair(a.head->start, a.head->id) < std::pair(b.head->start, b.head->id);
  });
  return taken;
}

std::vector<StreamState> Writer::Core::stream_states() const {
  std::vector<StreamState> states;
  const std::lock_guard lock(mutex_);
  for (const auto& [key, stream] : streams_) {
    if (stream.use != SinkUse::live) continue;
    StreamState state{stream.feed, stream.rendition, stream.current, stream.wants, std::nullopt};
    if (const auto found = tracked_.find(stream.current);
        found != tracked_.end() && !found->second->is_cut())
      state.position = found->second->position();
    states.push_back(std::move(state));
  }
  return states;
}

std::vector<LaneState> Writer::Core::lane_states() const {
  std::vector<LaneState> states;
  for (const auto& lane : lanes_) states.push_back({lane->volume().id(), lane->busy_for()});
  return states;
}

void Writer::Core::note_journal(const VolumeId& volume, JournalEntry entry) {
  for (auto& lane : lanes_)
    if (lane->volume().id() == volume) return lane->push_journal(std::move(entry));
}

Result<void> Writer::Core::note_everywhere(const JournalEntry& entry, Duration deadline) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(deadline.us);
  std::vector<VolumeLane*> lanes;
  for (auto& lane : lanes_) {
    const auto state = lane->volume().state();
    if (state != VolumeState::ok && state != VolumeState::full) continue;
    lane->push_journal(entry);
    lanes.push_back(lane.get());
  }
  if (lanes.empty()) return fail(ErrorKind::unavailable, "no volume can be written");
  for (auto* lane : lanes) {
    const auto& id = lane->volume().id().str();
    if (!lane->drain(until))
      return fail(ErrorKind::deadline, "volume " + id + " did not take the line in time");
    if (lane->journal_waits())
      return fail(ErrorKind::unavailable, "volume " + id + ": its journal cannot be written");
  }
  return {};
}

Result<void> Writer::Core::flush(Duration deadline) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(deadline.us);
  for (auto& lane : lanes_)
    if (!lane->drain(until))
      return fail(ErrorKind::deadline,
                  "volume " + lane->volume().id().str() + " did not take everything in time");
  const auto left = std::chrono::duration_cast<std::chrono::microseconds>(
      until - std::chrono::steady_clock::now());
  if (!rows_.drain(Duration{left.count()}))
    return fail(ErrorKind::deadline, "the database did not take all rows in time");
  return {};
}

Result<void> Writer::Core::write_journal(const VolumeId& volume, std::vector<JournalEntry> entries,
                                         Duration deadline) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::microseconds(deadline.us);
  for (auto& lane : lanes_)
    if (lane->volume().id() == volume)
      return lane->write_journal_durably(std::move(entries), until);
  return fail(ErrorKind::not_found, "there is no volume " + volume.str());
}

void Writer::Core::care(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(care_mutex_);
      care_wake_.wait_for(lock, stop, kCareInterval, [] { return false; });
    }
    buffer_bytes_.set(static_cast<double>(budget_.taken()));
    std::size_t open = 0;
    for (const auto& lane : lanes_) open += lane->open_count();
    open_recordings_.set(static_cast<double>(open));
    ask_for_recordings();
  }
}

void Writer::Core::ask_for_recordings() {
  if (!options_.recording_wanted || choose_lane(true) == nullptr) return;
  std::vector<Stream> asked;
  const auto now = std::chrono::steady_clock::now();
  {
    const std::lock_guard lock(mutex_);
    for (auto& [key, stream] : streams_) {
      if (stream.wants == media::Reason::none || now - stream.asked < kAskAgainAfter) continue;
      stream.asked = now;
      asked.push_back(stream);
    }
  }
  for (const auto& stream : asked)
    options_.recording_wanted(stream.feed, stream.rendition, stream.wants);
}

Writer::Writer(WriterOptions options, std::vector<Volume*> volumes, FileSystem& file_system,
               store::Database& database, const Clock& clock, Metrics& metrics)
    : core_(std::make_unique<Core>(std::move(options), std::move(volumes), file_system, database,
                                   clock, metrics)) {}

Writer::~Writer() { stop(); }

Result<void> Writer::start() { return core_->start(); }

void Writer::stop() { core_->stop(); }

std::unique_ptr<media::PartSink> Writer::sink_for(FeedId feed, media::Rendition rendition,
                                                  SinkUse use) {
  return std::make_unique<RecordingSink>(*core_, std::move(feed), rendition, use);
}

void Writer::note_state(const FeedId& feed, media::Reason reason, UtcTime at) {
  core_->note_source(feed, reason, at);
}

std::optional<Position> Writer::position(RecordingId id) const {
  const auto recording = core_->tracked(id);
  if (!recording) return std::nullopt;
  return recording->position();
}

std::optional<UnsettledRecording> Writer::find(RecordingId id) const {
  const auto recording = core_->tracked(id);
  if (!recording) return std::nullopt;
  auto snapshot = recording->snapshot();
  if (snapshot.parts == 0) return std::nullopt;
  return snapshot;
}

std::vector<UnsettledRecording> Writer::unsettled(const FeedId& feed,
                                                  media::Rendition rendition) const {
  return core_->unsettled(feed, rendition);
}

Result<void> Writer::add_volume(Volume& volume) { return core_->add_volume(volume); }

void Writer::note(const VolumeId& volume, JournalEntry entry) {
  core_->note(volume, std::move(entry));
}

std::vector<StreamState> Writer::streams() const { return core_->stream_states(); }

std::vector<LaneState> Writer::lanes() const { return core_->lane_states(); }

RowState Writer::rows() const { return core_->row_state(); }
void Writer::note_journal(const VolumeId& volume, JournalEntry entry) {
  core_->note_journal(volume, std::move(entry));
}

void Writer::note_ledger(std::vector<JournalEntry> entries) {
  core_->note_ledger(std::move(entries));
}

Result<void> Writer::note_everywhere(const JournalEntry& entry, Duration deadline) {
  return core_->note_everywhere(entry, deadline);
}

Result<void> Writer::write_journal(const VolumeId& volume, std::vector<JournalEntry> entries,
                                   Duration deadline) {
  return core_->write_journal(volume, std::move(entries), deadline);
}

double Writer::backlog() const { return core_->backlog(); }

std::map<FeedId, UtcTime> Writer::take_settled() { return core_->take_settled(); }

Result<void> Writer::flush(Duration deadline) { return core_->flush(deadline); }

}  // namespace oriel::archive
