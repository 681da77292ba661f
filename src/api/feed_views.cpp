#include "api/feed_views.h"

#include "api/provenance.h"
#include "media/media_name.h"

namespace oriel::api {
namespace {

// How much of the last recorded time is offered when a feed is not live.
constexpr Duration kLastGood = Duration::from_s(3600);

RenditionView rendition_view(media::Rendition which, const live::ChannelSummary& summary,
                             bool with_audio) {
  RenditionView view;
  view.name = which;
  view.bitrate_bps = summary.bitrate_bps;
  for (const auto& track : *summary.tracks) {
    const bool audio = track.kind() == media::TrackKind::audio;
    if (audio && !with_audio) continue;
    view.codecs += (view.codecs.empty() ? "" : ",") + track.codec_string;
    view.tracks.push_back({audio ? "audio" : "video", std::string(media::to_string(track.codec)),
                           track.codec_string, track.width, track.height, track.sample_rate,
                           track.channels});
  }
  return view;
}

}  // namespace

json::object feed_view(const Feed& feed, const access::View& view, const archive::Archive* archive,
                       const Services& services) {
  const UtcTime now = services.clock.now();
  const auto settings = feed.settings();
  const std::string licence = licence_of(*settings, services.window);
  const FeedStatus status = feed.status();
  std::vector<RenditionView> renditions;
  std::optional<UtcTime> last_part_at;
  bool audio = false;
  for (const auto which : {media::Rendition::main, media::Rendition::sub, media::Rendition::made}) {
    const auto rendition = feed.rendition(which);
    if (!rendition) continue;
    const auto summary = rendition->channel.summary();
    if (!summary.tracks) continue;
    renditions.push_back(rendition_view(which, summary, view.with_audio));
    if (which != media::Rendition::main) continue;
    if (summary.last_part_end) last_part_at = std::min(*summary.last_part_end, view.not_after);
    for (const auto& track : *summary.tracks)
      audio = audio || (track.kind() == media::TrackKind::audio && view.with_audio);
  }
  std::optional<UtcTime> first_recorded_at;
  std::optional<SpanView> last_good;
  if (archive != nullptr) {
    const auto first = archive->catalog().first_recording(feed.id(), media::Rendition::main);
    if (first && *first) first_recorded_at = (*first)->start;
    if (status.state != FeedState::live) {
      const UtcTime before = std::min(now, view.not_after);
      const auto good = archive->catalog().last_good_span(feed.id(), before, kLastGood);
      if (good && *good && view.may_see(**good)) last_good = SpanView{(*good)->begin, (*good)->end};
    }
  }
  return {{"id", feed.id().str()},
          {"site", settings->site ? json::value(settings->site->str()) : json::value(nullptr)},
          {"name", to_json(settings->name)},
          {"state", to_json(status.state)},
          {"reason", to_json(status.reason)},
          {"since", to_json(status.since)},
          {"public", settings->is_public},
          {"audio", audio},
          {"licence", licence.empty() ? json::value(nullptr) : json::value(licence)},
          {"delay_s", view.delay.us / 1'000'000},
          {"renditions", to_json(renditions)},
          {"last_part_at", to_json(last_part_at)},
          {"first_recorded_at", to_json(first_recorded_at)},
          {"last_good", to_json(last_good)}};
}

json::value feed_schema() {
  const json::value none = json::object{{"type", "null"}};
  const auto nullable = [&](json::value schema) {
    return json::object{{"anyOf", json::array{std::move(schema), none}}};
  };
  json::object properties{{"id", json_schema<std::string>()},
                          {"site", nullable(json_schema<std::string>())},
                          {"name", json_schema<LocalisedText>()},
                          {"state", json_schema<FeedState>()},
                          {"reason", json_schema<media::Reason>()},
                          {"since", json_schema<UtcTime>()},
                          {"public", json_schema<bool>()},
                          {"audio", json_schema<bool>()},
                          {"licence", nullable(json_schema<std::string>())},
                          {"delay_s", json_schema<std::int64_t>()},
                          {"renditions", json_schema<std::vector<RenditionView>>()},
                          {"last_part_at", nullable(json_schema<UtcTime>())},
                          {"first_recorded_at", nullable(json_schema<UtcTime>())},
                          {"last_good", nullable(json_schema<SpanView>())}};
  json::array required;
  for (const auto& [key, value] : properties) required.emplace_back(key);
  return json::object{{"title", "Feed"},
                      {"type", "object"},
                      {"properties", std::move(properties)},
                      {"required", std::move(required)},
                      {"additionalProperties", false}};
}

}  // namespace oriel::api
