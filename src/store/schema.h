// The tables, as versioned steps. A step that has been released is never changed: a new one
// follows.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/database.h"

namespace oriel::store {

// Which words a step is written in, where those of database.h are not enough.
enum class Backend { sqlite, postgresql };

// Brings a database from version - 1 to version; one transaction. Statements use the neutral types
// of database.h, and INTEGER PRIMARY KEY for a number that the database gives.
struct Migration {
  std::int64_t version = 0;
  std::vector<std::string> statements;
};

// All steps, version 1 first, without holes.
//
// On PostgreSQL the table recording is partitioned by the year of start_us, so that a year can be
// indexed, moved or dropped by itself; its key is therefore (id, start_us), and a row is found by
// its id alone but not by ON CONFLICT (id). SQLite has one table. For both no step after the second
// rewrites what grows with the years: see docs/decisions/0008-postgresql-and-years-apart.md.
std::vector<Migration> migrations(Backend backend = Backend::sqlite);

// Applies the steps that are missing, each in a transaction of its own that looks at the version
// again, so that two programs may start at once. Blocks. Errors: conflict when the database is of a
// newer program, and whatever a statement gives; steps before the failed one stay applied.
Result<void> migrate(Database& database, const std::vector<Migration>& steps);

// The version a database has; 0 when it is empty.
Result<std::int64_t> schema_version(Session& session);

}  // namespace oriel::store
