// A named thread that is asked to stop and then joined.
#pragma once
#include <functional>
#include <stop_token>
#include <string>
#include <thread>

namespace oriel {

// Runs `body` on a new thread called `name` (cut to 15 characters, as Linux shows it). An exception
// that leaves `body` is logged and ends the program: it is a bug. The destructor asks and joins.
class NamedThread {
 public:
  NamedThread() = default;
  NamedThread(std::string name, std::function<void(std::stop_token)> body);
  void request_stop() { thread_.request_stop(); }
  void join() {
    if (thread_.joinable()) thread_.join();
  }
  bool running() const { return thread_.joinable(); }

 private:
  std::jthread thread_;
};

}  // namespace oriel
