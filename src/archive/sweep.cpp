#include "archive/sweep.h"

#include <algorithm>
#include <chrono>

#include <fmt/format.h>

#include "base/log.h"

namespace oriel::archive {
namespace {

constexpr auto kRenditions = {media::Rendition::main, media::Rendition::sub,
                              media::Rendition::made};
constexpr Duration kDay = Duration::from_s(86'400);
constexpr Duration kSuspectInterval = Duration::from_s(5);

// "17.mp4.new": a copy that takes the place of a damaged file once it is whole. What a crash leaves
// of one is written anew by the next try.
bool is_repair(std::string_view name) {
  constexpr std::string_view kSuffix = ".new";
  return name.ends_with(kSuffix) &&
         parse_recording_file_name(name.substr(0, name.size() - kSuffix.size())).has_value();
}

bool readable(VolumeState state) {
  return state == VolumeState::ok || state == VolumeState::full || state == VolumeState::readonly;
}

}  // namespace

Sweep::Sweep(SweepOptions options, std::function<std::vector<Volume*>()> volumes, Writer& writer,
             FileSystem& file_system, store::Database& database, AlarmSink& alarms,
             const Clock& clock, Metrics& metrics, std::function<void(RecordingId)> forget)
    : options_(options),
      volumes_(std::move(volumes)),
      writer_(writer),
      file_system_(file_system),
      database_(database),
      alarms_(alarms),
      clock_(clock),
      forget_(std::move(forget)),
      lost_(metrics.counter("oriel_archive_lost_recordings_total",
                            "Recordings whose file was found gone or too short")),
      adopted_(metrics.counter("oriel_archive_adopted_recordings_total",
                               "Recordings found on a volume without a row")),
      rounds_(metrics.gauge("oriel_archive_sweep_days_count",
                            "Days of feeds that the last whole sweep went over")) {}

void Sweep::start() {
  thread_ = NamedThread("archive-sweep", [this](const std::stop_token& stop) {
    // The first minutes after a start belong to the cameras.
    Duration left = Duration::from_s(60);
    while (!stop.stop_requested()) {
      if (auto looked = look_at_suspects(); !looked) log::warn("sweep: {}", looked.error().message);
      if (!pause(stop, kSuspectInterval)) return;
      left = left - kSuspectInterval;
      if (left.us > 0) continue;
      if (auto swept = round(stop); !swept && swept.error().kind != ErrorKind::cancelled)
        log::warn("sweep: {}", swept.error().message);
      left = options_.rest;
    }
  });
}

void Sweep::stop() {
  thread_.request_stop();
  thread_.join();
}

// False when asked to stop.
bool Sweep::pause(const std::stop_token& stop, Duration length) {
  std::unique_lock lock(mutex_);
  wake_.wait_for(lock, stop, std::chrono::microseconds(length.us), [] { return false; });
  return !stop.stop_requested();
}

void Sweep::suspect(RecordingId id) {
  const std::lock_guard lock(mutex_);
  if (suspects_.size() < kSuspectsMax) suspects_.push_back(id);
}

Result<void> Sweep::look_at_suspects() {
  std::deque<RecordingId> suspects;
  {
    const std::lock_guard lock(mutex_);
    suspects.swap(suspects_);
  }
  for (const auto id : suspects) {
    if (writer_.position(id)) {
      suspect(id);  // not settled yet
      continue;
    }
    std::optional<Misfit> misfit;
    VolumeId on;
    ORIEL_TRY(database_.read([&](store::Session& session) {
      return session.query(
          "SELECT feed, rendition, start_us, end_us, volume FROM recording"
          " WHERE id = $1 AND ended IS NOT NULL",
          {id.value}, [&](const store::Row& row) {
            misfit = Misfit{id, FeedId(row.text(0)), static_cast<media::Rendition>(row.integer(1)),
                            UtcTime{row.integer(2)}, UtcTime{row.integer(3)}};
            on = VolumeId(row.text(4));
          });
    }));
    if (!misfit) continue;
    for (auto* volume : volumes_())
      if (volume->id() == on && readable(volume->state()) && volume->is_in_place())
        ORIEL_TRY(mend_all(*volume, {*misfit}));
  }
  return {};
}

Result<SweepReport> Sweep::round(const std::stop_token& stop, bool paced) {
  report_ = {};
  for (auto* volume : volumes_()) {
    if (!readable(volume->state()) || !volume->is_in_place()) continue;
    foreign_of_volume_ = 0;
    foreign_example_.clear();
    ORIEL_TRY_ASSIGN(const auto feeds, feeds_of(*volume));
    for (const auto& feed : feeds) ORIEL_TRY(sweep_feed(*volume, feed, stop, paced));
    if (foreign_of_volume_ > 0)
      alarms_.raise(AlarmKind::foreign_files, volume->id().str(),
                    fmt::format("{} files on it are not Oriel's and are left alone, such as {}.",
                                foreign_of_volume_, foreign_example_));
    else
      alarms_.clear(AlarmKind::foreign_files, volume->id().str());
    report_.foreign += foreign_of_volume_;
  }
  rounds_.set(static_cast<double>(report_.days));
  if (report_.lost + report_.shortened + report_.adopted > 0)
    log::warn("sweep: {} files lost, {} too short, {} without a row", report_.lost,
              report_.shortened, report_.adopted);
  return report_;
}

// Those that have a folder there, and those that should.
Result<std::set<FeedId>> Sweep::feeds_of(const Volume& volume) {
  std::set<FeedId> feeds;
  ORIEL_TRY(database_.read([&](store::Session& session) {
    return session.query("SELECT id FROM feed", {},
                         [&](const store::Row& row) { feeds.insert(FeedId(row.text(0))); });
  }));
  const auto entries = file_system_.list(volume.path());
  if (!entries) return feeds;
  for (const auto& entry : *entries) {
    const auto feed = parse_slug(entry.name);
    if (entry.is_folder && feed) {
      feeds.insert(FeedId(*feed));
    } else if (entry.name != kMarkerFile && entry.name != kProbeFile &&
               entry.name != "lost+found") {
      note_foreign(entry.name);
    }
  }
  return feeds;
}

void Sweep::note_foreign(const std::string& path) {
  if (foreign_of_volume_++ == 0) foreign_example_ = path;
}

std::set<Day> Sweep::days_on_disk(const Volume& volume, const FeedId& feed) {
  std::set<Day> days;
  const auto names = [&](const std::string& path, const auto& parse) {
    std::vector<std::string> found;
    const auto entries = file_system_.list(volume.path_of(path));
    if (!entries) return found;
    for (const auto& entry : *entries)
      if (entry.is_folder && parse(entry.name))
        found.push_back(entry.name);
      else if (!(path == kJournalFolder && parse_journal_file_name(entry.name)) &&
               !(path == kSealFolder && entry.is_folder))
        note_foreign(join_path(path, entry.name));
    return found;
  };
  for (const auto& year : names(feed.str(), parse_year)) {
    const auto year_path = join_path(feed.str(), year);
    for (const auto& month : names(year_path, parse_month)) {
      const auto month_path = join_path(year_path, month);
      for (const auto& day : names(month_path, parse_day))
        days.insert({*parse_year(year), *parse_month(month), *parse_day(day)});
    }
  }
  return days;
}

Result<std::optional<Day>> Sweep::next_day_with_rows(const FeedId& feed, Day from) {
  std::optional<Day> next;
  ORIEL_TRY(database_.read([&](store::Session& session) -> Result<void> {
    for (const auto rendition : kRenditions)
      ORIEL_TRY(session.query(
          "SELECT start_us FROM recording WHERE feed = $1 AND rendition = $2 AND start_us >= $3"
          " ORDER BY start_us LIMIT 1",
          {feed.str(), static_cast<std::int64_t>(rendition), begin_of(from).us},
          [&](const store::Row& row) {
            const Day day = day_of(UtcTime{row.integer(0)});
            if (!next || day < *next) next = day;
          }));
    return {};
  }));
  return next;
}

Result<void> Sweep::sweep_feed(Volume& volume, const FeedId& feed, const std::stop_token& stop,
                               bool paced) {
  const auto on_disk = days_on_disk(volume, feed);
  Day at{1970, 1, 1};
  while (true) {
    ORIEL_TRY_ASSIGN(auto next, next_day_with_rows(feed, at));
    const auto folder = on_disk.lower_bound(at);
    if (folder != on_disk.end() && (!next || *folder < *next)) next = *folder;
    if (!next) return {};
    ORIEL_TRY(sweep_day(volume, feed, *next));
    at = day_of(begin_of(*next) + kDay);
    if (stop.stop_requested() || (paced && !pause(stop, options_.pause)))
      return fail(ErrorKind::cancelled, "stopped");
    if (paced) ORIEL_TRY(look_at_suspects());
  }
}

Result<Sweep::Rows> Sweep::rows_of(const FeedId& feed, Day day) {
  Rows rows;
  const auto begin = begin_of(day);
  ORIEL_TRY(database_.read([&](store::Session& session) -> Result<void> {
    rows.clear();
    for (const auto rendition : kRenditions)
      ORIEL_TRY(session.query(
          "SELECT id, start_us, end_us, bytes, volume FROM recording WHERE feed = $1"
          " AND rendition = $2 AND start_us >= $3 AND start_us < $4 AND ended IS NOT NULL",
          {feed.str(), static_cast<std::int64_t>(rendition), begin.us, (begin + kDay).us},
          [&](const store::Row& row) {
            rows[RecordingId{row.integer(0)}] = {rendition,
                                                 {UtcTime{row.integer(1)}, UtcTime{row.integer(2)}},
                                                 static_cast<std::uint64_t>(row.integer(3)),
                                                 VolumeId(row.text(4))};
          }));
    return {};
  }));
  return rows;
}

Result<bool> Sweep::has_row(RecordingId id) {
  bool found = false;
  ORIEL_TRY(database_.read([&](store::Session& session) {
    // Also of what is being deleted, of thinned copies that are being made, and of copies that are
    // on their way between volumes.
    return session.query(
        "SELECT id FROM recording WHERE id = $1"
        " UNION ALL SELECT recording FROM deletion WHERE recording = $1"
        " UNION ALL SELECT recording FROM thinning WHERE recording = $1"
        " UNION ALL SELECT recording FROM moving WHERE recording = $1",
        {id.value}, [&](const store::Row&) { found = true; });
  }));
  return found;
}

Result<void> Sweep::sweep_day(Volume& volume, const FeedId& feed, Day day) {
  ++report_.days;
  ORIEL_TRY_ASSIGN(auto rows, rows_of(feed, day));
  const std::string folder = day_folder(feed, day);
  const auto entries = file_system_.list(volume.path_of(folder));
  if (!entries && entries.error().kind != ErrorKind::not_found) return {};  // the disk's trouble
  std::set<RecordingId> seen;
  std::vector<Misfit> misfits;
  for (const auto& entry : entries ? *entries : std::vector<DirectoryEntry>{}) {
    const auto name = parse_recording_file_name(entry.name);
    if (!entry.is_folder && is_repair(entry.name)) continue;
    if (entry.is_folder || !name) {
      note_foreign(join_path(folder, entry.name));
      continue;
    }
    ++report_.files;
    seen.insert(name->id);
    if (const auto row = rows.find(name->id); row != rows.end()) {
      if (row->second.volume != volume.id()) continue;
      const auto file = file_system_.identify(volume.path_of(join_path(folder, entry.name)));
      if (file && file->size_bytes < row->second.bytes)
        misfits.push_back(
            {name->id, feed, name->rendition, row->second.span.begin, row->second.span.end});
      continue;
    }
    // Being written, or settled since the rows were read, or known under another day.
    if (writer_.position(name->id)) continue;
    ORIEL_TRY_ASSIGN(const bool known, has_row(name->id));
    if (!known) misfits.push_back({name->id, feed, name->rendition, begin_of(day), std::nullopt});
  }
  for (const auto& [id, row] : rows) {
    if (row.volume != volume.id() || seen.contains(id)) continue;
    const auto file = file_system_.identify(
        volume.path_of(recording_file(feed, row.rendition, id, row.span.begin)));
    if (!file && file.error().kind == ErrorKind::not_found)
      misfits.push_back({id, feed, row.rendition, row.span.begin, row.span.end});
  }
  if (misfits.empty() || !volume.is_in_place()) return {};
  return mend_all(volume, misfits);
}

Result<void> Sweep::mend_all(Volume& volume, const std::vector<Misfit>& misfits) {
  ORIEL_TRY_ASSIGN(const auto mended, mend(volume, file_system_, database_, misfits, clock_.now()));
  std::vector<JournalEntry> lines;
  for (const auto& missing : mended.missing) {
    auto& line = lines.emplace_back();
    line.at_us = clock_.now().us;
    line.kind = JournalKind::gap_laid;
    line.feed = missing.feed.str();
    line.start_us = missing.span.begin.us;
    line.end_us = missing.span.end.us;
    line.reason = media::Reason::damaged;
  }
  if (!lines.empty()) writer_.note_ledger(std::move(lines));
  report_.lost += mended.damaged;
  report_.shortened += mended.shortened;
  report_.adopted += mended.adopted;
  lost_.add(static_cast<double>(mended.damaged + mended.shortened));
  adopted_.add(static_cast<double>(mended.adopted));
  const auto& feed = misfits.front().feed;
  for (const auto& misfit : misfits) forget_(misfit.id);
  if (mended.damaged > 0)
    alarms_.raise(
        AlarmKind::file_lost, feed.str(),
        fmt::format("{} files of recordings are gone from volume {}, of {} and later.",
                    mended.damaged, volume.id().str(), format_rfc3339(misfits.front().start)));
  if (mended.shortened > 0)
    alarms_.raise(
        AlarmKind::damaged, feed.str(),
        fmt::format("{} recordings on volume {} are shorter than they were written, of"
                    " {} and later.",
                    mended.shortened, volume.id().str(), format_rfc3339(misfits.front().start)));
  return {};
}

}  // namespace oriel::archive
