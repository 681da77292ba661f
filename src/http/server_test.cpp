#include "http/server.h"

#include <gtest/gtest.h>

#include "http/problem.h"
#include "http/test_client.h"

namespace oriel::http {
namespace {

Awaitable<Response> hello(Request&) { co_return Response::text("hello"); }

Awaitable<Response> echo(Request& request) {
  co_return Response::text(request.body.empty() ? std::string(request.parameter("name"))
                                                : request.body);
}

TEST(Server, answers_on_a_kept_connection) {
  TestServer server;
  server.router.add(Method::get, "/hello", {}, hello);
  server.start();
  TestClient client(server.port());
  for (int i = 0; i < 3; ++i) {
    const auto answer = client.get("/hello");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "hello");
  }
}

}  // namespace
}  // namespace oriel::http
