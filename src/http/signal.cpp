#include "http/signal.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/query.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <sys/eventfd.h>
#include <unistd.h>

namespace oriel::http {

namespace asio = boost::asio;

namespace signal_detail {

// What one Signal has on one I/O thread. Made by the thread on its first wait, freed with the
// State.
struct LoopNode {
  std::shared_ptr<Loop> loop;
  LoopNode* next_of_state = nullptr;
  std::atomic<std::uint32_t> waiters = 0;
  std::atomic<bool> queued = false;
  LoopNode* next_queued = nullptr;           // written by whoever won `queued`
  std::shared_ptr<State> keep_while_queued;  // likewise
  std::vector<WaitSet*> sets;                // of the loop's thread only; bound: its connections
};

struct State {
  std::atomic<std::uint64_t> version = 0;
  std::atomic<LoopNode*> nodes = nullptr;  // append-only list; one node per I/O thread
  ~State() {
    for (LoopNode* node = nodes.load(); node != nullptr;)
      delete std::exchange(node, node->next_of_state);
  }
};

// What one I/O thread has: the nodes that were notified, and the event that wakes it. It is shared,
// so that a notifier never writes to a descriptor that has been closed under it.
struct Loop {
  explicit Loop(asio::io_context& context)
      : event(::eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)), descriptor(std::in_place, context) {
    ORIEL_CHECK(event >= 0);
    descriptor->assign(event);
  }
  ~Loop() { ::close(event); }

  // Any thread.
  void push(LoopNode* node) noexcept {
    LoopNode* head = notified.load(std::memory_order_relaxed);
    do {
      node->next_queued = head;
    } while (!notified.compare_exchange_weak(head, node, std::memory_order_acq_rel));
    if (head == nullptr) {
      const std::uint64_t one = 1;
      // Fails only when the counter is full: then the event is readable already.
      [[maybe_unused]] const auto written = ::write(event, &one, sizeof one);
    }
  }

  // The loop's thread, from here on.
  void arm(const std::shared_ptr<Loop>& self) {
    if (armed || closed) return;
    armed = true;
    descriptor->async_wait(asio::posix::stream_descriptor::wait_read,
                           [self](boost::system::error_code) { self->on_event(self); });
  }
  void on_event(const std::shared_ptr<Loop>& self) {
    armed = false;
    if (closed) return;
    std::uint64_t count = 0;
    [[maybe_unused]] const auto got = ::read(event, &count, sizeof count);
    drain();
    if (users > 0) arm(self);
  }
  void drain() {
    LoopNode* node = notified.exchange(nullptr, std::memory_order_acq_rel);
    while (node != nullptr) {
      LoopNode* next = node->next_queued;
      const auto keep = std::move(node->keep_while_queued);
      node->queued.store(false, std::memory_order_release);
      for (WaitSet* set : node->sets) fire(*set);
      node = next;
    }
  }
  static void fire(WaitSet& set) { set.wake(); }
  void enter(const std::shared_ptr<Loop>& self) {
    ++users;
    arm(self);
  }
  void leave() {
    // The pending wait would keep the io_context from ending.
    if (--users == 0 && armed && !closed) descriptor->cancel();
  }
  void shut() {
    closed = true;
    // A queued node holds its State, which holds the node: undone here, since nobody drains any
    // more.
    LoopNode* node = notified.exchange(nullptr, std::memory_order_acq_rel);
    while (node != nullptr) {
      LoopNode* next = node->next_queued;
      const auto keep = std::move(node->keep_while_queued);
      node = next;
    }
    if (descriptor) descriptor->release();
    descriptor.reset();
  }

  const int event;
  std::optional<asio::posix::stream_descriptor> descriptor;
  std::atomic<LoopNode*> notified = nullptr;
  std::size_t users = 0;
  bool armed = false;
  bool closed = false;
};

// Finds the Loop of an io_context.
class LoopService final : public asio::execution_context::service {
 public:
  using key_type = LoopService;
  inline static asio::execution_context::id id;
  explicit LoopService(asio::execution_context& context)
      : service(context), loop_(std::make_shared<Loop>(static_cast<asio::io_context&>(context))) {}
  const std::shared_ptr<Loop>& loop() const { return loop_; }

 private:
  void shutdown() override { loop_->shut(); }
  std::shared_ptr<Loop> loop_;
};

}  // namespace signal_detail

using signal_detail::Loop;
using signal_detail::LoopNode;
using signal_detail::LoopService;
using signal_detail::State;

Signal::Signal() : state_(std::make_shared<State>()) {}
Signal::~Signal() = default;

void Signal::notify() noexcept {
  state_->version.fetch_add(1, std::memory_order_seq_cst);
  for (LoopNode* node = state_->nodes.load(std::memory_order_seq_cst); node != nullptr;
       node = node->next_of_state) {
    if (node->waiters.load(std::memory_order_seq_cst) == 0) continue;
    if (node->queued.exchange(true, std::memory_order_acq_rel)) continue;
    node->keep_while_queued = state_;
    node->loop->push(node);
  }
}

std::uint64_t Signal::version() const noexcept {
  return state_->version.load(std::memory_order_seq_cst);
}

Awaitable<bool> Signal::wait(std::uint64_t seen, Duration timeout) {
  // A frame may outlive the Signal: only the state is used after the first suspension.
  const auto state = state_;
  if (version() != seen) co_return true;
  WaitSet set(co_await asio::this_coro::executor);
  set.add(*this);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::microseconds(timeout.us);
  while (state->version.load(std::memory_order_seq_cst) == seen) {
    const auto left = std::chrono::duration_cast<std::chrono::microseconds>(
        deadline - std::chrono::steady_clock::now());
    bool woken = false;
    if (left.count() > 0) woken = co_await set.wait(Duration{left.count()});
    if (!woken) co_return state->version.load(std::memory_order_seq_cst) != seen;
  }
  co_return true;
}

struct WaitSet::Link {
  std::shared_ptr<State> state;
  LoopNode* node;
};

WaitSet::WaitSet(asio::any_io_executor executor)
    : loop_(asio::use_service<LoopService>(
                static_cast<asio::io_context&>(asio::query(executor, asio::execution::context)))
                .loop()),
      timer_(executor) {
  loop_->enter(loop_);
}

WaitSet::~WaitSet() {
  while (!links_.empty()) {
    LoopNode* node = links_.back()->node;
    std::erase(node->sets, this);
    node->waiters.fetch_sub(1, std::memory_order_seq_cst);
    links_.pop_back();
  }
  loop_->leave();
}

void WaitSet::add(Signal& signal) {
  for (const auto& link : links_)
    if (link->state == signal.state_) return;
  LoopNode* node = signal.state_->nodes.load(std::memory_order_acquire);
  while (node != nullptr && node->loop != loop_) node = node->next_of_state;
  if (node == nullptr) {
    // Only this thread makes a node for this loop, so it cannot be made twice.
    node = new LoopNode;
    node->loop = loop_;
    node->next_of_state = signal.state_->nodes.load(std::memory_order_relaxed);
    while (!signal.state_->nodes.compare_exchange_weak(node->next_of_state, node,
                                                       std::memory_order_seq_cst)) {
    }
  }
  node->sets.push_back(this);
  node->waiters.fetch_add(1, std::memory_order_seq_cst);
  links_.push_back(std::make_unique<Link>(Link{signal.state_, node}));
}

void WaitSet::remove(Signal& signal) {
  for (auto link = links_.begin(); link != links_.end(); ++link) {
    if ((*link)->state != signal.state_) continue;
    std::erase((*link)->node->sets, this);
    (*link)->node->waiters.fetch_sub(1, std::memory_order_seq_cst);
    links_.erase(link);
    return;
  }
}

void WaitSet::wake() {
  if (std::exchange(fired_, true)) return;
  if (waiting_) timer_.cancel();
}

Awaitable<bool> WaitSet::wait(Duration timeout) {
  if (!fired_) {
    waiting_ = true;
    timer_.expires_after(std::chrono::microseconds(timeout.us));
    co_await timer_.async_wait(asio::as_tuple(asio::use_awaitable));
    waiting_ = false;
  }
  co_return std::exchange(fired_, false);
}

}  // namespace oriel::http
