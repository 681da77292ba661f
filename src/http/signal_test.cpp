#include "http/signal.h"

#include <future>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "base/thread.h"
#include "http/offload.h"

namespace oriel::http {
namespace {

namespace asio = boost::asio;

constexpr Duration kLong = Duration::from_s(30);

void rethrow(const std::exception_ptr& e) {
  if (e) std::rethrow_exception(e);
}

Awaitable<void> wait_once(Signal& signal, std::uint64_t seen, std::atomic<int>& woken) {
  const bool changed = co_await signal.wait(seen, kLong);
  woken += changed ? 1 : 0;
}

TEST(Signal, wakes_all_waiters_of_several_threads) {
  Signal signal;
  std::atomic<int> woken = 0;
  constexpr int kWaiters = 500;
  std::array<asio::io_context, 2> loops;
  for (auto& loop : loops)
    for (int i = 0; i < kWaiters; ++i) asio::co_spawn(loop, wait_once(signal, 0, woken), rethrow);
  // One turn each, so that everyone waits before the first thread runs on.
  for (auto& loop : loops) loop.poll();
  EXPECT_EQ(woken, 0);
  {
    NamedThread first("loop-0", [&](std::stop_token) { loops[0].run(); });
    NamedThread second("loop-1", [&](std::stop_token) { loops[1].run(); });
    signal.notify();
  }
  EXPECT_EQ(woken, 2 * kWaiters);
}

TEST(Signal, what_happened_before_the_wait_is_not_lost) {
  Signal signal;
  std::atomic<int> woken = 0;
  const auto seen = signal.version();
  signal.notify();
  asio::io_context loop;
  asio::co_spawn(loop, wait_once(signal, seen, woken), rethrow);
  loop.run();
  EXPECT_EQ(woken, 1);
}

Awaitable<void> expect_timeout(Signal& signal, bool& timed_out) {
  const bool changed = co_await signal.wait(signal.version(), Duration::from_ms(5));
  timed_out = !changed;
}

TEST(Signal, a_wait_ends_with_its_time_and_lets_the_loop_end) {
  Signal signal;
  bool timed_out = false;
  asio::io_context loop;
  asio::co_spawn(loop, expect_timeout(signal, timed_out), rethrow);
  loop.run();
  EXPECT_TRUE(timed_out);
}

Awaitable<void> count_rounds(Signal& ping, Signal& pong, int rounds, int& seen_rounds) {
  for (int i = 0; i < rounds; ++i) {
    const auto expected = static_cast<std::uint64_t>(i);
    const bool changed = co_await ping.wait(expected, kLong);
    if (!changed) co_return;
    ++seen_rounds;
    pong.notify();
  }
}

Awaitable<void> drive_rounds(Signal& ping, Signal& pong, int rounds, int& answered) {
  for (int i = 0; i < rounds; ++i) {
    ping.notify();
    const bool changed = co_await pong.wait(static_cast<std::uint64_t>(i), kLong);
    if (!changed) co_return;
    ++answered;
  }
}

TEST(Signal, no_wake_is_lost_between_two_threads) {
  constexpr int kRounds = 5000;
  Signal ping;
  Signal pong;
  int seen_rounds = 0;
  int answered = 0;
  asio::io_context left;
  asio::io_context right;
  asio::co_spawn(left, count_rounds(ping, pong, kRounds, seen_rounds), rethrow);
  asio::co_spawn(right, drive_rounds(ping, pong, kRounds, answered), rethrow);
  {
    NamedThread first("left", [&](std::stop_token) { left.run(); });
    NamedThread second("right", [&](std::stop_token) { right.run(); });
  }
  EXPECT_EQ(seen_rounds, kRounds);
  EXPECT_EQ(answered, kRounds);
}

Awaitable<void> wait_for_any(std::vector<std::unique_ptr<Signal>>& signals, int& woken) {
  WaitSet set(co_await asio::this_coro::executor);
  for (auto& signal : signals) set.add(*signal);
  set.add(*signals.front());
  for (auto& signal : signals) {
    signal->notify();
    const bool fired = co_await set.wait(kLong);
    woken += fired ? 1 : 0;
  }
  set.remove(*signals.front());
  signals.front()->notify();
  const bool fired = co_await set.wait(Duration::from_ms(5));
  EXPECT_FALSE(fired);
  set.wake();
  const bool woken_by_hand = co_await set.wait(kLong);
  EXPECT_TRUE(woken_by_hand);
}

TEST(WaitSet, wakes_for_any_of_its_signals) {
  std::vector<std::unique_ptr<Signal>> signals;
  for (int i = 0; i < 10; ++i) signals.push_back(std::make_unique<Signal>());
  int woken = 0;
  asio::io_context loop;
  asio::co_spawn(loop, wait_for_any(signals, woken), rethrow);
  loop.run();
  EXPECT_EQ(woken, 10);
}

TEST(Signal, outlives_a_loop_that_waited_and_is_outlived_by_waiters) {
  auto signal = std::make_unique<Signal>();
  std::atomic<int> woken = 0;
  {
    asio::io_context loop;
    asio::co_spawn(loop, wait_once(*signal, 0, woken), rethrow);
    loop.poll();
    signal->notify();  // never delivered: the loop goes first
  }
  signal->notify();
  {
    asio::io_context loop;
    asio::co_spawn(loop, wait_once(*signal, 2, woken), rethrow);
    loop.poll();
    signal.reset();
  }
  EXPECT_EQ(woken, 0);
}

Awaitable<void> offload_all(Offload& offload, std::thread::id loop_thread, int& checks) {
  const Result<int> number = co_await offload.run([] { return 42; });
  checks += number && *number == 42 ? 1 : 0;
  const Result<int> error =
      co_await offload.run([]() -> Result<int> { return fail(ErrorKind::conflict, "x"); });
  checks += !error && error.error().kind == ErrorKind::conflict ? 1 : 0;
  const Result<void> thrown = co_await offload.run([] { throw std::runtime_error("x"); });
  checks += !thrown && thrown.error().kind == ErrorKind::internal ? 1 : 0;
  auto owned = std::make_unique<int>(7);
  auto work = [owned = std::move(owned)] { return std::this_thread::get_id(); };
  const Result<std::thread::id> there = co_await offload.run(work);
  checks += there && *there != loop_thread ? 1 : 0;
  checks += std::this_thread::get_id() == loop_thread ? 1 : 0;
}

TEST(Offload, gives_results_back_on_the_callers_thread) {
  Metrics metrics;
  Offload offload({"test", 2, 8}, metrics);
  asio::io_context loop;
  int checks = 0;
  asio::co_spawn(loop, offload_all(offload, std::this_thread::get_id(), checks), rethrow);
  loop.run();
  EXPECT_EQ(checks, 5);
}

Awaitable<void> offload_blocked(Offload& offload, std::shared_future<void> gate,
                                std::vector<std::optional<ErrorKind>>& results) {
  const Result<void> result = co_await offload.run([&] { gate.wait(); });
  results.push_back(result ? std::nullopt : std::optional(result.error().kind));
}

TEST(Offload, refuses_when_its_queue_is_full_and_after_stop) {
  Metrics metrics;
  Offload offload({"test", 1, 1}, metrics);
  std::promise<void> gate;
  const std::shared_future<void> opened = gate.get_future().share();
  std::vector<std::optional<ErrorKind>> results;
  asio::io_context loop;
  for (int i = 0; i < 20; ++i)
    asio::co_spawn(loop, offload_blocked(offload, opened, results), rethrow);
  // One may run and one may wait: the others come back at once.
  while (results.size() < 18) loop.run_one();
  EXPECT_EQ(results.back(), ErrorKind::exhausted);
  gate.set_value();
  loop.run();
  EXPECT_EQ(results.size(), 20u);
  offload.request_stop();
  asio::io_context after;
  asio::co_spawn(after, offload_blocked(offload, opened, results), rethrow);
  after.run();
  EXPECT_EQ(results.back(), ErrorKind::cancelled);
}

}  // namespace
}  // namespace oriel::http
