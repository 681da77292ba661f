#include "notify/post_box.h"

#include <algorithm>
#include <chrono>

#include "base/log.h"

namespace oriel::notify {
namespace {

std::chrono::microseconds chrono_of(Duration duration) {
  return std::chrono::microseconds(duration.us);
}

MetricLabels labels_of(const Courier& courier) {
  return {{"courier", std::string(courier.name())}};
}

}  // namespace

PostBox::PostBox(PostBoxOptions options, std::unique_ptr<Courier> courier, const Clock& clock,
                 Metrics& metrics)
    : options_(options),
      courier_(std::move(courier)),
      clock_(clock),
      delivered_(metrics.counter("oriel_notices_delivered_total",
                                 "Notices of alarms that were delivered", labels_of(*courier_))),
      failed_(metrics.counter("oriel_notice_failures_total",
                              "Messages with notices of alarms that could not be delivered",
                              labels_of(*courier_))),
      dropped_(metrics.counter("oriel_notices_dropped_total",
                               "Notices of alarms that waited too long and were dropped",
                               labels_of(*courier_))) {
  status_.name = courier_->name();
  thread_ = NamedThread("post-" + status_.name, [this](const std::stop_token& stop) { run(stop); });
}

PostBox::~PostBox() {
  request_stop();
  thread_.join();
}

void PostBox::request_stop() {
  ending_.request_stop();
  thread_.request_stop();
}

void PostBox::push(Notice notice) {
  bool dropped = false;
  {
    const std::lock_guard lock(mutex_);
    if (queue_.size() >= options_.waiting_max) {
      // Those with the courier are not dropped: they are on their way.
      const auto oldest = static_cast<std::ptrdiff_t>(std::min<std::size_t>(taken_, queue_.size()));
      if (queue_.begin() + oldest != queue_.end()) queue_.erase(queue_.begin() + oldest);
      dropped = true;
    }
    queue_.push_back(std::move(notice));
  }
  if (dropped) dropped_.add();
  wake_.notify_all();
}

CourierStatus PostBox::status() const {
  const std::lock_guard lock(mutex_);
  CourierStatus status = status_;
  status.waiting = static_cast<std::int64_t>(queue_.size());
  return status;
}

Result<void> PostBox::test() {
  Notice notice;
  notice.event = NoticeKind::test;
  notice.alarm.kind = "test";
  notice.alarm.subject = std::string(courier_->name());
  notice.alarm.message = "Somebody at the desk asked for this message.";
  notice.alarm.raised_at = clock_.now();
  return deliver({notice}, ending_.get_token());
}

Result<void> PostBox::deliver(const std::vector<Notice>& notices, const std::stop_token& stop) {
  Result<void> delivered;
  {
    const std::lock_guard one(courier_mutex_);
    delivered = courier_->deliver(notices, stop);
  }
  const std::lock_guard lock(mutex_);
  if (delivered) {
    status_.delivered_at = clock_.now();
    status_.error.clear();
    delivered_.add(static_cast<double>(notices.size()));
  } else if (delivered.error().kind != ErrorKind::cancelled) {
    status_.failed_at = clock_.now();
    status_.error = delivered.error().message;
    failed_.add();
  }
  return delivered;
}

// False when asked to stop.
bool PostBox::wait_until(std::unique_lock<std::mutex>& lock, const std::stop_token& stop,
                         SteadyTime at) {
  wake_.wait_until(lock, stop, at, [] { return false; });
  return !stop.stop_requested();
}

void PostBox::run(const std::stop_token& stop) {
  Duration retry = options_.retry_first;
  bool failing = false;
  while (true) {
    std::vector<Notice> notices;
    {
      std::unique_lock lock(mutex_);
      if (!wake_.wait(lock, stop, [&] { return !queue_.empty(); })) break;
      if (!failing &&
          !wait_until(lock, stop, std::chrono::steady_clock::now() + chrono_of(options_.gather)))
        break;
      taken_ = std::min(queue_.size(), options_.message_max);
      notices.assign(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(taken_));
    }
    const auto delivered = deliver(notices, stop);
    std::unique_lock lock(mutex_);
    if (delivered)
      queue_.erase(queue_.begin(), queue_.begin() + static_cast<std::ptrdiff_t>(taken_));
    taken_ = 0;
    if (stop.stop_requested()) break;
    if (delivered && failing) {
      lock.unlock();
      log::info("{}: notices of alarms are delivered again", courier_->name());
      lock.lock();
    } else if (!delivered && !failing) {
      lock.unlock();
      log::warn("{}: notices of alarms cannot be delivered, they wait: {}", courier_->name(),
                delivered.error().message);
      lock.lock();
    }
    failing = !delivered;
    const Duration pause = failing ? retry : options_.interval;
    retry = failing ? std::min(retry + retry, options_.retry_last) : options_.retry_first;
    if (!wait_until(lock, stop, std::chrono::steady_clock::now() + chrono_of(pause))) break;
  }
  const std::lock_guard lock(mutex_);
  if (!queue_.empty()) dropped_.add(static_cast<double>(queue_.size()));
}

}  // namespace oriel::notify
