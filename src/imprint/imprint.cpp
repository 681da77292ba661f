#include "imprint/imprint.h"

#include "imprint/formats.h"

namespace oriel::imprint {
namespace {

using Marker = Result<Changes> (*)(Look&, const Legend&);

struct Format {
  std::string_view type;
  Marker mark;
};

Result<Changes> mark_mp4(Look& look, const Legend& legend) {
  return mark_movie(look, legend, false);
}
Result<Changes> mark_quicktime(Look& look, const Legend& legend) {
  return mark_movie(look, legend, true);
}

constexpr Format kFormats[] = {
    {"image/jpeg", mark_jpeg},
    {"image/png", mark_png},
    {"video/mp4", mark_mp4},
    {"audio/mp4", mark_mp4},
    {"video/quicktime", mark_quicktime},
    {"audio/mpeg", mark_mp3},
    {"audio/flac", mark_flac},
    {"audio/ogg", mark_ogg},
    {"audio/wav", mark_wav},
    {"model/gltf-binary", mark_glb},
    {"model/gltf+json", mark_gltf},
    // A glTF in text is told from another JSON by its asset.
    {"application/json", mark_gltf},
    {"application/pdf", mark_pdf},
};

const Format* find_format(std::string_view type) {
  for (const auto& format : kFormats)
    if (format.type == type) return &format;
  return nullptr;
}

}  // namespace

bool has_place(std::string_view type) { return find_format(type) != nullptr; }

Result<Imprinted> imprint(const Source& source, std::string_view type, const Legend& legend) {
  const auto* format = find_format(type);
  if (format == nullptr)
    return fail(ErrorKind::unsupported,
                "files of the type " + std::string(type) + " have no place for credits");
  Look look(source);
  ORIEL_TRY_ASSIGN(auto changes, format->mark(look, bounded(legend)));
  Imprinted made;
  ORIEL_TRY_ASSIGN(made.pieces, pieces_of(std::move(changes), source.bytes()));
  for (const auto& piece : made.pieces) made.bytes += piece.bytes;
  return made;
}

}  // namespace oriel::imprint
