// For those who run the program: health, readiness, metrics, and the description of the API.
#include <fmt/format.h>

#include "api/services.h"
#include "api/viewer.h"
#include "http/openapi.h"
#include "http/problem.h"

namespace oriel::api {
namespace {

using http::Awaitable;
using http::Request;
using http::Response;

struct Ready {
  bool ready = false;
  std::string database;
  std::map<std::string, std::string> volumes;
};
BOOST_DESCRIBE_STRUCT(Ready, (), (ready, database, volumes))

Awaitable<Response> health(Services&, Request&) { co_return Response::text("ok\n"); }

// Ready to record and to answer: the database answers and at least one volume can be written.
Awaitable<Response> readiness(Services& services, Request&) {
  auto asked = co_await services.offload.run([&] {
    return services.database.read([](store::Session& session) {
      return session.query("SELECT 1", {}, [](const store::Row&) {});
    });
  });
  Ready ready;
  ready.database = asked ? "ok" : std::string(to_string(asked.error().kind));
  bool writable = false;
  for (const auto* volume : services.archive.volumes()) {
    ready.volumes[volume->id().str()] = std::string(to_json(volume->status().state).as_string());
    writable = writable || volume->writable();
  }
  ready.ready = asked && writable;
  co_return Response::of(ready, ready.ready ? 200 : 503);
}

// Written at each scrape from what the feeds are now, so that a feed that was removed leaves
// nothing behind. Feed ids need no escaping.
class FeedMetrics {
 public:
  explicit FeedMetrics(std::vector<FeedPtr> feeds) : feeds_(std::move(feeds)) {}

  // `value` of each feed; none: no line.
  template <class Value>
  void family(std::string_view name, std::string_view type, std::string_view help,
              const Value& value) {
    begin(name, type, help);
    for (const auto& feed : feeds_)
      if (const std::optional<double> number = value(*feed)) line(name, *feed, "", *number);
  }
  // One line for each value of an enum, 1 for the one that holds.
  template <class Enum, class Value>
  void states(std::string_view name, std::string_view label, std::string_view help,
              const Value& value) {
    begin(name, "gauge", help);
    for (const auto& feed : feeds_) {
      const Enum now = value(*feed);
      boost::mp11::mp_for_each<boost::describe::describe_enumerators<Enum>>([&](auto each) {
        line(name, *feed, fmt::format(",{}=\"{}\"", label, each.name), now == each.value ? 1 : 0);
      });
    }
  }
  std::string take() { return std::move(text_); }

 private:
  void begin(std::string_view name, std::string_view type, std::string_view help) {
    fmt::format_to(std::back_inserter(text_), "# HELP {0} {1}\n# TYPE {0} {2}\n", name, help, type);
  }
  void line(std::string_view name, const Feed& feed, std::string_view labels, double value) {
    fmt::format_to(std::back_inserter(text_), "{}{{feed=\"{}\"{}}} {}\n", name, feed.id().str(),
                   labels, value);
  }

  const std::vector<FeedPtr> feeds_;
  std::string text_;
};

std::string escaped(std::string_view label) {
  std::string text;
  for (const char c : label) {
    if (c == '"' || c == '\\') text += '\\';
    text += c;
  }
  return text;
}

// Those that are active; one that is over leaves nothing behind.
std::string alarm_metrics(Services& services) {
  std::string text = "# HELP oriel_alarms 1 for each active alarm\n# TYPE oriel_alarms gauge\n";
  for (const auto& alarm : services.alarms.active())
    text += fmt::format(
        "oriel_alarms{{kind=\"{}\",subject=\"{}\",grade=\"{}\",acknowledged=\"{}\"}} 1\n",
        escaped(alarm.kind), escaped(alarm.subject),
        boost::describe::enum_to_string(alarm.grade, ""), alarm.acknowledged_at ? "yes" : "no");
  return text;
}

Awaitable<Response> metrics(Services& services, Request&) {
  FeedMetrics written(services.feeds.feeds());
  const auto summary = [](const Feed& feed) {
    return feed.rendition(media::Rendition::main)->channel.summary();
  };
  written.states<FeedState>("oriel_feed_state", "state", "1 for the state the feed is in",
                            [](const Feed& feed) { return feed.status().state; });
  written.states<media::Reason>("oriel_feed_reason", "reason", "1 for why the feed is not live",
                                [](const Feed& feed) { return feed.status().reason; });
  written.family("oriel_feed_packets_lost_total", "counter",
                 "Packets that the transport lost since the start",
                 [](const Feed& feed) { return static_cast<double>(feed.status().packets_lost); });
  written.family("oriel_feed_reconnects_total", "counter", "Connections made again since the start",
                 [](const Feed& feed) { return static_cast<double>(feed.status().reconnects); });
  written.family("oriel_feed_bitrate_bits_per_second", "gauge", "Bit rate of the last minute",
                 [&](const Feed& feed) { return static_cast<double>(summary(feed).bitrate_bps); });
  written.family("oriel_feed_frames_per_second", "gauge", "Delivered frame rate of the last minute",
                 [&](const Feed& feed) { return summary(feed).frames_per_s; });
  written.family("oriel_feed_last_frame_seconds", "gauge", "When the newest frame came, UTC",
                 [](const Feed& feed) -> std::optional<double> {
                   const auto at = feed.status().last_frame_at;
                   if (!at) return std::nullopt;
                   return static_cast<double>(at->ms()) / 1000;
                 });
  co_return Response::text(services.metrics.render() + written.take() + alarm_metrics(services),
                           "text/plain; version=0.0.4; charset=utf-8");
}

Awaitable<Response> openapi(const http::Router& router, Services& services) {
  http::OpenApiOptions options;
  options.version = services.window.version;
  options.description =
      "The open window on nature: live pictures and sound, the past, and the desk.";
  options.public_access = {"public", "login"};
  options.security_schemes = {
      {"session", json::object{{"type", "apiKey"}, {"in", "cookie"}, {"name", "oriel_session"}}},
      {"token", json::object{{"type", "http"}, {"scheme", "bearer"}}}};
  co_return Response::json(http::make_openapi(router, options));
}

}  // namespace

void add_operation_routes(http::Router& router, Services& services) {
  using http::Method;
  auto described = operation("getHealth", "operation", "The program runs");
  described.answers[200] = {"ok", "text/plain", {}};
  router.add(Method::get, "/healthz", std::move(described),
             [&services](Request& r) { return health(services, r); });
  described = operation("getReadiness", "operation", "It can record and answer");
  answers<Ready>(described);
  answers<Ready>(described, 503, "Not ready");
  router.add(Method::get, "/readyz", std::move(described),
             [&services](Request& r) { return readiness(services, r); });
  described = operation("getMetrics", "operation", "Metrics in the Prometheus text format",
                        services.window.metrics_access);
  described.answers[200] = {"Metrics", "text/plain", {}};
  router.add(Method::get, "/metrics", std::move(described),
             [&services](Request& r) { return metrics(services, r); });
  described = operation("getOpenApi", "operation", "This description");
  described.answers[200] = {"OpenAPI 3.1", "application/json", {}};
  router.add(Method::get, "/api/openapi.json", std::move(described),
             [&router, &services](Request&) { return openapi(router, services); });
}

}  // namespace oriel::api
