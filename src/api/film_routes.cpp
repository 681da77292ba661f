// Time-lapses, and the strip of one picture a day.
#include <algorithm>

#include <fmt/format.h>

#include "access/login_throttle.h"
#include "api/film_shelf.h"
#include "api/moment.h"
#include "api/provenance.h"
#include "api/services.h"
#include "api/strip.h"
#include "api/viewer.h"
#include "http/conditional.h"
#include "http/problem.h"

namespace oriel::api {
namespace {

using http::Awaitable;
using http::Request;
using http::Response;

// A year and a bit: 115 000 recordings are looked through to find out what of it there is.
constexpr Duration kSpanMax = Duration::from_s(std::int64_t{400} * 86'400);
constexpr std::string_view kInstead = "ask for at most 400 days at a time";
// What is newer than this may still grow.
constexpr Duration kSettled = Duration::from_s(30);
constexpr std::int64_t kMinute_us = 60'000'000;
constexpr double kStripSun_deg = 20;

struct FilmView {
  FilmState state = FilmState::waiting;
  double progress = 0;
  std::int64_t before = 0;  // films that are made first
  UtcTime start;
  UtcTime end;
  double length_s = 0;  // of the film, once it is ready
  std::int64_t missing_ms = 0;
  std::string light;  // "day" only where the feed's place is known
  std::string url;    // of the film; its start and end stay, however long one waits
  std::optional<std::int64_t> bytes;
  std::optional<std::string> why;
};
BOOST_DESCRIBE_STRUCT(FilmView, (),
                      (state, progress, before, start, end, length_s, missing_ms, light, url, bytes,
                       why))

// As coarse as this viewer is told it: from when the sun stands how high, the place could be told.
std::optional<GeoPoint> place_of(const Services& services, const Request& request,
                                 const Feed& feed) {
  const auto site = feed.settings()->site;
  if (!site) return std::nullopt;
  const auto place = services.policies.place(*site, identity_of(request));
  if (!place || !*place) return std::nullopt;
  return GeoPoint{(*place)->latitude, (*place)->longitude};
}

struct FilmAnswer {
  FilmView view;
  FilmStatus status;
};

// What is asked, cut to what cannot grow any more. Errors: invalid, not_found (too recent).
Result<FilmOrder> film_order(Services& services, const Request& request, const Seen& seen) {
  FilmOrder order;
  order.wish.feed = seen.feed->id();
  ORIEL_TRY_ASSIGN(order.wish.span, span_parameters(request, kSpanMax, kInstead));
  ORIEL_TRY_ASSIGN(const auto length, number_parameter(request, "length", kFilmMin_s, kFilmMax_s));
  order.wish.length_s = length.value_or(60);
  const auto light = request.query.first("light").value_or("all");
  if (light != "all" && light != "day")
    return fail(ErrorKind::invalid, "light: expected all or day");
  if (light == "day") order.wish.daylight_of = place_of(services, request, *seen.feed);
  auto& span = order.wish.span;
  if (const UtcTime settled = seen.view.not_after - kSettled; span.end > settled) {
    const UtcTime end{settled.us - settled.us % kMinute_us};
    if (span.begin >= services.clock.now()) return fail(why_nothing(services, seen, span));
    if (end <= span.begin)
      return fail(ErrorKind::not_found, "this span is too recent: of " + seen.feed->id().str() +
                                            " a time-lapse can be had up to " +
                                            format_rfc3339(end));
    span.end = end;
  }
  order.view = seen.view;
  order.identity = identity_of(request);
  order.address = access::LoginThrottle::address_key(request.peer_address);
  return order;
}

Result<FilmStatus> ask_shelf(Services& services, const Request& request, const Seen& seen,
                             FilmOrder& order) {
  if (auto made = services.films.find_made(order)) return *made;
  ORIEL_TRY_ASSIGN(order.found,
                   filmable(services.archive, seen.view, order.wish, services.clock.now()));
  if (order.found.spans.empty()) {
    if (order.wish.daylight_of && order.found.missing < order.wish.span.length())
      return fail(ErrorKind::not_found, "all that is recorded in this span is of the night");
    return fail(why_nothing(services, seen, order.wish.span));
  }
  const auto about = provenance(services, request, *seen.feed, order.found.spans.front().begin);
  order.tags = movie_tags(about, order.wish.span, services.window);
  order.tags.created = order.found.spans.front().begin;
  return services.films.ask(order);
}

// Errors: invalid, not_found (nothing there to be filmed), exhausted. Blocks.
Result<FilmAnswer> ask_film(Services& services, const Request& request, const Seen& seen) {
  ORIEL_TRY_ASSIGN(auto order, film_order(services, request, seen));
  FilmAnswer answer;
  ORIEL_TRY_ASSIGN(answer.status, ask_shelf(services, request, seen, order));
  auto& view = answer.view;
  view.state = answer.status.state;
  view.progress = answer.status.progress;
  view.before = static_cast<std::int64_t>(answer.status.before);
  view.start = order.wish.span.begin;
  view.end = order.wish.span.end;
  view.missing_ms = answer.status.missing.us / 1000;
  view.light = order.wish.daylight_of ? "day" : "all";
  view.length_s =
      static_cast<double>(answer.status.frames) / static_cast<double>(kFilmFrames_per_s);
  view.url = fmt::format("/timelapse/{}.mp4?start={}&end={}&length={}&light={}",
                         seen.feed->id().str(), format_rfc3339(view.start),
                         format_rfc3339(view.end), order.wish.length_s, view.light);
  if (answer.status.file) view.bytes = static_cast<std::int64_t>(answer.status.file->length_bytes);
  if (answer.status.why) view.why = answer.status.why->message;
  return answer;
}

Response not_ready(const FilmView& view, int status) {
  Response response = uncached(Response::of(view, status));
  if (view.state != FilmState::ready) response.headers.set("Retry-After", "2");
  return response;
}

Awaitable<Response> film_status(Services& services, Request& request) {
  auto seen = see(services, request);
  if (!seen) co_return http::problem(seen.error());
  auto answer = co_await services.offload.run([&] { return ask_film(services, request, *seen); });
  if (!answer) co_return http::problem(answer.error());
  co_return not_ready(answer->view, 200);
}

Awaitable<Response> film(Services& services, Request& request) {
  auto seen = see(services, request);
  if (!seen) co_return http::problem(seen.error());
  auto answer = co_await services.offload.run([&] { return ask_film(services, request, *seen); });
  if (!answer) co_return http::problem(answer.error());
  if (answer->status.why) co_return http::problem(*answer->status.why);
  if (!answer->status.file) co_return not_ready(answer->view, 202);
  const http::FileRange file = *answer->status.file;
  http::Representation representation;
  representation.content_type = "video/mp4";
  representation.total_bytes = file.length_bytes;
  representation.etag = fmt::format("\"{}\"", answer->status.key);
  Response response = http::respond_with_range(request, representation,
                                               [&](http::ByteSpan wanted) -> Result<http::Body> {
                                                 http::FileRange part = file;
                                                 part.offset_bytes += wanted.begin;
                                                 part.length_bytes = wanted.end - wanted.begin;
                                                 return http::Body::of(std::move(part));
                                               });
  response.headers.set("Content-Disposition",
                       fmt::format("inline; filename=\"{}-{}.mp4\"", seen->feed->id().str(),
                                   format_rfc3339(answer->view.start).substr(0, 10)));
  response.headers.set("Cache-Control", seen->view.cache_control());
  co_return response;
}

struct StripView {
  std::string by;  // "sun" or "time": without a place the same time of every day
  std::vector<StripDay> items;
  std::optional<std::string> next;
};
BOOST_DESCRIBE_STRUCT(StripView, (), (by, items, next))

Result<StripView> load_strip(Services& services, const Request& request, const Seen& seen) {
  StripWish wish;
  wish.feed = seen.feed->id();
  ORIEL_TRY_ASSIGN(wish.span, span_parameters(request, kSpanMax, kInstead));
  wish.elevation_deg = kStripSun_deg;
  if (const auto sun = request.query.first("sun")) {
    if (*sun == "noon") {
      wish.elevation_deg.reset();
    } else {
      ORIEL_TRY_ASSIGN(const auto height, number_parameter(request, "sun", -18, 90));
      wish.elevation_deg = static_cast<double>(height.value_or(20));
    }
  }
  const auto side = request.query.first("side").value_or("morning");
  if (side != "morning" && side != "evening")
    return fail(ErrorKind::invalid, "side: expected morning or evening");
  wish.side = side == "morning" ? SunSide::rising : SunSide::setting;
  wish.place = place_of(services, request, *seen.feed);
  StripView view;
  view.by = wish.place ? "sun" : "time";
  ORIEL_TRY_ASSIGN(view.items, strip_days(services.archive, seen.view, wish, services.clock.now()));
  return view;
}

Awaitable<Response> strip(Services& services, Request& request) {
  auto seen = see(services, request);
  if (!seen) co_return http::problem(seen.error());
  auto view = co_await services.offload.run([&] { return load_strip(services, request, *seen); });
  if (!view) co_return http::problem(view.error());
  co_return uncached(Response::of(*view));
}

http::Parameter text_query(std::string name, json::value schema, std::string description) {
  http::Parameter parameter;
  parameter.name = std::move(name);
  parameter.schema = std::move(schema);
  parameter.description = std::move(description);
  return parameter;
}

json::value one_of(json::array words) {
  return json::object{{"type", "string"}, {"enum", std::move(words)}};
}

}  // namespace

void add_film_routes(http::Router& router, Services& services) {
  auto described = operation("getTimelapse", "past",
                             "A span in a minute: one MP4 of the archive's full pictures. It is "
                             "made first: 202 says how far it is");
  described.parameters = {
      time_query("start", true, "Begin"), time_query("end", true, "End, at most 400 days later"),
      number_query("length", "Seconds of the film, 1 to 120; 60 unless given"),
      text_query("light", one_of({"all", "day"}), "day: only while the sun is up there")};
  described.answers[200] = {"The film", "video/mp4", {}};
  described.answers[206] = {"A range of it", "video/mp4", {}};
  described.answers[202] = {"It is being made; ask again", "application/json",
                            json_schema<FilmView>()};
  router.add(http::Method::get, "/timelapse/{feed}.mp4", described,
             [&services](Request& request) { return film(services, request); });

  described.id = "getTimelapseState";
  described.summary = "How far a time-lapse is; asking begins it";
  described.answers.clear();
  answers<FilmView>(described);
  router.add(http::Method::get, "/api/v1/feeds/{feed}/timelapse", std::move(described),
             [&services](Request& request) { return film_status(services, request); });

  described = operation("getStrip", "past",
                        "One moment a day at the same height of the sun, with its still");
  described.parameters = {
      time_query("start", true, "Begin"), time_query("end", true, "End, at most 400 days later"),
      text_query("sun", json::object{{"type", "string"}},
                 "Degrees above the horizon, -18 to 90, or noon; 20 unless given"),
      text_query("side", one_of({"morning", "evening"}), "Morning unless given")};
  answers<StripView>(described);
  router.add(http::Method::get, "/api/v1/feeds/{feed}/strip", std::move(described),
             [&services](Request& request) { return strip(services, request); });
}

}  // namespace oriel::api
