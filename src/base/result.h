// Errors as values: every call that can fail because of the world returns a Result.
#pragma once
#include <string>
#include <string_view>
#include <utility>

#include <tl/expected.hpp>

namespace oriel {

// What a caller can do about an error. A new kind needs a caller that branches on it.
enum class ErrorKind {
  invalid,  // the request is wrong and will stay wrong
  not_found,
  conflict,  // the state does not allow it (exists already, changed meanwhile)
  denied,
  unsupported,  // correct, but this program does not do it
  unavailable,  // try again later
  deadline,
  cancelled,
  exhausted,  // disk, queue or quota is full
  data_loss,  // stored bytes are missing or damaged
  internal,
};

std::string_view to_string(ErrorKind kind);

struct Error {
  ErrorKind kind = ErrorKind::internal;
  std::string message;  // for a person; never holds a Secret

  // The same error with what was being done put in front: "open segment: …".
  Error within(std::string_view context) &&;
};

template <class T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
};

inline tl::unexpected<Error> fail(ErrorKind kind, std::string message) {
  return tl::unexpected<Error>(Error{kind, std::move(message)});
}
inline tl::unexpected<Error> fail(Error error) { return tl::unexpected<Error>(std::move(error)); }

// The error of errno value `code` (POSIX), with its kind: ENOSPC is exhausted, ENOENT not_found and
// so on; `what` names the call and its object.
Error errno_error(int code, std::string_view what);

// A broken invariant of format, order or ownership: logs and aborts, in release too, because going
// on would write wrong bytes.
[[noreturn]] void check_failed(const char* expression, const char* file, int line);

}  // namespace oriel

#define ORIEL_CHECK(expression) \
  ((expression) ? void() : ::oriel::check_failed(#expression, __FILE__, __LINE__))

#define ORIEL_TRY_CONCAT_(a, b) a##b
#define ORIEL_TRY_CONCAT(a, b) ORIEL_TRY_CONCAT_(a, b)

// Returns early with the error of a Result<…> expression that is not needed as a value. The name is
// counted so that the expression may hold a lambda that uses this too.
#define ORIEL_TRY(expression) ORIEL_TRY_(ORIEL_TRY_CONCAT(oriel_try_, __COUNTER__), expression)
#define ORIEL_TRY_(name, expression)                                                    \
  do {                                                                                  \
    if (auto name = (expression); !name) return ::oriel::fail(std::move(name).error()); \
  } while (0)

// ORIEL_TRY_ASSIGN(auto x, expression): x is the value, or return early with the error.
#define ORIEL_TRY_ASSIGN(declaration, expression) \
  ORIEL_TRY_ASSIGN_(ORIEL_TRY_CONCAT(oriel_try_, __COUNTER__), declaration, expression)
#define ORIEL_TRY_ASSIGN_(name, declaration, expression)    \
  auto name = (expression);                                 \
  if (!name) return ::oriel::fail(std::move(name).error()); \
  declaration = std::move(*name)
