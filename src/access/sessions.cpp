#include "access/sessions.h"

#include <algorithm>
#include <string>

#include "access/credentials.h"
#include "base/log.h"

namespace oriel::access {

namespace {

constexpr Duration kSeenPrecision = Duration::from_s(60);

struct Found {
  Identity identity;
  UtcTime seen;
  UtcTime expires;
  bool exists = false;
  bool disabled = false;
};

Result<Found> find_row(store::Database& database, const Bytes& hash) {
  Found found;
  ORIEL_TRY(database.read([&](store::Session& session) {
    return session.query(
        "SELECT a.id, a.name, a.role, a.disabled, s.seen_us, s.expires_us FROM login_session s"
        " JOIN account a ON a.id = s.account WHERE s.token_sha256 = $1",
        {hash}, [&](const store::Row& row) {
          found.identity.account = UserId{row.integer(0)};
          found.identity.name = row.text(1);
          found.identity.role = role_of(row.integer(2));
          found.disabled = row.integer(3) != 0;
          found.seen = UtcTime{row.integer(4)};
          found.expires = UtcTime{row.integer(5)};
          found.exists = true;
        });
  }));
  return found;
}

bool is_session(const Secret& token) { return token.reveal().starts_with(kSessionPrefix); }

Error session_ended() { return {ErrorKind::denied, "the session has ended; log in again"}; }

}  // namespace

Sessions::Sessions(store::Database& database, IdentityCache& cache, const Clock& clock,
                   SessionOptions options)
    : database_(database), cache_(cache), clock_(clock), options_(options) {}

Result<Secret> Sessions::begin(UserId account, const std::optional<Secret>& previous) {
  if (previous) ORIEL_TRY(end(*previous));
  auto token = make_token(kSessionPrefix);
  const auto now = clock_.now();
  auto begun = database_.write([&](store::Session& session) -> Result<void> {
    ORIEL_TRY(session.execute(
        "INSERT INTO login_session (token_sha256, account, made_us, seen_us, expires_us)"
        " VALUES ($1, $2, $3, $3, $4)",
        {token_hash(token), account.value, now.us, (now + options_.absolute).us}));
    ORIEL_TRY(session.execute(
        "DELETE FROM login_session WHERE account = $1 AND token_sha256 <> $2 AND token_sha256 NOT "
        "IN"
        " (SELECT token_sha256 FROM login_session WHERE account = $1 AND token_sha256 <> $2"
        " ORDER BY seen_us DESC LIMIT $3)",
        {account.value, token_hash(token),
         static_cast<std::int64_t>(std::max<std::size_t>(options_.per_account_max, 1)) - 1}));
    return {};
  });
  if (!begun && begun.error().kind == ErrorKind::conflict)
    return fail(ErrorKind::not_found, "there is no such account");
  ORIEL_TRY(begun);
  // The session that had to give way, if any, is not served from the cache either.
  cache_.forget_account(account);
  return token;
}

std::optional<Identity> Sessions::try_find(const Secret& token) {
  if (!is_session(token)) return std::nullopt;
  return cache_.find(token_hash(token));
}

Result<Identity> Sessions::load(const Secret& token) {
  if (!is_session(token)) return fail(session_ended());
  const auto hash = token_hash(token);
  const auto generation = cache_.generation();
  ORIEL_TRY_ASSIGN(const auto found, find_row(database_, hash));
  const auto now = clock_.now();
  const auto valid_until = std::min(found.seen + options_.idle, found.expires);
  if (!found.exists || found.disabled || now >= valid_until) return fail(session_ended());
  auto renewed_until = valid_until;
  if (now - found.seen >= kSeenPrecision) {
    auto noted = database_.write([&](store::Session& session) -> Result<void> {
      ORIEL_TRY(session.execute("UPDATE login_session SET seen_us = $2 WHERE token_sha256 = $1",
                                {hash, now.us}));
      return {};
    });
    // A full disk does not lock people out before their session would have ended anyway.
    if (!noted) log::warn("use of a session not noted: {}", noted.error().message);
    if (noted) renewed_until = std::min(now + options_.idle, found.expires);
  }
  cache_.add(hash, found.identity, renewed_until, generation);
  return found.identity;
}

Result<void> Sessions::end(const Secret& token) {
  const auto hash = token_hash(token);
  auto ended = database_.write([&](store::Session& session) -> Result<void> {
    ORIEL_TRY(session.execute("DELETE FROM login_session WHERE token_sha256 = $1", {hash}));
    return {};
  });
  cache_.forget(hash);
  return ended;
}

Result<void> Sessions::end_all(UserId account) {
  auto ended = database_.write([&](store::Session& session) -> Result<void> {
    ORIEL_TRY(session.execute("DELETE FROM login_session WHERE account = $1", {account.value}));
    return {};
  });
  cache_.forget_account(account);
  return ended;
}

Result<std::int64_t> Sessions::purge() {
  std::int64_t removed = 0;
  const auto now = clock_.now();
  ORIEL_TRY(database_.write([&](store::Session& session) -> Result<void> {
    ORIEL_TRY_ASSIGN(
        removed,
        session.execute("DELETE FROM login_session WHERE expires_us <= $1 OR seen_us <= $2",
                        {now.us, (now - options_.idle).us}));
    return {};
  }));
  return removed;
}

}  // namespace oriel::access
