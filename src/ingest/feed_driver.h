// Keeps one rendition of one feed coming in: connect, receive, package, and again after a failure.
#pragma once
#include <array>
#include <atomic>
#include <condition_variable>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <boost/describe.hpp>

#include "base/ids.h"
#include "base/thread.h"
#include "base/time.h"
#include "ingest/back_off.h"
#include "ingest/reception.h"
#include "ingest/source.h"
#include "media/packager.h"
#include "media/reason.h"

namespace oriel::ingest {

enum class FeedState : std::uint8_t { connecting, live, stalled, failed, paused };
BOOST_DESCRIBE_ENUM(FeedState, connecting, live, stalled, failed, paused)

struct FeedStatus {
  FeedState state = FeedState::connecting;
  media::Reason reason = media::Reason::starting;
  std::string detail;  // for a person: what went wrong, or the note of who paused it
  UtcTime since;
};

struct FeedStatistics {
  std::int64_t bitrate_bps = 0;              // over the last five seconds
  double declared_fps = 0;                   // 0: nothing declared
  double delivered_fps = 0;                  // over the last five seconds
  std::optional<media::ClockQuality> clock;  // of the open run, against UTC
  std::optional<UtcTime> last_packet_at;
  std::uint64_t bytes = 0;  // since the start, over all connections
  std::uint64_t packets = 0;
  std::uint64_t packets_lost = 0;
  std::uint64_t packets_late = 0;
  std::uint64_t damaged_packets = 0;
  std::uint64_t mended_times = 0;
  std::uint64_t connects = 0;  // connections that gave a stream
  std::uint64_t attempts = 0;
  std::uint64_t runs = 0;
  std::string source;       // without credentials or path
  std::string audio_fault;  // why sound that is there is left out; empty: nothing to say
};

// Told on the feed's thread, without a lock held; must not block.
class FeedObserver {
 public:
  virtual ~FeedObserver() = default;
  virtual void feed_state_changed(const FeedId& feed, media::Rendition rendition,
                                  const FeedStatus& status) = 0;
};

struct FeedDriverOptions {
  media::PackagerOptions packager;  // names the feed and the rendition
  std::string source;               // SourceUrl::redacted()
  std::function<std::unique_ptr<Source>()> make_source;
  VideoReencoderMaker make_reencoder;
  // Connecting and learning what the stream is; next packet; next packet of a source that sends
  // whole segments.
  std::chrono::milliseconds open_deadline{8'000};
  std::chrono::milliseconds stall{5'000};
  std::chrono::milliseconds stall_bursty{25'000};
  BackOffOptions back_off;
  // After a refused password: cameras lock out those who keep trying.
  std::chrono::milliseconds refused_back_off{30'000};
};

class FeedDriver final : private RunOutput {
 public:
  // Everything is borrowed and outlives the driver; `observer` may be null.
  FeedDriver(FeedDriverOptions options, const Clock& clock, media::IdSource& ids,
             media::PartSink& sink, FeedObserver* observer);
  ~FeedDriver() override;
  FeedDriver(const FeedDriver&) = delete;
  FeedDriver& operator=(const FeedDriver&) = delete;

  // Starts the thread "camera-ID". Once.
  void start();
  // Any thread, any number of times. A blocking read is woken within about 100 ms.
  void request_stop();
  void join();

  // Any thread. Pausing ends the run and the connection; `note` is shown to operators.
  void pause(std::string note);
  void resume();
  // Any thread: the run ends for this reason (disk_behind, disk_full, disk_failed) and the next key
  // frame begins another; the connection stays, and so does the live picture.
  void request_new_run(media::Reason reason);

  FeedStatus status() const;
  FeedStatistics statistics() const;

 private:
  struct Attempt {
    media::Reason reason = media::Reason::none;
    Error error;
    bool was_live = false;
  };
  // Bytes of the last five whole seconds.
  class RateMeter {
   public:
    void add(std::int64_t now_us, std::size_t bytes);
    std::int64_t bits_per_second(std::int64_t now_us) const;

   private:
    std::array<std::int64_t, 6> bytes_{};
    std::array<std::int64_t, 6> second_{};
  };

  void run(const std::stop_token& stop);
  bool wait_while_paused(const std::stop_token& stop);
  void wait_before_next(const std::stop_token& stop, std::chrono::milliseconds wait);
  Attempt attempt(const std::stop_token& stop);
  Attempt receive(Source& source, Reception& reception, const std::stop_token& stop);
  Attempt stopped_attempt(const std::stop_token& stop) const;
  void set_state(FeedState state, media::Reason reason, std::string detail);
  media::ClockQuality against_utc(media::ClockQuality clock) const;
  void note_clock(const std::optional<media::ClockQuality>& clock);
  void note_packet(const SourcePacket& packet);
  void note_statistics(const Source& source, const Reception& reception);

  Result<void> run_began(media::RunHead head) override;
  Result<void> packet_made(media::Packet packet) override;
  void run_clock_moved(UtcTime start, media::ClockQuality clock) override;
  void run_ended(media::Reason reason) override;

  const FeedDriverOptions options_;
  const Clock& clock_;
  FeedObserver* const observer_;
  media::Packager packager_;  // only on the feed's thread
  BackOff back_off_;          // only on the feed's thread
  bool by_arrival_ = false;   // what was learnt of the source's clock; only on the feed's thread
  media::Reason next_began_ = media::Reason::starting;
  FeedStatistics closed_;  // sums of connections that are over; only on the feed's thread

  std::atomic<media::Reason> new_run_{media::Reason::none};
  mutable std::mutex mutex_;
  std::condition_variable_any changed_;
  std::stop_source attempt_stop_;  // guarded by mutex_; also stopped by pause()
  bool paused_ = false;            // guarded by mutex_
  std::string pause_note_;         // guarded by mutex_
  FeedStatus status_;              // guarded by mutex_
  FeedStatistics statistics_;      // guarded by mutex_
  RateMeter rate_;                 // guarded by mutex_
  NamedThread thread_;
};

}  // namespace oriel::ingest
