#include "http/websocket.h"

#include <boost/asio/experimental/awaitable_operators.hpp>
#include <gtest/gtest.h>

#include "http/signal.h"
#include "http/test_client.h"
#include "http/websocket_origin.h"

namespace oriel::http {
namespace {

using namespace boost::asio::experimental::awaitable_operators;

// RFC 6455 frames by hand, so that the client can also misbehave.
std::string masked_frame(unsigned opcode, std::string_view payload) {
  std::string frame;
  frame.push_back(static_cast<char>(0x80 | opcode));
  if (payload.size() < 126) {
    frame.push_back(static_cast<char>(0x80 | payload.size()));
  } else {
    frame.push_back(static_cast<char>(0x80 | 127));
    for (int shift = 56; shift >= 0; shift -= 8)
      frame.push_back(static_cast<char>(payload.size() >> shift));
  }
  frame += std::string("\0\0\0\0", 4);  // a mask of zeros changes nothing
  frame += payload;
  return frame;
}

struct Frame {
  unsigned opcode = 0;  // 0 when the connection ended
  std::string payload;
  unsigned close_code() const {
    return payload.size() < 2 ? 0
                              : static_cast<unsigned char>(payload[0]) * 256u +
                                    static_cast<unsigned char>(payload[1]);
  }
};

Frame read_frame(TestClient& client) {
  Frame frame;
  const std::string head = client.read_bytes(2);
  if (head.size() < 2) return frame;
  std::size_t length = static_cast<unsigned char>(head[1]) & 0x7f;
  const std::size_t extra = length == 126 ? 2 : length == 127 ? 8 : 0;
  if (extra > 0) {
    length = 0;
    for (const char c : client.read_bytes(extra))
      length = length << 8 | static_cast<unsigned char>(c);
  }
  frame.opcode = static_cast<unsigned char>(head[0]) & 0x0f;
  frame.payload = client.read_bytes(length);
  return frame;
}

TestAnswer open_socket(TestClient& client, std::string_view path, std::string_view fields = {}) {
  client.send("GET " + std::string(path) +
              " HTTP/1.1\r\nHost: window.example\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
              "Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n" +
              std::string(fields) + "\r\n");
  return client.receive();
}

Awaitable<void> echo(Request&, WebSocket& socket) {
  while (true) {
    Result<WebSocketMessage> message = co_await socket.read();
    if (!message) co_return;
    if (message->text) {
      const Result<void> sent = co_await socket.write_text("echo " + message->data);
      if (!sent) co_return;
    } else {
      std::vector<MemorySlice> slices;
      slices.push_back(MemorySlice::of(std::string("echo ")));
      slices.push_back(MemorySlice::of(std::move(message->data)));
      const Result<void> sent = co_await socket.write_binary(std::move(slices));
      if (!sent) co_return;
    }
  }
}

Awaitable<void> read_all(WebSocket& socket) {
  while (true) {
    const Result<WebSocketMessage> message = co_await socket.read();
    if (!message) co_return;
  }
}

// What the part socket does: parts go out as they come, and reading notices the end.
Awaitable<void> write_all(WebSocket& socket, Signal& signal, SharedBytes part) {
  std::uint64_t seen = 0;
  while (true) {
    const bool changed = co_await signal.wait(seen, Duration::from_s(60));
    if (!changed) co_return;
    seen = signal.version();
    std::vector<MemorySlice> slices;
    slices.push_back(MemorySlice::of(part));
    const Result<void> sent = co_await socket.write_binary(std::move(slices));
    if (!sent) co_return;
  }
}
Awaitable<void> serve_parts(WebSocket& socket, Signal& signal, SharedBytes part) {
  co_await (read_all(socket) || write_all(socket, signal, part));
}
Awaitable<void> flood(WebSocket& socket, SharedBytes part) {
  while (true) {
    std::vector<MemorySlice> slices;
    slices.push_back(MemorySlice::of(part));
    const Result<void> sent = co_await socket.write_binary(std::move(slices));
    if (!sent) co_return;
  }
}
Awaitable<void> flood_and_read(WebSocket& socket, SharedBytes part) {
  co_await (read_all(socket) || flood(socket, part));
}

Awaitable<std::optional<Response>> deny_some(Request& request, const Operation&) {
  if (request.query.first("deny")) co_return Response::empty(401);
  co_return std::nullopt;
}

class WebSocketTest : public ::testing::Test {
 protected:
  WebSocketTest() : part(std::make_shared<const Bytes>(100'000, std::uint8_t{'p'})) {
    server.router.add_websocket("/echo", {}, echo);
    server.router.add_websocket(
        "/parts", {}, [this](Request&, WebSocket& s) { return serve_parts(s, signal, part); });
    server.router.add_websocket("/flood", {},
                                [this](Request&, WebSocket& s) { return flood_and_read(s, part); });
    server.router.set_before(deny_some);
  }
  template <class Condition>
  static bool eventually(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::yield();
    }
    return true;
  }

  Signal signal;
  SharedBytes part;
  TestServer server;
  std::vector<std::unique_ptr<TestClient>> clients;
};

TEST_F(WebSocketTest, echoes_text_and_binary_and_closes_cleanly) {
  server.start();
  TestClient client(server.port());
  const auto opened = open_socket(client, "/echo");
  EXPECT_EQ(opened.status, 101);
  EXPECT_EQ(opened.header("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
  client.send(masked_frame(1, "hello"));
  auto frame = read_frame(client);
  EXPECT_EQ(frame.opcode, 1u);
  EXPECT_EQ(frame.payload, "echo hello");
  client.send(masked_frame(2, "bytes"));
  frame = read_frame(client);
  EXPECT_EQ(frame.opcode, 2u);
  EXPECT_EQ(frame.payload, "echo bytes");
  client.send(masked_frame(9, "p"));
  EXPECT_EQ(read_frame(client).opcode, 10u);
  client.send(masked_frame(8, "\x03\xe8"));
  frame = read_frame(client);
  EXPECT_EQ(frame.opcode, 8u);
  EXPECT_EQ(frame.close_code(), 1000u);
  EXPECT_TRUE(client.at_end());
}

TEST_F(WebSocketTest, a_message_over_the_bound_closes_with_1009) {
  server.start();
  TestClient client(server.port());
  open_socket(client, "/echo");
  client.send(masked_frame(2, std::string((64 << 10) + 1, 'x')));
  EXPECT_EQ(read_frame(client).close_code(), 1009u);
}

TEST_F(WebSocketTest, parts_reach_every_socket_when_the_signal_is_set) {
  server.options.threads = 2;
  server.start();
  for (int i = 0; i < 20; ++i) {
    clients.push_back(std::make_unique<TestClient>(server.port()));
    EXPECT_EQ(open_socket(*clients.back(), "/parts").status, 101);
  }
  signal.notify();
  for (auto& client : clients) {
    const auto frame = read_frame(*client);
    EXPECT_EQ(frame.opcode, 2u);
    EXPECT_EQ(frame.payload.size(), part->size());
  }
  clients.clear();
  EXPECT_TRUE(eventually([&] { return server.server->connections() == 0; }))
      << "the end of reading ends the writer that waits";
}

TEST_F(WebSocketTest, a_peer_that_never_reads_is_dropped) {
  server.options.write_timeout = Duration::from_ms(200);
  server.start();
  TestClient client(server.port(), 8192);
  EXPECT_EQ(open_socket(client, "/flood").status, 101);
  EXPECT_TRUE(eventually([&] { return server.server->connections() == 0; }));
  EXPECT_NE(server.metrics.render().find("reason=\"slow_reader\"} 1"), std::string::npos);
}

TEST_F(WebSocketTest, a_silent_peer_is_pinged_and_dropped) {
  server.options.websocket_idle = Duration::from_ms(300);
  server.start();
  TestClient client(server.port());
  open_socket(client, "/echo");
  EXPECT_EQ(read_frame(client).opcode, 9u);
  EXPECT_TRUE(eventually([&] { return server.server->connections() == 0; }));
}

TEST_F(WebSocketTest, stopping_closes_with_1001) {
  server.options.stop_deadline = Duration::from_s(60);
  server.start();
  for (const auto* path : {"/echo", "/parts"}) {
    clients.push_back(std::make_unique<TestClient>(server.port()));
    EXPECT_EQ(open_socket(*clients.back(), path).status, 101);
  }
  server.server->request_stop();
  for (auto& client : clients) {
    EXPECT_EQ(read_frame(*client).close_code(), 1001u);
    client->send(masked_frame(8, "\x03\xe9"));
    EXPECT_TRUE(client->at_end());
  }
  clients.clear();
  server.server->join();
  EXPECT_EQ(server.metrics.render().find("reason=\"stopped\"} 1"), std::string::npos);
}

TEST_F(WebSocketTest, before_and_origin_are_asked_first) {
  server.start();
  EXPECT_EQ(open_socket(*std::make_unique<TestClient>(server.port()), "/echo?deny=1").status, 401);
  TestClient foreign(server.port());
  EXPECT_EQ(open_socket(foreign, "/echo", "Origin: https://evil.example\r\n").status, 403);
  TestClient own(server.port());
  EXPECT_EQ(open_socket(own, "/echo", "Origin: http://window.example\r\n").status, 101);
}

TEST_F(WebSocketTest, a_handshake_without_its_fields_is_refused) {
  server.start();
  TestClient client(server.port());
  EXPECT_EQ(client.get("/echo", "Upgrade: websocket\r\n").status, 400);
  TestClient plain(server.port());
  EXPECT_EQ(plain.get("/echo").status, 426);
}

TEST(Origin, must_be_the_hosts_own_or_a_named_one) {
  const auto allowed = [](std::string_view host, std::string_view origin) {
    Request request;
    request.headers.add("Host", host);
    request.headers.add("Origin", origin);
    return is_origin_allowed(request, {"https://museum.example"});
  };
  EXPECT_TRUE(allowed("a.example", "https://a.example"));
  EXPECT_TRUE(allowed("a.example:443", "https://a.example"));
  EXPECT_TRUE(allowed("a.example:8080", "http://A.example:8080"));
  EXPECT_TRUE(allowed("a.example", "https://museum.example"));
  EXPECT_FALSE(allowed("a.example:8080", "http://a.example"));
  EXPECT_FALSE(allowed("a.example", "https://a.example.evil"));
  EXPECT_FALSE(allowed("a.example", "https://evila.example"));
  EXPECT_FALSE(allowed("a.example", "null"));
  EXPECT_FALSE(allowed("", "http://"));
  EXPECT_TRUE(is_origin_allowed(Request{}, {})) << "not a browser";
}

}  // namespace
}  // namespace oriel::http
