#include "access/tokens.h"

#include <algorithm>

#include "access/credentials.h"
#include "base/json.h"
#include "base/log.h"

namespace oriel::access {

namespace {

constexpr Duration kUsedPrecision = Duration::from_s(60);
constexpr std::size_t kNameBytesMax = 400;

std::string scopes_text(const std::vector<Scope>& scopes) {
  return json::serialize(to_json(scopes));
}

// What cannot be read gives no scope, and so no right: a row from a newer program, or a damaged
// one.
std::vector<Scope> parse_scopes(const std::string& text) {
  boost::system::error_code error;
  const auto value = json::parse(text, error);
  if (error) return {};
  return from_json<std::vector<Scope>>(value, "scopes").value_or(std::vector<Scope>{});
}

std::optional<UtcTime> time_of(const store::Row& row, int column) {
  if (row.is_null(column)) return std::nullopt;
  return UtcTime{row.integer(column)};
}

Result<void> check(const TokenRequest& request) {
  if (request.name.empty() || request.name.size() > kNameBytesMax)
    return fail(ErrorKind::invalid, "name: expected 1 to 400 bytes");
  if (request.scopes.empty())
    return fail(ErrorKind::invalid, "scopes: a token without scopes may do nothing; name one");
  if (request.lifetime && *request.lifetime <= Duration{})
    return fail(ErrorKind::invalid, "lifetime: the token would have expired already");
  return {};
}

bool is_api_token(const Secret& token) { return token.reveal().starts_with(kTokenPrefix); }

Error not_valid() { return {ErrorKind::denied, "the token is not valid, or no longer"}; }

}  // namespace

ApiTokens::ApiTokens(store::Database& database, IdentityCache& cache, const Clock& clock)
    : database_(database), cache_(cache), clock_(clock) {}

Result<NewToken> ApiTokens::make(const TokenRequest& request) {
  ORIEL_TRY(check(request));
  auto scopes = request.scopes;
  std::ranges::sort(scopes);
  scopes.erase(std::unique(scopes.begin(), scopes.end()), scopes.end());
  NewToken made{0, make_token(kTokenPrefix)};
  const auto now = clock_.now();
  const store::Value expires =
      request.lifetime ? store::Value((now + *request.lifetime).us) : store::Value(nullptr);
  auto written = database_.write_durable([&](store::Session& session) -> Result<void> {
    std::int64_t count = 0;
    ORIEL_TRY(session.query("SELECT count(*) FROM api_token WHERE account = $1",
                            {request.account.value},
                            [&](const store::Row& row) { count = row.integer(0); }));
    if (count >= kPerAccountMax)
      return fail(ErrorKind::exhausted, "the account has 100 tokens; revoke those not in use");
    return session.query(
        "INSERT INTO api_token (name, token_sha256, account, scopes, made_us, expires_us)"
        " VALUES ($1, $2, $3, $4, $5, $6) RETURNING id",
        {request.name, token_hash(made.token), request.account.value, scopes_text(scopes), now.us,
         expires},
        [&](const store::Row& row) { made.id = row.integer(0); });
  });
  if (!written && written.error().kind == ErrorKind::conflict)
    return fail(ErrorKind::not_found, "there is no such account");
  ORIEL_TRY(written);
  return made;
}

std::optional<Identity> ApiTokens::try_find(const Secret& token) {
  if (!is_api_token(token)) return std::nullopt;
  return cache_.find(token_hash(token));
}

Result<Identity> ApiTokens::load(const Secret& token) {
  if (!is_api_token(token)) return fail(not_valid());
  const auto hash = token_hash(token);
  const auto generation = cache_.generation();
  std::optional<Identity> found;
  std::optional<UtcTime> expires;
  std::optional<UtcTime> used;
  ORIEL_TRY(database_.read([&](store::Session& session) {
    return session.query(
        "SELECT a.id, a.name, a.role, t.scopes, t.expires_us, t.used_us FROM api_token t"
        " JOIN account a ON a.id = t.account WHERE t.token_sha256 = $1 AND a.disabled = 0",
        {hash}, [&](const store::Row& row) {
          found = Identity{UserId{row.integer(0)}, row.text(1), role_of(row.integer(2)),
                           parse_scopes(row.text(3))};
          expires = time_of(row, 4);
          used = time_of(row, 5);
        });
  }));
  const auto now = clock_.now();
  if (!found || (expires && now >= *expires)) return fail(not_valid());
  if (!used || now - *used >= kUsedPrecision) {
    auto noted = database_.write([&](store::Session& session) -> Result<void> {
      ORIEL_TRY(session.execute("UPDATE api_token SET used_us = $2 WHERE token_sha256 = $1",
                                {hash, now.us}));
      return {};
    });
    // A full disk does not lock programs out.
    if (!noted) log::warn("use of a token not noted: {}", noted.error().message);
  }
  cache_.add(hash, *found, expires.value_or(UtcTime{INT64_MAX}), generation);
  return *found;
}

Result<std::vector<ApiToken>> ApiTokens::list(std::optional<UserId> account) {
  std::vector<ApiToken> tokens;
  const store::Value owner = account ? store::Value(account->value) : store::Value(nullptr);
  ORIEL_TRY(database_.read([&](store::Session& session) {
    return session.query(
        "SELECT t.id, t.name, a.name, t.scopes, t.made_us, t.expires_us, t.used_us"
        " FROM api_token t JOIN account a ON a.id = t.account"
        " WHERE CAST($1 AS INTEGER) IS NULL OR t.account = $1 ORDER BY t.made_us DESC, t.id DESC",
        {owner}, [&](const store::Row& row) {
          tokens.push_back({row.integer(0), row.text(1), row.text(2), parse_scopes(row.text(3)),
                            UtcTime{row.integer(4)}, time_of(row, 5), time_of(row, 6)});
        });
  }));
  return tokens;
}

Result<void> ApiTokens::revoke(std::int64_t id, std::optional<UserId> owner) {
  std::optional<Bytes> hash;
  const store::Value account = owner ? store::Value(owner->value) : store::Value(nullptr);
  ORIEL_TRY(database_.write_durable([&](store::Session& session) {
    return session.query(
        "DELETE FROM api_token WHERE id = $1 AND (CAST($2 AS INTEGER) IS NULL OR account = $2)"
        " RETURNING token_sha256",
        {id, account}, [&](const store::Row& row) { hash = row.blob(0); });
  }));
  if (!hash) return fail(ErrorKind::not_found, "there is no such token");
  cache_.forget(*hash);
  return {};
}

}  // namespace oriel::access
