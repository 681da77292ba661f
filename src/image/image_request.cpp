#include "image/image_request.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <optional>

#include <fmt/format.h>

namespace oriel::image {
namespace {

// Ten digits on each side of the dot are more than any picture needs.
constexpr std::size_t kNumberLettersMax = 21;
constexpr std::int32_t kPixelsMax = 1'000'000'000;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::optional<std::int32_t> whole_number(std::string_view text) {
  if (text.empty() || !std::all_of(text.begin(), text.end(), is_digit)) return std::nullopt;
  std::int64_t number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc()) return kPixelsMax;
  return static_cast<std::int32_t>(std::min<std::int64_t>(number, kPixelsMax));
}

// Digits, and at most one dot with digits on both its sides: no sign, no exponent.
std::optional<double> decimal_number(std::string_view text) {
  if (text.empty() || text.size() > kNumberLettersMax) return std::nullopt;
  if (!is_digit(text.front()) || !is_digit(text.back())) return std::nullopt;
  std::size_t dots = 0;
  for (const char c : text) {
    if (c == '.')
      ++dots;
    else if (!is_digit(c))
      return std::nullopt;
  }
  if (dots > 1) return std::nullopt;
  double number = 0;
  const auto read = std::from_chars(text.data(), text.data() + text.size(), number);
  if (read.ec != std::errc()) return std::nullopt;
  return number;
}

// The text up to the next comma, which is taken, too; absent when there is no comma.
std::optional<std::string_view> take_item(std::string_view& text) {
  const auto comma = text.find(',');
  if (comma == std::string_view::npos) return std::nullopt;
  const auto item = text.substr(0, comma);
  text.remove_prefix(comma + 1);
  return item;
}

std::int32_t rounded(double value) {
  return static_cast<std::int32_t>(std::clamp<double>(std::round(value), 1, kPixelsMax));
}

double ratio(std::int32_t a, std::int32_t b) { return static_cast<double>(a) / b; }

// Scaled by one number, so that the shape stays; nothing is less than one pixel.
Extent scaled(Extent region, double by) {
  return {rounded(region.width * by), rounded(region.height * by)};
}

}  // namespace

Result<ImageRequest> ImageRequest::parse(const ImageWords& words) {
  ImageRequest request;
  ORIEL_TRY(request.parse_region(words.region));
  ORIEL_TRY(request.parse_size(words.size));
  ORIEL_TRY(request.parse_rotation(words.rotation));
  ORIEL_TRY(request.parse_file(words.file));
  return request;
}

Result<void> ImageRequest::parse_region(std::string_view text) {
  const auto wrong = [] {
    return fail(ErrorKind::invalid, "region: expected full, square, x,y,w,h or pct:x,y,w,h");
  };
  if (text == "full" || text == "square") {
    region_kind_ = text == "full" ? RegionKind::full : RegionKind::square;
    return {};
  }
  constexpr std::string_view kPercent = "pct:";
  const bool percent = text.starts_with(kPercent);
  if (percent) text.remove_prefix(kPercent.size());
  region_kind_ = percent ? RegionKind::percent : RegionKind::pixels;
  for (std::size_t i = 0; i < region_.size(); ++i) {
    std::string_view item = text;
    if (i + 1 < region_.size()) {
      const auto taken = take_item(text);
      if (!taken) return wrong();
      item = *taken;
    }
    if (percent) {
      const auto number = decimal_number(item);
      if (!number) return wrong();
      region_[i] = *number;
    } else {
      const auto number = whole_number(item);
      if (!number) return wrong();
      region_[i] = *number;
    }
  }
  if (region_[2] <= 0 || region_[3] <= 0)
    return fail(ErrorKind::invalid, "region: it has no width or no height");
  return {};
}

Result<void> ImageRequest::parse_size(std::string_view text) {
  const auto wrong = [] {
    return fail(ErrorKind::invalid, "size: expected max, w,  ,h  pct:n, w,h or !w,h");
  };
  if (text.starts_with('^'))
    return fail(ErrorKind::unsupported, "size: pictures are not made larger than they are");
  if (text == "max") return {};
  constexpr std::string_view kPercent = "pct:";
  if (text.starts_with(kPercent)) {
    const auto number = decimal_number(text.substr(kPercent.size()));
    if (!number || *number <= 0) return wrong();
    if (*number > 100) return fail(ErrorKind::invalid, "size: at most 100 percent");
    size_kind_ = SizeKind::percent;
    width_ = *number;
    return {};
  }
  const bool within = text.starts_with('!');
  if (within) text.remove_prefix(1);
  const auto left = take_item(text);
  if (!left) return wrong();
  const auto width = whole_number(*left);
  const auto height = whole_number(text);
  if ((!left->empty() && !width) || (!text.empty() && !height)) return wrong();
  if (within && (!width || !height)) return wrong();
  if (!width && !height) return wrong();
  if ((width && *width == 0) || (height && *height == 0))
    return fail(ErrorKind::invalid, "size: a picture has at least one pixel");
  width_ = width.value_or(0);
  height_ = height.value_or(0);
  if (within)
    size_kind_ = SizeKind::within;
  else if (width && height)
    size_kind_ = SizeKind::exact;
  else
    size_kind_ = width ? SizeKind::width : SizeKind::height;
  return {};
}

Result<void> ImageRequest::parse_rotation(std::string_view text) {
  mirrored_ = text.starts_with('!');
  if (mirrored_) text.remove_prefix(1);
  const auto degrees = decimal_number(text);
  if (!degrees || *degrees > 360) return fail(ErrorKind::invalid, "rotation: expected 0 to 360");
  for (const int turn : {0, 90, 180, 270, 360}) {
    if (*degrees != turn) continue;
    turn_deg_ = turn % 360;
    return {};
  }
  return fail(ErrorKind::invalid, "rotation: only quarter turns are offered: 0, 90, 180, 270");
}

Result<void> ImageRequest::parse_file(std::string_view text) {
  const auto dot = text.rfind('.');
  const auto quality = text.substr(0, dot);
  const auto format = dot == std::string_view::npos ? std::string_view() : text.substr(dot + 1);
  if (quality == "default")
    quality_ = Quality::normal;
  else if (quality == "color")
    quality_ = Quality::colour;
  else if (quality == "gray")
    quality_ = Quality::grey;
  else if (quality == "bitonal")
    quality_ = Quality::bitonal;
  else
    return fail(ErrorKind::invalid, "quality: expected default, color, gray or bitonal");
  if (format == "jpg")
    format_ = Format::jpeg;
  else if (format == "png")
    format_ = Format::png;
  else
    return fail(ErrorKind::invalid, "format: expected jpg or png");
  return {};
}

Result<void> ImageRequest::resolve_region(Extent picture, ImageCut& cut) const {
  cut.region = picture;
  if (region_kind_ == RegionKind::full) return {};
  if (region_kind_ == RegionKind::square) {
    const auto side = std::min(picture.width, picture.height);
    cut.x = (picture.width - side) / 2;
    cut.y = (picture.height - side) / 2;
    cut.region = {side, side};
    return {};
  }
  const bool percent = region_kind_ == RegionKind::percent;
  const double wide = percent ? picture.width / 100.0 : 1;
  const double high = percent ? picture.height / 100.0 : 1;
  const double left = std::round(region_[0] * wide);
  const double top = std::round(region_[1] * high);
  if (left >= picture.width || top >= picture.height)
    return fail(ErrorKind::invalid, "region: it lies outside the picture");
  cut.x = static_cast<std::int32_t>(left);
  cut.y = static_cast<std::int32_t>(top);
  cut.region.width = std::min(rounded(region_[2] * wide), picture.width - cut.x);
  cut.region.height = std::min(rounded(region_[3] * high), picture.height - cut.y);
  return {};
}

Result<void> ImageRequest::resolve_size(ImageCut& cut) const {
  const Extent region = cut.region;
  switch (size_kind_) {
    case SizeKind::max:
      cut.size = largest_given(region);
      return {};
    case SizeKind::within: {
      const double by = std::min({1.0, width_ / region.width, height_ / region.height});
      cut.size = scaled(region, by);
      cut.size.width = std::min(cut.size.width, static_cast<std::int32_t>(width_));
      cut.size.height = std::min(cut.size.height, static_cast<std::int32_t>(height_));
      const auto given = largest_given(cut.size);
      cut.size = given;
      return {};
    }
    case SizeKind::percent:
      cut.size = scaled(region, width_ / 100);
      break;
    case SizeKind::width:
      cut.size = {rounded(width_), rounded(region.height * (width_ / region.width))};
      break;
    case SizeKind::height:
      cut.size = {rounded(region.width * (height_ / region.height)), rounded(height_)};
      break;
    case SizeKind::exact:
      cut.size = {rounded(width_), rounded(height_)};
      break;
  }
  if (cut.size.width > region.width || cut.size.height > region.height)
    return fail(ErrorKind::invalid, "size: larger than the region, and nothing is made larger");
  if (cut.size.width > kGivenSideMax || cut.size.height > kGivenSideMax ||
      cut.size.pixels() > kGivenPixelsMax) {
    return fail(ErrorKind::invalid, fmt::format("size: at most {} pixels a side and {} in all",
                                                kGivenSideMax, kGivenPixelsMax));
  }
  return {};
}

Result<ImageCut> ImageRequest::resolve(Extent picture) const {
  ImageCut cut;
  cut.mirrored = mirrored_;
  cut.turn_deg = turn_deg_;
  cut.quality = quality_;
  cut.format = format_;
  ORIEL_TRY(resolve_region(picture, cut));
  ORIEL_TRY(resolve_size(cut));
  return cut;
}

Extent largest_given(Extent region) {
  const double by_side = ratio(kGivenSideMax, std::max(region.width, region.height));
  const double by_area =
      std::sqrt(static_cast<double>(kGivenPixelsMax) / static_cast<double>(region.pixels()));
  const double by = std::min(by_side, by_area);
  if (by >= 1) return region;
  // Rounded down: rounded up it could be over the bound.
  const auto down = [by](std::int32_t side) {
    return std::max(1, static_cast<std::int32_t>(side * by));
  };
  return {down(region.width), down(region.height)};
}

std::string canonical(const ImageCut& cut, Extent picture) {
  std::string text;
  if (cut.region == picture)
    text = "full/";
  else
    text = fmt::format("{},{},{},{}/", cut.x, cut.y, cut.region.width, cut.region.height);
  if (cut.size == largest_given(cut.region))
    text += "max/";
  else
    text += fmt::format("{},{}/", cut.size.width, cut.size.height);
  constexpr const char* kQualities[] = {"default", "color", "gray", "bitonal"};
  text += fmt::format("{}{}/{}.{}", cut.mirrored ? "!" : "", cut.turn_deg,
                      kQualities[static_cast<std::size_t>(cut.quality)],
                      cut.format == Format::png ? "png" : "jpg");
  return text;
}

}  // namespace oriel::image
