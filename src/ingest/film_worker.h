// The worker's side of time-lapses: `oriel worker film`.
#pragma once
#include <cstdint>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "ingest/worker_messages.h"
#include "media/movie_tags.h"

namespace oriel::ingest {

struct FilmRequest {
  std::string path;  // of the file to be made; its folder exists
  std::int32_t width_max = 1280;
  std::int32_t height_max = 720;
  std::int32_t frames_per_s = 25;
  media::MovieTags tags;
};

struct FilmFrame {
  Bytes init;
  Bytes part;         // independent: its first picture is shown
  std::string label;  // drawn into the picture: digits, '-', ':', '+', ' ', 'U', 'T', 'C'
};

Message make_message(const FilmRequest& request);
Message make_message(const FilmFrame& frame);
// Errors: data_loss.
Result<FilmRequest> parse_film_request(ByteView payload);
Result<FilmFrame> parse_film_frame(ByteView payload);

// Takes a request, frames and `finish`; answers `finish` with the number of frames in the file (4
// bytes), or a failure. A frame that cannot be decoded is left out. Gives the process's exit
// status.
int run_film_worker(int in_fd, int out_fd);

}  // namespace oriel::ingest
