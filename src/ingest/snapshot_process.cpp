#include "ingest/snapshot_process.h"

#include "ingest/snapshot_worker.h"

namespace oriel::ingest {

Result<Bytes> SnapshotPool::jpeg(ByteView init, ByteView segment, std::int64_t offset_90k,
                                 int width) {
  if (init.size() + segment.size() > kPayloadBytesMax - 64)
    return fail(ErrorKind::unsupported, "the segment is too long for a picture");
  PictureRequest wanted;
  wanted.init.assign(init.begin(), init.end());
  wanted.segment.assign(segment.begin(), segment.end());
  wanted.offset_90k = offset_90k;
  wanted.width = width;
  ORIEL_TRY_ASSIGN(Message answer, pool_.ask(make_message(wanted)));
  if (answer.type == MessageType::jpeg) return std::move(answer.payload);
  const std::string why(as_text(answer.payload).substr(0, 200));
  return fail(
      why.find("only sound") != std::string::npos ? ErrorKind::not_found : ErrorKind::data_loss,
      why);
}

}  // namespace oriel::ingest
