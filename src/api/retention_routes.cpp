// What is kept and what may go: holds, rules of retention, deletion, dry run and forecast.
#include <fmt/format.h>

#include "api/film_shelf.h"
#include "api/services.h"
#include "api/viewer.h"
#include "http/problem.h"

namespace oriel::api {
namespace {

using http::Awaitable;
using http::Request;
using http::Response;

constexpr std::size_t kPage = 200;

struct HoldForm {
  std::optional<std::string> feed;  // absent: all feeds
  UtcTime start;
  UtcTime end;
  std::string reason;
  std::optional<UtcTime> until;
};
BOOST_DESCRIBE_STRUCT(HoldForm, (), (feed, start, end, reason, until))

// Rules as if they were in force; absent: those that are.
struct DryRunForm {
  std::optional<archive::RetentionRule> installation;
  std::optional<std::map<std::string, archive::RetentionRule>> feeds;
};
BOOST_DESCRIBE_STRUCT(DryRunForm, (), (installation, feeds))
struct DryRunView {
  archive::RetentionPlan plan;
  archive::Forecast forecast;
};
BOOST_DESCRIBE_STRUCT(DryRunView, (), (plan, forecast))

struct DeletionForm {
  std::string feed;
  UtcTime start;
  UtcTime end;
  std::string reason;
  std::optional<bool> dry_run;
};
BOOST_DESCRIBE_STRUCT(DeletionForm, (), (feed, start, end, reason, dry_run))

Result<FeedId> feed_id(const std::string& text) {
  auto id = parse_slug(text);
  if (!id) return fail(ErrorKind::invalid, "feed: " + id.error().message);
  return FeedId(std::move(*id));
}

// The page that follows an item is asked for by that item's number.
Result<std::int64_t> cursor_of(const Request& request) {
  ORIEL_TRY_ASSIGN(const auto cursor, number_parameter(request, "cursor", 1, INT64_MAX));
  return cursor.value_or(INT64_MAX);
}

template <class Item>
ListOf<Item> page_of(std::vector<Item> items) {
  ListOf<Item> page{std::move(items), {}};
  if (page.items.size() == kPage) page.next = std::to_string(page.items.back().id);
  return page;
}

Awaitable<Response> list_holds(Services& services, Request& request) {
  const auto before = cursor_of(request);
  if (!before) co_return http::problem(before.error());
  auto holds = co_await services.offload.run(
      [&] { return services.archive.retention().holds().list(kPage, *before); });
  if (!holds) co_return http::problem(holds.error());
  co_return uncached(Response::of(page_of(std::move(*holds))));
}

Awaitable<Response> make_hold(Services& services, Request& request) {
  auto form = http::body_as<HoldForm>(request);
  if (!form) co_return http::problem(form.error());
  archive::HoldRequest wanted;
  if (form->feed) {
    auto feed = feed_id(*form->feed);
    if (!feed) co_return http::problem(feed.error());
    wanted.feed = std::move(*feed);
  }
  wanted.span = {form->start, form->end};
  wanted.reason = std::move(form->reason);
  wanted.until = form->until;
  wanted.who = identity_of(request).name;
  auto made =
      co_await services.offload.run([&] { return services.archive.retention().make_hold(wanted); });
  if (!made) co_return http::problem(made.error());
  co_return uncached(Response::of(*made, 201));
}

Awaitable<Response> release_hold(Services& services, Request& request) {
  const auto id = path_number(request, "id");
  if (!id) co_return http::problem(id.error());
  const std::string who = identity_of(request).name;
  auto released = co_await services.offload.run(
      [&] { return services.archive.retention().release_hold(*id, who); });
  if (!released) co_return http::problem(released.error());
  co_return uncached(Response::of(*released));
}

Awaitable<Response> list_rules(Services& services, Request&) {
  co_return uncached(
      Response::of(ListOf<archive::ScopedRule>{services.archive.retention().rules().list(), {}}));
}

Awaitable<Response> put_rule(Services& services, Request& request, std::optional<FeedId> feed) {
  auto rule = http::body_as<archive::RetentionRule>(request);
  if (!rule) co_return http::problem(rule.error());
  const std::string who = identity_of(request).name;
  auto set = co_await services.offload.run(
      [&] { return services.archive.retention().set_rule(feed, *rule, who); });
  if (!set) co_return http::problem(set.error());
  co_return Response::empty();
}

Awaitable<Response> put_installation_rule(Services& services, Request& request) {
  return put_rule(services, request, std::nullopt);
}

Awaitable<Response> put_feed_rule(Services& services, Request& request) {
  auto seen = see(services, request);
  if (!seen) co_return http::problem(seen.error());
  co_return co_await put_rule(services, request, seen->feed->id());
}

std::vector<FeedId> recording_feeds(const Services& services) {
  std::vector<FeedId> recording;
  for (const auto& feed : services.feeds.feeds())
    if (feed->settings()->record) recording.push_back(feed->id());
  return recording;
}

Result<archive::RetentionRules> asked_rules(const DryRunForm& form, archive::RetentionRules rules) {
  if (form.installation) {
    ORIEL_TRY(archive::check_rule(*form.installation, false));
    rules.installation = *form.installation;
  }
  if (!form.feeds) return rules;
  for (const auto& [text, rule] : *form.feeds) {
    ORIEL_TRY_ASSIGN(const auto feed, feed_id(text));
    auto checked = archive::check_rule(rule, true);
    if (!checked) return fail(std::move(checked).error().within("feed " + text));
    rules.feeds[feed] = rule;
  }
  return rules;
}

Awaitable<Response> dry_run(Services& services, Request& request) {
  auto form = http::body_as<DryRunForm>(request);
  if (!form) co_return http::problem(form.error());
  auto& retention = services.archive.retention();
  const auto rules = asked_rules(*form, retention.rules().rules());
  if (!rules) co_return http::problem(rules.error());
  // Millions of recordings may be looked at: not in the way of what everybody waits for.
  auto view = co_await services.slow.run([&]() -> Result<DryRunView> {
    DryRunView made;
    ORIEL_TRY_ASSIGN(made.plan, retention.plan(*rules));
    ORIEL_TRY_ASSIGN(made.forecast, retention.forecast(recording_feeds(services), *rules));
    return made;
  });
  if (!view) co_return http::problem(view.error());
  co_return uncached(Response::of(*view));
}

Awaitable<Response> get_forecast(Services& services, Request&) {
  auto forecast = co_await services.offload.run(
      [&] { return services.archive.retention().forecast(recording_feeds(services)); });
  if (!forecast) co_return http::problem(forecast.error());
  co_return uncached(Response::of(*forecast));
}

Awaitable<Response> list_deletions(Services& services, Request& request) {
  const auto before = cursor_of(request);
  if (!before) co_return http::problem(before.error());
  auto orders = co_await services.offload.run(
      [&] { return services.archive.retention().deletion_orders(kPage, *before); });
  if (!orders) co_return http::problem(orders.error());
  co_return uncached(Response::of(page_of(std::move(*orders))));
}

Awaitable<Response> delete_span(Services& services, Request& request) {
  auto form = http::body_as<DeletionForm>(request);
  if (!form) co_return http::problem(form.error());
  auto feed = feed_id(form->feed);
  if (!feed) co_return http::problem(feed.error());
  archive::DeletionRequest wanted{std::move(*feed),
                                  {form->start, form->end},
                                  std::move(form->reason),
                                  identity_of(request).name,
                                  form->dry_run.value_or(false)};
  auto answer = co_await services.slow.run([&] {
    auto deleted = services.archive.retention().delete_span(wanted);
    if (deleted && !wanted.dry_run) services.films.forget(wanted.feed);
    return deleted;
  });
  if (!answer) co_return http::problem(answer.error());
  co_return uncached(Response::of(*answer));
}

http::Parameter cursor_query() { return number_query("cursor", "`next` of the page before"); }

}  // namespace

void add_retention_routes(http::Router& router, Services& services) {
  using http::Method;
  const auto add = [&](Method method, std::string_view pattern, http::Operation described,
                       auto function) {
    router.add(method, pattern, std::move(described),
               [&services, function](Request& request) { return function(services, request); });
  };
  auto described =
      operation("listHolds", "retention", "All holds there ever were, newest first", "hold");
  described.parameters = {cursor_query()};
  answers<ListOf<archive::Hold>>(described);
  add(Method::get, "/api/v1/holds", std::move(described), list_holds);
  described =
      operation("makeHold", "retention",
                "Keep a span of a feed, or of all, from every deletion and thinning", "hold");
  described.request_schema = json_schema<HoldForm>();
  answers<archive::Hold>(described, 201, "Held");
  add(Method::post, "/api/v1/holds", std::move(described), make_hold);
  described =
      operation("releaseHold", "retention", "Release a hold; the rules apply again", "hold");
  answers<archive::Hold>(described);
  add(Method::delete_, "/api/v1/holds/{id}", std::move(described), release_hold);
  described = operation("listRetentionRules", "retention",
                        "The rules: the installation's first, then those of feeds", "see_health");
  answers<ListOf<archive::ScopedRule>>(described);
  add(Method::get, "/api/v1/archive/retention", std::move(described), list_rules);
  described =
      operation("setRetentionRule", "retention",
                "Set the installation's rule; an empty one takes it away", "manage_retention");
  described.request_schema = json_schema<archive::RetentionRule>();
  described.answers[204] = {"Set", "", {}};
  add(Method::put, "/api/v1/archive/retention", std::move(described), put_installation_rule);
  described = operation("setFeedRetentionRule", "retention",
                        "Set a feed's own rule; an empty one takes it away", "manage_retention");
  described.request_schema = json_schema<archive::RetentionRule>();
  described.answers[204] = {"Set", "", {}};
  add(Method::put, "/api/v1/archive/retention/{feed}", std::move(described), put_feed_rule);
  described = operation("dryRunRetention", "retention",
                        "What these rules, or those in force, would delete and thin now, and what "
                        "the disks would look like",
                        "see_health");
  described.request_schema = json_schema<DryRunForm>();
  answers<DryRunView>(described);
  add(Method::post, "/api/v1/archive/retention/dry-run", std::move(described), dry_run);
  described = operation("getForecast", "retention",
                        "What the disks look like in a year, day by day, at the rates of the last "
                        "days under the rules in force",
                        "see_health");
  answers<archive::Forecast>(described);
  add(Method::get, "/api/v1/archive/forecast", std::move(described), get_forecast);
  described =
      operation("listDeletions", "retention", "What people deleted, newest first", "see_health");
  described.parameters = {cursor_query()};
  answers<ListOf<archive::DeletionOrder>>(described);
  add(Method::get, "/api/v1/archive/deletions", std::move(described), list_deletions);
  described = operation("deleteSpan", "retention",
                        "Delete the recordings of a feed that overlap a span, for good",
                        "manage_retention");
  described.request_schema = json_schema<DeletionForm>();
  answers<archive::DeletionAnswer>(described);
  add(Method::post, "/api/v1/archive/deletions", std::move(described), delete_span);
}

}  // namespace oriel::api
