// What PostgreSQL says otherwise: the neutral SQL of database.h in its words, and its error codes
// in ours. Pure functions.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace oriel::store {

struct PostgresSql {
  std::string text;
  std::size_t placeholders = 0;  // $1 to $placeholders, each there
};

// Types outside quotes become PostgreSQL's: INTEGER is BIGINT, REAL is DOUBLE PRECISION, BLOB is
// BYTEA, INTEGER PRIMARY KEY numbers rows by itself, and the TEXT of a table compares by bytes, as
// SQLite does, whatever the language of the cluster. Errors: invalid (a placeholder is missing).
Result<PostgresSql> to_postgres(std::string_view sql);

// The kind of a SQLSTATE of five characters; empty stands for a connection that broke.
// https://www.postgresql.org/docs/15/errcodes-appendix.html
ErrorKind kind_of_sqlstate(std::string_view sqlstate);

// Whether a transaction that ended so is to be run again, as PostgreSQL's manual asks of users of
// SERIALIZABLE (13.5).
bool is_serialisation_failure(std::string_view sqlstate);

// The SQLSTATE in libpq's verbose text of a failed connection, "…: FATAL:  28P01: password …"; the
// library offers it in no other way. Empty where there is none.
std::string_view sqlstate_in(std::string_view connection_error);

}  // namespace oriel::store
