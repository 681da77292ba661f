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

struct Shown {
  std::optional<Secret> session;
  std::optional<Secret> token;
};

Shown shown_credentials(const Request& request) {
  Shown shown;
  if (const auto header = request.header("Authorization"))
    shown.token = access::find_bearer(*header);
  if (shown.token) return shown;
  if (const auto header = request.header("Cookie"))
    shown.session = access::find_session_cookie(*header, request.secure);
  return shown;
}

template <class Store>
Awaitable<Result<access::Identity>> identify(Store& store, const Secret& secret,
                                             http::Offload& offload) {
  if (auto known = store.try_find(secret)) co_return std::move(*known);
  co_return co_await offload.run([&] { return store.load(secret); });
}

Result<void> check_origin(const Request& request) {
  access::RequestOrigin origin;
  const auto header = [&](std::string_view name) { return request.header(name).value_or(""); };
  origin.method = http::to_string(request.method);
  origin.websocket = http::equals_ignoring_case(header("Upgrade"), "websocket");
  origin.sec_fetch_site = header("Sec-Fetch-Site");
  origin.origin = header("Origin");
  origin.host = header("Host");
  return access::check_same_origin(origin);
}

std::optional<access::Capability> capability_named(std::string_view name) {
  using access::Capability;
  if (name == "see_private_feeds") return Capability::see_private_feeds;
  if (name == "manage_walls") return Capability::manage_walls;
  if (name == "operate_feeds") return Capability::operate_feeds;
  if (name == "withhold") return Capability::withhold;
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
  const Shown shown = shown_credentials(request);
  access::Identity identity;
  if (shown.token || shown.session) {
    Result<access::Identity> found = fail(ErrorKind::denied, "nothing shown");
    if (shown.token)
      found = co_await identify(services.tokens, *shown.token, services.offload);
    else
      found = co_await identify(services.sessions, *shown.session, services.offload);
    if (found) {
      identity = std::move(*found);
    } else if (found.error().kind != ErrorKind::denied) {
      co_return http::problem(found.error());
    } else if (shown.token) {
      // A program wants to know; a browser with an old cookie is a visitor again.
      co_return with_challenge(http::problem(401, "this token is not valid"));
    }
  }
  const bool by_cookie = shown.session.has_value() && identity.account.has_value();
  if (by_cookie || operation.access == "login") {
    if (auto same = check_origin(request); !same) co_return http::problem(same.error());
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
    const bool known = operation.access == "public" || operation.access == "login" ||
                       operation.access == "account";
    ORIEL_CHECK(known);
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
