#include "image/pyramid.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <sys/stat.h>

namespace oriel::image {
namespace {

constexpr std::string_view kMagic = "ORIELPYR";
constexpr std::uint32_t kVersion = 1;
// Of a picture with a billion pixels there are 5,100.
constexpr std::uint32_t kTilesMax = 1'000'000;

void put(Bytes& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
}

std::uint64_t number_at(ByteView in, std::size_t at, int bytes) {
  std::uint64_t value = 0;
  for (int i = 0; i < bytes; ++i)
    value |= std::uint64_t{in[at + static_cast<std::size_t>(i)]} << (8 * i);
  return value;
}

Result<Bytes> read_at(int fd, std::uint64_t offset, std::size_t bytes) {
  Bytes read(bytes);
  std::size_t at = 0;
  while (at < bytes) {
    const ssize_t count =
        ::pread(fd, read.data() + at, bytes - at, static_cast<off_t>(offset + at));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(errno_error(errno, "read a pyramid"));
    if (count == 0) return fail(ErrorKind::data_loss, "the pyramid is cut short");
    at += static_cast<std::size_t>(count);
  }
  return read;
}

Result<void> write_at(int fd, std::uint64_t offset, ByteView bytes) {
  while (!bytes.empty()) {
    const ssize_t count = ::pwrite(fd, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail(errno_error(errno, "write a pyramid"));
    offset += static_cast<std::uint64_t>(count);
    bytes = bytes.subspan(static_cast<std::size_t>(count));
  }
  return {};
}

std::int32_t half(std::int32_t side) { return (side + 1) / 2; }
std::int32_t tiles_along(std::int32_t side) { return (side + kTileSide - 1) / kTileSide; }

}  // namespace

PyramidShape::PyramidShape(Extent picture) {
  Extent size = picture;
  for (;;) {
    const Level level{size, tiles_along(size.width), tiles_along(size.height), tiles};
    levels.push_back(level);
    tiles += static_cast<std::uint32_t>(level.columns) * static_cast<std::uint32_t>(level.rows);
    if (size.width <= kTileSide && size.height <= kTileSide) return;
    size = {half(size.width), half(size.height)};
  }
}

Result<std::shared_ptr<const Pyramid>> Pyramid::open(const std::string& path) {
  Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.get() < 0) return fail(errno_error(errno, "open a pyramid"));
  struct stat about {};
  if (::fstat(file.get(), &about) != 0) return fail(errno_error(errno, "open a pyramid"));
  const auto file_bytes = static_cast<std::uint64_t>(about.st_size);
  const auto broken = [] { return fail(ErrorKind::data_loss, "the pyramid is damaged"); };
  ORIEL_TRY_ASSIGN(const Bytes head, read_at(file.get(), 0, kPyramidHeadBytes));
  const auto width = number_at(head, 12, 4);
  const auto height = number_at(head, 16, 4);
  const auto tiles = number_at(head, 28, 4);
  const auto index = number_at(head, 32, 8);
  if (as_text(head).substr(0, kMagic.size()) != kMagic || number_at(head, 8, 4) != kVersion ||
      number_at(head, 20, 4) != kTileSide || width == 0 || height == 0 || width > INT32_MAX ||
      height > INT32_MAX || tiles > kTilesMax || width * height / kTileSide / kTileSide > tiles)
    return broken();
  std::shared_ptr<Pyramid> made(new Pyramid(
      std::move(file), {static_cast<std::int32_t>(width), static_cast<std::int32_t>(height)}));
  if (made->shape_.tiles != tiles || made->shape_.levels.size() != number_at(head, 24, 4) ||
      index < kPyramidHeadBytes || index > file_bytes ||
      file_bytes - index != tiles * kIndexEntryBytes)
    return broken();
  ORIEL_TRY_ASSIGN(const Bytes entries,
                   read_at(made->file_.get(), index, tiles * kIndexEntryBytes));
  for (std::size_t at = 0; at < entries.size(); at += kIndexEntryBytes) {
    const TilePlace place{number_at(entries, at, 8),
                          static_cast<std::uint32_t>(number_at(entries, at + 8, 4))};
    if (place.offset < kPyramidHeadBytes || place.offset > index || place.bytes == 0 ||
        place.bytes > index - place.offset)
      return broken();
    made->tiles_.push_back(place);
  }
  return std::shared_ptr<const Pyramid>(std::move(made));
}

std::optional<TilePlace> Pyramid::find_tile(const ImageCut& cut) const {
  if (cut.mirrored || cut.turn_deg != 0 || cut.format != Format::jpeg) return std::nullopt;
  if (cut.quality != Quality::normal && cut.quality != Quality::colour) return std::nullopt;
  for (std::size_t n = 0; n < shape_.levels.size(); ++n) {
    const auto& level = shape_.levels[n];
    const std::int64_t covered = std::int64_t{kTileSide} << n;
    if (cut.x % covered != 0 || cut.y % covered != 0) continue;
    const auto column = static_cast<std::int32_t>(cut.x / covered);
    const auto row = static_cast<std::int32_t>(cut.y / covered);
    if (cut.region.width != std::min<std::int64_t>(covered, size_.width - cut.x) ||
        cut.region.height != std::min<std::int64_t>(covered, size_.height - cut.y))
      continue;
    const Extent size{std::min(kTileSide, level.size.width - column * kTileSide),
                      std::min(kTileSide, level.size.height - row * kTileSide)};
    if (cut.size != size) continue;
    return tiles_[level.first + static_cast<std::uint32_t>(row * level.columns + column)];
  }
  return std::nullopt;
}

Result<Bytes> Pyramid::read(TilePlace place) const {
  return read_at(file_.get(), place.offset, place.bytes);
}

Result<PyramidWriter> PyramidWriter::create(const std::string& path, Extent size) {
  Descriptor file(::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600));
  if (file.get() < 0) return fail(errno_error(errno, "make a pyramid"));
  return PyramidWriter(std::move(file), size);
}

Result<void> PyramidWriter::add(std::uint32_t index, ByteView jpeg) {
  ORIEL_CHECK(index < tiles_.size());
  ORIEL_TRY(write_at(file_.get(), end_, jpeg));
  tiles_[index] = {end_, static_cast<std::uint32_t>(jpeg.size())};
  end_ += jpeg.size();
  return {};
}

Result<void> PyramidWriter::finish() {
  Bytes index;
  for (const auto& tile : tiles_) {
    ORIEL_CHECK(tile.bytes > 0);
    put(index, tile.offset, 8);
    put(index, tile.bytes, 4);
  }
  ORIEL_TRY(write_at(file_.get(), end_, index));
  Bytes head(kMagic.begin(), kMagic.end());
  put(head, kVersion, 4);
  put(head, static_cast<std::uint32_t>(size_.width), 4);
  put(head, static_cast<std::uint32_t>(size_.height), 4);
  put(head, kTileSide, 4);
  put(head, shape_.levels.size(), 4);
  put(head, shape_.tiles, 4);
  put(head, end_, 8);
  ORIEL_CHECK(head.size() == kPyramidHeadBytes);
  return write_at(file_.get(), 0, head);
}

}  // namespace oriel::image
