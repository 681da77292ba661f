// Closed recordings as the verifier, the notary and the rebuild read them.
#pragma once
#include <optional>
#include <vector>

#include "archive/catalog.h"
#include "base/sha256.h"
#include "store/database.h"

namespace oriel::archive {

struct HashedRecording {
  RecordingRow row;
  std::optional<Sha256Digest> sha256;
};

// Of all renditions that start within the span, by rendition and start.
Result<std::vector<HashedRecording>> closed_recordings(store::Session& session, const FeedId& feed,
                                                       UtcSpan span);
// The next ones by id, above `after`.
Result<std::vector<HashedRecording>> closed_recordings_after(store::Session& session,
                                                             RecordingId after,
                                                             std::size_t count_max);
Result<std::optional<HashedRecording>> closed_recording(store::Session& session, RecordingId id);

Result<void> set_hash(store::Session& session, RecordingId id, const Sha256Digest& sha256);

}  // namespace oriel::archive
