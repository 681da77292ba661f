// keep_alive_load PORT FILE CLIENTS SECONDS: asks 127.0.0.1:PORT for the paths of FILE (one a line)
// in turn over CLIENTS connections that are kept, from one epoll thread, each client as soon as its
// last answer is whole. Prints {"answers", "errors", "bytes", "median_ms", "p99_ms"} of the window
// after a first second of warming.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

constexpr double kWarm_s = 1;

double now_s() {
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}

struct Client {
  int fd = -1;
  std::string in;       // until the head is whole
  long left = -1;       // bytes of the body still to come; -1: the head is not whole
  bool failed = false;  // not a 200
  double asked_s = 0;
};

struct Totals {
  long answers = 0, errors = 0, bytes = 0;
  std::vector<double> waits_ms;
};

int connect_to(int port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(static_cast<std::uint16_t>(port));
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<sockaddr*>(&to), sizeof(to)) != 0) {
    std::perror("connect");
    std::exit(1);
  }
  const int one = 1;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
  return fd;
}

class Load {
 public:
  Load(int port, std::vector<std::string> paths) : port_(port), paths_(std::move(paths)) {}

  void run(int clients, double seconds) {
    const int poller = ::epoll_create1(0);
    std::vector<Client> all(static_cast<std::size_t>(clients));
    for (auto& client : all) {
      client.fd = connect_to(port_);
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.ptr = &client;
      ::epoll_ctl(poller, EPOLL_CTL_ADD, client.fd, &event);
      ask(client);
    }
    begin_s_ = now_s() + kWarm_s;
    while (now_s() < begin_s_ + seconds) {
      epoll_event events[64];
      const int count = ::epoll_wait(poller, events, 64, 100);
      for (int i = 0; i < count; ++i) take(*static_cast<Client*>(events[i].data.ptr));
    }
  }

  void print() {
    auto& waits = totals_.waits_ms;
    std::sort(waits.begin(), waits.end());
    const auto at = [&](double part) {
      return waits.empty() ? 0 : waits[static_cast<std::size_t>(part * (waits.size() - 1))];
    };
    std::printf(
        "{\"answers\": %ld, \"errors\": %ld, \"bytes\": %ld, \"median_ms\": %.3f, \"p99_ms\": "
        "%.3f}\n",
        totals_.answers, totals_.errors, totals_.bytes, at(0.5), at(0.99));
  }

 private:
  void ask(Client& client) {
    const std::string request =
        "GET " + paths_[next_++ % paths_.size()] + " HTTP/1.1\r\nHost: localhost\r\n\r\n";
    if (::send(client.fd, request.data(), request.size(), 0) !=
        static_cast<ssize_t>(request.size())) {
      std::perror("send");
      std::exit(1);
    }
    client.asked_s = now_s();
  }

  void take(Client& client) {
    char buffer[65'536];
    const ssize_t count = ::recv(client.fd, buffer, sizeof(buffer), 0);
    if (count <= 0) {
      std::fprintf(stderr, "the server closed a connection\n");
      std::exit(1);
    }
    if (client.left >= 0) {
      client.left -= count;
    } else {
      client.in.append(buffer, static_cast<std::size_t>(count));
      const auto end = client.in.find("\r\n\r\n");
      if (end == std::string::npos) return;
      const auto length = client.in.find("Content-Length: ");
      if (length == std::string::npos || length > end) {
        std::fprintf(stderr, "no length: %s\n", client.in.c_str());
        std::exit(1);
      }
      client.failed = client.in.compare(9, 3, "200") != 0;
      client.left = std::atol(client.in.c_str() + length + 16);
      if (now_s() >= begin_s_) totals_.bytes += client.left;
      client.left -= static_cast<long>(client.in.size() - end - 4);
      client.in.clear();
    }
    if (client.left > 0) return;
    client.left = -1;
    if (const double now = now_s(); now >= begin_s_) {
      ++(client.failed ? totals_.errors : totals_.answers);
      totals_.waits_ms.push_back((now - client.asked_s) * 1000);
    }
    ask(client);
  }

  const int port_;
  const std::vector<std::string> paths_;
  std::size_t next_ = 0;
  double begin_s_ = 0;
  Totals totals_;
};

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) return 2;
  std::vector<std::string> paths;
  std::ifstream in(argv[2]);
  for (std::string line; std::getline(in, line);) paths.push_back(line);
  Load load(std::atoi(argv[1]), std::move(paths));
  load.run(std::atoi(argv[3]), std::atof(argv[4]));
  load.print();
}
