// How long to wait before the next attempt.
#pragma once
#include <algorithm>
#include <chrono>
#include <random>

namespace oriel::ingest {

struct BackOffOptions {
  std::chrono::milliseconds first{500};
  // With the 8 s that an attempt may take, a camera that is reachable again is recorded within 10
  // s.
  std::chrono::milliseconds most{5'000};
};

// Doubles from `first` to `most`; each wait is 50 to 100 % of that, so that cameras behind one link
// that broke do not all come back at the same moment. One thread.
class BackOff {
 public:
  explicit BackOff(BackOffOptions options = {}, unsigned seed = std::random_device{}())
      : options_(options), next_(options.first), random_(seed) {}

  std::chrono::milliseconds next() { return next(options_.most); }
  // With another bound for this once.
  std::chrono::milliseconds next(std::chrono::milliseconds most) {
    const auto full = std::min(next_, most).count();
    next_ = std::min(next_ * 2, most);
    std::uniform_int_distribution<std::chrono::milliseconds::rep> part(full / 2, full);
    return std::chrono::milliseconds(part(random_));
  }
  void reset() { next_ = options_.first; }

 private:
  BackOffOptions options_;
  std::chrono::milliseconds next_;
  std::minstd_rand random_;
};

}  // namespace oriel::ingest
