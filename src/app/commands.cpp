#include "app/commands.h"

#include <filesystem>
#include <iostream>

#include <fmt/format.h>
#include <sodium.h>
#include <sys/stat.h>
#include <termios.h>
#include <unistd.h>

#include "access/accounts.h"
#include "access/identity_cache.h"
#include "access/tokens.h"
#include "base/metrics.h"
#include "ingest/source_url.h"
#include "store/database.h"

namespace oriel::app {
namespace {

int failed(const Error& error) {
  fmt::print(stderr, "oriel: {}\n", error.message);
  return 1;
}

// The database with what works on accounts, for one command.
struct Office {
  SystemClock clock;
  Metrics metrics;
  std::unique_ptr<store::Database> database;
  std::unique_ptr<access::IdentityCache> cache;
  std::unique_ptr<access::Accounts> accounts;
  std::unique_ptr<access::ApiTokens> tokens;
};

Result<std::unique_ptr<Office>> open_office(const Config& config) {
  if (sodium_init() < 0) return fail(ErrorKind::internal, "libsodium cannot be initialised");
  ::umask(0077);
  std::error_code error;
  std::filesystem::create_directories(config.data, error);
  auto office = std::make_unique<Office>();
  auto database = store::open_database(config.database_url().reveal(), office->metrics);
  if (!database) return fail(std::move(database).error().within("database"));
  office->database = std::move(*database);
  office->cache = std::make_unique<access::IdentityCache>(office->clock, office->metrics);
  office->accounts = std::make_unique<access::Accounts>(
      *office->database, *office->cache, office->clock, office->metrics, access::AccountOptions{});
  office->tokens =
      std::make_unique<access::ApiTokens>(*office->database, *office->cache, office->clock);
  return office;
}

// From the terminal without echo, or the first line of standard input.
Secret read_password(const std::string& name) {
  const bool terminal = ::isatty(STDIN_FILENO) == 1;
  termios before{};
  if (terminal) {
    fmt::print(stderr, "Password for {} (at least 10 characters): ", name);
    ::tcgetattr(STDIN_FILENO, &before);
    termios silent = before;
    silent.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &silent);
  }
  std::string line;
  std::getline(std::cin, line);
  if (terminal) {
    ::tcsetattr(STDIN_FILENO, TCSAFLUSH, &before);
    fmt::print(stderr, "\n");
  }
  return Secret(std::move(line));
}

template <class E>
Result<E> named(const std::string& text, std::string_view what) {
  auto parsed = from_json<E>(json::value(text));
  if (!parsed) return fail(std::move(parsed).error().within(what));
  return *parsed;
}

}  // namespace

int add_user(const Config& config, const std::string& name, const std::string& role) {
  const auto parsed = named<access::Role>(role, "--role");
  if (!parsed) return failed(parsed.error());
  auto office = open_office(config);
  if (!office) return failed(office.error());
  const Secret password = read_password(name);
  const auto added = (*office)->accounts->add(name, password, *parsed);
  if (!added) return failed(added.error());
  fmt::print("{} can log in as {}\n", name, role);
  return 0;
}

int list_users(const Config& config) {
  auto office = open_office(config);
  if (!office) return failed(office.error());
  const auto accounts = (*office)->accounts->list();
  if (!accounts) return failed(accounts.error());
  for (const auto& account : *accounts)
    fmt::print("{:<24} {:<14} {} {}\n", account.name, access::to_string(account.role),
               format_rfc3339(account.made_at), account.disabled ? "disabled" : "");
  return 0;
}

int set_password(const Config& config, const std::string& name) {
  auto office = open_office(config);
  if (!office) return failed(office.error());
  const auto account = (*office)->accounts->find(name);
  if (!account) return failed(account.error());
  const Secret password = read_password(name);
  if (auto set = (*office)->accounts->set_password({account->id}, password); !set)
    return failed(set.error());
  fmt::print("the password of {} is changed\n", name);
  return 0;
}

int make_token(const Config& config, const std::string& user, const std::string& name,
               const std::vector<std::string>& scopes) {
  auto office = open_office(config);
  if (!office) return failed(office.error());
  const auto account = (*office)->accounts->find(user);
  if (!account) return failed(account.error());
  access::TokenRequest request{{account->id}, name, {}, std::nullopt};
  for (const auto& scope : scopes) {
    const auto parsed = named<access::Scope>(scope, "--scope");
    if (!parsed) return failed(parsed.error());
    request.scopes.push_back(*parsed);
  }
  const auto made = (*office)->tokens->make(request);
  if (!made) return failed(made.error());
  fmt::print("{}\n", made->token.reveal());
  return 0;
}

int check_config(const Config& config) {
  fmt::print("{}: {} sectors, {} sites, {} feeds, {} volumes\n", config.file, config.sectors.size(),
             config.sites.size(), config.feeds.size(), config.volumes.size());
  for (const auto& feed : config.feeds) {
    const auto url = ingest::SourceUrl::parse(feed.source.reveal(), {.file_allowed = true});
    fmt::print("  {}: {}{}{}\n", feed.id.str(), url ? url->redacted() : "?",
               feed.record ? "" : ", not recorded", feed.is_public ? ", public" : "");
  }
  return 0;
}

}  // namespace oriel::app
