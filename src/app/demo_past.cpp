#include "app/demo_past.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/log.h"
#include "demo/past.h"
#include "demo/plateau.h"
#include "demo/scene.h"
#include "media/packager.h"

namespace oriel::app {
namespace {

constexpr Duration kPast = Duration::from_s(3600);
// One area's stretch at a time, so that all twelve have some past soon.
constexpr Duration kStep = Duration::from_s(300);
constexpr Duration kShortest = Duration::from_s(10);
// Behind the live pictures; not at the very end, where a busy machine would leave a stop waiting.
constexpr int kNice = 10;

}  // namespace

void DemoPast::start() {
  thread_ = NamedThread("demo-past", [this](std::stop_token stop) { run(stop); });
}

void DemoPast::stop() {
  thread_.request_stop();
  thread_.join();
}

void DemoPast::run(const std::stop_token& stop) {
  ::setpriority(PRIO_PROCESS, static_cast<id_t>(::syscall(SYS_gettid)), kNice);
  const UtcTime began = clock_.now();
  // The land of an area is made once, for all its stretches.
  std::map<const demo::Area*, std::shared_ptr<const demo::Scenery>> sceneries;
  for (UtcTime end = began; end > began - kPast && !stop.stop_requested(); end = end - kStep) {
    for (const auto& area : demo::areas()) {
      const FeedId feed{std::string(area.id)};
      const UtcSpan step{end - kStep, end};
      const auto timeline = archive_.catalog().timeline(feed, step, clock_.now());
      if (!timeline) return log::warn("the past is not drawn: {}", timeline.error().message);
      for (const auto& span : timeline->spans) {
        if (span.state == archive::TimelineState::recorded || span.end - span.start < kShortest)
          continue;
        if (stop.stop_requested()) return;
        auto& scenery = sceneries[&area];
        if (!scenery) scenery = demo::make_scenery(area, stop);
        if (!scenery) return;
        if (auto filled = fill(area, scenery, {span.start, span.end}, stop); !filled)
          return log::warn("the past is not drawn: {}", filled.error().message);
      }
    }
  }
  if (!stop.stop_requested()) log::info("the demonstration's past hour is drawn");
}

Result<void> DemoPast::fill(const demo::Area& area,
                            const std::shared_ptr<const demo::Scenery>& scenery, UtcSpan span,
                            const std::stop_token& stop) {
  const FeedId feed{std::string(area.id)};
  ORIEL_TRY_ASSIGN(const auto renderer, demo::PastRenderer::open(area, span, {.scenery = scenery}));
  const auto sink =
      archive_.writer().sink_for(feed, media::Rendition::main, archive::SinkUse::fill);
  media::PackagerOptions options;
  options.feed = feed;
  options.part_90k = 4 * kTicksPerSecond;
  media::Packager packager(options, archive_.ids(), *sink);
  ORIEL_TRY(packager.begin_run(
      {.tracks = {renderer->track()}, .began = media::Reason::starting, .start = span.begin}));
  while (!stop.stop_requested()) {
    auto packet = renderer->next();
    if (!packet) return fail(packet.error());
    if (!*packet) break;
    ORIEL_TRY(packager.push(std::move(**packet)));
  }
  packager.end_run(media::Reason::none);
  return {};
}

}  // namespace oriel::app
