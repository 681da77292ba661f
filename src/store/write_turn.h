// Writers of one program take turns: one transaction that writes at a time.
#pragma once
#include <atomic>
#include <mutex>
#include <thread>

#include "base/result.h"

namespace oriel::store {

class WriteTurn {
 public:
  // Whether this thread is inside a write, so that another turn would wait for ever.
  bool mine() const { return thread_.load() == std::this_thread::get_id(); }
  static Error nested() {
    return {ErrorKind::internal, "a write inside a write would wait for ever"};
  }

  // Waits for the turn; it ends with this.
  class Holder {
   public:
    explicit Holder(WriteTurn& turn) : turn_(turn), lock_(turn.mutex_) {
      turn_.thread_ = std::this_thread::get_id();
    }
    ~Holder() { turn_.thread_ = std::thread::id(); }
    Holder(const Holder&) = delete;
    Holder& operator=(const Holder&) = delete;

   private:
    WriteTurn& turn_;
    std::scoped_lock<std::mutex> lock_;
  };

 private:
  std::mutex mutex_;
  std::atomic<std::thread::id> thread_{};
};

}  // namespace oriel::store
