#include "media/segment_index.h"

#include <gtest/gtest.h>

namespace oriel::media {
namespace {

TEST(SegmentIndex, round_trips_in_about_three_bytes_a_segment) {
  std::vector<SegmentEntry> entries;
  for (std::int64_t i = 0; i < 75; ++i)
    entries.push_back({360'000, 1'000'000 + (i * 7919) % 50'000, 12, true});
  const Bytes index = encode_segment_index(entries);
  EXPECT_LE(index.size(), 75u * 3 + 8);
  EXPECT_EQ(decode_segment_index(index).value(), entries);
}

TEST(SegmentIndex, a_torn_or_wild_index_is_data_loss) {
  const Bytes index = encode_segment_index({{360'000, 1'000'000, 12, true}, {1, 2, 3, false}});
  for (std::size_t cut = 1; cut < index.size(); ++cut) {
    const auto decoded = decode_segment_index(ByteView(index).first(cut));
    if (decoded) {
      EXPECT_EQ(decoded->size(), cut == 1 ? 0u : 1u);
    } else {
      EXPECT_EQ(decoded.error().kind, ErrorKind::data_loss);
    }
  }
  EXPECT_FALSE(decode_segment_index(Bytes(20, 0xff)));
  EXPECT_FALSE(decode_segment_index(Bytes{0x00, 0x00, 0x01, 0x00}));  // a duration of -1
  EXPECT_FALSE(decode_segment_index(Bytes{0x00, 0x02, 0x02, 0x03}));  // a size of -1
}

TEST(SegmentIndex, segments_of_uneven_length_round_trip) {
  const std::vector<SegmentEntry> entries = {{0, 0, 0, false},
                                             {360'000, std::int64_t{1} << 40, 12, true},
                                             {360'000, 0, 12, true},
                                             {360'000, 0, 12, false},
                                             {359'999, 7, 12, false}};
  EXPECT_EQ(decode_segment_index(encode_segment_index(entries)).value(), entries);
  EXPECT_TRUE(encode_segment_index({}).empty());
  EXPECT_TRUE(decode_segment_index({}).value().empty());
}

TEST(SegmentIndex, what_could_not_be_written_again_is_data_loss) {
  // A size whose difference takes all 62 bits that a number has room for.
  const Bytes older = {0x02, 0xfe, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f, 0x01};
  EXPECT_EQ(decode_segment_index(older).error().kind, ErrorKind::data_loss);
}

// Rows of schema versions 1 and 2.
TEST(SegmentIndex, the_older_layout_is_still_read) {
  const Bytes older = {0x80, 0xf9, 0x2b, 0x80, 0x89, 0x7a, 0x19, 0x00, 0x01, 0x18};
  const std::vector<SegmentEntry> expected = {{360'000, 1'000'000, 12, true},
                                              {360'000, 999'999, 12, false}};
  EXPECT_EQ(decode_segment_index(older).value(), expected);
}

}  // namespace
}  // namespace oriel::media
