#include "http/problem.h"

namespace oriel::http {
namespace {

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
  switch (status) {
    case 100:
      return "Continue";
    case 101:
      return "Switching Protocols";
    case 200:
      return "OK";
    case 201:
      return "Created";
    case 202:
      return "Accepted";
    case 204:
      return "No Content";
    case 206:
      return "Partial Content";
    case 301:
      return "Moved Permanently";
    case 302:
      return "Found";
    case 303:
      return "See Other";
    case 304:
      return "Not Modified";
    case 307:
      return "Temporary Redirect";
    case 308:
      return "Permanent Redirect";
    case 400:
      return "Bad Request";
    case 401:
      return "Unauthorized";
    case 403:
      return "Forbidden";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 406:
      return "Not Acceptable";
    case 408:
      return "Request Timeout";
    case 409:
      return "Conflict";
    case 410:
      return "Gone";
    case 411:
      return "Length Required";
    case 412:
      return "Precondition Failed";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 416:
      return "Range Not Satisfiable";
    case 417:
      return "Expectation Failed";
    case 422:
      return "Unprocessable Content";
    case 426:
      return "Upgrade Required";
    case 429:
      return "Too Many Requests";
    case 431:
      return "Request Header Fields Too Large";
    case 451:
      return "Unavailable For Legal Reasons";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 502:
      return "Bad Gateway";
    case 503:
      return "Service Unavailable";
    case 504:
      return "Gateway Timeout";
    case 505:
      return "HTTP Version Not Supported";
    case 507:
      return "Insufficient Storage";
    default:
      return "Unknown";
  }
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
