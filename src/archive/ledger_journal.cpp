#include "archive/ledger_journal.h"

#include <utility>

#include "archive/gap_rows.h"
#include "archive/kept_days.h"
#include "archive/row_writer.h"

namespace oriel::archive {
namespace {

store::Value or_null(const std::optional<std::int64_t>& value) {
  return value ? store::Value(*value) : store::Value(nullptr);
}

Result<void> restore_gap(store::Session& session, const JournalEntry& entry) {
  ORIEL_TRY(
      session.execute("INSERT INTO gap (feed, start_us, end_us, reason) VALUES ($1, $2, $3, $4)"
                      " ON CONFLICT (feed, start_us) DO UPDATE SET end_us = excluded.end_us,"
                      " reason = excluded.reason",
                      {*entry.feed, *entry.start_us, or_null(entry.end_us),
                       static_cast<std::int64_t>(*entry.reason)}));
  // The row that it replaces may have gone on for longer.
  return past_changed(session, FeedId(*entry.feed), {UtcTime{*entry.start_us}, UtcTime{INT64_MAX}});
}

Result<void> restore_withheld(store::Session& session, const JournalEntry& entry) {
  ORIEL_TRY(session.execute(
      "INSERT INTO withheld (id, feed, start_us, end_us, reason, made_by, made_us)"
      " VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (id) DO NOTHING",
      {*entry.item, *entry.feed, *entry.start_us, or_null(entry.end_us), entry.text.value_or(""),
       entry.who.value_or(""), entry.made_us.value_or(entry.at_us)}));
  return {};
}

Result<void> remove_gaps_since(store::Session& session, UtcTime since) {
  std::vector<std::pair<FeedId, UtcTime>> first;
  ORIEL_TRY(session.query(
      "SELECT feed, MIN(start_us) FROM gap WHERE end_us IS NULL OR end_us >= $1 GROUP BY feed",
      {since.us}, [&](const store::Row& row) {
        first.emplace_back(FeedId(row.text(0)), UtcTime{row.integer(1)});
      }));
  ORIEL_TRY(session.execute("DELETE FROM gap WHERE end_us IS NULL OR end_us >= $1", {since.us}));
  for (const auto& [feed, start] : first)
    ORIEL_TRY(past_changed(session, feed, {start, UtcTime{INT64_MAX}}));
  return {};
}

}  // namespace

Result<std::vector<JournalEntry>> ledger_lines(store::Database& database, UtcTime since,
                                               UtcTime now) {
  std::vector<JournalEntry> lines;
  const auto line = [&](JournalKind kind) -> JournalEntry& {
    lines.emplace_back();
    lines.back().at_us = now.us;
    lines.back().kind = kind;
    return lines.back();
  };
  line(JournalKind::ledger_began).start_us = since.us;
  ORIEL_TRY(database.read([&](store::Session& session) -> Result<void> {
    ORIEL_TRY(session.query(
        "SELECT feed, start_us, end_us, reason FROM gap WHERE end_us IS NULL OR end_us >= $1"
        " ORDER BY feed, start_us",
        {since.us}, [&](const store::Row& row) {
          auto& entry = line(JournalKind::gap_stands);
          entry.feed = row.text(0);
          entry.start_us = row.integer(1);
          if (!row.is_null(2)) entry.end_us = row.integer(2);
          entry.reason = static_cast<media::Reason>(row.integer(3));
        }));
    return session.query(
        "SELECT id, feed, start_us, end_us, reason, made_by, made_us FROM withheld ORDER BY id", {},
        [&](const store::Row& row) {
          auto& entry = line(JournalKind::withheld);
          entry.item = row.integer(0);
          entry.feed = row.text(1);
          entry.start_us = row.integer(2);
          if (!row.is_null(3)) entry.end_us = row.integer(3);
          entry.text = row.text(4);
          entry.who = row.text(5);
          entry.made_us = row.integer(6);
        });
  }));
  return lines;
}

Result<void> restore_ledger_line(store::Session& session, const JournalEntry& entry) {
  const bool has_feed = entry.feed.has_value();
  switch (entry.kind) {
    case JournalKind::gap_began:
      if (!has_feed || !entry.start_us || !entry.reason) return {};
      return apply_row(session,
                       GapBeganRow{FeedId(*entry.feed), UtcTime{*entry.start_us}, *entry.reason});
    case JournalKind::gap_ended:
      if (!has_feed || !entry.end_us) return {};
      return apply_row(session, GapEndedRow{FeedId(*entry.feed), UtcTime{*entry.end_us}});
    case JournalKind::ledger_began:
      if (!entry.start_us) return {};
      return remove_gaps_since(session, UtcTime{*entry.start_us});
    case JournalKind::gap_stands:
      if (!has_feed || !entry.start_us || !entry.reason) return {};
      return restore_gap(session, entry);
    case JournalKind::gap_laid:
      if (!has_feed || !entry.start_us || !entry.end_us || !entry.reason) return {};
      return lay_gap(session, FeedId(*entry.feed),
                     {UtcTime{*entry.start_us}, UtcTime{*entry.end_us}}, *entry.reason);
    case JournalKind::withheld:
      if (!has_feed || !entry.item || !entry.start_us) return {};
      return restore_withheld(session, entry);
    case JournalKind::released:
      if (!entry.item) return {};
      ORIEL_TRY(session.execute("DELETE FROM withheld WHERE id = $1", {*entry.item}));
      return {};
    default:
      return {};
  }
}

}  // namespace oriel::archive
