// The header of an answer as text. Inside the folder only.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"
#include "http/server.h"

namespace oriel::http {

// What every answer of a server carries, written once.
struct SecurityHeaders {
  std::string common;
  std::string framing;  // left out when the answer brings a policy of its own
  std::string html;
  static SecurityHeaders make(const ServerOptions& options);
};

enum class Framing { none, length, chunked, until_close };

struct HeadFacts {
  std::string_view date;  // as format_http_date
  Framing framing = Framing::none;
  std::uint64_t length_bytes = 0;  // for Framing::length
  bool keep_alive = true;
  bool http_1_0 = false;
};

// Appends status line and fields, up to and with the empty line. Content-Length, Transfer-Encoding,
// Connection, Date and Server of the answer are not taken over.
void append_head(std::string& out, const Response& response, const SecurityHeaders& security,
                 const HeadFacts& facts);

}  // namespace oriel::http
