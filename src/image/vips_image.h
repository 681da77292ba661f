// Owning pointers for libvips's C objects. Only for the .cpp files of this folder's adapter.
#pragma once
#include <memory>
#include <string>

#include <vips/vips.h>

#include "base/bytes.h"
#include "base/result.h"
#include "image/image_request.h"

namespace oriel::image {

struct VipsImageDeleter {
  void operator()(VipsImage* image) const { g_object_unref(image); }
};
using Image = std::unique_ptr<VipsImage, VipsImageDeleter>;

// What libvips says went wrong, emptied; without paths.
Error vips_failure();

// The picture that `call(&out)` made; libvips's operations give 0 for success.
template <class Call>
Result<Image> made(const Call& call) {
  VipsImage* out = nullptr;
  if (call(&out) != 0) return fail(vips_failure());
  return Image(out);
}

// In sRGB or, with one band, in grey; 8 bits, without alpha.
Result<Image> in_plain_colour(Image image);
// Q 85, without metadata.
Result<Bytes> as_jpeg(VipsImage* image);

}  // namespace oriel::image
