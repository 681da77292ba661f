// What endpoints need of the feeds; app connects it to ingest and the archive.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "access/gate.h"
#include "base/ids.h"
#include "base/json.h"
#include "base/secret.h"
#include "base/time.h"
#include "http/signal.h"
#include "live/channel.h"
#include "media/part.h"
#include "media/reason.h"

namespace oriel::api {

// By BCP 47 language tag; "und" for a text that was given without a language.
using LocalisedText = std::map<std::string, std::string>;

struct Sector {
  SectorId id;
  LocalisedText name;
};

struct Site {
  SiteId id;
  std::optional<SectorId> sector;
  LocalisedText name;
  std::optional<access::Place> place;      // the true one
  std::optional<access::Place> published;  // where it must be coarser
  std::optional<std::string> time_zone;    // IANA
};

inline constexpr std::int64_t kDelayMax_s = 300;
inline constexpr std::int64_t kPartMin_ms = 100;
inline constexpr std::int64_t kPartMax_ms = 2000;

inline constexpr std::size_t kLicenceBytesMax = 200;

struct FeedSettings {
  FeedId id;
  std::optional<SiteId> site;
  LocalisedText name;
  Secret source;
  std::optional<Secret> sub_source;
  bool record = true;
  bool record_sub = false;
  bool is_public = false;
  bool public_audio = false;
  std::int64_t delay_s = 0;    // 0 to kDelayMax_s
  std::int64_t part_ms = 333;  // kPartMin_ms to kPartMax_ms
  std::string licence;         // SPDX or in words; empty: the window's
  bool declared = false;       // in the configuration file: read-only in the desk
};

enum class FeedState { connecting, live, stalled, failed, paused };
BOOST_DESCRIBE_ENUM(FeedState, connecting, live, stalled, failed, paused)

struct FeedStatus {
  FeedState state = FeedState::connecting;
  media::Reason reason = media::Reason::starting;
  UtcTime since;
  std::string note;                // of who paused it
  std::string source_description;  // redacted
  double declared_fps = 0;         // 0: not known
  std::optional<media::ClockQuality> clock;
  std::uint64_t packets_lost = 0;
  std::uint64_t reconnects = 0;
  std::optional<UtcTime> last_frame_at;
};

// By every browser.
inline bool plays_everywhere(const media::Tracks& tracks) {
  return tracks.front().codec == media::Codec::h264 ||
         tracks.front().kind() == media::TrackKind::audio;
}

// One rendition's channel with the signal its viewers wait on.
struct LiveRendition {
  LiveRendition(live::ChannelOptions options, const Clock& clock)
      : channel(options, clock, [this] { changed.notify(); }) {}
  http::Signal changed;  // before the channel, which notifies it
  live::Channel channel;
};

// Thread-safe; lives as long as anyone holds it, also after it was removed.
class Feed {
 public:
  virtual ~Feed() = default;
  virtual const FeedId& id() const = 0;
  virtual std::shared_ptr<const FeedSettings> settings() const = 0;
  virtual FeedStatus status() const = 0;
  // Null when the feed has no such rendition. `made` exists for every feed and is filled while it
  // is wanted.
  virtual std::shared_ptr<LiveRendition> rendition(media::Rendition which) const = 0;
  // Someone watches the made rendition now: starts it, and keeps it for 30 s. Never blocks. False
  // when as many are running as may, and of what plays everywhere, of which none is made.
  virtual bool want_made() = 0;
  // Moves when the status changes.
  virtual http::Signal& status_changed() = 0;
};
using FeedPtr = std::shared_ptr<Feed>;

// Thread-safe. What says that it blocks writes to the database.
class FeedDirectory {
 public:
  virtual ~FeedDirectory() = default;
  virtual std::vector<Sector> sectors() const = 0;
  virtual std::vector<Site> sites() const = 0;
  virtual std::vector<FeedPtr> feeds() const = 0;
  virtual FeedPtr find(const FeedId& id) const = 0;  // null: none
  // Errors: conflict (exists, or declared in the file), invalid (source), not_found. Block.
  virtual Result<void> add(FeedSettings settings) = 0;
  virtual Result<void> change(FeedSettings settings) = 0;
  virtual Result<void> remove(const FeedId& id) = 0;
  virtual Result<void> pause(const FeedId& id, std::string note) = 0;
  virtual Result<void> resume(const FeedId& id) = 0;
  // Notified when any feed's status changed or the list did.
  virtual http::Signal& changed() = 0;
};

// What a test of a source found.
struct ProbedTrack {
  std::string kind;
  std::string codec;
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::int64_t sample_rate = 0;
  std::int64_t channels = 0;
  double frames_per_s = 0;
};
BOOST_DESCRIBE_STRUCT(ProbedTrack, (),
                      (kind, codec, width, height, sample_rate, channels, frames_per_s))
struct ProbedSource {
  std::vector<ProbedTrack> tracks;
  std::optional<Bytes> picture;  // JPEG
};

// Work on pictures. Decoding is done in worker processes. Calls block.
class PictureWorkers {
 public:
  virtual ~PictureWorkers() = default;
  // A JPEG of the frame shown `offset_90k` after the first of `parts`, at most `width` pixels wide.
  // `parts` starts with an independent part. Errors: unsupported, unavailable (busy), deadline.
  virtual Result<Bytes> still(ByteView init, ByteView parts, std::int64_t offset_90k,
                              int width) = 0;
  virtual Result<ProbedSource> probe(const Secret& source) = 0;
};

}  // namespace oriel::api
