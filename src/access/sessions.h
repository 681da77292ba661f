// Sessions of people who logged in with a browser.
#pragma once
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

#include "access/identity.h"
#include "access/identity_cache.h"
#include "base/ids.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "store/database.h"

namespace oriel::access {

// Tells a session's token from an API token, so that neither passes where the other is meant.
inline constexpr std::string_view kSessionPrefix = "session_";

struct SessionOptions {
  Duration idle = Duration::from_s(12 * 3600);           // ends when unused for so long
  Duration absolute = Duration::from_s(30 * 24 * 3600);  // and at the latest after this
  // Per account; a further login ends the one unused for longest.
  std::size_t per_account_max = 20;
};

// Thread-safe. The token itself is with the browser only; SHA-256 of it is stored.
class Sessions {
 public:
  // All must outlive it.
  Sessions(store::Database& database, IdentityCache& cache, const Clock& clock,
           SessionOptions options);

  // A new session of an account that has just proved itself. `previous`, the cookie the browser
  // showed when logging in, ends: a planted token is worth nothing (session fixation). Blocks.
  // Errors: not_found (no such account).
  Result<Secret> begin(UserId account, const std::optional<Secret>& previous);

  // From the cache; never blocks. nullopt: load() knows.
  std::optional<Identity> try_find(const Secret& token);
  // From the database; blocks, and notes the use at most once a minute. Errors: denied (none such,
  // ended, expired, disabled account), unavailable.
  Result<Identity> load(const Secret& token);

  // Logout; no error when it is gone already. Blocks.
  Result<void> end(const Secret& token);
  Result<void> end_all(UserId account);
  // Removes the rows of expired sessions; now and then. Gives how many.
  Result<std::int64_t> purge();

  std::int64_t cookie_max_age_s() const { return options_.absolute.us / 1'000'000; }

 private:
  store::Database& database_;
  IdentityCache& cache_;
  const Clock& clock_;
  const SessionOptions options_;
};

}  // namespace oriel::access
