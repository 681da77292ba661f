#include "api/viewer.h"

#include <charconv>

namespace oriel::api {

const access::Identity& identity_of(const http::Request& request) {
  static const access::Identity visitor;
  const auto* identity = request.identity_as<access::Identity>();
  return identity != nullptr ? *identity : visitor;
}

namespace {

constexpr std::chrono::seconds kLookEvery{5};

}  // namespace

IdentityWatch::IdentityWatch(Services& services, const http::Request& request)
    : services_(services),
      credentials_(access::read_credentials(request.header("Cookie").value_or(""),
                                            request.header("Authorization").value_or(""),
                                            request.secure)),
      identity_(identity_of(request)),
      next_look_(services.clock.steady() + kLookEvery) {}

http::Awaitable<bool> IdentityWatch::holds() {
  if (!identity_.account || services_.clock.steady() < next_look_) co_return true;
  next_look_ = services_.clock.steady() + kLookEvery;
  auto known = services_.authenticator.try_identify(credentials_);
  if (known) co_return *known == identity_;
  auto identified = co_await services_.offload.run(
      [&] { return services_.authenticator.identify(credentials_); });
  if (!identified) co_return identified.error().kind != ErrorKind::denied;
  co_return *identified == identity_;
}

Result<Seen> see(Services& services, const http::Request& request) {
  const auto unknown = [] { return fail(ErrorKind::not_found, "there is no such feed"); };
  auto id = parse_slug(request.parameter("feed"));
  if (!id) return unknown();
  Seen seen;
  seen.feed = services.feeds.find(FeedId(std::move(*id)));
  if (!seen.feed) return unknown();
  auto view = services.policies.view(seen.feed->id(), identity_of(request));
  if (!view) return unknown();
  seen.view = std::move(*view);
  return seen;
}

live::View live_view(const access::View& view) {
  live::View live;
  live.with_audio = view.with_audio;
  live.not_after = view.not_after;
  live.delayed = view.delay.us > 0;
  live.withheld = view.withheld;
  return live;
}

Result<std::optional<UtcTime>> time_parameter(const http::Request& request, std::string_view name) {
  const auto text = request.query.first(name);
  if (!text) return std::optional<UtcTime>{};
  const auto time = parse_rfc3339(*text);
  if (!time)
    return fail(ErrorKind::invalid, std::string(name) + ": " + time.error().message +
                                        " (a + in an offset is written %2B)");
  return std::optional<UtcTime>{*time};
}

Result<UtcSpan> span_parameters(const http::Request& request, Duration length_max,
                                std::string_view instead) {
  ORIEL_TRY_ASSIGN(const auto start, time_parameter(request, "start"));
  ORIEL_TRY_ASSIGN(const auto end, time_parameter(request, "end"));
  if (!start || !end)
    return fail(ErrorKind::invalid,
                "start and end are needed, as RFC 3339 times such as 2026-11-20T08:00:00Z");
  if (*end <= *start) return fail(ErrorKind::invalid, "end is not after start");
  if (*end - *start > length_max)
    return fail(ErrorKind::invalid, "the span is longer than " +
                                        std::to_string(length_max.us / 3'600'000'000) + " hours; " +
                                        std::string(instead));
  return UtcSpan{*start, *end};
}

namespace {

std::optional<std::int64_t> parse_number(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

Result<std::optional<std::int64_t>> number_parameter(const http::Request& request,
                                                     std::string_view name, std::int64_t least,
                                                     std::int64_t most) {
  const auto text = request.query.first(name);
  if (!text) return std::optional<std::int64_t>{};
  const auto value = parse_number(*text);
  if (!value || *value < least || *value > most)
    return fail(ErrorKind::invalid, std::string(name) + ": expected a whole number from " +
                                        std::to_string(least) + " to " + std::to_string(most));
  return value;
}

Result<std::int64_t> path_number(const http::Request& request, std::string_view name) {
  const std::string_view text = request.parameter(name);
  const auto value = parse_number(text);
  if (!value || *value <= 0 || text.front() == '0')
    return fail(ErrorKind::not_found, "there is none of this number");
  return *value;
}

http::Response uncached(http::Response response) {
  response.headers.set("Cache-Control", "no-store");
  return response;
}

http::Operation operation(std::string id, std::string tag, std::string summary,
                          std::string access) {
  http::Operation described;
  described.id = std::move(id);
  described.tag = std::move(tag);
  described.summary = std::move(summary);
  described.access = std::move(access);
  return described;
}

http::Parameter time_query(std::string name, bool required, std::string description) {
  http::Parameter parameter;
  parameter.name = std::move(name);
  parameter.required = required;
  parameter.schema = json::object{{"type", "string"}, {"format", "date-time"}};
  parameter.description = std::move(description);
  return parameter;
}

http::Parameter number_query(std::string name, std::string description) {
  http::Parameter parameter;
  parameter.name = std::move(name);
  parameter.schema = json::object{{"type", "integer"}};
  parameter.description = std::move(description);
  return parameter;
}

}  // namespace oriel::api
