#include "app/archive_commands.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <set>

#include <fmt/format.h>
#include <sodium.h>
#include <sys/stat.h>

#include "app/folder_lock.h"
#include "app/shelf.h"
#include "archive/catalog.h"
#include "archive/file_names.h"
#include "archive/rebuild.h"
#include "archive/recovery.h"
#include "archive/verifier.h"
#include "archive/volume.h"
#include "base/hex.h"
#include "base/metrics.h"
#include "base/signing.h"
#include "store/database.h"

namespace oriel::app {
namespace {

int failed(const Error& error, int status = 1) {
  fmt::print(stderr, "oriel: {}\n", error.message);
  return status;
}

std::string_view name_of(media::Rendition rendition) {
  return boost::describe::enum_to_string(rendition, "?");
}

// Looks at recording after recording and says what is wrong.
class Verification {
 public:
  Verification(Shelf& shelf, const VerifyRequest& request)
      : shelf_(shelf),
        request_(request),
        verifier_(*shelf.database, archive::list_of(shelf.volume_views), *shelf.files, alarms_,
                  shelf.clock, request.copies),
        pace_(request.fast ? 0 : request.megabytes_per_second * 1e6) {}

  Result<int> run() {
    if (!request_.start.empty()) {
      ORIEL_TRY_ASSIGN(span_.begin, parse_rfc3339(request_.start));
    }
    if (!request_.end.empty()) {
      ORIEL_TRY_ASSIGN(span_.end, parse_rfc3339(request_.end));
    }
    if (span_.end <= span_.begin) return fail(ErrorKind::invalid, "--end: must be after --start");
    ORIEL_TRY_ASSIGN(const auto feeds, feeds_to_check());
    for (const auto& feed : feeds) ORIEL_TRY(check_recordings(feed));
    if (request_.start.empty() && request_.end.empty())
      for (const auto& feed : feeds) ORIEL_TRY(check_chain(feed));
    fmt::print(
        "{} recordings, {} bytes read: {} whole, {} repaired, {} damaged, {} lost, {} out "
        "of reach; {} seals, {} of them or of what they list wrong\n",
        count_, bytes_, whole_, repaired_, damaged_, lost_, unreachable_, seals_, wrong_);
    if (damaged_ + lost_ + wrong_ > 0) return 1;
    return unreachable_ > 0 ? 2 : 0;
  }

 private:
  Result<std::set<FeedId>> feeds_to_check();
  Result<void> check_recordings(const FeedId& feed);
  Result<void> check_one(const archive::HashedRecording& recording);
  Result<void> check_chain(const FeedId& feed);

  Shelf& shelf_;
  const VerifyRequest& request_;
  archive::LogAlarms alarms_;
  archive::Verifier verifier_;
  archive::Pace pace_;
  UtcSpan span_{UtcTime{0}, UtcTime{INT64_MAX}};
  std::uint64_t count_ = 0;
  std::uint64_t bytes_ = 0;
  std::uint64_t whole_ = 0;
  std::uint64_t repaired_ = 0;
  std::uint64_t damaged_ = 0;
  std::uint64_t lost_ = 0;
  std::uint64_t unreachable_ = 0;
  std::uint64_t seals_ = 0;
  std::uint64_t wrong_ = 0;
  std::uint64_t said_bytes_ = 0;
};

Result<std::set<FeedId>> Verification::feeds_to_check() {
  std::set<FeedId> feeds;
  const auto add = [&](const store::Row& row) { feeds.insert(FeedId(row.text(0))); };
  ORIEL_TRY(shelf_.database->read([&](store::Session& session) -> Result<void> {
    // Feed by feed through the index: a DISTINCT would read every row.
    for (std::string after;;) {
      const auto known = feeds.size();
      ORIEL_TRY(session.query("SELECT MIN(feed) FROM recording WHERE feed > $1", {after},
                              [&](const store::Row& row) {
                                if (!row.is_null(0)) add(row);
                              }));
      if (feeds.size() == known) break;
      after = feeds.rbegin()->str();
    }
    return session.query("SELECT DISTINCT feed FROM seal", {}, add);
  }));
  if (request_.feed.empty()) return feeds;
  const FeedId wanted(request_.feed);
  if (!feeds.contains(wanted))
    return fail(ErrorKind::not_found, "nothing is recorded of feed " + request_.feed);
  return std::set<FeedId>{wanted};
}

Result<void> Verification::check_recordings(const FeedId& feed) {
  const archive::Catalog catalog(*shelf_.database, nullptr);
  for (const auto rendition :
       {media::Rendition::main, media::Rendition::sub, media::Rendition::made}) {
    for (std::optional<UtcTime> begin = span_.begin; begin;) {
      ORIEL_TRY_ASSIGN(const auto page,
                       catalog.recordings(feed, rendition, {*begin, span_.end}, 200));
      for (const auto& row : page.rows) {
        if (row.open()) continue;
        std::optional<archive::HashedRecording> recording;
        ORIEL_TRY(shelf_.database->read([&](store::Session& session) -> Result<void> {
          ORIEL_TRY_ASSIGN(recording, archive::closed_recording(session, row.id));
          return {};
        }));
        if (recording) ORIEL_TRY(check_one(*recording));
      }
      begin = page.next;
    }
  }
  return {};
}

Result<void> Verification::check_one(const archive::HashedRecording& recording) {
  const auto& row = recording.row;
  ORIEL_TRY_ASSIGN(const auto verified, verifier_.verify(recording, pace_));
  ++count_;
  bytes_ += verified.bytes_read;
  const auto say = [&](std::string_view state) {
    fmt::print("{}: recording {} of feed {} ({}), {}: {}\n", state, row.id.value, row.feed.str(),
               name_of(row.rendition), format_rfc3339(row.start), verified.what);
    for (const auto& span : verified.damaged)
      fmt::print("  unreadable: {} to {}\n", format_rfc3339(span.begin), format_rfc3339(span.end));
  };
  using archive::Verdict;
  switch (verified.verdict) {
    case Verdict::whole:
      ++whole_;
      break;
    case Verdict::repaired:
      ++repaired_;
      say("repaired");
      break;
    case Verdict::damaged:
      ++damaged_;
      say("damaged");
      break;
    case Verdict::lost:
      ++lost_;
      say("lost");
      break;
    case Verdict::unreachable:
      ++unreachable_;
      break;
    case Verdict::gone:
      break;
  }
  if (bytes_ - said_bytes_ > (std::uint64_t{1} << 30)) {
    said_bytes_ = bytes_;
    fmt::print(stderr, "{} recordings, {} GiB, feed {} at {}\n", count_, bytes_ >> 30,
               row.feed.str(), format_rfc3339(row.start));
  }
  return {};
}

Result<void> Verification::check_chain(const FeedId& feed) {
  ORIEL_TRY_ASSIGN(const auto report, verifier_.verify_chain(feed, {}));
  seals_ += report.seals;
  wrong_ += report.wrong.size();
  for (const auto& wrong : report.wrong) fmt::print("wrong: {}\n", wrong);
  return {};
}

// Makes the new database beside the old one.
class Rebuilding {
 public:
  Rebuilding(const Config& config, const RebuildRequest& request)
      : config_(config), request_(request) {}

  Result<int> run() {
    ::umask(0077);
    ORIEL_TRY(lock_.take(config_.data));
    ORIEL_TRY(choose_target());
    ORIEL_TRY_ASSIGN(const auto report, make());
    if (!path_.empty()) ORIEL_TRY(switch_over());
    for (const auto& note : report.notes) fmt::print("{}\n", note);
    fmt::print(
        "{} recordings ({} bytes), {} of them known from their file alone; {} damaged, {} lost, {} "
        "files without a whole part, {} foreign; {} journal lines, {} of them unreadable; {} "
        "seals\n",
        report.recordings, report.bytes, report.from_file, report.damaged, report.lost,
        report.no_recording, report.foreign, report.lines, report.unreadable_lines, report.seals);
    fmt::print(
        "accounts, tokens, walls, and feeds that were added in the desk are not on the "
        "volumes: add them again{}\n",
        aside_.empty() ? "" : ", or take them from " + aside_);
    return report.notes.empty() ? 0 : 1;
  }

 private:
  Result<void> choose_target();
  Result<archive::RebuildReport> make();
  Result<void> switch_over();

  const Config& config_;
  const RebuildRequest& request_;
  FolderLock lock_;
  std::string path_;  // of the database; empty: a server has it
  std::string url_;   // of the new one
  std::string aside_;
};

Result<void> Rebuilding::choose_target() {
  url_ = config_.database_url().reveal();
  constexpr std::string_view kFile = "sqlite:";
  if (!url_.starts_with(kFile)) return {};  // must be empty: rebuild() refuses otherwise
  path_ = url_.substr(kFile.size(), url_.find('?') - kFile.size());
  if (std::filesystem::exists(path_) && !request_.replace)
    return fail(ErrorKind::conflict, path_ +
                                         " exists; --replace puts it aside and nothing of it "
                                         "is deleted");
  for (const auto* suffix : {"", "-wal", "-shm"})
    std::filesystem::remove(path_ + ".rebuilt" + suffix);
  url_ = std::string(kFile) + path_ + ".rebuilt";
  return {};
}

Result<archive::RebuildReport> Rebuilding::make() {
  Shelf shelf;
  for (const auto& volume : volumes_of(config_)) {
    const auto marker = archive::join_path(volume.path, archive::kMarkerFile);
    if (!std::filesystem::exists(marker))
      return fail(ErrorKind::not_found, "there is no " + marker +
                                            ": is the volume mounted? A folder without it is not "
                                            "taken for an archive");
  }
  ORIEL_TRY_ASSIGN(shelf.database, store::open_database(url_, shelf.metrics));
  ORIEL_TRY(open_volumes(shelf, config_));
  archive::RebuildOptions options;
  options.quick = request_.quick;
  options.progress = [](archive::Day day, const archive::RebuildReport& so_far) {
    fmt::print(stderr, "{}: {} recordings, {} GiB\n", archive::format_date(day), so_far.recordings,
               so_far.bytes >> 30);
  };
  archive::Pace pace(0);
  return archive::rebuild(shelf.volume_views, *shelf.files, *shelf.database, options,
                          shelf.clock.now(), pace);
}

// At every moment there is a whole database under the right name: a start that found none would
// begin an empty one. The old one's log goes first: it must not be taken for the new one's.
Result<void> Rebuilding::switch_over() {
  namespace fs = std::filesystem;
  std::error_code error;
  const auto files = archive::make_posix_file_system();
  const auto folder = fs::absolute(path_).parent_path().string();
  if (fs::exists(path_)) {
    aside_ = fmt::format("{}.before-{}", path_, SystemClock().now().ms());
    fs::create_hard_link(path_, aside_, error);
    for (const auto* suffix : {"-wal", "-shm"})
      if (!error && fs::exists(path_ + suffix)) fs::rename(path_ + suffix, aside_ + suffix, error);
  }
  if (!error) ORIEL_TRY(files->sync_folder(folder));
  if (!error) fs::rename(path_ + ".rebuilt", path_, error);
  if (!error) ORIEL_TRY(files->sync_folder(folder));
  if (error) return fail(errno_error(error.value(), "put " + path_ + " in its place"));
  return {};
}

}  // namespace

int list_recordings(const Config& config, const std::string& feed, std::size_t count_max) {
  auto shelf = open_shelf(config);
  if (!shelf) return failed(shelf.error());
  const archive::Catalog catalog(*(*shelf)->database, nullptr);
  std::optional<UtcTime> begin = UtcTime{};
  std::size_t shown = 0;
  while (begin && shown < count_max) {
    const auto page =
        catalog.recordings(FeedId(feed), media::Rendition::main, {*begin, UtcTime{INT64_MAX}});
    if (!page) return failed(page.error());
    for (const auto& row : page->rows) {
      if (shown++ == count_max) break;
      fmt::print("{:>10}  {}  {}  {:>12}  {}\n", row.id.value, format_rfc3339(row.start),
                 format_rfc3339(row.end), row.bytes,
                 row.ended ? boost::describe::enum_to_string(*row.ended, "") : "open");
    }
    begin = page->next;
  }
  return 0;
}

int list_volumes(const Config& config) {
  auto shelf = open_shelf(config);
  if (!shelf) return failed(shelf.error());
  struct Held {
    std::int64_t recordings = 0;
    std::int64_t bytes = 0;
  };
  std::map<std::string, Held> held;
  std::map<std::string, std::int64_t> moving;
  const auto counted = (*shelf)->database->read([&](store::Session& session) -> Result<void> {
    held.clear();
    moving.clear();
    ORIEL_TRY(session.query("SELECT volume, COUNT(*), SUM(bytes) FROM recording GROUP BY volume",
                            {}, [&](const store::Row& row) {
                              held[row.text(0)] = {row.integer(1), row.integer(2)};
                            }));
    return session.query("SELECT to_volume, COUNT(*) FROM moving GROUP BY to_volume", {},
                         [&](const store::Row& row) { moving[row.text(0)] = row.integer(1); });
  });
  if (!counted) return failed(counted.error());
  constexpr double kGiB = 1 << 30;
  fmt::print("{:<12} {:<9} {:>12} {:>12} {:>11} {:>12}  path\n", "volume", "state", "free GiB",
             "of GiB", "recordings", "GiB");
  for (const auto* volume : (*shelf)->volume_views) {
    const auto status = volume->status();
    const auto& id = volume->id().str();
    const auto& on = held[id];
    fmt::print("{:<12} {:<9} {:>12.1f} {:>12.1f} {:>11} {:>12.3f}  {}\n", id,
               boost::describe::enum_to_string(status.state, "?"),
               static_cast<double>(status.free_bytes) / kGiB,
               static_cast<double>(status.total_bytes) / kGiB, on.recordings,
               static_cast<double>(on.bytes) / kGiB, volume->path());
    if (!status.message.empty()) fmt::print("  {}\n", status.message);
    if (volume->draining())
      fmt::print("  {}\n",
                 on.recordings == 0
                     ? std::string("drained: no recording lies on it any more")
                     : fmt::format("draining: {} recordings are still to be moved", on.recordings));
    if (moving[id] > 0) fmt::print("  a copy to it is under way\n");
    held.erase(id);
  }
  for (const auto& [id, on] : held)
    if (on.recordings > 0)
      fmt::print("{:<12} is not in the configuration, and {} recordings lie on it\n", id,
                 on.recordings);
  return 0;
}

int verify_archive(const Config& config, const VerifyRequest& request) {
  auto shelf = open_shelf(config);
  if (!shelf) return failed(shelf.error(), 2);
  const auto status = Verification(**shelf, request).run();
  return status ? *status : failed(status.error(), 2);
}

int rebuild_archive(const Config& config, const RebuildRequest& request) {
  const auto status = Rebuilding(config, request).run();
  return status ? *status : failed(status.error(), 2);
}

int show_key(const Config& config) {
  if (sodium_init() < 0) return 2;
  const auto key = SigningKey::load(config.key_file());
  if (!key) return failed(key.error());
  fmt::print("{}\n{}", key->public_key().hex(), key->public_key().pem());
  return 0;
}

}  // namespace oriel::app
