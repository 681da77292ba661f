// What is known of one moment of a feed: whether it can be seen, why not, and what is nearest.
#pragma once
#include <optional>

#include <boost/describe/enum.hpp>

#include "access/gate.h"
#include "archive/archive.h"
#include "base/result.h"
#include "base/time.h"
#include "media/reason.h"

namespace oriel::api {

enum class MomentState {
  recorded,
  missing,   // for the reason beside it
  withheld,  // from who asks
  deleted,   // by rule
  not_yet,   // in the future, or not shown yet
  before     // before the feed was declared
};
BOOST_DESCRIBE_ENUM(MomentState, recorded, missing, withheld, deleted, not_yet, before)

struct Moment {
  MomentState state = MomentState::missing;
  media::Reason reason = media::Reason::none;
  // The nearest moments before and after that this viewer may see; of a recorded one: itself.
  std::optional<UtcTime> earlier;
  std::optional<UtcTime> later;
};

// Blocks on the database. `view` is of `now`.
Result<Moment> find_moment(const archive::Archive& archive, const FeedId& feed,
                           const access::View& view, UtcTime at, UtcTime now);

struct Services;
struct Seen;
// Why there is nothing in a span, as far as this viewer may know. Blocks.
Error why_nothing(const Services& services, const Seen& seen, UtcSpan span);

}  // namespace oriel::api
