// Tracks as the text that a row of `init` keeps beside the init segment's bytes.
#pragma once
#include <string>
#include <string_view>

#include "base/result.h"
#include "media/track.h"

namespace oriel::archive {

std::string format_tracks(const media::Tracks& tracks);
// Errors: data_loss.
Result<media::Tracks> parse_tracks(std::string_view text);

}  // namespace oriel::archive
