#include "archive/deletion.h"

#include <set>

#include "archive/file_names.h"
#include "archive/gap_rows.h"
#include "archive/kept_days.h"
#include "archive/moving.h"
#include "archive/seal_rows.h"
#include "base/log.h"

namespace oriel::archive {
namespace {

constexpr Duration kJournalDeadline = Duration::from_s(30);

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

struct Pending {
  Marked marked;
  std::vector<JournalEntry> gaps;  // at its time and beside it, as the ledger has them
  std::optional<std::int64_t> replaced_by;
};

Result<std::vector<Pending>> load_pending(store::Session& session, const VolumeId& volume) {
  std::vector<Pending> found;
  ORIEL_TRY(session.query(
      "SELECT recording, feed, rendition, start_us, end_us, bytes, replaced_by FROM deletion"
      " WHERE volume = $1 ORDER BY recording LIMIT $2",
      {volume.str(), static_cast<std::int64_t>(Deletion::kBatchMax)}, [&](const store::Row& row) {
        Pending pending;
        auto& marked = pending.marked;
        marked.id = RecordingId{row.integer(0)};
        marked.feed = FeedId(row.text(1));
        marked.rendition = static_cast<media::Rendition>(row.integer(2));
        marked.volume = volume;
        marked.span = {UtcTime{row.integer(3)}, UtcTime{row.integer(4)}};
        marked.bytes = static_cast<std::uint64_t>(row.integer(5));
        if (!row.is_null(6)) pending.replaced_by = row.integer(6);
        found.push_back(std::move(pending));
      }));
  return found;
}

// What the recording told about the time beside it went with its row (leave_gap()).
Result<void> load_gaps(store::Session& session, Pending& pending, UtcTime now) {
  const auto& marked = pending.marked;
  if (marked.rendition != media::Rendition::main) return {};
  return session.query(
      "SELECT start_us, end_us, reason FROM gap WHERE feed = $1 AND start_us <= $2"
      " AND end_us >= $3 ORDER BY start_us DESC LIMIT 4",
      {marked.feed.str(), marked.span.end.us, marked.span.begin.us}, [&](const store::Row& row) {
        auto& entry = pending.gaps.emplace_back();
        entry.at_us = now.us;
        entry.kind = JournalKind::gap_laid;
        entry.feed = marked.feed.str();
        entry.start_us = row.integer(0);
        entry.end_us = row.integer(1);
        entry.reason = static_cast<media::Reason>(row.integer(2));
      });
}

JournalEntry deleted_entry(const Pending& pending, UtcTime now) {
  const auto& marked = pending.marked;
  JournalEntry entry;
  entry.at_us = now.us;
  entry.kind = JournalKind::recording_deleted;
  entry.feed = marked.feed.str();
  entry.rendition = marked.rendition;
  entry.recording = marked.id.value;
  entry.start_us = marked.span.begin.us;
  entry.end_us = marked.span.end.us;
  entry.replaced_by = pending.replaced_by;
  entry.reason = pending.replaced_by ? media::Reason::none : media::Reason::deleted;
  return entry;
}

}  // namespace

Result<std::optional<Marked>> mark_recording(store::Session& session, RecordingId id, UtcTime now,
                                             const std::optional<Replacement>& replaced_by) {
  std::optional<Marked> marked;
  LeavingRecording leaving;
  ORIEL_TRY(session.query(
      "SELECT feed, rendition, volume, start_us, end_us, bytes, began, ended FROM recording"
      " WHERE id = $1 AND ended IS NOT NULL",
      {id.value}, [&](const store::Row& row) {
        marked.emplace();
        marked->id = id;
        marked->feed = FeedId(row.text(0));
        marked->rendition = static_cast<media::Rendition>(row.integer(1));
        marked->volume = VolumeId(row.text(2));
        marked->span = {UtcTime{row.integer(3)}, UtcTime{row.integer(4)}};
        marked->bytes = static_cast<std::uint64_t>(row.integer(5));
        leaving.began = static_cast<media::Reason>(row.integer(6));
        leaving.ended = static_cast<media::Reason>(row.integer(7));
      }));
  if (!marked) return marked;
  store::Value replacement = nullptr;
  if (replaced_by) replacement = replaced_by->id.value;
  ORIEL_TRY(session.execute(
      "INSERT INTO deletion (recording, feed, rendition, volume, start_us, end_us, bytes,"
      " replaced_by, marked_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
      {id.value, marked->feed.str(), static_cast<std::int64_t>(marked->rendition),
       marked->volume.str(), marked->span.begin.us, marked->span.end.us,
       static_cast<std::int64_t>(marked->bytes), replacement, now.us}));
  ORIEL_TRY(session.execute("DELETE FROM recording WHERE id = $1", {id.value}));
  ORIEL_TRY(end_moves_of(session, id));
  DeletedRecording deleted{id, marked->feed, marked->rendition, marked->span, RecordingId{}};
  if (replaced_by) deleted.replaced_by = replaced_by->id;
  ORIEL_TRY(note_deleted(session, deleted, now));
  if (marked->rendition != media::Rendition::main) return marked;
  ORIEL_TRY(past_changed(session, marked->feed, marked->span));
  if (replaced_by) {
    ORIEL_TRY(lay_gap(session, marked->feed, {marked->span.begin, replaced_by->span.begin},
                      media::Reason::deleted));
    return marked;
  }
  leaving.feed = marked->feed;
  leaving.span = marked->span;
  ORIEL_TRY(leave_gap(session, leaving));
  return marked;
}

Deletion::Deletion(store::Database& database, Writer& writer, FileSystem& file_system,
                   const Clock& clock, Forget forget)
    : database_(database),
      writer_(writer),
      file_system_(file_system),
      clock_(clock),
      forget_(std::move(forget)) {}

Result<MarkResult> Deletion::mark(const std::vector<RecordingId>& recordings) {
  if (recordings.size() > kBatchMax) return fail(ErrorKind::invalid, "too many recordings at once");
  const auto now = clock_.now();
  MarkResult result;
  ORIEL_TRY(database_.write_durable([&](store::Session& session) -> Result<void> {
    result = {};  // a database may run this again
    ORIEL_TRY_ASSIGN(const auto holds, holds_in_force(session, now));
    for (const auto id : recordings) {
      // The writer would bring the row of what it has not settled again.
      if (writer_.position(id)) continue;
      std::optional<std::pair<FeedId, UtcSpan>> found;
      ORIEL_TRY(session.query(
          "SELECT feed, start_us, end_us FROM recording WHERE id = $1", {id.value},
          [&](const store::Row& row) {
            found = {FeedId(row.text(0)), {UtcTime{row.integer(1)}, UtcTime{row.integer(2)}}};
          }));
      if (!found) continue;
      if (const auto* hold = find_hold(holds, found->first, found->second)) {
        result.held.push_back(id);
        result.held_by = static_cast<std::uint64_t>(hold->id);
        continue;
      }
      ORIEL_TRY_ASSIGN(auto marked, mark_recording(session, id, now, std::nullopt));
      if (marked) result.marked.push_back(std::move(*marked));
    }
    return {};
  }));
  for (const auto& marked : result.marked) forget_(marked.id);
  return result;
}

Result<std::size_t> Deletion::erase(Volume& volume) {
  const auto now = clock_.now();
  std::vector<Pending> pending;
  ORIEL_TRY(database_.read([&](store::Session& session) -> Result<void> {
    ORIEL_TRY_ASSIGN(pending, load_pending(session, volume.id()));
    for (auto& one : pending) ORIEL_TRY(load_gaps(session, one, now));
    return {};
  }));
  if (pending.empty()) return std::size_t{0};
  const auto state = volume.state();
  if (state != VolumeState::ok && state != VolumeState::full)
    return fail(ErrorKind::unavailable,
                "volume " + volume.id().str() + ": " + volume.status().message);
  std::vector<JournalEntry> entries;
  for (const auto& one : pending) {
    entries.push_back(deleted_entry(one, now));
    entries.insert(entries.end(), one.gaps.begin(), one.gaps.end());
  }
  ORIEL_TRY(writer_.write_journal(volume.id(), std::move(entries), kJournalDeadline));

  std::vector<RecordingId> gone;
  std::set<std::string> folders;
  for (const auto& one : pending) {
    const auto& marked = one.marked;
    forget_(marked.id);
    const auto path =
        volume.path_of(recording_file(marked.feed, marked.rendition, marked.id, marked.span.begin));
    auto removed = file_system_.remove(path);
    if (!removed && removed.error().kind != ErrorKind::not_found) {
      log::error("recording {}: its file is still to be removed: {}", marked.id.value,
                 removed.error().message);
      continue;
    }
    gone.push_back(marked.id);
    folders.insert(folder_of(path));
  }
  for (const auto& folder : folders) {
    auto synced = file_system_.sync_folder(folder);
    if (!synced && synced.error().kind != ErrorKind::not_found) return fail(synced.error());
  }
  ORIEL_TRY(database_.write([&](store::Session& session) -> Result<void> {
    for (const auto id : gone)
      ORIEL_TRY(session.execute("DELETE FROM deletion WHERE recording = $1", {id.value}));
    return {};
  }));
  return gone.size();
}

Result<std::uint64_t> Deletion::pending() const {
  std::uint64_t count = 0;
  ORIEL_TRY(database_.read([&](store::Session& session) {
    return session.query("SELECT COUNT(*) FROM deletion", {}, [&](const store::Row& row) {
      count = static_cast<std::uint64_t>(row.integer(0));
    });
  }));
  return count;
}

}  // namespace oriel::archive
