// Bytes as a peer sends them, cut into packets as the first byte says, through the whole path from
// the parser to the answer's header.
#include <cstddef>
#include <cstdint>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/beast/http/error.hpp>

#include "http/conditional.h"
#include "http/request_parser.h"
#include "http/response_head.h"
#include "http/router.h"
#include "http/websocket_origin.h"

namespace oriel::http {
namespace {

constexpr std::size_t kHeaderBytesMax = 4096;

Awaitable<Response> clip(Request& request) {
  const Representation representation{"video/mp4", 1000, "\"v1\"", UtcTime{0}};
  co_return respond_with_range(request, representation, [](ByteSpan span) -> Result<Body> {
    ORIEL_CHECK(span.begin < span.end && span.end <= 1000);
    return Body::of(std::string(span.end - span.begin, 'x'));
  });
}
Awaitable<Response> echo(Request& request) {
  request.cookie("session");
  const auto body = parse_json_body(request);
  co_return Response::text(std::string(request.parameter("name")) + (body ? "json" : "text"));
}

Router make_router() {
  Router router;
  router.add(Method::get, "/clip/{name}.mp4", {}, clip);
  router.add(Method::get, "/{path...}", {}, clip);
  router.add(Method::post, "/a/{name}/b", {}, echo);
  return router;
}

void answer(const Router& router, Request& request, bool http_1_0) {
  boost::asio::io_context io(1);
  boost::asio::co_spawn(io, router.handle(request), [&](std::exception_ptr e, Response response) {
    if (e) std::rethrow_exception(e);
    std::string head;
    HeadFacts facts;
    facts.http_1_0 = http_1_0;
    append_head(head, response, SecurityHeaders::make(ServerOptions{}), facts);
    // One empty line, at the end: nothing of the request can end the header early.
    ORIEL_CHECK(head.find("\r\n\r\n") == head.size() - 4);
  });
  io.run();
}

// False when the connection would end.
bool serve(const Router& router, std::string_view& rest, std::size_t packet) {
  Request request;
  RequestParser parser(request, kHeaderBytesMax);
  std::string buffer;
  while (!parser.is_done()) {
    if (parser.is_header_done()) parser.set_body_bytes_max(512);
    if (!buffer.empty()) {
      boost::system::error_code error;
      const auto used = parser.put(boost::asio::buffer(buffer), error);
      buffer.erase(0, used);
      if (error && error != boost::beast::http::error::need_more) return false;
      if (!error) continue;
    }
    if (rest.empty() || buffer.size() > kHeaderBytesMax) return false;
    const std::size_t count = std::min(packet, rest.size());
    buffer.append(rest.substr(0, count));
    rest.remove_prefix(count);
  }
  parser.finish_header();
  if (parser.status() != 0) return false;
  ORIEL_CHECK(request.body.size() <= 512);
  is_origin_allowed(request, {});
  answer(router, request, parser.http_1_0());
  // What is left in the buffer belongs to the next request.
  rest = std::string_view(rest.data() - buffer.size(), rest.size() + buffer.size());
  return parser.keep_alive();
}

}  // namespace
}  // namespace oriel::http

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* bytes, std::size_t size) {
  using namespace oriel::http;
  static const Router router = make_router();
  if (size < 1) return 0;
  std::string_view rest(reinterpret_cast<const char*>(bytes) + 1, size - 1);
  for (int i = 0; i < 8 && !rest.empty(); ++i)
    if (!serve(router, rest, std::size_t{bytes[0]} + 1)) break;
  return 0;
}
