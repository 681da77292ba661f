// Blocking work (SQL, files) away from the I/O threads.
#pragma once
#include <memory>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/execution/outstanding_work.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "base/bounded_queue.h"
#include "base/metrics.h"
#include "base/result.h"
#include "base/thread.h"
#include "http/message.h"

namespace oriel::http {

struct OffloadOptions {
  std::string name = "offload";  // threads are called name-0, name-1 …
  std::size_t threads = 4;
  std::size_t queue_count_max = 1024;
};

namespace offload_detail {

template <class T>
struct ResultOf {
  using type = Result<T>;
};
template <class T>
struct ResultOf<Result<T>> {
  using type = Result<T>;
};
template <class T>
using ResultOfT = typename ResultOf<T>::type;

// A function that someone else keeps alive.
template <class Function>
struct Borrowed {
  Function* function;
  auto operator()() const { return (*function)(); }
};

// The move-only work of the queue.
class Job {
 public:
  virtual ~Job() = default;
  virtual void run() = 0;
};

}  // namespace offload_detail

// A bounded pool. Overflow policy: refuse (`exhausted`, which becomes 503 with Retry-After).
class Offload {
 public:
  Offload(OffloadOptions options, Metrics& metrics);
  // Finishes what is queued, then joins.
  ~Offload();
  Offload(const Offload&) = delete;
  Offload& operator=(const Offload&) = delete;

  // Runs `function` on the pool and gives its result back on the calling coroutine's thread. A
  // function that returns T or Result<T> gives Result<T>; a std::exception it throws is logged and
  // becomes `internal`. The work is not interrupted by cancellation: the coroutine waits for it, so
  // it may use what the coroutine owns: capture by reference. A named function is borrowed. Errors:
  // exhausted when the queue is full, cancelled after stop.
  //
  // GCC 12 destroys the captures of a temporary lambda within a co_await expression twice (GCC bug
  // 99576 and its kin; the same for braced temporaries). So what owns anything must be named first:
  //   auto work = [text = std::move(text)] { … };
  //   auto done = co_await offload.run(work);
  template <class Function>
  auto run(Function&& function) {
    if constexpr (std::is_lvalue_reference_v<Function>) {
      return run_copy(offload_detail::Borrowed<std::remove_reference_t<Function>>{&function});
    } else {
      static_assert(std::is_trivially_destructible_v<Function>,
                    "name the function first: GCC 12 destroys its captures twice");
      return run_copy(std::forward<Function>(function));
    }
  }

  // No new work is taken; what is queued is finished. Any thread, twice is fine.
  void request_stop();

 private:
  template <class R, class Function, class Handler>
  class Work;
  template <class Function>
  auto run_copy(Function function)
      -> Awaitable<offload_detail::ResultOfT<std::invoke_result_t<Function&>>>;
  // False when full or stopped; the job is then untouched.
  bool submit(std::unique_ptr<offload_detail::Job>& job);
  static Error exception_error(const char* what);
  Error refusal() const;

  BoundedQueue<std::unique_ptr<offload_detail::Job>> queue_;
  Counter& refused_;
  Counter& done_;
  std::vector<NamedThread> threads_;
};

template <class R, class Function, class Handler>
class Offload::Work final : public offload_detail::Job {
 public:
  Work(Function function, Handler handler, boost::asio::any_io_executor executor)
      : function_(std::move(function)),
        handler_(std::move(handler)),
        executor_(boost::asio::prefer(std::move(executor),
                                      boost::asio::execution::outstanding_work.tracked)) {}
  void run() override {
    std::optional<R> result;
    try {
      if constexpr (std::is_same_v<R, Result<void>> &&
                    std::is_void_v<std::invoke_result_t<Function&>>) {
        function_();
        result.emplace();
      } else {
        result.emplace(function_());
      }
    } catch (const std::exception& e) {
      result.emplace(fail(exception_error(e.what())));
    }
    finish(std::move(*result));
  }
  void finish(R result) {
    auto executor = executor_;
    boost::asio::post(executor,
                      [handler = std::move(handler_), result = std::move(result)]() mutable {
                        std::move(handler)(std::move(result));
                      });
  }

 private:
  Function function_;
  Handler handler_;
  boost::asio::any_io_executor executor_;
};

template <class Function>
auto Offload::run_copy(Function function)
    -> Awaitable<offload_detail::ResultOfT<std::invoke_result_t<Function&>>> {
  using R = offload_detail::ResultOfT<std::invoke_result_t<Function&>>;
  auto executor = co_await boost::asio::this_coro::executor;
  auto initiate = [this, executor, function = std::move(function)](auto handler) mutable {
    using WorkType = Work<R, Function, decltype(handler)>;
    auto work = std::make_unique<WorkType>(std::move(function), std::move(handler), executor);
    WorkType& typed = *work;
    std::unique_ptr<offload_detail::Job> job = std::move(work);
    if (!submit(job)) typed.finish(fail(refusal()));
  };
  co_return co_await boost::asio::async_initiate<const boost::asio::use_awaitable_t<>, void(R)>(
      std::move(initiate), boost::asio::use_awaitable);
}

}  // namespace oriel::http
