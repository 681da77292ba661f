#include "archive/rebuild.h"

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <utility>

#include <fmt/format.h>

#include "archive/damage_rows.h"
#include "archive/file_check.h"
#include "archive/journal.h"
#include "archive/ledger_journal.h"
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
};
using ToldOfDay = std::map<std::int64_t, Told>;

struct FoundFile {
  RecordingFileName name;
  FeedId feed;
  const Volume* volume = nullptr;
  std::string path;
};

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
  Result<const ToldOfDay*> told_of(Day day);
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
                       if (entry.kind == JournalKind::recording_hashed && entry.recording)
                         hashed_[*entry.recording] = entry;
                       else if (!entry.recording)
                         entries.push_back(entry);
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
    for (const auto& entry : entries) ORIEL_TRY(restore_ledger_line(session, entry));
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
      files.emplace(parsed->id.value, FoundFile{*parsed, folder.feed, folder.volume, path});
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
    if (item.began && item.ended && !files.contains(id) &&
        day_of(UtcTime{item.began->start_us.value_or(0)}) == day) {
      missing_[id] = *item.ended;
      missing_[id].start_us = item.began->start_us;
      missing_[id].rendition = item.began->rendition;
    }
  for (const auto& [id, file] : files) {
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
      gap.kind = JournalKind::gap_stands;
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
