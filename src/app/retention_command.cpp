#include "app/retention_command.h"

#include <filesystem>

#include <fmt/format.h>

#include "archive/retention.h"
#include "base/json.h"
#include "base/metrics.h"
#include "store/database.h"

namespace oriel::app {
namespace {

std::string in_words(std::int64_t bytes) {
  constexpr std::array kUnits = {"B", "KB", "MB", "GB", "TB", "PB"};
  auto value = static_cast<double>(bytes);
  std::size_t unit = 0;
  for (; value >= 1000 && unit + 1 < kUnits.size(); ++unit) value /= 1000;
  return fmt::format("{:.{}f} {}", value, value < 10 && unit > 0 ? 1 : 0, kUnits[unit]);
}

// As the running program sees them.
std::vector<archive::VolumeSpace> spaces_of(const Config& config) {
  auto volumes = config.volumes;
  if (volumes.empty()) {
    volumes.emplace_back();
    volumes.back().id = VolumeId("archive");
    volumes.back().path = (std::filesystem::path(config.data) / "archive").string();
  }
  const auto files = archive::make_posix_file_system();
  std::vector<archive::VolumeSpace> spaces;
  for (const auto& volume : volumes)
    if (const auto space = files->space(volume.path); space && !space->read_only)
      spaces.push_back({volume.id, space->free_bytes, volume.reserve_bytes});
  return spaces;
}

Result<archive::RetentionPlan> plan(const Config& config) {
  Metrics metrics;
  const SystemClock clock;
  auto database = store::open_database(config.database_url().reveal(), metrics);
  if (!database) return fail(std::move(database).error().within("database"));
  archive::RuleBook rules(**database);
  ORIEL_TRY(rules.load());
  rules.declare(config.retention);
  archive::Usage usage(**database, nullptr);
  ORIEL_TRY(usage.load([] { return true; }));
  archive::ChoiceInput input;
  input.rules = rules.rules();
  ORIEL_TRY_ASSIGN(input.holds, archive::HoldBook(**database, clock).in_force());
  input.volumes = spaces_of(config);
  input.now = clock.now();
  return archive::plan_retention(**database, usage, input);
}

template <class E>
std::string name_of(E value) {
  return boost::describe::enum_to_string(value, "?");
}

}  // namespace

int show_retention(const Config& config) {
  const auto planned = plan(config);
  if (!planned) {
    fmt::print(stderr, "oriel: {}\n", planned.error().message);
    return 1;
  }
  for (const auto& item : planned->items) {
    fmt::print("{:<20} {:<24} {:<13} {:>9} recordings {:>9}\n", item.feed, name_of(item.cause),
               name_of(item.action), item.recordings, in_words(item.bytes));
    for (const auto& span : item.spans)
      fmt::print("    {} to {}\n", format_rfc3339(span.start), format_rfc3339(span.end));
  }
  for (const auto& held : planned->held)
    fmt::print("hold {:<15} protects {:>9} recordings {:>9}\n", held.hold, held.recordings,
               in_words(held.bytes));
  for (const auto& unmet : planned->unmet)
    fmt::print("{} of {} cannot be met: {} too much{}\n", name_of(unmet.cause), unmet.subject,
               in_words(unmet.missing_bytes), unmet.by_holds ? ", and what remains is held" : "");
  fmt::print("{} recordings ({}) would be deleted, {} thinned\n", planned->deleted_recordings,
             in_words(planned->deleted_bytes), planned->thinned_recordings);
  if (!planned->complete) fmt::print("there are more: only the oldest were counted\n");
  return 0;
}

}  // namespace oriel::app
