#include "archive/recording_rows.h"

#include <string>

namespace oriel::archive {
namespace {

std::string select(std::string_view where) {
  return "SELECT id, feed, rendition, run, run_offset_90k, volume, init, start_us, end_us, bytes,"
         " began, ended, segment_index, sha256, frames FROM recording " +
         std::string(where);
}

HashedRecording recording_of(const store::Row& row) {
  HashedRecording read;
  read.row.id = RecordingId{row.integer(0)};
  read.row.feed = FeedId(row.text(1));
  read.row.rendition = static_cast<media::Rendition>(row.integer(2));
  read.row.run = RunId{row.integer(3)};
  read.row.run_offset_90k = row.integer(4);
  read.row.volume = VolumeId(row.text(5));
  read.row.init = row.integer(6);
  read.row.start = UtcTime{row.integer(7)};
  read.row.end = UtcTime{row.integer(8)};
  read.row.bytes = static_cast<std::uint64_t>(row.integer(9));
  read.row.began = static_cast<media::Reason>(row.integer(10));
  read.row.ended = static_cast<media::Reason>(row.integer(11));
  read.row.segment_index = row.blob(12);
  read.row.frames = row.integer(14);
  if (!row.is_null(13)) read.sha256 = digest_of(row.blob(13));
  return read;
}

}  // namespace

Result<std::vector<HashedRecording>> closed_recordings(store::Session& session, const FeedId& feed,
                                                       UtcSpan span) {
  std::vector<HashedRecording> found;
  for (const auto rendition :
       {media::Rendition::main, media::Rendition::sub, media::Rendition::made})
    ORIEL_TRY(session.query(
        select("WHERE feed = $1 AND rendition = $2 AND start_us >= $3 AND start_us < $4"
               " AND ended IS NOT NULL ORDER BY start_us, id"),
        {feed.str(), static_cast<std::int64_t>(rendition), span.begin.us, span.end.us},
        [&](const store::Row& row) { found.push_back(recording_of(row)); }));
  return found;
}

Result<std::vector<HashedRecording>> closed_recordings_after(store::Session& session,
                                                             RecordingId after,
                                                             std::size_t count_max) {
  std::vector<HashedRecording> found;
  ORIEL_TRY(session.query(select("WHERE id > $1 AND ended IS NOT NULL ORDER BY id LIMIT $2"),
                          {after.value, static_cast<std::int64_t>(count_max)},
                          [&](const store::Row& row) { found.push_back(recording_of(row)); }));
  return found;
}

Result<std::optional<HashedRecording>> closed_recording(store::Session& session, RecordingId id) {
  std::optional<HashedRecording> found;
  ORIEL_TRY(session.query(select("WHERE id = $1 AND ended IS NOT NULL"), {id.value},
                          [&](const store::Row& row) { found = recording_of(row); }));
  return found;
}

Result<void> set_hash(store::Session& session, RecordingId id, const Sha256Digest& sha256) {
  ORIEL_TRY(session.execute("UPDATE recording SET sha256 = $2 WHERE id = $1",
                            {id.value, Bytes(sha256.begin(), sha256.end())}));
  return {};
}

}  // namespace oriel::archive
