// Slows down what reads much, so that recording is not disturbed.
#pragma once
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <stop_token>

#include "base/time.h"

namespace oriel::archive {

// For one thread.
class Pace {
 public:
  // 0: as fast as it goes.
  explicit Pace(double bytes_per_second, std::stop_token stop = {})
      : bytes_per_second_(bytes_per_second), stop_(std::move(stop)) {}

  // Blocks until `bytes` more may be read; false when it is time to stop.
  bool take(std::size_t bytes) {
    if (stop_.stop_requested()) return false;
    if (bytes_per_second_ <= 0) return true;
    const auto now = std::chrono::steady_clock::now();
    if (free_at_ < now) free_at_ = now;
    const auto wait_until = free_at_;
    free_at_ += std::chrono::duration_cast<std::chrono::steady_clock::duration>(
        std::chrono::duration<double>(static_cast<double>(bytes) / bytes_per_second_));
    std::mutex mutex;
    std::condition_variable_any wake;
    std::unique_lock lock(mutex);
    wake.wait_until(lock, stop_, wait_until, [] { return false; });
    return !stop_.stop_requested();
  }
  void set_rate(double bytes_per_second) { bytes_per_second_ = bytes_per_second; }

 private:
  double bytes_per_second_;
  const std::stop_token stop_;
  SteadyTime free_at_{};
};

}  // namespace oriel::archive
