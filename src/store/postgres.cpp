#include "store/postgres.h"

#include <algorithm>
#include <chrono>
#include <mutex>
#include <optional>
#include <random>
#include <utility>

#include <poll.h>

#include "base/log.h"
#include "store/connection_pool.h"
#include "store/postgres_connection.h"
#include "store/transaction_metrics.h"
#include "store/write_turn.h"

namespace oriel::store {

namespace {

using ConnectionPointer = std::unique_ptr<PostgresConnection>;

constexpr const char* kBeginRead = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
constexpr const char* kBeginWrite = "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE";
constexpr const char* kBeginDurable =
    "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE; SET LOCAL synchronous_commit = on";
constexpr int kAttemptsMax = 60;  // at a transaction that others keep getting in the way of

// Whether the server can be reached: while it cannot, one call at a time tries, and not more often
// than every `retry_after`; the others fail at once. Thread-safe.
class Reach {
 public:
  Reach(Duration retry_after, Metrics& metrics)
      : retry_after_(std::chrono::microseconds(retry_after.us)),
        reachable_(metrics.gauge("oriel_database_reachable", "1 while the database answers")) {
    reachable_.set(1);
  }

  // One call to the server; says how it went, or at least that it is over.
  class Visit {
   public:
    explicit Visit(Reach& reach) : reach_(&reach) {}
    Visit(Visit&& other) noexcept : reach_(std::exchange(other.reach_, nullptr)) {}
    Visit& operator=(Visit&&) = delete;
    ~Visit() {
      if (reach_ != nullptr) reach_->over();
    }
    void answered() { reach_->answered(); }
    void missed(const Error& error) { reach_->missed(error); }

   private:
    Reach* reach_;
  };

  Result<Visit> visit() {
    const std::scoped_lock lock(mutex_);
    if (away_ && (trying_ || std::chrono::steady_clock::now() < try_at_)) return fail(*away_);
    trying_ = away_.has_value();
    return Visit(*this);
  }

 private:
  void over() {
    const std::scoped_lock lock(mutex_);
    trying_ = false;
  }
  void answered() {
    const std::scoped_lock lock(mutex_);
    if (!away_) return;
    log::info("the database answers again");
    away_.reset();
    reachable_.set(1);
  }
  void missed(const Error& error) {
    if (error.kind != ErrorKind::unavailable) return;
    const std::scoped_lock lock(mutex_);
    if (!away_) log::warn("the database is away: {}", error.message);
    away_ = error;
    reachable_.set(0);
    try_at_ = std::chrono::steady_clock::now() + retry_after_;
  }

  const SteadyTime::duration retry_after_;
  Gauge& reachable_;
  std::mutex mutex_;
  std::optional<Error> away_;  // guarded, as those below
  SteadyTime try_at_{};
  bool trying_ = false;
};

// Two programs that run again at once get in each other's way again: each waits a random while, the
// longer the more often that happened, a tenth of a second at most.
void give_way(int attempt) {
  thread_local std::minstd_rand random{std::random_device{}()};
  const int most_ms = std::min(1 << std::min(attempt, 7), 100);
  ::poll(nullptr, 0, static_cast<int>(random() % static_cast<unsigned>(most_ms)));
}

class PostgresDatabase final : public Database {
 public:
  PostgresDatabase(PostgresOptions options, Metrics& metrics)
      : options_(std::move(options)),
        metrics_(metrics),
        reach_(options_.retry_after, metrics),
        readers_(options_.readers_max) {}

  Result<void> connect() {
    ORIEL_TRY_ASSIGN(writer_, PostgresConnection::open(options_));
    return {};
  }

  Result<void> write(const Work& work) override { return write_with(kBeginWrite, work); }
  Result<void> write_durable(const Work& work) override { return write_with(kBeginDurable, work); }

  Result<void> read(const Work& work) override {
    metrics_.read_begun();
    return metrics_.ended(read_connected(work));
  }

 private:
  Result<void> read_connected(const Work& work) {
    ORIEL_TRY_ASSIGN(auto visit, reach_.visit());
    for (std::size_t stale = 0;; ++stale) {
      const auto deadline =
          std::chrono::steady_clock::now() + std::chrono::microseconds(options_.call_timeout.us);
      auto lease = readers_.take([this] { return PostgresConnection::open(options_); }, deadline);
      if (!lease) return missed(visit, std::move(lease).error());
      auto& connection = lease->connection();
      auto done = connection.transact(kBeginRead, work);
      if (connection.usable()) {
        visit.answered();
        return done;
      }
      const bool again = connection.was_stale() && stale < options_.readers_max;
      lease->drop();
      if (!again) return done ? done : missed(visit, std::move(done).error());
    }
  }

  static Result<void> missed(Reach::Visit& visit, Error error) {
    visit.missed(error);
    return fail(std::move(error));
  }

  // The turn is held while `work` runs, which is what serialises the writers of this program.
  Result<void> write_with(const std::string& begin, const Work& work) {
    if (turn_.mine()) return metrics_.ended(fail(WriteTurn::nested()));
    metrics_.write_begun();
    const WriteTurn::Holder holder(turn_);
    return metrics_.ended(write_until_serial(begin, work));
  }

  Result<void> write_until_serial(const std::string& begin, const Work& work) {
    ORIEL_TRY_ASSIGN(auto visit, reach_.visit());
    bool reconnected = false;
    for (int attempt = 1;; ++attempt) {
      if (!writer_)
        if (auto connected = connect(); !connected)
          return missed(visit, std::move(connected).error());
      auto done = writer_->transact(begin, work);
      if (writer_->usable()) {
        visit.answered();
        if (done || !writer_->serialisation_failed() || attempt == kAttemptsMax) return done;
        give_way(attempt);
        continue;
      }
      const bool again = writer_->was_stale() && !std::exchange(reconnected, true);
      writer_.reset();
      if (!again) return done ? done : missed(visit, std::move(done).error());
    }
  }

  const PostgresOptions options_;
  TransactionMetrics metrics_;
  Reach reach_;
  WriteTurn turn_;
  ConnectionPointer writer_;  // of whose turn it is; none after it was lost
  ConnectionPool<PostgresConnection> readers_;
};

}  // namespace

Result<std::unique_ptr<Database>> open_postgres(const PostgresOptions& options, Metrics& metrics) {
  auto database = std::make_unique<PostgresDatabase>(options, metrics);
  ORIEL_TRY(database->connect());
  return std::unique_ptr<Database>(std::move(database));
}

}  // namespace oriel::store
