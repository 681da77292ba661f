// Of which moments a time-lapse is made.
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "access/gate.h"
#include "archive/archive.h"
#include "base/bytes.h"
#include "base/result.h"
#include "base/sun.h"
#include "base/time.h"

namespace oriel::api {

inline constexpr std::int64_t kFilmFrames_per_s = 25;
inline constexpr std::int64_t kFilmMin_s = 1;
inline constexpr std::int64_t kFilmMax_s = 120;

struct FilmWish {
  FeedId feed;
  UtcSpan span;
  std::int64_t length_s = 60;  // kFilmMin_s to kFilmMax_s
  // Only while the sun is up at this place.
  std::optional<GeoPoint> daylight_of;
};

// What can be filmed of a span: recorded, visible and, where that is wished, in daylight.
struct Filmable {
  std::vector<UtcSpan> spans;  // by time, not touching
  Duration missing;            // of the wished span: neither recorded nor visible
};
// Blocks on the database.
Result<Filmable> filmable(const archive::Archive& archive, const access::View& view,
                          const FilmWish& wish, UtcTime now);

struct FilmMoment {
  UtcTime at;
  UtcSpan within;  // what of the filmable it lies in: its picture is taken from there
};
// `count` moments, evenly over what can be filmed: what is missing takes no time in the film.
std::vector<FilmMoment> film_moments(const std::vector<UtcSpan>& spans, std::size_t count);

// One full picture of the archive.
struct KeyPicture {
  SharedBytes init;
  Bytes part;  // begins with it
  UtcTime at;
};

// Finds the full picture at or before each moment, or the next one where that lies before what can
// be filmed: a picture before the asked span may be withheld from who asks, and the film's key says
// nothing of it. The same picture is given once. Blocks on disk and database.
class KeyPictures {
 public:
  KeyPictures(const archive::Archive& archive, FeedId feed)
      : archive_(archive), feed_(std::move(feed)) {}
  // Nullopt: there is none, or it was given for the moment before. Errors: of the archive.
  Result<std::optional<KeyPicture>> find(const FilmMoment& moment, const access::View& view);

 private:
  Result<bool> load_row(UtcTime moment);

  const archive::Archive& archive_;
  const FeedId feed_;
  struct Place {
    std::uint32_t segment = 0;
    UtcTime start;
    UtcTime end;
    bool independent = false;
  };
  std::optional<archive::RecordingRow> row_;
  std::vector<Place> segments_;  // of row_
  std::optional<std::pair<RecordingId, std::uint32_t>> given_;
};

}  // namespace oriel::api
