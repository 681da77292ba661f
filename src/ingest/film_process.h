// The program's side of a time-lapse: one worker that takes pictures and leaves a file.
#pragma once
#include "base/result.h"
#include "base/time.h"
#include "ingest/film_worker.h"
#include "ingest/worker_process.h"

namespace oriel::ingest {

struct FilmOptions {
  WorkerCommand command{.name = "film",
                        .address_space_bytes = std::uint64_t{1} << 30,
                        .cpu_seconds = 900,
                        .niceness = 15};
  std::chrono::milliseconds frame_deadline{30'000};     // for one frame to be taken
  std::chrono::milliseconds finish_deadline{120'000};   // for the file to be made whole
  std::chrono::milliseconds whole_deadline{1'800'000};  // for all of it, from begin() on
};

// On one thread. The destructor ends the worker; a file that was not finished is not whole.
class FilmProcess {
 public:
  // Errors: exhausted (no process is to be had).
  static Result<FilmProcess> begin(const FilmRequest& request, FilmOptions options = {});
  // Wakes the call that waits for the worker, and lets every further one fail (unavailable). The
  // only call from another thread; the film must still be there.
  void request_stop();
  // Blocks while the worker has enough. Errors: deadline, unavailable, and what the worker says.
  Result<void> add(const FilmFrame& frame);
  // Frames in the file, which is whole then. Errors: as add(); not_found (no frame was decoded).
  Result<std::uint32_t> finish();

 private:
  FilmProcess(WorkerProcess worker, FilmOptions options)
      : worker_(std::move(worker)),
        options_(std::move(options)),
        end_(std::chrono::steady_clock::now() + options_.whole_deadline) {}
  Result<void> send(const Message& message);
  SteadyTime deadline(std::chrono::milliseconds own) const;

  WorkerProcess worker_;
  FilmOptions options_;
  SteadyTime end_;
};

}  // namespace oriel::ingest
