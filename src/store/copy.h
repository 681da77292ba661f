// Brings everything of one database into another, of whichever kind.
#pragma once
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "base/result.h"
#include "store/database.h"
#include "store/schema.h"

namespace oriel::store {

enum class ColumnKind { integer, real, text, blob };

// A table as the steps of the schema leave it, with the neutral names of its types.
struct TableShape {
  struct Column {
    std::string name;
    ColumnKind kind = ColumnKind::integer;
  };
  std::string name;
  std::vector<Column> columns;
  std::vector<std::string> key;
  bool numbered = false;  // its key is a number that the database gives
};

// In the order in which they were made: a table comes after those that it references.
std::vector<TableShape> shapes_of(const std::vector<Migration>& steps);

struct CopyProgress {
  std::string table;
  std::int64_t copied = 0;
  std::int64_t total = 0;
};

struct CopyReport {
  std::int64_t tables = 0;
  std::int64_t rows = 0;
};

// Both have the newest schema. Nobody else writes in either meanwhile. Row by row, some thousands
// in a transaction, then both are counted. `progress` is called after each of them. Memory: one
// transaction's rows. Errors: conflict (the target holds rows already: of another database, or of a
// copy that was broken off), data_loss (the counts differ); the databases'.
Result<CopyReport> copy_database(Database& from, Database& to, Backend to_backend,
                                 const std::function<void(const CopyProgress&)>& progress);

}  // namespace oriel::store
