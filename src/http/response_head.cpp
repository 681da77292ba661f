#include "http/response_head.h"

#include <array>
#include <charconv>

#include "http/problem.h"

namespace oriel::http {
namespace {

constexpr std::array<std::string_view, 8> kOwnFields = {
    "content-length", "transfer-encoding", "connection",      "date",
    "server",         "keep-alive",        "x-frame-options", "x-content-type-options"};

bool is_own_field(std::string_view name) {
  for (const auto& own : kOwnFields)
    if (own.size() == name.size() && equals_ignoring_case(own, name)) return true;
  return false;
}

void append_number(std::string& out, std::uint64_t number) {
  std::array<char, 24> digits{};
  const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), number).ptr;
  out.append(digits.data(), static_cast<std::size_t>(end - digits.data()));
}

}  // namespace

SecurityHeaders SecurityHeaders::make(const ServerOptions& options) {
  SecurityHeaders headers;
  headers.common =
      "X-Content-Type-Options: nosniff\r\n"
      "Referrer-Policy: same-origin\r\n"
      "Cross-Origin-Opener-Policy: same-origin\r\n";
  if (options.tls) headers.common += "Strict-Transport-Security: max-age=31536000\r\n";
  headers.framing = "X-Frame-Options: SAMEORIGIN\r\n";
  headers.html = "Content-Security-Policy: " + options.content_security_policy + "\r\n";
  return headers;
}

void append_head(std::string& out, const Response& response, const SecurityHeaders& security,
                 const HeadFacts& facts) {
  out += "HTTP/1.1 ";
  append_number(out, static_cast<std::uint64_t>(response.status));
  out += ' ';
  out += reason_of(response.status);
  out += "\r\nDate: ";
  out += facts.date;
  out += "\r\n";
  out += security.common;
  bool own_policy = false;
  std::string_view type;
  for (std::size_t i = 0; i < response.headers.count(); ++i) {
    const auto [name, value] = response.headers.at(i);
    if (is_own_field(name)) continue;
    if (equals_ignoring_case(name, "content-security-policy")) own_policy = true;
    if (equals_ignoring_case(name, "content-type")) type = value;
    out += name;
    out += ": ";
    out += value;
    out += "\r\n";
  }
  if (!own_policy) {
    out += security.framing;
    if (type.starts_with("text/html")) {
      out += security.html;
    } else if (type.starts_with("image/svg") || type.ends_with("xml")) {
      // A drawing or a document opened by itself may hold scripts.
      out += "Content-Security-Policy: default-src 'none'; style-src 'unsafe-inline'\r\n";
    }
  }
  if (facts.framing == Framing::length) {
    out += "Content-Length: ";
    append_number(out, facts.length_bytes);
    out += "\r\n";
  } else if (facts.framing == Framing::chunked) {
    out += "Transfer-Encoding: chunked\r\n";
  }
  if (!facts.keep_alive) {
    out += "Connection: close\r\n";
  } else if (facts.http_1_0) {
    out += "Connection: keep-alive\r\n";
  }
  out += "\r\n";
}

}  // namespace oriel::http
