// A Work: anything worth sharing.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include <boost/describe/class.hpp>
#include <boost/describe/enum.hpp>

#include "base/time.h"
#include "commons/file.h"
#include "commons/lesson.h"
#include "commons/text.h"

namespace oriel::commons {

// Stored by number: only append. `object` is one of a collection, with its accession number;
// `model` is three-dimensional; `holding` is a library's copy of a book.
enum class WorkKind : std::uint8_t {
  clip,
  still,
  sound,
  dataset,
  courseware,
  lesson,
  exhibit,
  travelling_exhibit,
  object,
  model,
  image,
  book,
  holding,
  talk,
  broadcast,
  news,
  live_window,
  game,
  pack,
};
BOOST_DESCRIBE_ENUM(WorkKind, clip, still, sound, dataset, courseware, lesson, exhibit,
                    travelling_exhibit, object, model, image, book, holding, talk, broadcast, news,
                    live_window, game, pack)
inline constexpr int kWorkKinds = static_cast<int>(WorkKind::pack) + 1;

// Stored by number: only append. Its address stays in every state: `withdrawn` can be published
// again, `deleted` is a tombstone that keeps title and kind only.
enum class WorkState : std::uint8_t { draft, in_review, published, withdrawn, deleted };
BOOST_DESCRIBE_ENUM(WorkState, draft, in_review, published, withdrawn, deleted)

// Who did what on it: a party, or the name of somebody who is none yet.
struct Maker {
  std::string party;  // a PartyId; "": see name
  std::string name;
  std::string role;  // "author", "photographer", "translator:zh", …; 1 to 64 bytes
  bool operator==(const Maker&) const = default;
};
BOOST_DESCRIBE_STRUCT(Maker, (), (party, name, role))

// The span of a feed that it was cut from; `end` equal to `start` for a still.
struct MomentOf {
  std::string feed;
  UtcTime start;
  UtcTime end;
  bool operator==(const MomentOf&) const = default;
};
BOOST_DESCRIBE_STRUCT(MomentOf, (), (feed, start, end))

struct WorkPlace {
  double latitude = 0;  // WGS 84, degrees; as the public may know it
  double longitude = 0;
  bool operator==(const WorkPlace&) const = default;
};
BOOST_DESCRIBE_STRUCT(WorkPlace, (), (latitude, longitude))

struct Ages {
  std::int64_t from = 0;
  std::int64_t to = 120;  // inclusive, years
  bool operator==(const Ages&) const = default;
};
BOOST_DESCRIBE_STRUCT(Ages, (), (from, to))

// What people write of it. A version is one of these.
struct WorkContent {
  WorkKind kind = WorkKind::image;
  LocalisedText title;  // at least one
  LocalisedText about;
  std::vector<std::string> languages;  // of what it holds; none for a picture without words
  std::vector<Maker> makers;           // in the order of the credits
  std::vector<std::string> stewards;   // PartyIds: who answers for it, in one house or several
  std::string licence;                 // URI of a Term; "": not said yet
  // Who must be named, in so many words; empty: makers and stewards.
  std::string credit;
  std::vector<std::string> terms;  // URIs of other Terms: SDG, subject, level, taxon, place
  std::vector<HeldFile> files;
  std::vector<std::string> parts;                  // WorkIds, in order
  std::vector<std::string> derived_from;           // WorkIds: what it was made of
  std::map<std::string, std::string> identifiers;  // by scheme: "accession", "isbn", "doi"
  std::optional<MomentOf> moment;
  std::optional<WorkPlace> place;
  std::string date;  // of what it shows: ISO 8601, "1932", "1932-05"; may be empty
  std::optional<Ages> audience;
  std::vector<LessonPage> pages;        // of courseware, lessons, exhibits
  std::optional<std::int64_t> minutes;  // that it takes, where it is taught or shown
  bool operator==(const WorkContent&) const = default;
};
BOOST_DESCRIBE_STRUCT(WorkContent, (),
                      (kind, title, about, languages, makers, stewards, licence, credit, terms,
                       files, parts, derived_from, identifiers, moment, place, date, audience,
                       pages, minutes))

struct Work : WorkContent {
  std::string id;  // of a WorkId
  std::int64_t version = 0;
  WorkState state = WorkState::draft;
  UtcTime made_at;
  std::string made_by;  // the account
  UtcTime changed_at;
  std::string changed_by;               // the account
  std::string note;                     // why it was changed, withdrawn or deleted; may be empty
  std::optional<UtcTime> published_at;  // the first time
  // Moves with every change of any Work: later changes have greater numbers.
  std::int64_t change = 0;
  bool operator==(const Work&) const = default;
};
BOOST_DESCRIBE_STRUCT(Work, (WorkContent),
                      (id, version, state, made_at, made_by, changed_at, changed_by, note,
                       published_at, change))

// The Works that it holds, each once: its parts, then what its pages show.
std::vector<std::string> held_works(const WorkContent& content);

// By itself, without looking whether what it names is there. Errors: invalid, naming the member.
Result<void> check(const WorkContent& content);

}  // namespace oriel::commons
