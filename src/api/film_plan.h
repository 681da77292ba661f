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

// A segment of a recording, and whether a full picture begins it.
struct PicturePlace {
  std::uint32_t segment = 0;
  UtcTime start;
  bool independent = false;
};
// The full picture at or before the moment, or the next one where that lies before what can be
// filmed; `places` by time. Nullopt: there is none that may be shown.
std::optional<std::size_t> find_picture(const std::vector<PicturePlace>& places,
                                        const FilmMoment& moment, const access::View& view);

// One full picture of the archive.
struct KeyPicture {
  SharedBytes init;
  Bytes part;  // begins with it
  UtcTime at;
};

// Reads the full picture of each moment. One before what can be filmed is never taken: it may be
// withheld from who asks, and the film's key says nothing of it. The same picture is given once.
// Blocks on disk and database.
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
  std::optional<archive::RecordingRow> row_;
  std::vector<PicturePlace> segments_;  // of row_
  std::optional<std::pair<RecordingId, std::uint32_t>> given_;
};

}  // namespace oriel::api
