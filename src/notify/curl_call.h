// One call of libcurl: the only place that knows it.
#pragma once
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "base/secret.h"
#include "base/time.h"

namespace oriel::notify {

struct HttpPost {
  Secret url;
  std::vector<std::string> headers;  // "Name: value"
  std::string body;
  Duration deadline;
};
// Any 2xx is success; redirects are not followed, the answer's body is not kept. Errors: denied
// (any other status), unavailable, deadline, cancelled.
Result<void> http_post(const HttpPost& post, const std::stop_token& stop);

struct SmtpMessage {
  std::string server;
  bool tls_required = true;
  bool tls_tried = true;
  std::string ca_file;  // PEM; empty: the system's
  std::string user;
  Secret password;
  std::string from;
  std::vector<std::string> to;
  std::string bytes;
  Duration deadline;
};
// Errors: denied (login, sender or receiver refused), unavailable, deadline, cancelled.
Result<void> send_smtp(const SmtpMessage& message, const std::stop_token& stop);

}  // namespace oriel::notify
