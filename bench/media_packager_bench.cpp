// Question: what does packaging cost, once the packets are in memory? A camera-minute of 2 Mbit/s
// at 25 frames/s with a key frame every 2 s, into parts of a third of a second that nobody keeps.
#include <benchmark/benchmark.h>

#include "media/packager.h"
#include "media/testing.h"

namespace {

using namespace oriel;
using namespace oriel::media;

struct NobodyKeeps final : PartSink {
  std::size_t bytes = 0;
  void recording_began(const RecordingPtr&) override {}
  void part_made(const PartPtr& part) override { bytes += part->payload->size(); }
  void recording_ended(const RecordingPtr&, Reason) override {}
};

constexpr std::int64_t kFrames = 25 * 60;
constexpr std::int64_t kGop = 50;
constexpr std::size_t kFrameBytes = 10'000;

void camera_minute(benchmark::State& state) {
  media::testing::CountingIds ids;
  NobodyKeeps sink;
  for (auto _ : state) {
    state.PauseTiming();
    std::vector<Packet> packets;
    packets.reserve(kFrames);
    for (std::int64_t i = 0; i < kFrames; ++i) {
      packets.push_back(media::testing::frame(i, 3600, kGop));
      packets.back().bytes.resize(kFrameBytes);
    }
    Packager packager({.feed = FeedId("lake")}, ids, sink);
    if (!packager.begin_run({media::testing::video_track()}, Reason::starting,
                            UtcTime::from_ms(1'700'000'000'000), ClockSource::arrival, 0)) {
      state.SkipWithError("no run");
      return;
    }
    state.ResumeTiming();
    for (auto& packet : packets)
      if (!packager.push(std::move(packet))) state.SkipWithError("a packet was refused");
    packager.end_run(Reason::link_down);
  }
  state.SetBytesProcessed(static_cast<std::int64_t>(sink.bytes));
}
BENCHMARK(camera_minute)->Unit(benchmark::kMillisecond)->Repetitions(5)->ReportAggregatesOnly();

}  // namespace
