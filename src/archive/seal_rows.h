// Rows about seals: which days have something to seal, and the head of each seal. What a seal lists
// stands in its file (seal.h), not here: a recording costs the database its hash and nothing more.
#pragma once
#include <optional>
#include <vector>

#include "archive/seal.h"
#include "store/database.h"

namespace oriel::archive {

// In the transaction that closes or deletes a recording: its feed's day gets another seal.
Result<void> mark_unsealed(store::Session& session, const FeedId& feed, Day day);

// In the transaction that deletes a recording: the deletion becomes an entry of the day it happens.
struct DeletedRecording {
  RecordingId id;
  FeedId feed;
  media::Rendition rendition = media::Rendition::main;
  UtcSpan span;
  RecordingId replaced_by;  // 0: nothing took its place
};
Result<void> note_deleted(store::Session& session, const DeletedRecording& deleted, UtcTime now);

struct UnsealedDay {
  FeedId feed;
  Day day;
};
// Days that were over at `now`, at most `count_max`.
Result<std::vector<UnsealedDay>> unsealed_days(store::Session& session, UtcTime now,
                                               std::size_t count_max);

// Heads of a feed by number, from `number` on; of one day only where that is given.
Result<std::vector<SealHead>> seal_heads(store::Session& session, const FeedId& feed,
                                         std::optional<Day> day = std::nullopt);
Result<std::optional<SealHead>> last_seal(store::Session& session, const FeedId& feed);
// `unwritten`: the seal's text, until it is in a file; empty: it is.
Result<void> put_seal(store::Session& session, const SealHead& head, std::string_view unwritten);

}  // namespace oriel::archive
