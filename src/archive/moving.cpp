#include "archive/moving.h"

#include <algorithm>
#include <optional>
#include <string>

#include "archive/file_names.h"
#include "base/log.h"

namespace oriel::archive {
namespace {

Result<std::vector<MovingFile>> load_moving(store::Database& database) {
  std::vector<MovingFile> found;
  ORIEL_TRY(database.read([&](store::Session& session) {
    found.clear();
    return session.query(
        "SELECT recording, feed, rendition, start_us, to_volume, surplus FROM moving"
        " ORDER BY recording",
        {}, [&](const store::Row& row) {
          found.push_back({RecordingId{row.integer(0)}, FeedId(row.text(1)),
                           static_cast<media::Rendition>(row.integer(2)), UtcTime{row.integer(3)},
                           VolumeId(row.text(4)), VolumeId(row.text(5))});
        });
  }));
  return found;
}

// The volume that has the recording by its row, also by that of its deletion.
Result<std::optional<VolumeId>> volume_of(store::Database& database, RecordingId id) {
  std::optional<VolumeId> volume;
  ORIEL_TRY(database.read([&](store::Session& session) {
    return session.query(
        "SELECT volume FROM recording WHERE id = $1"
        " UNION ALL SELECT volume FROM deletion WHERE recording = $1",
        {id.value}, [&](const store::Row& row) { volume = VolumeId(row.text(0)); });
  }));
  return volume;
}

}  // namespace

Result<void> note_moving(store::Session& session, const MovingFile& file) {
  ORIEL_TRY(session.execute(
      "INSERT INTO moving (recording, feed, rendition, start_us, to_volume, surplus)"
      " VALUES ($1, $2, $3, $4, $5, $6)"
      " ON CONFLICT (recording, to_volume) DO UPDATE SET surplus = excluded.surplus",
      {file.recording.value, file.feed.str(), static_cast<std::int64_t>(file.rendition),
       file.start.us, file.to.str(), file.surplus.str()}));
  return {};
}

Result<void> end_moves_of(store::Session& session, RecordingId id) {
  ORIEL_TRY(session.execute(
      "UPDATE moving SET surplus = to_volume WHERE recording = $1 AND surplus = ''", {id.value}));
  return {};
}

Result<void> clear_unfinished_moves(const std::vector<Volume*>& volumes, FileSystem& file_system,
                                    store::Database& database) {
  ORIEL_TRY_ASSIGN(const auto moving, load_moving(database));
  for (const auto& file : moving) {
    ORIEL_TRY_ASSIGN(const auto owner, volume_of(database, file.recording));
    const VolumeId surplus = file.surplus.str().empty() ? file.to : file.surplus;
    const bool lost = file.surplus.str().empty() && !owner;
    if (!lost && owner != surplus) {
      const auto volume = std::ranges::find_if(
          volumes, [&](const auto* candidate) { return candidate->id() == surplus; });
      if (volume == volumes.end()) continue;
      const auto state = (*volume)->state();
      if (state != VolumeState::ok && state != VolumeState::full) continue;
      const auto path =
          (*volume)->path_of(recording_file(file.feed, file.rendition, file.recording, file.start));
      auto removed = file_system.remove(path);
      if (removed) removed = file_system.sync_folder(path.substr(0, path.rfind('/')));
      if (!removed && removed.error().kind != ErrorKind::not_found) {
        log::warn("recording {}: a second copy is still to be removed: {}", file.recording.value,
                  removed.error().message);
        continue;
      }
    }
    ORIEL_TRY(database.write([&](store::Session& session) -> Result<void> {
      ORIEL_TRY(session.execute("DELETE FROM moving WHERE recording = $1 AND to_volume = $2",
                                {file.recording.value, file.to.str()}));
      return {};
    }));
  }
  return {};
}

}  // namespace oriel::archive
