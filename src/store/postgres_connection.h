// One PostgreSQL connection and its prepared statements; the only place that speaks libpq.
#pragma once
#include <cstddef>
#include <cstdint>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "base/result.h"
#include "base/time.h"
#include "store/database.h"
#include "store/postgres.h"

struct pg_conn;
struct pg_result;

namespace oriel::store {

// Used by one thread at a time.
class PostgresConnection final : public Session {
 public:
  // Connects and sets what every connection needs. Errors as open_postgres().
  static Result<std::unique_ptr<PostgresConnection>> open(const PostgresOptions& options);
  ~PostgresConnection() override;
  PostgresConnection(const PostgresConnection&) = delete;
  PostgresConnection& operator=(const PostgresConnection&) = delete;

  Result<std::int64_t> execute(std::string_view sql, const Values& values) override;
  Result<void> query(std::string_view sql, const Values& values, const RowCallback& row) override;

  // Runs `work` between `begin` and COMMIT; rolls back when it, a statement in it, or the commit
  // fails, and when it throws. When the connection is lost in the commit, the answer is
  // `unavailable` and nobody knows whether it took place.
  Result<void> transact(const std::string& begin, const Work& work);

  // False once the connection was lost or did not answer in time: of no more use.
  bool usable() const { return usable_; }
  // Of the last transact(): the connection turned out to be lost before `work` was called, since
  // the server had been started again meanwhile, say; and: it is to be run again.
  bool was_stale() const { return was_stale_; }
  bool serialisation_failed() const { return serialisation_failed_; }

 private:
  struct Statement {
    std::string key;   // the SQL and the types of its values
    std::string name;  // on the server
  };
  using Statements = std::list<Statement>;
  using Answer = std::unique_ptr<pg_result, void (*)(pg_result*)>;
  class Rollback;

  PostgresConnection(pg_conn* handle, const PostgresOptions& options);

  Result<void> connect(Duration timeout);
  Result<void> set_up();
  Result<void> wait_for(short events, SteadyTime deadline);
  // What was sent: to the server, and its last answer. Errors: unavailable, and the answer's.
  Result<Answer> finish(std::string_view sql);
  // A statement without values, on no account prepared.
  Result<void> run(const std::string& sql);
  Result<const Statement*> prepare(std::string_view sql, const Values& values);
  Result<Answer> exchange(std::string_view sql, const Values& values);
  Result<Answer> step(std::string_view sql, const Values& values);
  Error lost(std::string_view doing);
  Error refused(const pg_result* answer, std::string_view sql);

  pg_conn* handle_;
  const std::size_t statements_max_;
  const Duration call_timeout_;
  bool usable_ = true;
  bool was_stale_ = false;
  bool timed_out_ = false;
  bool serialisation_failed_ = false;
  std::optional<Error> doomed_;
  std::uint64_t names_ = 0;
  Statements statements_;  // most recently used first
  std::unordered_map<std::string_view, Statements::iterator> by_key_;
};

}  // namespace oriel::store
