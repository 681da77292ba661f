// Between who makes pictures and sound and who sends them: one stream, many receivers.
#pragma once
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "base/time.h"

namespace oriel::demo {

// One coded picture (Annex B, no parameter sets) or one raw AAC frame. `time` is when it was
// taken; for sound, its first sample.
struct MediaUnit {
  bool audio = false;
  bool key = false;
  UtcTime time;
  SharedBytes bytes;
};

struct StreamFormat {
  Bytes sps;  // without start codes
  Bytes pps;
  int width = 0;
  int height = 0;
  std::optional<Bytes> audio_configuration;  // AudioSpecificConfig of 48 kHz mono AAC
  int audio_rate = 48'000;
  int audio_channels = 1;
  std::string title;
};

// What waits for one receiver. Overflow: everything waiting is dropped, and pictures are refused
// until the next key frame; `dropped` counts them. Thread-safe.
class Inbox {
 public:
  // `wake` is called, outside the lock, when the box was empty; it must not block.
  explicit Inbox(std::function<void()> wake) : wake_(std::move(wake)) {}
  void deliver(const MediaUnit& unit);
  std::optional<MediaUnit> take();
  std::size_t dropped() const;

 private:
  static constexpr std::size_t kUnitsMax = 192;  // about 3 s of picture and sound
  static constexpr std::size_t kBytesMax = 4u << 20;
  const std::function<void()> wake_;
  mutable std::mutex mutex_;
  std::deque<MediaUnit> units_;  // guarded by mutex_
  std::size_t bytes_ = 0;        // guarded by mutex_
  std::size_t dropped_ = 0;      // guarded by mutex_
  bool needs_key_ = true;        // guarded by mutex_
};

// A stream that can be asked for by name. Thread-safe.
class Stream {
 public:
  virtual ~Stream() = default;
  // Does not block. Errors: unavailable.
  virtual Result<StreamFormat> format() = 0;
  // From the next key frame (asked for at once) on, units arrive in `inbox` until unsubscribed.
  virtual void subscribe(std::shared_ptr<Inbox> inbox) = 0;
  virtual void unsubscribe(const std::shared_ptr<Inbox>& inbox) = 0;
};

// A camera with its two streams. Thread-safe.
class Camera {
 public:
  virtual ~Camera() = default;
  virtual std::shared_ptr<Stream> main() = 0;
  virtual std::shared_ptr<Stream> sub() = 0;
};

// The receivers of one stream, at most kReceiversMax (more are refused by never being fed; the
// server's own limit of connections is lower). Thread-safe.
class Fanout {
 public:
  void add(std::shared_ptr<Inbox> inbox);
  void remove(const std::shared_ptr<Inbox>& inbox);
  void deliver(const MediaUnit& unit);
  bool empty() const;
  // True once after each add().
  bool take_key_request();

 private:
  static constexpr std::size_t kReceiversMax = 512;
  mutable std::mutex mutex_;
  std::vector<std::shared_ptr<Inbox>> inboxes_;  // guarded by mutex_
  bool key_wanted_ = false;                      // guarded by mutex_
};

}  // namespace oriel::demo
