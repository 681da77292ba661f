#include "image/vips_image.h"

#include <algorithm>

namespace oriel::image {
namespace {

constexpr int kJpegQuality = 85;

bool mentions(const std::string& text, std::string_view word) {
  return text.find(word) != std::string::npos;
}

}  // namespace

Error vips_failure() {
  std::string said(vips_error_buffer());
  vips_error_clear();
  if (mentions(said, "Premature end") || mentions(said, "truncated") ||
      mentions(said, "out of data") || mentions(said, "Read error") ||
      mentions(said, "read error") || mentions(said, "end of file"))
    return {ErrorKind::data_loss, "the picture ends early: it is cut short"};
  if (mentions(said, "not a known file format") || mentions(said, "operation is blocked"))
    return {ErrorKind::unsupported, "only JPEG, PNG, WebP, TIFF and GIF are read as pictures"};
  if (mentions(said, "No space left")) return {ErrorKind::exhausted, "the disk is full"};
  // The first line is the cause; a path in it is nobody's business.
  said = said.substr(0, said.find('\n'));
  for (auto at = said.find('/'); at != std::string::npos; at = said.find('/'))
    said.erase(at, std::min(said.find_first_of(" \":", at), said.size()) - at);
  return {ErrorKind::data_loss, "the picture cannot be read: " + said};
}

Result<Image> in_plain_colour(Image image) {
  const bool cmyk = vips_image_guess_interpretation(image.get()) == VIPS_INTERPRETATION_CMYK;
  const bool grey = image->Bands < 3;
  const bool profiled = vips_image_get_typeof(image.get(), VIPS_META_ICC_NAME) != 0;
  if (cmyk || (profiled && !grey)) {
    auto converted = made([&](VipsImage** out) {
      return vips_icc_transform(image.get(), out, "srgb", "embedded", TRUE, "input_profile",
                                cmyk ? "cmyk" : "srgb", "intent", VIPS_INTENT_RELATIVE, nullptr);
    });
    if (!converted && cmyk) return converted;
    // A profile that cannot be used is as none.
    if (converted) image = std::move(*converted);
  }
  const auto wanted = grey ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB;
  if (vips_image_guess_interpretation(image.get()) != wanted) {
    ORIEL_TRY_ASSIGN(image, made([&](VipsImage** out) {
                       return vips_colourspace(image.get(), out, wanted, nullptr);
                     }));
  }
  if (vips_image_hasalpha(image.get())) {
    VipsArrayDouble* white = vips_array_double_newv(1, 255.0);
    auto flat = made([&](VipsImage** out) {
      return vips_flatten(image.get(), out, "background", white, nullptr);
    });
    vips_area_unref(VIPS_AREA(white));
    ORIEL_TRY_ASSIGN(image, std::move(flat));
  }
  if (const int bands = grey ? 1 : 3; image->Bands > bands) {
    ORIEL_TRY_ASSIGN(image, made([&](VipsImage** out) {
                       return vips_extract_band(image.get(), out, 0, "n", bands, nullptr);
                     }));
  }
  if (image->BandFmt != VIPS_FORMAT_UCHAR) {
    ORIEL_TRY_ASSIGN(
        image, made([&](VipsImage** out) { return vips_cast_uchar(image.get(), out, nullptr); }));
  }
  return image;
}

Result<Bytes> as_jpeg(VipsImage* image) {
  void* data = nullptr;
  std::size_t bytes = 0;
  if (vips_jpegsave_buffer(image, &data, &bytes, "Q", kJpegQuality, "strip", TRUE, nullptr) != 0)
    return fail(vips_failure());
  const auto* begin = static_cast<const std::uint8_t*>(data);
  Bytes copy(begin, begin + bytes);
  g_free(data);
  return copy;
}

}  // namespace oriel::image
