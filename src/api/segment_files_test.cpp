#include "api/segment_files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "api/still_cache.h"

namespace oriel::api {
namespace {

http::MemorySlice slice(std::size_t size, std::uint8_t value) {
  return http::MemorySlice::of(std::make_shared<const Bytes>(size, value));
}

TEST(SegmentFiles, the_file_holds_the_slices_in_order) {
  SegmentFiles files(1 << 20);
  const archive::WireRange range{{7}, 0, 2, false};
  EXPECT_FALSE(files.find(range));
  ASSERT_TRUE(files.add(range, {slice(3, 'a'), slice(2, 'b')}));
  const auto found = files.find(range);
  ASSERT_TRUE(found);
  ASSERT_EQ(found->length_bytes, 5u);
  EXPECT_TRUE(found->in_memory);
  std::string read(5, '\0');
  ASSERT_EQ(::pread(found->descriptor, read.data(), read.size(), 0), 5);
  EXPECT_EQ(read, "aaabb");
  EXPECT_FALSE(files.find({{7}, 0, 2, true}));
}

TEST(SegmentFiles, the_least_recently_used_goes_and_lives_on_with_its_viewer) {
  SegmentFiles files(1000);
  const archive::WireRange first{{1}, 0, 2, false};
  const archive::WireRange second{{2}, 0, 2, false};
  const archive::WireRange third{{3}, 0, 2, false};
  const auto held = files.add(first, {slice(400, 1)});
  ASSERT_TRUE(held);
  ASSERT_TRUE(files.add(second, {slice(400, 2)}));
  ASSERT_TRUE(files.find(first));
  ASSERT_TRUE(files.add(third, {slice(400, 3)}));
  EXPECT_TRUE(files.find(first));
  EXPECT_FALSE(files.find(second));
  std::uint8_t byte = 0;
  EXPECT_EQ(::pread(held->descriptor, &byte, 1, 399), 1);
  EXPECT_EQ(byte, 1);
}

TEST(StillCache, is_bounded_and_keeps_what_was_used_last) {
  StillCache cache(1000);
  const auto jpeg = [](std::size_t size) { return std::make_shared<const Bytes>(size); };
  cache.add("a", jpeg(400));
  cache.add("b", jpeg(400));
  ASSERT_TRUE(cache.find("a"));
  cache.add("c", jpeg(400));
  EXPECT_TRUE(cache.find("a"));
  EXPECT_FALSE(cache.find("b"));
  EXPECT_TRUE(cache.find("c"));
}

}  // namespace
}  // namespace oriel::api
