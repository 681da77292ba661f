#include "base/result.h"

#include <cerrno>
#include <cstdlib>
#include <cstring>

#include "base/log.h"

namespace oriel {

std::string_view to_string(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid:
      return "invalid";
    case ErrorKind::not_found:
      return "not_found";
    case ErrorKind::conflict:
      return "conflict";
    case ErrorKind::denied:
      return "denied";
    case ErrorKind::unsupported:
      return "unsupported";
    case ErrorKind::unavailable:
      return "unavailable";
    case ErrorKind::deadline:
      return "deadline";
    case ErrorKind::cancelled:
      return "cancelled";
    case ErrorKind::exhausted:
      return "exhausted";
    case ErrorKind::data_loss:
      return "data_loss";
    case ErrorKind::internal:
      return "internal";
  }
  return "internal";
}

Error Error::within(std::string_view context) && {
  return Error{kind, std::string(context) + ": " + message};
}

Error errno_error(int code, std::string_view what) {
  ErrorKind kind = ErrorKind::internal;
  switch (code) {
    case ENOENT:
    case ENOTDIR:
      kind = ErrorKind::not_found;
      break;
    case EACCES:
    case EPERM:
    case EROFS:
      kind = ErrorKind::denied;
      break;
    case ENOSPC:
    case EDQUOT:
    case EMFILE:
    case ENFILE:
    case ENOMEM:
      kind = ErrorKind::exhausted;
      break;
    case EEXIST:
    case EADDRINUSE:
    case EBUSY:
      kind = ErrorKind::conflict;
      break;
    case EINVAL:
    case ENAMETOOLONG:
      kind = ErrorKind::invalid;
      break;
    case EAGAIN:
    case EINTR:
    case ECONNREFUSED:
    case ECONNRESET:
    case EPIPE:
    case EHOSTUNREACH:
    case ENETUNREACH:
      kind = ErrorKind::unavailable;
      break;
    case ETIMEDOUT:
      kind = ErrorKind::deadline;
      break;
    case ECANCELED:
      kind = ErrorKind::cancelled;
      break;
    case EIO:
      kind = ErrorKind::data_loss;
      break;
    default:
      break;
  }
  return Error{kind, std::string(what) + ": " + std::strerror(code)};
}

void check_failed(const char* expression, const char* file, int line) {
  log::error("invariant broken: {} at {}:{}", expression, file, line);
  log::flush();
  std::abort();
}

}  // namespace oriel
