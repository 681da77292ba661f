// The tables, as versioned steps. A step that has been released is never changed: a new one
// follows.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "store/database.h"

namespace oriel::store {

// Brings a database from version - 1 to version; one transaction. Statements use the neutral types
// of database.h, and INTEGER PRIMARY KEY for a number that the database gives.
struct Migration {
  std::int64_t version = 0;
  std::vector<std::string_view> statements;
};

// All steps, version 1 first, without holes.
std::vector<Migration> migrations();

// Applies the steps that are missing, each in a transaction of its own that looks at the version
// again, so that two programs may start at once. Blocks. Errors: conflict when the database is of a
// newer program, and whatever a statement gives; steps before the failed one stay applied.
Result<void> migrate(Database& database, const std::vector<Migration>& steps);

// The version a database has; 0 when it is empty.
Result<std::int64_t> schema_version(Session& session);

}  // namespace oriel::store
