// Rows of the table gap: laid so that they never overlap, and as few as can be.
#pragma once
#include "archive/catalog.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/time.h"
#include "media/reason.h"
#include "store/database.h"

namespace oriel::archive {

// The span is missing for this reason from now on. What lay there is cut to what is left of it,
// open gaps too, and what touches with the same reason becomes one row. Errors: the database's.
Result<void> lay_gap(store::Session& session, const FeedId& feed, UtcSpan span,
                     media::Reason reason);

// The main recording [span) leaves: its time becomes a gap `deleted`. Its row must be gone. What it
// told about unexplained time beside it, by why it began and ended, becomes a gap of its own, so
// that the coverage differs only where something was recorded. Errors: the database's.
struct LeavingRecording {
  FeedId feed;
  UtcSpan span;
  media::Reason began = media::Reason::none;
  media::Reason ended = media::Reason::none;
};
Result<void> leave_gap(store::Session& session, const LeavingRecording& recording);

// A reason of something that ended or began tells why nothing is recorded beside it.
constexpr bool explains(media::Reason reason) {
  return reason != media::Reason::none && reason != media::Reason::length_reached &&
         reason != media::Reason::deleted;
}

// How far apart two recordings may be and count as one. Where one follows another within a run
// nothing is missing, even where the clock was slewed meanwhile.
constexpr Duration join_of(media::Reason ended, media::Reason next_began) {
  const bool follows =
      ended == media::Reason::length_reached && next_began == media::Reason::length_reached;
  return follows ? Catalog::kSlewJoin : Catalog::kJoin;
}

}  // namespace oriel::archive
