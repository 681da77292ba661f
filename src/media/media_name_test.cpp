#include "media/media_name.h"

#include <gtest/gtest.h>

namespace oriel::media {
namespace {

TEST(MediaName, reads_back_what_it_writes) {
  EXPECT_EQ(range_name(RecordingId{812}, 0, 12, false), "812/0-12.m4s");
  const auto name = parse_media_name("40-41.v.m4s");
  ASSERT_TRUE(name);
  EXPECT_EQ(name->first, 40u);
  EXPECT_EQ(name->end, 41u);
  EXPECT_TRUE(name->muted);
  EXPECT_TRUE(parse_media_name("init.mp4")->init);
}

TEST(MediaName, one_range_has_one_name) {
  for (const char* text : {"", "0-0.m4s", "5-3.m4s", "00-1.m4s", "0-01.m4s", "+0-1.m4s", "-1-2.m4s",
                           "0-1.mp4", "0-1.m4sx", "0-257.m4s", "0-99999999.m4s", "init",
                           "init.v.m4s", "4294967296-4294967297.m4s"})
    EXPECT_EQ(parse_media_name(text).error().kind, ErrorKind::not_found) << text;
}

}  // namespace
}  // namespace oriel::media
