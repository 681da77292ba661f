// Accounts and their passwords.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <boost/describe/class.hpp>

#include "access/identity.h"
#include "access/identity_cache.h"
#include "access/login_throttle.h"
#include "base/ids.h"
#include "base/metrics.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "store/database.h"

namespace oriel::access {

// Argon2id's work for one password (RFC 9106).
struct PasswordCost {
  std::uint64_t passes = 0;
  std::size_t memory_bytes = 0;

  // libsodium's names: about 0.1 s and 64 MiB; about 0.7 s and 256 MiB; and the least there is, for
  // tests.
  static PasswordCost interactive();
  static PasswordCost moderate();
  static PasswordCost minimal();
};

struct AccountOptions {
  PasswordCost cost = PasswordCost::interactive();
  // Passwords hashed at once, which bounds memory; further callers wait, `waiting_max` of them, and
  // past that they are refused (unavailable).
  std::size_t hashing_max = 2;
  std::size_t waiting_max = 32;
  ThrottleOptions throttle;
};

// As the API shows it.
struct Account {
  std::int64_t id = 0;
  std::string name;
  Role role = Role::viewer;
  UtcTime made_at;
  bool disabled = false;
};
BOOST_DESCRIBE_STRUCT(Account, (), (id, name, role, made_at, disabled))

struct Login {
  std::string_view name;
  const Secret& password;
  std::string_view address;  // of the client, as text
};

// Thread-safe. Every call blocks, on the database, and those with a password on Argon2 too: not on
// an I/O thread, and better not on the one pool that reads media.
class Accounts {
 public:
  // All must outlive it.
  Accounts(store::Database& database, IdentityCache& cache, const Clock& clock, Metrics& metrics,
           AccountOptions options);
  ~Accounts();

  // The name is 1 to 64 of [a-z0-9._-], capitals are taken as small; any role but visitor. Errors:
  // invalid (name, role, or the password rules below), conflict (the name is taken), unavailable.
  Result<UserId> add(std::string_view name, const Secret& password, Role role);

  // Proves name and password. What is wrong (no such name, password, disabled) cannot be told from
  // the answer nor from the time it takes. Errors: denied; exhausted (too many attempts, the
  // message says how long to wait), unavailable.
  Result<Identity> log_in(const Login& login);

  // By the owner, who knows the old one; counts as an attempt to log in. Ends all sessions of the
  // account: begin a new one. Errors: denied (the old one), invalid (the new one), exhausted.
  Result<void> change_password(const Login& login, const Secret& new_password);
  // By an administrator, or from the command line. Ends all sessions of the account.
  Result<void> set_password(UserId account, const Secret& password);

  // A disabled account cannot log in, and its sessions and tokens do nothing. Errors: not_found;
  // conflict when no administrator would be left who is not disabled.
  Result<void> set_disabled(UserId account, bool disabled);
  Result<void> set_role(UserId account, Role role);
  // With its sessions and tokens.
  Result<void> remove(UserId account);

  // By name.
  Result<std::vector<Account>> list();
  Result<Account> find(std::string_view name);  // not_found
  // False on a new installation: say how to make the first.
  Result<bool> has_administrator();

 private:
  class Hasher;
  struct Stored;

  Result<Stored> load(const std::string& name);
  Result<void> verify(const Login& login, Stored& stored);
  Result<void> store_password(UserId account, const std::string& hash);
  Result<void> change(UserId account, const store::Work& work);

  store::Database& database_;
  IdentityCache& cache_;
  const Clock& clock_;
  LoginThrottle throttle_;
  std::unique_ptr<Hasher> hasher_;
};

// At least 10 characters (code points), at most 1024 bytes, not the account's name, not one
// character over and over. Error: invalid, saying which.
Result<void> check_password(std::string_view account_name, const Secret& password);

}  // namespace oriel::access
