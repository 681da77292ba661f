#include "archive/archive.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <utility>

#include <fmt/format.h>

#include "archive/ledger_journal.h"
#include "archive/moving.h"
#include "archive/thinning.h"
#include "base/log.h"

namespace oriel::archive {
namespace {

constexpr auto kRefillInterval = std::chrono::seconds(5);

void refill_loop(IdAllocator& ids, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  while (!stop.stop_requested()) {
    {
      std::unique_lock lock(mutex);
      wake.wait_for(lock, stop, kRefillInterval, [] { return false; });
    }
    if (auto refilled = ids.refill(); !refilled)
      log::warn("numbers of recordings: {}", refilled.error().message);
  }
}

std::function<void(const UnsettledRecording&, FileTrouble)> tell_of_trouble(
    AlarmSink& alarms, const std::unique_ptr<Sweep>& sweep) {
  return [&alarms, &sweep](const UnsettledRecording& recording, FileTrouble trouble) {
    const auto& head = *recording.head;
    if (trouble == FileTrouble::lost && sweep) sweep->suspect(head.id);
    if (trouble == FileTrouble::suspect) {
      if (sweep) sweep->suspect(head.id);
      return;
    }
    alarms.raise(AlarmKind::file_lost, head.feed.str(),
                 fmt::format("The file of recording {} was deleted or changed while it was being"
                             " written{}",
                             head.id.value,
                             trouble == FileTrouble::restored
                                 ? ". It was written again from what was still open: nothing is"
                                   " missing."
                                 : ", and bytes of it are gone."));
  };
}

// Nobody waits for it, and a disk that is read at this pace hardly notices.
constexpr double kHashBytesPerSecond = 32.0 * (1 << 20);
constexpr auto kCustodyInterval = std::chrono::seconds(60);

constexpr int kKeepDaysEvery = 10;  // rounds of custody

void keep_days(const Catalog& catalog, const Clock& clock, const std::stop_token& stop) {
  auto feeds = catalog.feeds();
  if (!feeds) return log::warn("days of the archive: {}", feeds.error().message);
  for (const auto& feed : *feeds) {
    for (std::size_t kept = 1; kept > 0 && !stop.stop_requested();) {
      const auto done = catalog.keep_days(feed, clock.now());
      if (!done) return log::warn("days of feed {}: {}", feed.str(), done.error().message);
      kept = *done;
    }
  }
}

void custody_loop(Notary& notary, const Catalog& catalog, const Clock& clock,
                  const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any wake;
  Pace pace(kHashBytesPerSecond, stop);
  // Not at once: a start has enough to read.
  for (int round = 0; !stop.stop_requested(); ++round) {
    {
      std::unique_lock lock(mutex);
      wake.wait_for(lock, stop, kCustodyInterval, [] { return false; });
    }
    if (stop.stop_requested()) return;
    if (round % kKeepDaysEvery == 0) keep_days(catalog, clock, stop);
    if (auto done = notary.work(pace); !done && done.error().kind != ErrorKind::cancelled)
      log::warn("seals of the archive: {}", done.error().message);
  }
}

constexpr auto kScrubWait = std::chrono::seconds(60);

void scrub_loop(Scrub& scrub, const std::stop_token& stop) {
  lower_disk_priority();
  std::mutex mutex;
  std::condition_variable_any wake;
  Pace pace(1, stop);  // the scrub sets its rate
  bool more = false;
  while (!stop.stop_requested()) {
    if (!more) {
      std::unique_lock lock(mutex);
      wake.wait_for(lock, stop, kScrubWait, [] { return false; });
    }
    if (stop.stop_requested()) return;
    const auto stepped = scrub.step(pace);
    more = stepped && *stepped;
    if (!stepped && stepped.error().kind != ErrorKind::cancelled)
      log::warn("scrub: {}", stepped.error().message);
  }
}

}  // namespace

Result<std::unique_ptr<Archive>> Archive::open(ArchiveOptions options, store::Database& database,
                                               const Clock& clock, Metrics& metrics) {
  return open(std::move(options), make_posix_file_system(), database, clock, metrics);
}

Result<std::unique_ptr<Archive>> Archive::open(ArchiveOptions options,
                                               std::unique_ptr<FileSystem> file_system,
                                               store::Database& database, const Clock& clock,
                                               Metrics& metrics) {
  if (options.volumes.empty()) return fail(ErrorKind::invalid, "the archive has no volume");
  std::unique_ptr<Archive> archive(new Archive());
  archive->file_system_ = std::move(file_system);
  auto& files = *archive->file_system_;
  std::vector<Volume*> views;
  for (auto& volume : options.volumes) {
    ORIEL_TRY_ASSIGN(auto opened, Volume::open(std::move(volume), files, database, clock.now()));
    views.push_back(opened.get());
    archive->volumes_.push_back(std::move(opened));
  }
  archive->database_ = &database;
  archive->clock_ = &clock;
  archive->publish(std::move(views));
  const VolumeList list = [archive = archive.get()] { return archive->volumes(); };
  const auto& volumes = archive->volumes();
  ORIEL_TRY(clear_unfinished_thinning(volumes, files, database));
  ORIEL_TRY(clear_unfinished_moves(volumes, files, database));
  ORIEL_TRY_ASSIGN(archive->recovery_, recover(volumes, files, database, clock.now()));
  ORIEL_TRY_ASSIGN(archive->ids_, IdAllocator::open(database, archive->recovery_.highest_recording,
                                                    archive->recovery_.highest_run));
  if (!options.writer.file_trouble)
    options.writer.file_trouble = tell_of_trouble(options.alarms, archive->sweep_);
  archive->writer_ =
      std::make_unique<Writer>(options.writer, volumes, files, database, clock, metrics);
  ORIEL_TRY(archive->writer_->start());
  ORIEL_TRY_ASSIGN(auto lines,
                   ledger_lines(database, archive->recovery_.ledger_since, clock.now()));
  archive->writer_->note_ledger(std::move(lines));
  archive->catalog_ = std::make_unique<Catalog>(database, archive->writer_.get());
  archive->catalog_->set_away([archive = archive.get()] {
    std::vector<VolumeId> away;
    for (const auto* volume : archive->volumes())
      if (volume->state() == VolumeState::missing || volume->state() == VolumeState::failed)
        away.push_back(volume->id());
    return away;
  });
  archive->reader_ = std::make_unique<Reader>(volumes, files, *archive->catalog_);
  archive->cache_ =
      std::make_unique<SegmentCache>(*archive->reader_, metrics, options.cache_bytes_max);
  for (auto* volume : volumes)
    if (volume->state() == VolumeState::missing || volume->state() == VolumeState::failed)
      volume->set_ready(false);
  archive->care_ = std::make_unique<VolumeCare>(
      list, *archive->writer_, files, database, options.alarms, clock, metrics,
      [archive = archive.get()](RecordingId id) { archive->reader_->forget(id); });
  archive->care_->start();
  const auto forget = [reader = archive->reader_.get(),
                       cache = archive->cache_.get()](RecordingId id) {
    reader->forget(id);
    cache->forget(id);
  };
  archive->sweep_ = std::make_unique<Sweep>(options.sweep, list, *archive->writer_, files, database,
                                            options.alarms, clock, metrics, forget);
  if (options.watch.wanted) {
    archive->sweep_->start();
    archive->watch_ = std::make_unique<Watch>(options.watch, *archive->writer_, list,
                                              options.alarms, clock, metrics);
    archive->watch_->start();
  }
  archive->notary_ =
      std::make_unique<Notary>(database, list, files, options.key, archive->writer_.get(), clock);
  archive->custody_ = NamedThread(
      "archive-custody",
      [notary = archive->notary_.get(), catalog = archive->catalog_.get(),
       &clock](const std::stop_token& stop) { custody_loop(*notary, *catalog, clock, stop); });
  archive->verifier_ = std::make_unique<Verifier>(database, list, files, options.alarms, clock);
  if (options.scrub_round > Duration{}) {
    archive->scrub_ = std::make_unique<Scrub>(*archive->verifier_, database, list, options.alarms,
                                              clock, options.scrub_round);
    archive->scrubber_ = NamedThread(
        "archive-scrub",
        [scrub = archive->scrub_.get()](const std::stop_token& stop) { scrub_loop(*scrub, stop); });
  }
  archive->retention_ = std::make_unique<Retention>(
      options.retention,
      RetentionParts{database, *archive->writer_, files, list, *archive->catalog_, *archive->ids_,
                     clock, options.alarms, metrics, forget});
  archive->retention_->rules().declare(std::move(options.declared_rules));
  ORIEL_TRY(archive->retention_->start());
  archive->refill_ = NamedThread(
      "archive-ids",
      [ids = archive->ids_.get()](const std::stop_token& stop) { refill_loop(*ids, stop); });
  return archive;
}

void Archive::publish(std::vector<Volume*> volumes) {
  volume_lists_.push_back(std::move(volumes));
  volume_views_ = &volume_lists_.back();
}

Result<void> Archive::add_volumes(const std::vector<VolumeOptions>& volumes) {
  const std::lock_guard one(volumes_mutex_);
  for (const auto& options : volumes) {
    auto views = this->volumes();
    const auto known = std::find_if(views.begin(), views.end(),
                                    [&](const auto* each) { return each->id() == options.id; });
    if (known != views.end()) {
      if ((*known)->path() != options.path)
        log::warn("volume {}: its path changes with the next start", options.id.str());
      continue;
    }
    if (views.size() >= Writer::kVolumesMax)
      return fail(ErrorKind::exhausted, "an archive has at most 64 volumes");
    ORIEL_TRY_ASSIGN(auto opened, Volume::open(options, *file_system_, *database_, clock_->now()));
    // It may hold recordings of an earlier life: the care of volumes brings it in.
    opened->set_ready(false);
    reader_->add_volume(*opened);
    ORIEL_TRY(writer_->add_volume(*opened));
    views.push_back(opened.get());
    volumes_.push_back(std::move(opened));
    publish(std::move(views));
    log::info("volume {}: added at {}", options.id.str(), options.path);
  }
  return {};
}

Result<void> Archive::set_draining(const VolumeId& id, bool draining) {
  const std::lock_guard one(volumes_mutex_);
  Volume* wanted = nullptr;
  bool others = false;
  for (auto* volume : volumes()) {
    if (volume->id() == id)
      wanted = volume;
    else
      others = others || !volume->draining();
  }
  if (wanted == nullptr) return fail(ErrorKind::not_found, "there is no such volume");
  if (draining && !others)
    return fail(ErrorKind::conflict,
                "no other volume takes recordings: add one to the configuration first");
  return wanted->set_draining(draining, *database_, clock_->now());
}

Archive::~Archive() { stop(); }

void Archive::stop() {
  if (watch_) watch_->stop();
  if (care_) care_->stop();
  if (sweep_) sweep_->stop();
  scrubber_.request_stop();
  custody_.request_stop();
  refill_.request_stop();
  scrubber_.join();
  custody_.join();
  refill_.join();
  if (retention_) retention_->stop();
  if (writer_) writer_->stop();
}

}  // namespace oriel::archive
