#include "ingest/film_process.h"

#include <algorithm>

#include <fcntl.h>
#include <sys/socket.h>

#include "ingest/worker_talk.h"

namespace oriel::ingest {

Result<FilmProcess> FilmProcess::begin(const FilmRequest& request, FilmOptions options) {
  ORIEL_TRY_ASSIGN(auto worker, WorkerProcess::start(options.command));
  fcntl(worker.fd(), F_SETFL, O_NONBLOCK);
  FilmProcess film(std::move(worker), std::move(options));
  ORIEL_TRY(film.send(make_message(request)));
  return film;
}

// Each wait ends there, so what is waited for is bounded, too.
SteadyTime FilmProcess::deadline(std::chrono::milliseconds own) const {
  return std::min(end_, std::chrono::steady_clock::now() + own);
}

void FilmProcess::request_stop() { ::shutdown(worker_.fd(), SHUT_RDWR); }

// A worker that failed has said why before it ended.
Result<void> FilmProcess::send(const Message& message) {
  const auto until = deadline(options_.frame_deadline);
  auto sent = send_to_worker(worker_.fd(), encode(message), until);
  if (sent || sent.error().kind != ErrorKind::unavailable) return sent;
  const auto said = receive_from_worker(worker_.fd(), until);
  if (said && said->type == MessageType::failed)
    return fail(ErrorKind::internal, std::string(as_text(said->payload).substr(0, 200)));
  return sent;
}

Result<void> FilmProcess::add(const FilmFrame& frame) {
  if (frame.init.size() + frame.part.size() > kPayloadBytesMax - 1024) return {};
  return send(make_message(frame));
}

Result<std::uint32_t> FilmProcess::finish() {
  ORIEL_TRY(send({MessageType::finish, {}}));
  ORIEL_TRY_ASSIGN(const Message answer,
                   receive_from_worker(worker_.fd(), deadline(options_.finish_deadline)));
  if (answer.type != MessageType::finish) {
    const std::string why(as_text(answer.payload).substr(0, 200));
    return fail(why.starts_with("no picture") ? ErrorKind::not_found : ErrorKind::internal, why);
  }
  WireReader in(answer.payload);
  const auto frames = in.u32();
  if (!in.ok()) return fail(ErrorKind::unavailable, "the worker talks nonsense");
  return frames;
}

}  // namespace oriel::ingest
