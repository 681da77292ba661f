// Live HLS (RFC 8216 and draft-pantos-hls-rfc8216bis), and the parts that live and past share.
#include <fmt/format.h>

#include "api/live_socket.h"
#include "api/part_slices.h"
#include "api/segment_files.h"
#include "api/services.h"
#include "api/viewer.h"
#include "http/conditional.h"
#include "http/problem.h"
#include "media/media_name.h"
#include "media/playlist.h"

namespace oriel::api {
namespace {

using http::Awaitable;
using http::Request;
using http::Response;
using media::Rendition;

constexpr std::string_view kPlaylistType = "application/vnd.apple.mpegurl";
// RFC 8216bis 6.2.5.2: a blocked request is answered within three target durations, then with 503.
constexpr Duration kBlockMax = Duration::from_s(18);
// How long the multivariant playlist waits for a rendition that is only now being made.
constexpr Duration kMadeWait = Duration::from_s(6);

Response playlist_response(SharedBytes text, const access::View& view, bool blocking) {
  Response response = Response::bytes(std::move(text), kPlaylistType);
  // A blocking request names a state that does not change any more; a plain one is only now.
  const std::string_view shared = blocking ? "public, max-age=6" : "public, max-age=1";
  response.headers.set("Cache-Control", view.is_public ? shared : "no-store");
  return response;
}

std::optional<Rendition> rendition_named(std::string_view name) {
  if (name.empty() || name == "main") return Rendition::main;
  if (name == "sub") return Rendition::sub;
  if (name == "made") return Rendition::made;
  return std::nullopt;
}

void add_variant(std::vector<media::Variant>& variants, std::string uri,
                 const live::ChannelSummary& summary, bool with_audio) {
  media::Variant variant;
  variant.uri = std::move(uri);
  for (const auto& track : *summary.tracks) {
    const bool audible = with_audio || !media::has_sound_to_mute(*summary.tracks);
    if (track.kind() == media::TrackKind::audio && !audible) continue;
    variant.codecs += (variant.codecs.empty() ? "" : ",") + track.codec_string;
    variant.width = std::max(variant.width, track.width);
    variant.height = std::max(variant.height, track.height);
  }
  variant.frame_rate = variant.width > 0 ? summary.frames_per_s : 0;
  // A tenth above what was measured: the next segment may be larger than all before.
  variant.bandwidth_bps = std::max<std::int64_t>(summary.peak_bps, 64'000) * 11 / 10;
  variant.average_bps = summary.bitrate_bps;
  variants.push_back(std::move(variant));
}

Awaitable<void> wait_for_made(const LiveRendition& made, http::Signal& changed,
                              const Clock& clock) {
  const SteadyTime until = clock.steady() + std::chrono::microseconds(kMadeWait.us);
  while (!made.channel.summary().tracks && clock.steady() < until) {
    const auto seen = changed.version();
    if (made.channel.summary().last_part_end) co_return;
    co_await changed.wait(seen, Duration::from_ms(500));
  }
}

Awaitable<Response> multivariant(Services& services, Request& request) {
  auto seen = see(services, request);
  if (!seen) co_return http::problem(seen.error());
  const auto main = seen->feed->rendition(Rendition::main);
  const auto summary = main->channel.summary();
  if (!summary.tracks || !summary.last_part_end)
    co_return http::problem(
        Error{ErrorKind::unavailable, "there is no live picture at the moment"});
  std::vector<media::Variant> variants;
  add_variant(variants, "media.m3u8", summary, seen->view.with_audio);
  if (const auto sub = seen->feed->rendition(Rendition::sub)) {
    const auto small = sub->channel.summary();
    if (small.tracks && small.last_part_end)
      add_variant(variants, "sub/media.m3u8", small, seen->view.with_audio);
  }
  if (!plays_everywhere(*summary.tracks) && seen->feed->want_made()) {
    const auto made = seen->feed->rendition(Rendition::made);
    co_await wait_for_made(*made, made->changed, services.clock);
    const auto made_summary = made->channel.summary();
    if (made_summary.tracks && made_summary.last_part_end)
      add_variant(variants, "made/media.m3u8", made_summary, seen->view.with_audio);
  }
  Response response = Response::text(media::render_multivariant(variants), kPlaylistType);
  response.headers.set("Cache-Control", seen->view.is_public ? "public, max-age=5" : "no-store");
  co_return response;
}

Result<live::PlaylistQuery> playlist_query(const Request& request) {
  constexpr std::int64_t kMost = std::int64_t{1} << 53;
  live::PlaylistQuery query;
  ORIEL_TRY_ASSIGN(const auto msn, number_parameter(request, "_HLS_msn", 0, kMost));
  ORIEL_TRY_ASSIGN(const auto part, number_parameter(request, "_HLS_part", 0, kMost));
  if (part && !msn) return fail(ErrorKind::invalid, "_HLS_part needs _HLS_msn");
  if (msn) query.msn = static_cast<std::uint64_t>(*msn);
  if (part) query.part = static_cast<std::uint64_t>(*part);
  const auto skip = request.query.first("_HLS_skip");
  query.delta = skip && (*skip == "YES" || *skip == "v2");
  return query;
}

Awaitable<Response> media_playlist(Services& services, Request& request) {
  auto seen = see(services, request);
  if (!seen) co_return http::problem(seen.error());
  const auto which = rendition_named(request.parameter("rendition"));
  const auto rendition = which ? seen->feed->rendition(*which) : nullptr;
  if (!rendition)
    co_return http::problem(Error{ErrorKind::not_found, "there is no such rendition"});
  if (*which == Rendition::made) seen->feed->want_made();
  auto query = playlist_query(request);
  if (!query) co_return http::problem(query.error());

  const live::UriScheme uris{
      (request.parameter("rendition").empty() ? "../../media/" : "../../../media/") +
      seen->feed->id().str() + "/"};
  const SteadyTime until = services.clock.steady() + std::chrono::microseconds(kBlockMax.us);
  while (true) {
    const auto version = rendition->changed.version();
    const auto view = seen->view.at(services.clock.now());
    auto answer = rendition->channel.playlist(live_view(view), uris, *query);
    using Status = live::PlaylistAnswer::Status;
    if (answer.status == Status::ready)
      co_return playlist_response(std::move(answer.text), view, query->msn.has_value());
    if (answer.status == Status::too_far)
      co_return http::problem(
          Error{ErrorKind::invalid, "_HLS_msn is further ahead than the stream will be soon"});
    const bool over = services.clock.steady() >= until;
    if (over || (answer.status == Status::empty && !query->msn))
      co_return http::problem(
          Error{ErrorKind::unavailable, "there is no live picture at the moment"});
    const Duration left{
        std::chrono::duration_cast<std::chrono::microseconds>(until - services.clock.steady())
            .count()};
    co_await rendition->changed.wait(version,
                                     view.delay.us > 0 ? std::min(left, kDelayedStep) : left);
  }
}

// Where a recording's bytes are, as far as memory knows.
struct Located {
  std::shared_ptr<LiveRendition> rendition;  // null: only the archive can know
  media::RecordingPtr recording;
};

Located locate(const Feed& feed, RecordingId id) {
  for (const auto which : {Rendition::main, Rendition::sub, Rendition::made}) {
    auto rendition = feed.rendition(which);
    if (!rendition) continue;
    if (auto recording = rendition->channel.find_recording(id))
      return {std::move(rendition), std::move(recording)};
  }
  return {};
}

Response media_response(http::Body body, const access::View& view) {
  Response response;
  response.headers.set("Content-Type", "video/mp4");
  response.headers.set("Cache-Control", view.cache_control());
  response.body = std::move(body);
  return response;
}

Error no_such_part() { return Error{ErrorKind::not_found, "there is no such part"}; }

// The segments that hold a range: [first, end). Errors: not_found. What playlists name lies in one
// segment; a range of more than two would only fill the memory.
struct SegmentsOfRange {
  std::uint32_t first = 0;
  std::uint32_t end = 0;
};
Result<SegmentsOfRange> segments_of_range(const archive::RecordingRow& row,
                                          const archive::WireRange& range) {
  ORIEL_TRY_ASSIGN(const auto segments, archive::segments_of(row));
  SegmentsOfRange found;
  std::uint32_t part = 0;
  for (std::uint32_t i = 0; i < segments.size() && part < range.end; ++i) {
    part += segments[i].parts;
    if (part <= range.first) found.first = i + 1;
    found.end = i + 1;
  }
  if (part < range.end || found.end - found.first > 2) return fail(no_such_part());
  return found;
}

// From the file. Blocks.
Result<SharedBytes> load_range(Services& services, const FeedId& feed, const access::View& view,
                               const archive::WireRange& range) {
  ORIEL_TRY_ASSIGN(const auto row, services.archive.catalog().recording(range.recording));
  if (row.feed != feed) return fail(no_such_part());
  ORIEL_TRY_ASSIGN(const auto segments, segments_of_range(row, range));
  if (!range.muted && !view.with_audio) {
    ORIEL_TRY_ASSIGN(const auto init, services.archive.catalog().init_of(row));
    if (media::has_sound_to_mute(*init.tracks)) return fail(no_such_part());
  }
  if (!view.may_see(row.span())) {
    ORIEL_TRY_ASSIGN(const auto table,
                     services.archive.reader().part_table(row, segments.first, segments.end));
    if (table.empty()) return fail(no_such_part());
    const std::uint32_t before = table.front().number;
    if (range.end - before > table.size()) return fail(no_such_part());
    const auto& last = table[range.end - 1 - before];
    const UtcSpan span{table[range.first - before].start,
                       last.start + ticks_to_duration(last.duration_90k)};
    if (!view.may_see(span)) return fail(no_such_part());
  }
  return services.archive.cache().get(range);
}

// One part goes as it lies in memory; a segment, which many fetch at once, as a file in memory.
http::Body live_body(Services& services, const archive::WireRange& range,
                     std::vector<http::MemorySlice> slices) {
  if (range.end - range.first > 1) {
    if (auto file = services.segment_files.add(range, slices))
      return http::Body::of(std::move(*file));
  }
  http::Body body;
  for (auto& slice : slices) body.append(std::move(slice));
  return body;
}

std::vector<http::MemorySlice> slices_of(const std::vector<media::PartPtr>& parts, bool muted) {
  std::vector<http::MemorySlice> slices;
  for (const auto& part : parts)
    for (auto& slice : part_slices(*part, muted)) slices.push_back(std::move(slice));
  return slices;
}

Awaitable<Response> media_range(Services& services, const Seen& seen, RecordingId id,
                                media::MediaName name) {
  const archive::WireRange range{id, name.first, name.end, name.muted};
  const SteadyTime until = services.clock.steady() + std::chrono::microseconds(kBlockMax.us);
  bool listed = false;
  while (true) {
    const Located located = locate(*seen.feed, id);
    if (!located.rendition) break;
    const bool mutes = media::has_sound_to_mute(*located.recording->tracks);
    if ((name.muted && !mutes) || (mutes && !name.muted && !seen.view.with_audio))
      co_return http::problem(no_such_part());
    const auto version = located.rendition->changed.version();
    const auto found = located.rendition->channel.find_parts(id, name.first, name.end);
    if (found.status == live::Channel::Fetch::unknown) break;
    const auto view = seen.view.at(services.clock.now());
    if (found.status != live::Channel::Fetch::not_yet) {
      if (view.may_see(found.span)) {
        if (auto file = services.segment_files.find(range))
          co_return media_response(http::Body::of(std::move(*file)), view);
        listed = true;
        if (found.status == live::Channel::Fetch::let_go) break;
        co_return media_response(live_body(services, range, slices_of(found.parts, name.muted)),
                                 view);
      }
      if (view.delay.us == 0 || found.span.end < view.not_after)
        co_return http::problem(no_such_part());
    }
    if (services.clock.steady() >= until)
      co_return http::problem(Error{ErrorKind::unavailable, "the part did not come in time"});
    const Duration left{
        std::chrono::duration_cast<std::chrono::microseconds>(until - services.clock.steady())
            .count()};
    co_await located.rendition->changed.wait(
        version, view.delay.us > 0 ? std::min(left, kDelayedStep) : left);
  }
  auto bytes = co_await services.offload.run([&] {
    return load_range(services, seen.feed->id(), seen.view.at(services.clock.now()), range);
  });
  if (!bytes) co_return http::problem(bytes.error());
  http::Body body =
      listed ? live_body(services, range, {http::MemorySlice::of(*bytes)}) : http::Body::of(*bytes);
  co_return media_response(std::move(body), seen.view);
}

Awaitable<Response> media_init(Services& services, const Seen& seen, RecordingId id,
                               media::MediaName name) {
  SharedBytes init;
  std::shared_ptr<const media::Tracks> tracks;
  if (const Located located = locate(*seen.feed, id); located.recording) {
    init = located.recording->init;
    tracks = located.recording->tracks;
  } else {
    auto loaded = co_await services.offload.run([&]() -> Result<archive::InitSegment> {
      ORIEL_TRY_ASSIGN(const auto row, services.archive.catalog().recording(id));
      if (row.feed != seen.feed->id()) return fail(no_such_part());
      return services.archive.catalog().init_of(row);
    });
    if (!loaded) co_return http::problem(loaded.error());
    init = loaded->bytes;
    tracks = loaded->tracks;
  }
  const bool mutes = media::has_sound_to_mute(*tracks);
  if ((name.muted && !mutes) || (mutes && !name.muted && !seen.view.with_audio))
    co_return http::problem(no_such_part());
  if (name.muted) {
    auto muted = media::mute_init(*init);
    if (!muted) co_return http::problem(muted.error());
    init = std::make_shared<const Bytes>(std::move(*muted));
  }
  co_return media_response(http::Body::of(std::move(init)), seen.view);
}

// Range requests and If-None-Match on top of a whole answer: the bytes are in memory anyway.
Response apply_conditions(const Request& request, Response response) {
  if (response.status != 200 || response.body.is_stream()) return response;
  http::Representation representation;
  representation.content_type = "video/mp4";
  representation.total_bytes = *response.body.size_bytes();
  representation.etag = fmt::format("\"{}\"", request.path.segment(3));
  if (!request.header("Range") && !request.header("If-None-Match")) {
    response.headers.set("ETag", representation.etag);
    response.headers.set("Accept-Ranges", "bytes");
    return response;
  }
  const std::string cache_control(response.headers.find("Cache-Control").value_or("no-store"));
  http::Body whole = std::move(response.body);
  Response answer = http::respond_with_range(
      request, representation, [&](http::ByteSpan span) -> Result<http::Body> {
        http::Body body;
        std::uint64_t at = 0;
        for (const auto& slice : whole.slices()) {
          const auto* memory = std::get_if<http::MemorySlice>(&slice);
          const auto* file = std::get_if<http::FileRange>(&slice);
          const std::uint64_t size = memory != nullptr ? memory->bytes.size() : file->length_bytes;
          const std::uint64_t begin = std::max(span.begin, at);
          const std::uint64_t end = std::min(span.end, at + size);
          if (begin < end && memory != nullptr)
            body.append(
                http::MemorySlice{memory->owner, memory->bytes.subspan(begin - at, end - begin)});
          else if (begin < end)
            body.append(http::FileRange{file->owner, file->descriptor,
                                        file->offset_bytes + begin - at, end - begin,
                                        file->in_memory});
          at += size;
        }
        return body;
      });
  answer.headers.set("Cache-Control", cache_control);
  return answer;
}

Awaitable<Response> media_file(Services& services, Request& request) {
  auto seen = see(services, request);
  if (!seen) co_return http::problem(seen.error());
  const auto name = media::parse_media_name(request.parameter("name"));
  if (!name) co_return http::problem(name.error());
  const auto id = path_number(request, "recording");
  if (!id) co_return http::problem(no_such_part());
  // Two statements: g++ 12 destroys the unused arm of `? co_await : co_await` too.
  const RecordingId recording{*id};
  if (name->init) {
    Response init = co_await media_init(services, *seen, recording, *name);
    co_return apply_conditions(request, std::move(init));
  }
  Response response = co_await media_range(services, *seen, recording, *name);
  co_return apply_conditions(request, std::move(response));
}

http::Operation playlist_operation(std::string id, std::string summary) {
  auto described = operation(std::move(id), "live", std::move(summary));
  described.parameters.push_back(
      number_query("_HLS_msn", "Answer when this media sequence number is listed"));
  described.parameters.push_back(
      number_query("_HLS_part", "Answer when this part of it is listed"));
  http::Parameter skip;
  skip.name = "_HLS_skip";
  skip.description = "YES: a delta update";
  described.parameters.push_back(std::move(skip));
  described.answers[200] = {"A playlist", std::string(kPlaylistType), {}};
  return described;
}

}  // namespace

void add_live_routes(http::Router& router, Services& services) {
  auto index = operation("getLivePlaylist", "live",
                         "The live renditions of a feed as an HLS multivariant playlist");
  index.answers[200] = {"A playlist", std::string(kPlaylistType), {}};
  router.add(http::Method::get, "/live/{feed}/index.m3u8", std::move(index),
             [&services](Request& request) { return multivariant(services, request); });
  router.add(http::Method::get, "/live/{feed}/media.m3u8",
             playlist_operation("getLiveMediaPlaylist", "Low-latency HLS of the main rendition"),
             [&services](Request& request) { return media_playlist(services, request); });
  router.add(http::Method::get, "/live/{feed}/{rendition}/media.m3u8",
             playlist_operation("getLiveRenditionPlaylist",
                                "Low-latency HLS of one rendition: main, sub or made"),
             [&services](Request& request) { return media_playlist(services, request); });
  auto file = operation("getMedia", "live",
                        "Parts of a recording, or its init segment; one name is one byte string");
  file.answers[200] = {"Fragmented MP4", "video/mp4", {}};
  file.answers[206] = {"A range of it", "video/mp4", {}};
  router.add(http::Method::get, "/media/{feed}/{recording}/{name}", std::move(file),
             [&services](Request& request) { return media_file(services, request); });
  auto socket = operation("openLiveSocket", "live",
                          "The part socket: live parts of many feeds on one WebSocket");
  router.add_websocket("/live/socket", std::move(socket),
                       [&services](Request& request, http::WebSocket& socket_) {
                         return serve_live_socket(services, request, socket_);
                       });
}

}  // namespace oriel::api
