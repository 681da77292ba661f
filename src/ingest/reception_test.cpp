#include "ingest/reception.h"

#include <gtest/gtest.h>

#include "ingest/testing.h"

namespace oriel::ingest {
namespace {

using media::Codec;
using media::Reason;
using testing::decode;
using testing::Decoded;
using testing::PackagingOutput;

// Reads a whole file, as fast as it goes, through a reception into `output`.
Result<void> receive_file(const std::string& name, PackagingOutput& output,
                          Reception** kept = nullptr) {
  static SystemClock clock;
  LibavSource source(testing::file_url(testing::sample(name)), clock);
  ORIEL_TRY_ASSIGN(auto tracks, source.open(testing::in_seconds(10), {}));
  const std::vector<SourceTrack> about = tracks;
  static std::unique_ptr<Reception> reception;
  reception = std::make_unique<Reception>(ReceptionOptions{}, std::move(tracks), output);
  if (kept != nullptr) *kept = reception.get();
  ORIEL_TRY(reception->prepare());
  for (;;) {
    ORIEL_TRY_ASSIGN(auto packet, source.next(testing::in_seconds(10)));
    if (!packet) break;
    // As if it came in real time.
    const SourceTrack& track = about[packet->track];
    packet->arrived =
        UtcTime{1'700'000'000'000'000 + packet->dts.value_or(packet->pts.value_or(0)) * 1'000'000 *
                                            track.timebase_num / track.timebase_den};
    ORIEL_TRY(reception->push(std::move(*packet)));
  }
  reception->end(Reason::link_down);
  return {};
}

struct FileCase {
  const char* name;
  const char* formats;
  int pictures;  // all of the file's
  double seconds;
  const char* codecs;
};

class ReceptionOfFile : public ::testing::TestWithParam<FileCase> {};

TEST_P(ReceptionOfFile, is_recorded_whole_and_plays) {
  const FileCase& expected = GetParam();
  ORIEL_NEEDS_SAMPLE(expected.name);
  PackagingOutput output;
  const auto received = receive_file(expected.name, output);
  ASSERT_TRUE(received) << received.error().message;
  ASSERT_EQ(output.heads.size(), 1U);
  EXPECT_EQ(media::codecs_attribute(output.heads[0].tracks), expected.codecs);
  const auto files = output.sink.files();
  ASSERT_EQ(files.size(), 1U);
  const Decoded decoded = decode(files[0].bytes);
  EXPECT_EQ(decoded.formats, expected.formats);
  EXPECT_EQ(decoded.pictures, expected.pictures);
  EXPECT_EQ(decoded.errors, 0);
  EXPECT_NEAR(decoded.seconds, expected.seconds, 0.25);
}

INSTANTIATE_TEST_SUITE_P(
    Samples, ReceptionOfFile,
    ::testing::Values(
        FileCase{"formats/h264-aac.mp4", "h264+aac", 30, 1.02, "avc1.64001F,mp4a.40.2"},
        FileCase{"formats/h264.ts", "h264", 30, 1.0, "avc1.64001F"},
        FileCase{"formats/h264-aac.flv", "h264+aac", 30, 1.02, "avc1.640034,mp4a.40.2"},
        FileCase{"formats/h264-ac3.mkv", "h264+aac", 30, 1.02, "avc1.640034,mp4a.40.2"},
        FileCase{"formats/h265-bframes.mp4", "hevc", 30, 1.0, "hvc1.1.6.L90.90"},
        FileCase{"formats/h265.ts", "hevc", 30, 1.0, "hvc1.1.6.L90.90"},
        FileCase{"formats/av1.mp4", "av1+aac", 30, 1.0, "av01.0.05M.08,mp4a.40.2"},
        FileCase{"formats/bt601.mov", "h264+aac", 30, 1.0, "avc1.4D001E,mp4a.40.2"},
        FileCase{"formats/pyramid-3b.mp4", "h264", 120, 4.0, "avc1.64001F"},
        FileCase{"formats/12.5fps-720p.mp4", "h264+aac", 13, 1.0, "avc1.64003C,mp4a.40.2"},
        FileCase{"odd/vfr.mp4", "h264", 300, 14.9, "avc1.F4000B"},
        FileCase{"odd/rotated-180.mp4", "h264+aac", 149, 5.0, "avc1.42C029,mp4a.40.2"},
        FileCase{"odd/mdat-too-long.mp4", "h264+aac", 30, 1.0, "avc1.64001F,mp4a.40.2"},
        FileCase{"odd/missing-stsd.mp4", "h264", 30, 1.0, "avc1.64001F"},
        FileCase{"odd/silent-black-10s.mp4", "h264+aac", 300, 10.0, "avc1.64000D,mp4a.40.2"}),
    [](const auto& parameter) {
      std::string name = parameter.param.name;
      for (char& c : name)
        if (std::isalnum(static_cast<unsigned char>(c)) == 0) c = '_';
      return name;
    });

// The packets of a file's video as a camera would send them: Annex B with the parameter sets before
// each key frame, and nothing out of band.
std::vector<SourcePacket> as_from_a_camera(const std::string& name, std::int64_t from_ms) {
  static SystemClock clock;
  LibavSource source(testing::file_url(testing::sample(name)), clock);
  const auto tracks = source.open(testing::in_seconds(10), {});
  std::vector<SourcePacket> packets;
  if (!tracks) return packets;
  const auto known = parse_nal_extradata(Codec::h264, (*tracks)[0].parameters.extradata);
  int number = 0;
  while (auto packet = source.next(testing::in_seconds(10))) {
    if (!*packet) break;
    if ((*packet)->track != 0) continue;
    Bytes bytes;
    const auto add = [&](ByteView nal) {
      bytes.insert(bytes.end(), {0, 0, 0, 1});
      bytes.insert(bytes.end(), nal.begin(), nal.end());
    };
    if ((*packet)->key) {
      for (const Bytes& set : known->sets.sps) add(set);
      for (const Bytes& set : known->sets.pps) add(set);
    }
    const auto units = split_nal_units((*packet)->bytes, known->layout);
    for (const ByteView nal : *units) add(nal);
    SourcePacket made;
    made.bytes = std::move(bytes);
    made.dts = (from_ms + number * 40) * 90;
    made.pts = made.dts;
    made.arrived = UtcTime{1'700'000'000'000'000 + (from_ms + number * 40) * 1000};
    packets.push_back(std::move(made));
    ++number;
  }
  return packets;
}

TEST(Reception, new_parameter_sets_end_the_run_and_no_picture_is_lost) {
  ORIEL_NEEDS_SAMPLE("formats/12.5fps-720p.mp4");
  ORIEL_NEEDS_SAMPLE("odd/rotated-180.mp4");
  const auto first = as_from_a_camera("formats/12.5fps-720p.mp4", 0);
  const auto second =
      as_from_a_camera("odd/rotated-180.mp4", static_cast<std::int64_t>(first.size()) * 40);
  ASSERT_FALSE(first.empty());
  SourceTrack track;
  track.parameters.codec = "h264";
  track.dts_unknown = true;
  PackagingOutput output;
  Reception reception({}, {track}, output);
  ASSERT_TRUE(reception.prepare());
  for (const auto& packets : {first, second})
    for (const SourcePacket& packet : packets) ASSERT_TRUE(reception.push(packet));
  reception.end(Reason::link_down);
  ASSERT_EQ(output.heads.size(), 2U);
  EXPECT_EQ(output.ended, (std::vector<Reason>{Reason::parameters_changed, Reason::link_down}));
  EXPECT_EQ(output.heads[1].began, Reason::parameters_changed);
  EXPECT_EQ(output.packets, static_cast<int>(first.size() + second.size()));
  const auto files = output.sink.files();
  ASSERT_EQ(files.size(), 2U);
  EXPECT_EQ(decode(files[0].bytes).pictures, static_cast<int>(first.size()));
  const Decoded later = decode(files[1].bytes);
  EXPECT_EQ(later.pictures, static_cast<int>(second.size()));
  EXPECT_EQ(later.errors, 0);
  // The second run's UTC is where the first one ended.
  EXPECT_EQ((output.heads[1].start - output.heads[0].start).us,
            static_cast<std::int64_t>(first.size()) * 40'000);
}

TEST(Reception, a_camera_without_key_frames_is_faulty_after_a_minute) {
  SourceTrack track;
  track.parameters.codec = "h264";
  PackagingOutput output;
  Reception reception({}, {track}, output);
  ASSERT_TRUE(reception.prepare());
  Result<void> pushed;
  std::int64_t second = 0;
  for (; second < 120 && pushed; ++second) {
    SourcePacket packet;
    packet.bytes = {0, 0, 0, 1, 0x41, 1, 2, 3};
    packet.arrived = UtcTime::from_ms(second * 1000);
    pushed = reception.push(std::move(packet));
  }
  ASSERT_FALSE(pushed);
  EXPECT_EQ(pushed.error().kind, ErrorKind::data_loss);
  EXPECT_NE(pushed.error().message.find("key frame"), std::string::npos);
  EXPECT_GE(second, 60);
}

TEST(Reception, old_video_without_a_reencoder_is_refused_with_its_name) {
  ORIEL_NEEDS_SAMPLE("formats/mpeg4-mp3.avi");
  PackagingOutput output;
  const auto received = receive_file("formats/mpeg4-mp3.avi", output);
  ASSERT_FALSE(received);
  EXPECT_EQ(received.error().kind, ErrorKind::unsupported);
  EXPECT_NE(received.error().message.find("mpeg4"), std::string::npos);
}

}  // namespace
}  // namespace oriel::ingest
