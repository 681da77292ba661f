// socket_load PORT FEEDS VIEWERS WARM_S SECONDS: viewers of the part socket in one epoll thread.
//
// Viewer i subscribes to feed cam{i modulo FEEDS} on 127.0.0.1:PORT. The head of each part is read,
// its media left in the kernel (MSG_TRUNC): the server's work is the same, the loader's smaller, so
// that one core holds thousands. A viewer stalls when its media ran out: a play buffer that starts
// with one second, filled by the durations of the parts that came. Prints {"mark": "begin"} when
// the counted window begins and the totals at its end, as delivery.py reads them.
#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>
#include <vector>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/tcp.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

namespace {

constexpr std::size_t kPartHead = 36;  // docs/reference/live-socket.md
constexpr double kStartBuffer_s = 1.0;

double now_s() {
  using namespace std::chrono;
  return duration<double>(steady_clock::now().time_since_epoch()).count();
}

struct Viewer {
  int fd = -1;
  bool upgraded = false;
  std::string subscription;   // sent when the socket is open
  std::string in;             // bytes of a frame's head that are not enough yet
  std::uint64_t skip = 0;     // bytes of the present frame still to be thrown away
  double played_until_s = 0;  // 0: not begun
  bool stalled = false;
  double last_part_s = 0;
};

struct Totals {
  std::uint64_t bytes = 0, parts = 0, skipped = 0, broken = 0, stalled = 0;
  std::vector<float> waits_ms;
};

std::uint64_t big_endian(const char* at, int count) {
  std::uint64_t value = 0;
  for (int i = 0; i < count; ++i) value = value << 8 | static_cast<unsigned char>(at[i]);
  return value;
}

std::string masked_text(const std::string& text) {
  const char mask[4] = {1, 2, 3, 4};
  std::string frame = "\x81";
  if (text.size() < 126) {  // RFC 6455 5.2: the shortest form is the only right one
    frame += static_cast<char>(0x80 | text.size());
  } else {
    frame += static_cast<char>(0x80 | 126);
    frame += static_cast<char>(text.size() >> 8);
    frame += static_cast<char>(text.size() & 255);
  }
  frame.append(mask, 4);
  for (std::size_t i = 0; i < text.size(); ++i) frame += static_cast<char>(text[i] ^ mask[i % 4]);
  return frame;
}

class Load {
 public:
  Load(int port, int feeds, int viewers, double warm_s, double counted_s)
      : port_(port), feeds_(feeds), warm_s_(warm_s), counted_s_(counted_s), viewers_(viewers) {}

  int run() {
    epoll_ = epoll_create1(0);
    const double start = now_s();
    std::size_t connected = 0;
    bool counting = false;
    double counted_from = 0;
    while (true) {
      const double now = now_s();
      // Half of the warm time is for connecting, evenly.
      const double due = (now - start) / (warm_s_ / 2) * static_cast<double>(viewers_.size());
      while (connected < viewers_.size() && static_cast<double>(connected) < due)
        if (!connect_one(connected++)) return 1;
      if (!counting && now - start >= warm_s_) {
        counting = true;
        counted_from = now;
        const auto broken = totals_.broken;
        totals_ = {};
        totals_.broken = broken;  // who is gone before the window is missing in it
        for (auto& viewer : viewers_) viewer.stalled = false;
        std::printf("{\"mark\": \"begin\"}\n");
        std::fflush(stdout);
      }
      if (counting && now - counted_from >= counted_s_) break;
      poll_once();
    }
    print(now_s() - counted_from);
    return 0;
  }

 private:
  bool connect_one(std::size_t index) {
    Viewer& viewer = viewers_[index];
    viewer.fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port_));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (connect(viewer.fd, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      std::perror("connect");
      return false;
    }
    const std::string hello =
        "GET /live/socket HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";
    viewer.subscription = masked_text(
        "{\"subscribe\": {\"slot\": 1, \"feed\": \"cam" + std::to_string(index % feeds_) +
        "\", \"rendition\": \"auto\", \"audio\": false, \"codecs\": [\"avc1\", \"mp4a\"]}}");
    if (send(viewer.fd, hello.data(), hello.size(), MSG_NOSIGNAL) !=
        static_cast<ssize_t>(hello.size()))
      return false;
    fcntl(viewer.fd, F_SETFL, O_NONBLOCK);
    epoll_event event{};
    event.events = EPOLLIN;
    event.data.u32 = static_cast<std::uint32_t>(index);
    return epoll_ctl(epoll_, EPOLL_CTL_ADD, viewer.fd, &event) == 0;
  }

  void poll_once() {
    epoll_event events[512];
    const int count = epoll_wait(epoll_, events, 512, 5);
    for (int i = 0; i < count; ++i) {
      Viewer& viewer = viewers_[events[i].data.u32];
      if (viewer.fd >= 0 && !read_some(viewer)) {
        ++totals_.broken;
        close(viewer.fd);
        viewer.fd = -1;
      }
    }
  }

  bool read_some(Viewer& viewer) {
    char buffer[4096];
    while (true) {
      if (viewer.skip > 0) {
        const std::size_t most = std::min<std::uint64_t>(viewer.skip, 1 << 20);
        const ssize_t got = recv(viewer.fd, nullptr, most, MSG_TRUNC | MSG_DONTWAIT);
        if (got == 0) return false;
        if (got < 0) return errno == EAGAIN;
        viewer.skip -= static_cast<std::uint64_t>(got);
        totals_.bytes += static_cast<std::uint64_t>(got);
        continue;
      }
      // Only as much as a frame's head and a part's head: the rest is thrown away unseen.
      const std::size_t most =
          viewer.upgraded ? 10 + kPartHead - std::min<std::size_t>(viewer.in.size(), 9 + kPartHead)
                          : sizeof buffer;
      const ssize_t got = recv(viewer.fd, buffer, std::min(most, sizeof buffer), MSG_DONTWAIT);
      if (got == 0) return false;
      if (got < 0) return errno == EAGAIN;
      totals_.bytes += static_cast<std::uint64_t>(got);
      viewer.in.append(buffer, static_cast<std::size_t>(got));
      if (!take(viewer)) return false;
    }
  }

  bool take(Viewer& viewer) {
    if (!viewer.upgraded) {
      const auto end = viewer.in.find("\r\n\r\n");
      if (end == std::string::npos) return viewer.in.size() < 8192;
      if (viewer.in.compare(9, 3, "101") != 0) return false;
      viewer.upgraded = true;
      if (send(viewer.fd, viewer.subscription.data(), viewer.subscription.size(), MSG_NOSIGNAL) !=
          static_cast<ssize_t>(viewer.subscription.size()))
        return false;
      viewer.in.erase(0, end + 4);
    }
    while (viewer.in.size() >= 2) {
      const std::uint8_t kind = static_cast<std::uint8_t>(viewer.in[0]) & 15;
      std::uint64_t length = static_cast<std::uint8_t>(viewer.in[1]) & 127;
      const std::size_t extra = length == 126 ? 2 : length == 127 ? 8 : 0;
      const std::size_t head = 2 + extra;
      if (viewer.in.size() < head) return true;
      if (extra > 0) length = big_endian(viewer.in.data() + 2, static_cast<int>(extra));
      if (kind == 8) return false;
      const bool part = kind == 2 && length >= kPartHead;
      if (part && viewer.in.size() < head + kPartHead) return true;
      if (kind == 9 && !pong(viewer)) return false;
      if (part && viewer.in[head] == 2) count_part(viewer, viewer.in.data() + head);
      const std::uint64_t whole = head + length;
      if (viewer.in.size() >= whole) {
        viewer.in.erase(0, whole);
      } else {
        viewer.skip = whole - viewer.in.size();
        viewer.in.clear();
        return true;
      }
    }
    return true;
  }

  static bool pong(Viewer& viewer) {
    const char frame[6] = {static_cast<char>(0x8a), static_cast<char>(0x80), 0, 0, 0, 0};
    return send(viewer.fd, frame, sizeof frame, MSG_NOSIGNAL) == sizeof frame;
  }

  void count_part(Viewer& viewer, const char* head) {
    const double now = now_s();
    const double duration = static_cast<double>(big_endian(head + 32, 4)) / 90'000;
    ++totals_.parts;
    if (head[2] & 2) ++totals_.skipped;
    if (viewer.last_part_s > 0)
      totals_.waits_ms.push_back(static_cast<float>((now - viewer.last_part_s) * 1000));
    viewer.last_part_s = now;
    if (viewer.played_until_s == 0) viewer.played_until_s = now + kStartBuffer_s;
    if (viewer.played_until_s < now) {
      if (!viewer.stalled) ++totals_.stalled;
      viewer.stalled = true;
      viewer.played_until_s = now + kStartBuffer_s;
    }
    viewer.played_until_s += duration;
  }

  void print(double seconds) {
    auto& waits = totals_.waits_ms;
    std::sort(waits.begin(), waits.end());
    const auto at = [&](double share) {
      return waits.empty() ? 0.0f : waits[static_cast<std::size_t>(share * (waits.size() - 1))];
    };
    rusage used{};
    getrusage(RUSAGE_SELF, &used);
    std::printf(
        "{\"mark\": \"end\", \"viewers\": %zu, \"secs\": %.2f, \"bytes\": %llu, \"parts\": %llu, "
        "\"skipped\": %llu, \"stalled_viewers\": %llu, \"errors\": {\"broken\": %llu}, "
        "\"segment_ms\": [%.1f, %.1f, %.1f], \"loader_cpu_s\": %.2f}\n",
        viewers_.size(), seconds, static_cast<unsigned long long>(totals_.bytes),
        static_cast<unsigned long long>(totals_.parts),
        static_cast<unsigned long long>(totals_.skipped),
        static_cast<unsigned long long>(totals_.stalled),
        static_cast<unsigned long long>(totals_.broken), at(0.5), at(0.95), at(0.99),
        static_cast<double>(used.ru_utime.tv_sec + used.ru_stime.tv_sec));
  }

  int port_;
  int feeds_;
  double warm_s_;
  double counted_s_;
  std::vector<Viewer> viewers_;
  int epoll_ = -1;
  Totals totals_;
};

}  // namespace

int main(int count, char** words) {
  if (count != 6) {
    std::fprintf(stderr, "socket_load PORT FEEDS VIEWERS WARM_S SECONDS\n");
    return 2;
  }
  rlimit files{65536, 65536};
  setrlimit(RLIMIT_NOFILE, &files);
  return Load(std::atoi(words[1]), std::atoi(words[2]), std::atoi(words[3]), std::atof(words[4]),
              std::atof(words[5]))
      .run();
}
