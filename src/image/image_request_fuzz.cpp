// The path of an image request as it comes from the net, against a picture of any size.
#include <array>

#include "base/bytes.h"
#include "image/image_request.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace oriel;
  if (size < 4) return 0;
  const image::Extent picture{1 + data[0] * 257 + data[1], 1 + data[2] * 257 + data[3]};
  std::string_view rest = as_text(ByteView(data + 4, size - 4));
  std::array<std::string_view, 4> words;
  for (auto& word : words) {
    const auto slash = rest.find('/');
    word = rest.substr(0, slash);
    rest.remove_prefix(slash == std::string_view::npos ? rest.size() : slash + 1);
  }
  const auto request = image::ImageRequest::parse({words[0], words[1], words[2], words[3]});
  if (!request) return 0;
  const auto cut = request->resolve(picture);
  if (!cut) return 0;
  const bool inside = cut->x >= 0 && cut->y >= 0 && cut->region.width > 0 &&
                      cut->region.height > 0 && cut->x + cut->region.width <= picture.width &&
                      cut->y + cut->region.height <= picture.height;
  const bool given =
      cut->size.width > 0 && cut->size.height > 0 && cut->size.width <= cut->region.width &&
      cut->size.height <= cut->region.height && cut->size.pixels() <= image::kGivenPixelsMax;
  ORIEL_CHECK(inside && given);
  // The canonical form names the same picture.
  const std::string text = image::canonical(*cut, picture);
  std::string_view left = text;
  for (auto& word : words) {
    const auto slash = left.find('/');
    word = left.substr(0, slash);
    left.remove_prefix(slash == std::string_view::npos ? left.size() : slash + 1);
  }
  const auto again = image::ImageRequest::parse({words[0], words[1], words[2], words[3]});
  ORIEL_CHECK(again.has_value());
  const auto same = again->resolve(picture);
  ORIEL_CHECK(same && *same == *cut);
  return 0;
}
