// Every millisecond of a span in exactly one state: from the rows, see timeline.h.
#include "archive/timeline.h"

#include <algorithm>
#include <set>
#include <utility>

#include "archive/away.h"
#include "archive/catalog.h"
#include "archive/coverage.h"
#include "archive/damage_rows.h"
#include "archive/gap_rows.h"
#include "archive/kept_days.h"

namespace oriel::archive {
namespace {

constexpr std::int64_t kRowsAPage = 5'000;
// Recordings that begin before a span and may reach into it; clocks that were set back make more
// than one possible.
constexpr std::int64_t kRowsBefore = 4;

// Recorded without a break.
struct Stretch {
  UtcTime start;
  UtcTime end;
  media::Reason began = media::Reason::none;  // of its first recording
  media::Reason ended = media::Reason::none;  // of its last recording; none while open
  media::Thinned thinned = media::Thinned::none;
};

struct Gap {
  UtcTime start;
  UtcTime end;
  media::Reason reason = media::Reason::none;
};

// Joins what touches; `stretches` by start.
void add_stretch(std::vector<Stretch>& stretches, Stretch next) {
  if (next.end <= next.start) return;
  if (!stretches.empty() &&
      next.start <= stretches.back().end + join_of(stretches.back().ended, next.began)) {
    auto& last = stretches.back();
    if (next.thinned != last.thinned) {
      if (next.end <= last.end) return;
      if (next.start > last.end) last.end = next.start;
      next.start = last.end;
      stretches.push_back(next);
      return;
    }
    if (next.end >= last.end) {
      last.end = next.end;
      last.ended = next.ended;
    }
    return;
  }
  stretches.push_back(next);
}

// Takes out of what is recorded what cannot be read any more; both by start.
std::vector<Stretch> without(const std::vector<Stretch>& stretches,
                             const std::vector<Gap>& damage) {
  std::vector<Stretch> left;
  for (auto stretch : stretches) {
    for (const auto& gap : damage) {
      if (gap.end <= stretch.start || stretch.end <= gap.start) continue;
      if (stretch.start < gap.start) {
        left.push_back(stretch);
        left.back().end = gap.start;
        left.back().ended = gap.reason;
      }
      stretch.start = gap.end;
      stretch.began = gap.reason;
    }
    // Nothing may be left of it but what its end says about the time after it.
    stretch.start = std::min(stretch.start, stretch.end);
    left.push_back(stretch);
  }
  return left;
}

// Lays spans one after the other, in whole milliseconds, without a hole.
class Layout {
 public:
  Layout(UtcSpan span, std::vector<Gap> gaps, UtcTime declared)
      : span_(span), gaps_(std::move(gaps)), declared_(declared), at_(span.begin) {}

  void recorded(const Stretch& stretch) {
    const UtcTime start = std::clamp(stretch.start, span_.begin, span_.end);
    const UtcTime end = std::clamp(stretch.end, span_.begin, span_.end);
    missing_until(start, stretch.began);
    emit(end, TimelineState::recorded, media::Reason::none, stretch.thinned);
    last_ = stretch.ended;
  }
  // `next` is why what follows began, as far as it tells why it had not begun before.
  void missing_until(UtcTime end, media::Reason next) {
    for (; gap_ < gaps_.size() && gaps_[gap_].start < end; ++gap_) {
      const auto& gap = gaps_[gap_];
      if (gap.end <= at_) continue;
      unexplained_until(gap.start, gap.reason);
      emit(std::min(gap.end, end), TimelineState::missing, gap.reason);
      last_ = gap.reason;
      if (gap.end > end) return;  // it goes on behind what is recorded
    }
    unexplained_until(end, next);
  }
  std::vector<TimelineSpan> take() { return std::move(spans_); }

 private:
  // Between the rows of the ledger: what ended before says why, else what comes after.
  void unexplained_until(UtcTime end, media::Reason next) {
    if (end <= at_) return;
    if (at_ < declared_)
      emit(std::min(end, declared_), TimelineState::missing, media::Reason::none);
    const auto reason = explains(last_)  ? last_
                        : explains(next) ? next
                                         : media::Reason::server_stopped;
    emit(end, TimelineState::missing, reason);
  }

  void emit(UtcTime end, TimelineState state, media::Reason reason,
            media::Thinned thinned = media::Thinned::none) {
    const auto from = UtcTime::from_ms(at_.ms());
    const auto to = UtcTime::from_ms(end.ms());
    at_ = std::max(at_, end);
    if (to <= from) return;
    if (!spans_.empty() && spans_.back().state == state && spans_.back().reason == reason &&
        spans_.back().thinned == thinned)
      spans_.back().end = to;
    else
      spans_.push_back({from, to, state, reason, thinned});
  }

  const UtcSpan span_;
  const std::vector<Gap> gaps_;
  const UtcTime declared_;
  // What the time before `at_` says about why nothing follows.
  media::Reason last_ = media::Reason::none;
  UtcTime at_;
  std::size_t gap_ = 0;
  std::vector<TimelineSpan> spans_;
};

class TimelineQuery {
 public:
  TimelineQuery(store::Session& session, const FeedId& feed, UtcSpan span,
                const std::vector<UnsettledRecording>& open)
      : covered_end(span.end), from(span.begin), session_(session), feed_(feed), span_(span) {
    for (const auto& recording : open) open_ids_.insert(recording.head->id);
  }

  Result<void> run();
  Result<void> load_damage(UtcSpan around);

  std::vector<Stretch> stretches;
  std::vector<Gap> gaps;
  std::vector<Gap> damage;
  UtcTime declared{INT64_MAX};
  UtcTime covered_end;
  // What was loaded begins here, at or before the span: whoever lays it from here has what the span
  // begins with.
  UtcTime from;

 private:
  void see(UtcTime start) { from = std::min(from, start); }
  Result<void> load_before();
  Result<void> load_stretches();
  Result<void> load_gaps();
  Result<void> load_after();

  store::Session& session_;
  const FeedId& feed_;
  const UtcSpan span_;
  std::set<RecordingId> open_ids_;
};

constexpr auto kMain = static_cast<std::int64_t>(media::Rendition::main);

Stretch stretch_of(const store::Row& row) {
  return {UtcTime{row.integer(1)}, UtcTime{row.integer(2)},
          static_cast<media::Reason>(row.integer(3)), static_cast<media::Reason>(row.integer(4)),
          static_cast<media::Thinned>(row.integer(5))};
}

Gap gap_of(const store::Row& row) {
  const UtcTime end{row.is_null(1) ? INT64_MAX : row.integer(1)};
  return {UtcTime{row.integer(0)}, end, static_cast<media::Reason>(row.integer(2))};
}

Result<void> TimelineQuery::run() {
  ORIEL_TRY(load_before());
  ORIEL_TRY(load_stretches());
  ORIEL_TRY(load_gaps());
  ORIEL_TRY(load_after());
  ORIEL_TRY_ASSIGN(declared, declared_at(session_, feed_));
  return {};
}

Result<void> TimelineQuery::load_before() {
  std::vector<Stretch> found;
  ORIEL_TRY(
      session_.query("SELECT id, start_us, end_us, began, ended, thinned FROM recording"
                     " WHERE feed = $1 AND rendition = $2 AND start_us < $3"
                     " AND ended IS NOT NULL ORDER BY start_us DESC LIMIT $4",
                     {feed_.str(), kMain, span_.begin.us, kRowsBefore}, [&](const store::Row& row) {
                       if (!open_ids_.contains(RecordingId{row.integer(0)}))
                         found.push_back(stretch_of(row));
                     }));
  for (auto at = found.rbegin(); at != found.rend(); ++at) {
    see(at->start);
    add_stretch(stretches, *at);
  }
  return {};
}

Result<void> TimelineQuery::load_stretches() {
  std::int64_t after_us = span_.begin.us;
  std::int64_t after_id = -1;
  for (std::int64_t count = kRowsAPage; count == kRowsAPage;) {
    count = 0;
    ORIEL_TRY(
        session_.query("SELECT id, start_us, end_us, began, ended, thinned FROM recording"
                       " WHERE feed = $1 AND rendition = $2 AND start_us >= $3 AND start_us < $4"
                       " AND (start_us > $3 OR id > $5) ORDER BY start_us, id LIMIT $6",
                       {feed_.str(), kMain, after_us, span_.end.us, after_id, kRowsAPage},
                       [&](const store::Row& row) {
                         ++count;
                         after_id = row.integer(0);
                         after_us = row.integer(1);
                         if (row.is_null(4) || open_ids_.contains(RecordingId{after_id})) return;
                         add_stretch(stretches, stretch_of(row));
                       }));
    if (stretches.size() > Catalog::kTimelineSpansMax / 4) {
      // Too many pieces for one answer: it ends where the last complete one began.
      covered_end = stretches.back().start;
      stretches.pop_back();
      break;
    }
  }
  return {};
}

Result<void> TimelineQuery::load_gaps() {
  const auto keep = [&](const store::Row& row) { gaps.push_back(gap_of(row)); };
  // The one that reaches into the span; gaps do not nest, but damage may lie over them.
  ORIEL_TRY(
      session_.query("SELECT start_us, end_us, reason FROM gap WHERE feed = $1"
                     " AND start_us < $2 ORDER BY start_us DESC LIMIT $3",
                     {feed_.str(), span_.begin.us, kRowsBefore}, keep));
  std::reverse(gaps.begin(), gaps.end());
  if (!gaps.empty()) see(gaps.front().start);
  constexpr auto kGapsMax = static_cast<std::int64_t>(Catalog::kTimelineSpansMax / 4);
  const auto first = gaps.size();
  ORIEL_TRY(
      session_.query("SELECT start_us, end_us, reason FROM gap WHERE feed = $1"
                     " AND start_us >= $2 AND start_us < $3 ORDER BY start_us LIMIT $4",
                     {feed_.str(), span_.begin.us, covered_end.us, kGapsMax}, keep));
  if (gaps.size() - first == static_cast<std::size_t>(kGapsMax)) {
    covered_end = std::max(gaps.back().start, span_.begin + Duration::from_ms(1));
    gaps.pop_back();
  }
  return {};
}

// What follows says why the time before it is missing, and may join what the span ends with.
Result<void> TimelineQuery::load_after() {
  ORIEL_TRY(
      session_.query("SELECT id, start_us, end_us, began, ended, thinned FROM recording"
                     " WHERE feed = $1 AND rendition = $2 AND start_us >= $3 AND end_us > start_us"
                     " AND ended IS NOT NULL ORDER BY start_us, id LIMIT 2",
                     {feed_.str(), kMain, covered_end.us}, [&](const store::Row& row) {
                       if (!open_ids_.contains(RecordingId{row.integer(0)}))
                         add_stretch(stretches, stretch_of(row));
                     }));
  return session_.query(
      "SELECT start_us, end_us, reason FROM gap WHERE feed = $1 AND start_us >= $2"
      " ORDER BY start_us LIMIT 1",
      {feed_.str(), covered_end.us}, [&](const store::Row& row) { gaps.push_back(gap_of(row)); });
}

Result<void> TimelineQuery::load_damage(UtcSpan around) {
  ORIEL_TRY_ASSIGN(const auto found, damage_of(session_, feed_, media::Rendition::main, around));
  for (const auto& item : found)
    damage.push_back({item.span.begin, item.span.end, media::Reason::damaged});
  return {};
}

// What is open or not in the database yet, in place of its row.
void add_open(std::vector<Stretch>& stretches, const std::vector<UnsettledRecording>& open,
              UtcTime now) {
  for (const auto& recording : open) {
    const auto& head = *recording.head;
    UtcTime end = recording.end;
    if (!recording.ended && end < now && now - end <= Catalog::kOpenLag) end = now;
    stretches.push_back(
        {head.start, end, head.began, recording.ended.value_or(media::Reason::none), head.thinned});
  }
  std::sort(stretches.begin(), stretches.end(),
            [](const auto& a, const auto& b) { return a.start < b.start; });
}

// [begin, end) of what touches and lies around it.
std::vector<TimelineSpan> cut(const std::vector<TimelineSpan>& spans, UtcSpan span) {
  std::vector<TimelineSpan> part;
  for (auto each : spans) {
    each.start = std::max(each.start, span.begin);
    each.end = std::min(each.end, span.end);
    append_span(part, each);
  }
  return part;
}

// Just behind the first of what follows `end`, so that it is laid, too.
UtcTime behind_next(UtcTime end, const std::vector<Stretch>& stretches,
                    const std::vector<Gap>& gaps) {
  std::optional<UtcTime> next;
  const auto see = [&](UtcTime start) {
    if (start >= end && (!next || start < *next)) next = start;
  };
  for (const auto& stretch : stretches)
    if (stretch.end > stretch.start) see(stretch.start);
  for (const auto& gap : gaps) see(gap.start);
  return next ? *next + Duration::from_ms(2) : end;
}

}  // namespace

Result<UtcSpan> between_neighbours(store::Session& session, const FeedId& feed, UtcSpan span) {
  UtcSpan apart{UtcTime{INT64_MIN}, UtcTime{INT64_MAX}};
  const auto ends = [&](const store::Row& row) {
    const UtcTime end = row.is_null(0) ? span.begin : UtcTime{row.integer(0)};
    apart.begin = std::max(apart.begin, std::min(end, span.begin));
  };
  const auto starts = [&](const store::Row& row) {
    apart.end = std::min(apart.end, UtcTime{row.integer(0)});
  };
  ORIEL_TRY(
      session.query("SELECT end_us FROM gap WHERE feed = $1 AND start_us < $2"
                    " ORDER BY start_us DESC LIMIT $3",
                    {feed.str(), span.begin.us, kRowsBefore}, ends));
  ORIEL_TRY(
      session.query("SELECT end_us FROM recording WHERE feed = $1 AND rendition = $2"
                    " AND start_us < $3 AND ended IS NOT NULL ORDER BY start_us DESC LIMIT $4",
                    {feed.str(), kMain, span.begin.us, kRowsBefore}, ends));
  ORIEL_TRY(
      session.query("SELECT start_us FROM gap WHERE feed = $1 AND start_us >= $2"
                    " ORDER BY start_us LIMIT 1",
                    {feed.str(), span.end.us}, starts));
  ORIEL_TRY(
      session.query("SELECT start_us FROM recording WHERE feed = $1 AND rendition = $2"
                    " AND start_us >= $3 AND ended IS NOT NULL ORDER BY start_us LIMIT 1",
                    {feed.str(), kMain, span.end.us}, starts));
  return apart;
}

Result<UtcTime> declared_at(store::Session& session, const FeedId& feed) {
  UtcTime declared{INT64_MAX};
  const auto keep = [&](const store::Row& row) {
    declared = std::min(declared, UtcTime{row.integer(0)});
  };
  ORIEL_TRY(session.query("SELECT start_us FROM gap WHERE feed = $1 ORDER BY start_us LIMIT 1",
                          {feed.str()}, keep));
  ORIEL_TRY(
      session.query("SELECT start_us FROM recording WHERE feed = $1 AND rendition = $2"
                    " ORDER BY start_us LIMIT 1",
                    {feed.str(), kMain}, keep));
  return declared;
}

Result<Timeline> lay_timeline(store::Session& session, const FeedId& feed, UtcSpan span,
                              const std::vector<UnsettledRecording>& open, UtcTime now) {
  TimelineQuery query(session, feed, span, open);
  ORIEL_TRY(query.run());
  auto stretches = std::move(query.stretches);
  for (const auto& recording : open) {
    query.declared = std::min(query.declared, recording.head->start);
    query.from = std::min(query.from, recording.head->start);
  }
  add_open(stretches, open, now);
  std::vector<Stretch> joined;
  for (const auto& stretch : stretches) add_stretch(joined, stretch);

  auto gaps = std::move(query.gaps);
  span.end = UtcTime::from_ms(query.covered_end.ms());
  const UtcSpan around{query.from, behind_next(span.end, stretches, gaps)};
  ORIEL_TRY(query.load_damage(around));
  if (!query.damage.empty()) {
    joined = without(joined, query.damage);
    gaps.insert(gaps.end(), query.damage.begin(), query.damage.end());
  }
  std::stable_sort(gaps.begin(), gaps.end(),
                   [](const auto& a, const auto& b) { return a.start < b.start; });

  Layout layout(around, std::move(gaps), query.declared);
  for (const auto& stretch : joined) layout.recorded(stretch);
  layout.missing_until(around.end, media::Reason::none);
  return Timeline{cut(layout.take(), span), span.end};
}

Result<Timeline> Catalog::timeline(const FeedId& feed, UtcSpan span, UtcTime now) const {
  span.begin = UtcTime::from_ms(span.begin.ms());
  span.end = UtcTime::from_ms(std::min(span.end, now).ms());
  if (span.end <= span.begin) return Timeline{{}, span.begin};
  // Before the database, so that what settles in between is seen twice rather than never.
  const auto open = unsettled(feed, media::Rendition::main);
  Timeline line;
  std::vector<UtcSpan> away;
  const auto volumes_away = away_ ? away_() : std::vector<VolumeId>{};
  ORIEL_TRY(database_.read([&](store::Session& session) -> Result<void> {
    ORIEL_TRY_ASSIGN(line, read_timeline(session, feed, span, open, now));
    if (!volumes_away.empty()) {
      ORIEL_TRY_ASSIGN(away, recorded_on(session, feed, span, volumes_away));
    }
    return {};
  }));
  if (!away.empty()) line.spans = without(line.spans, away);
  return line;
}

Result<std::vector<FeedId>> Catalog::feeds() const {
  std::vector<FeedId> found;
  ORIEL_TRY(database_.read([&](store::Session& session) {
    found.clear();
    return session.query("SELECT id FROM feed ORDER BY id", {},
                         [&](const store::Row& row) { found.emplace_back(row.text(0)); });
  }));
  return found;
}

Result<std::size_t> Catalog::keep_days(const FeedId& feed, UtcTime now) const {
  return archive::keep_days(database_, feed, unsettled(feed, media::Rendition::main), now);
}

}  // namespace oriel::archive
