#include "archive/forecast.h"

#include <algorithm>
#include <deque>
#include <set>

namespace oriel::archive {
namespace {

constexpr std::int32_t kRateDays = 7;
constexpr int kMonth = 30;
// What thinning leaves where nothing has been thinned yet: a key frame every two seconds or so of
// H.264 is a fifth to a third of the bytes, one a minute about a hundredth.
constexpr double kKeyShare = 0.25;
constexpr double kMinuteShare = 0.01;
constexpr std::uint32_t kEnoughToMeasure = 10;

struct Cell {
  std::int32_t day = 0;
  std::size_t volume = 0;
  media::Thinned thinned = media::Thinned::none;
  double bytes = 0;
  bool held = false;
};

// One feed's days, oldest first, as they come and go.
struct Track {
  FeedId id;
  RetentionRule rule;
  std::deque<Cell> cells;
  std::size_t minute_at = 0;  // all before are thinned as far as they will be
  std::size_t key_at = 0;
  double bytes = 0;
  double per_day = 0;
  double key_share = kKeyShare;
  double minute_share = kMinuteShare;
};

double mean_bytes(const std::vector<DayUse>& days, media::Thinned thinned) {
  double bytes = 0;
  std::uint32_t recordings = 0;
  for (const auto& use : days) {
    if (use.thinned != thinned) continue;
    bytes += static_cast<double>(use.bytes);
    recordings += use.recordings;
  }
  return recordings < kEnoughToMeasure ? 0 : bytes / recordings;
}

double rate_of(const ForecastInput::Feed& feed, UtcTime now) {
  if (!feed.recording) return 0;
  const auto from_day = Usage::day_of(now) - kRateDays;
  double bytes = 0;
  for (const auto& use : feed.days)
    if (use.day >= from_day && use.thinned == media::Thinned::none)
      bytes += static_cast<double>(use.bytes);
  const auto from = std::max(feed.first, UtcTime{from_day * Usage::kDay_us});
  const double days = static_cast<double>((now - from).us) / Usage::kDay_us;
  // Of less than a quarter of an hour nothing can be said of a year.
  return days < 0.01 ? 0 : bytes / days;
}

class Play {
 public:
  explicit Play(const ForecastInput& input) : input_(input), today_(Usage::day_of(input.now)) {
    for (const auto& volume : input.volumes) {
      auto& made = forecast_.volumes.emplace_back();
      made.volume = volume.id.str();
      made.total_bytes = static_cast<std::int64_t>(volume.total_bytes);
      made.reserve_bytes = static_cast<std::int64_t>(volume.reserve_bytes);
      used_.push_back(static_cast<double>(volume.total_bytes -
                                          std::min(volume.free_bytes, volume.total_bytes)));
    }
    for (const auto& feed : input.feeds) add(feed);
    forecast_.now = input.now;
  }

  Forecast run() {
    note(0);
    for (int day = 1; day < kForecastDays; ++day) {
      record(day);
      for (auto& track : tracks_) age(track, today_ + day);
      delete_for_room();
      note(day);
    }
    return std::move(forecast_);
  }

 private:
  void add(const ForecastInput::Feed& feed) {
    Track track;
    track.id = feed.id;
    track.rule = input_.rules.of(feed.id);
    track.per_day = rate_of(feed, input_.now);
    const double whole = mean_bytes(feed.days, media::Thinned::none);
    const double keys = mean_bytes(feed.days, media::Thinned::key_frames);
    const double minutes = mean_bytes(feed.days, media::Thinned::minute_frames);
    if (whole > 0 && keys > 0) track.key_share = std::min(1.0, keys / whole);
    if (whole > 0 && minutes > 0) track.minute_share = std::min(1.0, minutes / whole);
    for (const auto& use : feed.days) {
      std::size_t volume = 0;
      while (volume < input_.volumes.size() && input_.volumes[volume].id != use.volume) ++volume;
      const UtcTime begin{use.day * Usage::kDay_us};
      const bool held =
          find_hold(input_.holds, feed.id, {begin, begin + Duration{Usage::kDay_us}}) != nullptr;
      track.cells.push_back({use.day, volume, use.thinned, static_cast<double>(use.bytes), held});
      track.bytes += static_cast<double>(use.bytes);
    }
    forecast_.feeds.push_back({feed.id.str(), static_cast<std::int64_t>(track.bytes),
                               static_cast<std::int64_t>(track.per_day), 0, 0, std::nullopt});
    tracks_.push_back(std::move(track));
  }

  double free_of(std::size_t volume) const {
    return static_cast<double>(input_.volumes[volume].total_bytes) - used_[volume];
  }

  void change(Track& track, Cell& cell, double bytes) {
    track.bytes += bytes - cell.bytes;
    if (cell.volume < used_.size()) used_[cell.volume] += bytes - cell.bytes;
    cell.bytes = bytes;
  }

  // As the writer does: where most is free; nowhere when all are full.
  void record(int day) {
    for (auto& track : tracks_) {
      if (track.per_day <= 0 || used_.empty()) continue;
      std::size_t best = 0;
      for (std::size_t i = 1; i < used_.size(); ++i)
        if (free_of(i) > free_of(best)) best = i;
      const double room = free_of(best) - static_cast<double>(input_.volumes[best].reserve_bytes);
      Cell cell{today_ + day, best, media::Thinned::none, 0, false};
      if (input_.rules.installation.free_bytes_min)
        change(track, cell, track.per_day);  // room is made for it below
      else
        change(track, cell, std::clamp(track.per_day, 0.0, std::max(room, 0.0)));
      track.cells.push_back(cell);
    }
  }

  static bool is_older(const Cell& cell, std::int32_t today, const std::optional<double>& days) {
    return days && static_cast<double>(today - cell.day) > *days;
  }

  void age(Track& track, std::int32_t today) {
    for (auto& cell : track.cells) {
      const bool over = track.rule.feed_bytes_max &&
                        track.bytes > static_cast<double>(*track.rule.feed_bytes_max);
      if (!over && !is_older(cell, today, track.rule.keep_days)) break;
      if (!cell.held) change(track, cell, 0);
    }
    while (!track.cells.empty() && track.cells.front().bytes <= 0) {
      track.cells.pop_front();
      track.minute_at -= std::min<std::size_t>(track.minute_at, 1);
      track.key_at -= std::min<std::size_t>(track.key_at, 1);
    }
    thin(track, track.minute_at, today, track.rule.minute_frames_after_days,
         media::Thinned::minute_frames);
    track.key_at = std::max(track.key_at, track.minute_at);
    thin(track, track.key_at, today, track.rule.key_frames_after_days, media::Thinned::key_frames);
  }

  void thin(Track& track, std::size_t& at, std::int32_t today, const std::optional<double>& days,
            media::Thinned stage) {
    const auto share_of = [&](media::Thinned thinned) {
      return thinned == media::Thinned::none         ? 1.0
             : thinned == media::Thinned::key_frames ? track.key_share
                                                     : track.minute_share;
    };
    for (; at < track.cells.size() && is_older(track.cells[at], today, days); ++at) {
      auto& cell = track.cells[at];
      if (cell.held || cell.thinned >= stage) continue;
      change(track, cell, cell.bytes * share_of(stage) / share_of(cell.thinned));
      cell.thinned = stage;
    }
  }

  void delete_for_room() {
    const auto& rule = input_.rules.installation;
    if (rule.total_bytes_max) {
      double all = 0;
      for (const auto& track : tracks_) all += track.bytes;
      delete_oldest(all - static_cast<double>(*rule.total_bytes_max), std::nullopt);
    }
    if (!rule.free_bytes_min) return;
    for (std::size_t i = 0; i < used_.size(); ++i) {
      const auto goal = std::max(*rule.free_bytes_min,
                                 static_cast<std::int64_t>(input_.volumes[i].reserve_bytes));
      delete_oldest(static_cast<double>(goal) - free_of(i), i);
    }
  }

  void delete_oldest(double wanted, std::optional<std::size_t> volume) {
    while (wanted > 0) {
      std::pair<Track*, Cell*> oldest{};
      for (auto& track : tracks_) {
        for (auto& cell : track.cells) {
          if (oldest.second != nullptr && oldest.second->day <= cell.day) break;
          if (cell.held || cell.bytes <= 0 || (volume && cell.volume != *volume)) continue;
          oldest = {&track, &cell};
          break;
        }
      }
      if (oldest.second == nullptr) return;
      const double taken = std::min(wanted, oldest.second->bytes);
      change(*oldest.first, *oldest.second, oldest.second->bytes - taken);
      wanted -= taken;
    }
  }

  void note(int day) {
    bool all_full = !used_.empty();
    const UtcTime at = input_.now + Duration{day * Usage::kDay_us};
    for (std::size_t i = 0; i < used_.size(); ++i) {
      auto& volume = forecast_.volumes[i];
      volume.used_bytes.push_back(static_cast<std::int64_t>(used_[i]));
      const bool full = free_of(i) <= static_cast<double>(input_.volumes[i].reserve_bytes) + 1;
      if (full && !volume.full_at) volume.full_at = at;
      all_full = all_full && full;
    }
    if (all_full && !forecast_.full_at) forecast_.full_at = at;
    for (std::size_t i = 0; i < tracks_.size(); ++i) {
      auto& feed = forecast_.feeds[i];
      if (day == kMonth) feed.bytes_in_a_month = static_cast<std::int64_t>(tracks_[i].bytes);
      if (day + 1 != kForecastDays) continue;
      feed.bytes_in_a_year = static_cast<std::int64_t>(tracks_[i].bytes);
      for (const auto& cell : tracks_[i].cells) {
        if (cell.bytes < 1) continue;
        feed.oldest_in_a_year = UtcTime{cell.day * Usage::kDay_us};
        break;
      }
    }
  }

  const ForecastInput& input_;
  const std::int32_t today_;
  std::vector<Track> tracks_;
  std::vector<double> used_;  // by volume
  Forecast forecast_;
};

}  // namespace

Forecast make_forecast(const ForecastInput& input) { return Play(input).run(); }

}  // namespace oriel::archive
