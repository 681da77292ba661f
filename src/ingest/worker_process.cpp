#include "ingest/worker_process.h"

#include <cerrno>
#include <utility>

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

namespace oriel::ingest {
namespace {

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
// Their shadow memory takes terabytes of address space.
constexpr bool kLimitAddressSpace = false;
#else
constexpr bool kLimitAddressSpace = true;
#endif

void limit(int resource, rlim_t value) {
  const rlimit both = {value, value};
  setrlimit(static_cast<__rlimit_resource>(resource), &both);
}

// After fork() in a program of many threads: only calls that are safe in a signal handler.
[[noreturn]] void become_worker(int socket, const WorkerCommand& command, char* const* arguments,
                                pid_t parent) {
  if (command.dies_with_thread) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(127);
  }
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  signal(SIGPIPE, SIG_DFL);
  // Ctrl-C in a terminal is for the program; it ends its workers itself.
  setpgid(0, 0);
  dup2(socket, 0);
  dup2(socket, 1);
  syscall(SYS_close_range, 3U, ~0U, 0U);
  limit(RLIMIT_CORE, 0);
  limit(RLIMIT_NOFILE, 64);
  if (kLimitAddressSpace && command.address_space_bytes > 0)
    limit(RLIMIT_AS, command.address_space_bytes);
  if (command.cpu_seconds > 0) limit(RLIMIT_CPU, command.cpu_seconds);
  setpriority(PRIO_PROCESS, 0, command.niceness);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  execv(command.program.c_str(), arguments);
  _exit(127);
}

}  // namespace

WorkerProcess::WorkerProcess(WorkerProcess&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)), fd_(std::exchange(other.fd_, -1)) {}

WorkerProcess& WorkerProcess::operator=(WorkerProcess&& other) noexcept {
  if (this != &other) {
    end();
    pid_ = std::exchange(other.pid_, -1);
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

Result<WorkerProcess> WorkerProcess::start(const WorkerCommand& command) {
  int ends[2] = {-1, -1};
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0)
    return fail(errno_error(errno, "make a worker's socket"));
  std::string program = command.program;
  std::string word = "worker";
  std::string name = command.name;
  char* const arguments[] = {program.data(), word.data(), name.data(), nullptr};
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid == 0) become_worker(ends[1], command, arguments, parent);
  ::close(ends[1]);
  if (pid < 0) {
    const int code = errno;
    ::close(ends[0]);
    return fail(errno_error(code, "start a worker"));
  }
  WorkerProcess made;
  made.pid_ = pid;
  made.fd_ = ends[0];
  return made;
}

std::string WorkerProcess::end() {
  if (fd_ >= 0) ::close(std::exchange(fd_, -1));
  if (pid_ <= 0) return "not running";
  const pid_t pid = std::exchange(pid_, -1);
  int status = 0;
  // It may just be ending by itself; what it says is worth more than our own kill.
  pid_t ended = waitpid(pid, &status, WNOHANG);
  if (ended == 0) {
    ::kill(pid, SIGKILL);
    while ((ended = waitpid(pid, &status, 0)) < 0 && errno == EINTR) {
    }
    return "ended by us";
  }
  if (ended != pid) return "lost";
  if (WIFSIGNALED(status)) return "killed by signal " + std::to_string(WTERMSIG(status));
  return "ended with status " + std::to_string(WEXITSTATUS(status));
}

}  // namespace oriel::ingest
