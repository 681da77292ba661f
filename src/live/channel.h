// The recent parts of one rendition of one feed, for everyone who watches it now.
#pragma once
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/time.h"
#include "media/part.h"
#include "media/playlist.h"

namespace oriel::live {

struct ChannelOptions {
  // Listed in the playlist, so that a player may pause or fall behind that far. With the delay it
  // is also the bound of what is kept.
  Duration window = Duration::from_s(60);
  // Media bytes stay in memory this long; what is older is read from its file.
  Duration payload = Duration::from_s(6);
  std::int64_t target_s = 6;  // no segment is longer
  std::int64_t recording_90k =
      27'000'000;  // as in PackagerOptions: when the next recording may begin
};

// How a viewer sees the channel, as the gate decided.
struct View {
  bool with_audio = false;
  UtcTime not_after;     // parts that end later do not exist for this viewer
  bool delayed = false;  // not_after lies behind now on purpose
  // Listed as gaps; sorted, neither overlapping nor touching; null: none.
  std::shared_ptr<const std::vector<UtcSpan>> withheld;
  bool sees(UtcSpan span) const;
};

// How playlists name things; relative to the playlist's own address.
struct UriScheme {
  std::string prefix;  // "../../media/lake/"
};

struct PlaylistAnswer {
  enum class Status {
    ready,
    wait,     // the asked part is not there yet: ask again after the next change
    too_far,  // it will not be there soon: the request is wrong (RFC 8216bis 6.2.5.2)
    empty,    // nothing to list
  };
  Status status = Status::empty;
  SharedBytes text;
};

struct PlaylistQuery {
  std::optional<std::uint64_t> msn;   // _HLS_msn
  std::optional<std::uint64_t> part;  // _HLS_part
  bool delta = false;                 // _HLS_skip=YES
};

// What is known of the newest run, for the multivariant playlist, the API and the desk.
struct ChannelSummary {
  std::shared_ptr<const media::Tracks> tracks;  // null: nothing yet
  std::int64_t bitrate_bps = 0;                 // mean of the window
  std::int64_t peak_bps = 0;                    // of its segments
  double frames_per_s = 0;                      // delivered; audio packets without video
  std::optional<UtcTime> last_part_end;
};

// Thread-safe. Fed on the feed's thread, read on any. Bounded by the window.
class Channel final : public media::PartSink {
 public:
  // `changed` is called after each change, outside the lock, on the feed's thread; must not block.
  Channel(ChannelOptions options, const Clock& clock, std::function<void()> changed);

  void recording_began(const media::RecordingPtr& recording) override;
  void part_made(const media::PartPtr& part) override;
  void recording_ended(const media::RecordingPtr& recording, media::Reason reason) override;

  // What is kept from now on: window and payload reach further back by the `delay` of the most
  // delayed view, and what is not `recorded` keeps its bytes for the whole window, since no file
  // has them. Until the first call: recorded, without delay. Any thread.
  void keep(bool recorded, Duration delay);

  PlaylistAnswer playlist(const View& view, const UriScheme& uris, const PlaylistQuery& query);

  enum class Fetch { found, let_go, not_yet, unknown };
  struct Parts {
    Fetch status = Fetch::unknown;
    std::vector<media::PartPtr> parts;
    UtcSpan span;  // when found or let_go
  };
  // Parts [first, end) of a recording when all their bytes are in memory; let_go when they are
  // listed but their bytes are only in the archive; not_yet when the range is exactly the next part
  // to come; else unknown: look in the archive.
  Parts find_parts(RecordingId recording, std::uint32_t first, std::uint32_t end) const;
  // The open or a listed recording with this id; null when it is not (or no longer) known here.
  media::RecordingPtr find_recording(RecordingId id) const;

  // For the part socket. Positions count parts since the channel was made.
  using Position = std::uint64_t;
  struct Next {
    media::PartPtr part;  // null: nothing visible yet
    Position position = 0;
    bool skipped = false;
  };
  // The part at `position`, or, when that is no longer in memory or more than `behind_max` parts
  // behind the newest visible one, the newest visible independent part. `skipped` tells.
  Next next_part(Position position, const View& view, std::size_t behind_max) const;
  // Where a new viewer starts: the newest visible independent part (or the oldest in memory).
  Position start_position(const View& view) const;
  // Right after this part, if it is still in memory.
  std::optional<Position> position_after(RecordingId recording, std::uint32_t part) const;

  ChannelSummary summary() const;
  // How many parts and ends of recordings have come; 0: nothing yet.
  std::uint64_t revision() const;

 private:
  struct Slot {
    media::PartPtr part;  // null when its bytes were let go
    std::uint32_t number = 0;
    std::int64_t duration_90k = 0;
    std::int64_t target_90k = 0;
    std::size_t bytes = 0;
    std::uint32_t frames = 0;
    bool independent = false;
    UtcTime start;
    UtcTime end;
    Position position = 0;
  };
  struct Segment {
    media::RecordingPtr recording;
    std::uint64_t msn = 0;
    bool discontinuity = false;
    bool complete = false;
    std::int64_t duration_90k = 0;
    std::size_t bytes = 0;
    UtcTime start;
    std::deque<Slot> parts;
  };
  struct CacheKey {
    bool with_audio = false;
    bool delta = false;
    std::string prefix;
    auto operator<=>(const CacheKey&) const = default;
  };
  struct CacheEntry {
    std::uint64_t revision = 0;
    Position visible_end = 0;
    SharedBytes text;
  };

  void complete_last_segment();
  void drop_old();
  Position visible_end(const View& view) const;
  const Slot* find_slot(Position position) const;
  media::LivePlaylist list(const View& view, const UriScheme& uris, Position end) const;
  PlaylistAnswer::Status availability(const PlaylistQuery& query, Position end) const;

  const ChannelOptions options_;
  const Clock& clock_;
  const std::function<void()> changed_;
  mutable std::mutex mutex_;
  // All below guarded by mutex_.
  Duration window_;
  Duration payload_;
  std::deque<Segment> segments_;
  media::RecordingPtr recording_;  // open
  std::optional<RunId> last_run_;
  std::uint64_t next_msn_;
  std::uint64_t dropped_discontinuities_;
  Position next_position_ = 0;
  Position first_with_payload_ = 0;
  std::uint64_t revision_ = 0;
  std::map<CacheKey, CacheEntry> cache_;  // at most kCacheMax, cleared when full
};

}  // namespace oriel::live
