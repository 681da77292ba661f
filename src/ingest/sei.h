// Supplemental enhancement information of H.264 (ISO/IEC 14496-10 annex D) and H.265 (ISO/IEC
// 23008-2 annex D). Pure; reads bytes from outside, and only what is there.
#pragma once
#include <optional>

#include "base/bytes.h"
#include "base/time.h"
#include "media/track.h"

namespace oriel::ingest {

struct SeiFacts {
  // H.264: decoding can start here although this is no IDR (D.1.8).
  bool recovery_point = false;
  // The precision time stamp of MISB ST 0604, where the camera says that its clock is locked.
  std::optional<UtcTime> captured;
};

// `nal` is one SEI unit with its header, emulation prevention included. What cannot be read ends
// the walk; what was found before counts.
SeiFacts read_sei(media::Codec codec, ByteView nal);

}  // namespace oriel::ingest
