// The worker's side of pictures: `oriel worker picture`.
#pragma once

namespace oriel::image {

// Answers each question, until the other side is gone. Gives the process's exit status.
int run_picture_worker(int in_fd, int out_fd);

}  // namespace oriel::image
