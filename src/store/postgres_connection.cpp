#include "store/postgres_connection.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <type_traits>
#include <utility>
#include <vector>

#include <libpq-fe.h>
#include <poll.h>

#include "base/log.h"
#include "store/postgres_sql.h"
#include "store/text_value.h"

namespace oriel::store {

namespace {

// Object ids of the built-in types (PostgreSQL's pg_type.dat); they never change.
constexpr Oid kBool = 16;
constexpr Oid kBytea = 17;
constexpr Oid kInt8 = 20;
constexpr Oid kInt2 = 21;
constexpr Oid kInt4 = 23;
constexpr Oid kText = 25;
constexpr Oid kFloat8 = 701;
constexpr Oid kNumeric = 1700;
// The value's place says its type.
constexpr Oid kUnknown = 0;

constexpr int kServerVersionMin = 130'000;

constexpr int kAsText = 0;
constexpr int kBinary = 1;  // numbers in network order, texts and blobs as they are

struct Placed {
  Oid type = kUnknown;
  char code = 'n';  // of the type, in a statement's key
  int format = kAsText;
};

Placed place_of(const Value& value) {
  if (std::holds_alternative<std::int64_t>(value)) return {kInt8, 'i', kAsText};
  if (std::holds_alternative<double>(value)) return {kFloat8, 'r', kAsText};
  if (std::holds_alternative<std::string>(value)) return {kText, 't', kBinary};
  if (std::holds_alternative<Bytes>(value)) return {kBytea, 'b', kBinary};
  return {};
}

template <class Number>
std::string written(Number number) {
  std::array<char, 32> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  return {digits.data(), end};
}

// The values as libpq takes them; borrows from `values`.
struct Parameters {
  explicit Parameters(const Values& values) {
    const auto count = values.size();
    types.reserve(count);
    texts.reserve(count);  // pointers into it are kept
    for (const auto& value : values) add(value);
  }
  int count() const { return static_cast<int>(types.size()); }

  std::vector<Oid> types;
  std::vector<const char*> pointers;
  std::vector<int> lengths;
  std::vector<int> formats;

 private:
  void add(const Value& value) {
    const auto place = place_of(value);
    types.push_back(place.type);
    formats.push_back(place.format);
    if (const auto* integer = std::get_if<std::int64_t>(&value)) return add_text(written(*integer));
    if (const auto* real = std::get_if<double>(&value)) return add_text(written(*real));
    if (const auto* text = std::get_if<std::string>(&value))
      return add_bytes(text->data(), text->size());
    if (const auto* bytes = std::get_if<Bytes>(&value))
      // An empty vector may have no address, and libpq takes that for NULL.
      return bytes->empty()
                 ? add_bytes("", 0)
                 : add_bytes(reinterpret_cast<const char*>(bytes->data()), bytes->size());
    add_bytes(nullptr, 0);
  }
  void add_text(std::string text) {
    texts.push_back(std::move(text));
    add_bytes(texts.back().c_str(), texts.back().size());
  }
  void add_bytes(const char* data, std::size_t size) {
    pointers.push_back(data);
    lengths.push_back(static_cast<int>(size));
  }

  std::vector<std::string> texts;
};

template <class Number>
Number big_endian(std::string_view bytes) {
  Number number = 0;
  for (const char byte : bytes.substr(0, sizeof(Number)))
    number = static_cast<Number>(static_cast<std::make_unsigned_t<Number>>(number) << 8 |
                                 static_cast<std::uint8_t>(byte));
  return number;
}

// Of a sum or an average: count of digits, weight, sign, scale, each two bytes, then the digits to
// the base of 10000, the first worth 10000^weight (numeric_send() of PostgreSQL).
class Numeric {
 public:
  explicit Numeric(std::string_view bytes) : bytes_(bytes) {}
  // The whole part.
  std::int64_t integer() const {
    std::int64_t number = 0;
    for (int n = 0; n <= weight(); ++n) number = number * kBase + (n < count() ? digit(n) : 0);
    return negative() ? -number : number;
  }
  double real() const {
    double number = 0;
    for (int n = 0; n < count(); ++n) number = number * kBase + digit(n);
    number *= std::pow(kBase, weight() - count() + 1);
    return negative() ? -number : number;
  }

 private:
  static constexpr int kBase = 10'000;
  int at(int place) const {
    const auto begin = static_cast<std::size_t>(2 * place);
    return big_endian<std::int16_t>(bytes_.substr(std::min(begin, bytes_.size())));
  }
  int count() const { return at(0); }
  int weight() const { return at(1); }
  bool negative() const { return at(2) == 0x4000; }
  int digit(int n) const { return at(4 + n); }

  std::string_view bytes_;
};

class PostgresRow final : public Row {
 public:
  PostgresRow(const PGresult* answer, int row) : answer_(answer), row_(row) {}
  bool is_null(int column) const override { return PQgetisnull(answer_, row_, column) == 1; }
  // Of a number with a fraction (an average, say) the whole part.
  std::int64_t integer(int column) const override {
    const auto bytes = view(column);
    if (bytes.empty()) return 0;
    switch (PQftype(answer_, column)) {
      case kInt8:
        return big_endian<std::int64_t>(bytes);
      case kInt4:
        return big_endian<std::int32_t>(bytes);
      case kInt2:
        return big_endian<std::int16_t>(bytes);
      case kBool:
        return bytes.front();
      case kFloat8:
        return static_cast<std::int64_t>(real(column));
      case kNumeric:
        return Numeric(bytes).integer();
      default: {
        std::int64_t number = 0;
        std::from_chars(bytes.data(), bytes.data() + bytes.size(), number);
        return number;
      }
    }
  }
  double real(int column) const override {
    const auto bytes = view(column);
    switch (PQftype(answer_, column)) {
      case kFloat8:
        return std::bit_cast<double>(big_endian<std::int64_t>(bytes));
      case kNumeric:
        return Numeric(bytes).real();
      default:
        return static_cast<double>(integer(column));
    }
  }
  std::string text(int column) const override {
    if (is_null(column)) return {};
    switch (PQftype(answer_, column)) {
      case kInt8:
      case kInt4:
      case kInt2:
      case kBool:
        return written(integer(column));
      case kFloat8:
      case kNumeric:
        return written(real(column));
      default:
        return std::string(view(column));
    }
  }
  Bytes blob(int column) const override {
    const auto bytes = view(column);
    return {bytes.begin(), bytes.end()};
  }

 private:
  std::string_view view(int column) const {
    return {PQgetvalue(answer_, row_, column),
            static_cast<std::size_t>(PQgetlength(answer_, row_, column))};
  }

  const PGresult* answer_;
  int row_;
};

SteadyTime in(Duration time) {
  return std::chrono::steady_clock::now() + std::chrono::microseconds(time.us);
}

// The first line: those behind it (DETAIL, LOCATION) may hold values of rows.
std::string first_line(const char* text) {
  const std::string_view all = text == nullptr ? "" : text;
  return std::string(all.substr(0, all.find('\n')));
}

void log_notice(void*, const PGresult* notice) {
  // That the server ends is told once, by whoever finds it gone.
  const char* sqlstate = PQresultErrorField(notice, PG_DIAG_SQLSTATE);
  if (sqlstate != nullptr && std::string_view(sqlstate).starts_with("57P")) return;
  log::warn("PostgreSQL says: {}", first_line(PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY)));
}

// A password with a character that should have been written as %XX tears the address apart, and
// libpq's complaint would show the pieces.
bool torn(const PQconninfoOption& option) {
  if (option.val == nullptr) return false;
  const std::string_view keyword = option.keyword;
  const std::string_view value = option.val;
  if (keyword == "port") return value.find_first_not_of("0123456789,") != value.npos;
  return (keyword == "host" || keyword == "dbname") && value.find('@') != value.npos;
}

Result<void> check_address(const std::string& address) {
  char* complaint = nullptr;  // not shown: it may repeat the address
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> parsed(
      PQconninfoParse(address.c_str(), &complaint), PQconninfoFree);
  PQfreemem(complaint);
  bool whole = parsed != nullptr;
  for (const auto* option = parsed.get(); whole && option->keyword != nullptr; ++option)
    whole = !torn(*option);
  if (whole) return {};
  return fail(ErrorKind::invalid,
              "expected postgresql://user:password@host:port/database?option=value, with what is"
              " no letter or digit in user and password written as %XX");
}

std::vector<std::string> split(std::string_view list) {
  std::vector<std::string> parts;
  for (std::size_t at = 0; at <= list.size();) {
    const auto end = std::min(list.find(',', at), list.size());
    parts.emplace_back(list.substr(at, end - at));
    at = end + 1;
  }
  return parts;
}

// Where to connect to, as libpq takes it: one of each for each address, with commas between.
struct Hosts {
  std::string names;
  std::string addresses;
  std::string ports;

  void add(const std::string& name, const std::string& address, const std::string& port) {
    const char* comma = count++ == 0 ? "" : ",";
    names += comma + name;
    addresses += comma + address;
    ports += comma + port;
  }
  int count = 0;
};

// libpq looks names up by a call that ends when the name servers give up: it gets addresses. None
// where the address has no names in it. Errors: unavailable.
Result<Hosts> look_up_hosts(const PostgresOptions& options) {
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> parsed(
      PQconninfoParse(options.address.reveal().c_str(), nullptr), PQconninfoFree);
  const auto value_of = [&](std::string_view keyword) -> std::string {
    for (const auto* option = parsed.get(); option != nullptr && option->keyword; ++option)
      if (keyword == option->keyword && option->val != nullptr) return option->val;
    return {};
  };
  Hosts hosts;
  const auto names = value_of("host");
  if (names.empty() || !value_of("hostaddr").empty()) return hosts;
  const auto ports = split(value_of("port"));
  std::optional<Error> error;
  std::size_t number = 0;
  for (const auto& name : split(names)) {
    const auto& port = ports[ports.size() == 1 ? 0 : std::min(number, ports.size() - 1)];
    ++number;
    if (name.empty() || name.front() == '/' || name.front() == '@') {
      hosts.add(name, "", port);
      continue;
    }
    const auto found = look_up_host(
        name,
        std::chrono::steady_clock::now() + std::chrono::microseconds(options.connect_timeout.us),
        {}, options.resolve);
    if (!found) error = found.error();
    if (found)
      for (const auto& address : *found) hosts.add(name, address, port);
  }
  if (hosts.count == 0 && error)
    return fail(ErrorKind::unavailable, "the database server: " + error->message);
  return hosts;
}

pg_conn* start_connecting(const PostgresOptions& options, const Hosts& hosts) {
  const auto timeout_ms = std::to_string(options.connect_timeout.us / 1000);
  // What stands before the address is its default, what stands behind it overrules it. The user
  // timeout bounds connecting to each of several hosts, too, and so lets libpq try the next.
  const bool looked_up = hosts.count > 0;
  const std::array<const char*, 11> keywords = {"application_name",
                                                "keepalives_idle",
                                                "keepalives_interval",
                                                "keepalives_count",
                                                "tcp_user_timeout",
                                                "dbname",
                                                "client_encoding",
                                                looked_up ? "host" : nullptr,
                                                "hostaddr",
                                                "port",
                                                nullptr};
  const std::array<const char*, 11> values = {"oriel",
                                              "10",
                                              "5",
                                              "3",
                                              timeout_ms.c_str(),
                                              options.address.reveal().c_str(),
                                              "UTF8",
                                              hosts.names.c_str(),
                                              hosts.addresses.c_str(),
                                              hosts.ports.c_str(),
                                              nullptr};
  return PQconnectStartParams(keywords.data(), values.data(), 1);
}

}  // namespace

// Ends the transaction unless it was committed.
class PostgresConnection::Rollback {
 public:
  explicit Rollback(PostgresConnection& connection) : connection_(connection) {}
  ~Rollback() {
    if (!connection_.usable_ || PQtransactionStatus(connection_.handle_) == PQTRANS_IDLE) return;
    if (!connection_.run("ROLLBACK")) connection_.usable_ = false;
  }
  Rollback(const Rollback&) = delete;
  Rollback& operator=(const Rollback&) = delete;

 private:
  PostgresConnection& connection_;
};

PostgresConnection::PostgresConnection(pg_conn* handle, const PostgresOptions& options)
    : handle_(handle),
      statements_max_(std::max<std::size_t>(options.statements_max, 1)),
      call_timeout_(options.call_timeout) {}

PostgresConnection::~PostgresConnection() { PQfinish(handle_); }

Result<std::unique_ptr<PostgresConnection>> PostgresConnection::open(
    const PostgresOptions& options) {
  const auto& address = options.address.reveal();
  ORIEL_TRY(check_address(address));
  ORIEL_TRY_ASSIGN(const auto targets, look_up_hosts(options));
  std::unique_ptr<PostgresConnection> connection(
      new PostgresConnection(start_connecting(options, targets), options));
  const auto hosts =
      std::max<std::int64_t>(targets.count, 1 + std::count(address.begin(), address.end(), ','));
  ORIEL_TRY(connection->connect(Duration{options.connect_timeout.us * hosts}));
  ORIEL_TRY(connection->set_up());
  return connection;
}

Result<void> PostgresConnection::connect(Duration timeout) {
  if (handle_ == nullptr) return fail(ErrorKind::exhausted, "no memory for a connection");
  // The code stands in the text only when it is asked for.
  PQsetErrorVerbosity(handle_, PQERRORS_VERBOSE);
  const auto failed = [this]() -> Result<void> {
    const auto message = first_line(PQerrorMessage(handle_));
    return fail(kind_of_sqlstate(sqlstate_in(message)), message);
  };
  if (PQstatus(handle_) == CONNECTION_BAD) return failed();
  const auto deadline = in(timeout);
  for (auto wanted = PGRES_POLLING_WRITING; wanted != PGRES_POLLING_OK;
       wanted = PQconnectPoll(handle_)) {
    if (wanted == PGRES_POLLING_FAILED) return failed();
    if (auto ready = wait_for(wanted == PGRES_POLLING_READING ? POLLIN : POLLOUT, deadline); !ready)
      return fail(ErrorKind::unavailable, "the database server does not answer");
  }
  return {};
}

Result<void> PostgresConnection::set_up() {
  PQsetErrorVerbosity(handle_, PQERRORS_DEFAULT);
  PQsetNoticeReceiver(handle_, log_notice, nullptr);
  if (PQsetnonblocking(handle_, 1) != 0) return fail(lost("set up the connection"));
  if (PQserverVersion(handle_) < kServerVersionMin)
    return fail(ErrorKind::unsupported, "PostgreSQL 13 or newer is needed");
  const char* encoding = PQparameterStatus(handle_, "server_encoding");
  if (encoding == nullptr || std::string_view(encoding) != "UTF8")
    return fail(ErrorKind::unsupported, "the database's encoding must be UTF8");
  const auto ms = call_timeout_.us / 1000;
  // A little before nobody waits for the answer any more.
  const auto statement_ms = std::to_string(std::max<std::int64_t>(ms * 9 / 10, 1));
  // jit: compiling a plan takes longer than any of our statements runs.
  return run("SET statement_timeout = " + statement_ms + "; SET lock_timeout = " + statement_ms +
             "; SET idle_in_transaction_session_timeout = " + std::to_string(4 * ms) +
             "; SET client_min_messages = warning; SET jit = off");
}

Result<void> PostgresConnection::wait_for(short events, SteadyTime deadline) {
  for (;;) {
    const auto left =
        std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
    pollfd socket{PQsocket(handle_), events, 0};
    const int ready = ::poll(&socket, 1, static_cast<int>(std::max<std::int64_t>(left.count(), 0)));
    if (ready > 0) return {};
    if (ready < 0 && errno == EINTR) continue;
    usable_ = false;
    timed_out_ = true;
    if (ready < 0) return fail(errno_error(errno, "wait for the database"));
    return fail(ErrorKind::unavailable, "the database does not answer in time");
  }
}

Error PostgresConnection::lost(std::string_view doing) {
  usable_ = false;
  return Error{ErrorKind::unavailable,
               "connection to the database lost: " + first_line(PQerrorMessage(handle_)) +
                   ", in: " + std::string(doing)};
}

Error PostgresConnection::refused(const pg_result* answer, std::string_view sql) {
  const char* field = PQresultErrorField(answer, PG_DIAG_SQLSTATE);
  const std::string_view sqlstate = field == nullptr ? "" : field;
  if (PQstatus(handle_) == CONNECTION_BAD || sqlstate.empty() || sqlstate.starts_with("57P"))
    usable_ = false;
  if (is_serialisation_failure(sqlstate)) serialisation_failed_ = true;
  // Only the primary message: the details hold values.
  const char* message = PQresultErrorField(answer, PG_DIAG_MESSAGE_PRIMARY);
  return Error{kind_of_sqlstate(sqlstate),
               first_line(message != nullptr ? message : PQerrorMessage(handle_)) +
                   ", in: " + std::string(sql)};
}

Result<PostgresConnection::Answer> PostgresConnection::finish(std::string_view sql) {
  const auto deadline = in(call_timeout_);
  for (int left = PQflush(handle_); left != 0; left = PQflush(handle_)) {
    if (left < 0) return fail(lost(sql));
    ORIEL_TRY(wait_for(POLLIN | POLLOUT, deadline));
    // The server may have to be rid of something before it reads on.
    if (PQconsumeInput(handle_) == 0) return fail(lost(sql));
  }
  Answer last(nullptr, PQclear);
  for (;;) {
    while (PQisBusy(handle_) == 1) {
      ORIEL_TRY(wait_for(POLLIN, deadline));
      if (PQconsumeInput(handle_) == 0) return fail(lost(sql));
    }
    Answer next(PQgetResult(handle_), PQclear);
    if (!next) break;
    const bool failed = last && PQresultStatus(last.get()) == PGRES_FATAL_ERROR;
    if (!failed) last = std::move(next);
  }
  if (!last) return fail(lost(sql));
  switch (PQresultStatus(last.get())) {
    case PGRES_COMMAND_OK:
    case PGRES_TUPLES_OK:
      return last;
    case PGRES_EMPTY_QUERY:
      return fail(ErrorKind::invalid, "one statement is expected, in: " + std::string(sql));
    default:
      return fail(refused(last.get(), sql));
  }
}

Result<void> PostgresConnection::run(const std::string& sql) {
  if (PQsendQuery(handle_, sql.c_str()) != 1) return fail(lost(sql));
  ORIEL_TRY(finish(sql));
  return {};
}

Result<const PostgresConnection::Statement*> PostgresConnection::prepare(std::string_view sql,
                                                                         const Values& values) {
  std::string key;
  key.reserve(values.size() + 1 + sql.size());
  for (const auto& value : values) key += place_of(value).code;
  key += ' ';
  key += sql;
  if (const auto found = by_key_.find(key); found != by_key_.end()) {
    statements_.splice(statements_.begin(), statements_, found->second);
    return &statements_.front();
  }
  ORIEL_TRY_ASSIGN(const auto translated, to_postgres(sql));
  if (translated.placeholders != values.size()) {
    return fail(ErrorKind::invalid, std::to_string(values.size()) + " values for " +
                                        std::to_string(translated.placeholders) +
                                        " placeholders, in: " + std::string(sql));
  }
  std::vector<Oid> types;
  for (const auto& value : values) types.push_back(place_of(value).type);
  Statement made{std::move(key), "s" + std::to_string(++names_)};
  if (PQsendPrepare(handle_, made.name.c_str(), translated.text.c_str(),
                    static_cast<int>(types.size()), types.data()) != 1)
    return fail(lost(sql));
  ORIEL_TRY(finish(sql));
  statements_.push_front(std::move(made));
  by_key_.emplace(statements_.front().key, statements_.begin());
  if (statements_.size() > statements_max_) {
    ORIEL_TRY(run("DEALLOCATE " + statements_.back().name));
    by_key_.erase(statements_.back().key);
    statements_.pop_back();
  }
  return &statements_.front();
}

Result<PostgresConnection::Answer> PostgresConnection::exchange(std::string_view sql,
                                                                const Values& values) {
  for (const auto& value : values)
    if (const auto* text = std::get_if<std::string>(&value)) ORIEL_TRY(check_text(*text));
  ORIEL_TRY_ASSIGN(const auto* statement, prepare(sql, values));
  const Parameters parameters(values);
  if (PQsendQueryPrepared(handle_, statement->name.c_str(), parameters.count(),
                          parameters.pointers.data(), parameters.lengths.data(),
                          parameters.formats.data(), kBinary) != 1)
    return fail(lost(sql));
  return finish(sql);
}

Result<PostgresConnection::Answer> PostgresConnection::step(std::string_view sql,
                                                            const Values& values) {
  if (doomed_) return fail(*doomed_);
  auto answer = exchange(sql, values);
  if (!answer) doomed_ = answer.error();
  return answer;
}

Result<std::int64_t> PostgresConnection::execute(std::string_view sql, const Values& values) {
  ORIEL_TRY_ASSIGN(const auto answer, step(sql, values));
  // Of a query the tag counts the rows it found, and those are not changed.
  if (std::string_view(PQcmdStatus(answer.get())).starts_with("SELECT")) return 0;
  const std::string_view count = PQcmdTuples(answer.get());
  std::int64_t changed = 0;
  std::from_chars(count.data(), count.data() + count.size(), changed);
  return changed;
}

Result<void> PostgresConnection::query(std::string_view sql, const Values& values,
                                       const RowCallback& row) {
  ORIEL_TRY_ASSIGN(const auto answer, step(sql, values));
  const int count = PQntuples(answer.get());
  for (int n = 0; n < count; ++n) {
    row(PostgresRow(answer.get(), n));
    if (doomed_) return fail(*doomed_);
  }
  return {};
}

Result<void> PostgresConnection::transact(const std::string& begin, const Work& work) {
  doomed_.reset();
  serialisation_failed_ = false;
  was_stale_ = false;
  if (auto begun = run(begin); !begun) {
    was_stale_ = !usable_ && !timed_out_;
    return begun;
  }
  const Rollback rollback(*this);
  auto done = work(*this);
  if (!done) return done;
  if (doomed_) return fail(std::move(*std::exchange(doomed_, std::nullopt)));
  if (PQtransactionStatus(handle_) != PQTRANS_INTRANS)
    return fail(ErrorKind::internal, "a transaction was ended from inside");
  return run("COMMIT");
}

}  // namespace oriel::store
