// What a client of the IIIF Image API 3.0 wants (section 4): pure values, without a picture.
//
// Upscaling ("^") and angles other than quarter turns are not offered. The same picture has one
// canonical form (section 4.7), by which caches know it.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.h"

namespace oriel::image {

// In pixels.
struct Extent {
  std::int32_t width = 0;
  std::int32_t height = 0;
  std::int64_t pixels() const { return std::int64_t{width} * height; }
  bool operator==(const Extent&) const = default;
};

// The largest picture that is given out: what a worker makes within its bounds of memory and time.
inline constexpr std::int32_t kGivenSideMax = 16'384;
inline constexpr std::int64_t kGivenPixelsMax = 25'000'000;

enum class Quality : std::uint8_t { normal, colour, grey, bitonal };
enum class Format : std::uint8_t { jpeg, png };

// A request against one picture: the region in its pixels, then the size of the result, then the
// mirror, then the turn.
struct ImageCut {
  std::int32_t x = 0;
  std::int32_t y = 0;
  Extent region;
  Extent size;  // before it is turned
  bool mirrored = false;
  std::int32_t turn_deg = 0;  // clockwise: 0, 90, 180 or 270
  Quality quality = Quality::normal;
  Format format = Format::jpeg;
  bool operator==(const ImageCut&) const = default;
};

// The five parts of the path, decoded.
struct ImageWords {
  std::string_view region;
  std::string_view size;
  std::string_view rotation;
  std::string_view file;  // "default.jpg"
};

class ImageRequest {
 public:
  // Errors: invalid (400 in the standard), naming the part; unsupported ("^": 501).
  static Result<ImageRequest> parse(const ImageWords& words);
  // Errors: invalid (outside the picture, larger than the region or than what is given out).
  Result<ImageCut> resolve(Extent picture) const;

 private:
  enum class RegionKind : std::uint8_t { full, square, pixels, percent };
  enum class SizeKind : std::uint8_t { max, width, height, percent, exact, within };

  Result<void> parse_region(std::string_view text);
  Result<void> parse_size(std::string_view text);
  Result<void> parse_rotation(std::string_view text);
  Result<void> parse_file(std::string_view text);
  Result<void> resolve_region(Extent picture, ImageCut& cut) const;
  Result<void> resolve_size(ImageCut& cut) const;

  RegionKind region_kind_ = RegionKind::full;
  std::array<double, 4> region_{};  // x, y, width, height, in pixels or percent
  SizeKind size_kind_ = SizeKind::max;
  double width_ = 0;  // or percent
  double height_ = 0;
  bool mirrored_ = false;
  std::int32_t turn_deg_ = 0;
  Quality quality_ = Quality::normal;
  Format format_ = Format::jpeg;
};

// The largest of this shape that is given out; itself where it is small enough.
Extent largest_given(Extent region);
// "full/max/0/default.jpg".
std::string canonical(const ImageCut& cut, Extent picture);

}  // namespace oriel::image
