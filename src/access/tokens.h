// API tokens: how programs say who they are.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/describe/class.hpp>

#include "access/identity.h"
#include "access/identity_cache.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "store/database.h"

namespace oriel::access {

inline constexpr std::string_view kTokenPrefix = "oriel_";

// As the API shows it; the token itself is never shown again.
struct ApiToken {
  std::int64_t id = 0;
  std::string name;
  std::string account;
  std::vector<Scope> scopes;
  UtcTime made_at;
  std::optional<UtcTime> expires_at;
  std::optional<UtcTime> used_at;  // to the minute
};
BOOST_DESCRIBE_STRUCT(ApiToken, (), (id, name, account, scopes, made_at, expires_at, used_at))

struct TokenRequest {
  UserId account;
  std::string name;           // 1 to 100 characters, for the person who will wonder what it was for
  std::vector<Scope> scopes;  // at least one
  std::optional<Duration> lifetime;  // nullopt: until revoked
};

struct NewToken {
  std::int64_t id = 0;
  Secret token;  // shown once
};

// Thread-safe. A token has its account's role of the moment, limited to its scopes.
class ApiTokens {
 public:
  // Per account; past it make() refuses.
  static constexpr std::int64_t kPerAccountMax = 100;

  // All must outlive it.
  ApiTokens(store::Database& database, IdentityCache& cache, const Clock& clock);

  // Blocks. Errors: invalid, not_found (the account), exhausted.
  Result<NewToken> make(const TokenRequest& request);

  // As Sessions::try_find and load.
  std::optional<Identity> try_find(const Secret& token);
  Result<Identity> load(const Secret& token);

  // Blocks. Of one account, or of all. Newest first.
  Result<std::vector<ApiToken>> list(std::optional<UserId> account);
  // With `owner` only a token of that account. Takes effect at once. Errors: not_found.
  Result<void> revoke(std::int64_t id, std::optional<UserId> owner);

 private:
  store::Database& database_;
  IdentityCache& cache_;
  const Clock& clock_;
};

}  // namespace oriel::access
