// The past: playlists over any span, clips, stills.
#include <fmt/format.h>

#include "api/moment.h"
#include "api/past.h"
#include "api/provenance.h"
#include "api/services.h"
#include "api/still_cache.h"
#include "api/viewer.h"
#include "http/conditional.h"
#include "http/problem.h"

namespace oriel::api {
namespace {

using http::Awaitable;
using http::Request;
using http::Response;
using media::Rendition;

constexpr Duration kPlaybackMax = Duration::from_s(26 * 3600);
constexpr Duration kClipMax = Duration::from_s(6 * 3600);
constexpr int kStillWidthDefault = 1280;
// Asked widths are rounded up to one of these, so that a still is made and kept only a few times.
constexpr std::array kStillWidths = {160, 320, 480, 640, 960, 1280, 1920, 3840};

constexpr std::string_view kInsteadOfPlayback =
    "ask for a day at a time, or for up to 400 of them as a time-lapse: /timelapse/{feed}.mp4";
constexpr std::string_view kInsteadOfClip =
    "ask for it in pieces, play it day by day as /playback/{feed}/index.m3u8, or have up to 400 "
    "days of it as a time-lapse: /timelapse/{feed}.mp4";

Awaitable<Response> playback(Services& services, Request& request) {
  auto seen = see(services, request);
  if (!seen) co_return http::problem(seen.error());
  auto span = span_parameters(request, kPlaybackMax, kInsteadOfPlayback);
  if (!span) co_return http::problem(span.error());
  const std::string prefix = "../../media/" + seen->feed->id().str() + "/";
  // A day is megabytes of text: it is not for the I/O thread to write it.
  auto text = co_await services.offload.run([&]() -> Result<std::string> {
    ORIEL_TRY_ASSIGN(const auto segments,
                     past_segments(services.archive, seen->feed->id(), seen->view, *span, prefix));
    if (segments.empty()) return fail(why_nothing(services, *seen, *span));
    return media::render_past(segments);
  });
  if (!text) co_return http::problem(text.error());
  Response response = Response::text(std::move(*text), "application/vnd.apple.mpegurl");
  // Complete only when the span has passed.
  const bool settled = span->end + Duration::from_s(30) < services.clock.now();
  response.headers.set("Cache-Control", settled ? seen->view.cache_control() : "no-store");
  co_return response;
}

// Gives the bytes [begin, end) of a clip, piece by piece.
class ClipStream {
 public:
  ClipStream(Services& services, std::shared_ptr<const ClipPlan> plan, http::ByteSpan span)
      : services_(services), plan_(std::move(plan)), at_(span.begin), end_(span.end) {}

  Awaitable<Result<std::optional<SharedBytes>>> next() {
    if (at_ >= end_) co_return std::optional<SharedBytes>{};
    // Piece 0 is the init segment.
    std::uint64_t offset = 0;
    std::size_t index = 0;
    std::uint64_t size = plan_->init->size();
    while (at_ >= offset + size) {
      offset += size;
      size = plan_->pieces[index++].bytes;
    }
    SharedBytes bytes = plan_->init;
    if (index > 0) {
      auto read = co_await services_.offload.run(
          [this, index] { return clip_piece(past_of(services_.archive), *plan_, index - 1); });
      if (!read) co_return fail(read.error());
      bytes = std::move(*read);
    }
    const std::uint64_t begin = at_ - offset;
    const std::uint64_t end = std::min(end_ - offset, size);
    at_ = offset + end;
    if (begin > 0 || end < size)
      bytes = std::make_shared<const Bytes>(bytes->begin() + static_cast<std::ptrdiff_t>(begin),
                                            bytes->begin() + static_cast<std::ptrdiff_t>(end));
    co_return std::optional<SharedBytes>{std::move(bytes)};
  }

 private:
  Services& services_;
  const std::shared_ptr<const ClipPlan> plan_;
  std::uint64_t at_;
  const std::uint64_t end_;
};

Awaitable<Response> clip(Services& services, Request& request) {
  auto seen = see(services, request);
  if (!seen) co_return http::problem(seen.error());
  auto span = span_parameters(request, kClipMax, kInsteadOfClip);
  if (!span) co_return http::problem(span.error());
  auto planned = co_await services.offload.run([&]() -> Result<ClipPlan> {
    auto made = plan_clip(past_of(services.archive), seen->feed->id(), seen->view, *span);
    if (!made && made.error().kind == ErrorKind::not_found)
      return fail(why_nothing(services, *seen, *span));
    return made;
  });
  if (!planned) co_return http::problem(planned.error());
  const auto about = provenance(services, request, *seen->feed, planned->start);
  const auto tags = movie_tags(about, {planned->start, planned->end}, services.window);
  if (auto tagged = tag_clip(*planned, tags); !tagged) co_return http::problem(tagged.error());
  const auto plan = std::make_shared<const ClipPlan>(std::move(*planned));

  http::Representation representation;
  representation.content_type = "video/mp4";
  representation.total_bytes = plan->total_bytes;
  representation.etag = plan->etag;
  Response response = http::respond_with_range(
      request, representation, [&](http::ByteSpan wanted) -> Result<http::Body> {
        const auto stream = std::make_shared<ClipStream>(services, plan, wanted);
        http::Stream body;
        body.total_bytes = wanted.end - wanted.begin;
        body.next = [stream] { return stream->next(); };
        return http::Body::of(std::move(body));
      });
  std::string stamp = format_rfc3339(plan->start);
  std::erase_if(stamp, [](char c) { return c == ':' || c == '-'; });
  response.headers.set("Content-Disposition", fmt::format("inline; filename=\"{}-{}.mp4\"",
                                                          seen->feed->id().str(), stamp));
  const bool settled = span->end + Duration::from_s(30) < services.clock.now();
  response.headers.set("Cache-Control", settled ? seen->view.cache_control() : "no-store");
  co_return response;
}

// The newest picture in memory. nullopt: none, or not for this viewer.
std::optional<StillSource> live_still(const Feed& feed, const access::View& view) {
  auto& channel = feed.rendition(Rendition::main)->channel;
  const live::View live = live_view(view);
  const auto next = channel.next_part(channel.start_position(live), live, SIZE_MAX);
  if (!next.part || !next.part->independent) return std::nullopt;
  if (!view.may_see({next.part->start, next.part->end()})) return std::nullopt;
  const media::Part& part = *next.part;
  StillSource source;
  source.init = part.recording->init;
  source.parts = *part.file_head;
  source.parts.insert(source.parts.end(), part.payload->begin(), part.payload->end());
  source.key = fmt::format("{}#{}", part.recording->id.value, part.number);
  return source;
}

Awaitable<Result<SharedBytes>> make_still(Services& services, StillSource source, int width) {
  const std::string key = fmt::format("{}w{}", source.key, width);
  if (auto kept = services.stills.find(key)) co_return kept;
  auto jpeg = co_await services.still_makers.run([&] {
    return services.pictures.still(*source.init, source.parts, source.offset_90k, width);
  });
  if (!jpeg) co_return fail(jpeg.error());
  SharedBytes made = std::make_shared<const Bytes>(std::move(*jpeg));
  services.stills.add(key, made);
  co_return made;
}

Awaitable<Response> snapshot(Services& services, Request& request) {
  auto seen = see(services, request);
  if (!seen) co_return http::problem(seen.error());
  auto at = time_parameter(request, "at");
  auto asked_width = number_parameter(request, "width", 16, 3840);
  if (!at) co_return http::problem(at.error());
  if (!asked_width) co_return http::problem(asked_width.error());
  const auto wanted = static_cast<int>(asked_width->value_or(kStillWidthDefault));
  const int width =
      *std::find_if(kStillWidths.begin(), kStillWidths.end(), [&](int w) { return w >= wanted; });

  std::optional<StillSource> source;
  if (!*at) source = live_still(*seen->feed, seen->view);
  if (!source) {
    // Without a live picture the newest recorded one is not passed off as now: only a wanted
    // moment.
    if (!*at)
      co_return http::problem(
          Error{ErrorKind::unavailable, "there is no live picture at the moment"});
    auto found = co_await services.offload.run([&]() -> Result<StillSource> {
      auto still = find_still(services.archive, seen->feed->id(), seen->view, **at);
      if (!still && still.error().kind == ErrorKind::not_found)
        return fail(why_nothing(services, *seen, {**at, **at + Duration{1}}));
      return still;
    });
    if (!found) co_return http::problem(found.error());
    source = std::move(*found);
  }
  const std::string etag = fmt::format("\"{}w{}\"", source->key, width);
  auto jpeg = co_await make_still(services, std::move(*source), width);
  if (!jpeg) co_return http::problem(jpeg.error());
  http::Representation representation;
  representation.content_type = "image/jpeg";
  representation.total_bytes = (*jpeg)->size();
  representation.etag = etag;
  const SharedBytes bytes = std::move(*jpeg);
  Response response = http::respond_with_range(
      request, representation, [&](http::ByteSpan span) -> Result<http::Body> {
        http::Body body;
        body.append(http::MemorySlice::of(bytes, span.begin, span.end - span.begin));
        return body;
      });
  const std::string_view live_caching = seen->view.is_public ? "public, max-age=2" : "no-store";
  response.headers.set("Cache-Control", *at ? seen->view.cache_control() : live_caching);
  co_return response;
}

}  // namespace

void add_past_routes(http::Router& router, Services& services) {
  auto playlist = operation("getPlaybackPlaylist", "past",
                            "The past as HLS, across gaps and changes of format");
  playlist.parameters = {time_query("start", true, "Begin, RFC 3339"),
                         time_query("end", true, "End, at most 26 h later")};
  playlist.answers[200] = {"A playlist", "application/vnd.apple.mpegurl", {}};
  router.add(http::Method::get, "/playback/{feed}/index.m3u8", std::move(playlist),
             [&services](Request& request) { return playback(services, request); });

  auto file =
      operation("getClip", "past",
                "A span as one MP4 file, not re-encoded; begins at the key frame before start");
  file.parameters = {time_query("start", true, "Begin, RFC 3339"),
                     time_query("end", true, "End, at most 6 h later")};
  file.answers[200] = {"Fragmented MP4", "video/mp4", {}};
  file.answers[206] = {"A range of it", "video/mp4", {}};
  router.add(http::Method::get, "/clip/{feed}.mp4", std::move(file),
             [&services](Request& request) { return clip(services, request); });

  auto still = operation("getSnapshot", "past", "A still of now, or of a moment");
  still.parameters = {time_query("at", false, "The moment; now when absent"),
                      number_query("width", "Pixels; rounded up to a usual one")};
  still.answers[200] = {"A picture", "image/jpeg", {}};
  router.add(http::Method::get, "/snapshot/{feed}.jpg", std::move(still),
             [&services](Request& request) { return snapshot(services, request); });
}

}  // namespace oriel::api
