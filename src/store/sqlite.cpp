#include "store/sqlite.h"

#include <cerrno>
#include <filesystem>
#include <utility>

#include <fcntl.h>
#include <unistd.h>

#include "store/connection_pool.h"
#include "store/sqlite_connection.h"
#include "store/transaction_metrics.h"
#include "store/write_turn.h"

namespace oriel::store {

namespace {

// "Orie": in the file's header, so that another program's database is not taken for ours.
constexpr std::int64_t kApplicationId = 0x4f726965;

class SqliteDatabase final : public Database {
 public:
  SqliteDatabase(SqliteOptions options, std::unique_ptr<SqliteConnection> writer, Metrics& metrics)
      : options_(std::move(options)),
        metrics_(metrics),
        writer_(std::move(writer)),
        readers_(options_.readers_max) {}

  Result<void> write(const Work& work) override {
    return write_with(options_.always_durable, work);
  }
  Result<void> write_durable(const Work& work) override { return write_with(true, work); }

  Result<void> read(const Work& work) override {
    metrics_.read_begun();
    ORIEL_TRY_ASSIGN(const auto lease, readers_.take([this] {
      return SqliteConnection::open(options_, SqliteConnection::Use::read);
    }));
    return metrics_.ended(lease.connection().transact("BEGIN DEFERRED", work));
  }

 private:
  // The lock is held while `work` runs, which is what serialises writers.
  Result<void> write_with(bool durable, const Work& work) {
    if (turn_.mine()) return metrics_.ended(fail(WriteTurn::nested()));
    metrics_.write_begun();
    const WriteTurn::Holder holder(turn_);
    if (durable != durable_) {
      // Not allowed inside a transaction, hence before it.
      if (auto set =
              writer_->run(durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
          !set) {
        return metrics_.ended(std::move(set));
      }
      durable_ = durable;
    }
    return metrics_.ended(writer_->transact("BEGIN IMMEDIATE", work));
  }

  const SqliteOptions options_;
  TransactionMetrics metrics_;
  WriteTurn turn_;
  std::unique_ptr<SqliteConnection> writer_;
  bool durable_ = false;
  ConnectionPool<SqliteConnection> readers_;
};

// SQLite's own message for all of these is "unable to open database file".
Result<void> prepare_file(const std::filesystem::path& path) {
  const auto folder = path.has_parent_path() ? path.parent_path() : std::filesystem::path(".");
  std::error_code ignored;
  if (!std::filesystem::is_directory(folder, ignored))
    return fail(ErrorKind::not_found, "database folder " + folder.string() + " does not exist");
  if (std::filesystem::is_directory(path, ignored))
    return fail(ErrorKind::invalid, "database " + path.string() + " is a folder");
  if (::access(folder.c_str(), W_OK) != 0)
    return fail(errno_error(errno, "write in database folder " + folder.string()));
  // Its own and, by SQLite's rule, its -wal and -shm files' mode.
  const int file = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (file < 0) return fail(errno_error(errno, "open database " + path.string() + " for writing"));
  ::close(file);
  return {};
}

Result<void> claim(SqliteConnection& connection) {
  ORIEL_TRY_ASSIGN(const auto application, connection.ask("PRAGMA application_id"));
  if (application == std::to_string(kApplicationId)) return {};
  ORIEL_TRY_ASSIGN(const auto tables, connection.ask("SELECT count(*) FROM sqlite_schema"));
  if (application != "0" || tables != "0")
    return fail(ErrorKind::conflict, "it is the database of another program");
  return connection.run("PRAGMA application_id=" + std::to_string(kApplicationId));
}

Result<void> set_up_writer(SqliteConnection& connection, const SqliteOptions& options) {
  if (connection.read_only()) return fail(ErrorKind::denied, "it is read-only");
  ORIEL_TRY(claim(connection));
  ORIEL_TRY_ASSIGN(const auto mode, connection.ask("PRAGMA journal_mode=WAL"));
  if (mode != "wal")
    return fail(ErrorKind::unsupported, "its file system cannot hold a database (no WAL)");
  ORIEL_TRY(connection.run("PRAGMA synchronous=NORMAL"));
  // After a burst the log's file is cut back to this when it starts over.
  ORIEL_TRY(connection.run("PRAGMA journal_size_limit=67108864"));
  if (options.pages_max > 0)
    ORIEL_TRY(connection.run("PRAGMA max_page_count=" + std::to_string(options.pages_max)));
  return {};
}

}  // namespace

Result<std::unique_ptr<Database>> open_sqlite(const SqliteOptions& options, Metrics& metrics) {
  ORIEL_TRY(prepare_file(options.path));
  ORIEL_TRY_ASSIGN(auto writer, SqliteConnection::open(options, SqliteConnection::Use::write));
  if (auto ready = set_up_writer(*writer, options); !ready)
    return fail(std::move(ready).error().within("database " + options.path));
  return std::make_unique<SqliteDatabase>(options, std::move(writer), metrics);
}

}  // namespace oriel::store
