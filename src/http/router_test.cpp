#include "http/router.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <gtest/gtest.h>

#include "http/openapi.h"

namespace oriel::http {
namespace {

Awaitable<Response> nothing(Request&) { co_return Response::empty(); }
Awaitable<Response> throws(Request&) {
  throw std::runtime_error("secret path /srv/x");
  co_return Response::empty();
}
Awaitable<void> no_socket(Request&, WebSocket&) { co_return; }
Awaitable<std::optional<Response>> deny(Request&, const Operation& operation) {
  if (operation.access == "public") co_return std::nullopt;
  co_return Response::empty(401);
}

Request request_for(Method method, std::string_view path) {
  Request request;
  request.method = method;
  auto parsed = Path::parse(path);
  EXPECT_TRUE(parsed) << path;
  if (parsed) request.path = std::move(*parsed);
  return request;
}

Response handle(const Router& router, Request request) {
  boost::asio::io_context io;
  std::optional<Response> response;
  boost::asio::co_spawn(io, router.handle(request), [&](std::exception_ptr e, Response answer) {
    if (e) std::rethrow_exception(e);
    response = std::move(answer);
  });
  io.run();
  return std::move(*response);
}

std::string found(const Router& router, std::string_view path, Method method = Method::get) {
  Request request = request_for(method, path);
  const auto match = router.find(request);
  if (match.route == nullptr) return match.allow.empty() ? "404" : "405 " + match.allow;
  std::string text = match.route->pattern;
  for (const auto& [name, value] : request.parameters)
    text += " " + std::string(name) + "=" + value;
  return text;
}

TEST(Router, finds_literals_before_parts_before_names_before_the_rest) {
  Router router;
  for (const auto* pattern :
       {"/", "/snapshot/{feed}.jpg", "/snapshot/{any}", "/snapshot/all.jpg", "/{path...}",
        "/live/{feed}/index.m3u8", "/live/{feed}/{file}", "/v/{name}.tar.gz", "/v/{name}.gz"})
    router.add(Method::get, pattern, {}, nothing);
  EXPECT_EQ(found(router, "/"), "/");
  EXPECT_EQ(found(router, "/snapshot/lake.jpg"), "/snapshot/{feed}.jpg feed=lake");
  EXPECT_EQ(found(router, "/snapshot/all.jpg"), "/snapshot/all.jpg");
  EXPECT_EQ(found(router, "/snapshot/lake.png"), "/snapshot/{any} any=lake.png");
  EXPECT_EQ(found(router, "/snapshot/.jpg"), "/snapshot/{any} any=.jpg");
  EXPECT_EQ(found(router, "/live/lake/index.m3u8"), "/live/{feed}/index.m3u8 feed=lake");
  EXPECT_EQ(found(router, "/live/lake/media.m3u8"),
            "/live/{feed}/{file} feed=lake file=media.m3u8");
  EXPECT_EQ(found(router, "/live/lake"), "/{path...} path=live/lake");
  EXPECT_EQ(found(router, "/assets/a/b.js"), "/{path...} path=assets/a/b.js");
  EXPECT_EQ(found(router, "/v/x.tar.gz"), "/v/{name}.tar.gz name=x");
  EXPECT_EQ(found(router, "/v/x.gz"), "/v/{name}.gz name=x");
}

TEST(Router, a_name_never_matches_nothing) {
  Router router;
  router.add(Method::get, "/feeds/{id}", {}, nothing);
  EXPECT_EQ(found(router, "/feeds/"), "404");
  EXPECT_EQ(found(router, "/feeds"), "404");
  EXPECT_EQ(found(router, "/feeds/a/b"), "404");
}

TEST(Router, tells_a_wrong_method_from_a_wrong_path) {
  Router router;
  router.add(Method::get, "/feeds", {}, nothing);
  router.add(Method::post, "/feeds", {}, nothing);
  EXPECT_EQ(found(router, "/feeds", Method::delete_), "405 GET, HEAD, POST, OPTIONS");
  EXPECT_EQ(found(router, "/feeds", Method::head), "/feeds");
  EXPECT_EQ(handle(router, request_for(Method::delete_, "/feeds")).status, 405);
  EXPECT_EQ(handle(router, request_for(Method::get, "/nowhere")).status, 404);
  const Response options = handle(router, request_for(Method::options, "/feeds"));
  EXPECT_EQ(options.status, 204);
  EXPECT_EQ(options.headers.find("allow"), "GET, HEAD, POST, OPTIONS");
}

TEST(Router, a_page_below_the_rest_answers_where_the_literal_has_another_method) {
  Router router;
  router.add(Method::post, "/login", {}, nothing);
  router.add(Method::get, "/{path...}", {}, nothing);
  EXPECT_EQ(found(router, "/login"), "/{path...} path=login");
  EXPECT_EQ(found(router, "/login", Method::put), "405 GET, HEAD, POST, OPTIONS");
}

TEST(Router, before_can_answer_for_the_handler) {
  Router router;
  Operation open;
  open.access = "public";
  router.add(Method::get, "/open", open, nothing);
  router.add(Method::get, "/closed", {}, nothing);
  router.set_before(deny);
  EXPECT_EQ(handle(router, request_for(Method::get, "/open")).status, 204);
  EXPECT_EQ(handle(router, request_for(Method::get, "/closed")).status, 401);
}

TEST(Router, an_exception_becomes_a_500_that_says_nothing) {
  Router router;
  router.add(Method::get, "/throws", {}, throws);
  const Response response = handle(router, request_for(Method::get, "/throws"));
  EXPECT_EQ(response.status, 500);
  EXPECT_EQ(response.headers.find("content-type"), "application/problem+json");
  const auto& slice = std::get<MemorySlice>(response.body.slices().at(0));
  EXPECT_EQ(as_text(slice.bytes).find("secret"), std::string_view::npos);
}

TEST(Router, a_websocket_address_asks_for_an_upgrade) {
  Router router;
  router.add_websocket("/live/socket", {}, no_socket);
  EXPECT_EQ(handle(router, request_for(Method::get, "/live/socket")).status, 426);
}

struct Feed {
  std::string id;
  std::optional<double> rate;
};
BOOST_DESCRIBE_STRUCT(Feed, (), (id, rate))

TEST(OpenApi, holds_every_route_and_shares_what_is_used_twice) {
  Router router;
  Operation one;
  one.id = "getFeed";
  one.access = "viewer";
  one.parameters = {{"at", "query", false, boost::json::object{{"type", "string"}}, "When"}};
  one.answers = {{200, {"A feed", "application/json", json_schema<Feed>()}}};
  router.add(Method::get, "/api/v1/feeds/{id}", one, nothing);
  Operation put = one;
  put.id = "putFeed";
  put.request_schema = json_schema<Feed>();
  router.add(Method::put, "/api/v1/feeds/{id}", put, nothing);
  Operation rest;
  rest.access = "public";
  router.add(Method::get, "/{path...}", rest, nothing);
  router.add_websocket("/live/socket", {}, no_socket);
  OpenApiOptions options;
  options.security_schemes = {{"token", {{"type", "http"}, {"scheme", "bearer"}}}};
  const auto document = make_openapi(router, options);
  const auto& paths = document.at("paths").as_object();
  EXPECT_EQ(paths.size(), 3u);
  const auto& get = paths.at("/api/v1/feeds/{id}").at("get").as_object();
  EXPECT_EQ(get.at("parameters").as_array().size(), 2u);
  EXPECT_EQ(get.at("parameters").at(0).at("in").as_string(), "path");
  EXPECT_EQ(get.at("security").as_array().size(), 1u);
  EXPECT_TRUE(get.at("responses").as_object().contains("default"));
  const auto& schema =
      get.at("responses").at("200").at("content").at("application/json").at("schema").as_object();
  ASSERT_TRUE(schema.contains("$ref")) << boost::json::serialize(schema);
  EXPECT_EQ(document.at("components").at("schemas").as_object().size(), 2u);
  EXPECT_TRUE(paths.at("/{path}").at("get").at("security").as_array().empty());
  EXPECT_TRUE(paths.at("/live/socket").at("get").at("responses").as_object().contains("101"));
}

}  // namespace
}  // namespace oriel::http
