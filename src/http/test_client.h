// A server and a blocking client for the tests of this folder.
#pragma once
#include <cstdlib>
#include <map>
#include <string>
#include <string_view>

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include "http/server.h"

namespace oriel::http {

struct TestServer {
  Metrics metrics;
  SystemClock clock;
  Router router;
  ServerOptions options = fast();
  std::optional<Offload> offload;
  std::optional<Server> server;

  // Short times, so that what is overdue is seen soon.
  static ServerOptions fast() {
    ServerOptions options;
    options.listen = "127.0.0.1:0";
    options.sweep_interval = Duration::from_ms(20);
    return options;
  }
  void start() {
    offload.emplace(OffloadOptions{}, metrics);
    server.emplace(options, router, *offload, clock, metrics);
    const auto started = server->start();
    ASSERT_TRUE(started) << started.error().message;
  }
  std::uint16_t port() const { return server->port(); }
};

struct TestAnswer {
  int status = 0;
  std::map<std::string, std::string> headers;  // names in lower case
  std::string body;
  std::string header(const std::string& name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? "" : found->second;
  }
};

class TestClient {
 public:
  explicit TestClient(std::uint16_t port, int receive_buffer_bytes = 0) {
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (receive_buffer_bytes > 0)
      ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer_bytes, sizeof(int));
    ::sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    const int done = ::connect(socket_, reinterpret_cast<::sockaddr*>(&address), sizeof address);
    EXPECT_EQ(done, 0);
    // No test waits longer than this for anything.
    const ::timeval limit{20, 0};
    ::setsockopt(socket_, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }
  ~TestClient() { ::close(socket_); }
  TestClient(const TestClient&) = delete;
  TestClient& operator=(const TestClient&) = delete;

  int native() const { return socket_; }

  // False when the server has closed.
  bool send(std::string_view text) {
    while (!text.empty()) {
      const auto count = ::send(socket_, text.data(), text.size(), MSG_NOSIGNAL);
      if (count <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(count));
    }
    return true;
  }

  TestAnswer get(std::string_view target, std::string_view fields = {}) {
    return request("GET", target, fields);
  }
  TestAnswer request(std::string_view method, std::string_view target, std::string_view fields = {},
                     std::string_view body = {}) {
    std::string text = std::string(method) + " " + std::string(target) +
                       " HTTP/1.1\r\nHost: localhost\r\n" + std::string(fields);
    if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
    text += "\r\n";
    text += body;
    send(text);
    return receive(method == "HEAD");
  }

  // One whole answer; status 0 when the connection ended before its header was complete.
  TestAnswer receive(bool head_only = false) {
    TestAnswer answer;
    std::size_t end = 0;
    while ((end = pending_.find("\r\n\r\n")) == std::string::npos)
      if (!more()) return answer;
    const std::string head = pending_.substr(0, end + 2);
    pending_.erase(0, end + 4);
    parse_head(head, answer);
    if (head_only || answer.status < 200 || answer.status == 204 || answer.status == 304)
      return answer;
    if (answer.headers.contains("content-length")) {
      const std::size_t length = std::stoul(answer.header("content-length"));
      while (pending_.size() < length && more()) {
      }
      answer.body = pending_.substr(0, length);
      pending_.erase(0, answer.body.size());
    } else if (answer.header("transfer-encoding") == "chunked") {
      read_chunks(answer);
    } else {
      while (more()) {
      }
      answer.body = std::exchange(pending_, {});
    }
    return answer;
  }

  // Raw bytes until there are `count`, or the end.
  std::string read_bytes(std::size_t count) {
    while (pending_.size() < count && more()) {
    }
    std::string bytes = pending_.substr(0, count);
    pending_.erase(0, bytes.size());
    return bytes;
  }
  // True when the server has closed and nothing is left to read.
  bool at_end() { return pending_.empty() && !more(); }

 private:
  bool more() {
    char buffer[65536];
    const auto count = ::recv(socket_, buffer, sizeof buffer, 0);
    if (count <= 0) return false;
    pending_.append(buffer, static_cast<std::size_t>(count));
    return true;
  }
  static void parse_head(const std::string& head, TestAnswer& answer) {
    answer.status = std::atoi(head.c_str() + 9);
    std::size_t at = head.find("\r\n") + 2;
    while (at < head.size()) {
      const auto end = head.find("\r\n", at);
      const auto colon = head.find(':', at);
      std::string name = head.substr(at, colon - at);
      for (char& c : name) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
      EXPECT_FALSE(answer.headers.contains(name)) << name << " twice";
      answer.headers[name] = head.substr(colon + 2, end - colon - 2);
      at = end + 2;
    }
  }
  void read_chunks(TestAnswer& answer) {
    while (true) {
      std::size_t line = 0;
      while ((line = pending_.find("\r\n")) == std::string::npos)
        if (!more()) return;
      const std::size_t length = std::stoul(pending_.substr(0, line), nullptr, 16);
      while (pending_.size() < line + 2 + length + 2)
        if (!more()) return;
      answer.body += pending_.substr(line + 2, length);
      pending_.erase(0, line + 2 + length + 2);
      if (length == 0) return;
    }
  }

  int socket_ = -1;
  std::string pending_;
};

}  // namespace oriel::http
