#include "image/image_request.h"

#include <gtest/gtest.h>

namespace oriel::image {
namespace {

constexpr Extent kPicture{1000, 600};

Result<ImageCut> cut_of(ImageWords words, Extent picture = kPicture) {
  auto request = ImageRequest::parse(words);
  if (!request) return fail(request.error());
  return request->resolve(picture);
}
Result<ImageCut> region(std::string_view text) { return cut_of({text, "max", "0", "default.jpg"}); }
Result<ImageCut> size(std::string_view text, Extent picture = kPicture) {
  return cut_of({"full", text, "0", "default.jpg"}, picture);
}

TEST(ImageRequest, regions_are_cut_at_the_edges) {
  const auto whole = region("full");
  ASSERT_TRUE(whole);
  EXPECT_EQ(whole->region, kPicture);
  const auto square = region("square");
  ASSERT_TRUE(square);
  EXPECT_EQ(square->x, 200);
  EXPECT_EQ(square->region, (Extent{600, 600}));
  const auto over = region("900,500,400,400");
  ASSERT_TRUE(over);
  EXPECT_EQ(over->region, (Extent{100, 100}));
  const auto percent = region("pct:10,20.5,30,40");
  ASSERT_TRUE(percent);
  EXPECT_EQ(percent->x, 100);
  EXPECT_EQ(percent->y, 123);
  EXPECT_EQ(percent->region, (Extent{300, 240}));
  const auto enormous = region("0,0,99999999999999999999,7");
  ASSERT_TRUE(enormous);
  EXPECT_EQ(enormous->region, (Extent{1000, 7}));
}

TEST(ImageRequest, a_region_without_pixels_is_invalid) {
  for (const auto* text : {"0,0,0,10",
                           "0,0,10,0",
                           "1000,0,10,10",
                           "0,600,10,10",
                           "pct:100,0,10,10",
                           "pct:0,0,0,10",
                           "",
                           "1,2,3",
                           "1,2,3,4,5",
                           "-1,0,10,10",
                           "1.5,0,10,10",
                           "pct:1e1,0,10,10",
                           "pct:.5,0,1,1",
                           "pct:5.,0,1,1",
                           "pct:1.2.3,0,1,1",
                           " full",
                           "FULL",
                           "pct:",
                           ",,,",
                           "[frob]"}) {
    const auto cut = region(text);
    ASSERT_FALSE(cut) << text;
    EXPECT_EQ(cut.error().kind, ErrorKind::invalid) << text;
  }
}

TEST(ImageRequest, sizes_keep_the_shape_where_one_side_is_given) {
  EXPECT_EQ(size("500,")->size, (Extent{500, 300}));
  EXPECT_EQ(size(",300")->size, (Extent{500, 300}));
  EXPECT_EQ(size("pct:50")->size, (Extent{500, 300}));
  EXPECT_EQ(size("pct:0.01")->size, (Extent{1, 1}));
  EXPECT_EQ(size("300,300")->size, (Extent{300, 300}));
  EXPECT_EQ(size("!300,300")->size, (Extent{300, 180}));
  EXPECT_EQ(size("1,", {9000, 3})->size, (Extent{1, 1}));
  EXPECT_EQ(size("max")->size, kPicture);
}

TEST(ImageRequest, nothing_is_made_larger) {
  for (const auto* text : {"1001,", ",601", "1000,601", "pct:100.1", "0,", ",0", ",", "!5,", "full",
                           "500", "a,b", "-5,", "5.0,", "pct:0", "!,5", "5,5,5"}) {
    const auto cut = size(text);
    ASSERT_FALSE(cut) << text;
    EXPECT_EQ(cut.error().kind, ErrorKind::invalid) << text;
  }
  for (const auto* text : {"^max", "^2000,", "^pct:200"}) {
    const auto cut = size(text);
    ASSERT_FALSE(cut) << text;
    EXPECT_EQ(cut.error().kind, ErrorKind::unsupported) << text;
  }
  EXPECT_EQ(size("!2000,3000")->size, kPicture) << "the box is larger: the picture as it is";
}

TEST(ImageRequest, what_is_given_out_is_bounded) {
  const Extent wide{16'000, 9'000};
  const auto most = size("max", wide);
  ASSERT_TRUE(most);
  EXPECT_LE(most->size.pixels(), kGivenPixelsMax);
  EXPECT_NEAR(most->size.width * 9.0, most->size.height * 16.0, 16);
  EXPECT_FALSE(size("16000,9000", wide));
  EXPECT_TRUE(size("6000,", wide));
  EXPECT_EQ(size("!16000,9000", wide)->size, most->size);
  EXPECT_LE(size("max", {1'000'000, 10})->size.width, kGivenSideMax);
}

TEST(ImageRequest, only_quarter_turns_and_known_qualities) {
  for (const auto* text : {"45", "361", "-90", "", "!", "frob", "9e1", "22.5", "!!0"})
    EXPECT_FALSE(cut_of({"full", "max", text, "default.jpg"})) << text;
  const auto turned = cut_of({"full", "max", "!90.0", "bitonal.png"});
  ASSERT_TRUE(turned);
  EXPECT_TRUE(turned->mirrored);
  EXPECT_EQ(turned->turn_deg, 90);
  EXPECT_EQ(cut_of({"full", "max", "360", "color.jpg"})->turn_deg, 0);
  for (const auto* text : {"native.jpg", "default.gif", "default", ".jpg", "default.",
                           "default.JPG", "grey.jpg", "default.jpg.jpg"})
    EXPECT_FALSE(cut_of({"full", "max", "0", text})) << text;
}

TEST(ImageRequest, the_canonical_form_is_the_shortest_true_one) {
  const auto form = [](ImageWords words) { return canonical(*cut_of(words), kPicture); };
  EXPECT_EQ(form({"0,0,1000,600", "1000,", "360", "default.jpg"}), "full/max/0/default.jpg");
  EXPECT_EQ(form({"pct:0,0,50,50", "pct:10", "!90", "gray.png"}), "0,0,500,300/50,30/!90/gray.png");
  EXPECT_EQ(form({"full", "!300,300", "0", "default.jpg"}), "full/300,180/0/default.jpg");
}

}  // namespace
}  // namespace oriel::image
