#include "api/screen_book.h"

#include <algorithm>

namespace oriel::api {
namespace {

constexpr Duration kForgetAfter = Duration::from_s(86'400);
constexpr std::size_t kTilesMax = 16;

}  // namespace

Result<void> ScreenBook::report(const std::string& wall, const std::string& address,
                                ScreenReport report) {
  ORIEL_TRY(parse_slug(report.screen));
  const bool long_name = std::any_of(report.tiles.begin(), report.tiles.end(),
                                     [](const TileHealth& tile) { return tile.feed.size() > 64; });
  if (report.tiles.size() > kTilesMax || long_name)
    return fail(ErrorKind::invalid, "tiles: a screen has at most 16");
  const UtcTime now = clock_.now();
  const std::lock_guard lock(mutex_);
  std::erase_if(screens_,
                [&](const auto& entry) { return entry.second.seen_at < now - kForgetAfter; });
  const std::pair key{wall, report.screen};
  if (!screens_.contains(key)) {
    const auto of_address = std::count_if(screens_.begin(), screens_.end(), [&](const auto& entry) {
      return entry.second.address == address;
    });
    if (screens_.size() >= kScreensMax || static_cast<std::size_t>(of_address) >= kPerAddressMax)
      return fail(ErrorKind::exhausted, "too many screens report");
  }
  screens_[key] = {wall,           report.screen, now,    std::move(report.tiles),
                   report.heap_mb, report.up_s,   address};
  return {};
}

std::vector<ScreenView> ScreenBook::list() const {
  const std::lock_guard lock(mutex_);
  std::vector<ScreenView> views;
  for (const auto& [key, view] : screens_) views.push_back(view);
  return views;
}

}  // namespace oriel::api
