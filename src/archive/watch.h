// Wanted against written: compares every few seconds what should be recorded with what is durable,
// asks for a new recording where one is stuck, and raises and clears the alarms about it.
#pragma once
#include <cstdint>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "archive/alarms.h"
#include "archive/volume.h"
#include "archive/writer.h"
#include "base/ids.h"
#include "base/metrics.h"
#include "base/thread.h"
#include "base/time.h"
#include "media/part.h"
#include "media/reason.h"

namespace oriel::archive {

// What one feed should be, told by who runs the feeds.
struct WantedFeed {
  FeedId feed;
  bool record = true;
  bool record_sub = false;
  bool paused = false;
  bool live = false;                           // the source says that it gives
  media::Reason reason = media::Reason::none;  // why it does not
  std::uint64_t received_bytes = 0;            // grows while anything arrives
};

struct WatchOptions {
  // What should be. Must not block.
  std::function<std::vector<WantedFeed>()> wanted;
  // See WriterOptions::recording_wanted.
  std::function<void(const FeedId&, media::Rendition, media::Reason was)> recording_wanted;
  Duration interval = Duration::from_s(5);
  // Nothing of a live feed became durable for so long: two syncs of a busy disk take less.
  Duration stuck_after = Duration::from_s(15);
  Duration ask_again_after = Duration::from_s(30);
  // Longer than a camera takes to start anew.
  Duration source_lost_after = Duration::from_s(60);
  Duration disk_slow_after = Duration::from_s(10);
  // Between two looks the clocks may differ by so much.
  Duration clock_jump = Duration::from_s(2);
};

class Watch {
 public:
  // What is given outlives it.
  Watch(WatchOptions options, const Writer& writer, std::function<std::vector<Volume*>()> volumes,
        AlarmSink& alarms, const Clock& clock, Metrics& metrics);

  void start();
  // Ends the thread.
  void stop();
  // One comparison. The thread calls it; public for tests. Never blocks on a disk.
  void look();

 private:
  using Key = std::pair<FeedId, media::Rendition>;
  // How far one rendition had come when it last came further.
  struct Progress {
    RecordingId recording;
    std::uint32_t durable_parts = 0;
    SteadyTime moved_at;
    std::optional<SteadyTime> asked_at;
    bool live = false;
  };

  void look_at_clock();
  void look_at_volumes();
  void look_at_rows();
  void look_at_feed(const WantedFeed& wanted, const std::vector<StreamState>& streams);
  // Why it is stuck, for a person; absent while it comes forward.
  std::optional<std::string> stuck(const WantedFeed& wanted, bool arrives,
                                   media::Rendition rendition,
                                   const std::vector<StreamState>& streams);
  void forget_gone(const std::vector<WantedFeed>& wanted);
  void set(bool holds, AlarmKind kind, std::string_view subject, std::string_view message);

  const WatchOptions options_;
  const Writer& writer_;
  const std::function<std::vector<Volume*>()> volumes_;
  AlarmSink& alarms_;
  const Clock& clock_;
  Gauge& stuck_feeds_;
  // Only one look at a time.
  std::mutex look_mutex_;
  std::map<Key, Progress> progress_;  // bounded by the renditions of wanted feeds
  struct Arrival {
    std::uint64_t bytes = 0;
    SteadyTime at;
  };
  std::map<FeedId, Arrival> arrivals_;  // of wanted feeds: those that may have alarms
  std::size_t stuck_count_ = 0;
  std::optional<std::pair<UtcTime, SteadyTime>> clocks_;  // of the look before
  NamedThread thread_;
};

}  // namespace oriel::archive
