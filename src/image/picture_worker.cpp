#include "image/picture_worker.h"

#include "image/picture_decoding.h"
#include "image/picture_messages.h"
#include "ingest/file_facts.h"
#include "ingest/libav_log.h"

namespace oriel::image {
namespace {

using ingest::Message;
using ingest::MessageType;

Result<Message> describe(ByteView payload) {
  ORIEL_TRY_ASSIGN(const auto request, parse_describe_request(payload));
  if (request.picture) {
    ORIEL_TRY_ASSIGN(const auto facts, describe_picture(request.path));
    return make_message(facts);
  }
  ORIEL_TRY_ASSIGN(const auto media, ingest::describe_media(request.path));
  return make_message(FileFacts{{media.width, media.height}, 1, media.duration_ms});
}

Result<Message> cut(ByteView payload) {
  ORIEL_TRY_ASSIGN(const auto request, parse_cut_request(payload));
  auto bytes = request.pyramid ? cut_pyramid(request.path, request.cut)
                               : cut_picture(request.path, request.cut);
  if (!bytes) return fail(std::move(bytes).error());
  return Message{MessageType::cut, std::move(*bytes)};
}

Result<Message> pyramid(ByteView payload, int out_fd) {
  ORIEL_TRY_ASSIGN(const auto request, parse_pyramid_request(payload));
  const auto progress = [out_fd](int permille) {
    ingest::WireWriter out;
    out.i32(permille);
    // Nobody listens any more: the next answer will find that out.
    static_cast<void>(ingest::write_message(out_fd, {MessageType::progress, out.take()}));
  };
  ORIEL_TRY(make_pyramid(request.path, request.to, progress));
  return Message{MessageType::pyramid, {}};
}

Result<Message> answer(const Message& question, int out_fd) {
  switch (question.type) {
    case MessageType::describe:
      return describe(question.payload);
    case MessageType::cut:
      return cut(question.payload);
    case MessageType::pyramid:
      return pyramid(question.payload, out_fd);
    default:
      return fail(ErrorKind::internal, "a question for another worker");
  }
}

}  // namespace

int run_picture_worker(int in_fd, int out_fd) {
  ingest::capture_libav_log();
  if (!start_decoding()) return 1;
  for (;;) {
    const auto question = ingest::read_message(in_fd);
    if (!question) return question.error().kind == ErrorKind::unavailable ? 0 : 1;
    const auto answered = answer(*question, out_fd);
    const auto written =
        ingest::write_message(out_fd, answered ? *answered : make_refusal(answered.error()));
    if (!written) return 0;
  }
}

}  // namespace oriel::image
