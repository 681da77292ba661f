#include "archive/usage.h"

#include <algorithm>
#include <array>
#include <utility>

namespace oriel::archive {
namespace {

constexpr std::array kRecorded = {media::Rendition::main, media::Rendition::sub};
constexpr std::int32_t kFirstDay = 0;
constexpr std::int32_t kEndDay = 1'000'000;

}  // namespace

Result<std::vector<FeedId>> recorded_feeds(store::Session& session) {
  std::vector<FeedId> feeds;
  // One step in the index a feed, where DISTINCT would read all of it.
  for (std::string last;;) {
    std::optional<std::string> next;
    ORIEL_TRY(session.query("SELECT feed FROM recording WHERE feed > $1 ORDER BY feed LIMIT 1",
                            {last}, [&](const store::Row& row) { next = row.text(0); }));
    if (!next) return feeds;
    feeds.emplace_back(*next);
    last = *next;
  }
}

Usage::Usage(store::Database& database, Writer* writer) : database_(database), writer_(writer) {}

Result<void> Usage::load(const std::function<bool()>& go_on) {
  std::vector<FeedId> feeds;
  ORIEL_TRY(database_.read([&](store::Session& session) -> Result<void> {
    ORIEL_TRY_ASSIGN(feeds, recorded_feeds(session));
    return {};
  }));
  for (const auto& feed : feeds) {
    if (!go_on()) return fail(ErrorKind::cancelled, "stopped");
    const std::lock_guard one(counting_);
    ORIEL_TRY(count(feed, kFirstDay, kEndDay));
  }
  const std::lock_guard lock(mutex_);
  loaded_ = true;
  return {};
}

bool Usage::loaded() const {
  const std::lock_guard lock(mutex_);
  return loaded_;
}

Result<void> Usage::check_loaded() const {
  if (loaded()) return {};
  return fail(ErrorKind::unavailable, "the archive is still being counted; ask again soon");
}

// counting_ held.
Result<void> Usage::count(const FeedId& feed, std::int32_t first_day, std::int32_t end_day) {
  std::vector<DayUse> counted;
  ORIEL_TRY(database_.read([&](store::Session& session) -> Result<void> {
    counted.clear();
    for (const auto rendition : kRecorded)
      ORIEL_TRY(session.query(
          "SELECT start_us / 86400000000, volume, thinned, COUNT(*), CAST(SUM(bytes) AS INTEGER) "
          "FROM recording"
          " WHERE feed = $1 AND rendition = $2 AND start_us >= $3 AND start_us < $4"
          " AND ended IS NOT NULL GROUP BY 1, 2, 3 ORDER BY 1",
          {feed.str(), static_cast<std::int64_t>(rendition), first_day * kDay_us,
           end_day * kDay_us},
          [&](const store::Row& row) {
            counted.push_back({static_cast<std::int32_t>(row.integer(0)), VolumeId(row.text(1)),
                               static_cast<media::Thinned>(row.integer(2)),
                               static_cast<std::uint32_t>(row.integer(3)),
                               static_cast<std::uint64_t>(row.integer(4))});
          }));
    return {};
  }));
  const std::lock_guard lock(mutex_);
  auto& kept = feeds_[feed];
  std::erase_if(kept.days,
                [&](const auto& use) { return first_day <= use.day && use.day < end_day; });
  kept.days.insert(kept.days.end(), counted.begin(), counted.end());
  std::stable_sort(kept.days.begin(), kept.days.end(),
                   [](const auto& a, const auto& b) { return a.day < b.day; });
  return {};
}

Result<void> Usage::touch(const FeedId& feed, UtcSpan span) {
  const std::lock_guard one(counting_);
  return count(feed, day_of(span.begin), day_of(span.end) + 1);
}

void Usage::note_settled() {
  if (writer_ == nullptr) return;
  const auto settled = writer_->take_settled();
  const std::lock_guard lock(mutex_);
  for (const auto& [feed, from] : settled) {
    auto& noted = feeds_[feed].settled;
    noted = noted ? std::min(*noted, from) : from;
  }
}

Result<void> Usage::refresh(const FeedId& feed) {
  const std::lock_guard one(counting_);
  note_settled();
  std::optional<UtcTime> from;
  {
    const std::lock_guard lock(mutex_);
    // Before the database: what settles meanwhile is noted anew.
    if (const auto found = feeds_.find(feed); found != feeds_.end())
      from = std::exchange(found->second.settled, std::nullopt);
  }
  if (!from) return {};
  auto counted = count(feed, day_of(*from), kEndDay);
  if (!counted) {
    const std::lock_guard lock(mutex_);
    feeds_[feed].settled = from;
  }
  return counted;
}

Result<std::vector<FeedId>> Usage::feeds() {
  ORIEL_TRY(check_loaded());
  note_settled();
  std::vector<FeedId> waiting;
  {
    const std::lock_guard lock(mutex_);
    for (const auto& [feed, use] : feeds_)
      if (use.settled) waiting.push_back(feed);
  }
  for (const auto& feed : waiting) ORIEL_TRY(refresh(feed));
  std::vector<FeedId> known;
  const std::lock_guard lock(mutex_);
  for (const auto& [feed, use] : feeds_)
    if (!use.days.empty()) known.push_back(feed);
  return known;
}

Result<FeedTotals> Usage::totals(const FeedId& feed, UtcTime now) {
  ORIEL_TRY_ASSIGN(const auto counted, days(feed));
  FeedTotals totals;
  const auto today = day_of(now);
  for (const auto& use : counted) {
    totals.bytes += use.bytes;
    totals.recordings += use.recordings;
    if (use.day == today) totals.today_bytes += use.bytes;
  }
  if (writer_ == nullptr) return totals;
  for (const auto rendition : kRecorded) {
    for (const auto& recording : writer_->unsettled(feed, rendition)) {
      if (recording.ended) continue;  // settled in a moment
      totals.bytes += recording.bytes;
      ++totals.recordings;
      if (day_of(recording.head->start) == today) totals.today_bytes += recording.bytes;
    }
  }
  return totals;
}

Result<std::vector<DayUse>> Usage::days(const FeedId& feed) {
  ORIEL_TRY(check_loaded());
  ORIEL_TRY(refresh(feed));
  const std::lock_guard lock(mutex_);
  const auto found = feeds_.find(feed);
  return found == feeds_.end() ? std::vector<DayUse>{} : found->second.days;
}

}  // namespace oriel::archive
