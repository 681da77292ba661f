// Who asks, and whether he may: run before every handler.
#include "access/credentials.h"
#include "api/services.h"
#include "api/viewer.h"
#include "http/problem.h"

namespace oriel::api {
namespace {

using http::Awaitable;
using http::Request;
using http::Response;

Result<void> check_origin(const Services& services, const Request& request) {
  access::RequestOrigin origin;
  const auto header = [&](std::string_view name) { return request.header(name).value_or(""); };
  origin.method = http::to_string(request.method);
  origin.websocket = http::equals_ignoring_case(header("Upgrade"), "websocket");
  origin.sec_fetch_site = header("Sec-Fetch-Site");
  origin.origin = header("Origin");
  origin.host = header("Host");
  auto same = access::check_same_origin(origin);
  if (same || services.window.public_authority.empty()) return same;
  origin.host = services.window.public_authority;
  return access::check_same_origin(origin);
}

std::optional<access::Capability> capability_named(std::string_view name) {
  using access::Capability;
  if (name == "see_private_feeds") return Capability::see_private_feeds;
  if (name == "contribute_works") return Capability::contribute_works;
  if (name == "make_works") return Capability::make_works;
  if (name == "manage_walls") return Capability::manage_walls;
  if (name == "operate_feeds") return Capability::operate_feeds;
  if (name == "withhold") return Capability::withhold;
  if (name == "hold") return Capability::hold;
  if (name == "manage_retention") return Capability::manage_retention;
  if (name == "see_health") return Capability::see_health;
  if (name == "manage_accounts") return Capability::manage_accounts;
  return std::nullopt;
}

Response with_challenge(Response response) {
  response.headers.set("WWW-Authenticate", "Bearer realm=\"Oriel\"");
  return response;
}

Awaitable<std::optional<Response>> check(Services& services, Request& request,
                                         const http::Operation& operation) {
  const auto credentials =
      access::read_credentials(request.header("Cookie").value_or(""),
                               request.header("Authorization").value_or(""), request.secure);
  auto known = services.authenticator.try_identify(credentials);
  if (!known) {
    auto identified =
        co_await services.offload.run([&] { return services.authenticator.identify(credentials); });
    if (!identified && identified.error().kind == ErrorKind::denied)
      co_return with_challenge(http::problem(401, identified.error().message));
    if (!identified) co_return http::problem(identified.error());
    known = std::move(*identified);
  }
  access::Identity identity = std::move(*known);
  const bool by_cookie = credentials.by_cookie() && identity.account.has_value();
  if (by_cookie || operation.access == "login") {
    if (auto same = check_origin(services, request); !same) co_return http::problem(same.error());
  }
  if (operation.access == "account" && !identity.account)
    co_return with_challenge(http::problem(401, "log in first"));
  if (const auto capability = capability_named(operation.access)) {
    if (!access::may(identity, *capability)) {
      if (!identity.account) co_return with_challenge(http::problem(401, "log in first"));
      co_return http::problem(Error{ErrorKind::denied, "your role does not allow this"});
    }
  } else {
    // A route whose access is misspelt must not be open.
    const bool needs_none = operation.access == "public" || operation.access == "login" ||
                            operation.access == "account";
    ORIEL_CHECK(needs_none);
  }
  request.identity = std::move(identity);
  co_return std::nullopt;
}

}  // namespace

void add_guard(http::Router& router, Services& services) {
  router.set_before([&services](Request& request, const http::Operation& operation) {
    return check(services, request, operation);
  });
}

}  // namespace oriel::api
