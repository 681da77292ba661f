// For those who run the program: health, readiness, metrics, and the description of the API.
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

Awaitable<Response> metrics(Services& services, Request&) {
  for (const auto& feed : services.feeds.feeds()) {
    const MetricLabels labels{{"feed", feed->id().str()}};
    const FeedStatus status = feed->status();
    const auto gauge = [&](const char* name, const char* help, double value) {
      services.metrics.gauge(name, help, labels).set(value);
    };
    gauge("oriel_feed_live", "1 when the feed is live", status.state == FeedState::live ? 1 : 0);
    gauge("oriel_feed_state", "0 connecting, 1 live, 2 stalled, 3 failed, 4 paused",
          static_cast<double>(status.state));
    gauge("oriel_feed_reason", "Why the feed is not live, numbered as in src/media/reason.h",
          static_cast<double>(status.reason));
    gauge("oriel_feed_packets_lost", "Packets that the transport lost since the start",
          static_cast<double>(status.packets_lost));
    gauge("oriel_feed_reconnects", "Connections made again since the start",
          static_cast<double>(status.reconnects));
    const auto summary = feed->rendition(media::Rendition::main)->channel.summary();
    gauge("oriel_feed_bitrate_bits_per_second", "Bit rate of the last minute",
          static_cast<double>(summary.bitrate_bps));
    gauge("oriel_feed_frames_per_second", "Delivered frame rate of the last minute",
          summary.frames_per_s);
  }
  co_return Response::text(services.metrics.render(), "text/plain; version=0.0.4; charset=utf-8");
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
