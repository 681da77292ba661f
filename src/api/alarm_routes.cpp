// The book of alarms: what is wrong, what was, and that somebody knows.
#include "api/services.h"
#include "api/viewer.h"
#include "http/problem.h"

namespace oriel::api {
namespace {

using http::Awaitable;
using http::Request;
using http::Response;

constexpr std::int64_t kPage = 100;

Awaitable<Response> list_alarms(Services& services, Request&) {
  co_return uncached(Response::of(ListOf<notify::Alarm>{services.alarms.active(), {}}));
}

Awaitable<Response> list_past_alarms(Services& services, Request& request) {
  const auto before = number_parameter(request, "cursor", 1, INT64_MAX);
  if (!before) co_return http::problem(before.error());
  auto found = co_await services.offload.run(
      [&] { return services.alarms.history(before->value_or(INT64_MAX), kPage); });
  if (!found) co_return http::problem(found.error());
  ListOf<notify::Alarm> list{std::move(*found), {}};
  if (static_cast<std::int64_t>(list.items.size()) == kPage)
    list.next = std::to_string(list.items.back().id);
  co_return uncached(Response::of(list));
}

Awaitable<Response> acknowledge(Services& services, Request& request) {
  const auto id = path_number(request, "id");
  if (!id) co_return http::problem(id.error());
  const auto acknowledged = services.alarms.acknowledge(*id, identity_of(request).name);
  if (!acknowledged) co_return http::problem(acknowledged.error());
  services.feeds.changed().notify();
  co_return uncached(Response::of(*acknowledged));
}

Awaitable<Response> list_couriers(Services& services, Request&) {
  co_return uncached(
      Response::of(ListOf<notify::CourierStatus>{services.post_office.status(), {}}));
}

Awaitable<Response> test_couriers(Services& services, Request&) {
  auto tests = co_await services.slow.run([&] { return services.post_office.test(); });
  if (!tests) co_return http::problem(tests.error());
  co_return uncached(Response::of(ListOf<notify::CourierTest>{std::move(*tests), {}}));
}

}  // namespace

void add_alarm_routes(http::Router& router, Services& services) {
  using http::Method;
  const auto add = [&](Method method, std::string_view pattern, http::Operation described,
                       auto function) {
    router.add(method, pattern, std::move(described),
               [&services, function](Request& request) { return function(services, request); });
  };
  auto described = operation("listAlarms", "alarms", "What is wrong now", "see_health");
  answers<ListOf<notify::Alarm>>(described);
  add(Method::get, "/api/v1/alarms", std::move(described), list_alarms);
  described = operation("listPastAlarms", "alarms", "What was wrong, newest first", "see_health");
  described.parameters = {number_query("cursor", "`next` of the page before")};
  answers<ListOf<notify::Alarm>>(described);
  add(Method::get, "/api/v1/alarms/history", std::move(described), list_past_alarms);
  described = operation("acknowledgeAlarm", "alarms",
                        "Say that you know; what is lost is over with that", "operate_feeds");
  answers<notify::Alarm>(described);
  add(Method::post, "/api/v1/alarms/{id}/acknowledge", std::move(described), acknowledge);
  described =
      operation("listCouriers", "alarms", "By which ways alarms leave the house", "see_health");
  answers<ListOf<notify::CourierStatus>>(described);
  add(Method::get, "/api/v1/alarms/couriers", std::move(described), list_couriers);
  described =
      operation("testCouriers", "alarms", "Send a test message by every way", "operate_feeds");
  answers<ListOf<notify::CourierTest>>(described);
  add(Method::post, "/api/v1/alarms/couriers/test", std::move(described), test_couriers);
}

}  // namespace oriel::api
