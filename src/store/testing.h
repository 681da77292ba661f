// Databases of both kinds for tests. Only included by tests.
#pragma once
#include <algorithm>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/result.h"
#include "base/temp_folder.h"
#include "store/postgres_connection.h"

namespace oriel::store::test {

// A PostgreSQL of Debian's package in a temporary folder, on a socket there and nowhere else. Goes
// with its owner, and with the program however that ends. Stops the test where it does not start.
class PostgresCluster {
 public:
  // The folder of PostgreSQL's programs; none where the package is not installed.
  static std::optional<std::filesystem::path> programs() {
    std::vector<std::filesystem::path> found;
    std::error_code none;
    for (const auto& version : std::filesystem::directory_iterator("/usr/lib/postgresql", none))
      if (std::filesystem::exists(version.path() / "bin/initdb"))
        found.push_back(version.path() / "bin");
    if (found.empty()) return std::nullopt;
    return *std::max_element(found.begin(), found.end());
  }

  PostgresCluster() {
    if (!programs()) {
      // Not skipped: the package is in packaging/debian-packages.txt, and a run without it would
      // say that all is well.
      std::fputs("PostgreSQL's server (postgresql-15) is not installed\n", stderr);
      ORIEL_CHECK(programs().has_value());
    }
    if (::geteuid() == 0) {
      // PostgreSQL refuses to run as root.
      const ::passwd* user = ::getpwnam("postgres");
      if (user == nullptr) user = ::getpwnam("nobody");
      ORIEL_CHECK(user != nullptr);
      uid_ = user->pw_uid;
      gid_ = user->pw_gid;
      ORIEL_CHECK(::chown(folder_.path().c_str(), uid_, gid_) == 0);
    }
    ORIEL_CHECK(succeeds("initdb", {"-D", data(), "-U", "oriel", "-A", "trust", "-N", "-E", "UTF8",
                                    "--locale=C.UTF-8"}));
    // Sleeping connections of killed tests must not use them all up.
    std::ofstream(folder_ / "data/postgresql.auto.conf")
        << "listen_addresses = ''\nunix_socket_directories = '" << folder_.path().string()
        << "'\nfsync = off\nfull_page_writes = off\nmax_connections = 200\n"
        << "default_transaction_isolation = 'read committed'\nlog_min_messages = warning\n";
    prepend_access("local all guarded scram-sha-256\n");
    start();
  }
  ~PostgresCluster() { stop(SIGINT); }
  PostgresCluster(const PostgresCluster&) = delete;
  PostgresCluster& operator=(const PostgresCluster&) = delete;

  // Returns when it answers.
  void start() {
    ORIEL_CHECK(server_ == 0);
    server_ = spawn("postgres", {"-D", data()});
    // pg_isready waits a second for an answer, but not for a server that does not listen yet.
    for (bool ready = false; !ready; ready = succeeds("pg_isready", {"-h", socket_folder()}))
      ORIEL_CHECK(::waitpid(server_, nullptr, WNOHANG) == 0);
  }
  // SIGINT: rolls back what is going on and ends. SIGQUIT: as if it had crashed.
  void stop(int signal) {
    if (server_ == 0) return;
    ::kill(server_, signal);
    ::waitpid(server_, nullptr, 0);
    server_ = 0;
  }
  // SIGSTOP, SIGCONT: to all its processes.
  void signal_all(int signal) const {
    ::kill(server_, signal);
    for (const auto& process : std::filesystem::directory_iterator("/proc")) {
      std::ifstream stat(process.path() / "stat");
      std::string text;
      std::getline(stat, text);
      // "pid (name) state parent …"
      const auto end = text.rfind(')');
      if (end == std::string::npos) continue;
      if (std::atoi(text.c_str() + end + 3) == server_) ::kill(std::atoi(text.c_str()), signal);
    }
  }

  // The address of a database of that name, made when it is not there; lower case and digits.
  std::string database(const std::string& name) {
    const auto connection = maintenance();
    std::int64_t found = 0;
    ORIEL_CHECK(connection
                    ->query("SELECT count(*) FROM pg_database WHERE datname = $1", {name},
                            [&](const Row& row) { found = row.integer(0); })
                    .has_value());
    if (found == 0) ORIEL_CHECK(connection->execute("CREATE DATABASE " + name, {}).has_value());
    return address(name);
  }
  // Nobody may be connected to it.
  void drop(const std::string& name) {
    ORIEL_CHECK(maintenance()->execute("DROP DATABASE IF EXISTS " + name, {}).has_value());
  }
  std::string address(const std::string& name, const std::string& user = "oriel") const {
    return "postgresql://" + user + "@/" + name + "?host=" + folder_.path().string();
  }

 private:
  std::unique_ptr<PostgresConnection> maintenance() const {
    auto connection = PostgresConnection::open({.address = Secret(address("postgres"))});
    ORIEL_CHECK(connection.has_value());
    return std::move(*connection);
  }
  std::string socket_folder() const { return folder_.path().string(); }
  std::string data() const { return (folder_ / "data").string(); }

  void prepend_access(const std::string& lines) const {
    const auto path = folder_ / "data/pg_hba.conf";
    std::ifstream before(path);
    const std::string rest((std::istreambuf_iterator<char>(before)), {});
    std::ofstream(path) << lines << rest;
  }

  bool succeeds(const char* program, std::vector<std::string> arguments) const {
    const pid_t child = spawn(program, std::move(arguments));
    int status = -1;
    return ::waitpid(child, &status, 0) == child && status == 0;
  }
  pid_t spawn(const char* program, std::vector<std::string> arguments) const {
    const auto path = (programs().value_or("") / program).string();
    arguments.insert(arguments.begin(), path);
    std::vector<char*> argv;
    for (auto& argument : arguments) argv.push_back(argument.data());
    argv.push_back(nullptr);
    const auto log = (folder_ / "log").string();
    const pid_t child = ::fork();
    ORIEL_CHECK(child >= 0);
    if (child > 0) return child;
    const int out = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0666);
    ::dup2(out, STDOUT_FILENO);
    ::dup2(out, STDERR_FILENO);
    if (uid_ != 0 && (::setgroups(0, nullptr) != 0 || ::setgid(gid_) != 0 || ::setuid(uid_) != 0))
      ::_exit(126);
    ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
    ::execv(argv[0], argv.data());
    ::_exit(127);
  }

  TempFolder folder_;
  uid_t uid_ = 0;
  gid_t gid_ = 0;
  pid_t server_ = 0;
};

// One for all tests of a program, started by the first that asks.
inline PostgresCluster& shared_cluster() {
  static PostgresCluster cluster;
  return cluster;
}

// The name of the PostgreSQL database that belongs to a test's folder.
inline std::string database_name(const std::filesystem::path& folder) {
  std::string name = "d";
  for (const char c : folder.filename().string()) {
    if (c >= 'A' && c <= 'Z') name += '_';
    if (std::isalnum(static_cast<unsigned char>(c)) != 0)
      name += static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  }
  return name;
}

// Where the environment says ORIEL_TEST_DATABASE=postgresql, the same tests run there.
inline bool on_postgresql() {
  const char* wanted = std::getenv("ORIEL_TEST_DATABASE");
  return wanted != nullptr && std::string(wanted) == "postgresql";
}

// The address of the database that belongs to `folder`, for open_database(), on the back end that
// this run of the tests is for.
inline std::string database_url(const std::filesystem::path& folder) {
  if (on_postgresql()) return shared_cluster().database(database_name(folder));
  return "sqlite:" + (folder / "oriel.db").string();
}

// Another database_url() of this folder begins with an empty one.
inline void remove_database(const std::filesystem::path& folder) {
  if (on_postgresql()) return shared_cluster().drop(database_name(folder));
  for (const char* name : {"oriel.db", "oriel.db-wal", "oriel.db-shm"})
    std::filesystem::remove(folder / name);
}

}  // namespace oriel::store::test
