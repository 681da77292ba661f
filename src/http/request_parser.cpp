#include "http/request_parser.h"

#include <boost/beast/http/error.hpp>

namespace oriel::http {

namespace beast_http = boost::beast::http;

namespace {

// More fields than any browser or proxy sends; each costs a lookup.
constexpr std::size_t kFieldsMax = 128;
// "0 CRLF CRLF", which Beast takes whole or not at all.
constexpr std::size_t kChunkedEndBytes = 5;

// "http://host/path?query" as a proxy sends it (RFC 9112 section 3.2.2) loses its front.
std::string_view origin_form(std::string_view target) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (!equals_ignoring_case(target.substr(0, scheme.size()), scheme)) continue;
    const auto slash = target.find('/', scheme.size());
    return slash == std::string_view::npos ? "/" : target.substr(slash);
  }
  return target;
}

}  // namespace

RequestParser::RequestParser(Request& request, std::size_t header_bytes_max)
    : request_(request), header_bytes_max_(header_bytes_max) {
  request_.method = Method::get;
  request_.target.clear();
  request_.path.text.clear();
  request_.path.segments.clear();
  request_.query = {};
  request_.headers.clear();
  request_.body.clear();
  request_.parameters.clear();
  request_.identity.reset();
  header_limit(static_cast<std::uint32_t>(header_bytes_max));
  body_limit(boost::none);
}

std::size_t RequestParser::put(boost::asio::const_buffer bytes, boost::system::error_code& error) {
  // The end may come byte by byte, and fewer bytes of it fail an assertion in Beast 1.81
  // (basic_parser::parse_chunk_header). Data that begins like it waits too: more must follow.
  if (is_header_done() && chunked() && bytes.size() < kChunkedEndBytes && bytes.size() > 0 &&
      *static_cast<const char*>(bytes.data()) == '0') {
    error = beast_http::error::need_more;
    return 0;
  }
  return basic_parser::put(bytes, error);
}

void RequestParser::refuse(int status, std::string_view reason) {
  if (status_ != 0) return;
  status_ = status;
  reason_ = reason;
}

void RequestParser::on_request_impl(beast_http::verb, string_view method_name, string_view target,
                                    int version, error_code&) {
  const auto method = http::parse_method(method_name);
  if (method) {
    request_.method = *method;
  } else {
    refuse(501, "this server does not know the method");
  }
  if (version != 10 && version != 11) refuse(505, "this server speaks HTTP/1.1");
  http_1_0_ = version == 10;
  header_bytes_ = method_name.size() + target.size();
  request_.target.assign(target.data(), target.size());
}

void RequestParser::on_field_impl(beast_http::field, string_view name, string_view value,
                                  error_code& error) {
  // Fields may follow a chunked body too (trailers): those are dropped.
  if (header_done_) return;
  // Beast's own limit counts anew after each field that came in a packet of its own.
  header_bytes_ += name.size() + value.size() + 4;
  if (request_.headers.count() >= kFieldsMax || header_bytes_ > header_bytes_max_) {
    error = beast_http::error::header_limit;
    return;
  }
  request_.headers.add(name, value);
}

void RequestParser::on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) {
  if (length && *length <= body_bytes_max_) request_.body.reserve(*length);
}

std::size_t RequestParser::on_body_impl(string_view body, error_code& error) {
  if (body.size() > body_bytes_max_ - request_.body.size()) {
    overrun_ = true;
    error = beast_http::error::body_limit;
    return 0;
  }
  request_.body.append(body.data(), body.size());
  return body.size();
}

std::size_t RequestParser::on_chunk_body_impl(std::uint64_t, string_view body, error_code& error) {
  return on_body_impl(body, error);
}

bool RequestParser::body_too_large() const {
  if (overrun_) return true;
  const auto length = content_length();
  return length && *length > body_bytes_max_;
}

void RequestParser::finish_header() {
  header_done_ = true;
  if (status_ != 0) return;
  const std::size_t hosts = request_.headers.count("host");
  if (hosts > 1 || (hosts == 0 && !http_1_0_)) return refuse(400, "one Host field is needed");
  if (const auto coding = request_.headers.find("transfer-encoding")) {
    // RFC 9112 sections 6.1 and 7: what a proxy in front takes for another length is dangerous.
    if (http_1_0_) return refuse(400, "HTTP/1.0 has no transfer codings");
    if (!equals_ignoring_case(*coding, "chunked"))
      return refuse(501, "chunked is the only transfer coding here");
  }
  if (request_.method == Method::options && request_.target == "*") request_.target = "/";
  const std::string_view target = origin_form(request_.target);
  const auto hash = target.find('#');
  if (hash != std::string_view::npos) return refuse(400, "a target has no fragment");
  const auto mark = target.find('?');
  auto path = Path::parse(target.substr(0, mark));
  if (!path) return refuse(400, "the path is not valid");
  request_.path = std::move(*path);
  if (mark == std::string_view::npos) return;
  auto query = Query::parse(target.substr(mark + 1));
  if (!query) return refuse(400, "the query is not valid");
  request_.query = std::move(*query);
}

int status_of_parse_error(const boost::system::error_code& error) {
  if (error == beast_http::error::header_limit) return 431;
  if (error == beast_http::error::body_limit) return 413;
  if (error == beast_http::error::bad_version) return 505;
  return 400;
}

}  // namespace oriel::http
