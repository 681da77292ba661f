#include "archive/kept_days.h"

#include <algorithm>
#include <set>
#include <utility>

#include "archive/coverage.h"

namespace oriel::archive {
namespace {

constexpr std::int64_t kDayUs = 86'400'000'000;
constexpr std::int64_t kDayMs = kDayUs / 1000;
// Days laid in one transaction; others wait for it.
constexpr std::int64_t kDaysAtOnce = 31;
// A day of more pieces is laid anew each time: its row is empty.
constexpr std::size_t kPiecesMax = 2'000;
// A day is kept when it is this long over: what belongs to it has arrived, as a rule.
constexpr Duration kOver = Duration::from_s(3'600);

// Far from the ends of 64 bits, so that a day more or less is no overflow.
constexpr std::int64_t kFirstDay = INT64_MIN / kDayUs / 2;
constexpr std::int64_t kLastDay = INT64_MAX / kDayUs / 2;

std::int64_t day_at(UtcTime time) {
  const auto day = time.us >= 0 ? time.us / kDayUs : -((-(time.us + 1)) / kDayUs) - 1;
  return std::clamp(day, kFirstDay, kLastDay);
}
UtcTime start_of(std::int64_t day) { return UtcTime{day * kDayUs}; }

void put_number(Bytes& out, std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) out.push_back(static_cast<std::uint8_t>(value | 0x80));
  out.push_back(static_cast<std::uint8_t>(value));
}

std::optional<std::uint64_t> take_number(ByteView& bytes) {
  std::uint64_t value = 0;
  for (unsigned shift = 0; shift < 35 && !bytes.empty(); shift += 7) {
    const auto byte = bytes.front();
    bytes = bytes.subspan(1);
    value |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
    if ((byte & 0x80) == 0) return value;
  }
  return std::nullopt;
}

// Up to when the writer's unsettled recordings change nothing.
Result<UtcTime> settled_until(store::Session& session, const FeedId& feed,
                              const std::vector<UnsettledRecording>& open) {
  UtcTime until{INT64_MAX};
  for (const auto& recording : open) until = std::min(until, recording.head->start);
  if (open.empty()) return until;
  ORIEL_TRY_ASSIGN(const auto apart, between_neighbours(session, feed, {until, until}));
  return apart.begin;
}

struct KeptDay {
  std::int64_t day = 0;
  std::vector<TimelineSpan> spans;
};

Result<std::vector<KeptDay>> load_days(store::Session& session, const FeedId& feed,
                                       std::int64_t first, std::int64_t end) {
  std::vector<KeptDay> days;
  ORIEL_TRY(session.query(
      "SELECT day, spans FROM kept_day WHERE feed = $1 AND day >= $2 AND day < $3 ORDER BY day",
      {feed.str(), first, end}, [&](const store::Row& row) {
        const auto day = row.integer(0);
        auto spans = decode_day(row.blob(1), start_of(day));
        if (spans) days.push_back({day, std::move(*spans)});
      }));
  return days;
}

// Puts one piece behind the other as long as the answer has room.
class Joined {
 public:
  explicit Joined(UtcTime begin) : line_{{}, begin} {}
  UtcTime end() const { return line_.covered_end; }
  // False when it did not fit: the answer ends before it.
  bool add(const std::vector<TimelineSpan>& spans, UtcTime end) {
    if (!line_.spans.empty() && line_.spans.size() + spans.size() > Catalog::kTimelineSpansMax)
      return false;
    for (const auto& span : spans) append_span(line_.spans, span);
    line_.covered_end = end;
    return true;
  }
  Timeline take() { return std::move(line_); }

 private:
  Timeline line_;
};

// The first days that are over and not kept, as many as stand together.
Result<std::pair<std::int64_t, std::int64_t>> wanted_days(store::Session& session,
                                                          const FeedId& feed, UtcTime until) {
  ORIEL_TRY_ASSIGN(const auto declared, declared_at(session, feed));
  const auto end = day_at(until);
  auto next = day_at(declared);
  if (next >= end) return std::pair(end, end);
  std::optional<std::int64_t> behind;  // the first kept day behind a hole
  ORIEL_TRY(session.query(
      "SELECT day FROM kept_day WHERE feed = $1 AND day >= $2 AND day < $3 ORDER BY day",
      {feed.str(), next, end}, [&](const store::Row& row) {
        if (behind) return;
        if (row.integer(0) == next)
          ++next;
        else
          behind = row.integer(0);
      }));
  return std::pair(next, std::min({behind.value_or(end), end, next + kDaysAtOnce}));
}

Result<void> keep(store::Session& session, const FeedId& feed, std::int64_t day,
                  const Bytes& spans) {
  ORIEL_TRY(
      session.execute("INSERT INTO kept_day (feed, day, spans) VALUES ($1, $2, $3)"
                      " ON CONFLICT (feed, day) DO UPDATE SET spans = excluded.spans",
                      {feed.str(), day, spans}));
  return {};
}

// The part of `spans`, which touch, that is of this day.
std::vector<TimelineSpan> of_day(const std::vector<TimelineSpan>& spans, std::int64_t day) {
  std::vector<TimelineSpan> part;
  for (auto span : spans) {
    span.start = std::max(span.start, start_of(day));
    span.end = std::min(span.end, start_of(day + 1));
    append_span(part, span);
  }
  return part;
}

Result<void> lay_days(store::Session& session, const FeedId& feed, std::int64_t first,
                      std::int64_t end, UtcTime now) {
  for (auto day = first; day < end;) {
    ORIEL_TRY_ASSIGN(const auto line,
                     lay_timeline(session, feed, {start_of(day), start_of(end)}, {}, now));
    const auto whole = day_at(line.covered_end);
    if (whole <= day) {
      ORIEL_TRY(keep(session, feed, day++, {}));
      continue;
    }
    for (; day < whole; ++day) {
      const auto spans = of_day(line.spans, day);
      ORIEL_TRY(keep(session, feed, day, spans.size() > kPiecesMax ? Bytes{} : encode_day(spans)));
    }
  }
  return {};
}

}  // namespace

Bytes encode_day(const std::vector<TimelineSpan>& spans) {
  Bytes out;
  for (const auto& span : spans) {
    put_number(out, static_cast<std::uint64_t>(span.end.ms() - span.start.ms()));
    out.push_back(static_cast<std::uint8_t>(static_cast<unsigned>(span.state) << 4 |
                                            static_cast<unsigned>(span.thinned)));
    out.push_back(static_cast<std::uint8_t>(span.reason));
  }
  return out;
}

std::optional<std::vector<TimelineSpan>> decode_day(ByteView bytes, UtcTime start) {
  std::vector<TimelineSpan> spans;
  const UtcTime end = start + Duration{kDayUs};
  UtcTime at = start;
  while (at < end) {
    const auto length_ms = take_number(bytes);
    if (!length_ms || *length_ms == 0 || *length_ms > kDayMs || bytes.size() < 2)
      return std::nullopt;
    const auto state = bytes[0] >> 4;
    const auto thinned = bytes[0] & 0x0f;
    if (state > static_cast<int>(TimelineState::missing) ||
        thinned > static_cast<int>(media::Thinned::minute_frames) || bytes[1] >= kReasonCount)
      return std::nullopt;
    TimelineSpan span;
    span.start = at;
    span.end = at + Duration::from_ms(static_cast<std::int64_t>(*length_ms));
    span.state = static_cast<TimelineState>(state);
    span.reason = static_cast<media::Reason>(bytes[1]);
    span.thinned = static_cast<media::Thinned>(thinned);
    bytes = bytes.subspan(2);
    at = span.end;
    spans.push_back(span);
  }
  if (at > end || !bytes.empty()) return std::nullopt;
  return spans;
}

Result<void> past_changed(store::Session& session, const FeedId& feed, UtcSpan changed) {
  ORIEL_TRY_ASSIGN(const auto apart, between_neighbours(session, feed, changed));
  // A day more on both sides: what lies on a boundary is joined over it.
  ORIEL_TRY(session.execute("DELETE FROM kept_day WHERE feed = $1 AND day >= $2 AND day <= $3",
                            {feed.str(), day_at(std::min(apart.begin, changed.begin)) - 1,
                             day_at(std::max(apart.end, changed.end)) + 1}));
  return {};
}

Result<void> past_changes(store::Session& session, RecordingId recording) {
  std::optional<FeedId> feed;
  UtcSpan span;
  ORIEL_TRY(session.query("SELECT feed, start_us, end_us FROM recording WHERE id = $1",
                          {recording.value}, [&](const store::Row& row) {
                            feed = FeedId(row.text(0));
                            span.begin = UtcTime{row.integer(1)};
                            span.end = row.is_null(2)
                                           ? span.begin
                                           : std::max(span.begin, UtcTime{row.integer(2)});
                          }));
  return feed ? past_changed(session, *feed, span) : Result<void>{};
}

Result<void> forget_days(store::Session& session, UtcTime since) {
  ORIEL_TRY(session.execute("DELETE FROM kept_day WHERE day >= $1", {day_at(since) - 1}));
  return {};
}

Result<Timeline> read_timeline(store::Session& session, const FeedId& feed, UtcSpan span,
                               const std::vector<UnsettledRecording>& open, UtcTime now) {
  auto first = day_at(span.begin);
  if (start_of(first) < span.begin) ++first;
  const auto end = day_at(span.end);
  // One day is laid as fast as its row is found.
  if (end - first < 2) return lay_timeline(session, feed, span, open, now);
  ORIEL_TRY_ASSIGN(const auto until, settled_until(session, feed, open));
  ORIEL_TRY_ASSIGN(const auto days, load_days(session, feed, first, std::min(end, day_at(until))));
  Joined line(span.begin);
  const auto lay_until = [&](UtcTime to) -> Result<bool> {
    while (line.end() < to) {
      ORIEL_TRY_ASSIGN(const auto piece, lay_timeline(session, feed, {line.end(), to}, open, now));
      if (!line.add(piece.spans, piece.covered_end)) return false;
    }
    return true;
  };
  for (const auto& day : days) {
    ORIEL_TRY_ASSIGN(const bool room, lay_until(start_of(day.day)));
    if (!room || !line.add(day.spans, start_of(day.day + 1))) return line.take();
  }
  ORIEL_TRY(lay_until(span.end));
  return line.take();
}

Result<std::size_t> keep_days(store::Database& database, const FeedId& feed,
                              const std::vector<UnsettledRecording>& open, UtcTime now) {
  std::pair<std::int64_t, std::int64_t> wanted;
  ORIEL_TRY(database.read([&](store::Session& session) -> Result<void> {
    ORIEL_TRY_ASSIGN(const auto settled, settled_until(session, feed, open));
    ORIEL_TRY_ASSIGN(wanted, wanted_days(session, feed, std::min(settled, now - kOver)));
    return {};
  }));
  const auto [first, end] = wanted;
  if (first >= end) return std::size_t{0};
  ORIEL_TRY(database.write([&, begin = first, stop = end](store::Session& session) {
    return lay_days(session, feed, begin, stop, now);
  }));
  return static_cast<std::size_t>(end - first);
}

}  // namespace oriel::archive
