#include "store/sqlite.h"

#include <atomic>
#include <cerrno>
#include <condition_variable>
#include <filesystem>
#include <mutex>
#include <thread>
#include <utility>
#include <vector>

#include <fcntl.h>
#include <unistd.h>

#include "store/sqlite_connection.h"

namespace oriel::store {

namespace {

// "Orie": in the file's header, so that another program's database is not taken for ours.
constexpr std::int64_t kApplicationId = 0x4f726965;

class SqliteDatabase final : public Database {
 public:
  SqliteDatabase(SqliteOptions options, std::unique_ptr<SqliteConnection> writer, Metrics& metrics)
      : options_(std::move(options)),
        metrics_(metrics),
        writes_(metrics.counter("oriel_database_transactions_total", "Transactions begun",
                                {{"kind", "write"}})),
        reads_(metrics.counter("oriel_database_transactions_total", "Transactions begun",
                               {{"kind", "read"}})),
        writer_(std::move(writer)) {}

  Result<void> write(const Work& work) override {
    return write_with(options_.always_durable, work);
  }
  Result<void> write_durable(const Work& work) override { return write_with(true, work); }

  Result<void> read(const Work& work) override {
    reads_.add();
    ORIEL_TRY_ASSIGN(const Lease lease, take_reader());
    return counted(lease.connection().transact("BEGIN DEFERRED", work));
  }

 private:
  // A reader out of the pool; goes back when this ends.
  class Lease {
   public:
    Lease(SqliteDatabase& owner, std::unique_ptr<SqliteConnection> connection)
        : owner_(&owner), connection_(std::move(connection)) {}
    Lease(Lease&&) = default;
    Lease& operator=(Lease&&) = delete;
    ~Lease() {
      if (connection_) owner_->return_reader(std::move(connection_));
    }
    SqliteConnection& connection() const { return *connection_; }

   private:
    SqliteDatabase* owner_;
    std::unique_ptr<SqliteConnection> connection_;
  };

  // The lock is held while `work` runs, which is what serialises writers.
  Result<void> write_with(bool durable, const Work& work) {
    if (writing_thread_.load() == std::this_thread::get_id())
      return counted(fail(ErrorKind::internal, "a write inside a write would wait for ever"));
    writes_.add();
    const std::scoped_lock lock(writer_mutex_);
    struct Mark {
      std::atomic<std::thread::id>& thread;
      ~Mark() { thread = std::thread::id(); }
    } mark{writing_thread_};
    writing_thread_ = std::this_thread::get_id();
    if (durable != durable_) {
      // Not allowed inside a transaction, hence before it.
      if (auto set =
              writer_->run(durable ? "PRAGMA synchronous=FULL" : "PRAGMA synchronous=NORMAL");
          !set) {
        return counted(std::move(set));
      }
      durable_ = durable;
    }
    return counted(writer_->transact("BEGIN IMMEDIATE", work));
  }

  Result<Lease> take_reader() {
    std::unique_lock lock(readers_mutex_);
    reader_returned_.wait(
        lock, [this] { return !readers_.empty() || readers_open_ < options_.readers_max; });
    if (!readers_.empty()) {
      auto reader = std::move(readers_.back());
      readers_.pop_back();
      return Lease(*this, std::move(reader));
    }
    ++readers_open_;
    lock.unlock();
    auto opened = SqliteConnection::open(options_, SqliteConnection::Use::read);
    if (opened) return Lease(*this, std::move(*opened));
    lock.lock();
    --readers_open_;
    reader_returned_.notify_one();
    return fail(std::move(opened).error());
  }

  void return_reader(std::unique_ptr<SqliteConnection> reader) {
    const std::scoped_lock lock(readers_mutex_);
    readers_.push_back(std::move(reader));
    reader_returned_.notify_one();
  }

  Result<void> counted(Result<void> result) {
    if (!result) {
      metrics_
          .counter("oriel_database_failures_total", "Transactions that failed, by kind of error",
                   {{"error", std::string(to_string(result.error().kind))}})
          .add();
    }
    return result;
  }

  const SqliteOptions options_;
  Metrics& metrics_;
  Counter& writes_;
  Counter& reads_;

  std::mutex writer_mutex_;
  std::unique_ptr<SqliteConnection> writer_;
  bool durable_ = false;
  std::atomic<std::thread::id> writing_thread_{};

  // At most options_.readers_max connections, made when needed; a caller past them waits.
  std::mutex readers_mutex_;
  std::condition_variable reader_returned_;
  std::vector<std::unique_ptr<SqliteConnection>> readers_;
  std::size_t readers_open_ = 0;
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
