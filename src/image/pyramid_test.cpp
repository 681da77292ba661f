#include "image/pyramid.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>

#include "base/temp_folder.h"

namespace oriel::image {
namespace {

constexpr Extent kPicture{1300, 700};

// Each tile holds its own number.
std::string written(const TempFolder& folder) {
  const std::string path = (folder / "picture.pyramid").string();
  auto writer = PyramidWriter::create(path, kPicture);
  EXPECT_TRUE(writer);
  for (std::uint32_t i = writer->shape().tiles; i-- > 0;)
    EXPECT_TRUE(writer->add(i, as_bytes("tile " + std::to_string(i))));
  EXPECT_TRUE(writer->finish());
  return path;
}

std::string tile_of(const Pyramid& pyramid, ImageWords words) {
  const auto cut = ImageRequest::parse(words)->resolve(pyramid.size());
  EXPECT_TRUE(cut);
  const auto place = pyramid.find_tile(*cut);
  if (!place) return "none";
  return std::string(as_text(*pyramid.read(*place)));
}

TEST(PyramidShape, halves_rounded_up_until_one_tile_is_enough) {
  const PyramidShape shape(kPicture);
  ASSERT_EQ(shape.levels.size(), 3U);
  EXPECT_EQ(shape.levels[1].size, (Extent{650, 350}));
  EXPECT_EQ(shape.levels[2].size, (Extent{325, 175}));
  EXPECT_EQ(shape.levels[0].columns, 3);
  EXPECT_EQ(shape.levels[0].rows, 2);
  EXPECT_EQ(shape.tiles, 6U + 2U + 1U);
  EXPECT_EQ(PyramidShape({1, 1}).tiles, 1U);
}

TEST(Pyramid, gives_the_tile_that_is_exactly_what_was_asked_for) {
  const TempFolder folder;
  const auto opened = Pyramid::open(written(folder));
  ASSERT_TRUE(opened) << opened.error().message;
  const Pyramid& pyramid = **opened;
  EXPECT_EQ(tile_of(pyramid, {"512,0,512,512", "512,", "0", "default.jpg"}), "tile 1");
  EXPECT_EQ(tile_of(pyramid, {"512,0,512,512", "max", "0", "color.jpg"}), "tile 1");
  EXPECT_EQ(tile_of(pyramid, {"1024,512,512,512", "max", "0", "default.jpg"}), "tile 5")
      << "cut at both edges";
  EXPECT_EQ(tile_of(pyramid, {"1024,0,276,700", "138,350", "0", "default.jpg"}), "tile 7");
  EXPECT_EQ(tile_of(pyramid, {"full", "325,175", "0", "default.jpg"}), "tile 8");
}

TEST(Pyramid, what_needs_another_picture_is_no_tile) {
  const TempFolder folder;
  const auto opened = Pyramid::open(written(folder));
  ASSERT_TRUE(opened);
  const Pyramid& pyramid = **opened;
  for (const ImageWords words : {ImageWords{"512,0,512,512", "256,", "0", "default.jpg"},
                                 ImageWords{"511,0,512,512", "max", "0", "default.jpg"},
                                 ImageWords{"512,0,512,512", "max", "90", "default.jpg"},
                                 ImageWords{"512,0,512,512", "max", "!0", "default.jpg"},
                                 ImageWords{"512,0,512,512", "max", "0", "gray.jpg"},
                                 ImageWords{"512,0,512,512", "max", "0", "default.png"},
                                 ImageWords{"full", "324,", "0", "default.jpg"}})
    EXPECT_EQ(tile_of(pyramid, words), "none") << words.region << " " << words.size;
}

TEST(Pyramid, one_that_is_cut_short_or_damaged_is_not_opened) {
  const TempFolder folder;
  const std::string path = written(folder);
  const auto bytes = std::filesystem::file_size(path);
  const auto with_byte = [&](std::uint64_t at, char value) {
    const std::string copy = (folder / "copy").string();
    std::filesystem::copy_file(path, copy, std::filesystem::copy_options::overwrite_existing);
    std::fstream file(copy, std::ios::in | std::ios::out | std::ios::binary);
    file.seekp(static_cast<std::streamoff>(at));
    file.put(value);
    file.close();
    return Pyramid::open(copy);
  };
  EXPECT_TRUE(with_byte(45, 'x')) << "a tile's bytes are not its concern";
  for (const std::uint64_t at : {0U, 8U, 14U, 18U, 20U, 24U, 28U, 33U}) {
    const auto opened = with_byte(at, 0x55);
    ASSERT_FALSE(opened) << at;
    EXPECT_EQ(opened.error().kind, ErrorKind::data_loss) << at;
  }
  EXPECT_FALSE(with_byte(bytes - 1, 0x55)) << "a tile longer than the file";
  std::filesystem::resize_file(path, bytes - 1);
  EXPECT_FALSE(Pyramid::open(path));
  EXPECT_EQ(Pyramid::open((folder / "none").string()).error().kind, ErrorKind::not_found);
}

}  // namespace
}  // namespace oriel::image
