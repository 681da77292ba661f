// A picture out of the archive's own bytes. Only for workers: what decodes may crash.
#pragma once
#include "base/bytes.h"
#include "base/result.h"
#include "ingest/av_ptr.h"

namespace oriel::ingest {

// The picture shown `offset_90k` after the first decode time of `parts`, which begin with an
// independent part; the first one when all are later. Errors: data_loss (nothing there can be
// decoded), not_found (only sound), unsupported, exhausted.
Result<AvPtr<AVFrame>> decode_picture(ByteView init, ByteView parts, std::int64_t offset_90k);

// The full picture that an independent part begins with; the others are not looked at. Errors: as
// above.
Result<AvPtr<AVFrame>> decode_key_picture(ByteView init, ByteView part);

}  // namespace oriel::ingest
