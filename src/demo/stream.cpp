#include "demo/stream.h"

#include <algorithm>

namespace oriel::demo {

void Inbox::deliver(const MediaUnit& unit) {
  {
    const std::lock_guard lock(mutex_);
    if (needs_key_ && (unit.audio || !unit.key)) {
      if (!unit.audio) ++dropped_;
      return;
    }
    if (units_.size() >= kUnitsMax || bytes_ + unit.bytes->size() > kBytesMax) {
      dropped_ += units_.size() + 1;
      units_.clear();
      bytes_ = 0;
      needs_key_ = true;
      return;
    }
    needs_key_ = false;
    bytes_ += unit.bytes->size();
    units_.push_back(unit);
    if (units_.size() > 1) return;
  }
  wake_();
}

std::optional<MediaUnit> Inbox::take() {
  const std::lock_guard lock(mutex_);
  if (units_.empty()) return std::nullopt;
  MediaUnit unit = std::move(units_.front());
  units_.pop_front();
  bytes_ -= unit.bytes->size();
  return unit;
}

std::size_t Inbox::dropped() const {
  const std::lock_guard lock(mutex_);
  return dropped_;
}

void Fanout::add(std::shared_ptr<Inbox> inbox) {
  const std::lock_guard lock(mutex_);
  if (inboxes_.size() >= kReceiversMax) return;
  inboxes_.push_back(std::move(inbox));
  key_wanted_ = true;
}

void Fanout::remove(const std::shared_ptr<Inbox>& inbox) {
  const std::lock_guard lock(mutex_);
  std::erase(inboxes_, inbox);
}

void Fanout::deliver(const MediaUnit& unit) {
  std::vector<std::shared_ptr<Inbox>> inboxes;
  {
    const std::lock_guard lock(mutex_);
    inboxes = inboxes_;
  }
  for (const auto& inbox : inboxes) inbox->deliver(unit);
}

bool Fanout::empty() const {
  const std::lock_guard lock(mutex_);
  return inboxes_.empty();
}

bool Fanout::take_key_request() {
  const std::lock_guard lock(mutex_);
  return std::exchange(key_wanted_, false);
}

}  // namespace oriel::demo
