// What each format does to say a Legend. Each reads what it needs, and gives the changes that the
// file is to undergo. Errors: unsupported (it cannot be put in, and why), data_loss (the file is
// not what it should be), those of the source.
#pragma once
#include <string_view>

#include "imprint/legend.h"
#include "imprint/source.h"

namespace oriel::imprint {

Result<Changes> mark_jpeg(Look& look, const Legend& legend);
Result<Changes> mark_png(Look& look, const Legend& legend);
// ISO BMFF; `quicktime` has another place for the list of tags, and keeps its own.
Result<Changes> mark_movie(Look& look, const Legend& legend, bool quicktime);
Result<Changes> mark_mp3(Look& look, const Legend& legend);
Result<Changes> mark_flac(Look& look, const Legend& legend);
Result<Changes> mark_ogg(Look& look, const Legend& legend);
Result<Changes> mark_wav(Look& look, const Legend& legend);
Result<Changes> mark_glb(Look& look, const Legend& legend);
Result<Changes> mark_gltf(Look& look, const Legend& legend);
Result<Changes> mark_pdf(Look& look, const Legend& legend);

// An ID3v2.4 tag that says it; frames of the tag `old` about other things are kept. Errors:
// unsupported (it became too long).
Result<Bytes> id3_tag(const Legend& legend, ByteView old);

}  // namespace oriel::imprint
