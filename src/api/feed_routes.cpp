// What there is to see: sectors, sites, feeds, their timelines, and news of them.
#include "api/feed_views.h"
#include "api/services.h"
#include "api/viewer.h"
#include "http/problem.h"

namespace oriel::api {
namespace {

using http::Awaitable;
using http::Request;
using http::Response;

constexpr Duration kTimelineMax = Duration::from_s(40 * 86'400);
constexpr Duration kDaysMax = Duration::from_s(366 * 86'400);
// A comment is sent this often, so that proxies and dead peers are noticed.
constexpr Duration kEventPulse = Duration::from_s(15);

struct You {
  std::string name;
  access::Role role = access::Role::viewer;
};
BOOST_DESCRIBE_STRUCT(You, (), (name, role))
struct About {
  LocalisedText name;
  std::string version;
  std::vector<std::string> languages;
  bool demo = false;
  UtcTime now;
  std::optional<std::string> tiles;
  std::optional<You> you;
};
BOOST_DESCRIBE_STRUCT(About, (), (name, version, languages, demo, now, tiles, you))

struct SectorView {
  std::string id;
  LocalisedText name;
};
BOOST_DESCRIBE_STRUCT(SectorView, (), (id, name))

struct SiteView {
  std::string id;
  std::optional<std::string> sector;
  LocalisedText name;
  std::optional<double> latitude;
  std::optional<double> longitude;
  std::optional<double> elevation_m;
  std::optional<std::string> time_zone;
};
BOOST_DESCRIBE_STRUCT(SiteView, (), (id, sector, name, latitude, longitude, elevation_m, time_zone))

struct TimelineView {
  UtcTime start;
  UtcTime end;
  std::vector<archive::TimelineSpan> spans;
};
BOOST_DESCRIBE_STRUCT(TimelineView, (), (start, end, spans))

struct DayView {
  std::string day;
  std::int64_t recorded_s = 0;
};
BOOST_DESCRIBE_STRUCT(DayView, (), (day, recorded_s))

Awaitable<Response> about(Services& services, Request& request) {
  About answer;
  answer.name = services.window.name;
  answer.version = services.window.version;
  answer.languages = {"en", "zh"};
  answer.demo = services.window.demonstration;
  answer.now = services.clock.now();
  if (!services.window.tiles.empty()) answer.tiles = "/tiles/{z}/{x}/{y}.png";
  const auto& identity = identity_of(request);
  if (identity.account) answer.you = You{identity.name, identity.role};
  co_return uncached(Response::of(answer));
}

Awaitable<Response> list_sectors(Services& services, Request&) {
  ListOf<SectorView> list;
  for (const auto& sector : services.feeds.sectors())
    list.items.push_back({sector.id.str(), sector.name});
  co_return Response::of(list);
}

Awaitable<Response> list_sites(Services& services, Request& request) {
  ListOf<SiteView> list;
  for (const auto& site : services.feeds.sites()) {
    const auto place = services.policies.place(site.id, identity_of(request));
    if (!place) continue;
    SiteView view;
    view.id = site.id.str();
    if (site.sector) view.sector = site.sector->str();
    view.name = site.name;
    view.time_zone = site.time_zone;
    if (*place) {
      view.latitude = (*place)->latitude;
      view.longitude = (*place)->longitude;
      view.elevation_m = (*place)->elevation_m;
    }
    list.items.push_back(std::move(view));
  }
  co_return uncached(Response::of(list));
}

Awaitable<Response> list_feeds(Services& services, Request& request) {
  const access::Identity identity = identity_of(request);
  auto items = co_await services.offload.run([&] {
    json::array array;
    for (const auto& feed : services.feeds.feeds())
      if (const auto view = services.policies.view(feed->id(), identity))
        array.push_back(feed_view(*feed, *view, &services.archive, services.clock.now()));
    return array;
  });
  if (!items) co_return http::problem(items.error());
  co_return uncached(Response::json(json::object{{"items", std::move(*items)}, {"next", nullptr}}));
}

Awaitable<Response> get_feed(Services& services, Request& request) {
  auto seen = see(services, request);
  if (!seen) co_return http::problem(seen.error());
  auto view = co_await services.offload.run(
      [&] { return feed_view(*seen->feed, seen->view, &services.archive, services.clock.now()); });
  if (!view) co_return http::problem(view.error());
  co_return uncached(Response::json(*view));
}

void append_span(std::vector<archive::TimelineSpan>& spans, const archive::TimelineSpan& span) {
  if (span.start >= span.end) return;
  if (!spans.empty() && spans.back().state == span.state && spans.back().reason == span.reason &&
      spans.back().end == span.start)
    spans.back().end = span.end;
  else
    spans.push_back(span);
}

// What this viewer may not see is shown to him as withheld, never as recorded.
void hide_withheld(std::vector<archive::TimelineSpan>& spans, const access::View& view) {
  std::vector<archive::TimelineSpan> shown;
  for (const auto& span : spans) {
    UtcTime at = span.start;
    for (const auto& visible : view.visible({span.start, std::min(span.end, view.not_after)})) {
      if (at < visible.begin)
        append_span(shown,
                    {at, visible.begin, archive::TimelineState::missing, media::Reason::withheld});
      append_span(shown, {visible.begin, visible.end, span.state, span.reason});
      at = visible.end;
    }
    // Beyond not_after lies what is not shown yet.
    if (at < span.end) {
      const bool late = at >= view.not_after;
      append_span(shown, {at, span.end, archive::TimelineState::missing,
                          late ? media::Reason::none : media::Reason::withheld});
    }
  }
  spans = std::move(shown);
}

Result<TimelineView> load_timeline(Services& services, const Seen& seen, UtcSpan span) {
  TimelineView answer;
  answer.start = UtcTime::from_ms(span.begin.ms());
  answer.end = UtcTime::from_ms(span.end.ms());
  const UtcTime now = services.clock.now();
  UtcTime at = answer.start;
  while (at < answer.end) {
    ORIEL_TRY_ASSIGN(const auto page,
                     services.archive.catalog().timeline(seen.feed->id(), {at, answer.end}, now));
    for (const auto& part : page.spans) append_span(answer.spans, part);
    if (page.covered_end <= at) break;
    at = page.covered_end;
  }
  // The future is neither recorded nor missing; for the sum it is missing without a reason.
  append_span(answer.spans, {at, answer.end, archive::TimelineState::missing, media::Reason::none});
  hide_withheld(answer.spans, seen.view);
  return answer;
}

Awaitable<Response> timeline(Services& services, Request& request) {
  auto seen = see(services, request);
  if (!seen) co_return http::problem(seen.error());
  auto span = span_parameters(request, kTimelineMax);
  if (!span) co_return http::problem(span.error());
  auto answer =
      co_await services.offload.run([&] { return load_timeline(services, *seen, *span); });
  if (!answer) co_return http::problem(answer.error());
  co_return uncached(Response::of(*answer));
}

Result<ListOf<DayView>> load_days(Services& services, const Seen& seen, UtcSpan span,
                                  Duration offset) {
  ORIEL_TRY_ASSIGN(const auto line, load_timeline(services, seen, span));
  constexpr std::int64_t kDay_us = 86'400'000'000;
  std::map<std::int64_t, std::int64_t> recorded_us;
  for (std::int64_t day = (span.begin + offset).us / kDay_us;
       day * kDay_us < (span.end + offset).us; ++day)
    recorded_us[day] = 0;
  for (const auto& part : line.spans) {
    if (part.state != archive::TimelineState::recorded) continue;
    for (std::int64_t at = (part.start + offset).us; at < (part.end + offset).us;) {
      const std::int64_t day = at / kDay_us;
      const std::int64_t end = std::min((part.end + offset).us, (day + 1) * kDay_us);
      recorded_us[day] += end - at;
      at = end;
    }
  }
  ListOf<DayView> list;
  for (const auto& [day, us] : recorded_us)
    list.items.push_back({format_rfc3339(UtcTime{day * kDay_us}).substr(0, 10), us / 1'000'000});
  return list;
}

Awaitable<Response> days(Services& services, Request& request) {
  auto seen = see(services, request);
  if (!seen) co_return http::problem(seen.error());
  auto span = span_parameters(request, kDaysMax);
  if (!span) co_return http::problem(span.error());
  auto offset = number_parameter(request, "tz_offset_min", -14 * 60, 14 * 60);
  if (!offset) co_return http::problem(offset.error());
  const Duration shift = Duration::from_s(offset->value_or(0) * 60);
  auto list =
      co_await services.offload.run([&] { return load_days(services, *seen, *span, shift); });
  if (!list) co_return http::problem(list.error());
  co_return uncached(Response::of(*list));
}

// Server-sent events (WHATWG HTML, 9.2): each feed once, then whenever its status changes.
class FeedEvents {
 public:
  FeedEvents(Services& services, access::Identity identity)
      : services_(services), identity_(std::move(identity)) {}

  Awaitable<Result<std::optional<SharedBytes>>> next() {
    while (true) {
      const auto version = services_.feeds.changed().version();
      const std::string text = news();
      if (!text.empty()) co_return bytes_of(text);
      if (!co_await services_.feeds.changed().wait(version, kEventPulse))
        co_return bytes_of(":\n\n");
    }
  }

 private:
  static std::optional<SharedBytes> bytes_of(const std::string& text) {
    return std::make_shared<const Bytes>(text.begin(), text.end());
  }
  std::string news() {
    std::string text;
    for (const auto& feed : services_.feeds.feeds()) {
      const auto view = services_.policies.view(feed->id(), identity_);
      if (!view) continue;
      const FeedStatus status = feed->status();
      const std::string told = std::string(json::serialize(to_json(status.state))) +
                               json::serialize(to_json(status.reason)) +
                               format_rfc3339(status.since);
      auto& before = told_[feed->id()];
      if (before == told) continue;
      before = told;
      text += "event: feed\ndata: " +
              json::serialize(feed_view(*feed, *view, nullptr, services_.clock.now())) + "\n\n";
    }
    return text;
  }

  Services& services_;
  const access::Identity identity_;
  std::map<FeedId, std::string> told_;  // bounded by the number of feeds
};

Awaitable<Response> events(Services& services, Request& request) {
  const auto source = std::make_shared<FeedEvents>(services, identity_of(request));
  co_return Response::events([source] { return source->next(); });
}

json::value feed_list_schema() {
  return json::object{
      {"type", "object"},
      {"properties",
       json::object{{"items", json::object{{"type", "array"}, {"items", feed_schema()}}},
                    {"next", json_schema<std::optional<std::string>>()}}},
      {"required", json::array{"items", "next"}}};
}

}  // namespace

void add_feed_routes(http::Router& router, Services& services) {
  using http::Method;
  auto described =
      operation("getAbout", "window", "This window: its name, version, languages, and who you are");
  answers<About>(described);
  router.add(Method::get, "/api/v1/about", std::move(described),
             [&services](Request& r) { return about(services, r); });

  described = operation("listSectors", "window", "The ecological sectors");
  answers<ListOf<SectorView>>(described);
  router.add(Method::get, "/api/v1/sectors", std::move(described),
             [&services](Request& r) { return list_sectors(services, r); });

  described = operation("listSites", "window", "The observation points this caller may know of");
  answers<ListOf<SiteView>>(described);
  router.add(Method::get, "/api/v1/sites", std::move(described),
             [&services](Request& r) { return list_sites(services, r); });

  described =
      operation("listFeeds", "feeds", "The feeds this caller may know of, with their states");
  described.answers[200] = {"OK", "application/json", feed_list_schema()};
  router.add(Method::get, "/api/v1/feeds", std::move(described),
             [&services](Request& r) { return list_feeds(services, r); });

  described = operation("getFeed", "feeds", "One feed");
  described.answers[200] = {"OK", "application/json", feed_schema()};
  router.add(Method::get, "/api/v1/feeds/{feed}", std::move(described),
             [&services](Request& r) { return get_feed(services, r); });

  described =
      operation("getTimeline", "feeds",
                "What is recorded and what is missing, and why; the spans sum to the asked span");
  described.parameters = {time_query("start", true, "Begin"),
                          time_query("end", true, "End, at most 40 days later")};
  answers<TimelineView>(described);
  router.add(Method::get, "/api/v1/feeds/{feed}/timeline", std::move(described),
             [&services](Request& r) { return timeline(services, r); });

  described = operation("listDays", "feeds", "Seconds recorded by day");
  described.parameters = {
      time_query("start", true, "Begin"), time_query("end", true, "End, at most 366 days later"),
      number_query("tz_offset_min", "Minutes by which days begin before UTC's; 480 for China")};
  answers<ListOf<DayView>>(described);
  router.add(Method::get, "/api/v1/feeds/{feed}/days", std::move(described),
             [&services](Request& r) { return days(services, r); });

  described = operation("streamEvents", "feeds",
                        "Server-sent events: `feed` with the feed whenever its state changes");
  described.answers[200] = {"Events", "text/event-stream", {}};
  router.add(Method::get, "/api/v1/events", std::move(described),
             [&services](Request& r) { return events(services, r); });
}

}  // namespace oriel::api
