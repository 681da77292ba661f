#include "archive/retention_choice.h"

#include <algorithm>
#include <array>
#include <set>
#include <utility>

namespace oriel::archive {
namespace {

constexpr std::int64_t kRowsAPage = 500;
constexpr std::array kRecorded = {media::Rendition::main, media::Rendition::sub};
// A volume that was full is written again when a little more than its reserve is free, see
// Volume::refresh().
constexpr std::uint64_t kAboveReserve = std::uint64_t{1} << 20;

std::uint64_t above(std::uint64_t value, std::uint64_t limit) {
  return value > limit ? value - limit : 0;
}

}  // namespace

struct RetentionChoice::Row {
  FeedId feed;
  media::Rendition rendition = media::Rendition::main;
  RecordingId id;
  UtcSpan span;
  std::uint64_t bytes = 0;
  VolumeId volume;
  media::Thinned thinned = media::Thinned::none;

  Place place() const { return {span.begin.us, id.value}; }
  RetentionStep step(RetentionCause cause, const Hold* held_by) const {
    return {id,    feed,   rendition, volume, span, bytes, thinned, media::Thinned::none,
            cause, held_by};
  }
};

// All recordings of a feed by start, renditions together, a page at a time.
class RetentionChoice::FeedWalk {
 public:
  FeedWalk(store::Database& database, FeedId feed, std::int64_t from_us)
      : database_(database), feed_(std::move(feed)) {
    for (auto& page : pages_) page.after = {from_us, -1};
  }

  // Null at the end.
  Result<const Row*> next() {
    const Row* first = nullptr;
    Page* of = nullptr;
    for (std::size_t i = 0; i < kRecorded.size(); ++i) {
      auto& page = pages_[i];
      if (page.at == page.rows.size() && !page.done) ORIEL_TRY(load(page, kRecorded[i]));
      if (page.at == page.rows.size()) continue;
      const auto& row = page.rows[page.at];
      if (first != nullptr && first->place() <= row.place()) continue;
      first = &row;
      of = &page;
    }
    if (of != nullptr) ++of->at;
    return first;
  }

 private:
  struct Page {
    std::vector<Row> rows;
    std::size_t at = 0;
    Place after;
    bool done = false;
  };
  Result<void> load(Page& page, media::Rendition rendition) {
    page.rows.clear();
    page.at = 0;
    ORIEL_TRY(database_.read([&](store::Session& session) {
      return session.query(
          "SELECT start_us, id, end_us, bytes, volume, thinned FROM recording WHERE feed = $1"
          " AND rendition = $2 AND start_us >= $3 AND (start_us > $3 OR id > $4)"
          " AND ended IS NOT NULL ORDER BY start_us, id LIMIT $5",
          {feed_.str(), static_cast<std::int64_t>(rendition), page.after.first, page.after.second,
           kRowsAPage},
          [&](const store::Row& row) {
            page.rows.push_back({feed_,
                                 rendition,
                                 RecordingId{row.integer(1)},
                                 {UtcTime{row.integer(0)}, UtcTime{row.integer(2)}},
                                 static_cast<std::uint64_t>(row.integer(3)),
                                 VolumeId(row.text(4)),
                                 static_cast<media::Thinned>(row.integer(5))});
          });
    }));
    page.done = page.rows.size() < static_cast<std::size_t>(kRowsAPage);
    if (!page.rows.empty()) page.after = page.rows.back().place();
    return {};
  }

  store::Database& database_;
  const FeedId feed_;
  std::array<Page, kRecorded.size()> pages_;
};

// All recordings of all feeds, or of one volume, by start, a day at a time.
class RetentionChoice::DayWalk {
 public:
  DayWalk(store::Database& database, const VolumeId* volume)
      : database_(database), volume_(volume) {}

  void add(const FeedId& feed, const std::vector<DayUse>& days) {
    for (const auto& use : days)
      if (volume_ == nullptr || use.volume == *volume_) days_[use.day].insert(feed);
  }
  // Null at the end.
  Result<const Row*> next() {
    while (at_ == rows_.size()) {
      if (days_.empty()) return nullptr;
      ORIEL_TRY(load(days_.begin()->first, days_.begin()->second));
      days_.erase(days_.begin());
    }
    return &rows_[at_++];
  }

 private:
  Result<void> load(std::int32_t day, const std::set<FeedId>& feeds) {
    rows_.clear();
    at_ = 0;
    for (const auto& feed : feeds) {
      FeedWalk walk(database_, feed, day * Usage::kDay_us);
      for (;;) {
        ORIEL_TRY_ASSIGN(const auto* row, walk.next());
        if (row == nullptr || Usage::day_of(row->span.begin) != day) break;
        if (volume_ == nullptr || row->volume == *volume_) rows_.push_back(*row);
      }
    }
    std::sort(rows_.begin(), rows_.end(),
              [](const auto& a, const auto& b) { return a.place() < b.place(); });
    return {};
  }

  store::Database& database_;
  const VolumeId* const volume_;
  std::map<std::int32_t, std::set<FeedId>> days_;
  std::vector<Row> rows_;
  std::size_t at_ = 0;
};

RetentionChoice::RetentionChoice(store::Database& database, Usage& usage)
    : database_(database), usage_(usage) {}

bool RetentionChoice::is_taken(const Row& row) const {
  const auto found = deleted_until_.find(row.feed);
  return found != deleted_until_.end() && row.place() <= found->second;
}

Result<void> RetentionChoice::each(const ChoiceInput& input, const Visit& visit) {
  deleted_until_.clear();
  freed_.clear();
  freed_total_ = 0;
  used_total_ = 0;
  unmet_.clear();
  if (input.rules.empty()) return {};
  ORIEL_TRY_ASSIGN(feeds_, usage_.feeds());
  for (const auto& feed : feeds_) {
    ORIEL_TRY_ASSIGN(const bool go_on, delete_of_feed(feed, input, visit));
    if (!go_on) return {};
  }
  const auto& rule = input.rules.installation;
  if (rule.total_bytes_max) {
    const auto wanted =
        above(above(used_total_, freed_total_), static_cast<std::uint64_t>(*rule.total_bytes_max));
    ORIEL_TRY_ASSIGN(const bool go_on, delete_oldest(input, RetentionCause::total_bytes_max,
                                                     "archive", wanted, nullptr, visit));
    if (!go_on) return {};
  }
  if (rule.free_bytes_min) {
    for (const auto& volume : input.volumes) {
      const auto goal = std::max(static_cast<std::uint64_t>(*rule.free_bytes_min),
                                 volume.reserve_bytes + volume.reserve_bytes / 16 + kAboveReserve);
      const auto wanted = above(goal, volume.free_bytes + freed_[volume.id]);
      ORIEL_TRY_ASSIGN(const bool go_on, delete_oldest(input, RetentionCause::free_bytes_min,
                                                       volume.id.str(), wanted, &volume.id, visit));
      if (!go_on) return {};
    }
  }
  for (const auto& feed : feeds_) {
    for (const auto stage : {media::Thinned::minute_frames, media::Thinned::key_frames}) {
      ORIEL_TRY_ASSIGN(const bool go_on, thin_of_feed(feed, input, stage, visit));
      if (!go_on) return {};
    }
  }
  return {};
}

Result<bool> RetentionChoice::delete_of_feed(const FeedId& feed, const ChoiceInput& input,
                                             const Visit& visit) {
  ORIEL_TRY_ASSIGN(const auto days, usage_.days(feed));
  std::uint64_t used = 0;
  for (const auto& use : days) used += use.bytes;
  used_total_ += used;
  const auto rule = input.rules.of(feed);
  if (!rule.keep_days && !rule.feed_bytes_max) return true;
  const UtcTime cutoff =
      rule.keep_days ? input.now - duration_of_days(*rule.keep_days) : UtcTime{INT64_MIN};
  const auto bytes_max = static_cast<std::uint64_t>(rule.feed_bytes_max.value_or(INT64_MAX));
  bool held = false;
  FeedWalk walk(database_, feed, 0);
  for (;;) {
    ORIEL_TRY_ASSIGN(const auto* row, walk.next());
    if (row == nullptr) break;
    const bool aged = row->span.end <= cutoff;
    if (!aged && used <= bytes_max) return true;
    const auto* hold = find_hold(input.holds, feed, row->span);
    const auto step =
        row->step(aged ? RetentionCause::keep_days : RetentionCause::feed_bytes_max, hold);
    deleted_until_[feed] = row->place();
    held = held || hold != nullptr;
    if (hold == nullptr) {
      used -= std::min(used, row->bytes);
      freed_[row->volume] += row->bytes;
      freed_total_ += row->bytes;
    }
    if (!visit(step)) return false;
  }
  if (used > bytes_max)
    unmet_.push_back({RetentionCause::feed_bytes_max, feed.str(), used - bytes_max, held});
  return true;
}

Result<bool> RetentionChoice::delete_oldest(const ChoiceInput& input, RetentionCause cause,
                                            const std::string& subject, std::uint64_t wanted_bytes,
                                            const VolumeId* volume, const Visit& visit) {
  if (wanted_bytes == 0) return true;
  DayWalk walk(database_, volume);
  for (const auto& feed : feeds_) {
    ORIEL_TRY_ASSIGN(const auto days, usage_.days(feed));
    walk.add(feed, days);
  }
  bool held = false;
  std::uint64_t freed = 0;
  while (freed < wanted_bytes) {
    ORIEL_TRY_ASSIGN(const auto* row, walk.next());
    if (row == nullptr) {
      unmet_.push_back({cause, subject, wanted_bytes - freed, held});
      return true;
    }
    const auto* hold = find_hold(input.holds, row->feed, row->span);
    held = held || hold != nullptr;
    if (is_taken(*row)) continue;
    // Of one volume the rows are not all that come first.
    if (volume == nullptr) deleted_until_[row->feed] = row->place();
    if (hold == nullptr) {
      freed += row->bytes;
      freed_[row->volume] += row->bytes;
      freed_total_ += row->bytes;
    }
    if (!visit(row->step(cause, hold))) return false;
  }
  return true;
}

Result<bool> RetentionChoice::thin_of_feed(const FeedId& feed, const ChoiceInput& input,
                                           media::Thinned stage, const Visit& visit) {
  const auto rule = input.rules.of(feed);
  const bool keys = stage == media::Thinned::key_frames;
  const auto days = keys ? rule.key_frames_after_days : rule.minute_frames_after_days;
  if (!days) return true;
  const UtcTime cutoff = input.now - duration_of_days(*days);
  // What is old enough for the next stage was looked at for that.
  const UtcTime further = keys && rule.minute_frames_after_days
                              ? input.now - duration_of_days(*rule.minute_frames_after_days)
                              : UtcTime{INT64_MIN};
  auto& until = thinned_until_[{feed, stage}];
  FeedWalk walk(database_, feed, until);
  for (;;) {
    ORIEL_TRY_ASSIGN(const auto* row, walk.next());
    if (row == nullptr || row->span.end > cutoff) return true;
    until = std::max(until, row->span.begin.us);
    if (row->span.end <= further || row->thinned >= stage || is_taken(*row) ||
        left_.contains(row->id))
      continue;
    const auto* hold = find_hold(input.holds, feed, row->span);
    auto step = row->step(
        keys ? RetentionCause::key_frames_after_days : RetentionCause::minute_frames_after_days,
        hold);
    step.becomes = stage;
    if (!visit(step)) return false;
  }
}

}  // namespace oriel::archive
