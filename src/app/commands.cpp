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
#include "archive/catalog.h"
#include "archive/file_names.h"
#include "archive/file_system.h"
#include "archive/recovery.h"
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

int list_recordings(const Config& config, const std::string& feed, std::size_t count_max) {
  auto office = open_office(config);
  if (!office) return failed(office.error());
  const archive::Catalog catalog(*(*office)->database, nullptr);
  std::optional<UtcTime> begin = UtcTime{};
  std::size_t shown = 0;
  while (begin && shown < count_max) {
    const auto page =
        catalog.recordings(FeedId(feed), media::Rendition::main, {*begin, UtcTime{INT64_MAX}});
    if (!page) return failed(page.error());
    for (const auto& row : page->rows) {
      if (shown++ == count_max) break;
      fmt::print("{:>10}  {}  {}  {:>12}  {}\n", row.id.value, format_rfc3339(row.start),
                 format_rfc3339(row.end), row.bytes,
                 row.ended ? boost::describe::enum_to_string(*row.ended, "") : "open");
    }
    begin = page->next;
  }
  return 0;
}

int inspect_recording(const std::string& path) {
  const auto files = archive::make_posix_file_system();
  auto file = files->open(path, archive::OpenMode::read);
  if (!file) {
    failed(file.error());
    return 2;
  }
  const auto scanned = archive::scan_recording(**file);
  if (!scanned) {
    failed(scanned.error());
    return 2;
  }
  const auto name = archive::parse_recording_file_name(path.substr(path.rfind('/') + 1));
  if (name)
    fmt::print("recording  {}, {}\n", name->id.value,
               boost::describe::enum_to_string(name->rendition, "?"));
  const Duration length = ticks_to_duration(scanned->duration_90k);
  fmt::print("start      {}\n", format_rfc3339(scanned->start));
  fmt::print("end        {}\n", format_rfc3339(scanned->start + length));
  fmt::print("length     {:.3f} s of {} in {} parts, {} segments\n", length.seconds(),
             scanned->video ? "video" : "sound", scanned->parts, scanned->segments.size());
  const std::uint64_t behind = scanned->file_bytes - scanned->whole_bytes;
  fmt::print("bytes      {}\n", scanned->file_bytes);
  if (behind == 0) {
    fmt::print("state      whole\n");
    return 0;
  }
  fmt::print("state      damaged: the last {} bytes are no whole part\n", behind);
  return 1;
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
