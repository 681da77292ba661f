#include "archive/seal_rows.h"

#include <algorithm>

namespace oriel::archive {
namespace {

constexpr std::string_view kColumns =
    "SELECT feed, number, day, made_us, previous, entries, head, key, signature FROM seal ";

std::string select(std::string_view where) { return std::string(kColumns) + std::string(where); }

template <std::size_t N>
void take(std::array<std::uint8_t, N>& into, const Bytes& bytes) {
  std::copy_n(bytes.begin(), std::min(N, bytes.size()), into.begin());
}

template <std::size_t N>
Bytes blob(const std::array<std::uint8_t, N>& bytes) {
  return Bytes(bytes.begin(), bytes.end());
}

SealHead head_of(const store::Row& row) {
  SealHead head;
  head.feed = FeedId(row.text(0));
  head.number = row.integer(1);
  head.day = parse_date(row.text(2)).value_or(Day{});
  head.made = UtcTime{row.integer(3)};
  take(head.previous, row.blob(4));
  head.entries = static_cast<std::uint64_t>(row.integer(5));
  take(head.head, row.blob(6));
  take(head.key.bytes, row.blob(7));
  take(head.signature, row.blob(8));
  return head;
}

}  // namespace

Result<void> mark_unsealed(store::Session& session, const FeedId& feed, Day day) {
  ORIEL_TRY(session.execute(
      "INSERT INTO unsealed (feed, day) VALUES ($1, $2) ON CONFLICT (feed, day) DO NOTHING",
      {feed.str(), format_date(day)}));
  return {};
}

Result<void> note_deleted(store::Session& session, const DeletedRecording& deleted, UtcTime now) {
  const Day day = day_of(now);
  ORIEL_TRY(session.execute(
      "INSERT INTO unsealed_deletion (recording, feed, day, rendition, start_us, end_us,"
      " replaced_by) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (recording) DO NOTHING",
      {deleted.id.value, deleted.feed.str(), format_date(day),
       static_cast<std::int64_t>(deleted.rendition), deleted.span.begin.us, deleted.span.end.us,
       deleted.replaced_by.value}));
  return mark_unsealed(session, deleted.feed, day);
}

Result<std::vector<UnsealedDay>> unsealed_days(store::Session& session, UtcTime now,
                                               std::size_t count_max) {
  std::vector<UnsealedDay> days;
  ORIEL_TRY(session.query(
      "SELECT feed, day FROM unsealed WHERE day < $1 ORDER BY day, feed LIMIT $2",
      {format_date(day_of(now)), static_cast<std::int64_t>(count_max)}, [&](const store::Row& row) {
        if (const auto day = parse_date(row.text(1))) days.push_back({FeedId(row.text(0)), *day});
      }));
  return days;
}

Result<std::vector<SealHead>> seal_heads(store::Session& session, const FeedId& feed,
                                         std::optional<Day> day) {
  std::vector<SealHead> heads;
  const auto keep = [&](const store::Row& row) { heads.push_back(head_of(row)); };
  if (day)
    ORIEL_TRY(session.query(select("WHERE feed = $1 AND day = $2 ORDER BY number"),
                            {feed.str(), format_date(*day)}, keep));
  else
    ORIEL_TRY(session.query(select("WHERE feed = $1 ORDER BY number"), {feed.str()}, keep));
  return heads;
}

Result<std::optional<SealHead>> last_seal(store::Session& session, const FeedId& feed) {
  std::optional<SealHead> found;
  ORIEL_TRY(session.query(select("WHERE feed = $1 ORDER BY number DESC LIMIT 1"), {feed.str()},
                          [&](const store::Row& row) { found = head_of(row); }));
  return found;
}

Result<void> put_seal(store::Session& session, const SealHead& head, std::string_view unwritten) {
  store::Value text = nullptr;
  if (!unwritten.empty()) text = Bytes(unwritten.begin(), unwritten.end());
  ORIEL_TRY(session.execute(
      "INSERT INTO seal (feed, number, day, made_us, previous, entries, head, key, signature,"
      " unwritten) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)",
      {head.feed.str(), head.number, format_date(head.day), head.made.us, blob(head.previous),
       static_cast<std::int64_t>(head.entries), blob(head.head), blob(head.key.bytes),
       blob(head.signature), text}));
  return {};
}

}  // namespace oriel::archive
