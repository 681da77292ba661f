#include "archive/recovery.h"

#include <algorithm>
#include <map>
#include <set>
#include <string>
#include <unordered_map>
#include <utility>

#include <fmt/format.h>

#include "archive/file_names.h"
#include "archive/gap_rows.h"
#include "archive/journal.h"
#include "archive/kept_days.h"
#include "archive/part_walk.h"
#include "archive/row_writer.h"
#include "archive/seal_rows.h"
#include "archive/track_json.h"
#include "base/log.h"
#include "media/packager.h"

namespace oriel::archive {
namespace {

constexpr std::size_t kNewestDays = 2;
// Gaps may be told of somewhat after they began.
constexpr Duration kLedgerMargin = Duration::from_s(3600);
constexpr std::size_t kRecentRows = 10'000;

// A recording that has to be looked at: an open row, or a file without a row.
struct Candidate {
  RecordingId id;
  FeedId feed;
  media::Rendition rendition = media::Rendition::main;
  UtcTime start;  // of the row; of the day for a file without a row
  bool has_row = false;
  std::string path;
  const Volume* volume = nullptr;
  std::optional<UtcTime> row_end;  // of a closed row
  // From the journal.
  std::optional<JournalEntry> began;
  std::optional<media::Reason> ended;
  std::optional<JournalEntry> ended_line;
};

// The hash that the journal has of the file, if nothing came or went since it was written.
std::optional<Sha256Digest> hash_of(const Candidate& candidate, const ScannedFile& scanned) {
  const auto& line = candidate.ended_line;
  if (!line || !line->sha256 || line->bytes != static_cast<std::int64_t>(scanned.whole_bytes))
    return std::nullopt;
  return parse_sha256(*line->sha256);
}

struct LifeSigns {
  UtcTime last;          // newest journal line
  UtcTime event;         // newest journal line that is not just `alive`
  bool stopped = false;  // that line was an ordered stop
};

// The folders of `path` whose names `parse` takes, newest first.
template <class Parse>
Result<std::vector<std::string>> newest_names(FileSystem& file_system, const std::string& path,
                                              const Parse& parse) {
  ORIEL_TRY_ASSIGN(const auto entries, file_system.list(path));
  std::vector<std::string> names;
  for (const auto& entry : entries)
    if (entry.is_folder && parse(entry.name)) names.push_back(entry.name);
  std::sort(names.rbegin(), names.rend());
  return names;
}

Result<std::vector<Day>> newest_days(FileSystem& file_system, const std::string& feed_path) {
  std::vector<Day> days;
  ORIEL_TRY_ASSIGN(const auto years, newest_names(file_system, feed_path, parse_year));
  for (const auto& year : years) {
    const std::string year_path = join_path(feed_path, year);
    ORIEL_TRY_ASSIGN(const auto months, newest_names(file_system, year_path, parse_month));
    for (const auto& month : months) {
      const std::string month_path = join_path(year_path, month);
      ORIEL_TRY_ASSIGN(const auto found, newest_names(file_system, month_path, parse_day));
      for (const auto& day : found) {
        days.push_back({*parse_year(year), *parse_month(month), *parse_day(day)});
        if (days.size() == kNewestDays) return days;
      }
    }
  }
  return days;
}

class Recovery {
 public:
  Recovery(const std::vector<Volume*>& volumes, FileSystem& file_system, store::Database& database,
           UtcTime now)
      : volumes_(volumes), file_system_(file_system), database_(database), now_(now) {}

  Result<RecoveryReport> run() {
    report_.ledger_since = now_;
    ORIEL_TRY(find_highest());
    for (const auto* volume : volumes_) {
      const auto status = volume->status();
      if (status.state == VolumeState::missing || status.state == VolumeState::failed) {
        log::warn("volume {}: not recovered, it cannot be read: {}", volume->id().str(),
                  status.message);
        continue;
      }
      ORIEL_TRY(recover_volume(*volume));
    }
    ORIEL_TRY(close_ledger());
    report_.ledger_since = std::min(report_.ledger_since, life_.last) - kLedgerMargin;
    if (report_.closed + report_.adopted + report_.removed + report_.damaged > 0)
      log::info(
          "archive recovered: {} open recordings closed, {} files adopted, {} empty ones removed,"
          " {} missing, {} torn bytes cut off",
          report_.closed, report_.adopted, report_.removed, report_.damaged, report_.cut_bytes);
    return report_;
  }

  Result<RecoveryReport> run_volume(const Volume& volume) {
    ORIEL_TRY(recover_volume(volume));
    return report_;
  }

  Result<RecoveryReport> run_misfits(const Volume& volume, const std::vector<Misfit>& misfits) {
    for (const auto& misfit : misfits) {
      Candidate candidate;
      candidate.id = misfit.id;
      candidate.feed = misfit.feed;
      candidate.rendition = misfit.rendition;
      candidate.start = misfit.start;
      candidate.has_row = misfit.end.has_value();
      candidate.row_end = misfit.end;
      candidate.volume = &volume;
      candidate.path = recording_file(misfit.feed, misfit.rendition, misfit.id, misfit.start);
      candidates_[misfit.id] = std::move(candidate);
    }
    read_journals(volume);
    for (const auto& [id, candidate] : candidates_) ORIEL_TRY(recover_one(candidate));
    return report_;
  }

 private:
  Result<void> find_highest();
  Result<void> recover_volume(const Volume& volume);
  Result<void> find_open_rows(const Volume& volume);
  Result<void> find_files_without_row(const Volume& volume);
  Result<void> look_at_day(const Volume& volume, const FeedId& feed, Day day);
  void read_journals(const Volume& volume);
  Result<void> recover_one(const Candidate& candidate);
  Result<void> close_row(const Candidate& candidate, const ScannedFile& scanned);
  Result<void> adopt(const Candidate& candidate, const ScannedFile& scanned);
  Result<void> drop_empty(const Candidate& candidate, bool foreign);
  Result<void> note_damaged(const Candidate& candidate);
  Result<void> shorten_row(const Candidate& candidate, const ScannedFile& scanned);
  static Result<void> note_gap(store::Session& session, const Candidate& candidate, UtcTime begin,
                               UtcTime end);
  void note_missing(const Candidate& candidate, UtcTime begin, UtcTime end);
  Result<std::shared_ptr<const media::Tracks>> tracks_of(const Candidate& candidate,
                                                         const Bytes& init);
  Result<void> close_ledger();
  Result<void> close_feed_ledger(store::Session& session, const std::string& feed);

  const std::vector<Volume*>& volumes_;
  FileSystem& file_system_;
  store::Database& database_;
  const UtcTime now_;
  RecoveryReport report_;
  std::map<RecordingId, Candidate> candidates_;  // of the volume at hand
  LifeSigns life_;
  std::set<std::string> touched_feeds_;
};

Result<void> Recovery::find_highest() {
  return database_.read([&](store::Session& session) {
    return session.query(
        "SELECT MAX(id), MAX(run) FROM (SELECT id, run FROM recording ORDER BY id DESC LIMIT $1)"
        " AS recent",
        {static_cast<std::int64_t>(kRecentRows)}, [&](const store::Row& row) {
          report_.highest_recording = RecordingId{row.integer(0)};
          report_.highest_run = RunId{row.integer(1)};
        });
  });
}

Result<void> Recovery::find_open_rows(const Volume& volume) {
  return database_.read([&](store::Session& session) {
    return session.query(
        "SELECT id, feed, rendition, start_us FROM recording WHERE ended IS NULL AND volume = $1",
        {volume.id().str()}, [&](const store::Row& row) {
          Candidate candidate;
          candidate.id = RecordingId{row.integer(0)};
          candidate.feed = FeedId(row.text(1));
          candidate.rendition = static_cast<media::Rendition>(row.integer(2));
          candidate.start = UtcTime{row.integer(3)};
          candidate.has_row = true;
          candidate.volume = &volume;
          candidate.path =
              recording_file(candidate.feed, candidate.rendition, candidate.id, candidate.start);
          candidates_[candidate.id] = std::move(candidate);
        });
  });
}

Result<void> Recovery::look_at_day(const Volume& volume, const FeedId& feed, Day day) {
  const std::string folder = day_folder(feed, day);
  ORIEL_TRY_ASSIGN(const auto entries, file_system_.list(volume.path_of(folder)));
  std::set<std::int64_t> rows;
  const auto begin = begin_of(day);
  ORIEL_TRY(database_.read([&](store::Session& session) -> Result<void> {
    for (const auto rendition :
         {media::Rendition::main, media::Rendition::sub, media::Rendition::made})
      ORIEL_TRY(session.query(
          "SELECT id FROM recording WHERE feed = $1 AND rendition = $2 AND start_us >= $3"
          " AND start_us < $4",
          {feed.str(), static_cast<std::int64_t>(rendition), begin.us,
           (begin + Duration::from_s(86'400)).us},
          [&](const store::Row& row) { rows.insert(row.integer(0)); }));
    // Their files are on the way out, or copies that never became recordings.
    for (const auto* table : {"deletion", "thinning", "moving"})
      ORIEL_TRY(session.query(std::string("SELECT recording FROM ") + table, {},
                              [&](const store::Row& row) { rows.insert(row.integer(0)); }));
    return {};
  }));
  for (const auto& entry : entries) {
    const auto name = parse_recording_file_name(entry.name);
    if (entry.is_folder || !name) continue;
    report_.highest_recording = std::max(report_.highest_recording, name->id);
    if (rows.contains(name->id.value) || candidates_.contains(name->id)) continue;
    Candidate candidate;
    candidate.id = name->id;
    candidate.feed = feed;
    candidate.rendition = name->rendition;
    candidate.start = begin;
    candidate.volume = &volume;
    candidate.path = join_path(folder, entry.name);
    candidates_[candidate.id] = std::move(candidate);
  }
  return {};
}

Result<void> Recovery::find_files_without_row(const Volume& volume) {
  ORIEL_TRY_ASSIGN(const auto entries, file_system_.list(volume.path()));
  for (const auto& entry : entries) {
    auto feed = parse_slug(entry.name);
    if (!entry.is_folder || !feed) continue;
    const auto days = newest_days(file_system_, volume.path_of(*feed));
    if (!days) {
      log::warn("volume {}: {}", volume.id().str(), days.error().message);
      continue;
    }
    for (const auto& day : *days) ORIEL_TRY(look_at_day(volume, FeedId(*feed), day));
  }
  return {};
}

// Takes from the journal what concerns the candidates, and the last signs of life.
void Recovery::read_journals(const Volume& volume) {
  std::set<Day> days;
  for (const auto& [id, candidate] : candidates_) {
    days.insert(day_of(candidate.start));
    // A recording may end on the next day, and its lines are filed by when they were written.
    days.insert(day_of(candidate.start + Duration::from_s(86'400)));
  }
  const auto entries = file_system_.list(volume.path_of(kJournalFolder));
  std::optional<Day> newest;
  if (entries)
    for (const auto& entry : *entries)
      if (const auto day = parse_journal_file_name(entry.name); day && (!newest || *newest < *day))
        newest = day;
  if (newest) days.insert(*newest);
  for (const auto& day : days) {
    const auto read = read_journal(volume, file_system_, day, [&](const JournalEntry& entry) {
      const UtcTime at{entry.at_us};
      life_.last = std::max(life_.last, at);
      if (entry.kind != JournalKind::alive && life_.event <= at) {
        life_.event = at;
        life_.stopped = entry.kind == JournalKind::stopped;
      }
      if (!entry.recording) return;
      const auto found = candidates_.find(RecordingId{*entry.recording});
      if (found == candidates_.end()) return;
      if (entry.kind == JournalKind::recording_began) found->second.began = entry;
      if (entry.kind == JournalKind::recording_ended) {
        found->second.ended = entry.reason;
        found->second.ended_line = entry;
      }
    });
    if (!read)
      log::warn("volume {}: journal: {}", volume.id().str(), read.error().message);
    else if (read->unreadable > 0)
      log::warn("volume {}: {} journal lines of {:04}-{:02}-{:02} cannot be read",
                volume.id().str(), read->unreadable, day.year, day.month, day.day);
  }
}

Result<void> Recovery::recover_volume(const Volume& volume) {
  candidates_.clear();
  ORIEL_TRY(find_open_rows(volume));
  if (auto found = find_files_without_row(volume); !found) {
    if (found.error().kind != ErrorKind::not_found) return found;
  }
  read_journals(volume);
  for (const auto& [id, candidate] : candidates_) {
    report_.ledger_since = std::min(report_.ledger_since, candidate.start);
    touched_feeds_.insert(candidate.feed.str());
    ORIEL_TRY(recover_one(candidate));
  }
  return {};
}

Result<void> Recovery::recover_one(const Candidate& candidate) {
  const std::string path = candidate.volume->path_of(candidate.path);
  const bool can_write = candidate.volume->state() != VolumeState::readonly;
  auto file = file_system_.open(path, can_write ? OpenMode::write : OpenMode::read);
  // A file without a row that is gone meanwhile was removed by whoever took its row.
  if (!file && file.error().kind == ErrorKind::not_found && !candidate.has_row) return {};
  if (!file && file.error().kind == ErrorKind::not_found) return note_damaged(candidate);
  if (!file) {
    log::error("recording {}: left for the next start: {}", candidate.id.value,
               file.error().message);
    return {};
  }
  auto scanned = scan_recording(**file);
  if (!scanned && scanned.error().kind != ErrorKind::data_loss) {
    log::error("recording {}: left for the next start: {}", candidate.id.value,
               scanned.error().message);
    return {};
  }
  if (!scanned || scanned->parts == 0) {
    Bytes first(8);
    const auto count = (*file)->read(0, first);
    const bool ours = !count || *count < 8 || as_text(ByteView(first).subspan(4)) == "ftyp" ||
                      std::all_of(first.begin(), first.end(), [](auto byte) { return byte == 0; });
    file->reset();
    return drop_empty(candidate, !ours && !candidate.has_row);
  }
  if (scanned->file_bytes > scanned->whole_bytes && can_write) {
    const auto torn = scanned->file_bytes - scanned->whole_bytes;
    auto cut = (*file)->truncate(scanned->whole_bytes);
    if (cut) cut = (*file)->sync();
    if (!cut) {
      log::error("recording {}: left for the next start: {}", candidate.id.value,
                 cut.error().message);
      return {};
    }
    report_.cut_bytes += torn;
    log::info("recording {} of feed {}: a torn end of {} bytes was cut off", candidate.id.value,
              candidate.feed.str(), torn);
  }
  if (candidate.row_end) return shorten_row(candidate, *scanned);
  return candidate.has_row ? close_row(candidate, *scanned) : adopt(candidate, *scanned);
}

// A closed recording keeps why it ended as long as nothing of it is missing.
Result<void> Recovery::shorten_row(const Candidate& candidate, const ScannedFile& scanned) {
  const auto end = candidate.start + ticks_to_duration(scanned.duration_90k);
  std::int64_t row_bytes = 0;
  ORIEL_TRY(database_.write([&](store::Session& session) -> Result<void> {
    row_bytes = 0;
    // Where it was moved to another volume meanwhile, this file is a copy on its way out.
    ORIEL_TRY(session.query("SELECT bytes FROM recording WHERE id = $1 AND volume = $2",
                            {candidate.id.value, candidate.volume->id().str()},
                            [&](const store::Row& row) { row_bytes = row.integer(0); }));
    if (static_cast<std::uint64_t>(row_bytes) <= scanned.whole_bytes) return {};
    // The hash was that of the whole file.
    ORIEL_TRY(session.execute(
        "UPDATE recording SET end_us = $2, bytes = $3, segment_index = $4, ended = $5,"
        " sha256 = NULL WHERE id = $1",
        {candidate.id.value, end.us, static_cast<std::int64_t>(scanned.whole_bytes),
         media::encode_segment_index(scanned.segments),
         static_cast<std::int64_t>(media::Reason::damaged)}));
    ORIEL_TRY(past_changed(session, candidate.feed, {candidate.start, *candidate.row_end}));
    return note_gap(session, candidate, end, *candidate.row_end);
  }));
  if (static_cast<std::uint64_t>(row_bytes) <= scanned.whole_bytes) return {};
  ++report_.shortened;
  log::error("recording {} of feed {}: {} bytes at its end are gone", candidate.id.value,
             candidate.feed.str(), static_cast<std::uint64_t>(row_bytes) - scanned.whole_bytes);
  note_missing(candidate, end, *candidate.row_end);
  return {};
}

Result<void> Recovery::note_gap(store::Session& session, const Candidate& candidate, UtcTime begin,
                                UtcTime end) {
  if (candidate.rendition != media::Rendition::main || end <= begin) return {};
  return lay_gap(session, candidate.feed, {begin, end}, media::Reason::damaged);
}

void Recovery::note_missing(const Candidate& candidate, UtcTime begin, UtcTime end) {
  if (candidate.rendition != media::Rendition::main || end <= begin) return;
  report_.missing.push_back({candidate.feed, {begin, end}});
}

Result<void> Recovery::close_row(const Candidate& candidate, const ScannedFile& scanned) {
  ++report_.closed;
  const auto end = candidate.start + ticks_to_duration(scanned.duration_90k);
  store::Value sha256 = nullptr;
  if (const auto hash = hash_of(candidate, scanned)) sha256 = Bytes(hash->begin(), hash->end());
  return database_.write([&](store::Session& session) -> Result<void> {
    ORIEL_TRY(mark_unsealed(session, candidate.feed, day_of(candidate.start)));
    ORIEL_TRY(session.execute(
        "UPDATE recording SET end_us = $2, bytes = $3, segment_index = $4, ended = $5,"
        " frames = $6, sha256 = $7 WHERE id = $1",
        {candidate.id.value, end.us, static_cast<std::int64_t>(scanned.whole_bytes),
         media::encode_segment_index(scanned.segments),
         static_cast<std::int64_t>(candidate.ended.value_or(media::Reason::server_crashed)),
         static_cast<std::int64_t>(scanned.frames), sha256}));
    return past_changed(session, candidate.feed, {candidate.start, end});
  });
}

// From the journal, else from the recording before with the same init segment; else none.
Result<std::shared_ptr<const media::Tracks>> Recovery::tracks_of(const Candidate& candidate,
                                                                 const Bytes& init) {
  std::string text;
  if (candidate.began && candidate.began->tracks) text = *candidate.began->tracks;
  if (text.empty()) {
    ORIEL_TRY(database_.read([&](store::Session& session) {
      return session.query("SELECT tracks FROM init WHERE bytes = $1", {init},
                           [&](const store::Row& row) { text = row.text(0); });
    }));
  }
  auto tracks = parse_tracks(text.empty() ? "[]" : text);
  if (!tracks) {
    log::warn("recording {}: {}", candidate.id.value, tracks.error().message);
    return std::make_shared<const media::Tracks>();
  }
  return std::make_shared<const media::Tracks>(std::move(*tracks));
}

Result<void> Recovery::adopt(const Candidate& candidate, const ScannedFile& scanned) {
  auto head = std::make_shared<media::Recording>();
  head->id = candidate.id;
  head->feed = candidate.feed;
  head->rendition = candidate.rendition;
  head->start = scanned.start;
  head->init = std::make_shared<const Bytes>(scanned.init);
  ORIEL_TRY_ASSIGN(head->tracks, tracks_of(candidate, scanned.init));
  if (candidate.began) {
    const auto& began = *candidate.began;
    head->run = RunId{began.run.value_or(0)};
    head->run_offset_90k = began.run_offset_90k.value_or(0);
    head->start = UtcTime{began.start_us.value_or(scanned.start.us)};
    head->began = began.reason.value_or(media::Reason::none);
    head->clock.source = began.clock_source.value_or(media::ClockSource::arrival);
    head->clock.offset_us = began.clock_offset_us.value_or(0);
    head->clock.error_us = began.clock_error_us.value_or(0);
    head->declared_fps = began.declared_fps.value_or(0);
  }
  report_.highest_run = std::max(report_.highest_run, head->run);
  UnsettledRecording row;
  row.head = head;
  row.volume = candidate.volume->id();
  row.end = head->start + ticks_to_duration(scanned.duration_90k);
  row.bytes = scanned.whole_bytes;
  row.parts = scanned.parts;
  row.frames = scanned.frames;
  row.segments = scanned.segments;
  row.ended = candidate.ended.value_or(media::Reason::server_crashed);
  row.sha256 = hash_of(candidate, scanned);
  ++report_.adopted;
  return database_.write([&](store::Session& session) { return apply_row(session, row); });
}

Result<void> Recovery::drop_empty(const Candidate& candidate, bool foreign) {
  const std::string path = candidate.volume->path_of(candidate.path);
  if (foreign) {
    log::warn("{} is no recording of Oriel: it is left alone", path);
    return {};
  }
  if (candidate.volume->state() == VolumeState::readonly) return {};
  // First the file: a row without a file would be taken for damage.
  if (auto removed = file_system_.remove(path); !removed) {
    log::error("recording {}: left for the next start: {}", candidate.id.value,
               removed.error().message);
    return {};
  }
  ++report_.removed;
  log::info("recording {} of feed {}: no part had reached the disk, removed", candidate.id.value,
            candidate.feed.str());
  if (!candidate.has_row) return {};
  return database_.write([&](store::Session& session) -> Result<void> {
    ORIEL_TRY(past_changes(session, candidate.id));
    ORIEL_TRY(session.execute("DELETE FROM recording WHERE id = $1", {candidate.id.value}));
    return {};
  });
}

Result<void> Recovery::note_damaged(const Candidate& candidate) {
  // A file without a row that is gone now was deleted since it was seen.
  if (!candidate.has_row) return {};
  std::int64_t removed = 0;
  std::int64_t end_us = 0;
  ORIEL_TRY(database_.write([&](store::Session& session) -> Result<void> {
    end_us = std::max(life_.last.us, candidate.start.us);
    ORIEL_TRY(session.query(
        "SELECT start_us FROM recording WHERE feed = $1 AND rendition = $2 AND start_us > $3"
        " ORDER BY start_us LIMIT 1",
        {candidate.feed.str(), static_cast<std::int64_t>(candidate.rendition), candidate.start.us},
        [&](const store::Row& row) { end_us = row.integer(0); }));
    if (candidate.row_end) end_us = candidate.row_end->us;
    ORIEL_TRY(past_changes(session, candidate.id));
    ORIEL_TRY_ASSIGN(removed, session.execute("DELETE FROM recording WHERE id = $1 AND volume = $2",
                                              {candidate.id.value, candidate.volume->id().str()}));
    // Deleted in order or moved to another volume meanwhile: that is no damage.
    if (removed == 0) return {};
    return note_gap(session, candidate, candidate.start, UtcTime{end_us});
  }));
  if (removed == 0) return {};
  ++report_.damaged;
  note_missing(candidate, candidate.start, UtcTime{end_us});
  log::error("recording {} of feed {}: its file is gone: {}", candidate.id.value,
             candidate.feed.str(), candidate.volume->path_of(candidate.path));
  return {};
}

// What was missing stays missing for its reason until the program died; from then on it is the
// program that was missing.
Result<void> Recovery::close_feed_ledger(store::Session& session, const std::string& feed) {
  std::optional<std::pair<std::int64_t, media::Reason>> open;
  ORIEL_TRY(session.query("SELECT start_us, reason FROM gap WHERE feed = $1 AND end_us IS NULL",
                          {feed}, [&](const store::Row& row) {
                            open = {row.integer(0), static_cast<media::Reason>(row.integer(1))};
                          }));
  if (open &&
      (open->second == media::Reason::paused || open->second == media::Reason::server_stopped ||
       open->second == media::Reason::server_crashed))
    return {};
  std::optional<std::int64_t> recorded_until;
  ORIEL_TRY(session.query(
      "SELECT end_us FROM recording WHERE feed = $1 AND rendition = $2 AND end_us IS NOT NULL"
      " ORDER BY start_us DESC LIMIT 1",
      {feed, static_cast<std::int64_t>(media::Rendition::main)},
      [&](const store::Row& row) { recorded_until = row.integer(0); }));
  if (!open && !recorded_until) return {};  // never declared
  std::int64_t from_us = 0;
  if (open) {
    from_us = std::max({open->first, life_.last.us, recorded_until.value_or(0)});
    from_us = std::max(open->first, std::min(from_us, now_.us));
    ORIEL_TRY(apply_row(session, GapEndedRow{FeedId(feed), UtcTime{from_us}}));
  } else {
    from_us = std::min(*recorded_until, now_.us);
  }
  const auto reason = life_.stopped ? media::Reason::server_stopped : media::Reason::server_crashed;
  return apply_row(session, GapBeganRow{FeedId(feed), UtcTime{from_us}, reason});
}

Result<void> Recovery::close_ledger() {
  return database_.write([&](store::Session& session) -> Result<void> {
    std::set<std::string> feeds = touched_feeds_;
    const auto add = [&](const store::Row& row) { feeds.insert(row.text(0)); };
    ORIEL_TRY(session.query("SELECT id FROM feed WHERE removed_us IS NULL", {}, add));
    ORIEL_TRY(session.query("SELECT feed FROM gap WHERE end_us IS NULL", {}, add));
    for (const auto& feed : feeds) ORIEL_TRY(close_feed_ledger(session, feed));
    return {};
  });
}

}  // namespace

Result<RecoveryReport> recover(const std::vector<Volume*>& volumes, FileSystem& file_system,
                               store::Database& database, UtcTime now) {
  auto report = Recovery(volumes, file_system, database, now).run();
  if (!report) return fail(std::move(report).error().within("recover the archive"));
  return report;
}

Result<RecoveryReport> recover_volume(const Volume& volume, FileSystem& file_system,
                                      store::Database& database, UtcTime now) {
  const std::vector<Volume*> none;
  auto report = Recovery(none, file_system, database, now).run_volume(volume);
  if (!report) return fail(std::move(report).error().within("recover " + volume.id().str()));
  return report;
}

Result<RecoveryReport> mend(const Volume& volume, FileSystem& file_system,
                            store::Database& database, const std::vector<Misfit>& misfits,
                            UtcTime now) {
  const std::vector<Volume*> none;
  auto report = Recovery(none, file_system, database, now).run_misfits(volume, misfits);
  if (!report) return fail(std::move(report).error().within("mend " + volume.id().str()));
  return report;
}

Result<ScannedFile> scan_recording(const File& file) {
  ScannedFile scanned;
  ORIEL_TRY_ASSIGN(scanned.file_bytes, file.size());
  ORIEL_TRY_ASSIGN(scanned.init, load_init(file));
  ORIEL_TRY_ASSIGN(const auto init, media::parse_init(scanned.init));
  scanned.video = init.video;
  scanned.whole_bytes = init.bytes;
  const media::PackagerOptions rule;  // nobody sets other lengths of segments
  for (;;) {
    const auto head = load_part_head(file, scanned.whole_bytes, scanned.file_bytes, init);
    if (!head && head.error().kind != ErrorKind::data_loss) return fail(head.error());
    if (!head || head->sequence != scanned.parts + 1) break;
    if (scanned.parts == 0) scanned.start = head->start;
    const auto length_90k = scanned.segments.empty() ? 0 : scanned.segments.back().duration_90k;
    if (scanned.segments.empty() ||
        media::ends_segment(rule, length_90k, head->independent, head->duration_90k))
      scanned.segments.push_back({0, 0, 0, head->independent});
    auto& segment = scanned.segments.back();
    segment.duration_90k += head->duration_90k;
    segment.bytes += static_cast<std::int64_t>(size_of(*head));
    ++segment.parts;
    ++scanned.parts;
    scanned.duration_90k += head->duration_90k;
    scanned.frames += head->frames;
    scanned.whole_bytes += size_of(*head);
  }
  return scanned;
}

}  // namespace oriel::archive
