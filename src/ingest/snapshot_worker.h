// The worker's side of stills: `oriel worker snapshot`.
#pragma once
#include <cstdint>

#include "base/bytes.h"
#include "base/result.h"
#include "ingest/worker_messages.h"

namespace oriel::ingest {

struct PictureRequest {
  Bytes init;
  Bytes segment;                // whole parts, the first of them independent
  std::int64_t offset_90k = 0;  // from the segment's first decode time: the picture shown then
  std::int32_t width = 0;       // pixels; 0, or more than the picture has: as it is
};

Message make_message(const PictureRequest& request);
// Errors: data_loss.
Result<PictureRequest> parse_picture_request(ByteView payload);

// Answers each picture request with a jpeg or a failure, until the other side is gone. Gives the
// process's exit status.
int run_snapshot_worker(int in_fd, int out_fd);

}  // namespace oriel::ingest
