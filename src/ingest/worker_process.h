// A worker: another process of the same program that does what may crash or hang (decoding what
// came from outside), limited by the kernel.
#pragma once
#include <chrono>
#include <cstdint>
#include <string>
#include <vector>

#include <sys/types.h>

#include "base/result.h"

namespace oriel::ingest {

struct WorkerCommand {
  // Called as: program worker NAME, with the socket as its standard input and output.
  std::string program = "/proc/self/exe";
  std::string name;
  std::uint64_t address_space_bytes = std::uint64_t{1} << 30;
  std::uint32_t cpu_seconds = 0;  // 0: no bound
  int niceness = 5;
  // The kernel kills the worker when the thread that started it ends. Only for a thread that lives
  // as long as its worker.
  bool dies_with_thread = true;
};

// Owns the process and our end of its socket; the destructor kills and reaps it.
class WorkerProcess {
 public:
  WorkerProcess() = default;
  ~WorkerProcess() { end(); }
  WorkerProcess(WorkerProcess&& other) noexcept;
  WorkerProcess& operator=(WorkerProcess&& other) noexcept;

  // Errors: exhausted (no process or descriptor is to be had), internal. Does not wait for the
  // program to begin: one that cannot be started closes the socket at once.
  static Result<WorkerProcess> start(const WorkerCommand& command);

  bool running() const { return pid_ > 0; }
  int fd() const { return fd_; }
  pid_t pid() const { return pid_; }
  // Kills it, reaps it, closes the socket. Says how it had ended before that, for a log line.
  std::string end();

 private:
  pid_t pid_ = -1;
  int fd_ = -1;
};

}  // namespace oriel::ingest
