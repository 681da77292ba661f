#include "archive/damage_rows.h"

#include "archive/kept_days.h"

namespace oriel::archive {

namespace {
// A recording is minutes long, this is far more: what begins before cannot reach into the span.
constexpr Duration kReachMax = Duration::from_s(86'400);
}  // namespace

Result<bool> set_damage(store::Session& session, const RecordingRow& row,
                        const std::vector<UtcSpan>& spans, std::string_view what, UtcTime now) {
  std::vector<UtcSpan> before;
  ORIEL_TRY(
      session.query("SELECT start_us, end_us FROM damage WHERE recording = $1 ORDER BY start_us",
                    {row.id.value}, [&](const store::Row& found) {
                      before.push_back({UtcTime{found.integer(0)}, UtcTime{found.integer(1)}});
                    }));
  if (before == spans) return false;
  ORIEL_TRY(session.execute("DELETE FROM damage WHERE recording = $1", {row.id.value}));
  for (const auto& span : spans)
    ORIEL_TRY(session.execute(
        "INSERT INTO damage (recording, feed, rendition, start_us, end_us, what, found_us)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7)",
        {row.id.value, row.feed.str(), static_cast<std::int64_t>(row.rendition), span.begin.us,
         span.end.us, std::string(what), now.us}));
  ORIEL_TRY(past_changes(session, row.id));
  return true;
}

Result<std::vector<DamagedSpan>> damage_of(store::Session& session, const FeedId& feed,
                                           media::Rendition rendition, UtcSpan span) {
  std::vector<DamagedSpan> found;
  ORIEL_TRY(session.query(
      "SELECT damage.recording, damage.start_us, damage.end_us, damage.what, damage.found_us"
      " FROM damage JOIN recording ON recording.id = damage.recording"
      " WHERE damage.feed = $1 AND damage.rendition = $2 AND damage.start_us >= $3"
      " AND damage.start_us < $4 AND damage.end_us > $5 ORDER BY damage.start_us",
      {feed.str(), static_cast<std::int64_t>(rendition), (span.begin - kReachMax).us, span.end.us,
       span.begin.us},
      [&](const store::Row& row) {
        found.push_back({RecordingId{row.integer(0)},
                         {UtcTime{row.integer(1)}, UtcTime{row.integer(2)}},
                         row.text(3),
                         UtcTime{row.integer(4)}});
      }));
  return found;
}

Result<DamageCount> count_damage(store::Session& session, const FeedId& feed) {
  DamageCount count;
  ORIEL_TRY(
      session.query("SELECT COUNT(DISTINCT damage.recording), MIN(damage.start_us) FROM damage"
                    " JOIN recording ON recording.id = damage.recording WHERE damage.feed = $1",
                    {feed.str()}, [&](const store::Row& row) {
                      count.recordings = row.integer(0);
                      count.first = UtcTime{row.integer(1)};
                    }));
  return count;
}

}  // namespace oriel::archive
