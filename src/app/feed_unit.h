// One feed at work: its drivers, its live renditions, its recording.
#pragma once
#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include "api/feeds.h"
#include "archive/archive.h"
#include "base/metrics.h"
#include "ingest/feed_driver.h"
#include "ingest/made_rendition.h"

namespace oriel::app {

// How many more made renditions may run, in all feeds. Thread-safe; never blocks.
class MadeBudget {
 public:
  explicit MadeBudget(std::int64_t most) : left_(most) {}
  bool try_take() {
    std::int64_t left = left_.load();
    while (left > 0)
      if (left_.compare_exchange_weak(left, left - 1)) return true;
    return false;
  }
  void give_back() { ++left_; }
  bool available() const { return left_.load() > 0; }

 private:
  std::atomic<std::int64_t> left_;
};

// What a feed is built on. All of it outlives the feeds.
struct FeedParts {
  archive::Archive& archive;
  const Clock& clock;
  MadeBudget& made_budget;
  http::Signal& any_changed;
};

class FeedUnit final : public api::Feed, private media::PartSink, private ingest::FeedObserver {
 public:
  FeedUnit(FeedParts parts, api::FeedSettings settings);
  ~FeedUnit() override;
  FeedUnit(const FeedUnit&) = delete;
  FeedUnit& operator=(const FeedUnit&) = delete;

  // By the registry, one call at a time. stop() joins the threads; start() may follow.
  void start();
  void request_stop();
  void stop();
  // Stopped only.
  void set_settings(api::FeedSettings settings);
  void pause(const std::string& note);
  void resume();
  void request_new_run(media::Rendition rendition, media::Reason reason);

  // What should be recorded of it now.
  archive::WantedFeed wanted() const;

  const FeedId& id() const override { return id_; }
  std::shared_ptr<const api::FeedSettings> settings() const override;
  api::FeedStatus status() const override;
  std::shared_ptr<api::LiveRendition> rendition(media::Rendition which) const override;
  bool want_made() override;
  http::Signal& status_changed() override { return status_changed_; }

 private:
  // Only on the main driver's thread.
  void recording_began(const media::RecordingPtr& recording) override;
  void part_made(const media::PartPtr& part) override;
  void recording_ended(const media::RecordingPtr& recording, media::Reason reason) override;
  void feed_made(const media::PartPtr& part);
  void end_made();
  void feed_state_changed(const FeedId& feed, media::Rendition rendition,
                          const ingest::FeedStatus& status) override;
  std::unique_ptr<ingest::FeedDriver> make_driver(const Secret& source, media::Rendition rendition,
                                                  media::PartSink& sink);

  const FeedParts parts_;
  const FeedId id_;
  http::Signal status_changed_;
  mutable std::mutex mutex_;
  std::shared_ptr<const api::FeedSettings> settings_;  // guarded by mutex_
  std::shared_ptr<api::LiveRendition> main_;           // guarded by mutex_; set once
  std::shared_ptr<api::LiveRendition> sub_;            // guarded by mutex_
  std::shared_ptr<api::LiveRendition> made_;           // guarded by mutex_; set once
  std::shared_ptr<ingest::FeedDriver> driver_;         // guarded by mutex_
  std::shared_ptr<ingest::FeedDriver> sub_driver_;     // guarded by mutex_

  std::unique_ptr<media::PartSink> recorder_;  // main driver's thread, and stopped
  std::unique_ptr<media::PartSink> sub_sink_;
  std::unique_ptr<ingest::MadeRendition> making_;       // main driver's thread, and stopped
  bool first_part_noted_ = false;                       // main driver's thread
  std::atomic<std::int64_t> made_wanted_until_us_ = 0;  // steady clock
  std::atomic<bool> making_now_ = false;
};

}  // namespace oriel::app
