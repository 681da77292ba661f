#include "store/sqlite_connection.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <exception>

#include <sqlite3.h>

#include "store/text_value.h"

namespace oriel::store {

namespace {

// The one place where SQLite's codes get their kind (https://sqlite.org/rescode.html).
ErrorKind kind_of(int extended_code, int system_errno) {
  switch (extended_code) {
    case SQLITE_CONSTRAINT_NOTNULL:
    case SQLITE_CONSTRAINT_CHECK:
    case SQLITE_CONSTRAINT_DATATYPE:
      return ErrorKind::invalid;
    default:
      break;
  }
  switch (extended_code & 0xff) {
    case SQLITE_CONSTRAINT:
      return ErrorKind::conflict;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
    case SQLITE_SCHEMA:
      return ErrorKind::unavailable;
    case SQLITE_FULL:
    case SQLITE_NOMEM:
      return ErrorKind::exhausted;
    case SQLITE_IOERR:
      return system_errno == ENOSPC || system_errno == EDQUOT ? ErrorKind::exhausted
                                                              : ErrorKind::data_loss;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return ErrorKind::data_loss;
    case SQLITE_READONLY:
    case SQLITE_PERM:
    case SQLITE_AUTH:
      return ErrorKind::denied;
    case SQLITE_CANTOPEN:
      return ErrorKind::unavailable;
    case SQLITE_INTERRUPT:
      return ErrorKind::cancelled;
    case SQLITE_ERROR:
    case SQLITE_RANGE:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
      return ErrorKind::invalid;
    default:
      return ErrorKind::internal;
  }
}

class SqliteRow final : public Row {
 public:
  explicit SqliteRow(sqlite3_stmt* statement) : statement_(statement) {}
  bool is_null(int column) const override {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
  }
  std::int64_t integer(int column) const override {
    return sqlite3_column_int64(statement_, column);
  }
  double real(int column) const override { return sqlite3_column_double(statement_, column); }
  std::string text(int column) const override {
    const auto bytes = view(column);
    return {bytes.begin(), bytes.end()};
  }
  Bytes blob(int column) const override {
    const auto bytes = view(column);
    return {bytes.begin(), bytes.end()};
  }

 private:
  ByteView view(int column) const {
    // The pointer first and the size after it, or a conversion could change the size.
    const void* data = sqlite3_column_blob(statement_, column);
    const int size = sqlite3_column_bytes(statement_, column);
    if (data == nullptr || size <= 0) return {};
    return {static_cast<const std::uint8_t*>(data), static_cast<std::size_t>(size)};
  }

  sqlite3_stmt* statement_;
};

int bind_value(sqlite3_stmt* statement, int place, const Value& value) {
  // SQLITE_STATIC: the values outlive the run of the statement, see step().
  if (const auto* integer = std::get_if<std::int64_t>(&value))
    return sqlite3_bind_int64(statement, place, *integer);
  if (const auto* real = std::get_if<double>(&value))
    return sqlite3_bind_double(statement, place, *real);
  if (const auto* text = std::get_if<std::string>(&value))
    return sqlite3_bind_text64(statement, place, text->data(), text->size(), SQLITE_STATIC,
                               SQLITE_UTF8);
  if (const auto* blob = std::get_if<Bytes>(&value)) {
    // An empty vector may have no address, and SQLite takes that for NULL.
    if (blob->empty()) return sqlite3_bind_zeroblob(statement, place, 0);
    return sqlite3_bind_blob64(statement, place, blob->data(), blob->size(), SQLITE_STATIC);
  }
  return sqlite3_bind_null(statement, place);
}

}  // namespace

// Ends the transaction unless it was committed; SQLite may have rolled back by itself (disk full).
class SqliteConnection::Rollback {
 public:
  explicit Rollback(sqlite3* handle) : handle_(handle) {}
  ~Rollback() {
    if (sqlite3_get_autocommit(handle_) == 0)
      sqlite3_exec(handle_, "ROLLBACK", nullptr, nullptr, nullptr);
  }
  Rollback(const Rollback&) = delete;
  Rollback& operator=(const Rollback&) = delete;

 private:
  sqlite3* handle_;
};

Result<std::unique_ptr<SqliteConnection>> SqliteConnection::open(const SqliteOptions& options,
                                                                 Use use) {
  sqlite3* handle = nullptr;
  // No mutex of SQLite's own: a connection is used by one thread at a time.
  const int code =
      sqlite3_open_v2(options.path.c_str(), &handle,
                      SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  std::unique_ptr<SqliteConnection> connection(
      new SqliteConnection(handle, std::max<std::size_t>(options.statements_max, 1)));
  if (code != SQLITE_OK) return fail(connection->error(code, "open " + options.path));
  sqlite3_busy_timeout(handle, static_cast<int>(options.busy_timeout.us / 1000));
  ORIEL_TRY(connection->run("PRAGMA foreign_keys=ON"));
  if (use == Use::read) ORIEL_TRY(connection->run("PRAGMA query_only=ON"));
  return connection;
}

SqliteConnection::~SqliteConnection() {
  by_sql_.clear();
  statements_.clear();
  sqlite3_close_v2(handle_);
}

Error SqliteConnection::error(int code, std::string_view doing) const {
  const int system_errno = handle_ == nullptr ? 0 : sqlite3_system_errno(handle_);
  std::string message = handle_ == nullptr ? sqlite3_errstr(code) : sqlite3_errmsg(handle_);
  if ((code & 0xff) == SQLITE_IOERR && system_errno != 0)
    message += std::string(" (") + std::strerror(system_errno) + ")";
  return Error{kind_of(code, system_errno), message + ", in: " + std::string(doing)};
}

Result<SqliteConnection::StatementPointer> SqliteConnection::prepare(std::string_view sql) {
  StatementPointer statement(new Statement{std::string(sql), nullptr, {}}, [](Statement* old) {
    sqlite3_finalize(old->handle);
    delete old;
  });
  const char* rest = nullptr;
  const int code =
      sqlite3_prepare_v3(handle_, statement->sql.c_str(), static_cast<int>(sql.size()) + 1,
                         SQLITE_PREPARE_PERSISTENT, &statement->handle, &rest);
  if (code != SQLITE_OK) return fail(error(code, sql));
  if (statement->handle == nullptr ||
      std::string_view(rest).find_first_not_of(" \n\t;") != std::string_view::npos) {
    return fail(ErrorKind::invalid, "one statement is expected, in: " + statement->sql);
  }
  // $1 is to SQLite a parameter named "$1", counted by first appearance.
  const int count = sqlite3_bind_parameter_count(statement->handle);
  for (int n = 1; n <= count; ++n) {
    const auto name = "$" + std::to_string(n);
    const int place = sqlite3_bind_parameter_index(statement->handle, name.c_str());
    if (place == 0)
      return fail(ErrorKind::invalid, "placeholder " + name + " is missing, in: " + statement->sql);
    statement->places.push_back(place);
  }
  return statement;
}

Result<SqliteConnection::StatementPointer> SqliteConnection::take(std::string_view sql) {
  const auto found = by_sql_.find(sql);
  if (found == by_sql_.end()) return prepare(sql);
  auto statement = std::move(*found->second);
  statements_.erase(found->second);
  by_sql_.erase(found);
  return statement;
}

void SqliteConnection::give_back(StatementPointer statement) {
  sqlite3_reset(statement->handle);
  sqlite3_clear_bindings(statement->handle);
  if (by_sql_.contains(statement->sql)) return;
  statements_.push_front(std::move(statement));
  by_sql_.emplace(statements_.front()->sql, statements_.begin());
  if (statements_.size() > statements_max_) {
    by_sql_.erase(statements_.back()->sql);
    statements_.pop_back();
  }
}

Result<void> SqliteConnection::bind(Statement& statement, const Values& values) {
  if (values.size() != statement.places.size()) {
    return fail(ErrorKind::invalid, std::to_string(values.size()) + " values for " +
                                        std::to_string(statement.places.size()) +
                                        " placeholders, in: " + statement.sql);
  }
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (const auto* text = std::get_if<std::string>(&values[i])) ORIEL_TRY(check_text(*text));
    const int code = bind_value(statement.handle, statement.places[i], values[i]);
    if (code != SQLITE_OK) return fail(error(code, statement.sql));
  }
  return {};
}

Result<void> SqliteConnection::step(std::string_view sql, const Values& values,
                                    const RowCallback* row) {
  if (doomed_) return fail(*doomed_);
  const auto doom = [this](Error error) {
    doomed_ = error;
    return fail(std::move(error));
  };
  auto taken = take(sql);
  if (!taken) return doom(std::move(taken).error());
  // Resets the statement also when the callback throws.
  struct GiveBack {
    SqliteConnection& connection;
    StatementPointer statement;
    ~GiveBack() { connection.give_back(std::move(statement)); }
  } running{*this, std::move(*taken)};
  if (auto bound = bind(*running.statement, values); !bound) return doom(std::move(bound).error());
  const SqliteRow current(running.statement->handle);
  for (;;) {
    const int code = sqlite3_step(running.statement->handle);
    if (code == SQLITE_DONE) return {};
    if (code != SQLITE_ROW) return doom(error(code, sql));
    if (row != nullptr) (*row)(current);
    if (doomed_) return fail(*doomed_);
  }
}

Result<std::int64_t> SqliteConnection::execute(std::string_view sql, const Values& values) {
  const auto before = sqlite3_total_changes64(handle_);
  ORIEL_TRY(step(sql, values, nullptr));
  // changes() speaks of the last statement that changes rows, also when this one cannot; it leaves
  // out what foreign keys did, which total_changes() counts.
  return sqlite3_total_changes64(handle_) == before ? 0 : sqlite3_changes64(handle_);
}

Result<void> SqliteConnection::query(std::string_view sql, const Values& values,
                                     const RowCallback& row) {
  return step(sql, values, &row);
}

Result<void> SqliteConnection::transact(std::string_view begin, const Work& work) {
  doomed_.reset();
  ORIEL_TRY(step(begin, {}, nullptr));
  const Rollback rollback(handle_);
  auto done = work(*this);
  if (!done) return done;
  if (doomed_) return fail(std::move(*std::exchange(doomed_, std::nullopt)));
  if (sqlite3_get_autocommit(handle_) != 0)
    return fail(ErrorKind::internal, "a transaction was ended from inside");
  return step("COMMIT", {}, nullptr);
}

Result<void> SqliteConnection::run(const std::string& sql) {
  const int code = sqlite3_exec(handle_, sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return fail(error(sqlite3_extended_errcode(handle_), sql));
  return {};
}

Result<std::string> SqliteConnection::ask(std::string_view sql) {
  doomed_.reset();
  std::string answer;
  bool first = true;
  ORIEL_TRY(query(sql, {}, [&](const Row& row) {
    if (std::exchange(first, false)) answer = row.text(0);
  }));
  return answer;
}

bool SqliteConnection::read_only() const { return sqlite3_db_readonly(handle_, "main") == 1; }

}  // namespace oriel::store
