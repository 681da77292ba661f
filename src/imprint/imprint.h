// Credits inside files: where the format has a place, a copy of the file says title, makers, credit
// and licence itself, in the words that other programs read. Nothing is decoded, and the file is
// not held in memory: a copy is stretches of the original with a few bytes between.
//
//   JPEG               APP1 with XMP (XMP part 3, 1.1.3), at most 64 KB
//   PNG                iTXt XML:com.adobe.xmp (XMP part 3, 1.1.5)
//   MP4, M4A           moov/udta/meta/ilst as players show it, and a uuid box with XMP at the end;
//                      where moov stands first chunk offsets, base offsets of fragments and the
//                      table of random access move with it
//   QuickTime          the uuid box
//   MP3                ID3v2.4; frames about other things stay
//   FLAC, Ogg          Vorbis comments; in Ogg (Vorbis, Opus) the pages of the headers stay as many
//                      as they were, so that all others keep their numbers and check sums
//   WAV                LIST INFO and an id3 chunk, behind the samples
//   GLB, glTF          asset.copyright and asset.extras
//   PDF                an incremental update with a metadata stream (ISO 32000-1, 7.5.6
//   and 14.3.2);
//                      one that is encrypted, signed, or whose index is compressed is left alone
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "imprint/legend.h"
#include "imprint/source.h"

namespace oriel::imprint {

struct Imprinted {
  std::vector<Piece> pieces;
  std::uint64_t bytes = 0;
};

// Whether files of that media type have a place for it; one of them may still have none.
bool has_place(std::string_view type);

// The file of `type` with `legend` inside. Reads within the bounds of Look; the legend is cut as
// bounded() does. Errors: unsupported (it has no place, and why), data_loss (it cannot be read as
// what it says it is), those of the source.
Result<Imprinted> imprint(const Source& source, std::string_view type, const Legend& legend);

}  // namespace oriel::imprint
