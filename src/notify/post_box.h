// Notices on their way to one courier: gathered, tried again, never in anyone's way.
#pragma once
#include <condition_variable>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/metrics.h"
#include "base/result.h"
#include "base/thread.h"
#include "base/time.h"
#include "notify/alarm.h"
#include "notify/courier.h"

namespace oriel::notify {

struct PostBoxOptions {
  // A first notice waits this long for others that belong to it: many feeds behind one link are
  // one message.
  Duration gather = Duration::from_s(10);
  // Between two messages; what happens meanwhile goes with the next one.
  Duration interval = Duration::from_s(300);
  // After a failure, doubled each time.
  Duration retry_first = Duration::from_s(5);
  Duration retry_last = Duration::from_s(300);
  // Waiting notices. Overflow: the oldest is dropped and counted.
  std::size_t waiting_max = 1'000;
  std::size_t message_max = 500;  // notices in one message
};

struct CourierStatus {
  std::string name;
  std::int64_t waiting = 0;
  std::optional<UtcTime> delivered_at;  // the newest
  std::optional<UtcTime> failed_at;
  std::string error;  // of the newest failure; empty after a success
};
BOOST_DESCRIBE_STRUCT(CourierStatus, (), (name, waiting, delivered_at, failed_at, error))

// Thread-safe.
class PostBox {
 public:
  PostBox(PostBoxOptions options, std::unique_ptr<Courier> courier, const Clock& clock,
          Metrics& metrics);
  ~PostBox();
  PostBox(const PostBox&) = delete;
  PostBox& operator=(const PostBox&) = delete;

  // Never blocks.
  void push(Notice notice);
  // Delivers a test at once, besides the queue. Blocks up to the courier's deadline. Errors: as
  // Courier::deliver().
  Result<void> test();
  CourierStatus status() const;
  // What waits is dropped with a word in the log.
  void request_stop();

 private:
  void run(const std::stop_token& stop);
  bool wait_until(std::unique_lock<std::mutex>& lock, const std::stop_token& stop, SteadyTime at);
  Result<void> deliver(const std::vector<Notice>& notices, const std::stop_token& stop);

  const PostBoxOptions options_;
  const std::unique_ptr<Courier> courier_;
  const Clock& clock_;
  Counter& delivered_;
  Counter& failed_;
  Counter& dropped_;
  std::stop_source ending_;

  mutable std::mutex mutex_;
  std::condition_variable_any wake_;
  std::deque<Notice> queue_;  // guarded by mutex_, as the two below
  std::uint64_t taken_ = 0;   // notices of the queue's front that are with the courier
  CourierStatus status_;
  std::mutex courier_mutex_;  // one delivery at a time
  NamedThread thread_;
};

}  // namespace oriel::notify
