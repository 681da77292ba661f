// A pyramid: a picture at full size and halved again and again, each level cut into JPEG tiles that
// go out as they lie here.
//
// Layout, all numbers little endian:
//   0   "ORIELPYR"
//   8   version (4 bytes): 1
//   12  width (4), height (4) of the picture as it is shown
//   20  side of a tile in pixels (4): 512
//   24  levels (4)
//   28  tiles of all levels (4)
//   32  where the index begins (8)
//   40  the tiles' bytes, one after the other
//   then the index: for each tile its offset (8) and its bytes (4), level 0 (full size) first, each
//   level by rows from the top, each row from the left
// A side of level n is ceil(side / 2^n); the last level is one tile. A tile at the right or lower
// edge has only the pixels that are there.
//
// Valid: the head agrees with itself, and every tile lies between head and index. Crash: it is
// written under another name and renamed when it is whole; what carries its name is whole. It is a
// cache and is not synced: after a loss of power a file may be short, which open() sees by the
// index, or hold zeros, which a decoder sees; then it is to be deleted.
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"
#include "base/descriptor.h"
#include "base/result.h"
#include "image/image_request.h"

namespace oriel::image {

inline constexpr std::int32_t kTileSide = 512;
inline constexpr std::size_t kPyramidHeadBytes = 40;
inline constexpr std::size_t kIndexEntryBytes = 12;

// What follows from the size of a picture alone.
struct PyramidShape {
  struct Level {
    Extent size;
    std::int32_t columns = 0;
    std::int32_t rows = 0;
    std::uint32_t first = 0;  // index of its first tile
  };
  explicit PyramidShape(Extent picture);
  std::vector<Level> levels;  // full size first
  std::uint32_t tiles = 0;
};

struct TilePlace {
  std::uint64_t offset = 0;
  std::uint32_t bytes = 0;
};

// Open for reading. Immutable: any number of threads.
class Pyramid {
 public:
  // Blocks. Errors: of opening and reading the file; data_loss (it is none, or not whole).
  static Result<std::shared_ptr<const Pyramid>> open(const std::string& path);

  Extent size() const { return size_; }
  const PyramidShape& shape() const { return shape_; }
  int descriptor() const { return file_.get(); }
  TilePlace tile(std::uint32_t index) const { return tiles_[index]; }
  // The tile that is exactly what was asked for.
  std::optional<TilePlace> find_tile(const ImageCut& cut) const;
  // Blocks. Errors: of reading.
  Result<Bytes> read(TilePlace place) const;

 private:
  Pyramid(Descriptor file, Extent size) : file_(std::move(file)), size_(size), shape_(size) {}

  Descriptor file_;
  Extent size_;
  PyramidShape shape_;
  std::vector<TilePlace> tiles_;
};

// Writes one: tiles in any order, then finish(). On one thread.
class PyramidWriter {
 public:
  // `path` must not exist. Errors: of making the file.
  static Result<PyramidWriter> create(const std::string& path, Extent size);
  const PyramidShape& shape() const { return shape_; }
  // Errors: exhausted (the disk is full), of writing.
  Result<void> add(std::uint32_t index, ByteView jpeg);
  // Every tile has been added. Errors: as add().
  Result<void> finish();

 private:
  PyramidWriter(Descriptor file, Extent size) : file_(std::move(file)), size_(size), shape_(size) {
    tiles_.resize(shape_.tiles);
  }
  Descriptor file_;
  Extent size_;
  PyramidShape shape_;
  std::vector<TilePlace> tiles_;
  std::uint64_t end_ = kPyramidHeadBytes;
};

}  // namespace oriel::image
