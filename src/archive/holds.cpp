#include "archive/holds.h"

#include <algorithm>

#include <fmt/format.h>

#include "archive/usage.h"

namespace oriel::archive {
namespace {

constexpr std::size_t kReasonMax = 1'000;
constexpr std::int64_t kRowsBefore = 4;
constexpr std::string_view kColumns =
    "SELECT id, feed, start_us, end_us, reason, made_by, made_us, until_us, released_by,"
    " released_us FROM hold ";

std::optional<UtcTime> time_at(const store::Row& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return UtcTime{row.integer(column)};
}

Hold hold_of(const store::Row& row, UtcTime now) {
  Hold hold;
  hold.id = row.integer(0);
  if (!row.is_null(1)) hold.feed = row.text(1);
  hold.start = UtcTime{row.integer(2)};
  hold.end = UtcTime{row.integer(3)};
  hold.reason = row.text(4);
  hold.made_by = row.text(5);
  hold.made_at = UtcTime{row.integer(6)};
  hold.until = time_at(row, 7);
  if (!row.is_null(8)) hold.released_by = row.text(8);
  hold.released_at = time_at(row, 9);
  hold.state = hold.released_at                   ? HoldState::released
               : hold.until && *hold.until <= now ? HoldState::lapsed
                                                  : HoldState::in_force;
  return hold;
}

store::Value value_of(const std::optional<UtcTime>& time) {
  if (!time) return nullptr;
  return time->us;
}

store::Value value_of(const std::optional<std::string>& text) {
  if (!text) return nullptr;
  return *text;
}

Result<void> check(const HoldRequest& request, UtcTime now) {
  const auto& span = request.span;
  if (span.begin == span.end)
    return fail(ErrorKind::invalid, "end: a hold of no length holds nothing");
  if (span.end < span.begin)
    return fail(ErrorKind::invalid, "end: lies before start (are they exchanged?)");
  if (span.begin > now)
    return fail(ErrorKind::invalid,
                "start: lies in the future; a hold may reach into the future, but not begin there");
  if (request.reason.empty()) return fail(ErrorKind::invalid, "reason: is missing");
  if (request.reason.size() > kReasonMax)
    return fail(ErrorKind::invalid, fmt::format("reason: at most {} bytes", kReasonMax));
  if (request.until && *request.until <= now)
    return fail(ErrorKind::invalid, "until: has passed already");
  return {};
}

Result<std::vector<FeedId>> feeds_of(store::Session& session, const std::optional<FeedId>& feed) {
  if (!feed) return recorded_feeds(session);
  return std::vector{*feed};
}

Result<bool> has_recordings(store::Session& session, const std::string& feed, UtcSpan span) {
  bool found = false;
  for (const auto rendition : {media::Rendition::main, media::Rendition::sub}) {
    const auto kind = static_cast<std::int64_t>(rendition);
    ORIEL_TRY(
        session.query("SELECT end_us FROM recording WHERE feed = $1 AND rendition = $2"
                      " AND start_us < $3 ORDER BY start_us DESC LIMIT $4",
                      {feed, kind, span.begin.us, kRowsBefore}, [&](const store::Row& row) {
                        found = found || row.is_null(0) || row.integer(0) > span.begin.us;
                      }));
    ORIEL_TRY(session.query(
        "SELECT id FROM recording WHERE feed = $1 AND rendition = $2"
        " AND start_us >= $3 AND start_us < $4 ORDER BY start_us LIMIT 1",
        {feed, kind, span.begin.us, span.end.us}, [&](const store::Row&) { found = true; }));
    if (found) break;
  }
  return found;
}

Result<bool> is_known(store::Session& session, const std::string& feed) {
  bool found = false;
  const auto note = [&](const store::Row&) { found = true; };
  ORIEL_TRY(session.query("SELECT id FROM feed WHERE id = $1", {feed}, note));
  ORIEL_TRY(session.query("SELECT feed FROM gap WHERE feed = $1 LIMIT 1", {feed}, note));
  ORIEL_TRY(session.query("SELECT id FROM recording WHERE feed = $1 LIMIT 1", {feed}, note));
  return found;
}

Result<bool> was_deleted(store::Session& session, const std::string& feed, UtcSpan span) {
  bool found = false;
  ORIEL_TRY(session.query(
      "SELECT start_us, end_us FROM gap WHERE feed = $1 AND reason = $2 AND start_us < $3"
      " ORDER BY start_us DESC LIMIT $4",
      {feed, static_cast<std::int64_t>(media::Reason::deleted), span.end.us, kRowsBefore},
      [&](const store::Row& row) {
        found = found || row.is_null(1) || row.integer(1) > span.begin.us;
      }));
  return found;
}

// Something must be there to hold, or come.
Result<void> check_there(store::Session& session, const HoldRequest& request, UtcTime now) {
  if (request.feed) {
    ORIEL_TRY_ASSIGN(const bool known, is_known(session, request.feed->str()));
    if (!known) return fail(ErrorKind::not_found, "feed: there is no feed " + request.feed->str());
  }
  if (request.span.end > now) return {};
  ORIEL_TRY_ASSIGN(const auto feeds, feeds_of(session, request.feed));
  bool deleted = false;
  for (const auto& feed : feeds) {
    ORIEL_TRY_ASSIGN(const bool there, has_recordings(session, feed.str(), request.span));
    if (there) return {};
    ORIEL_TRY_ASSIGN(const bool gone, was_deleted(session, feed.str(), request.span));
    deleted = deleted || gone;
  }
  return fail(ErrorKind::not_found,
              fmt::format("there is nothing to hold: {} between {} and {}",
                          deleted ? "what was recorded is deleted already" : "nothing was recorded",
                          format_rfc3339(request.span.begin), format_rfc3339(request.span.end)));
}

Result<std::optional<Hold>> load(store::Session& session, std::int64_t id, UtcTime now) {
  std::optional<Hold> found;
  ORIEL_TRY(session.query(std::string(kColumns) + "WHERE id = $1", {id},
                          [&](const store::Row& row) { found = hold_of(row, now); }));
  return found;
}

}  // namespace

HoldBook::HoldBook(store::Database& database, const Clock& clock)
    : database_(database), clock_(clock) {}

Result<Hold> HoldBook::make(const HoldRequest& request) {
  const auto now = clock_.now();
  ORIEL_TRY(check(request, now));
  std::optional<Hold> made;
  ORIEL_TRY(database_.write_durable([&](store::Session& session) -> Result<void> {
    ORIEL_TRY(check_there(session, request, now));
    ORIEL_TRY_ASSIGN(const auto others, holds_in_force(session, now));
    if (others.size() >= kInForceMax)
      return fail(ErrorKind::exhausted,
                  fmt::format("{} holds are in force: release some first", others.size()));
    std::optional<std::string> feed;
    if (request.feed) feed = request.feed->str();
    std::int64_t id = 0;
    ORIEL_TRY(session.query(
        "INSERT INTO hold (feed, start_us, end_us, reason, made_by, made_us, until_us)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING id",
        {value_of(feed), request.span.begin.us, request.span.end.us, request.reason, request.who,
         now.us, value_of(request.until)},
        [&](const store::Row& row) { id = row.integer(0); }));
    ORIEL_TRY_ASSIGN(made, load(session, id, now));
    return {};
  }));
  return *made;
}

Result<Hold> HoldBook::release(std::int64_t id, const std::string& who) {
  const auto now = clock_.now();
  std::optional<Hold> released;
  ORIEL_TRY(database_.write_durable([&](store::Session& session) -> Result<void> {
    ORIEL_TRY_ASSIGN(const auto hold, load(session, id, now));
    if (!hold) return fail(ErrorKind::not_found, fmt::format("there is no hold {}", id));
    if (hold->state == HoldState::released)
      return fail(ErrorKind::conflict,
                  fmt::format("hold {} was released at {} by {}", id,
                              format_rfc3339(*hold->released_at), hold->released_by.value_or("?")));
    if (hold->state == HoldState::lapsed)
      return fail(ErrorKind::conflict,
                  fmt::format("hold {} ended by itself at {}", id, format_rfc3339(*hold->until)));
    ORIEL_TRY(session.execute("UPDATE hold SET released_by = $2, released_us = $3 WHERE id = $1",
                              {id, who, now.us}));
    ORIEL_TRY_ASSIGN(released, load(session, id, now));
    return {};
  }));
  return *released;
}

Result<std::vector<Hold>> HoldBook::list(std::size_t count_max, std::int64_t before) const {
  const auto now = clock_.now();
  std::vector<Hold> holds;
  ORIEL_TRY(database_.read([&](store::Session& session) {
    holds.clear();
    return session.query(std::string(kColumns) + "WHERE id < $1 ORDER BY id DESC LIMIT $2",
                         {before, static_cast<std::int64_t>(count_max)},
                         [&](const store::Row& row) { holds.push_back(hold_of(row, now)); });
  }));
  return holds;
}

Result<std::vector<Hold>> HoldBook::in_force() const {
  std::vector<Hold> holds;
  ORIEL_TRY(database_.read([&](store::Session& session) -> Result<void> {
    ORIEL_TRY_ASSIGN(holds, holds_in_force(session, clock_.now()));
    return {};
  }));
  return holds;
}

Result<std::vector<Hold>> HoldBook::not_noted(const VolumeId& volume) const {
  const auto now = clock_.now();
  std::vector<Hold> holds;
  ORIEL_TRY(database_.read([&](store::Session& session) {
    holds.clear();
    return session.query(
        std::string(kColumns) +
            "WHERE NOT EXISTS (SELECT 1 FROM hold_noted WHERE hold_noted.hold = hold.id"
            " AND volume = $1 AND released >= CASE WHEN released_us IS NULL THEN 0 ELSE 1 END)"
            " ORDER BY id LIMIT 1000",
        {volume.str()}, [&](const store::Row& row) { holds.push_back(hold_of(row, now)); });
  }));
  return holds;
}

Result<void> HoldBook::set_noted(const VolumeId& volume, const std::vector<Hold>& holds) {
  return database_.write([&](store::Session& session) -> Result<void> {
    for (const auto& hold : holds)
      ORIEL_TRY(
          session.execute("INSERT INTO hold_noted (hold, volume, released) VALUES ($1, $2, $3)"
                          " ON CONFLICT (hold, volume) DO UPDATE SET released = excluded.released",
                          {hold.id, volume.str(), std::int64_t{hold.released_at.has_value()}}));
    return {};
  });
}

Result<std::vector<Hold>> holds_in_force(store::Session& session, UtcTime now) {
  std::vector<Hold> holds;
  ORIEL_TRY(session.query(std::string(kColumns) + "WHERE released_us IS NULL"
                                                  " AND (until_us IS NULL OR until_us > $1)"
                                                  " ORDER BY id",
                          {now.us},
                          [&](const store::Row& row) { holds.push_back(hold_of(row, now)); }));
  return holds;
}

const Hold* find_hold(const std::vector<Hold>& holds, const FeedId& feed, UtcSpan span) {
  const auto found = std::find_if(holds.begin(), holds.end(),
                                  [&](const auto& hold) { return hold.covers(feed, span); });
  return found == holds.end() ? nullptr : &*found;
}

JournalEntry hold_entry(const Hold& hold) {
  JournalEntry entry;
  entry.at_us = hold.released_at ? hold.released_at->us : hold.made_at.us;
  entry.kind = hold.released_at ? JournalKind::hold_released : JournalKind::hold_made;
  entry.hold = hold.id;
  entry.feed = hold.feed;
  entry.start_us = hold.start.us;
  entry.end_us = hold.end.us;
  entry.text = hold.reason;
  entry.who = hold.released_at ? hold.released_by : hold.made_by;
  if (hold.until) entry.until_us = hold.until->us;
  return entry;
}

Result<void> restore_hold(store::Session& session, const JournalEntry& entry) {
  const bool released = entry.kind == JournalKind::hold_released;
  if ((!released && entry.kind != JournalKind::hold_made) || !entry.hold || !entry.start_us ||
      !entry.end_us || !entry.who)
    return fail(ErrorKind::invalid, "the line does not tell of a hold");
  const store::Value until = entry.until_us ? store::Value(*entry.until_us) : nullptr;
  const auto text = entry.text.value_or("");
  if (!released) {
    ORIEL_TRY(session.execute(
        "INSERT INTO hold (id, feed, start_us, end_us, reason, made_by, made_us, until_us)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, $8)"
        " ON CONFLICT (id) DO UPDATE SET made_by = excluded.made_by, made_us = excluded.made_us",
        {*entry.hold, value_of(entry.feed), *entry.start_us, *entry.end_us, text, *entry.who,
         entry.at_us, until}));
    return {};
  }
  ORIEL_TRY(session.execute(
      "INSERT INTO hold (id, feed, start_us, end_us, reason, made_by, made_us, until_us,"
      " released_by, released_us) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $6, $7)"
      " ON CONFLICT (id) DO UPDATE SET released_by = excluded.released_by,"
      " released_us = excluded.released_us",
      {*entry.hold, value_of(entry.feed), *entry.start_us, *entry.end_us, text, *entry.who,
       entry.at_us, until}));
  return {};
}

}  // namespace oriel::archive
