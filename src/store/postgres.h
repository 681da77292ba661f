// The PostgreSQL back end: one connection that writes, a few that read, each made again when it was
// lost.
//
// Every call has a deadline: of connecting, of each statement (kept here and, a little shorter, by
// the server, so that nothing goes on there that nobody waits for), of waiting for a connection.
// While the server is away one call a second tries to reach it and all others fail at once.
//
// Writers are serialisable transactions: what two programs do on one database is as if one had come
// after the other, and the work of the one that loses is run again. Both writes are as durable as
// the server has it; write_durable() waits for the server's disk even where its administrator set
// synchronous_commit off.
#pragma once
#include <cstddef>
#include <memory>
#include <string>

#include "base/host_lookup.h"
#include "base/metrics.h"
#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"
#include "store/database.h"

namespace oriel::store {

struct PostgresOptions {
  // postgresql://user:password@host:port/database?option=value, as libpq reads it (PostgreSQL 15,
  // 34.1.1); a password may also stand in its password file.
  Secret address;
  std::size_t readers_max = 4;  // connections; a read past them waits
  // Statements kept prepared per connection; the least recently used is dropped.
  std::size_t statements_max = 128;
  Duration connect_timeout = Duration::from_s(5);
  // Of one statement, and of waiting for a connection.
  Duration call_timeout = Duration::from_s(15);
  // After the server could not be reached: how long calls fail without trying.
  Duration retry_after = Duration::from_s(1);
  // Of the hosts' names, within connect_timeout each.
  NameResolver resolve = resolve_with_system;
};

// Connects. Makes no tables. Errors: invalid (the address; it is never repeated, since it may hold
// the password), unavailable (nobody answers), denied (user, password), not_found (no such
// database), unsupported (the server is too old or its encoding is not UTF8).
Result<std::unique_ptr<Database>> open_postgres(const PostgresOptions& options, Metrics& metrics);

}  // namespace oriel::store
