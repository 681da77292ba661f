#include "archive/rebuild.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "archive/damage_rows.h"
#include "archive/file_check.h"
#include "archive/gap_rows.h"
#include "archive/holds.h"
#include "archive/journal.h"
#include "archive/ledger_journal.h"
#include "archive/moving.h"
#include "archive/notary.h"
#include "archive/part_walk.h"
#include "archive/recording_rows.h"
#include "archive/recovery.h"
#include "archive/row_writer.h"
#include "archive/seal_rows.h"
#include "archive/segment_sums.h"
#include "archive/track_json.h"
#include "base/hex.h"
#include "store/counter.h"

namespace oriel::archive {
namespace {

// What journals say of one recording.
struct Told {
  std::optional<JournalEntry> began;
  std::optional<JournalEntry> ended;  // or hashed
  media::Thinned thinned{};
};
using ToldOfDay = std::map<std::int64_t, Told>;

// A thinned copy, as its line says. Kept for all of them, by number: their lines are filed by when
// they were made, years after the time they show.
struct ThinnedCopy {
  std::int64_t id = 0;
  std::int64_t replaces = 0;
  std::int64_t run = 0;
  std::int64_t run_offset_90k = 0;
  media::ClockQuality clock;
  double declared_fps = 0;
  std::int64_t start_us = 0;
  media::Thinned thinned{};
  media::Reason began = media::Reason::none;
  media::Reason ended = media::Reason::none;
};

ThinnedCopy copy_of(const JournalEntry& entry) {
  ThinnedCopy copy;
  copy.id = entry.recording.value_or(0);
  copy.replaces = entry.replaces.value_or(0);
  copy.run = entry.run.value_or(0);
  copy.run_offset_90k = entry.run_offset_90k.value_or(0);
  copy.clock.source = entry.clock_source.value_or(media::ClockSource::arrival);
  copy.clock.offset_us = entry.clock_offset_us.value_or(0);
  copy.clock.error_us = entry.clock_error_us.value_or(0);
  copy.declared_fps = entry.declared_fps.value_or(0);
  copy.start_us = entry.start_us.value_or(0);
  copy.thinned = entry.thinned.value_or(media::Thinned{});
  copy.began = entry.began.value_or(media::Reason::none);
  copy.ended = entry.reason.value_or(media::Reason::server_crashed);
  return copy;
}

// As the lines of an ordinary recording would say it.
Told told_of_copy(const ThinnedCopy& copy) {
  Told told;
  told.thinned = copy.thinned;
  auto& began = told.began.emplace();
  began.run = copy.run;
  began.run_offset_90k = copy.run_offset_90k;
  began.clock_source = copy.clock.source;
  began.clock_offset_us = copy.clock.offset_us;
  began.clock_error_us = copy.clock.error_us;
  began.declared_fps = copy.declared_fps;
  began.start_us = copy.start_us;
  began.reason = copy.began;
  told.ended.emplace().reason = copy.ended;
  return told;
}

struct FoundFile {
  RecordingFileName name;
  FeedId feed;
  const Volume* volume = nullptr;
  std::string path;
  Day day;
};

Result<void> restore_line(store::Session& session, const JournalEntry& entry) {
  if (entry.kind == JournalKind::hold_made || entry.kind == JournalKind::hold_released)
    return restore_hold(session, entry);
  if (entry.kind != JournalKind::recording_deleted) return restore_ledger_line(session, entry);
  const bool main = entry.rendition.value_or(media::Rendition::main) == media::Rendition::main;
  if (!main || entry.replaced_by || !entry.feed || !entry.start_us || !entry.end_us) return {};
  return lay_gap(session, FeedId(*entry.feed), {UtcTime{*entry.start_us}, UtcTime{*entry.end_us}},
                 media::Reason::deleted);
}

class Rebuild {
 public:
  Rebuild(const std::vector<Volume*>& volumes, FileSystem& file_system, store::Database& database,
          const RebuildOptions& options, UtcTime now, Pace& pace)
      : volumes_(volumes),
        file_system_(file_system),
        database_(database),
        options_(options),
        now_(now),
        pace_(pace) {}

  Result<RebuildReport> run() {
    ORIEL_TRY(check_start());
    for (const auto* volume : volumes_) ORIEL_TRY(find_folders(*volume));
    for (const auto day : journal_days_) ORIEL_TRY(replay(day));
    std::sort(deleted_.begin(), deleted_.end());
    std::sort(copies_.begin(), copies_.end(),
              [](const auto& a, const auto& b) { return a.id < b.id; });
    for (const auto& [day, folders] : folders_) {
      ORIEL_TRY(rebuild_day(day, folders));
      if (options_.progress) options_.progress(day, report_);
    }
    ORIEL_TRY(note_lost());
    ORIEL_TRY(restore_seals());
    ORIEL_TRY(raise_numbers());
    return report_;
  }

 private:
  struct Folder {
    const Volume* volume = nullptr;
    FeedId feed;
  };

  Result<void> check_start();
  Result<void> find_folders(const Volume& volume);
  void find_days(const Volume& volume, const FeedId& feed, const std::string& folder, int level,
                 Day day);
  Result<void> replay(Day day);
  void keep_line(const JournalEntry& entry, std::vector<JournalEntry>& ledger);
  bool is_deleted(std::int64_t id) const {
    return std::binary_search(deleted_.begin(), deleted_.end(), id);
  }
  const ThinnedCopy* find_copy(std::int64_t id) const;
  Result<void> put_aside(const FoundFile& found, const ThinnedCopy* copy);
  Result<const ToldOfDay*> told_of(Day day);
  Result<std::map<std::int64_t, FoundFile>> best_of(
      const std::multimap<std::int64_t, FoundFile>& files, const ToldOfDay& told);
  Result<void> rebuild_day(Day day, const std::vector<Folder>& folders);
  Result<void> rebuild_file(const FoundFile& found, const Told& told);
  Result<std::optional<UnsettledRecording>> row_of(const FoundFile& found, const Told& told,
                                                   const File& file);
  Result<void> insert(const UnsettledRecording& row, const Told& told);
  Result<void> check(const FoundFile& found, const Told& told, const File& file);
  Result<void> note_lost();
  Result<void> restore_seals();
  Result<void> raise_numbers();
  void note(std::string text) {
    if (report_.notes.size() < RebuildReport::kNotesMax) report_.notes.push_back(std::move(text));
  }

  const std::vector<Volume*>& volumes_;
  FileSystem& file_system_;
  store::Database& database_;
  const RebuildOptions& options_;
  const UtcTime now_;
  Pace& pace_;
  RebuildReport report_;
  std::set<Day> journal_days_;
  std::map<Day, std::vector<Folder>> folders_;
  std::map<Day, ToldOfDay> told_;                 // of the days at hand
  std::map<std::int64_t, JournalEntry> hashed_;   // told at a start after a crash: a few each
  std::map<std::int64_t, JournalEntry> missing_;  // ended, and no file was found
  std::map<FeedId, Bytes> last_init_;
  std::vector<std::int64_t> deleted_;  // recordings, by number once the journals are read
  std::vector<ThinnedCopy> copies_;    // the same
  std::int64_t highest_recording_ = 0;
  std::int64_t highest_run_ = 0;
};

Result<void> Rebuild::check_start() {
  bool empty = true;
  ORIEL_TRY(database_.read([&](store::Session& session) {
    return session.query("SELECT id FROM recording LIMIT 1", {},
                         [&](const store::Row&) { empty = false; });
  }));
  if (!empty) return fail(ErrorKind::conflict, "the database has recordings already");
  for (const auto* volume : volumes_) {
    const auto status = volume->status();
    if (status.state == VolumeState::missing || status.state == VolumeState::failed)
      return fail(ErrorKind::unavailable,
                  fmt::format("volume {}: {}; without it the database would lack what it holds",
                              volume->id().str(), status.message));
  }
  return {};
}

Result<void> Rebuild::find_folders(const Volume& volume) {
  ORIEL_TRY_ASSIGN(const auto entries, file_system_.list(volume.path()));
  for (const auto& entry : entries) {
    auto feed = parse_slug(entry.name);
    if (entry.is_folder && feed)
      find_days(volume, FeedId(*feed), entry.name, 0, Day{});
    else if (entry.name != kMarkerFile && entry.name != kProbeFile && entry.name != "lost+found") {
      ++report_.foreign;
      note(volume.path_of(entry.name) + " is not ours: it is left alone");
    }
  }
  const auto journals = file_system_.list(volume.path_of(kJournalFolder));
  if (!journals) return {};
  for (const auto& entry : *journals)
    if (const auto day = parse_journal_file_name(entry.name)) journal_days_.insert(*day);
  return {};
}

// level 0: the feed's folder, 1: a year, 2: a month.
void Rebuild::find_days(const Volume& volume, const FeedId& feed, const std::string& folder,
                        int level, Day day) {
  const auto entries = file_system_.list(volume.path_of(folder));
  if (!entries) return note(entries.error().message);
  const bool may_hold_others =
      level == 0 && (feed.str() == kJournalFolder || feed.str() == kSealFolder);
  for (const auto& entry : *entries) {
    const std::string path = join_path(folder, entry.name);
    std::optional<unsigned> number;
    if (level == 0)
      number = parse_year(entry.name);
    else
      number = level == 1 ? parse_month(entry.name) : parse_day(entry.name);
    if (!entry.is_folder || !number) {
      if (may_hold_others) continue;
      ++report_.foreign;
      note(volume.path_of(path) + " is not ours: it is left alone");
    } else if (level == 0) {
      find_days(volume, feed, path, 1, {static_cast<int>(*number), 0, 0});
    } else if (level == 1) {
      find_days(volume, feed, path, 2, {day.year, *number, 0});
    } else {
      folders_[{day.year, day.month, *number}].push_back({&volume, feed});
    }
  }
}

// The lines of all volumes in the order they were written.
Result<void> Rebuild::replay(Day day) {
  std::vector<JournalEntry> entries;
  for (const auto* volume : volumes_) {
    const auto first = static_cast<std::ptrdiff_t>(entries.size());
    ORIEL_TRY_ASSIGN(const auto read,
                     read_journal(*volume, file_system_, day, [&](const JournalEntry& entry) {
                       if (entry.recording)
                         highest_recording_ = std::max(highest_recording_, *entry.recording);
                       if (entry.run) highest_run_ = std::max(highest_run_, *entry.run);
                       keep_line(entry, entries);
                     }));
    report_.lines += read.lines;
    report_.unreadable_lines += read.unreadable;
    if (read.unreadable > 0)
      note(fmt::format("volume {}: {} lines of the journal of {} cannot be read",
                       volume->id().str(), read.unreadable, format_date(day)));
    // Each journal keeps its own order, whatever its clock did.
    std::inplace_merge(entries.begin(), entries.begin() + first, entries.end(),
                       [](const auto& a, const auto& b) { return a.at_us < b.at_us; });
  }
  return database_.write([&](store::Session& session) -> Result<void> {
    for (const auto& entry : entries) ORIEL_TRY(restore_line(session, entry));
    return {};
  });
}

void Rebuild::keep_line(const JournalEntry& entry, std::vector<JournalEntry>& ledger) {
  switch (entry.kind) {
    case JournalKind::recording_hashed:
      if (entry.recording) hashed_[*entry.recording] = entry;
      return;
    case JournalKind::recording_thinned:
      if (entry.recording) copies_.push_back(copy_of(entry));
      return;
    case JournalKind::recording_deleted:
      if (entry.recording) deleted_.push_back(*entry.recording);
      ledger.push_back(entry);
      return;
    default:
      if (!entry.recording) ledger.push_back(entry);
  }
}

const ThinnedCopy* Rebuild::find_copy(std::int64_t id) const {
  const auto found =
      std::lower_bound(copies_.begin(), copies_.end(), id,
                       [](const auto& copy, auto wanted) { return copy.id < wanted; });
  return found != copies_.end() && found->id == id ? &*found : nullptr;
}

// A file whose deletion was under way, or a copy whose original is still there: the program removes
// it at its next start, as after a crash.
Result<void> Rebuild::put_aside(const FoundFile& found, const ThinnedCopy* copy) {
  const auto start = begin_of(found.day);
  return database_.write([&](store::Session& session) -> Result<void> {
    if (copy != nullptr) {
      ORIEL_TRY(session.execute(
          "INSERT INTO thinning (recording, original, feed, rendition, volume, start_us)"
          " VALUES ($1, $2, $3, $4, $5, $6)",
          {found.name.id.value, copy->replaces, found.feed.str(),
           static_cast<std::int64_t>(found.name.rendition), found.volume->id().str(), start.us}));
      return {};
    }
    ORIEL_TRY(session.execute(
        "INSERT INTO deletion (recording, feed, rendition, volume, start_us, end_us, bytes,"
        " replaced_by, marked_us) VALUES ($1, $2, $3, $4, $5, $5, 0, NULL, $6)",
        {found.name.id.value, found.feed.str(), static_cast<std::int64_t>(found.name.rendition),
         found.volume->id().str(), start.us, now_.us}));
    return {};
  });
}

Result<const ToldOfDay*> Rebuild::told_of(Day day) {
  if (const auto found = told_.find(day); found != told_.end()) return &found->second;
  std::erase_if(told_, [&](const auto& item) {
    return end_of(item.first) + Duration::from_s(86'400) < begin_of(day);
  });
  auto& told = told_[day];
  for (const auto* volume : volumes_)
    ORIEL_TRY(read_journal(*volume, file_system_, day, [&](const JournalEntry& entry) {
      if (!entry.recording) return;
      if (entry.kind == JournalKind::recording_began) told[*entry.recording].began = entry;
      if (entry.kind == JournalKind::recording_ended) told[*entry.recording].ended = entry;
    }));
  return &told;
}

// One file of each recording. Where a crash left two, as a volume was drained: the one that is as
// long as the journal says, else the longest. The other one is removed by the next start.
Result<std::map<std::int64_t, FoundFile>> Rebuild::best_of(
    const std::multimap<std::int64_t, FoundFile>& files, const ToldOfDay& told) {
  std::map<std::int64_t, FoundFile> best;
  const auto whole_bytes = [&](const FoundFile& found) -> std::int64_t {
    const auto file = file_system_.open(found.path, OpenMode::read);
    if (!file) return -1;
    const auto scanned = scan_recording(**file);
    return scanned ? static_cast<std::int64_t>(scanned->whole_bytes) : 0;
  };
  for (const auto& [id, file] : files) {
    const auto [at, first] = best.try_emplace(id, file);
    if (first) continue;
    const auto line = told.find(id);
    const auto wanted =
        line != told.end() && line->second.ended ? line->second.ended->bytes : std::nullopt;
    const auto kept = whole_bytes(at->second);
    const auto other = whole_bytes(file);
    const bool better = kept != wanted && (other == wanted || other > kept);
    const FoundFile surplus = better ? at->second : file;
    if (better) at->second = file;
    note(surplus.path + " is a second copy: the next start removes it");
    ORIEL_TRY(database_.write([&, to = at->second.volume->id()](store::Session& session) {
      return note_moving(session, {surplus.name.id, surplus.feed, surplus.name.rendition,
                                   begin_of(surplus.day), to, surplus.volume->id()});
    }));
  }
  return best;
}

Result<void> Rebuild::rebuild_day(Day day, const std::vector<Folder>& folders) {
  std::multimap<std::int64_t, FoundFile> files;
  for (const auto& folder : folders) {
    const std::string name = day_folder(folder.feed, day);
    ORIEL_TRY_ASSIGN(const auto entries, file_system_.list(folder.volume->path_of(name)));
    for (const auto& entry : entries) {
      const auto parsed = parse_recording_file_name(entry.name);
      const std::string path = folder.volume->path_of(join_path(name, entry.name));
      if (entry.is_folder || !parsed) {
        ++report_.foreign;
        note(path + " is not ours: it is left alone");
        continue;
      }
      highest_recording_ = std::max(highest_recording_, parsed->id.value);
      files.emplace(parsed->id.value, FoundFile{*parsed, folder.feed, folder.volume, path, day});
    }
  }
  // Lines are filed by when they were written: a moment or a recording's length after its start, or
  // before it where the camera's clock is ahead.
  std::map<std::int64_t, Told> told;
  const auto midnight = begin_of(day);
  for (const auto near : {midnight - Duration::from_s(1), midnight, end_of(day)}) {
    ORIEL_TRY_ASSIGN(const auto* lines, told_of(day_of(near)));
    for (const auto& [id, item] : *lines) {
      auto& known = told[id];
      if (item.began) known.began = item.began;
      if (item.ended) known.ended = item.ended;
    }
  }
  for (const auto& [id, entry] : hashed_)
    if (const auto found = told.find(id); found != told.end() && !found->second.ended)
      found->second.ended = entry;
  for (const auto& [id, item] : told)
    if (item.began && item.ended && !files.contains(id) && !is_deleted(id) &&
        day_of(UtcTime{item.began->start_us.value_or(0)}) == day) {
      missing_[id] = *item.ended;
      missing_[id].start_us = item.began->start_us;
      missing_[id].rendition = item.began->rendition;
    }
  ORIEL_TRY_ASSIGN(const auto kept, best_of(files, told));
  for (const auto& [id, file] : kept) {
    const auto* copy = find_copy(id);
    const bool early =
        copy != nullptr && files.contains(copy->replaces) && !is_deleted(copy->replaces);
    if (is_deleted(id) || early) {
      ORIEL_TRY(put_aside(file, is_deleted(id) ? nullptr : copy));
      continue;
    }
    if (copy != nullptr) {
      ORIEL_TRY(rebuild_file(file, told_of_copy(*copy)));
      continue;
    }
    const auto found = told.find(id);
    ORIEL_TRY(rebuild_file(file, found == told.end() ? Told{} : found->second));
  }
  return {};
}

Result<std::optional<UnsettledRecording>> Rebuild::row_of(const FoundFile& found, const Told& told,
                                                          const File& file) {
  auto head = std::make_shared<media::Recording>();
  head->id = found.name.id;
  head->feed = found.feed;
  head->rendition = found.name.rendition;
  UnsettledRecording row;
  row.volume = found.volume->id();
  Bytes init;
  if (auto loaded = load_init(file))
    init = std::move(*loaded);
  else if (told.ended && told.ended->index && last_init_.contains(found.feed))
    init = last_init_[found.feed];  // its own is damaged: a camera sends the same one for years
  const auto& ended = told.ended;
  std::optional<std::vector<media::SegmentEntry>> segments;
  if (ended && ended->index && ended->bytes && ended->end_us && told.began && !init.empty())
    if (const auto index = parse_hex(*ended->index))
      if (auto decoded = media::decode_segment_index(*index)) segments = std::move(*decoded);
  if (segments) {
    row.segments = *segments;
    row.bytes = static_cast<std::uint64_t>(*ended->bytes);
    row.frames = static_cast<std::uint64_t>(ended->frames.value_or(0));
    if (ended->sha256) row.sha256 = parse_sha256(*ended->sha256);
  } else {
    const auto scanned = scan_recording(file);
    if (!scanned || scanned->parts == 0) return std::optional<UnsettledRecording>{};
    init = scanned->init;
    row.segments = scanned->segments;
    row.bytes = scanned->whole_bytes;
    row.frames = scanned->frames;
    head->start = scanned->start;
    row.end = head->start + ticks_to_duration(scanned->duration_90k);
    ++report_.from_file;
  }
  last_init_[found.feed] = init;
  head->init = std::make_shared<const Bytes>(std::move(init));
  if (told.began) {
    const auto& began = *told.began;
    const auto length = row.end - head->start;
    head->start = UtcTime{began.start_us.value_or(head->start.us)};
    row.end = head->start + length;
    head->run = RunId{began.run.value_or(0)};
    head->run_offset_90k = began.run_offset_90k.value_or(0);
    head->began = began.reason.value_or(media::Reason::none);
    head->clock.source = began.clock_source.value_or(media::ClockSource::arrival);
    head->clock.offset_us = began.clock_offset_us.value_or(0);
    head->clock.error_us = began.clock_error_us.value_or(0);
    head->declared_fps = began.declared_fps.value_or(0);
    if (began.tracks)
      if (auto tracks = parse_tracks(*began.tracks))
        head->tracks = std::make_shared<const media::Tracks>(std::move(*tracks));
  }
  if (segments) row.end = UtcTime{*ended->end_us};
  row.ended = media::Reason::server_crashed;
  if (ended && ended->reason) row.ended = *ended->reason;
  head->thinned = told.thinned;
  row.head = std::move(head);
  return std::optional(std::move(row));
}

Result<void> Rebuild::insert(const UnsettledRecording& row, const Told& told) {
  return database_.write([&](store::Session& session) -> Result<void> {
    ORIEL_TRY(apply_row(session, row));
    if (!told.began || !told.began->tracks) return {};
    const auto hash = sha256(*row.head->init);
    ORIEL_TRY(session.execute(
        "UPDATE init SET tracks = $2 WHERE sha256 = $1 AND tracks = $3",
        {Bytes(hash.begin(), hash.end()), *told.began->tracks, format_tracks(media::Tracks{})}));
    return {};
  });
}

Result<void> Rebuild::rebuild_file(const FoundFile& found, const Told& told) {
  const auto file = file_system_.open(found.path, OpenMode::read);
  if (!file) {
    note(found.path + ": " + file.error().message);
    return {};
  }
  ORIEL_TRY_ASSIGN(const auto row, row_of(found, told, **file));
  if (!row) {
    ++report_.no_recording;
    note(found.path + " holds no whole part of a recording: it is left alone");
    return {};
  }
  ORIEL_TRY(insert(*row, told));
  ++report_.recordings;
  report_.bytes += row->bytes;
  const auto size = (*file)->size();
  const bool short_of_bytes = !size || *size < row->bytes;
  if (options_.quick && !short_of_bytes) return {};
  return check(found, told, **file);
}

Result<void> Rebuild::check(const FoundFile& found, const Told& told, const File& file) {
  std::optional<HashedRecording> recording;
  ORIEL_TRY(database_.read([&](store::Session& session) -> Result<void> {
    ORIEL_TRY_ASSIGN(recording, closed_recording(session, found.name.id));
    return {};
  }));
  if (!recording) return {};
  ExpectedFile expected{recording->row, recording->sha256, std::nullopt};
  if (told.ended && told.ended->sums) expected.sums = parse_sums(*told.ended->sums);
  ORIEL_TRY_ASSIGN(const auto checked, check_file(file, expected, pace_));
  if (checked.surplus_bytes > 0)
    note(fmt::format("{}: {} bytes behind its last part are foreign", found.path,
                     checked.surplus_bytes));
  if (checked.whole() && (recording->sha256 || !checked.sha256)) return {};
  if (!checked.whole()) {
    ++report_.damaged;
    note(fmt::format("{} is damaged: {}", found.path, checked.what));
  }
  return database_.write([&](store::Session& session) -> Result<void> {
    if (checked.whole()) return set_hash(session, found.name.id, *checked.sha256);
    ORIEL_TRY(set_damage(session, recording->row, checked.damaged, checked.what, now_));
    return {};
  });
}

// Never a row without its file: what the journals know and no volume has is a gap.
Result<void> Rebuild::note_lost() {
  for (const auto& [id, entry] : missing_) {
    if (!entry.feed || !entry.start_us || !entry.end_us) continue;
    std::optional<HashedRecording> row;
    ORIEL_TRY(database_.write([&, item = entry](store::Session& session) -> Result<void> {
      ORIEL_TRY_ASSIGN(row, closed_recording(session, RecordingId{*item.recording}));
      if (row || item.rendition.value_or(media::Rendition::main) != media::Rendition::main)
        return {};
      JournalEntry gap = item;
      gap.kind = JournalKind::gap_laid;
      gap.reason = media::Reason::damaged;
      return restore_ledger_line(session, gap);
    }));
    if (row) continue;  // its file lies in the folder of another day or volume
    ++report_.lost;
    note(fmt::format("recording {} of feed {} from {} is in the journal, and its file is gone", id,
                     *entry.feed, format_rfc3339(UtcTime{*entry.start_us})));
  }
  return {};
}

Result<void> Rebuild::restore_seals() {
  std::map<std::pair<FeedId, std::int64_t>, Day> found;
  for (const auto* volume : volumes_) {
    const auto feeds = file_system_.list(volume->path_of(kSealFolder));
    if (!feeds) continue;
    for (const auto& feed : *feeds) {
      const auto slug = parse_slug(feed.name);
      if (!feed.is_folder || !slug) continue;
      const auto files = file_system_.list(volume->path_of(seal_folder(FeedId(*slug))));
      if (!files) continue;
      for (const auto& file : *files)
        if (const auto name = parse_seal_file_name(file.name))
          found[{FeedId(*slug), name->number}] = name->day;
    }
  }
  for (const auto& [key, day] : found) {
    const auto seal = load_seal(volumes_, file_system_, key.first, day, key.second);
    if (!seal) {
      note(seal.error().message);
      continue;
    }
    ORIEL_TRY(database_.write(
        [&](store::Session& session) { return put_seal(session, seal->head, {}); }));
    ++report_.seals;
  }
  return {};
}

// Numbers that were given out and left nothing behind are passed over as well.
Result<void> Rebuild::raise_numbers() {
  constexpr std::int64_t kGivenOut = 4 * store::IdBlock::kBlockSize;
  return database_.write_durable([&](store::Session& session) -> Result<void> {
    ORIEL_TRY(store::raise_counter(session, "recording", highest_recording_ + kGivenOut));
    return store::raise_counter(session, "run", highest_run_ + kGivenOut);
  });
}

}  // namespace

Result<RebuildReport> rebuild(const std::vector<Volume*>& volumes, FileSystem& file_system,
                              store::Database& database, const RebuildOptions& options, UtcTime now,
                              Pace& pace) {
  return Rebuild(volumes, file_system, database, options, now, pace).run();
}

}  // namespace oriel::archive
