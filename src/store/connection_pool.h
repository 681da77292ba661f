// A bounded set of connections that are made when needed and lent out one at a time.
#pragma once
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <memory>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/time.h"

namespace oriel::store {

// Thread-safe. Must outlive its leases.
template <class Connection>
class ConnectionPool {
 public:
  explicit ConnectionPool(std::size_t count_max) : count_max_(count_max) {}

  // A connection out of the pool; goes back when this ends, unless it was dropped.
  class Lease {
   public:
    Lease(ConnectionPool& owner, std::unique_ptr<Connection> connection)
        : owner_(&owner), connection_(std::move(connection)) {}
    Lease(Lease&&) = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (connection_) owner_->put_back(std::move(connection_));
    }
    Connection& connection() const { return *connection_; }
    // It is of no more use: closed, and its place is free.
    void drop() {
      connection_.reset();
      owner_->give_place();
    }

   private:
    ConnectionPool* owner_;
    std::unique_ptr<Connection> connection_;
  };

  // An idle connection, else one of `open`, a Result<std::unique_ptr<Connection>>(). Waits while
  // count_max are lent. Errors: of `open`; unavailable when none came back before `deadline`.
  template <class Open>
  Result<Lease> take(const Open& open, std::optional<SteadyTime> deadline = std::nullopt) {
    std::unique_lock lock(mutex_);
    const auto ready = [this] { return !idle_.empty() || open_count_ < count_max_; };
    if (!deadline)
      returned_.wait(lock, ready);
    else if (!returned_.wait_until(lock, *deadline, ready))
      return fail(ErrorKind::unavailable, "all connections to the database are in use");
    if (!idle_.empty()) {
      auto connection = std::move(idle_.back());
      idle_.pop_back();
      return Lease(*this, std::move(connection));
    }
    ++open_count_;
    lock.unlock();
    auto opened = open();
    if (opened) return Lease(*this, std::move(*opened));
    give_place();
    return fail(std::move(opened).error());
  }

 private:
  void put_back(std::unique_ptr<Connection> connection) {
    const std::scoped_lock lock(mutex_);
    idle_.push_back(std::move(connection));
    returned_.notify_one();
  }
  void give_place() {
    const std::scoped_lock lock(mutex_);
    --open_count_;
    returned_.notify_one();
  }

  const std::size_t count_max_;
  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Connection>> idle_;
  std::size_t open_count_ = 0;  // lent ones and idle ones
};

}  // namespace oriel::store
