// The thin layer over SQL databases: SQLite by default, PostgreSQL when configured. One SQL for
// both: placeholders $1, $2, …; types INTEGER (64 bit), REAL, TEXT (UTF-8 without a zero byte),
// BLOB are mapped by each back end; INSERT … RETURNING and ON CONFLICT are used, dialect functions
// are not. A placeholder that may be NULL stands where a column gives it its type, or is written
// CAST($1 AS INTEGER); a SELECT in FROM has a name; ORDER BY a column that may be NULL says where
// those go (NULLS FIRST, NULLS LAST); texts compare by their bytes.
#pragma once
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/bytes.h"
#include "base/metrics.h"
#include "base/result.h"

namespace oriel::store {

using Value = std::variant<std::nullptr_t, std::int64_t, double, std::string, Bytes>;
using Values = std::vector<Value>;

// One row of an answer, borrowed for the duration of the callback. Columns count from 0. Reading a
// NULL as a plain value gives 0, "" or empty; ask is_null() where that matters.
class Row {
 public:
  virtual ~Row() = default;
  virtual bool is_null(int column) const = 0;
  virtual std::int64_t integer(int column) const = 0;
  virtual double real(int column) const = 0;
  virtual std::string text(int column) const = 0;
  virtual Bytes blob(int column) const = 0;
};

using RowCallback = std::function<void(const Row&)>;

// A connection inside a transaction; only valid in the function it was given to, on its thread.
// Statements are prepared once and kept. One statement a call. As many values as placeholders, or
// the call is `invalid`. PostgreSQL may run a transaction's function several times until one is
// committed: it sets what it gives out, and never adds to it. A failed statement dooms its
// transaction, as PostgreSQL has it: nothing of it is kept, and write() returns that error even
// where `work` passed over it; say what may happen with ON CONFLICT instead.
class Session {
 public:
  virtual ~Session() = default;
  // Rows changed. Errors: conflict (a unique key or foreign key), exhausted (disk full),
  // unavailable (busy, connection lost), data_loss (corrupt), invalid (SQL).
  virtual Result<std::int64_t> execute(std::string_view sql, const Values& values = {}) = 0;
  virtual Result<void> query(std::string_view sql, const Values& values,
                             const RowCallback& row) = 0;
};

using Work = std::function<Result<void>(Session&)>;

// Thread-safe. Every call blocks: only from threads that may.
class Database {
 public:
  virtual ~Database() = default;
  // Runs `work` in one transaction, committed when it returns no error, rolled back otherwise.
  // Writers are serialised; on PostgreSQL a serialisation failure runs `work` again. After a kill
  // -9 everything committed is there; after a power loss the last moments may be missing, but never
  // a part of a transaction, nor one without those before it. A write inside a write is `internal`.
  virtual Result<void> write(const Work& work) = 0;
  // The same, and survives a power loss once it has returned (one more sync of the disk).
  virtual Result<void> write_durable(const Work& work) = 0;
  // Runs `work` on a snapshot; writing in it is `denied`. Waits while all readers are in use, so a
  // read inside a read is not for daily use.
  virtual Result<void> read(const Work& work) = 0;
};

// "sqlite:PATH" (the folder must exist; "sqlite:PATH?synchronous=full" makes every write durable)
// or "postgresql://user:password@host:port/database?option=value" (see postgres.h). Opens, migrates
// to the newest schema, and refuses a database of a newer or another program (conflict). `metrics`
// must outlive the database. Errors also: invalid (the address, which is never repeated),
// unavailable (the server does not answer: try again), not_found (the folder, the server's
// database), denied (read-only; user or password), unsupported (the server), data_loss (no
// database).
Result<std::unique_ptr<Database>> open_database(const std::string& url, Metrics& metrics);

}  // namespace oriel::store
