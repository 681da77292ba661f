// Errors as RFC 9457 problem details.
#pragma once
#include <string_view>

#include "http/message.h"

namespace oriel::http {

// The one table from ErrorKind to HTTP status.
int status_of(ErrorKind kind);
// "Not Found" and so on; "Unknown" for a status without a registered name.
std::string_view reason_of(int status);

// application/problem+json with type, title, status, detail and kind. The detail of `internal` and
// `data_loss` is not sent (it may name what is nobody's business): log it where it is handled.
// `unavailable` and `exhausted` carry Retry-After.
Response problem(const Error& error);
// A problem of the protocol itself, which has no ErrorKind (405, 408, 413, 431 …).
Response problem(int status, std::string_view detail);
// The schema of the document, for the OpenAPI components.
boost::json::value problem_schema();

}  // namespace oriel::http
