#include "access/accounts.h"

#include <array>
#include <condition_variable>
#include <mutex>
#include <utility>

#include <sodium.h>

#include "base/log.h"

namespace oriel::access {

namespace {

constexpr std::size_t kPasswordCharactersMin = 10;
constexpr std::size_t kPasswordBytesMax = 1024;

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

// In UTF-8 every code point has one byte that is not a continuation.
std::size_t code_points(std::string_view text) {
  std::size_t count = 0;
  for (const char c : text)
    if ((static_cast<unsigned char>(c) & 0xc0U) != 0x80U) ++count;
  return count;
}

Account account_of(const store::Row& row) {
  return {row.integer(0), row.text(1), role_of(row.integer(2)), UtcTime{row.integer(3)},
          row.integer(4) != 0};
}
constexpr std::string_view kAccountColumns =
    "SELECT id, name, role, made_us, disabled FROM account";

const Error& wrong_login() {
  static const Error error{ErrorKind::denied, "name or password is wrong"};
  return error;
}

}  // namespace

PasswordCost PasswordCost::interactive() {
  return {crypto_pwhash_argon2id_OPSLIMIT_INTERACTIVE, crypto_pwhash_argon2id_MEMLIMIT_INTERACTIVE};
}
PasswordCost PasswordCost::moderate() {
  return {crypto_pwhash_argon2id_OPSLIMIT_MODERATE, crypto_pwhash_argon2id_MEMLIMIT_MODERATE};
}
PasswordCost PasswordCost::minimal() {
  return {crypto_pwhash_argon2id_OPSLIMIT_MIN, crypto_pwhash_argon2id_MEMLIMIT_MIN};
}

// libsodium's Argon2id, so many at a time.
class Accounts::Hasher {
 public:
  explicit Hasher(const AccountOptions& options)
      : cost_(options.cost),
        running_max_(std::max<std::size_t>(options.hashing_max, 1)),
        waiting_max_(options.waiting_max) {
    ORIEL_CHECK(sodium_init() >= 0);
  }

  Result<std::string> hash(const Secret& password) {
    const Turn turn(*this);
    if (!turn) return busy();
    std::array<char, crypto_pwhash_argon2id_STRBYTES> text{};
    const auto& plain = password.reveal();
    if (crypto_pwhash_argon2id_str(text.data(), plain.data(), plain.size(), cost_.passes,
                                   cost_.memory_bytes) != 0) {
      return fail(ErrorKind::unavailable, "no memory to hash a password");
    }
    return std::string(text.data());
  }

  Result<bool> verify(const std::string& hash, const Secret& password) {
    const Turn turn(*this);
    if (!turn) return busy();
    const auto& plain = password.reveal();
    return crypto_pwhash_argon2id_str_verify(hash.c_str(), plain.data(), plain.size()) == 0;
  }

  bool is_outdated(const std::string& hash) const {
    return crypto_pwhash_argon2id_str_needs_rehash(hash.c_str(), cost_.passes,
                                                   cost_.memory_bytes) != 0;
  }

  // What is verified where there is no account; of the same cost, made when first needed.
  Result<std::string> nobody() {
    {
      const std::scoped_lock lock(mutex_);
      if (!nobody_.empty()) return nobody_;
    }
    ORIEL_TRY_ASSIGN(auto made, hash(make_nobody_password()));
    const std::scoped_lock lock(mutex_);
    nobody_ = made;
    return made;
  }

 private:
  class Turn {
   public:
    explicit Turn(Hasher& owner) : owner_(owner) {
      std::unique_lock lock(owner_.mutex_);
      if (owner_.running_ >= owner_.running_max_ && owner_.waiting_ >= owner_.waiting_max_) return;
      ++owner_.waiting_;
      owner_.freed_.wait(lock, [&] { return owner_.running_ < owner_.running_max_; });
      --owner_.waiting_;
      ++owner_.running_;
      taken_ = true;
    }
    ~Turn() {
      if (!taken_) return;
      const std::scoped_lock lock(owner_.mutex_);
      --owner_.running_;
      owner_.freed_.notify_one();
    }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    explicit operator bool() const { return taken_; }

   private:
    Hasher& owner_;
    bool taken_ = false;
  };

  static tl::unexpected<Error> busy() {
    return fail(ErrorKind::unavailable, "many people are logging in; try again in a moment");
  }
  static Secret make_nobody_password() {
    std::string random(32, '\0');
    randombytes_buf(random.data(), random.size());
    return Secret(std::move(random));
  }

  const PasswordCost cost_;
  const std::size_t running_max_;
  const std::size_t waiting_max_;
  std::mutex mutex_;
  std::condition_variable freed_;
  std::size_t running_ = 0;
  std::size_t waiting_ = 0;
  std::string nobody_;
};

struct Accounts::Stored {
  Account account;
  std::string hash;
  bool exists = false;
};

Result<void> check_password(std::string_view account_name, const Secret& password) {
  const auto& text = password.reveal();
  if (code_points(text) < kPasswordCharactersMin) {
    return fail(ErrorKind::invalid, "password: at least " + std::to_string(kPasswordCharactersMin) +
                                        " characters are needed");
  }
  if (text.size() > kPasswordBytesMax)
    return fail(ErrorKind::invalid, "password: is longer than 1024 bytes");
  if (lower(text) == lower(account_name))
    return fail(ErrorKind::invalid, "password: must not be the name");
  if (text.find_first_not_of(text.front()) == std::string::npos)
    return fail(ErrorKind::invalid, "password: must not be one character over and over");
  return {};
}

Accounts::Accounts(store::Database& database, IdentityCache& cache, const Clock& clock,
                   Metrics& metrics, AccountOptions options)
    : database_(database),
      cache_(cache),
      clock_(clock),
      throttle_(clock, metrics, options.throttle),
      hasher_(std::make_unique<Hasher>(options)) {}

Accounts::~Accounts() = default;

Result<UserId> Accounts::add(std::string_view name, const Secret& password, Role role) {
  auto checked = parse_slug(lower(name));
  if (!checked) return fail(std::move(checked).error().within("name"));
  if (role == Role::visitor) return fail(ErrorKind::invalid, "role: an account is no visitor");
  ORIEL_TRY(check_password(*checked, password));
  ORIEL_TRY_ASSIGN(const auto hash, hasher_->hash(password));
  UserId id;
  auto added = database_.write_durable([&](store::Session& session) -> Result<void> {
    return session.query(
        "INSERT INTO account (name, password, role, made_us, disabled) VALUES ($1, $2, $3, $4, 0)"
        " RETURNING id",
        {*checked, hash, static_cast<std::int64_t>(role), clock_.now().us},
        [&](const store::Row& row) { id.value = row.integer(0); });
  });
  if (!added && added.error().kind == ErrorKind::conflict)
    return fail(ErrorKind::conflict, "name: there is an account " + *checked + " already");
  ORIEL_TRY(added);
  log::info("account {} added as {}", *checked, to_string(role));
  return id;
}

Result<Accounts::Stored> Accounts::load(const std::string& name) {
  Stored stored;
  ORIEL_TRY(database_.read([&](store::Session& session) {
    return session.query(
        "SELECT id, name, role, made_us, disabled, password FROM account WHERE name = $1", {name},
        [&](const store::Row& row) {
          stored = {account_of(row), row.text(5), true};
        });
  }));
  return stored;
}

Result<void> Accounts::verify(const Login& login, Stored& stored) {
  const auto name = lower(login.name.substr(0, 65));
  const auto wait = throttle_.try_begin(name, login.address);
  if (wait > Duration{}) {
    return fail(ErrorKind::exhausted, "too many failed logins; try again in " +
                                          std::to_string((wait.us + 999'999) / 1'000'000) + " s");
  }
  ORIEL_TRY_ASSIGN(stored, load(name));
  // The same work whether there is such an account or not, and whether it is disabled or not.
  ORIEL_TRY_ASSIGN(const auto nobody, hasher_->nobody());
  const bool short_enough = login.password.reveal().size() <= kPasswordBytesMax;
  ORIEL_TRY_ASSIGN(const bool matches, hasher_->verify(stored.exists ? stored.hash : nobody,
                                                       short_enough ? login.password : Secret()));
  if (!matches || !stored.exists || stored.account.disabled || !short_enough)
    return fail(wrong_login());
  throttle_.succeeded(name, login.address);
  return {};
}

Result<Identity> Accounts::log_in(const Login& login) {
  Stored stored;
  ORIEL_TRY(verify(login, stored));
  const UserId id{stored.account.id};
  if (hasher_->is_outdated(stored.hash)) {
    // The cost was changed since; only now is the password at hand. That it fails is no reason to
    // refuse the login: the next one tries again.
    auto renewed = hasher_->hash(login.password);
    auto kept = renewed ? database_.write([&](store::Session& session) -> Result<void> {
      ORIEL_TRY(session.execute("UPDATE account SET password = $2 WHERE id = $1 AND password = $3",
                                {id.value, *renewed, stored.hash}));
      return {};
    })
                        : Result<void>(fail(renewed.error()));
    if (!kept) log::warn("account {}: {}", stored.account.name, kept.error().message);
  }
  return Identity{id, stored.account.name, stored.account.role, std::nullopt};
}

Result<void> Accounts::change_password(const Login& login, const Secret& new_password) {
  ORIEL_TRY(check_password(login.name, new_password));
  Stored stored;
  ORIEL_TRY(verify(login, stored));
  ORIEL_TRY_ASSIGN(const auto hash, hasher_->hash(new_password));
  return store_password(UserId{stored.account.id}, hash);
}

Result<void> Accounts::set_password(UserId account, const Secret& password) {
  std::optional<std::string> name;
  ORIEL_TRY(database_.read([&](store::Session& session) {
    return session.query("SELECT name FROM account WHERE id = $1", {account.value},
                         [&](const store::Row& row) { name = row.text(0); });
  }));
  if (!name) return fail(ErrorKind::not_found, "there is no such account");
  ORIEL_TRY(check_password(*name, password));
  ORIEL_TRY_ASSIGN(const auto hash, hasher_->hash(password));
  return store_password(account, hash);
}

Result<void> Accounts::store_password(UserId account, const std::string& hash) {
  return change(account, [&](store::Session& session) -> Result<void> {
    ORIEL_TRY(
        session.execute("UPDATE account SET password = $2 WHERE id = $1", {account.value, hash}));
    ORIEL_TRY(session.execute("DELETE FROM login_session WHERE account = $1", {account.value}));
    return {};
  });
}

// Runs `work` on an account that exists, and refuses what leaves no administrator.
Result<void> Accounts::change(UserId account, const store::Work& work) {
  const auto administrators = [](store::Session& session) -> Result<std::int64_t> {
    std::int64_t count = 0;
    ORIEL_TRY(session.query("SELECT count(*) FROM account WHERE role = $1 AND disabled = 0",
                            {static_cast<std::int64_t>(Role::administrator)},
                            [&](const store::Row& row) { count = row.integer(0); }));
    return count;
  };
  auto changed = database_.write_durable([&](store::Session& session) -> Result<void> {
    bool exists = false;
    ORIEL_TRY(session.query("SELECT id FROM account WHERE id = $1", {account.value},
                            [&](const store::Row&) { exists = true; }));
    if (!exists) return fail(ErrorKind::not_found, "there is no such account");
    ORIEL_TRY_ASSIGN(const auto before, administrators(session));
    ORIEL_TRY(work(session));
    ORIEL_TRY_ASSIGN(const auto after, administrators(session));
    if (before > 0 && after == 0)
      return fail(ErrorKind::conflict, "it is the last administrator; make another one first");
    return {};
  });
  cache_.forget_account(account);
  return changed;
}

Result<void> Accounts::set_disabled(UserId account, bool disabled) {
  return change(account, [&](store::Session& session) -> Result<void> {
    ORIEL_TRY(session.execute("UPDATE account SET disabled = $2 WHERE id = $1",
                              {account.value, disabled ? 1 : 0}));
    if (disabled)
      ORIEL_TRY(session.execute("DELETE FROM login_session WHERE account = $1", {account.value}));
    return {};
  });
}

Result<void> Accounts::set_role(UserId account, Role role) {
  if (role == Role::visitor) return fail(ErrorKind::invalid, "role: an account is no visitor");
  return change(account, [&](store::Session& session) -> Result<void> {
    ORIEL_TRY(session.execute("UPDATE account SET role = $2 WHERE id = $1",
                              {account.value, static_cast<std::int64_t>(role)}));
    return {};
  });
}

Result<void> Accounts::remove(UserId account) {
  return change(account, [&](store::Session& session) -> Result<void> {
    ORIEL_TRY(session.execute("DELETE FROM account WHERE id = $1", {account.value}));
    return {};
  });
}

Result<std::vector<Account>> Accounts::list() {
  std::vector<Account> accounts;
  ORIEL_TRY(database_.read([&](store::Session& session) {
    return session.query(std::string(kAccountColumns) + " ORDER BY name", {},
                         [&](const store::Row& row) { accounts.push_back(account_of(row)); });
  }));
  return accounts;
}

Result<Account> Accounts::find(std::string_view name) {
  ORIEL_TRY_ASSIGN(const auto stored, load(lower(name)));
  if (!stored.exists) return fail(ErrorKind::not_found, "there is no such account");
  return stored.account;
}

Result<bool> Accounts::has_administrator() {
  ORIEL_TRY_ASSIGN(const auto accounts, list());
  for (const auto& account : accounts)
    if (account.role == Role::administrator && !account.disabled) return true;
  return false;
}

}  // namespace oriel::access
