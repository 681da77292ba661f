#include "store/database.h"

#include "store/postgres.h"
#include "store/schema.h"
#include "store/sqlite.h"

namespace oriel::store {

namespace {

constexpr std::int64_t kMigrationLock = 0x4f726965;  // "Orie"

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

// Whose tables are in the schema that ours would go into.
Result<void> refuse_anothers(Session& session) {
  std::int64_t tables = 0;
  std::int64_t ours = 0;
  ORIEL_TRY(
      session.query("SELECT count(*), count(CASE WHEN tablename = 'schema_version' THEN 1 END)"
                    " FROM pg_tables WHERE schemaname = current_schema()",
                    {}, [&](const Row& row) {
                      tables = row.integer(0);
                      ours = row.integer(1);
                    }));
  if (tables == 0 || ours == 1) return {};
  return fail(ErrorKind::conflict, "it is the database of another program");
}

// On a connection of its own, since a step may take long, and one program after the other.
Result<void> migrate_postgres(PostgresOptions options, Metrics& metrics) {
  options.call_timeout = Duration::from_s(3600);
  options.readers_max = 1;
  ORIEL_TRY_ASSIGN(const auto database, open_postgres(options, metrics));
  ORIEL_TRY(database->write([](Session& session) {
    // Of the session, so it lasts until the connection closes.
    return session.query("SELECT pg_advisory_lock($1)", {kMigrationLock}, [](const Row&) {});
  }));
  ORIEL_TRY(database->read(refuse_anothers));
  return migrate(*database, migrations(Backend::postgresql));
}

Result<std::unique_ptr<Database>> open_migrated_postgres(const std::string& url, Metrics& metrics) {
  PostgresOptions options;
  options.address = Secret(url);
  ORIEL_TRY(migrate_postgres(options, metrics));
  return open_postgres(options, metrics);
}

}  // namespace

Result<std::unique_ptr<Database>> open_database(const std::string& url, Metrics& metrics) {
  constexpr std::string_view kSqlite = "sqlite:";
  if (url.starts_with("postgresql:") || url.starts_with("postgres:"))
    return open_migrated_postgres(url, metrics);
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
