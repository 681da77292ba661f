#include "demo/rtp.h"

#include <numeric>

#include <gtest/gtest.h>

namespace oriel::demo {
namespace {

const UtcTime kTime = parse_rfc3339("2026-11-20T08:00:00.500Z").value();

RtpStream video() { return RtpStream({96, 0x11223344, 65'534, 1000, 90'000}); }

std::uint32_t u32(const Bytes& b, std::size_t at) {
  return static_cast<std::uint32_t>(b.at(at) << 24 | b.at(at + 1) << 16 | b.at(at + 2) << 8 |
                                    b.at(at + 3));
}

std::vector<Bytes> packets_of(RtpStream& stream, const Bytes& nal, bool last) {
  std::vector<Bytes> packets;
  stream.send_nal(nal, kTime, last, [&](ByteView p) { packets.emplace_back(p.begin(), p.end()); });
  return packets;
}

// As RFC 6184 section 5.8 tells a receiver.
Bytes reassemble(const std::vector<Bytes>& packets) {
  Bytes nal;
  for (const Bytes& packet : packets) {
    const ByteView payload = ByteView(packet).subspan(kRtpHeaderBytes);
    if ((payload[0] & 31) != 28) {
      nal.assign(payload.begin(), payload.end());
      continue;
    }
    if ((payload[1] & 0x80) != 0)
      nal.push_back(static_cast<std::uint8_t>((payload[0] & 0xe0) | (payload[1] & 0x1f)));
    nal.insert(nal.end(), payload.begin() + 2, payload.end());
  }
  return nal;
}

TEST(Rtp, a_large_nal_is_whole_again_after_fragmentation) {
  for (const std::size_t size : {std::size_t{1}, kRtpPayloadMax, kRtpPayloadMax + 1,
                                 2 * kRtpPayloadMax - 3, std::size_t{100'000}}) {
    Bytes nal(size);
    std::iota(nal.begin(), nal.end(), std::uint8_t{0});
    nal[0] = 0x65;
    auto stream = video();
    const auto packets = packets_of(stream, nal, true);
    EXPECT_EQ(reassemble(packets), nal) << size;
    for (const Bytes& p : packets) EXPECT_LE(p.size(), kRtpHeaderBytes + kRtpPayloadMax);
  }
}

TEST(Rtp, only_the_first_and_last_fragments_are_marked_as_such) {
  auto stream = video();
  const auto packets = packets_of(stream, Bytes(5000, 0x41), true);
  ASSERT_EQ(packets.size(), 4u);
  for (std::size_t i = 0; i < packets.size(); ++i) {
    EXPECT_EQ((packets[i][13] & 0x80) != 0, i == 0);
    EXPECT_EQ((packets[i][13] & 0x40) != 0, i == 3);
    EXPECT_EQ((packets[i][1] & 0x80) != 0, i == 3) << "marker: the picture's last packet";
  }
}

TEST(Rtp, sequence_numbers_wrap) {
  auto stream = video();
  const auto packets = packets_of(stream, Bytes(5000, 0x41), false);
  EXPECT_EQ(packets[0][2] << 8 | packets[0][3], 65'534);
  EXPECT_EQ(packets[1][2] << 8 | packets[1][3], 65'535);
  EXPECT_EQ(packets[2][2] << 8 | packets[2][3], 0);
  EXPECT_EQ(packets.back()[1] & 0x80, 0) << "more of this picture follows";
}

TEST(Rtp, a_sender_report_maps_true_time_to_the_packets_clock) {
  auto stream = video();
  packets_of(stream, Bytes(100, 0x41), true);
  const Bytes report = stream.sender_report(kTime, "cam");
  EXPECT_EQ(report[1], 200);
  EXPECT_EQ(u32(report, 8), 2'208'988'800u + static_cast<std::uint32_t>(kTime.us / 1'000'000));
  EXPECT_EQ(u32(report, 12), 0x80000000u) << "half a second";
  EXPECT_EQ(u32(report, 16), stream.timestamp(kTime));
  EXPECT_EQ(u32(report, 20), 1u);
  EXPECT_EQ(u32(report, 24), 100u);
  EXPECT_EQ(report.size() % 4, 0u);
  const UtcTime later = kTime + Duration::from_s(2);
  EXPECT_EQ(stream.timestamp(later) - stream.timestamp(kTime), 180'000u);
}

TEST(Rtp, an_aac_frame_carries_its_size_in_bits_of_thirteen) {
  RtpStream stream({97, 1, 0, 0, 48'000});
  std::vector<Bytes> packets;
  stream.send_aac(Bytes(1500, 7), kTime,
                  [&](ByteView p) { packets.emplace_back(p.begin(), p.end()); });
  ASSERT_EQ(packets.size(), 2u) << "past the payload limit: two fragments";
  std::size_t bytes = 0;
  for (const Bytes& p : packets) {
    EXPECT_EQ(p[12] << 8 | p[13], 16);
    EXPECT_EQ((p[14] << 8 | p[15]) >> 3, 1500) << "each fragment says the whole frame's size";
    bytes += p.size() - kRtpHeaderBytes - 4;
  }
  EXPECT_EQ(bytes, 1500u);
  packets.clear();
  stream.send_aac(Bytes(8192, 7), kTime,
                  [&](ByteView p) { packets.emplace_back(p.begin(), p.end()); });
  EXPECT_TRUE(packets.empty());
}

}  // namespace
}  // namespace oriel::demo
