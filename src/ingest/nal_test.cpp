#include "ingest/nal.h"

#include <gtest/gtest.h>

#include "ingest/audio_format.h"
#include "ingest/testing.h"
#include "media/testing.h"

namespace oriel::ingest {
namespace {

using media::Codec;

const Bytes kSps = {0x67, 0x42, 0xc0, 0x0a, 0xda, 0x10, 0x8f, 0xc0, 0x44, 0x00, 0x00,
                    0x03, 0x00, 0x04, 0x00, 0x00, 0x03, 0x00, 0xc8, 0x3c, 0x48, 0x9a};
const Bytes kPps = {0x68, 0xce, 0x0f, 0xc8};

Bytes annex_b(const std::vector<Bytes>& units, bool long_codes) {
  Bytes bytes;
  for (const Bytes& unit : units) {
    if (long_codes) bytes.push_back(0);
    bytes.insert(bytes.end(), {0, 0, 1});
    bytes.insert(bytes.end(), unit.begin(), unit.end());
  }
  return bytes;
}

TEST(Nal, annex_b_becomes_lengths_without_parameter_sets_and_delimiters) {
  const Bytes slice = {0x65, 1, 2, 3, 0, 0, 3, 1};
  for (const bool long_codes : {false, true}) {
    const auto unit = parse_access_unit(
        Codec::h264, {},
        annex_b({{0x09, 0xF0}, kSps, kPps, slice, {0x0C, 0xFF, 0x80}}, long_codes));
    ASSERT_TRUE(unit);
    EXPECT_TRUE(unit->key);
    EXPECT_EQ(unit->sets.sps, std::vector<Bytes>{kSps});
    EXPECT_EQ(unit->sets.pps, std::vector<Bytes>{kPps});
    EXPECT_EQ(unit->bytes, (Bytes{0, 0, 0, 8, 0x65, 1, 2, 3, 0, 0, 3, 1}));
  }
}

TEST(Nal, a_recovery_point_makes_a_picture_to_begin_with) {
  const Bytes sei = {0x06, 0x06, 0x01, 0xC4, 0x80};
  const Bytes slice = {0x41, 1, 2, 3};
  EXPECT_TRUE(parse_access_unit(Codec::h264, {}, annex_b({sei, slice}, true))->key);
  EXPECT_FALSE(parse_access_unit(Codec::h264, {}, annex_b({slice}, true))->key);
  EXPECT_FALSE(parse_access_unit(Codec::h264, {}, annex_b({sei}, true))->key);
}

TEST(Nal, a_length_that_leads_outside_is_data_loss) {
  EXPECT_FALSE(split_nal_units(Bytes{0, 0, 0, 9, 1, 2}, {4}));
  EXPECT_FALSE(split_nal_units(Bytes{0, 0}, {4}));
  EXPECT_TRUE(split_nal_units(Bytes{0, 2, 1, 2}, {2}));
}

TEST(Nal, avcc_made_of_its_parameter_sets_is_that_of_the_mp4_file) {
  for (const char* name : {"formats/h264-aac.mp4", "formats/12.5fps-720p.mp4", "odd/vfr.mp4"}) {
    ORIEL_NEEDS_SAMPLE(name);
    SystemClock clock;
    LibavSource mp4(testing::file_url(testing::sample(name)), clock);
    const auto tracks = mp4.open(testing::in_seconds(10), {});
    ASSERT_TRUE(tracks);
    const StreamParameters& parameters = (*tracks)[0].parameters;
    const auto known = parse_nal_extradata(Codec::h264, parameters.extradata);
    ASSERT_TRUE(known);
    EXPECT_EQ(known->layout.length_bytes, 4);
    const auto track = make_nal_track(Codec::h264, known->sets);
    ASSERT_TRUE(track) << track.error().message;
    // Some muxers leave out the four bytes of chroma and depth at the end.
    const Bytes& written = parameters.extradata;
    ASSERT_GE(track->configuration.size(), written.size());
    EXPECT_EQ(Bytes(track->configuration.begin(),
                    track->configuration.begin() + static_cast<std::ptrdiff_t>(written.size())),
              written)
        << name;
    EXPECT_EQ(track->width, parameters.width);
    EXPECT_EQ(track->height, parameters.height);
  }
}

TEST(Nal, hvcc_made_of_annex_b_is_that_of_the_mp4_file) {
  ORIEL_NEEDS_SAMPLE("formats/h265-bframes.mp4");
  SystemClock clock;
  LibavSource mp4(testing::file_url(testing::sample("formats/h265-bframes.mp4")), clock);
  const auto tracks = mp4.open(testing::in_seconds(10), {});
  ASSERT_TRUE(tracks);
  const Bytes& hvcc = (*tracks)[0].parameters.extradata;
  const auto known = parse_nal_extradata(Codec::h265, hvcc);
  ASSERT_TRUE(known);
  const auto made = make_nal_configuration(Codec::h265, known->sets);
  ASSERT_TRUE(made);
  const auto again = parse_nal_extradata(Codec::h265, *made);
  ASSERT_TRUE(again);
  EXPECT_EQ(again->sets, known->sets);
  // Profile, tier, level, chroma and depths; the fields between are optional hints.
  EXPECT_EQ(Bytes(made->begin(), made->begin() + 13), Bytes(hvcc.begin(), hvcc.begin() + 13));
  EXPECT_EQ(Bytes(made->begin() + 16, made->begin() + 19),
            Bytes(hvcc.begin() + 16, hvcc.begin() + 19));
}

TEST(AudioFormat, adts_says_its_configuration) {
  // AAC LC, 44.1 kHz, 2 channels, a frame of 10 bytes.
  const Bytes frame = {0xFF, 0xF1, 0x50, 0x80, 0x01, 0x5F, 0xFC, 1, 2, 3};
  const auto parsed = parse_adts(frame);
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(parsed->configuration, (Bytes{0x12, 0x10}));
  EXPECT_EQ(parsed->header_bytes, 7U);
  EXPECT_EQ(parsed->frame_bytes, 10U);
  const auto format = parse_aac_configuration(parsed->configuration);
  ASSERT_TRUE(format);
  EXPECT_EQ(format->sample_rate, 44'100);
  EXPECT_EQ(format->channels, 2);
  EXPECT_FALSE(parse_adts(ByteView(frame).first(9)));
}

}  // namespace
}  // namespace oriel::ingest
