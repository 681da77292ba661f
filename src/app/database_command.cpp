#include "app/database_command.h"

#include <chrono>
#include <fstream>

#include <fmt/format.h>
#include <sys/stat.h>

#include "app/folder_lock.h"
#include "base/metrics.h"
#include "store/copy.h"
#include "store/database.h"

namespace oriel::app {
namespace {

constexpr auto kTellEvery = std::chrono::seconds(2);

Result<std::string> address_of(const std::string& to) {
  if (!to.starts_with('@')) return to;
  std::ifstream file(to.substr(1));
  std::string line;
  if (!std::getline(file, line) || line.empty())
    return fail(ErrorKind::not_found, to.substr(1) + ": no address in its first line");
  return line;
}

Result<store::CopyReport> copy(const Config& config, const std::string& to) {
  FolderLock lock;
  ORIEL_TRY(lock.take(config.data));
  ORIEL_TRY_ASSIGN(const auto address, address_of(to));
  Metrics from_metrics;
  Metrics to_metrics;
  auto source = store::open_database(config.database_url().reveal(), from_metrics);
  if (!source) return fail(std::move(source).error().within("database"));
  auto target = store::open_database(address, to_metrics);
  if (!target) return fail(std::move(target).error().within("--to"));
  const auto backend =
      address.starts_with("sqlite:") ? store::Backend::sqlite : store::Backend::postgresql;
  auto told = std::chrono::steady_clock::now();
  return store::copy_database(**source, **target, backend, [&](const store::CopyProgress& at) {
    const auto now = std::chrono::steady_clock::now();
    if (now - told < kTellEvery && at.copied < at.total) return;
    told = now;
    fmt::print(stderr, "{}: {} of {}\n", at.table, at.copied, at.total);
  });
}

}  // namespace

int copy_database(const Config& config, const std::string& to) {
  ::umask(0077);
  const auto copied = copy(config, to);
  if (!copied) {
    fmt::print(stderr, "oriel: {}\n", copied.error().message);
    return 1;
  }
  fmt::print(
      "{} rows of {} tables are copied and counted; name the new database in the"
      " configuration and start the program\n",
      copied->rows, copied->tables);
  return 0;
}

}  // namespace oriel::app
