// Between libavcodec's parameters and our plain ones. Only for .cpp files of adapters.
#pragma once
#include "ingest/av_ptr.h"
#include "ingest/source.h"

namespace oriel::ingest {

StreamParameters from_av(const AVCodecParameters& parameters);
// Errors: unsupported (libavcodec does not know the codec), exhausted (no memory).
Result<AvPtr<AVCodecParameters>> to_av(const StreamParameters& parameters);
// An opened decoder with one thread. Errors: unsupported, invalid.
Result<AvPtr<AVCodecContext>> open_decoder(const StreamParameters& parameters,
                                           AVRational packet_timebase);

}  // namespace oriel::ingest
