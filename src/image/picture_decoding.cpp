#include "image/picture_decoding.h"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <optional>
#include <vector>

#include <fmt/format.h>

#include "image/pyramid.h"
#include "image/vips_image.h"
#include "ingest/worker_messages.h"

namespace oriel::image {
namespace {

constexpr int kPngCompression = 4;
// A photograph's levels of grey have their middle about here.
constexpr double kBitonalThreshold = 128;

void be_silent(const char*, GLogLevelFlags, const char*, void*) {}

using Reader = int (*)(const char* path, VipsImage** out, ...);

// By the first bytes, never by libvips's own search: among its readers are those of PDF and SVG,
// and blocking them (below) did not reach one that is a module of its own (8.14: PDF).
Reader reader_of(const std::string& path) {
  char head[12] = {};
  std::ifstream(path, std::ios::binary).read(head, sizeof(head));
  const std::string_view seen(head, sizeof(head));
  using namespace std::string_view_literals;
  if (seen.starts_with("\xff\xd8\xff")) return vips_jpegload;
  if (seen.starts_with("\x89PNG\r\n\x1a\n")) return vips_pngload;
  if (seen.starts_with("RIFF") && seen.substr(8) == "WEBP") return vips_webpload;
  if (seen.starts_with("GIF8")) return vips_gifload;
  for (const auto sign : {"II*\0"sv, "MM\0*"sv, "II+\0"sv, "MM\0+"sv})
    if (seen.starts_with(sign)) return vips_tiffload;
  return nullptr;
}

Result<Image> open_file(const std::string& path, VipsAccess access, int shrink) {
  const Reader reader = reader_of(path);
  if (reader == nullptr)
    return fail(ErrorKind::unsupported, "only JPEG, PNG, WebP, TIFF and GIF are read as pictures");
  return made([&](VipsImage** out) {
    if (reader == vips_jpegload)
      return vips_jpegload(path.c_str(), out, "access", access, "fail_on", VIPS_FAIL_ON_TRUNCATED,
                           "shrink", shrink, nullptr);
    return reader(path.c_str(), out, "access", access, "fail_on", VIPS_FAIL_ON_TRUNCATED, nullptr);
  });
}

// How it lies in its file.
struct Head {
  Extent size;  // as it is shown
  int orientation = 1;
  int pages = 1;
  bool jpeg = false;
};

Result<Head> read_head(const std::string& path) {
  ORIEL_TRY_ASSIGN(const Image image, open_file(path, VIPS_ACCESS_SEQUENTIAL, 1));
  Head head;
  head.size = {image->Xsize, image->Ysize};
  head.orientation = vips_image_get_orientation(image.get());
  head.pages = std::max(1, vips_image_get_n_pages(image.get()));
  if (vips_image_get_orientation_swap(image.get())) std::swap(head.size.width, head.size.height);
  head.jpeg = reader_of(path) == vips_jpegload;
  vips_error_clear();
  if (head.size.pixels() > kPicturePixelsMax) {
    return fail(ErrorKind::unsupported,
                fmt::format("the picture has {} x {} pixels; at most {} megapixels are read",
                            head.size.width, head.size.height, kPicturePixelsMax / 1'000'000));
  }
  return head;
}

// The pixels as they are shown, or at most `shrink` times smaller.
Result<Image> open_upright(const std::string& path, const Head& head, int shrink) {
  // What has to be turned is needed out of order; libvips puts it on disk where it is large.
  const auto access = head.orientation > 1 ? VIPS_ACCESS_RANDOM : VIPS_ACCESS_SEQUENTIAL;
  ORIEL_TRY_ASSIGN(auto image, open_file(path, access, head.jpeg ? shrink : 1));
  if (head.orientation <= 1) return image;
  return made([&](VipsImage** out) { return vips_autorot(image.get(), out, nullptr); });
}

struct Box {
  int left, top, width, height;
};

// What of a picture `scale` times smaller covers the region.
Box covered(const ImageCut& cut, double scale_x, double scale_y, Extent within) {
  const auto low = [](double value, int most) {
    return std::clamp(static_cast<int>(std::floor(value)), 0, most - 1);
  };
  const auto high = [](double value, int least, int most) {
    return std::clamp(static_cast<int>(std::ceil(value)), least + 1, most);
  };
  Box box{};
  box.left = low(cut.x * scale_x, within.width);
  box.top = low(cut.y * scale_y, within.height);
  const double right = (static_cast<double>(cut.x) + cut.region.width) * scale_x;
  const double bottom = (static_cast<double>(cut.y) + cut.region.height) * scale_y;
  box.width = high(right, box.left, within.width) - box.left;
  box.height = high(bottom, box.top, within.height) - box.top;
  return box;
}

Result<Image> cropped(Image image, const Box& box) {
  if (box.left == 0 && box.top == 0 && box.width == image->Xsize && box.height == image->Ysize)
    return image;
  return made([&](VipsImage** out) {
    return vips_crop(image.get(), out, box.left, box.top, box.width, box.height, nullptr);
  });
}

Result<Image> resized(Image image, Extent size) {
  if (image->Xsize == size.width && image->Ysize == size.height) return image;
  const double across = static_cast<double>(size.width) / image->Xsize;
  const double down = static_cast<double>(size.height) / image->Ysize;
  ORIEL_TRY_ASSIGN(image, made([&](VipsImage** out) {
                     return vips_resize(image.get(), out, across, "vscale", down, nullptr);
                   }));
  // Rounding may leave it a pixel off.
  if (image->Xsize == size.width && image->Ysize == size.height) return image;
  return made([&](VipsImage** out) {
    return vips_embed(image.get(), out, 0, 0, size.width, size.height, "extend", VIPS_EXTEND_COPY,
                      nullptr);
  });
}

Result<Image> turned(Image image, const ImageCut& cut) {
  if (!cut.mirrored && cut.turn_deg == 0) return image;
  // A file read in order gives its rows once.
  Image whole(vips_image_copy_memory(image.get()));
  if (!whole) return fail(vips_failure());
  image = std::move(whole);
  if (cut.mirrored) {
    ORIEL_TRY_ASSIGN(image, made([&](VipsImage** out) {
                       return vips_flip(image.get(), out, VIPS_DIRECTION_HORIZONTAL, nullptr);
                     }));
  }
  if (cut.turn_deg == 0) return image;
  const auto angle = cut.turn_deg == 90    ? VIPS_ANGLE_D90
                     : cut.turn_deg == 180 ? VIPS_ANGLE_D180
                                           : VIPS_ANGLE_D270;
  return made([&](VipsImage** out) { return vips_rot(image.get(), out, angle, nullptr); });
}

Result<Image> in_quality(Image image, Quality quality) {
  if (quality == Quality::normal || quality == Quality::colour) return image;
  if (image->Bands > 1) {
    ORIEL_TRY_ASSIGN(image, made([&](VipsImage** out) {
                       return vips_colourspace(image.get(), out, VIPS_INTERPRETATION_B_W, nullptr);
                     }));
  }
  if (quality == Quality::grey) return image;
  return made([&](VipsImage** out) {
    return vips_moreeq_const1(image.get(), out, kBitonalThreshold, nullptr);
  });
}

Result<Bytes> as_png(VipsImage* image) {
  void* data = nullptr;
  std::size_t bytes = 0;
  if (vips_pngsave_buffer(image, &data, &bytes, "compression", kPngCompression, "strip", TRUE,
                          nullptr) != 0)
    return fail(vips_failure());
  const auto* begin = static_cast<const std::uint8_t*>(data);
  Bytes copy(begin, begin + bytes);
  g_free(data);
  return copy;
}

// Resized, in plain colour, and all that follows.
Result<Bytes> finished(Image image, const ImageCut& cut) {
  ORIEL_TRY_ASSIGN(image, resized(std::move(image), cut.size));
  ORIEL_TRY_ASSIGN(image, in_plain_colour(std::move(image)));
  ORIEL_TRY_ASSIGN(image, turned(std::move(image), cut));
  ORIEL_TRY_ASSIGN(image, in_quality(std::move(image), cut.quality));
  ORIEL_TRY_ASSIGN(Bytes bytes,
                   cut.format == Format::png ? as_png(image.get()) : as_jpeg(image.get()));
  if (bytes.size() > ingest::kPayloadBytesMax)
    return fail(ErrorKind::exhausted, "the result is too long: ask for jpg, or for less");
  return bytes;
}

double downscale_of(const ImageCut& cut) {
  return std::min(static_cast<double>(cut.region.width) / cut.size.width,
                  static_cast<double>(cut.region.height) / cut.size.height);
}

// Of one level: its tiles `across` in a row, with the bytes they are decoded from.
struct Joined {
  std::vector<Bytes> bytes;
  Image image;
};

Result<void> join_tiles(const Pyramid& pyramid, const PyramidShape::Level& level, const Box& box,
                        Joined& joined) {
  const int first_column = box.left / kTileSide;
  const int first_row = box.top / kTileSide;
  const int last_column = (box.left + box.width - 1) / kTileSide;
  const int last_row = (box.top + box.height - 1) / kTileSide;
  std::vector<Image> tiles;
  std::vector<VipsImage*> borrowed;
  const int across = last_column - first_column + 1;
  joined.bytes.reserve(static_cast<std::size_t>(across * (last_row - first_row + 1)));
  for (int row = first_row; row <= last_row; ++row) {
    for (int column = first_column; column <= last_column; ++column) {
      const auto index = level.first + static_cast<std::uint32_t>(row * level.columns + column);
      ORIEL_TRY_ASSIGN(auto bytes, pyramid.read(pyramid.tile(index)));
      joined.bytes.push_back(std::move(bytes));
      const Bytes& kept = joined.bytes.back();
      ORIEL_TRY_ASSIGN(auto tile, made([&](VipsImage** out) {
                         return vips_jpegload_buffer(const_cast<std::uint8_t*>(kept.data()),
                                                     kept.size(), out, nullptr);
                       }));
      borrowed.push_back(tile.get());
      tiles.push_back(std::move(tile));
    }
  }
  if (tiles.size() == 1) {
    joined.image = std::move(tiles.front());
    return {};
  }
  ORIEL_TRY_ASSIGN(joined.image, made([&](VipsImage** out) {
                     return vips_arrayjoin(borrowed.data(), out, static_cast<int>(borrowed.size()),
                                           "across", across, nullptr);
                   }));
  return {};
}

}  // namespace

Result<void> start_decoding() {
  g_log_set_default_handler(be_silent, nullptr);
  if (VIPS_INIT("oriel") != 0) return fail(ErrorKind::internal, "libvips does not begin");
  vips_concurrency_set(1);  // there is a worker for each core
  vips_cache_set_max(0);    // nothing is asked twice
  vips_block_untrusted_set(TRUE);
  vips_operation_block_set("VipsForeignLoad", TRUE);
  for (const auto* reader : {"VipsForeignLoadJpeg", "VipsForeignLoadPng", "VipsForeignLoadWebp",
                             "VipsForeignLoadTiff", "VipsForeignLoadNsgif"})
    vips_operation_block_set(reader, FALSE);
  return {};
}

Result<FileFacts> describe_picture(const std::string& path) {
  ORIEL_TRY_ASSIGN(const Head head, read_head(path));
  return FileFacts{head.size, head.pages, 0};
}

Result<Bytes> cut_picture(const std::string& path, const ImageCut& cut) {
  ORIEL_TRY_ASSIGN(const Head head, read_head(path));
  const double downscale = downscale_of(cut);
  int shrink = 1;
  while (shrink < 8 && shrink * 2 <= downscale) shrink *= 2;
  ORIEL_TRY_ASSIGN(auto image, open_upright(path, head, shrink));
  const Extent size{image->Xsize, image->Ysize};
  const Box box = covered(cut, static_cast<double>(size.width) / head.size.width,
                          static_cast<double>(size.height) / head.size.height, size);
  ORIEL_TRY_ASSIGN(image, cropped(std::move(image), box));
  return finished(std::move(image), cut);
}

Result<Bytes> cut_pyramid(const std::string& path, const ImageCut& cut) {
  ORIEL_TRY_ASSIGN(const auto pyramid, Pyramid::open(path));
  const auto& levels = pyramid->shape().levels;
  const double downscale = downscale_of(cut);
  std::size_t n = 0;
  while (n + 1 < levels.size() && static_cast<double>(std::int64_t{2} << n) <= downscale) ++n;
  const double scale = 1.0 / static_cast<double>(std::int64_t{1} << n);
  Box box = covered(cut, scale, scale, levels[n].size);
  Joined joined;
  ORIEL_TRY(join_tiles(*pyramid, levels[n], box, joined));
  box.left %= kTileSide;
  box.top %= kTileSide;
  ORIEL_TRY_ASSIGN(auto image, cropped(std::move(joined.image), box));
  return finished(std::move(image), cut);
}

namespace {

// One level: takes rows from the top, gives tiles to the writer and every second row, averaged with
// its neighbour, to the next level.
class LevelMaker {
 public:
  LevelMaker(PyramidWriter& writer, std::size_t level, int bands, LevelMaker* next)
      : writer_(writer), level_(writer.shape().levels[level]), bands_(bands), next_(next) {
    row_bytes_ = static_cast<std::size_t>(level_.size.width) * static_cast<std::size_t>(bands);
    strip_.resize(row_bytes_ * static_cast<std::size_t>(std::min(kTileSide, level_.size.height)));
  }

  Result<void> take(const std::uint8_t* row) {
    std::copy_n(row, row_bytes_, strip_.data() + row_bytes_ * static_cast<std::size_t>(filled_));
    ++filled_;
    ++taken_;
    const bool last = taken_ == level_.size.height;
    if (next_ != nullptr) {
      if (taken_ % 2 == 0)
        ORIEL_TRY(give_half(above_.data(), row));
      else if (last)
        ORIEL_TRY(give_half(row, row));
      else
        above_.assign(row, row + row_bytes_);
    }
    if (filled_ == kTileSide || last) ORIEL_TRY(write_strip());
    return {};
  }

 private:
  Result<void> give_half(const std::uint8_t* upper, const std::uint8_t* lower) {
    const auto bands = static_cast<std::size_t>(bands_);
    const auto width = static_cast<std::size_t>(level_.size.width);
    half_.resize((width + 1) / 2 * bands);
    for (std::size_t x = 0; x < width; x += 2) {
      const std::size_t left = x * bands;
      const std::size_t right = std::min(x + 1, width - 1) * bands;
      for (std::size_t band = 0; band < bands; ++band) {
        const unsigned sum =
            upper[left + band] + upper[right + band] + lower[left + band] + lower[right + band];
        half_[x / 2 * bands + band] = static_cast<std::uint8_t>((sum + 2) / 4);
      }
    }
    return next_->take(half_.data());
  }

  Result<void> write_strip() {
    Image strip(vips_image_new_from_memory(strip_.data(),
                                           row_bytes_ * static_cast<std::size_t>(filled_),
                                           level_.size.width, filled_, bands_, VIPS_FORMAT_UCHAR));
    if (!strip) return fail(vips_failure());
    const auto colour = bands_ == 1 ? VIPS_INTERPRETATION_B_W : VIPS_INTERPRETATION_sRGB;
    ORIEL_TRY_ASSIGN(strip, made([&](VipsImage** out) {
                       return vips_copy(strip.get(), out, "interpretation", colour, nullptr);
                     }));
    for (int column = 0; column < level_.columns; ++column) {
      const int left = column * kTileSide;
      ORIEL_TRY_ASSIGN(const auto tile, made([&](VipsImage** out) {
                         return vips_crop(strip.get(), out, left, 0,
                                          std::min(kTileSide, level_.size.width - left), filled_,
                                          nullptr);
                       }));
      ORIEL_TRY_ASSIGN(const Bytes jpeg, as_jpeg(tile.get()));
      const int index = row_ * level_.columns + column;
      ORIEL_TRY(writer_.add(level_.first + static_cast<std::uint32_t>(index), jpeg));
    }
    ++row_;
    filled_ = 0;
    return {};
  }

  PyramidWriter& writer_;
  const PyramidShape::Level level_;
  const int bands_;
  LevelMaker* const next_;
  std::size_t row_bytes_ = 0;
  Bytes strip_;  // rows of one row of tiles
  Bytes above_;  // the upper row of a pair
  Bytes half_;
  int filled_ = 0;  // rows in strip_
  int taken_ = 0;
  int row_ = 0;  // of tiles
};

// What libvips's writing thread is given.
struct Sink {
  LevelMaker* first;
  const std::function<void(int)>& progress;
  int height;
  int told = -1;
  std::optional<Error> error;
};

int take_rows(VipsRegion* region, VipsRect* area, void* given) {
  Sink& sink = *static_cast<Sink*>(given);
  for (int y = area->top; y < area->top + area->height; ++y) {
    const auto done = sink.first->take(VIPS_REGION_ADDR(region, area->left, y));
    if (!done) {
      sink.error = done.error();
      return -1;
    }
  }
  const int permille =
      static_cast<int>(std::int64_t{1000} * (area->top + area->height) / sink.height);
  if (permille / 10 != sink.told / 10) sink.progress(sink.told = permille);
  return 0;
}

}  // namespace

Result<void> make_pyramid(const std::string& path, const std::string& to,
                          const std::function<void(int)>& progress) {
  ORIEL_TRY_ASSIGN(const Head head, read_head(path));
  ORIEL_TRY_ASSIGN(auto image, open_upright(path, head, 1));
  ORIEL_TRY_ASSIGN(image, in_plain_colour(std::move(image)));
  ORIEL_TRY_ASSIGN(auto writer, PyramidWriter::create(to, head.size));
  std::vector<std::unique_ptr<LevelMaker>> levels;
  LevelMaker* next = nullptr;
  for (std::size_t n = writer.shape().levels.size(); n-- > 0;) {
    levels.push_back(std::make_unique<LevelMaker>(writer, n, image->Bands, next));
    next = levels.back().get();
  }
  Sink sink{next, progress, head.size.height, -1, std::nullopt};
  const int status = vips_sink_disc(image.get(), take_rows, &sink);
  if (sink.error) return fail(*sink.error);
  if (status != 0) return fail(vips_failure());
  return writer.finish();
}

}  // namespace oriel::image
