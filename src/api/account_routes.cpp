// Logging in and out, and the accounts.
#include "access/credentials.h"
#include "api/services.h"
#include "api/viewer.h"
#include "http/problem.h"

namespace oriel::api {
namespace {

using http::Awaitable;
using http::Request;
using http::Response;

struct LoginBody {
  std::string name;
  std::string password;
};
BOOST_DESCRIBE_STRUCT(LoginBody, (), (name, password))
struct Me {
  std::string name;
  access::Role role = access::Role::viewer;
};
BOOST_DESCRIBE_STRUCT(Me, (), (name, role))

struct OwnPassword {
  std::string old_password;
  std::string new_password;
};
BOOST_DESCRIBE_STRUCT(OwnPassword, (), (old_password, new_password))

struct UserView {
  std::string name;
  access::Role role = access::Role::viewer;
  bool disabled = false;
  UtcTime made_at;
};
BOOST_DESCRIBE_STRUCT(UserView, (), (name, role, disabled, made_at))
struct NewUser {
  std::string name;
  std::string password;
  access::Role role = access::Role::viewer;
};
BOOST_DESCRIBE_STRUCT(NewUser, (), (name, password, role))
struct UserChange {
  std::optional<std::string> password;
  std::optional<access::Role> role;
  std::optional<bool> disabled;
};
BOOST_DESCRIBE_STRUCT(UserChange, (), (password, role, disabled))

struct TokenBody {
  std::string name;
  std::vector<access::Scope> scopes;
  std::optional<std::int64_t> lifetime_days;
};
BOOST_DESCRIBE_STRUCT(TokenBody, (), (name, scopes, lifetime_days))
struct MadeToken {
  std::int64_t id = 0;
  std::string token;
};
BOOST_DESCRIBE_STRUCT(MadeToken, (), (id, token))

struct Begun {
  access::Identity identity;
  Secret token;
};

// Proves who it is and begins a session in place of the one of this request. Blocks.
Result<Begun> begin_session(Services& services, const Request& request,
                            const access::Login& login) {
  std::optional<Secret> previous;
  if (const auto cookie = request.header("Cookie"))
    previous = access::find_session_cookie(*cookie, request.secure);
  ORIEL_TRY_ASSIGN(auto identity, services.accounts.log_in(login));
  ORIEL_TRY_ASSIGN(auto token, services.sessions.begin(*identity.account, previous));
  return Begun{std::move(identity), std::move(token)};
}

Response welcome(const Services& services, const Request& request, const Begun& begun) {
  Response response = Response::of(Me{begun.identity.name, begun.identity.role});
  response.headers.add(
      "Set-Cookie",
      access::set_session_cookie(begun.token, request.secure, services.sessions.cookie_max_age_s())
          .reveal());
  return uncached(std::move(response));
}

Response too_many_attempts(const Error& error) {
  Response slower = http::problem(429, error.message);
  slower.headers.set("Retry-After", "60");  // the longest a name waits, login_throttle.h
  return slower;
}

Awaitable<Response> log_in(Services& services, Request& request) {
  auto body = http::body_as<LoginBody>(request);
  if (!body) co_return http::problem(body.error());
  const Secret password(std::move(body->password));
  auto begun = co_await services.slow.run([&] {
    return begin_session(services, request, {body->name, password, request.peer_address});
  });
  if (begun) co_return welcome(services, request, *begun);
  if (begun.error().kind == ErrorKind::denied) co_return http::problem(401, begun.error().message);
  if (begun.error().kind == ErrorKind::exhausted) co_return too_many_attempts(begun.error());
  co_return http::problem(begun.error());
}

// Ends all other sessions of the account and begins a new one. A program with a token may not.
Awaitable<Response> change_own_password(Services& services, Request& request) {
  auto body = http::body_as<OwnPassword>(request);
  if (!body) co_return http::problem(body.error());
  const auto& identity = identity_of(request);
  if (identity.scopes)
    co_return http::problem(Error{ErrorKind::denied, "a token cannot change a password: log in"});
  const Secret old(std::move(body->old_password));
  const Secret wanted(std::move(body->new_password));
  auto begun = co_await services.slow.run([&]() -> Result<Begun> {
    const std::string& address = request.peer_address;
    ORIEL_TRY(services.accounts.change_password({identity.name, old, address}, wanted));
    return begin_session(services, request, {identity.name, wanted, address});
  });
  if (begun) co_return welcome(services, request, *begun);
  if (begun.error().kind == ErrorKind::exhausted) co_return too_many_attempts(begun.error());
  co_return http::problem(begun.error());
}

Awaitable<Response> log_out(Services& services, Request& request) {
  if (const auto cookie = request.header("Cookie")) {
    if (const auto token = access::find_session_cookie(*cookie, request.secure)) {
      auto ended = co_await services.offload.run([&] { return services.sessions.end(*token); });
      if (!ended) co_return http::problem(ended.error());
    }
  }
  Response response = Response::empty();
  response.headers.add("Set-Cookie", access::clear_session_cookie(request.secure));
  co_return uncached(std::move(response));
}

Awaitable<Response> me(Services&, Request& request) {
  const auto& identity = identity_of(request);
  co_return uncached(Response::of(Me{identity.name, identity.role}));
}

Awaitable<Response> list_users(Services& services, Request&) {
  auto accounts = co_await services.offload.run([&] { return services.accounts.list(); });
  if (!accounts) co_return http::problem(accounts.error());
  ListOf<UserView> list;
  for (const auto& account : *accounts)
    list.items.push_back({account.name, account.role, account.disabled, account.made_at});
  co_return uncached(Response::of(list));
}

Awaitable<Response> add_user(Services& services, Request& request) {
  auto body = http::body_as<NewUser>(request);
  if (!body) co_return http::problem(body.error());
  const Secret password(std::move(body->password));
  auto added = co_await services.slow.run([&]() -> Result<access::Account> {
    ORIEL_TRY(services.accounts.add(body->name, password, body->role));
    return services.accounts.find(body->name);
  });
  if (!added) co_return http::problem(added.error());
  co_return uncached(
      Response::of(UserView{added->name, added->role, added->disabled, added->made_at}, 201));
}

Awaitable<Response> change_user(Services& services, Request& request) {
  auto body = http::body_as<UserChange>(request);
  if (!body) co_return http::problem(body.error());
  const std::string name(request.parameter("name"));
  auto changed = co_await services.slow.run([&]() -> Result<access::Account> {
    ORIEL_TRY_ASSIGN(const auto account, services.accounts.find(name));
    const UserId id{account.id};
    if (body->password) ORIEL_TRY(services.accounts.set_password(id, Secret(*body->password)));
    if (body->role) ORIEL_TRY(services.accounts.set_role(id, *body->role));
    if (body->disabled) ORIEL_TRY(services.accounts.set_disabled(id, *body->disabled));
    return services.accounts.find(name);
  });
  if (!changed) co_return http::problem(changed.error());
  co_return uncached(
      Response::of(UserView{changed->name, changed->role, changed->disabled, changed->made_at}));
}

Awaitable<Response> remove_user(Services& services, Request& request) {
  const std::string name(request.parameter("name"));
  auto removed = co_await services.offload.run([&]() -> Result<void> {
    ORIEL_TRY_ASSIGN(const auto account, services.accounts.find(name));
    return services.accounts.remove({account.id});
  });
  if (!removed) co_return http::problem(removed.error());
  co_return Response::empty();
}

Awaitable<Response> list_tokens(Services& services, Request& request) {
  const UserId owner = *identity_of(request).account;
  auto tokens = co_await services.offload.run([&] { return services.tokens.list(owner); });
  if (!tokens) co_return http::problem(tokens.error());
  co_return uncached(Response::of(ListOf<access::ApiToken>{std::move(*tokens), {}}));
}

Awaitable<Response> make_token(Services& services, Request& request) {
  auto body = http::body_as<TokenBody>(request);
  if (!body) co_return http::problem(body.error());
  if (identity_of(request).scopes)
    co_return http::problem(Error{ErrorKind::denied, "a token cannot make tokens: log in"});
  if (body->lifetime_days && (*body->lifetime_days < 1 || *body->lifetime_days > 3650))
    co_return http::problem(Error{ErrorKind::invalid, "lifetime_days: expected 1 to 3650"});
  access::TokenRequest wanted{*identity_of(request).account, body->name, body->scopes,
                              std::nullopt};
  if (body->lifetime_days) wanted.lifetime = Duration::from_s(*body->lifetime_days * 86'400);
  auto made = co_await services.offload.run([&] { return services.tokens.make(wanted); });
  if (!made) co_return http::problem(made.error());
  co_return uncached(Response::of(MadeToken{made->id, made->token.reveal()}, 201));
}

Awaitable<Response> revoke_token(Services& services, Request& request) {
  const auto id = path_number(request, "id");
  if (!id) co_return http::problem(id.error());
  if (identity_of(request).scopes)
    co_return http::problem(Error{ErrorKind::denied, "a token cannot revoke tokens: log in"});
  const UserId owner = *identity_of(request).account;
  auto revoked = co_await services.offload.run([&] { return services.tokens.revoke(*id, owner); });
  if (!revoked) co_return http::problem(revoked.error());
  co_return Response::empty();
}

}  // namespace

void add_account_routes(http::Router& router, Services& services) {
  using http::Method;
  const auto add = [&](Method method, std::string_view pattern, http::Operation described,
                       auto function) {
    router.add(method, pattern, std::move(described),
               [&services, function](Request& request) { return function(services, request); });
  };
  auto described = operation("logIn", "accounts", "Log in; the session is a cookie", "login");
  described.request_schema = json_schema<LoginBody>();
  answers<Me>(described);
  add(Method::post, "/api/v1/login", std::move(described), log_in);
  described = operation("logOut", "accounts", "Log out", "login");
  described.answers[204] = {"Done", "", {}};
  add(Method::post, "/api/v1/logout", std::move(described), log_out);
  described = operation("getMe", "accounts", "Who you are", "account");
  answers<Me>(described);
  add(Method::get, "/api/v1/me", std::move(described), me);

  described = operation("changePassword", "accounts",
                        "Change your own password; all other sessions end", "account");
  described.request_schema = json_schema<OwnPassword>();
  answers<Me>(described);
  add(Method::put, "/api/v1/me/password", std::move(described), change_own_password);

  described = operation("listTokens", "accounts", "Your API tokens", "account");
  answers<ListOf<access::ApiToken>>(described);
  add(Method::get, "/api/v1/tokens", std::move(described), list_tokens);
  described =
      operation("makeToken", "accounts", "A new API token; it is shown only now", "account");
  described.request_schema = json_schema<TokenBody>();
  answers<MadeToken>(described, 201, "Made");
  add(Method::post, "/api/v1/tokens", std::move(described), make_token);
  described = operation("revokeToken", "accounts", "Revoke one of your tokens", "account");
  described.answers[204] = {"Done", "", {}};
  add(Method::delete_, "/api/v1/tokens/{id}", std::move(described), revoke_token);

  described = operation("listUsers", "accounts", "The accounts", "manage_accounts");
  answers<ListOf<UserView>>(described);
  add(Method::get, "/api/v1/desk/users", std::move(described), list_users);
  described = operation("addUser", "accounts", "A new account", "manage_accounts");
  described.request_schema = json_schema<NewUser>();
  answers<UserView>(described, 201, "Made");
  add(Method::post, "/api/v1/desk/users", std::move(described), add_user);
  described = operation("changeUser", "accounts", "Change role or password, disable or enable",
                        "manage_accounts");
  described.request_schema = json_schema<UserChange>();
  answers<UserView>(described);
  add(Method::patch, "/api/v1/desk/users/{name}", std::move(described), change_user);
  described = operation("removeUser", "accounts", "Remove an account", "manage_accounts");
  described.answers[204] = {"Done", "", {}};
  add(Method::delete_, "/api/v1/desk/users/{name}", std::move(described), remove_user);
}

}  // namespace oriel::api
