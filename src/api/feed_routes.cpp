// What there is to see: sectors, sites, feeds, their timelines, and news of them.
#include <fmt/format.h>

#include "api/coverage_json.h"
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
constexpr Duration kCoverageMax = Duration::from_s(std::int64_t{100} * 366 * 86'400);
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
        array.push_back(feed_view(*feed, *view, &services.archive, services));
    return array;
  });
  if (!items) co_return http::problem(items.error());
  co_return uncached(Response::json(json::object{{"items", std::move(*items)}, {"next", nullptr}}));
}

Awaitable<Response> get_feed(Services& services, Request& request) {
  auto seen = see(services, request);
  if (!seen) co_return http::problem(seen.error());
  auto view = co_await services.offload.run(
      [&] { return feed_view(*seen->feed, seen->view, &services.archive, services); });
  if (!view) co_return http::problem(view.error());
  co_return uncached(Response::json(*view));
}

// Hands what this viewer may know of `span` on, page by page. Spans touch and their sum is the
// span, which must be in whole milliseconds.
template <class Take>
Result<void> walk_timeline(Services& services, const Seen& seen, UtcSpan span, const Take& take) {
  const UtcTime now = services.clock.now();
  const archive::Sight sight{seen.view.visible(span), seen.view.not_after};
  const auto give = [&](const std::vector<archive::TimelineSpan>& spans) {
    for (const auto& part : archive::seen_by(sight, spans)) take(part);
  };
  UtcTime at = span.begin;
  while (at < span.end) {
    ORIEL_TRY_ASSIGN(auto page,
                     services.archive.catalog().timeline(seen.feed->id(), {at, span.end}, now));
    give(page.spans);
    if (page.covered_end <= at) break;
    at = page.covered_end;
  }
  // The future is neither recorded nor missing; for the sum it is missing without a reason.
  if (at < span.end) give({{at, span.end, archive::TimelineState::missing, media::Reason::none}});
  return {};
}

UtcSpan whole_milliseconds(UtcSpan span) {
  return {UtcTime::from_ms(span.begin.ms()), UtcTime::from_ms(span.end.ms())};
}

Result<TimelineView> load_timeline(Services& services, const Seen& seen, UtcSpan span) {
  TimelineView answer;
  answer.start = span.begin;
  answer.end = span.end;
  ORIEL_TRY(walk_timeline(services, seen, span, [&](const archive::TimelineSpan& part) {
    archive::append_span(answer.spans, part);
  }));
  return answer;
}

Awaitable<Response> timeline(Services& services, Request& request) {
  auto seen = see(services, request);
  if (!seen) co_return http::problem(seen.error());
  auto span = span_parameters(request, kTimelineMax);
  if (!span) co_return http::problem(span.error());
  auto answer = co_await services.offload.run(
      [&] { return load_timeline(services, *seen, whole_milliseconds(*span)); });
  if (!answer) co_return http::problem(answer.error());
  co_return uncached(Response::of(*answer));
}

struct CoverageQuery {
  Seen seen;
  UtcSpan span;
  archive::CoverageStep step = archive::CoverageStep::day;
  Duration offset;
};

// Errors: not_found, invalid.
Result<CoverageQuery> coverage_query(Services& services, const Request& request) {
  CoverageQuery query;
  ORIEL_TRY_ASSIGN(query.seen, see(services, request));
  ORIEL_TRY_ASSIGN(const auto span, span_parameters(request, kCoverageMax));
  query.span = whole_milliseconds(span);
  const auto by = request.query.first("by");
  if (by && !boost::describe::enum_from_string(std::string(*by).c_str(), query.step))
    return fail(ErrorKind::invalid, "by: expected hour, day or month");
  ORIEL_TRY_ASSIGN(const auto offset,
                   number_parameter(request, "tz_offset_min", -14 * 60, 14 * 60));
  query.offset = Duration::from_s(offset.value_or(0) * 60);
  const std::int64_t shortest_s = query.step == archive::CoverageStep::hour  ? 3'600
                                  : query.step == archive::CoverageStep::day ? 86'400
                                                                             : 28 * 86'400;
  const auto length_s = (query.span.end - query.span.begin).us / 1'000'000;
  if (length_s / shortest_s > static_cast<std::int64_t>(kCoverageStepsMax))
    return fail(ErrorKind::invalid,
                fmt::format("the span has more than {} steps: ask for less, or by=month",
                            kCoverageStepsMax));
  return query;
}

Awaitable<Result<std::vector<archive::CoverageItem>>> load_coverage(Services& services,
                                                                    Request& request) {
  auto query = coverage_query(services, request);
  if (!query) co_return fail(query.error());
  co_return co_await services.offload.run([&]() -> Result<std::vector<archive::CoverageItem>> {
    archive::CoverageSum sum(query->span, query->step, query->offset);
    ORIEL_TRY(walk_timeline(services, query->seen, query->span,
                            [&](const archive::TimelineSpan& part) { sum.add(part); }));
    return sum.items();
  });
}

Awaitable<Response> coverage(Services& services, Request& request) {
  auto items = co_await load_coverage(services, request);
  if (!items) co_return http::problem(items.error());
  co_return uncached(Response::json(coverage_json(*items)));
}

Awaitable<Response> coverage_table(Services& services, Request& request) {
  auto items = co_await load_coverage(services, request);
  if (!items) co_return http::problem(items.error());
  Response response = Response::text(coverage_csv(*items), "text/csv; charset=utf-8");
  response.headers.set(
      "Content-Disposition",
      fmt::format("attachment; filename=\"coverage-{}.csv\"", request.parameter("feed")));
  co_return uncached(std::move(response));
}

// Server-sent events (WHATWG HTML, 9.2): each feed once, then whenever its status changes; for who
// sees the house's health also each active alarm once and when it changes, and its end.
class FeedEvents {
 public:
  FeedEvents(Services& services, const Request& request)
      : services_(services), identity_(identity_of(request)), watch_(services, request) {}

  Awaitable<Result<std::optional<SharedBytes>>> next() {
    while (true) {
      const bool same = co_await watch_.holds();
      if (!same) co_return std::optional<SharedBytes>{};
      const auto version = services_.feeds.changed().version();
      const std::string text = news() + alarm_news();
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
      text += "event: feed\ndata: " + json::serialize(feed_view(*feed, *view, nullptr, services_)) +
              "\n\n";
    }
    return text;
  }

  std::string alarm_news() {
    const auto version = services_.alarms.version();
    if (version == alarms_version_ || !access::may(identity_, access::Capability::see_health))
      return {};
    alarms_version_ = version;
    std::string text;
    std::map<std::int64_t, notify::Alarm> told;
    for (auto& alarm : services_.alarms.active()) {
      const auto before = told_alarms_.find(alarm.id);
      if (before == told_alarms_.end() || before->second != alarm)
        text += "event: alarm\ndata: " + json::serialize(to_json(alarm)) + "\n\n";
      told.emplace(alarm.id, std::move(alarm));
    }
    for (const auto& [id, alarm] : told_alarms_)
      if (!told.contains(id)) text += fmt::format("event: alarm_over\ndata: {{\"id\":{}}}\n\n", id);
    told_alarms_ = std::move(told);
    return text;
  }

  Services& services_;
  const access::Identity identity_;
  IdentityWatch watch_;
  std::map<FeedId, std::string> told_;                 // bounded by the number of feeds
  std::map<std::int64_t, notify::Alarm> told_alarms_;  // those active; the book is bounded
  std::optional<std::uint64_t> alarms_version_;
};

Awaitable<Response> events(Services& services, Request& request) {
  const auto source = std::make_shared<FeedEvents>(services, request);
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

  described = operation("getCoverage", "feeds",
                        "How much of each hour, day or month is recorded, and why the rest is not");
  described.parameters = {
      time_query("start", true, "Begin"), time_query("end", true, "End, at most 4,000 steps later"),
      number_query("tz_offset_min", "Minutes by which days begin before UTC's; 480 for China")};
  http::Parameter by;
  by.name = "by";
  by.schema = json_schema<archive::CoverageStep>();
  by.description = "The step; day unless given";
  described.parameters.push_back(by);
  described.answers[200] = {"OK", "application/json", coverage_schema()};
  router.add(Method::get, "/api/v1/feeds/{feed}/coverage", described,
             [&services](Request& r) { return coverage(services, r); });

  described.id = "getCoverageTable";
  described.summary = "The same as a table for spreadsheets";
  described.answers[200] = {"OK", "text/csv", {}};
  router.add(Method::get, "/api/v1/feeds/{feed}/coverage.csv", std::move(described),
             [&services](Request& r) { return coverage_table(services, r); });

  described = operation("streamEvents", "feeds",
                        "Server-sent events: `feed` with the feed whenever its state changes; for"
                        " operators also `alarm` and `alarm_over`");
  described.answers[200] = {"Events", "text/event-stream", {}};
  router.add(Method::get, "/api/v1/events", std::move(described),
             [&services](Request& r) { return events(services, r); });
}

}  // namespace oriel::api
