#include "media/segment_index.h"

#include <gtest/gtest.h>

namespace oriel::media {
namespace {

TEST(SegmentIndex, round_trips_in_about_five_bytes_a_segment) {
  std::vector<SegmentEntry> entries;
  for (std::int64_t i = 0; i < 75; ++i)
    entries.push_back({360'000, 1'000'000 + (i * 7919) % 50'000, 12, true});
  const Bytes index = encode_segment_index(entries);
  EXPECT_LE(index.size(), 75u * 6);
  EXPECT_EQ(decode_segment_index(index).value(), entries);
}

TEST(SegmentIndex, a_torn_or_wild_index_is_data_loss) {
  const Bytes index = encode_segment_index({{360'000, 1'000'000, 12, true}, {1, 2, 3, false}});
  for (std::size_t cut = 1; cut < index.size(); ++cut) {
    const auto decoded = decode_segment_index(ByteView(index).first(cut));
    if (decoded) {
      EXPECT_EQ(decoded->size(), 1u);
    } else {
      EXPECT_EQ(decoded.error().kind, ErrorKind::data_loss);
    }
  }
  EXPECT_FALSE(decode_segment_index(Bytes(20, 0xff)));
  EXPECT_FALSE(decode_segment_index(Bytes{0x01, 0x00, 0x00}));  // a duration of -1
}

}  // namespace
}  // namespace oriel::media
