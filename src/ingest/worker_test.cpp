#include <gtest/gtest.h>

#include "base/temp_folder.h"
#include "ingest/feed_driver.h"
#include "ingest/film_process.h"
#include "ingest/made_rendition.h"
#include "ingest/make_source.h"
#include "ingest/probe.h"
#include "ingest/snapshot_process.h"
#include "ingest/testing.h"
#include "ingest/transcoder.h"

namespace oriel::ingest {
namespace {

using media::Reason;
using testing::Camera;
using testing::decode;
using testing::FileSink;

struct ReencodedRig {
  ReencodedRig(const std::string& text, media::PartSink& to, TranscoderOptions transcoder = {}) {
    url = *SourceUrl::parse(text, {.file_allowed = true});
    FeedDriverOptions options;
    options.packager.feed = FeedId("old");
    options.source = url.redacted();
    options.make_source = [this] { return make_source(url, clock); };
    options.make_reencoder = [transcoder](const StreamParameters& parameters) {
      return std::make_unique<Transcoder>(transcoder, parameters);
    };
    driver = std::make_unique<FeedDriver>(std::move(options), clock, ids, to, nullptr);
    driver->start();
  }
  SystemClock clock;
  SourceUrl url;
  media::testing::CountingIds ids;
  std::unique_ptr<FeedDriver> driver;
};

class OldCodec : public ::testing::TestWithParam<const char*> {};

TEST_P(OldCodec, from_a_camera_becomes_h264_in_a_worker) {
  Camera camera({"--codec", GetParam(), "--audio", "pcma", "--size", "320x240"});
  ASSERT_TRUE(camera.up());
  FileSink sink;
  ReencodedRig rig(camera.url(), sink);
  ASSERT_TRUE(sink.wait_for_parts(6)) << rig.driver->status().detail;
  rig.driver.reset();
  const auto files = sink.files();
  ASSERT_EQ(files.size(), 1U);
  const auto decoded = decode(files[0].bytes);
  EXPECT_EQ(decoded.formats, "h264+aac");
  EXPECT_EQ(decoded.errors, 0);
  EXPECT_GE(decoded.pictures, 40);
  EXPECT_EQ(decoded.width, 320);
  EXPECT_EQ(files[0].recording->tracks->front().codec_string.substr(0, 7), "avc1.64");
}

INSTANTIATE_TEST_SUITE_P(Rtsp, OldCodec, ::testing::Values("mjpeg"),
                         [](const auto& parameter) { return std::string(parameter.param); });

TEST(Transcoder, an_avi_with_mpeg4_and_mp3_becomes_h264_and_aac) {
  ORIEL_NEEDS_SAMPLE("formats/mpeg4-mp3.avi");
  FileSink sink;
  ReencodedRig rig("file:" + testing::sample("formats/mpeg4-mp3.avi"), sink);
  ASSERT_TRUE(sink.wait_for_parts(9)) << rig.driver->status().detail;
  rig.driver.reset();
  const auto decoded = decode(sink.files()[0].bytes);
  EXPECT_EQ(decoded.formats, "h264+aac");
  EXPECT_EQ(decoded.errors, 0);
  EXPECT_EQ(decoded.width, 960);
  EXPECT_EQ(decoded.height, 400);
  EXPECT_NEAR(decoded.pictures / decoded.seconds, 23.976, 1.5);
  EXPECT_NEAR(static_cast<double>(decoded.samples) / 48'000, decoded.seconds, 0.4);
}

TEST(Transcoder, a_worker_that_dies_is_started_again_with_back_off) {
  TranscoderOptions options;
  options.command.name = "crash";
  Transcoder transcoder(options, StreamParameters{.codec = "mjpeg"});
  media::Packet packet;
  packet.key = true;
  packet.bytes = Bytes(100);
  while (transcoder.restarts() < 2) {
    transcoder.submit(packet);
    std::this_thread::yield();
  }
  EXPECT_FALSE(transcoder.try_receive().has_value());
}

// Hands the parts of the feed on, as the hub does.
class Forwarding : public media::PartSink {
 public:
  explicit Forwarding(MadeRendition& made) : made_(made) {}
  void recording_began(const media::RecordingPtr&) override {}
  void part_made(const media::PartPtr& part) override { made_.push(part); }
  void recording_ended(const media::RecordingPtr&, Reason) override {}

 private:
  MadeRendition& made_;
};

TEST(MadeRendition, h265_with_sound_becomes_h264_with_the_same_times) {
  Camera camera({"--codec", "h265", "--audio", "aac", "--size", "640x360"});
  ASSERT_TRUE(camera.up());
  FileSink sink;
  media::testing::CountingIds ids;
  media::PackagerOptions packager;
  packager.feed = FeedId("new");
  MadeRendition made(packager, TranscoderOptions{}, ids, sink);
  Forwarding forwarding(made);
  ReencodedRig rig(camera.url(), forwarding);
  ASSERT_TRUE(sink.wait_for_parts(6)) << rig.driver->status().detail;
  rig.driver.reset();
  const auto files = sink.files();
  EXPECT_EQ(files[0].recording->rendition, media::Rendition::made);
  const auto decoded = decode(files[0].bytes);
  EXPECT_EQ(decoded.formats, "h264+aac");
  EXPECT_EQ(decoded.errors, 0);
  EXPECT_EQ(decoded.width, 640);
  EXPECT_GE(decoded.pictures, 40);
}

Bytes payload_of(const std::vector<media::PartPtr>& parts) {
  Bytes bytes;
  for (const auto& part : parts) {
    bytes.insert(bytes.end(), part->file_head->begin(), part->file_head->end());
    bytes.insert(bytes.end(), part->payload->begin(), part->payload->end());
  }
  return bytes;
}

// A busy machine is not what these tests are about.
SnapshotOptions patient() {
  SnapshotOptions options;
  options.deadline = std::chrono::milliseconds(60'000);
  return options;
}

struct Recorded {
  Recorded() {
    if (!std::filesystem::exists(testing::sample("formats/pyramid-3b.mp4"))) return;
    SystemClock clock;
    LibavSource source(testing::file_url(testing::sample("formats/pyramid-3b.mp4")), clock);
    auto tracks = source.open(testing::in_seconds(10), {});
    Reception reception({}, std::move(*tracks), output);
    if (!reception.prepare()) return;
    while (auto packet = source.next(testing::in_seconds(10))) {
      if (!*packet || !reception.push(std::move(**packet))) break;
    }
    reception.end(Reason::link_down);
    file = output.sink.files().at(0);
  }
  testing::PackagingOutput output;
  FileSink::File file;
};

TEST(SnapshotPool, gives_a_still_of_the_wanted_moment_and_width) {
  ORIEL_NEEDS_SAMPLE("formats/pyramid-3b.mp4");
  const Recorded recorded;
  SnapshotPool pool(patient());
  const Bytes segment = payload_of(recorded.file.parts);
  const auto jpeg = pool.jpeg(*recorded.file.recording->init, segment, 90'000, 320);
  ASSERT_TRUE(jpeg) << jpeg.error().message;
  ASSERT_GT(jpeg->size(), 1000U);
  EXPECT_EQ((*jpeg)[0], 0xFF);
  EXPECT_EQ((*jpeg)[1], 0xD8);
  const auto other = pool.jpeg(*recorded.file.recording->init, segment, 250'000, 320);
  ASSERT_TRUE(other);
  EXPECT_NE(*jpeg, *other);
  const auto size = decode(*jpeg);
  EXPECT_EQ(size.width, 320);
  EXPECT_EQ(size.height, 256);
}

TEST(SnapshotPool, damaged_bytes_are_an_error_and_the_next_request_is_served) {
  ORIEL_NEEDS_SAMPLE("formats/pyramid-3b.mp4");
  const Recorded recorded;
  SnapshotPool pool(patient());
  const auto broken = pool.jpeg(Bytes(500, 7), Bytes(5000, 9), 0, 320);
  ASSERT_FALSE(broken);
  EXPECT_EQ(broken.error().kind, ErrorKind::data_loss);
  EXPECT_TRUE(pool.jpeg(*recorded.file.recording->init, payload_of(recorded.file.parts), 0, 0));
}

TEST(SnapshotPool, a_worker_that_cannot_live_is_unavailable) {
  SnapshotOptions options = patient();
  options.command.name = "crash";
  SnapshotPool pool(options);
  const auto jpeg = pool.jpeg(Bytes(10), Bytes(10), 0, 320);
  ASSERT_FALSE(jpeg);
  EXPECT_EQ(jpeg.error().kind, ErrorKind::unavailable);
}

FilmRequest film_at(const std::string& path) {
  FilmRequest request;
  request.path = path;
  request.tags.title = "Eling Lake";
  request.tags.location = "+34.9000+097.7000/";
  return request;
}

TEST(FilmProcess, makes_a_file_of_the_pictures_that_can_be_decoded) {
  ORIEL_NEEDS_SAMPLE("formats/pyramid-3b.mp4");
  const Recorded recorded;
  const TempFolder folder;
  const std::string path = (folder / "film.mp4").string();
  const FilmFrame good{*recorded.file.recording->init, payload_of(recorded.file.parts),
                       "12:30 UTC"};
  auto film = FilmProcess::begin(film_at(path));
  ASSERT_TRUE(film) << film.error().message;
  ASSERT_TRUE(film->add(good));
  ASSERT_TRUE(film->add({good.init, Bytes(5000, 9), "damaged"}));
  ASSERT_TRUE(film->add({Bytes(100, 7), good.part, "damaged"}));
  ASSERT_TRUE(film->add(good));
  const auto frames = film->finish();
  ASSERT_TRUE(frames) << frames.error().message;
  EXPECT_EQ(*frames, 2U);
  std::ifstream in(path, std::ios::binary);
  const Bytes file{std::istreambuf_iterator<char>(in), {}};
  const auto decoded = decode(file);
  EXPECT_EQ(decoded.formats, "h264");
  EXPECT_EQ(decoded.errors, 0);
  EXPECT_EQ(decoded.pictures, 2);
  EXPECT_NE(as_text(file).find("Eling Lake"), std::string_view::npos);
  EXPECT_NE(as_text(file).find("+34.9000+097.7000/"), std::string_view::npos);
}

TEST(FilmProcess, of_no_picture_leaves_no_film_and_says_so) {
  const TempFolder folder;
  auto film = FilmProcess::begin(film_at((folder / "film.mp4").string()));
  ASSERT_TRUE(film) << film.error().message;
  ASSERT_TRUE(film->add({Bytes(100, 7), Bytes(5000, 9), ""}));
  const auto frames = film->finish();
  ASSERT_FALSE(frames);
  EXPECT_EQ(frames.error().kind, ErrorKind::not_found) << frames.error().message;
  EXPECT_FALSE(std::filesystem::exists(folder / "film.mp4"));
}

TEST(FilmProcess, says_when_its_file_cannot_be_made_or_its_worker_dies_or_it_is_stopped) {
  ORIEL_NEEDS_SAMPLE("formats/pyramid-3b.mp4");
  const Recorded recorded;
  const FilmFrame good{*recorded.file.recording->init, payload_of(recorded.file.parts), ""};
  auto nowhere = FilmProcess::begin(film_at("/nowhere/film.mp4"));
  ASSERT_TRUE(nowhere);
  (void)nowhere->add(good);
  const auto made = nowhere->finish();
  ASSERT_FALSE(made);
  EXPECT_NE(made.error().message.find("cannot be made"), std::string::npos) << made.error().message;

  FilmOptions options;
  options.command.name = "crash";
  auto dead = FilmProcess::begin(film_at("/nowhere/film.mp4"), options);
  EXPECT_FALSE(dead && dead->finish());

  const TempFolder folder;
  auto stopped = FilmProcess::begin(film_at((folder / "film.mp4").string()));
  ASSERT_TRUE(stopped);
  stopped->request_stop();
  EXPECT_FALSE(stopped->finish());
}

TEST(Probe, a_camera_is_described_with_its_first_picture) {
  Camera camera({"--codec", "h265", "--audio", "pcma", "--size", "640x360"});
  ASSERT_TRUE(camera.up());
  SystemClock clock;
  SnapshotPool pool(patient());
  const auto found =
      test_source(*SourceUrl::parse(camera.url()), clock, {}, pool, testing::in_seconds(60), {});
  ASSERT_TRUE(found) << found.error().message;
  ASSERT_EQ(found->tracks.size(), 2U);
  EXPECT_EQ(found->tracks[0].codec, "hevc");
  EXPECT_EQ(found->tracks[0].width, 640);
  EXPECT_NEAR(found->tracks[0].delivered_fps, 25, 6);
  EXPECT_EQ(found->tracks[1].codec, "pcm_alaw");
  EXPECT_EQ(found->tracks[1].recorded_as, "mp4a.40.2");
  EXPECT_EQ(decode(found->picture).width, 640);
}

TEST(WorkerMessages, survive_the_way_and_refuse_what_is_cut_short) {
  TranscodeRequest request;
  request.parameters.codec = "mpeg4";
  request.parameters.extradata = {1, 2, 3};
  request.gop_ms = 1500;
  const Message message = make_message(request);
  const auto parsed = parse_transcode_request(message.payload);
  ASSERT_TRUE(parsed);
  EXPECT_EQ(parsed->parameters.codec, "mpeg4");
  EXPECT_EQ(parsed->parameters.extradata, request.parameters.extradata);
  EXPECT_EQ(parsed->gop_ms, 1500);
  for (std::size_t size = 0; size < message.payload.size(); ++size)
    EXPECT_FALSE(parse_transcode_request(ByteView(message.payload).first(size))) << size;
}

}  // namespace
}  // namespace oriel::ingest
