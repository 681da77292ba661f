#include "archive/gap_rows.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "archive/catalog.h"
#include "archive/kept_days.h"

namespace oriel::archive {
namespace {

// Rows that begin before a moment and may reach it, as in Catalog::timeline().
constexpr std::int64_t kRowsBefore = 4;
constexpr auto kMain = static_cast<std::int64_t>(media::Rendition::main);

struct GapRow {
  UtcTime start;
  std::optional<UtcTime> end;  // absent while it goes on
  media::Reason reason = media::Reason::none;
  UtcTime end_or_ever() const { return end.value_or(UtcTime{INT64_MAX}); }
};

GapRow gap_of(const store::Row& row) {
  GapRow gap{UtcTime{row.integer(0)}, std::nullopt, static_cast<media::Reason>(row.integer(2))};
  if (!row.is_null(1)) gap.end = UtcTime{row.integer(1)};
  return gap;
}

// Gaps that touch or overlap [begin, end].
Result<std::vector<GapRow>> gaps_at(store::Session& session, const FeedId& feed, UtcSpan span) {
  std::vector<GapRow> gaps;
  const auto keep = [&](const store::Row& row) {
    auto gap = gap_of(row);
    if (gap.end_or_ever() >= span.begin) gaps.push_back(gap);
  };
  ORIEL_TRY(
      session.query("SELECT start_us, end_us, reason FROM gap WHERE feed = $1 AND start_us < $2"
                    " ORDER BY start_us DESC LIMIT $3",
                    {feed.str(), span.begin.us, kRowsBefore}, keep));
  ORIEL_TRY(
      session.query("SELECT start_us, end_us, reason FROM gap WHERE feed = $1 AND start_us >= $2"
                    " AND start_us <= $3 ORDER BY start_us",
                    {feed.str(), span.begin.us, span.end.us}, keep));
  return gaps;
}

Result<void> remove_gap(store::Session& session, const FeedId& feed, const GapRow& gap) {
  ORIEL_TRY(session.execute("DELETE FROM gap WHERE feed = $1 AND start_us = $2",
                            {feed.str(), gap.start.us}));
  return {};
}

Result<void> add_gap(store::Session& session, const FeedId& feed, const GapRow& gap) {
  store::Value end_us = nullptr;
  if (gap.end) end_us = gap.end->us;
  ORIEL_TRY(
      session.execute("INSERT INTO gap (feed, start_us, end_us, reason) VALUES ($1, $2, $3, $4)"
                      " ON CONFLICT (feed, start_us) DO NOTHING",
                      {feed.str(), gap.start.us, end_us, static_cast<std::int64_t>(gap.reason)}));
  return {};
}

// What stands next to a moment.
struct Neighbour {
  UtcTime at;
  media::Reason reason = media::Reason::none;  // what it tells about the time between
  bool recording = false;
};

// The latest that ends before or reaches `start`.
Result<std::optional<Neighbour>> before(store::Session& session, const FeedId& feed,
                                        UtcTime start) {
  std::optional<Neighbour> found;
  const auto keep = [&](UtcTime end, media::Reason reason, bool recording) {
    if (!found || found->at < end) found = {end, reason, recording};
  };
  ORIEL_TRY(
      session.query("SELECT start_us, end_us, reason FROM gap WHERE feed = $1 AND start_us < $2"
                    " ORDER BY start_us DESC LIMIT $3",
                    {feed.str(), start.us, kRowsBefore}, [&](const store::Row& row) {
                      const auto gap = gap_of(row);
                      keep(gap.end_or_ever(), gap.reason, false);
                    }));
  ORIEL_TRY(session.query(
      "SELECT end_us, ended FROM recording WHERE feed = $1 AND rendition = $2"
      " AND start_us < $3 AND ended IS NOT NULL"
      " ORDER BY start_us DESC LIMIT $4",
      {feed.str(), kMain, start.us, kRowsBefore}, [&](const store::Row& row) {
        keep(UtcTime{row.integer(0)}, static_cast<media::Reason>(row.integer(1)), true);
      }));
  return found;
}

// The earliest that begins after or lies at `end`.
Result<std::optional<Neighbour>> after(store::Session& session, const FeedId& feed, UtcSpan span) {
  std::optional<Neighbour> found;
  const auto keep = [&](UtcTime start, media::Reason reason, bool recording) {
    if (!found || start < found->at) found = {start, reason, recording};
  };
  ORIEL_TRY_ASSIGN(const auto gaps, gaps_at(session, feed, {span.end, span.end}));
  for (const auto& gap : gaps) keep(std::max(gap.start, span.end), gap.reason, false);
  ORIEL_TRY(session.query(
      "SELECT start_us, reason FROM gap WHERE feed = $1 AND start_us > $2"
      " ORDER BY start_us LIMIT 1",
      {feed.str(), span.end.us}, [&](const store::Row& row) {
        keep(UtcTime{row.integer(0)}, static_cast<media::Reason>(row.integer(1)), false);
      }));
  ORIEL_TRY(session.query(
      "SELECT start_us, began FROM recording WHERE feed = $1 AND rendition = $2"
      " AND start_us >= $3 ORDER BY start_us LIMIT 1",
      {feed.str(), kMain, span.begin.us}, [&](const store::Row& row) {
        keep(UtcTime{row.integer(0)}, static_cast<media::Reason>(row.integer(1)), true);
      }));
  return found;
}

}  // namespace

Result<void> lay_gap(store::Session& session, const FeedId& feed, UtcSpan span,
                     media::Reason reason) {
  if (span.end <= span.begin) return {};
  ORIEL_TRY_ASSIGN(const auto gaps, gaps_at(session, feed, span));
  GapRow laid{span.begin, span.end, reason};
  std::vector<GapRow> kept;
  for (const auto& gap : gaps) {
    const bool same = gap.reason == reason && gap.end.has_value();
    const bool apart = gap.end_or_ever() == span.begin || gap.start == span.end;
    if (apart && !same) continue;
    ORIEL_TRY(remove_gap(session, feed, gap));
    if (same) {
      laid.start = std::min(laid.start, gap.start);
      laid.end = std::max(laid.end_or_ever(), *gap.end);
      continue;
    }
    if (gap.start < span.begin) kept.push_back({gap.start, span.begin, gap.reason});
    if (gap.end_or_ever() > span.end) kept.push_back({span.end, gap.end, gap.reason});
  }
  ORIEL_TRY(add_gap(session, feed, laid));
  for (const auto& gap : kept) ORIEL_TRY(add_gap(session, feed, gap));
  return past_changed(session, feed, span);
}

Result<void> leave_gap(store::Session& session, const LeavingRecording& recording) {
  const auto& feed = recording.feed;
  UtcSpan deleted = recording.span;
  ORIEL_TRY_ASSIGN(const auto left, before(session, feed, deleted.begin));
  if (left && left->at < deleted.begin) {
    // So close counted as recorded.
    if (left->recording && deleted.begin - left->at <= join_of(left->reason, recording.began))
      deleted.begin = left->at;
    else if (!explains(left->reason) && explains(recording.began))
      ORIEL_TRY(lay_gap(session, feed, {left->at, deleted.begin}, recording.began));
  }
  ORIEL_TRY_ASSIGN(const auto right, after(session, feed, recording.span));
  if (right && right->at > deleted.end) {
    if (right->recording && right->at - deleted.end <= join_of(recording.ended, right->reason))
      deleted.end = right->at;
    else if (explains(recording.ended))
      ORIEL_TRY(lay_gap(session, feed, {deleted.end, right->at}, recording.ended));
  }
  return lay_gap(session, feed, deleted, media::Reason::deleted);
}

}  // namespace oriel::archive
