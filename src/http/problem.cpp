#include "http/problem.h"

#include <algorithm>
#include <iterator>

namespace oriel::http {
namespace {

// RFC 9110 and the registry, in ascending order.
constexpr std::pair<int, std::string_view> kReasons[] = {
    {100, "Continue"},
    {101, "Switching Protocols"},
    {200, "OK"},
    {201, "Created"},
    {202, "Accepted"},
    {204, "No Content"},
    {206, "Partial Content"},
    {301, "Moved Permanently"},
    {302, "Found"},
    {303, "See Other"},
    {304, "Not Modified"},
    {307, "Temporary Redirect"},
    {308, "Permanent Redirect"},
    {400, "Bad Request"},
    {401, "Unauthorized"},
    {403, "Forbidden"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {406, "Not Acceptable"},
    {408, "Request Timeout"},
    {409, "Conflict"},
    {410, "Gone"},
    {411, "Length Required"},
    {412, "Precondition Failed"},
    {413, "Content Too Large"},
    {414, "URI Too Long"},
    {415, "Unsupported Media Type"},
    {416, "Range Not Satisfiable"},
    {417, "Expectation Failed"},
    {422, "Unprocessable Content"},
    {426, "Upgrade Required"},
    {428, "Precondition Required"},
    {429, "Too Many Requests"},
    {431, "Request Header Fields Too Large"},
    {451, "Unavailable For Legal Reasons"},
    {500, "Internal Server Error"},
    {501, "Not Implemented"},
    {502, "Bad Gateway"},
    {503, "Service Unavailable"},
    {504, "Gateway Timeout"},
    {505, "HTTP Version Not Supported"},
    {507, "Insufficient Storage"},
};

Response make_problem(int status, std::string_view detail, std::string_view kind) {
  boost::json::object document{
      {"type", "about:blank"}, {"title", reason_of(status)}, {"status", status}};
  if (!detail.empty()) document.emplace("detail", detail);
  if (!kind.empty()) document.emplace("kind", kind);
  Response response = Response::json(document, status);
  response.headers.set("Content-Type", "application/problem+json");
  response.headers.set("Cache-Control", "no-store");
  return response;
}

}  // namespace

int status_of(ErrorKind kind) {
  switch (kind) {
    case ErrorKind::invalid:
      return 400;
    case ErrorKind::not_found:
      return 404;
    case ErrorKind::conflict:
      return 409;
    case ErrorKind::denied:
      return 403;
    case ErrorKind::unsupported:
      return 422;
    case ErrorKind::unavailable:
      return 503;
    case ErrorKind::deadline:
      return 504;
    case ErrorKind::cancelled:
      return 503;
    case ErrorKind::exhausted:
      return 503;
    case ErrorKind::data_loss:
      return 500;
    case ErrorKind::internal:
      return 500;
  }
  return 500;
}

std::string_view reason_of(int status) {
  const auto* found =
      std::lower_bound(std::begin(kReasons), std::end(kReasons), status,
                       [](const auto& reason, int wanted) { return reason.first < wanted; });
  return found != std::end(kReasons) && found->first == status ? found->second : "Unknown";
}

Response problem(const Error& error) {
  const bool hidden = error.kind == ErrorKind::internal || error.kind == ErrorKind::data_loss;
  const std::string_view detail =
      hidden ? std::string_view("the server could not answer; its log says why") : error.message;
  Response response = make_problem(status_of(error.kind), detail, to_string(error.kind));
  if (error.kind == ErrorKind::unavailable || error.kind == ErrorKind::exhausted)
    response.headers.set("Retry-After", "2");
  return response;
}

Response problem(int status, std::string_view detail) { return make_problem(status, detail, {}); }

boost::json::value problem_schema() {
  const boost::json::object text{{"type", "string"}};
  return boost::json::object{
      {"title", "Problem"},
      {"type", "object"},
      {"description", "RFC 9457 problem details."},
      {"properties", boost::json::object{{"type", text},
                                         {"title", text},
                                         {"status", boost::json::object{{"type", "integer"}}},
                                         {"detail", text},
                                         {"kind", text}}},
      {"required", boost::json::array{"type", "title", "status"}}};
}

}  // namespace oriel::http
