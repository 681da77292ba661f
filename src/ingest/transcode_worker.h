// The worker's side of re-encoding to H.264: `oriel worker transcode`.
#pragma once

namespace oriel::ingest {

// Reads messages from `in_fd` and writes messages to `out_fd` until the other side is gone: a
// TranscodeRequest, then packets or CMAF bytes. Gives the process's exit status: 0 when the input
// ended, 1 after a failure, which was told to the other side.
int run_transcode_worker(int in_fd, int out_fd);

}  // namespace oriel::ingest
