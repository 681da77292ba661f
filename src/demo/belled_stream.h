// What the cameras share: streams that wake their camera's thread, and feed receivers.
#pragma once
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>

#include "demo/encoder.h"
#include "demo/stream.h"

namespace oriel::demo {

// Wakes a camera's thread when a receiver comes. Thread-safe.
struct Doorbell {
  std::mutex mutex;
  std::condition_variable_any rung;
  void ring() {
    { const std::lock_guard lock(mutex); }
    rung.notify_all();
  }
};

class BelledStream final : public Stream {
 public:
  BelledStream(StreamFormat format, std::shared_ptr<Doorbell> doorbell)
      : format_(std::move(format)), doorbell_(std::move(doorbell)) {}
  Result<StreamFormat> format() override { return format_; }
  void subscribe(std::shared_ptr<Inbox> inbox) override {
    fanout.add(std::move(inbox));
    doorbell_->ring();
  }
  void unsubscribe(const std::shared_ptr<Inbox>& inbox) override { fanout.remove(inbox); }

  Fanout fanout;

 private:
  const StreamFormat format_;
  const std::shared_ptr<Doorbell> doorbell_;
};

// What an encoder with these settings will send. Errors: those of VideoEncoder::open.
Result<StreamFormat> video_format(const VideoSettings& settings, std::string title);

// Encodes one picture for a stream's receivers, opening the encoder when there is none yet. A key
// frame when it is time for one or a receiver has come.
Result<void> encode_one(BelledStream& stream, std::unique_ptr<VideoEncoder>& encoder,
                        const VideoSettings& settings, const Picture& picture, UtcTime time,
                        bool periodic_key);

}  // namespace oriel::demo
