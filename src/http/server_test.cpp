#include "http/server.h"

#include <filesystem>
#include <fstream>

#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <gtest/gtest.h>

#include "http/conditional.h"
#include "http/problem.h"
#include "http/signal.h"
#include "http/test_client.h"

namespace oriel::http {
namespace {

namespace asio = boost::asio;

constexpr std::size_t kLargeBytes = 64u << 20;

Awaitable<Response> hello(Request&) { co_return Response::text("hello"); }
Awaitable<Response> page(Request&) {
  co_return Response::text("<p>hello", "text/html; charset=utf-8");
}
Awaitable<Response> echo(Request& request) { co_return Response::text(request.body); }
Awaitable<Response> name(Request& request) {
  co_return Response::text(std::string(request.parameter("name")) + "|" +
                           std::string(request.query.first("q").value_or("none")));
}
Awaitable<Response> peer(Request& request) {
  co_return Response::text(request.peer_address + (request.secure ? " secure" : " plain"));
}
Awaitable<Response> clip(Request& request) {
  const Representation representation{"video/mp4", 10, "\"v1\"", std::nullopt};
  co_return respond_with_range(request, representation, [](ByteSpan span) -> Result<Body> {
    return Body::of(std::string("0123456789").substr(span.begin, span.end - span.begin));
  });
}
Awaitable<Response> large(SharedBytes bytes) {
  co_return Response::bytes(std::move(bytes), "application/octet-stream");
}
Awaitable<Response> two_slices_and_file(FileRange file) {
  Response response;
  response.headers.set("Content-Type", "application/octet-stream");
  response.body.append(MemorySlice::of(std::string("begin-")));
  response.body.append(std::move(file));
  response.body.append(MemorySlice::of(std::string("-end")));
  co_return response;
}
// Answers when the signal has been notified, which is how a playlist waits for its next part.
Awaitable<Response> wait_for(Signal& signal) {
  const bool changed = co_await signal.wait(0, Duration::from_s(60));
  co_return Response::text(changed ? "changed" : "same");
}

Awaitable<Result<std::optional<SharedBytes>>> next_piece(std::shared_ptr<int> left) {
  if ((*left)-- == 0) co_return std::optional<SharedBytes>();
  co_return std::optional<SharedBytes>(std::make_shared<const Bytes>(5, std::uint8_t{'x'}));
}
Awaitable<Response> stream(int pieces, std::optional<std::uint64_t> total) {
  Response response;
  auto left = std::make_shared<int>(pieces);
  Stream source;
  source.next = [left] { return next_piece(left); };
  source.total_bytes = total;
  response.body = Body::of(std::move(source));
  co_return response;
}
Awaitable<Result<std::optional<SharedBytes>>> next_event(Signal& signal,
                                                         std::shared_ptr<int> sent) {
  if ((*sent)++ > 0) co_await signal.wait(signal.version(), Duration::from_s(60));
  const std::string text = "data: x\n\n";
  co_return std::optional<SharedBytes>(std::make_shared<const Bytes>(text.begin(), text.end()));
}
Awaitable<Response> events(Signal& signal) {
  auto sent = std::make_shared<int>(0);
  StreamSource source = [&signal, sent] { return next_event(signal, sent); };
  co_return Response::events(std::move(source));
}

SharedBytes large_bytes() {
  auto bytes = std::make_shared<Bytes>(kLargeBytes);
  for (std::size_t i = 0; i < bytes->size(); ++i) (*bytes)[i] = static_cast<std::uint8_t>(i * 7);
  return bytes;
}

class ServerTest : public ::testing::Test {
 protected:
  ServerTest() {
    auto& router = server.router;
    router.add(Method::get, "/hello", {}, hello);
    router.add(Method::get, "/page", {}, page);
    router.add(Method::get, "/name/{name}", {}, name);
    router.add(Method::get, "/peer", {}, peer);
    router.add(Method::get, "/clip", {}, clip);
    Operation small;
    small.body_bytes_max = 100;
    router.add(Method::post, "/small", small, echo);
    router.add(Method::post, "/echo", {}, echo);
    router.add(Method::get, "/large", {}, [this](Request&) { return large(bytes); });
    router.add(Method::get, "/wait", {}, [this](Request&) { return wait_for(signal); });
    router.add(Method::get, "/events", {}, [this](Request&) { return events(signal); });
    router.add(Method::get, "/chunked", {}, [](Request&) { return stream(3, std::nullopt); });
    router.add(Method::get, "/counted", {}, [](Request&) { return stream(3, 15); });
    router.add(Method::get, "/broken", {}, [](Request&) { return stream(3, 20); });
  }
  // Waits for what another thread does; a test that fails here hangs no longer than this.
  template <class Condition>
  static bool eventually(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::yield();
    }
    return true;
  }
  bool metrics_show(const std::string& line) {
    return eventually([&] { return server.metrics.render().find(line) != std::string::npos; });
  }

  Signal signal;
  SharedBytes bytes;
  TestServer server;
};

TEST_F(ServerTest, answers_on_a_kept_connection) {
  server.start();
  TestClient client(server.port());
  for (int i = 0; i < 3; ++i) {
    const auto answer = client.get("/hello");
    EXPECT_EQ(answer.status, 200);
    EXPECT_EQ(answer.body, "hello");
  }
  EXPECT_EQ(client.get("/name/a%20b?q=%E6%B9%96").body, "a b|湖");
  EXPECT_EQ(client.request("GET", "/hello", "Connection: close\r\n").header("connection"), "close");
  EXPECT_TRUE(client.at_end());
}

TEST_F(ServerTest, answers_pipelined_requests_in_order) {
  server.start();
  TestClient client(server.port());
  std::string burst;
  for (int i = 0; i < 50; ++i)
    burst += "GET /name/n" + std::to_string(i) + " HTTP/1.1\r\nHost: x\r\n\r\n";
  burst += "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc";
  burst += "GET /hello HTTP/1.1\r\nHost: x\r\n\r\n";
  client.send(burst);
  for (int i = 0; i < 50; ++i) EXPECT_EQ(client.receive().body, "n" + std::to_string(i) + "|none");
  EXPECT_EQ(client.receive().body, "abc");
  EXPECT_EQ(client.receive().body, "hello");
}

TEST_F(ServerTest, head_has_the_headers_of_get_and_no_body) {
  server.start();
  TestClient client(server.port());
  const auto answer = client.request("HEAD", "/clip");
  EXPECT_EQ(answer.status, 200);
  EXPECT_EQ(answer.header("content-length"), "10");
  EXPECT_EQ(answer.header("etag"), "\"v1\"");
  EXPECT_EQ(client.request("HEAD", "/chunked").status, 200);
  EXPECT_EQ(client.get("/hello").body, "hello") << "nothing of a body came between";
}

TEST_F(ServerTest, ranges_and_conditions) {
  server.start();
  TestClient client(server.port());
  const auto part = client.get("/clip", "Range: bytes=2-4\r\n");
  EXPECT_EQ(part.status, 206);
  EXPECT_EQ(part.body, "234");
  EXPECT_EQ(part.header("content-range"), "bytes 2-4/10");
  EXPECT_EQ(client.get("/clip", "Range: bytes=-3\r\n").body, "789");
  const auto beyond = client.get("/clip", "Range: bytes=10-\r\n");
  EXPECT_EQ(beyond.status, 416);
  EXPECT_EQ(beyond.header("content-range"), "bytes */10");
  EXPECT_EQ(client.get("/clip", "If-None-Match: \"v1\"\r\n").status, 304);
  EXPECT_EQ(client.get("/clip").body, "0123456789");
}

TEST_F(ServerTest, every_answer_carries_the_security_headers) {
  server.start();
  TestClient client(server.port());
  for (const auto* path : {"/hello", "/nowhere", "/page"}) {
    const auto answer = client.get(path);
    EXPECT_EQ(answer.header("x-content-type-options"), "nosniff");
    EXPECT_EQ(answer.header("referrer-policy"), "same-origin");
    EXPECT_EQ(answer.header("x-frame-options"), "SAMEORIGIN");
    EXPECT_EQ(answer.header("cross-origin-opener-policy"), "same-origin");
    EXPECT_TRUE(parse_http_date(answer.header("date")));
    EXPECT_EQ(answer.header("server"), "");
  }
  const std::string policy = client.get("/page").header("content-security-policy");
  EXPECT_NE(policy.find("default-src 'self'"), std::string::npos);
  EXPECT_EQ(policy.find("unsafe"), std::string::npos);
}

TEST_F(ServerTest, files_and_memory_make_one_body) {
  std::string path = (std::filesystem::temp_directory_path() / "oriel-file-XXXXXX").string();
  ::close(::mkstemp(path.data()));
  std::string content(3'000'000, 'f');
  content[1'000'000] = 'g';
  std::ofstream(path) << content;
  auto opened = open_file_range(path);
  ASSERT_TRUE(opened) << opened.error().message;
  FileRange range = *opened;
  range.offset_bytes = 1'000'000;
  range.length_bytes = 1'500'000;
  server.router.add(Method::get, "/file", {},
                    [range](Request&) { return two_slices_and_file(range); });
  FileRange beyond = *opened;
  beyond.offset_bytes = 2'900'000;
  beyond.length_bytes = 200'000;
  server.router.add(Method::get, "/beyond", {},
                    [beyond](Request&) { return two_slices_and_file(beyond); });
  server.start();
  TestClient client(server.port());
  for (int i = 0; i < 2; ++i) {
    const auto answer = client.get("/file");
    EXPECT_EQ(answer.header("content-length"), std::to_string(1'500'010));
    EXPECT_TRUE(answer.body == "begin-" + content.substr(1'000'000, 1'500'000) + "-end");
  }
  client.get("/beyond");
  EXPECT_TRUE(client.at_end()) << "a file that is shorter than was said ends the connection";
  std::filesystem::remove(path);
}

TEST_F(ServerTest, streams_are_chunked_or_counted) {
  server.start();
  TestClient client(server.port());
  const auto chunked = client.get("/chunked");
  EXPECT_EQ(chunked.header("transfer-encoding"), "chunked");
  EXPECT_EQ(chunked.body, std::string(15, 'x'));
  const auto counted = client.get("/counted");
  EXPECT_EQ(counted.header("content-length"), "15");
  EXPECT_EQ(counted.body, std::string(15, 'x'));
  client.send("GET /chunked HTTP/1.0\r\n\r\n");
  EXPECT_EQ(client.receive().body, std::string(15, 'x')) << "HTTP/1.0 has no chunks";
  TestClient other(server.port());
  EXPECT_LT(other.get("/broken").body.size(), 20u);
  EXPECT_TRUE(other.at_end()) << "a body that is too short must not look whole";
}

TEST_F(ServerTest, a_large_body_arrives_whole_and_is_not_copied) {
  bytes = large_bytes();
  server.start();
  TestClient client(server.port());
  const auto answer = client.get("/large");
  ASSERT_EQ(answer.body.size(), kLargeBytes);
  EXPECT_EQ(std::memcmp(answer.body.data(), bytes->data(), kLargeBytes), 0);
  EXPECT_TRUE(eventually([&] { return bytes.use_count() == 1; }));
}

TEST_F(ServerTest, bad_requests_are_refused_with_their_status) {
  server.options.header_bytes_max = 4096;
  server.start();
  const auto status_of_text = [&](const std::string& text) {
    TestClient client(server.port());
    client.send(text);
    const auto answer = client.receive();
    EXPECT_EQ(answer.header("content-type"), "application/problem+json") << text.substr(0, 80);
    EXPECT_TRUE(client.at_end()) << text.substr(0, 80);
    return answer.status;
  };
  EXPECT_EQ(status_of_text("GET /../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n"), 400);
  EXPECT_EQ(status_of_text("GET /a%2f..%2fb HTTP/1.1\r\nHost: x\r\n\r\n"), 400);
  EXPECT_EQ(status_of_text("GET /a%00 HTTP/1.1\r\nHost: x\r\n\r\n"), 400);
  EXPECT_EQ(status_of_text("GET /a?b=%zz HTTP/1.1\r\nHost: x\r\n\r\n"), 400);
  EXPECT_EQ(status_of_text("GET /hello HTTP/1.1\r\n\r\n"), 400);
  EXPECT_EQ(status_of_text("GET /hello HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n"), 400);
  EXPECT_EQ(status_of_text("nonsense\r\n\r\n"), 400);
  EXPECT_EQ(status_of_text("BREW /hello HTTP/1.1\r\nHost: x\r\n\r\n"), 501);
  EXPECT_EQ(status_of_text("GET /hello HTTP/2.0\r\nHost: x\r\n\r\n"), 505);
  EXPECT_EQ(status_of_text("GET /" + std::string(9000, 'a') + " HTTP/1.1\r\nHost: x\r\n\r\n"), 431);
  EXPECT_EQ(status_of_text("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n"
                           "Transfer-Encoding: chunked\r\n\r\nabc"),
            400);
  EXPECT_EQ(status_of_text("POST /small HTTP/1.1\r\nHost: x\r\nContent-Length: 101\r\n\r\n"), 413);
  EXPECT_EQ(status_of_text("POST /small HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                           "70\r\n" +
                           std::string(0x70, 'a') + "\r\n0\r\n\r\n"),
            413);
  EXPECT_EQ(
      status_of_text("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"),
      400);
  const std::string chunk = "\r\n\r\n1\r\na\r\n0\r\n\r\n";
  EXPECT_EQ(
      status_of_text("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked" + chunk),
      501);
  EXPECT_EQ(status_of_text("POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
                           "Transfer-Encoding: chunked" +
                           chunk),
            400);
  EXPECT_EQ(status_of_text("POST /echo HTTP/1.0\r\nTransfer-Encoding: chunked" + chunk), 400);
}

TEST_F(ServerTest, a_header_that_comes_in_many_small_packets_is_bounded_too) {
  server.options.header_bytes_max = 2048;
  server.start();
  TestClient client(server.port());
  client.send("GET /hello HTTP/1.1\r\nHost: x\r\n");
  for (int i = 0; i < 60 && client.send("X-Field: " + std::string(60, 'a') + "\r\n"); ++i)
    std::this_thread::yield();
  EXPECT_EQ(client.receive().status, 431);
}

TEST_F(ServerTest, bodies_arrive_whole_however_they_are_sent) {
  server.start();
  TestClient client(server.port());
  const std::string body(900'000, 'b');
  EXPECT_EQ(client.request("POST", "/echo", {}, body).body, body);
  client.send(
      "POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
      "3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nTrailer: x\r\n\r\n");
  EXPECT_EQ(client.receive().body, "abcde");
  client.send(
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.receive().status, 100);
  client.send("abc");
  EXPECT_EQ(client.receive().body, "abc");
}

TEST_F(ServerTest, a_slow_header_is_told_so_and_dropped) {
  server.options.header_timeout = Duration::from_ms(100);
  server.start();
  TestClient silent(server.port());
  TestClient slow(server.port());
  slow.send("GET /hel");
  EXPECT_EQ(slow.receive().status, 408);
  EXPECT_TRUE(slow.at_end());
  EXPECT_TRUE(silent.at_end());
  EXPECT_TRUE(metrics_show("oriel_http_dropped_total{reason=\"header_timeout\"} 2"));
}

TEST_F(ServerTest, a_body_that_stops_is_dropped) {
  server.options.body_timeout = Duration::from_ms(100);
  server.start();
  TestClient client(server.port());
  client.send("POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc");
  EXPECT_EQ(client.receive().status, 408);
  EXPECT_TRUE(client.at_end());
}

TEST_F(ServerTest, an_idle_connection_is_closed) {
  server.options.idle_timeout = Duration::from_ms(100);
  server.start();
  TestClient client(server.port());
  EXPECT_EQ(client.get("/hello").status, 200);
  EXPECT_TRUE(client.at_end());
}

TEST_F(ServerTest, a_client_that_never_reads_is_dropped) {
  bytes = large_bytes();
  server.options.write_timeout = Duration::from_ms(200);
  server.start();
  TestClient client(server.port(), 8192);
  client.send("GET /large HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(metrics_show("oriel_http_dropped_total{reason=\"slow_reader\"} 1"));
  EXPECT_TRUE(eventually([&] { return server.server->connections() == 0; }));
  EXPECT_EQ(bytes.use_count(), 1);
}

TEST_F(ServerTest, a_waiting_answer_is_given_up_when_its_client_has_gone) {
  server.start();
  {
    TestClient client(server.port());
    client.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
    EXPECT_TRUE(eventually([&] { return server.server->connections() == 1; }));
  }
  EXPECT_TRUE(eventually([&] { return server.server->connections() == 0; }));
}

TEST_F(ServerTest, a_signal_wakes_answers_on_all_threads) {
  server.options.threads = 2;
  server.start();
  std::vector<std::unique_ptr<TestClient>> clients;
  for (int i = 0; i < 40; ++i) {
    clients.push_back(std::make_unique<TestClient>(server.port()));
    clients.back()->send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
  }
  EXPECT_TRUE(eventually([&] { return server.server->connections() == clients.size(); }));
  signal.notify();
  for (auto& client : clients) EXPECT_EQ(client->receive().body, "changed");
}

TEST_F(ServerTest, too_many_connections_are_turned_away) {
  server.options.connections_max = 2;
  server.start();
  TestClient first(server.port());
  TestClient second(server.port());
  EXPECT_EQ(first.get("/hello").status, 200);
  EXPECT_EQ(second.get("/hello").status, 200);
  TestClient third(server.port());
  EXPECT_EQ(third.receive().status, 503);
  EXPECT_EQ(first.get("/hello").status, 200);
}

TEST_F(ServerTest, connections_of_one_address_are_bounded_when_asked) {
  server.options.connections_per_address_max = 1;
  server.start();
  TestClient first(server.port());
  EXPECT_EQ(first.get("/hello").status, 200);
  TestClient second(server.port());
  EXPECT_EQ(second.receive().status, 503);
}

TEST_F(ServerTest, only_a_trusted_proxy_names_the_client) {
  server.start();
  constexpr std::string_view kFields =
      "X-Forwarded-For: 10.0.0.1, 203.0.113.7\r\nX-Forwarded-Proto: https\r\n";
  EXPECT_EQ(TestClient(server.port()).get("/peer", kFields).body, "127.0.0.1 plain");
  TestServer behind;
  behind.router.add(Method::get, "/peer", {}, peer);
  behind.options.trusted_proxies = {"127.0.0.1"};
  behind.start();
  TestClient client(behind.port());
  EXPECT_EQ(client.get("/peer", kFields).body, "203.0.113.7 secure");
  EXPECT_EQ(client.get("/peer", "X-Forwarded-For: <script>\r\n").body, "127.0.0.1 plain");
}

TEST_F(ServerTest, a_port_in_use_is_a_conflict) {
  server.start();
  ServerOptions options;
  options.listen = server.server->bound_address();
  Server other(options, server.router, *server.offload, server.clock, server.metrics);
  const auto started = other.start();
  ASSERT_FALSE(started);
  EXPECT_EQ(started.error().kind, ErrorKind::conflict);
  EXPECT_NE(started.error().message.find(options.listen), std::string::npos);
}

TEST_F(ServerTest, a_listen_address_that_cannot_be_read_is_invalid) {
  for (const auto* text :
       {"", "8080", "localhost", "127.0.0.1:", "127.0.0.1:99999", "::1:80", "a:b"}) {
    ServerOptions options;
    options.listen = text;
    Offload offload({}, server.metrics);
    Server other(options, server.router, offload, server.clock, server.metrics);
    const auto started = other.start();
    ASSERT_FALSE(started) << text;
    EXPECT_EQ(started.error().kind, ErrorKind::invalid) << text;
  }
}

TEST_F(ServerTest, request_stop_ends_idle_and_endless_at_once_and_lets_answers_finish) {
  server.options.stop_deadline = Duration::from_s(20);
  server.start();
  TestClient idle(server.port());
  EXPECT_EQ(idle.get("/hello").status, 200);
  TestClient watching(server.port());
  watching.send("GET /events HTTP/1.1\r\nHost: x\r\n\r\n");
  std::string seen;
  while (seen.find("data: x") == std::string::npos) seen += watching.read_bytes(1);
  TestClient waiting(server.port());
  waiting.send(
      "POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(waiting.receive().status, 100);
  server.server->request_stop();
  server.server->request_stop();
  EXPECT_TRUE(idle.at_end());
  while (!watching.read_bytes(1).empty()) {
  }
  waiting.send("abc");
  const auto answer = waiting.receive();
  EXPECT_EQ(answer.body, "abc");
  EXPECT_EQ(answer.header("connection"), "close");
  EXPECT_TRUE(waiting.at_end());
  server.server->join();
  EXPECT_EQ(server.server->connections(), 0u);
}

TEST_F(ServerTest, a_handler_that_does_not_end_is_cancelled_at_the_deadline) {
  server.options.stop_deadline = Duration::from_ms(50);
  server.start();
  TestClient client(server.port());
  client.send("GET /wait HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_TRUE(eventually([&] { return server.server->connections() == 1; }));
  server.server->request_stop();
  server.server->join();
  EXPECT_EQ(client.receive().status, 0);
}

TEST_F(ServerTest, counts_requests_by_route_and_status) {
  server.start();
  TestClient client(server.port());
  client.get("/name/a");
  client.get("/name/b");
  client.get("/nowhere");
  EXPECT_TRUE(metrics_show(
      "oriel_http_requests_total{method=\"GET\",route=\"/name/{name}\",status=\"2xx\"} 2"));
  EXPECT_TRUE(
      metrics_show("oriel_http_requests_total{method=\"any\",route=\"none\",status=\"4xx\"} 1"));
}

}  // namespace
}  // namespace oriel::http
