// With real worker processes: this program is its own.
#include "image/pictures.h"

#include <filesystem>
#include <fstream>

#include <gtest/gtest.h>
#include <sys/socket.h>

#include "base/hex.h"
#include "base/sha256.h"
#include "base/temp_folder.h"
#include "ingest/worker_talk.h"

namespace oriel::image {
namespace {

namespace fs = std::filesystem;

// A TIFF without compression (TIFF 6.0, one strip): what this test can write itself. Each pixel
// tells where it is.
Bytes tiff(Extent size, int bands, int interpretation) {
  Bytes out;
  const auto put = [&](std::uint32_t value, int bytes) {
    for (int i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  };
  const auto width = static_cast<std::uint32_t>(size.width);
  const auto height = static_cast<std::uint32_t>(size.height);
  const auto each = static_cast<std::uint32_t>(bands);
  constexpr std::uint32_t kTags = 9;
  constexpr std::uint32_t kBitsAt = 8 + 2 + 12 * kTags + 4;
  out = {'I', 'I', 42, 0};
  put(8, 4);
  put(kTags, 2);
  const auto tag = [&](std::uint32_t name, std::uint32_t kind, std::uint32_t count,
                       std::uint32_t value) {
    put(name, 2);
    put(kind, 2);
    put(count, 4);
    put(value, 4);
  };
  tag(256, 4, 1, width);
  tag(257, 4, 1, height);
  tag(258, 3, each, each == 1 ? 8 : kBitsAt);
  tag(259, 3, 1, 1);
  tag(262, 3, 1, static_cast<std::uint32_t>(interpretation));
  tag(273, 4, 1, kBitsAt + 8);
  tag(277, 3, 1, each);
  tag(278, 4, 1, height);
  tag(279, 4, 1, width * height * each);
  put(0, 4);
  for (int i = 0; i < 4; ++i) put(8, 2);
  for (std::uint32_t y = 0; y < height; ++y)
    for (std::uint32_t x = 0; x < width; ++x)
      for (std::uint32_t band = 0; band < each; ++band)
        out.push_back(static_cast<std::uint8_t>(band == 0   ? x * 255 / width
                                                : band == 1 ? y * 255 / height
                                                            : 128));
  return out;
}

class PicturesTest : public ::testing::Test {
 protected:
  PicturesTest() { reopen(); }

  void reopen() {
    pictures_.reset();
    PicturesOptions options;
    options.folder = cache();
    options.bytes_max = bytes_max_;
    options.cutters.deadline = std::chrono::seconds(60);  // a busy machine is not the matter here
    pictures_ = std::make_unique<Pictures>(std::move(options), metrics_);
  }
  std::string cache() const { return (folder_ / "cache").string(); }

  std::string write(const std::string& name, const Bytes& bytes) {
    const std::string path = (folder_ / name).string();
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(bytes.data()),
               static_cast<std::streamsize>(bytes.size()));
    return path;
  }
  static std::string id(int number) {
    return format_hex(sha256(as_bytes("file " + std::to_string(number))));
  }
  // Asks until it is ready or has failed.
  PyramidStatus prepare(const std::string& sha256, const std::string& path, Extent size) {
    for (;;) {
      auto status = pictures_->ask(sha256, path, size);
      if (!status) ADD_FAILURE() << status.error().message;
      if (!status ||
          (status->state != PyramidState::waiting && status->state != PyramidState::working))
        return status.value_or(PyramidStatus{});
      std::this_thread::yield();
    }
  }
  Result<Bytes> cut(const std::string& sha256, const std::string& path, Extent size,
                    ImageWords words) {
    return pictures_->cut(sha256, path, *ImageRequest::parse(words)->resolve(size));
  }

  TempFolder folder_;
  Metrics metrics_;
  std::uint64_t bytes_max_ = std::uint64_t{1} << 30;
  std::unique_ptr<Pictures> pictures_;
};

constexpr Extent kLarge{2100, 1100};

TEST_F(PicturesTest, tells_what_a_picture_is) {
  const auto facts = pictures_->describe(write("a.tif", tiff({300, 200}, 3, 2)), "image/tiff");
  ASSERT_TRUE(facts) << facts.error().message;
  EXPECT_EQ(facts->size, (Extent{300, 200}));
  EXPECT_EQ(facts->pages, 1);
  const auto none = pictures_->describe(write("b.heic", Bytes(100)), "image/heic");
  ASSERT_FALSE(none);
  EXPECT_EQ(none.error().kind, ErrorKind::unsupported);
}

TEST_F(PicturesTest, what_lies_about_its_type_is_not_read) {
  for (const std::string_view text : {"<svg xmlns='http://www.w3.org/2000/svg'></svg>",
                                      "%PDF-1.4\n", "P6 2 2 255\n............", "#?RADIANCE\n"}) {
    const auto bytes = as_bytes(text);
    const auto path = write("x.jpg", Bytes(bytes.begin(), bytes.end()));
    const auto facts = pictures_->describe(path, "image/jpeg");
    ASSERT_FALSE(facts) << text;
    EXPECT_EQ(facts.error().kind, ErrorKind::unsupported) << facts.error().message;
    EXPECT_EQ(facts.error().message.find(path), std::string::npos);
  }
}

TEST_F(PicturesTest, a_small_picture_needs_no_pyramid) {
  const auto path = write("a.tif", tiff({300, 200}, 3, 2));
  EXPECT_EQ(prepare(id(1), path, {300, 200}).state, PyramidState::none);
  const auto jpeg = cut(id(1), path, {300, 200}, {"10,20,100,50", "50,", "90", "default.jpg"});
  ASSERT_TRUE(jpeg) << jpeg.error().message;
  EXPECT_EQ((*jpeg)[0], 0xFF);
  EXPECT_EQ((*jpeg)[1], 0xD8);
  const auto png = cut(id(1), path, {300, 200}, {"full", "max", "0", "bitonal.png"});
  ASSERT_TRUE(png) << png.error().message;
  EXPECT_EQ((*png)[1], 'P');
}

TEST_F(PicturesTest, a_large_one_gets_its_pyramid_once) {
  const auto path = write("a.tif", tiff(kLarge, 3, 2));
  const auto status = prepare(id(1), path, kLarge);
  ASSERT_EQ(status.state, PyramidState::ready);
  ASSERT_TRUE(status.pyramid);
  EXPECT_EQ(status.pyramid->size(), kLarge);
  EXPECT_EQ(pictures_->find_open(id(1)), status.pyramid);
  EXPECT_TRUE(cut(id(1), path, kLarge, {"100,100,1000,900", "300,", "0", "gray.jpg"}));
  fs::remove(path);
  EXPECT_TRUE(cut(id(1), path, kLarge, {"full", "max", "0", "default.png"}))
      << "all of it is in the pyramid";
  reopen();
  EXPECT_EQ(pictures_->find_open(id(1)), nullptr);
  EXPECT_EQ(prepare(id(1), path, kLarge).state, PyramidState::ready) << "found after a restart";
}

TEST_F(PicturesTest, one_that_ends_early_says_so_each_time_and_leaves_nothing) {
  auto bytes = tiff(kLarge, 3, 2);
  bytes.resize(bytes.size() / 2);
  const auto path = write("a.tif", bytes);
  for (int i = 0; i < 2; ++i) {
    const auto status = prepare(id(1), path, kLarge);
    ASSERT_EQ(status.state, PyramidState::failed);
    EXPECT_EQ(status.why->kind, ErrorKind::data_loss) << status.why->message;
  }
  EXPECT_TRUE(fs::is_empty(cache()));
}

TEST_F(PicturesTest, the_folder_is_kept_within_its_bound) {
  bytes_max_ = 1;  // one stays
  reopen();
  const auto path = write("a.tif", tiff(kLarge, 3, 2));
  ASSERT_EQ(prepare(id(1), path, kLarge).state, PyramidState::ready);
  const auto held = pictures_->find_open(id(1));
  ASSERT_EQ(prepare(id(2), path, kLarge).state, PyramidState::ready);
  EXPECT_EQ(pictures_->find_open(id(1)), nullptr);
  EXPECT_EQ(std::distance(fs::directory_iterator(cache()), {}), 1);
  ASSERT_TRUE(held) << "who reads from it has it still";
  EXPECT_TRUE(held->read(held->tile(0)));
}

TEST_F(PicturesTest, foreign_and_unfinished_files_go_at_the_start) {
  for (const auto* name : {"note.txt", "0.pyramid"}) {
    std::ofstream(cache() + "/" + name) << "x";
    std::ofstream(cache() + "/" + id(3) + ".pyramid.part") << "x";
  }
  reopen();
  EXPECT_TRUE(fs::is_empty(cache()));
}

TEST_F(PicturesTest, grey_and_ink_become_what_a_browser_shows) {
  const auto ink = write("ink.tif", tiff({300, 200}, 4, 5));
  EXPECT_TRUE(cut(id(1), ink, {300, 200}, {"full", "max", "0", "default.jpg"}));
  const auto grey = write("grey.tif", tiff(kLarge, 1, 1));
  ASSERT_EQ(prepare(id(2), grey, kLarge).state, PyramidState::ready);
  EXPECT_TRUE(cut(id(2), grey, kLarge, {"full", "500,", "0", "color.png"}));
}

TEST(PictureMessages, what_is_cut_short_is_not_believed) {
  const auto message = make_message(CutRequest{"/a/b", true, {}});
  EXPECT_TRUE(parse_cut_request(message.payload));
  for (std::size_t bytes = 0; bytes < message.payload.size(); ++bytes)
    EXPECT_FALSE(parse_cut_request(ByteView(message.payload).first(bytes))) << bytes;
  EXPECT_FALSE(parse_file_facts({}));
  EXPECT_EQ(parse_refusal({}).kind, ErrorKind::data_loss);
  EXPECT_EQ(parse_refusal(make_refusal({ErrorKind::unsupported, "too large"}).payload).message,
            "too large");
  EXPECT_EQ(parse_refusal(make_refusal({ErrorKind::denied, "x"}).payload).kind,
            ErrorKind::internal);
}

}  // namespace
}  // namespace oriel::image
