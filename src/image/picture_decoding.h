// What libvips does with files from outside. Only in worker processes: it may crash, hang or take
// all memory that it is given.
#pragma once
#include <functional>
#include <string>

#include "base/bytes.h"
#include "base/result.h"
#include "image/image_request.h"
#include "image/picture_messages.h"

namespace oriel::image {

// Larger pictures are refused: 1 gigapixel is 4 GiB in memory where a format cannot be read in
// order.
inline constexpr std::int64_t kPicturePixelsMax = 1'000'000'000;

// Once, before any other call. Only the readers of JPEG, PNG, WebP, TIFF and GIF are left: the
// others have had too many holes (libvips's own list of untrusted ones and more).
Result<void> start_decoding();

// All block. Errors: unsupported (no such picture, or one that is too large), data_loss (it ends
// early or is damaged), exhausted (the disk is full; the result is too long for a message).
Result<FileFacts> describe_picture(const std::string& path);
// Region, size, mirror, turn, quality and format, in this order; in sRGB or grey, without alpha
// (over white), turned as EXIF says.
Result<Bytes> cut_picture(const std::string& path, const ImageCut& cut);
// The same out of the tiles of a pyramid.
Result<Bytes> cut_pyramid(const std::string& path, const ImageCut& cut);
// Reads the picture once, in order, within a few strips of memory; `progress` is told 0 to 1000.
Result<void> make_pyramid(const std::string& path, const std::string& to,
                          const std::function<void(int)>& progress);

}  // namespace oriel::image
