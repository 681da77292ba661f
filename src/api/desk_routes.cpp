// The operators' desk: feeds with their workings, volumes, screens, withheld spans.
#include <fmt/format.h>
#include <sodium.h>

#include "api/clock_view.h"
#include "api/feed_views.h"
#include "api/film_shelf.h"
#include "api/provenance.h"
#include "api/screen_book.h"
#include "api/services.h"
#include "api/viewer.h"
#include "http/problem.h"

namespace oriel::api {
namespace {

using http::Awaitable;
using http::Request;
using http::Response;

struct DeskFeed {
  json::value feed;
  std::string source;
  bool has_sub_source = false;
  bool declared_in_file = false;
  bool record = true;
  bool record_sub = false;
  // What visitors get; in `feed` stand the operator's own sound and delay.
  bool public_audio = false;
  std::int64_t delay_s = 0;
  std::string licence;  // the feed's own; empty: the window's
  std::string note;
  std::int64_t width = 0;
  std::int64_t height = 0;
  std::optional<double> fps_declared;
  double fps = 0;
  std::optional<ClockView> clock;  // none while nothing is received
  std::int64_t bitrate_bps = 0;
  std::int64_t packets_lost = 0;
  std::int64_t reconnects = 0;
  std::optional<UtcTime> last_frame_at;
  // None: the database does not answer.
  std::optional<std::int64_t> recorded_today_s;
  std::optional<std::int64_t> recorded_today_bytes;
  std::optional<std::int64_t> recorded_bytes;
};
BOOST_DESCRIBE_STRUCT(DeskFeed, (),
                      (feed, source, has_sub_source, declared_in_file, record, record_sub,
                       public_audio, delay_s, licence, note, width, height, fps_declared, fps,
                       clock, bitrate_bps, packets_lost, reconnects, last_frame_at,
                       recorded_today_s, recorded_today_bytes, recorded_bytes))

struct VolumeView {
  std::string id;
  std::string path;
  archive::VolumeState state = archive::VolumeState::ok;
  std::string message;
  std::int64_t free_bytes = 0;
  std::int64_t total_bytes = 0;
  std::int64_t used_bytes = 0;
  bool draining = false;
  bool ready = true;  // false: it has just come, and what lies there is being looked at
};
BOOST_DESCRIBE_STRUCT(VolumeView, (),
                      (id, path, state, message, free_bytes, total_bytes, used_bytes, draining,
                       ready))

struct FeedForm {
  std::string id;
  LocalisedText name;
  std::optional<std::string> site;
  std::optional<std::string> source;  // absent in a change: as before
  std::optional<std::string> sub_source;
  std::optional<bool> record;
  std::optional<bool> record_sub;
  std::optional<bool> is_public;
  std::optional<bool> public_audio;
  std::optional<std::int64_t> delay_s;
  std::optional<std::int64_t> part_ms;
  std::optional<std::string> licence;
};
BOOST_DESCRIBE_STRUCT(FeedForm, (),
                      (id, name, site, source, sub_source, record, record_sub, is_public,
                       public_audio, delay_s, part_ms, licence))

struct SourceForm {
  std::string source;
};
BOOST_DESCRIBE_STRUCT(SourceForm, (), (source))
struct ProbeView {
  std::vector<ProbedTrack> tracks;
  std::optional<std::string> picture;  // a data: URL
};
BOOST_DESCRIBE_STRUCT(ProbeView, (), (tracks, picture))
struct PauseForm {
  std::string note;
};
BOOST_DESCRIBE_STRUCT(PauseForm, (), (note))

struct WithholdForm {
  std::string feed;
  UtcTime start;
  std::optional<UtcTime> end;
  std::string reason;
};
BOOST_DESCRIBE_STRUCT(WithholdForm, (), (feed, start, end, reason))
struct WithheldId {
  std::int64_t id = 0;
};
BOOST_DESCRIBE_STRUCT(WithheldId, (), (id))

// Recorded since midnight of UTC: the desk is for people of many zones.
std::optional<std::int64_t> recorded_today_s(const Services& services, const FeedId& feed,
                                             UtcTime midnight, UtcTime now) {
  std::int64_t total_us = 0;
  const auto line = services.archive.catalog().timeline(feed, {midnight, now}, now);
  if (!line) return std::nullopt;
  for (const auto& span : line->spans)
    if (span.state == archive::TimelineState::recorded) total_us += (span.end - span.start).us;
  return total_us / 1'000'000;
}

DeskFeed desk_feed(Services& services, const Feed& feed, const access::View& view) {
  constexpr std::int64_t kDay_us = 86'400'000'000;
  const UtcTime now = services.clock.now();
  const UtcTime midnight{now.us - now.us % kDay_us};
  const auto settings = feed.settings();
  const FeedStatus status = feed.status();
  const auto summary = feed.rendition(media::Rendition::main)->channel.summary();
  DeskFeed desk;
  desk.feed = feed_view(feed, view, &services.archive, services);
  desk.source = status.source_description;
  desk.has_sub_source = settings->sub_source.has_value();
  desk.declared_in_file = settings->declared;
  desk.record = settings->record;
  desk.record_sub = settings->record_sub;
  desk.public_audio = settings->public_audio;
  desk.delay_s = settings->delay_s;
  desk.licence = settings->licence;
  desk.note = status.note;
  if (summary.tracks) {
    desk.width = summary.tracks->front().width;
    desk.height = summary.tracks->front().height;
  }
  if (status.declared_fps > 0) desk.fps_declared = status.declared_fps;
  desk.fps = summary.frames_per_s;
  if (status.clock) desk.clock = clock_view(*status.clock);
  desk.bitrate_bps = summary.bitrate_bps;
  desk.packets_lost = static_cast<std::int64_t>(status.packets_lost);
  desk.reconnects = static_cast<std::int64_t>(status.reconnects);
  desk.last_frame_at = status.last_frame_at;
  desk.recorded_today_s = recorded_today_s(services, feed.id(), midnight, now);
  if (const auto totals = services.archive.retention().usage().totals(feed.id(), now)) {
    desk.recorded_today_bytes = static_cast<std::int64_t>(totals->today_bytes);
    desk.recorded_bytes = static_cast<std::int64_t>(totals->bytes);
  }
  return desk;
}

Awaitable<Response> list_desk_feeds(Services& services, Request& request) {
  const access::Identity identity = identity_of(request);
  auto list = co_await services.offload.run([&] {
    ListOf<DeskFeed> made;
    for (const auto& feed : services.feeds.feeds())
      if (const auto view = services.policies.view(feed->id(), identity))
        made.items.push_back(desk_feed(services, *feed, *view));
    return made;
  });
  if (!list) co_return http::problem(list.error());
  co_return uncached(Response::of(*list));
}

Result<void> apply_form(const FeedForm& form, FeedSettings& settings) {
  settings.name = form.name;
  settings.site.reset();
  if (form.site) {
    ORIEL_TRY_ASSIGN(auto site, parse_slug(*form.site));
    settings.site = SiteId(std::move(site));
  }
  if (form.source && !form.source->empty()) settings.source = Secret(*form.source);
  if (form.sub_source) {
    if (form.sub_source->empty())
      settings.sub_source.reset();
    else
      settings.sub_source = Secret(*form.sub_source);
  }
  settings.record = form.record.value_or(settings.record);
  settings.record_sub = form.record_sub.value_or(settings.record_sub);
  settings.is_public = form.is_public.value_or(settings.is_public);
  settings.public_audio = form.public_audio.value_or(settings.public_audio);
  settings.delay_s = form.delay_s.value_or(settings.delay_s);
  settings.part_ms = form.part_ms.value_or(settings.part_ms);
  settings.licence = form.licence.value_or(settings.licence);
  if (!is_licence(settings.licence))
    return fail(ErrorKind::invalid,
                fmt::format("licence: expected one line of at most {} bytes", kLicenceBytesMax));
  if (settings.delay_s < 0 || settings.delay_s > kDelayMax_s)
    return fail(ErrorKind::invalid, fmt::format("delay_s: expected 0 to {}", kDelayMax_s));
  if (settings.part_ms < kPartMin_ms || settings.part_ms > kPartMax_ms)
    return fail(ErrorKind::invalid,
                fmt::format("part_ms: expected {} to {}", kPartMin_ms, kPartMax_ms));
  return {};
}

// The API says `public`, a word that C++ keeps for itself.
json::value feed_form_schema() {
  json::value schema = json_schema<FeedForm>();
  auto& properties = schema.get_object()["properties"].get_object();
  properties["public"] = properties["is_public"];
  properties.erase("is_public");
  return schema;
}

Result<FeedForm> parse_form(const Request& request) {
  ORIEL_TRY_ASSIGN(auto body, http::parse_json_body(request));
  if (body.is_object()) {
    if (auto* given = body.get_object().if_contains("public")) {
      json::value value = *given;
      body.get_object().erase("public");
      body.get_object()["is_public"] = std::move(value);
    }
  }
  return from_json<FeedForm>(body);
}

Awaitable<Response> add_feed(Services& services, Request& request) {
  auto form = parse_form(request);
  if (!form) co_return http::problem(form.error());
  FeedSettings settings;
  auto id = parse_slug(form->id);
  if (!id) co_return http::problem(Error{ErrorKind::invalid, "id: " + id.error().message});
  settings.id = FeedId(std::move(*id));
  if (auto applied = apply_form(*form, settings); !applied)
    co_return http::problem(applied.error());
  if (settings.source.empty())
    co_return http::problem(Error{ErrorKind::invalid, "source: is missing"});
  const FeedId feed_id = settings.id;
  auto added = co_await services.slow.run([&] { return services.feeds.add(std::move(settings)); });
  if (!added) co_return http::problem(added.error());
  const auto feed = services.feeds.find(feed_id);
  const auto view = services.policies.view(feed_id, identity_of(request));
  if (!feed || !view)
    co_return http::problem(Error{ErrorKind::conflict, "the feed was removed at once"});
  co_return uncached(Response::json(feed_view(*feed, *view, nullptr, services), 201));
}

Awaitable<Response> change_feed(Services& services, Request& request) {
  auto seen = see(services, request);
  if (!seen) co_return http::problem(seen.error());
  auto form = parse_form(request);
  if (!form) co_return http::problem(form.error());
  if (form->id != seen->feed->id().str())
    co_return http::problem(Error{ErrorKind::invalid, "id: cannot be changed"});
  FeedSettings settings = *seen->feed->settings();
  if (auto applied = apply_form(*form, settings); !applied)
    co_return http::problem(applied.error());
  const FeedId feed_id = settings.id;
  auto changed =
      co_await services.slow.run([&] { return services.feeds.change(std::move(settings)); });
  if (!changed) co_return http::problem(changed.error());
  const auto feed = services.feeds.find(feed_id);
  const auto view = services.policies.view(feed_id, identity_of(request));
  if (!feed || !view)
    co_return http::problem(Error{ErrorKind::conflict, "the feed was removed meanwhile"});
  co_return uncached(Response::json(feed_view(*feed, *view, nullptr, services)));
}

Awaitable<Response> remove_feed(Services& services, Request& request) {
  auto seen = see(services, request);
  if (!seen) co_return http::problem(seen.error());
  auto removed =
      co_await services.slow.run([&] { return services.feeds.remove(seen->feed->id()); });
  if (!removed) co_return http::problem(removed.error());
  co_return Response::empty();
}

Awaitable<Response> pause_feed(Services& services, Request& request) {
  auto seen = see(services, request);
  if (!seen) co_return http::problem(seen.error());
  auto form = http::body_as<PauseForm>(request);
  if (!form) co_return http::problem(form.error());
  if (form->note.size() > 500)
    co_return http::problem(Error{ErrorKind::invalid, "note: at most 500 bytes"});
  auto paused = co_await services.slow.run(
      [&] { return services.feeds.pause(seen->feed->id(), form->note); });
  if (!paused) co_return http::problem(paused.error());
  co_return Response::empty();
}

Awaitable<Response> resume_feed(Services& services, Request& request) {
  auto seen = see(services, request);
  if (!seen) co_return http::problem(seen.error());
  auto resumed =
      co_await services.slow.run([&] { return services.feeds.resume(seen->feed->id()); });
  if (!resumed) co_return http::problem(resumed.error());
  co_return Response::empty();
}

std::string data_url(const Bytes& jpeg) {
  std::string text(sodium_base64_encoded_len(jpeg.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), jpeg.data(), jpeg.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  text.resize(std::strlen(text.c_str()));
  return "data:image/jpeg;base64," + text;
}

Awaitable<Response> test_source(Services& services, Request& request) {
  auto form = http::body_as<SourceForm>(request);
  if (!form) co_return http::problem(form.error());
  const Secret source(std::move(form->source));
  auto probed = co_await services.slow.run([&] { return services.pictures.probe(source); });
  if (!probed) co_return http::problem(probed.error());
  ProbeView view;
  view.tracks = std::move(probed->tracks);
  if (probed->picture) view.picture = data_url(*probed->picture);
  co_return uncached(Response::of(view));
}

Awaitable<Response> list_volumes(Services& services, Request&) {
  ListOf<VolumeView> list;
  for (const auto* volume : services.archive.volumes()) {
    const auto status = volume->status();
    list.items.push_back({volume->id().str(), volume->path(), status.state, status.message,
                          static_cast<std::int64_t>(status.free_bytes),
                          static_cast<std::int64_t>(status.total_bytes),
                          static_cast<std::int64_t>(
                              status.total_bytes - std::min(status.free_bytes, status.total_bytes)),
                          volume->draining(), volume->ready()});
  }
  co_return uncached(Response::of(list));
}

Awaitable<Response> set_draining(Services& services, Request& request, bool draining) {
  auto id = parse_slug(request.parameter("volume"));
  if (!id) co_return http::problem(Error{ErrorKind::not_found, "there is no such volume"});
  auto set = co_await services.offload.run(
      [&] { return services.archive.set_draining(VolumeId(std::move(*id)), draining); });
  if (!set) co_return http::problem(set.error());
  co_return Response::empty();
}

Awaitable<Response> drain_volume(Services& services, Request& request) {
  return set_draining(services, request, true);
}

Awaitable<Response> use_volume(Services& services, Request& request) {
  return set_draining(services, request, false);
}

Awaitable<Response> list_screens(Services& services, Request&) {
  co_return uncached(Response::of(ListOf<ScreenView>{services.screens.list(), {}}));
}

Awaitable<Response> list_withheld(Services& services, Request& request) {
  std::optional<FeedId> feed;
  if (const auto text = request.query.first("feed")) {
    auto id = parse_slug(*text);
    if (!id) co_return http::problem(Error{ErrorKind::invalid, "feed: " + id.error().message});
    feed = FeedId(std::move(*id));
  }
  co_return uncached(
      Response::of(ListOf<access::Withheld>{services.policies.list_withheld(feed), {}}));
}

Awaitable<Response> withhold(Services& services, Request& request) {
  auto form = http::body_as<WithholdForm>(request);
  if (!form) co_return http::problem(form.error());
  auto id = parse_slug(form->feed);
  if (!id) co_return http::problem(Error{ErrorKind::invalid, "feed: " + id.error().message});
  access::WithholdRequest wanted{FeedId(std::move(*id)),
                                 {form->start, form->end.value_or(access::kForever)},
                                 form->reason,
                                 identity_of(request).name};
  auto made = co_await services.offload.run([&] {
    auto withheld = services.policies.withhold(wanted);
    if (withheld) services.films.forget(wanted.feed);
    return withheld;
  });
  if (!made) co_return http::problem(made.error());
  co_return uncached(Response::of(WithheldId{*made}, 201));
}

Awaitable<Response> release(Services& services, Request& request) {
  const auto id = path_number(request, "id");
  if (!id) co_return http::problem(id.error());
  auto released = co_await services.offload.run([&] { return services.policies.release(*id); });
  if (!released) co_return http::problem(released.error());
  co_return Response::empty();
}

}  // namespace

void add_desk_routes(http::Router& router, Services& services) {
  using http::Method;
  const auto add = [&](Method method, std::string_view pattern, http::Operation described,
                       auto function) {
    router.add(method, pattern, std::move(described),
               [&services, function](Request& request) { return function(services, request); });
  };
  const http::Answer done{"Done", "", {}};
  auto described =
      operation("listDeskFeeds", "desk", "The feeds with their workings", "operate_feeds");
  answers<ListOf<DeskFeed>>(described);
  add(Method::get, "/api/v1/desk/feeds", std::move(described), list_desk_feeds);
  described = operation("addFeed", "desk", "Add a feed", "operate_feeds");
  described.request_schema = feed_form_schema();
  described.answers[201] = {"Added", "application/json", feed_schema()};
  add(Method::post, "/api/v1/desk/feeds", std::move(described), add_feed);
  described =
      operation("changeFeed", "desk",
                "Change a feed that is not declared in the configuration file", "operate_feeds");
  described.request_schema = feed_form_schema();
  described.answers[200] = {"Changed", "application/json", feed_schema()};
  add(Method::put, "/api/v1/desk/feeds/{feed}", std::move(described), change_feed);
  described =
      operation("removeFeed", "desk", "Remove a feed; what it recorded stays", "operate_feeds");
  described.answers[204] = done;
  add(Method::delete_, "/api/v1/desk/feeds/{feed}", std::move(described), remove_feed);
  described = operation("testSource", "desk", "Connect to a source and tell what it gives",
                        "operate_feeds");
  described.request_schema = json_schema<SourceForm>();
  answers<ProbeView>(described);
  add(Method::post, "/api/v1/desk/feeds/test", std::move(described), test_source);
  described = operation("pauseFeed", "desk", "Stop receiving a feed", "operate_feeds");
  described.request_schema = json_schema<PauseForm>();
  described.answers[204] = done;
  add(Method::post, "/api/v1/feeds/{feed}/pause", std::move(described), pause_feed);
  described = operation("resumeFeed", "desk", "Receive a paused feed again", "operate_feeds");
  described.answers[204] = done;
  add(Method::post, "/api/v1/feeds/{feed}/resume", std::move(described), resume_feed);
  described = operation("listVolumes", "desk", "The volumes recordings go to", "see_health");
  answers<ListOf<VolumeView>>(described);
  add(Method::get, "/api/v1/desk/volumes", std::move(described), list_volumes);
  described = operation("drainVolume", "desk",
                        "Begin no more recordings on a volume, and move its own to the others",
                        "operate_feeds");
  described.answers[204] = done;
  add(Method::post, "/api/v1/desk/volumes/{volume}/drain", std::move(described), drain_volume);
  described =
      operation("useVolume", "desk", "Use a volume again that was being drained", "operate_feeds");
  described.answers[204] = done;
  add(Method::delete_, "/api/v1/desk/volumes/{volume}/drain", std::move(described), use_volume);
  described = operation("listScreens", "desk", "How the walls' screens are", "see_health");
  answers<ListOf<ScreenView>>(described);
  add(Method::get, "/api/v1/desk/screens", std::move(described), list_screens);
  described = operation("listWithheld", "desk", "The withheld spans", "withhold");
  http::Parameter of_feed;
  of_feed.name = "feed";
  described.parameters.push_back(std::move(of_feed));
  answers<ListOf<access::Withheld>>(described);
  add(Method::get, "/api/v1/desk/withheld", std::move(described), list_withheld);
  described = operation("withholdSpan", "desk", "Hide a span from all but operators", "withhold");
  described.request_schema = json_schema<WithholdForm>();
  answers<WithheldId>(described, 201, "Withheld");
  add(Method::post, "/api/v1/desk/withheld", std::move(described), withhold);
  described = operation("releaseSpan", "desk", "Show a withheld span again", "withhold");
  described.answers[204] = done;
  add(Method::delete_, "/api/v1/desk/withheld/{id}", std::move(described), release);
}

}  // namespace oriel::api
