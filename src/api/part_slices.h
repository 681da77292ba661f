// A part of the live ring as slices for the network, without a copy.
#pragma once
#include <vector>

#include "http/message.h"
#include "media/part.h"

namespace oriel::api {

// Decode times from the run's start; with `muted` the sound is left out: zeros stand for it.
std::vector<http::MemorySlice> part_slices(const media::Part& part, bool muted);

}  // namespace oriel::api
