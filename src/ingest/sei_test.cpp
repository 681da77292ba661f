#include "ingest/sei.h"

#include <gtest/gtest.h>

#include "ingest/nal.h"

namespace oriel::ingest {
namespace {

using media::Codec;

const std::string kTimeH264 = "MISPmicrosectime";
const std::string kTimeH265 = "\xa8\x68\x7d\xd4\xd7\x59\x37\x58\xa5\xce\xf0\x33\x8b\x65\x45\xf1";
constexpr std::int64_t kTaken = 1'700'000'000'123'456;

Bytes message(std::uint8_t type, const std::string& payload) {
  Bytes made = {type, static_cast<std::uint8_t>(payload.size())};
  made.insert(made.end(), payload.begin(), payload.end());
  return made;
}

std::string time_payload(const std::string& identifier, std::uint8_t status, std::int64_t us) {
  std::string made = identifier + static_cast<char>(status);
  for (const int shift : {48, 32, 16, 0}) {
    made += static_cast<char>(us >> (shift + 8));
    made += static_cast<char>(us >> shift);
    if (shift > 0) made += '\xFF';
  }
  return made;
}

Bytes sei(const Bytes& header, const std::vector<Bytes>& messages) {
  Bytes made = header;
  for (const Bytes& one : messages) made.insert(made.end(), one.begin(), one.end());
  made.push_back(0x80);
  return made;
}

TEST(Sei, a_precision_time_stamp_is_found_among_other_messages) {
  const Bytes unit = sei({0x06}, {message(1, "abc"), message(5, std::string(20, 'x')),
                                  message(5, time_payload(kTimeH264, 0x1F, kTaken))});
  const auto facts = read_sei(Codec::h264, unit);
  ASSERT_TRUE(facts.captured);
  EXPECT_EQ(facts.captured->us, kTaken);
  EXPECT_FALSE(facts.recovery_point);
}

TEST(Sei, h265_has_an_identifier_of_its_own) {
  const Bytes unit = sei({0x4E, 0x01}, {message(5, time_payload(kTimeH265, 0x1F, kTaken))});
  ASSERT_TRUE(read_sei(Codec::h265, unit).captured);
  EXPECT_EQ(read_sei(Codec::h265, unit).captured->us, kTaken);
  EXPECT_FALSE(
      read_sei(Codec::h265, sei({0x4E, 0x01}, {message(5, time_payload(kTimeH264, 0, kTaken))}))
          .captured);
}

TEST(Sei, a_clock_that_is_not_locked_is_not_believed) {
  const Bytes unit = sei({0x06}, {message(5, time_payload(kTimeH264, 0x9F, kTaken))});
  EXPECT_FALSE(read_sei(Codec::h264, unit).captured);
}

TEST(Sei, a_torn_unit_gives_what_stands_before) {
  const Bytes whole =
      sei({0x06}, {message(6, "r"), message(5, time_payload(kTimeH264, 0, kTaken))});
  for (std::size_t size = 0; size < whole.size(); ++size) {
    const auto facts = read_sei(Codec::h264, ByteView(whole).first(size));
    EXPECT_EQ(facts.recovery_point, size > 3) << size;
    EXPECT_EQ(facts.captured.has_value(), size + 1 == whole.size()) << size;
  }
}

}  // namespace
}  // namespace oriel::ingest
