#include "store/database.h"

#include "store/schema.h"
#include "store/sqlite.h"

namespace oriel::store {

namespace {

Result<SqliteOptions> parse_sqlite(std::string_view address) {
  SqliteOptions options;
  const auto question = address.find('?');
  options.path = address.substr(0, question);
  if (options.path.empty()) return fail(ErrorKind::invalid, "database: sqlite: names no file");
  if (question == std::string_view::npos) return options;
  const auto option = address.substr(question + 1);
  if (option == "synchronous=full") {
    options.always_durable = true;
  } else if (option != "synchronous=normal") {
    return fail(ErrorKind::invalid, "database: option " + std::string(option) +
                                        " is not known; expected synchronous=normal or full");
  }
  return options;
}

}  // namespace

Result<std::unique_ptr<Database>> open_database(const std::string& url, Metrics& metrics) {
  constexpr std::string_view kSqlite = "sqlite:";
  if (url.starts_with("postgresql:") || url.starts_with("postgres:"))
    return fail(ErrorKind::unsupported, "database: PostgreSQL is not in this version");
  // The address is not repeated: it may hold a password.
  if (!url.starts_with(kSqlite))
    return fail(ErrorKind::invalid, "database: expected sqlite:PATH or postgresql://…");
  ORIEL_TRY_ASSIGN(const auto options, parse_sqlite(std::string_view(url).substr(kSqlite.size())));
  ORIEL_TRY_ASSIGN(auto database, open_sqlite(options, metrics));
  if (auto migrated = migrate(*database, migrations()); !migrated)
    return fail(std::move(migrated).error().within("database " + options.path));
  return database;
}

}  // namespace oriel::store
