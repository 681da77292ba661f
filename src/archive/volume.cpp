#include "archive/volume.h"

#include <random>
#include <system_error>

#include <fmt/format.h>

#include "archive/file_names.h"
#include "base/json.h"
#include "base/log.h"

namespace oriel::archive {
namespace {

constexpr std::size_t kMarkerBytesMax = 4096;
// Large enough not to fit where a part would not, small enough to be tried every second.
constexpr std::size_t kProbeBytes = std::size_t{256} << 10;

std::string make_uuid() {
  std::random_device device;
  std::string uuid;
  for (int i = 0; i < 4; ++i) uuid += fmt::format("{:08x}", device());
  return uuid;
}

Result<void> write_marker(FileSystem& file_system, const std::string& root,
                          const VolumeMarker& marker) {
  const std::string text = format_marker(marker);
  return write_whole_file(file_system, join_path(root, kMarkerFile), as_bytes(text));
}

Result<VolumeMarker> load_marker(FileSystem& file_system, const std::string& root) {
  const std::string path = join_path(root, kMarkerFile);
  ORIEL_TRY_ASSIGN(const auto bytes, read_small_file(file_system, path, kMarkerBytesMax));
  auto marker = parse_marker(bytes);
  if (!marker) return fail(std::move(marker).error().within(path));
  return marker;
}

struct VolumeRow {
  std::string path;
  std::string uuid;
  bool draining = false;
};

Result<std::optional<VolumeRow>> load_row(store::Database& database, const VolumeId& id) {
  std::optional<VolumeRow> found;
  ORIEL_TRY(database.read([&](store::Session& session) {
    return session.query("SELECT path, marker, draining_us FROM volume WHERE id = $1", {id.str()},
                         [&](const store::Row& row) {
                           found = VolumeRow{row.text(0), row.text(1), !row.is_null(2)};
                         });
  }));
  return found;
}

Result<void> save_row(store::Database& database, const VolumeOptions& options,
                      const std::string& uuid, UtcTime now) {
  return database.write_durable([&](store::Session& session) -> Result<void> {
    ORIEL_TRY(session.execute(
        "INSERT INTO volume (id, path, marker, added_us) VALUES ($1, $2, $3, $4)"
        " ON CONFLICT (id) DO UPDATE SET path = excluded.path, marker = excluded.marker",
        {options.id.str(), options.path, uuid, now.us}));
    return {};
  });
}

// The uuid of a volume that has no row yet: from its marker, else a new one.
Result<std::string> claim(const VolumeOptions& options, FileSystem& file_system) {
  ORIEL_TRY(file_system.make_folders(options.path));
  auto marker = load_marker(file_system, options.path);
  if (marker) {
    if (marker->volume != options.id.str())
      return fail(ErrorKind::conflict, fmt::format("{} belongs to volume {}, not to {}",
                                                   options.path, marker->volume, options.id.str()));
    log::info("volume {}: {} carries this volume's marker, adopted", options.id.str(),
              options.path);
    return marker->uuid;
  }
  // An unreadable marker is not written over: a person must look.
  if (marker.error().kind != ErrorKind::not_found) return fail(std::move(marker).error());
  VolumeMarker made;
  made.volume = options.id.str();
  made.uuid = make_uuid();
  ORIEL_TRY(write_marker(file_system, options.path, made));
  log::info("volume {}: {} is used for the first time", options.id.str(), options.path);
  return made.uuid;
}

Result<void> probe(FileSystem& file_system, const std::string& root) {
  const std::string path = join_path(root, kProbeFile);
  Result<void> written;
  {
    auto file = file_system.open(path, OpenMode::create);
    if (!file) return fail(std::move(file).error());
    const Bytes zeros(kProbeBytes);
    const ByteView piece = zeros;
    written = (*file)->write(0, std::span(&piece, 1));
    if (written) written = (*file)->sync();
  }
  ORIEL_TRY(file_system.remove(path));
  return written;
}

VolumeState state_of(const Error& error) {
  switch (error.kind) {
    case ErrorKind::exhausted:
      return VolumeState::full;
    case ErrorKind::denied:
      return VolumeState::readonly;
    case ErrorKind::not_found:
      return VolumeState::missing;
    default:
      return VolumeState::failed;
  }
}

}  // namespace

media::Reason reason_of(VolumeState state) {
  switch (state) {
    case VolumeState::ok:
      return media::Reason::none;
    case VolumeState::full:
      return media::Reason::disk_full;
    case VolumeState::readonly:
    case VolumeState::failed:
    case VolumeState::missing:
      return media::Reason::disk_failed;
  }
  return media::Reason::disk_failed;
}

Result<VolumeMarker> parse_marker(ByteView bytes) {
  if (bytes.size() > kMarkerBytesMax) return fail(ErrorKind::invalid, "the marker is too large");
  json::parse_options options;
  options.max_depth = 4;
  std::error_code error;
  const auto value = json::parse(as_text(bytes), error, {}, options);
  if (error) return fail(ErrorKind::invalid, "the marker is not JSON: " + error.message());
  ORIEL_TRY_ASSIGN(auto marker, from_json<VolumeMarker>(value, "marker"));
  if (marker.version != 1)
    return fail(ErrorKind::invalid, "the marker is of a newer version of Oriel");
  if (!parse_slug(marker.volume)) return fail(ErrorKind::invalid, "marker.volume: is not an id");
  if (marker.uuid.size() != 32 ||
      marker.uuid.find_first_not_of("0123456789abcdef") != std::string::npos)
    return fail(ErrorKind::invalid, "marker.uuid: expected 32 hexadecimal digits");
  return marker;
}

std::string format_marker(const VolumeMarker& marker) {
  return json::serialize(to_json(marker)) + "\n";
}

Volume::Volume(VolumeOptions options, FileSystem& file_system, std::string uuid)
    : options_(std::move(options)), file_system_(file_system), uuid_(std::move(uuid)) {}

Result<std::unique_ptr<Volume>> Volume::open(VolumeOptions options, FileSystem& file_system,
                                             store::Database& database, UtcTime now) {
  ORIEL_TRY_ASSIGN(const auto row, load_row(database, options.id));
  std::string uuid;
  if (row) {
    uuid = row->uuid;
    if (row->path != options.path) ORIEL_TRY(save_row(database, options, uuid, now));
  } else {
    auto claimed = claim(options, file_system);
    if (!claimed && claimed.error().kind == ErrorKind::conflict)
      return fail(std::move(claimed).error());
    if (claimed) {
      uuid = *claimed;
      ORIEL_TRY(save_row(database, options, uuid, now));
    } else {
      log::error("volume {}: cannot be used: {}", options.id.str(), claimed.error().message);
    }
  }
  std::unique_ptr<Volume> volume(new Volume(std::move(options), file_system, std::move(uuid)));
  volume->draining_ = row && row->draining;
  volume->refresh();
  return volume;
}

Result<void> Volume::claim_late(store::Database& database, UtcTime now) {
  {
    const std::lock_guard lock(mutex_);
    if (!uuid_.empty()) return {};
  }
  ORIEL_TRY_ASSIGN(auto uuid, claim(options_, file_system_));
  ORIEL_TRY(save_row(database, options_, uuid, now));
  const std::lock_guard lock(mutex_);
  uuid_ = std::move(uuid);
  return {};
}

Result<void> Volume::set_draining(bool draining, store::Database& database, UtcTime now) {
  const store::Value since = draining ? store::Value(now.us) : store::Value(nullptr);
  ORIEL_TRY(database.write_durable([&](store::Session& session) -> Result<void> {
    ORIEL_TRY(session.execute("UPDATE volume SET draining_us = $2 WHERE id = $1",
                              {options_.id.str(), since}));
    return {};
  }));
  draining_ = draining;
  log::info("volume {}: {}", options_.id.str(),
            draining ? "takes no more recordings and gives its own to others" : "is used again");
  return {};
}

std::string Volume::path_of(std::string_view relative_path) const {
  return join_path(options_.path, relative_path);
}

VolumeStatus Volume::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

VolumeState Volume::state() const {
  const std::lock_guard lock(mutex_);
  return status_.state;
}

void Volume::set_state(VolumeState state, std::string message) {
  VolumeState before;
  {
    const std::lock_guard lock(mutex_);
    before = status_.state;
    status_.state = state;
    status_.message = message;
  }
  if (before == state) return;
  if (state == VolumeState::ok)
    log::info("volume {}: can be written again", options_.id.str());
  else
    log::error("volume {}: {}: {}", options_.id.str(),
               boost::describe::enum_to_string(state, "failed"), message);
}

Result<void> Volume::check_marker() {
  std::string uuid;
  {
    const std::lock_guard lock(mutex_);
    uuid = uuid_;
  }
  if (uuid.empty()) return fail(ErrorKind::not_found, "it could not be set up yet");
  auto marker = load_marker(file_system_, options_.path);
  if (!marker) {
    const std::lock_guard lock(mutex_);
    status_.another_disk = false;
  }
  if (!marker && marker.error().kind == ErrorKind::not_found)
    return fail(ErrorKind::not_found, "no marker in " + options_.path + ": is it mounted?");
  if (!marker) return fail(std::move(marker).error());
  const bool another = marker->uuid != uuid;
  {
    const std::lock_guard lock(mutex_);
    status_.another_disk = another;
  }
  if (another)
    return fail(ErrorKind::not_found, "another disk (volume " + marker->volume + ") is at " +
                                          options_.path + ": it is left alone");
  return {};
}

bool Volume::refresh() {
  const VolumeState before = state();
  if (auto marker = check_marker(); !marker) {
    set_state(state_of(marker.error()), marker.error().message);
    return false;
  }
  const auto space = file_system_.space(options_.path);
  if (!space) {
    set_state(VolumeState::failed, space.error().message);
    return false;
  }
  {
    const std::lock_guard lock(mutex_);
    status_.free_bytes = space->free_bytes;
    status_.total_bytes = space->total_bytes;
  }
  if (space->read_only) {
    set_state(VolumeState::readonly, options_.path + " is mounted read-only");
    return false;
  }
  // A little more than the reserve must be free before it is used again, so that a volume at its
  // edge does not begin and end recordings every second.
  const std::uint64_t needed = before == VolumeState::full
                                   ? options_.reserve_bytes + options_.reserve_bytes / 16
                                   : options_.reserve_bytes;
  if (space->free_bytes < needed) {
    set_state(VolumeState::full,
              fmt::format("{} MiB free, {} MiB are kept in reserve", space->free_bytes >> 20,
                          options_.reserve_bytes >> 20));
    return false;
  }
  if (before == VolumeState::ok) return false;
  if (auto tried = probe(file_system_, options_.path); !tried) {
    set_state(state_of(tried.error()), tried.error().message);
    return false;
  }
  set_state(VolumeState::ok, "");
  return true;
}

void Volume::report_error(const Error& error) { set_state(state_of(error), error.message); }

Result<void> Volume::sync() { return file_system_.sync_all(options_.path); }

}  // namespace oriel::archive
