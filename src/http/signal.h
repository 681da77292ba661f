// Waking coroutines from any thread: how a new part reaches thousands of waiting connections.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>

#include "base/time.h"
#include "http/message.h"

namespace oriel::http {

namespace signal_detail {
struct State;
struct LoopNode;
struct Loop;
}  // namespace signal_detail

// A counter that coroutines can wait on. notify() costs one system call per I/O thread with
// waiters, whatever their number; the waiters are resumed on their own threads.
//
//   auto seen = feed.signal.version();
//   while (!condition()) { if (!co_await feed.signal.wait(seen, timeout)) break;
//                          seen = feed.signal.version(); }
class Signal {
 public:
  Signal();
  ~Signal();
  Signal(const Signal&) = delete;
  Signal& operator=(const Signal&) = delete;

  // Any thread; never blocks, never allocates. What was written before is seen by whoever wakes.
  void notify() noexcept;
  std::uint64_t version() const noexcept;
  // True once version() differs from `seen`, at once if it does already; false after `timeout`. The
  // Signal may be destroyed meanwhile (then only the timeout ends the wait).
  Awaitable<bool> wait(std::uint64_t seen, Duration timeout);

 private:
  friend class WaitSet;
  std::shared_ptr<signal_detail::State> state_;
};

// One coroutine waiting for any of several signals, without registering anew for each wait. Used on
// the thread of its executor only. Signals notified between two waits are not lost.
class WaitSet {
 public:
  explicit WaitSet(boost::asio::any_io_executor executor);
  ~WaitSet();
  WaitSet(const WaitSet&) = delete;
  WaitSet& operator=(const WaitSet&) = delete;

  // A signal that is in the set already is not added twice.
  void add(Signal& signal);
  void remove(Signal& signal);
  // True when a signal of the set was notified since the last wait returned (or since it was
  // added), or wake() was called; false after `timeout`.
  Awaitable<bool> wait(Duration timeout);
  // From a coroutine of the same thread.
  void wake();

 private:
  friend struct signal_detail::Loop;
  struct Link;
  std::shared_ptr<signal_detail::Loop> loop_;
  boost::asio::steady_timer timer_;
  std::vector<std::unique_ptr<Link>> links_;
  bool fired_ = false;
  bool waiting_ = false;
};

}  // namespace oriel::http
