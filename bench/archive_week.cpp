// A week of recording on an accelerated clock, through the real packager, writer, database and
// catalog, with the heap at each midnight. Used by index.py:
//   archive_week URL FOLDER FEEDS DAYS    one JSON line a day
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <malloc.h>

#include "archive/archive.h"
#include "archive/testing.h"
#include "base/log.h"
#include "store/database.h"

namespace {

using namespace oriel;
using archive::testing::TestCamera;

constexpr int kFramesASecond = 10;  // of the test clip
constexpr int kStepSeconds = 300;
constexpr int kStepsADay = 86'400 / kStepSeconds;

template <class T>
T sure(Result<T> result) {
  if (!result) {
    std::fprintf(stderr, "%s\n", result.error().message.c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

std::int64_t resident_kib() {
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);)
    if (line.starts_with("VmRSS:")) return std::atoll(line.c_str() + 6);
  return 0;
}

struct Feed {
  FeedId id;
  std::unique_ptr<media::PartSink> sink;
  std::unique_ptr<TestCamera> camera;
};

// What visitors ask while it records.
void ask(const archive::Archive& archive, const FeedId& feed, UtcTime now) {
  const UtcSpan day{now - Duration::from_s(86'400), now};
  sure(archive.catalog().timeline(feed, day, now));
  const auto page = sure(archive.catalog().recordings(
      feed, media::Rendition::main, {day.end - Duration::from_s(3'600), day.end}));
  if (!page.rows.empty()) sure(archive.catalog().init_of(page.rows.front()));
}

// The files of days gone by; what is measured is memory.
void forget_files(const std::filesystem::path& volume) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(volume))
    if (entry.path().extension() == ".mp4" &&
        std::filesystem::last_write_time(entry.path()) <
            std::filesystem::file_time_type::clock::now() - std::chrono::seconds(30))
      std::filesystem::remove(entry.path());
}

}  // namespace

int main(int count, char** arguments) {
  if (count != 5) return 2;
  log::set_level(log::Level::warn);
  const std::filesystem::path folder = arguments[2];
  const auto volume = folder / "volume";
  std::filesystem::create_directories(volume);
  ManualClock clock(*parse_rfc3339("2026-01-01T00:00:00Z"));
  Metrics metrics;
  archive::LogAlarms alarms;
  const auto database = sure(store::open_database(arguments[1], metrics));
  archive::ArchiveOptions options{alarms, {{VolumeId("v1"), volume.string(), 0}}, {}};
  options.writer.sync_interval = Duration::from_ms(20);
  const auto archive = sure(archive::Archive::open(std::move(options), *database, clock, metrics));
  std::vector<Feed> feeds;
  for (int n = 0; n < std::atoi(arguments[3]); ++n) {
    Feed feed{FeedId("feed-" + std::to_string(n)), nullptr, nullptr};
    feed.sink = archive->writer().sink_for(feed.id, media::Rendition::main);
    feed.camera = std::make_unique<TestCamera>(feed.id, archive->ids(), *feed.sink, 300);
    archive->writer().note_state(feed.id, media::Reason::none, clock.now());
    feed.camera->begin_run(clock.now());
    feeds.push_back(std::move(feed));
  }
  for (int day = 1; day <= std::atoi(arguments[4]); ++day) {
    for (int step = 0; step < kStepsADay; ++step) {
      for (auto& feed : feeds) feed.camera->push_frames(kStepSeconds * kFramesASecond);
      clock.advance(Duration::from_s(kStepSeconds));
      sure(archive->writer().flush(Duration::from_s(60)));
      if (step % 12 == 0)
        ask(*archive, feeds[static_cast<std::size_t>(step) / 12 % feeds.size()].id, clock.now());
      if (step % 72 == 71) forget_files(volume);
    }
    const auto heap = ::mallinfo2();
    std::printf("{\"day\": %d, \"heap_bytes\": %zu, \"resident_kib\": %lld}\n", day,
                heap.uordblks + heap.hblkhd, static_cast<long long>(resident_kib()));
    std::fflush(stdout);
  }
  for (auto& feed : feeds) feed.camera->end_run(media::Reason::server_stopped);
  archive->stop();
  return 0;
}
