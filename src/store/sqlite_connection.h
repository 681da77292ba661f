// One SQLite connection and its prepared statements; the only place that speaks sqlite3.
#pragma once
#include <cstddef>
#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/result.h"
#include "store/database.h"
#include "store/sqlite.h"

struct sqlite3;
struct sqlite3_stmt;

namespace oriel::store {

// Used by one thread at a time.
class SqliteConnection final : public Session {
 public:
  enum class Use { write, read };

  // Opens options.path and sets what every connection needs; Use::read refuses to write. Errors as
  // open_sqlite().
  static Result<std::unique_ptr<SqliteConnection>> open(const SqliteOptions& options, Use use);
  ~SqliteConnection() override;
  SqliteConnection(const SqliteConnection&) = delete;
  SqliteConnection& operator=(const SqliteConnection&) = delete;

  Result<std::int64_t> execute(std::string_view sql, const Values& values) override;
  Result<void> query(std::string_view sql, const Values& values, const RowCallback& row) override;

  // Runs `work` between `begin` and COMMIT; rolls back when it, a statement in it, or the commit
  // fails, and when it throws.
  Result<void> transact(std::string_view begin, const Work& work);
  // Statements outside a transaction: PRAGMA and the like.
  Result<void> run(const std::string& sql);
  // The first column of the first row as text; empty without a row.
  Result<std::string> ask(std::string_view sql);
  bool read_only() const;

 private:
  struct Statement {
    std::string sql;
    sqlite3_stmt* handle = nullptr;
    std::vector<int> places;  // of $1, $2, … in SQLite's own count
  };
  using StatementPointer = std::unique_ptr<Statement, void (*)(Statement*)>;
  class Rollback;

  SqliteConnection(sqlite3* handle, std::size_t statements_max)
      : handle_(handle), statements_max_(statements_max) {}

  Error error(int code, std::string_view doing) const;
  Result<StatementPointer> prepare(std::string_view sql);
  // A statement is out of the cache while it runs, so that a query inside a query's callback with
  // the same text gets one of its own.
  Result<StatementPointer> take(std::string_view sql);
  void give_back(StatementPointer statement);
  Result<void> bind(Statement& statement, const Values& values);
  Result<void> step(std::string_view sql, const Values& values, const RowCallback* row);

  sqlite3* handle_;
  std::size_t statements_max_;
  // Most recently used first.
  std::list<StatementPointer> statements_;
  std::unordered_map<std::string_view, std::list<StatementPointer>::iterator> by_sql_;
  std::optional<Error> doomed_;
};

}  // namespace oriel::store
