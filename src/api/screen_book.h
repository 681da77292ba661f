// The health that unattended screens report, for the desk.
#pragma once
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/json.h"
#include "base/result.h"
#include "base/time.h"

namespace oriel::api {

struct TileHealth {
  std::string feed;
  bool playing = false;
  std::optional<double> behind_s;
  std::optional<std::int64_t> stalls;
};
BOOST_DESCRIBE_STRUCT(TileHealth, (), (feed, playing, behind_s, stalls))

struct ScreenReport {
  std::string screen;  // a random name that the screen gave itself
  std::vector<TileHealth> tiles;
  std::optional<double> heap_mb;
  double up_s = 0;
};
BOOST_DESCRIBE_STRUCT(ScreenReport, (), (screen, tiles, heap_mb, up_s))

struct ScreenView {
  std::string wall;
  std::string screen;
  UtcTime seen_at;
  std::vector<TileHealth> tiles;
  std::optional<double> heap_mb;
  double up_s = 0;
  std::string address;
};
BOOST_DESCRIBE_STRUCT(ScreenView, (), (wall, screen, seen_at, tiles, heap_mb, up_s, address))

// Thread-safe, in memory only. Reports are public, so it is bounded: at most kScreensMax screens,
// at most kPerAddressMax of one address (overflow: refuse); one not heard of for a day is
// forgotten.
class ScreenBook {
 public:
  static constexpr std::size_t kScreensMax = 500;
  static constexpr std::size_t kPerAddressMax = 64;
  explicit ScreenBook(const Clock& clock) : clock_(clock) {}
  // Errors: invalid, exhausted.
  Result<void> report(const std::string& wall, const std::string& address, ScreenReport report);
  std::vector<ScreenView> list() const;

 private:
  const Clock& clock_;
  mutable std::mutex mutex_;
  std::map<std::pair<std::string, std::string>, ScreenView> screens_;  // by wall and screen
};

}  // namespace oriel::api
