// The SQLite back end: one file in WAL mode, one writer connection, a few readers.
//
// Durability: WAL with synchronous=NORMAL. A commit is in the operating system's hands when write()
// returns, so a killed program loses nothing; a power loss may lose the commits since the last
// checkpoint or durable write, but leaves the file whole (https://sqlite.org/wal.html, 3.2;
// https://sqlite.org/pragma.html#pragma_synchronous). write_durable() commits with FULL, which
// syncs the log after the commit, and with it everything before.
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "base/metrics.h"
#include "base/result.h"
#include "base/time.h"
#include "store/database.h"

namespace oriel::store {

struct SqliteOptions {
  std::string path;
  bool always_durable = false;  // write() is write_durable()
  std::size_t readers_max = 4;  // connections; a read past them waits
  // Statements kept prepared per connection; the least recently used is dropped.
  std::size_t statements_max = 128;
  // How long to wait for another process (`oriel user add`) that is writing; then `unavailable`.
  Duration busy_timeout = Duration::from_s(5);
  std::int64_t pages_max = 0;  // the file grows no further (`exhausted`); 0: as SQLite has it
};

// Opens or creates the file, readable by its owner only since it holds cameras' passwords; its
// folder must exist. Makes no tables. Errors as open_database().
Result<std::unique_ptr<Database>> open_sqlite(const SqliteOptions& options, Metrics& metrics);

}  // namespace oriel::store
