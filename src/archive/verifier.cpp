#include "archive/verifier.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <boost/describe/enum_to_string.hpp>
#include <fmt/format.h>

#include "archive/damage_rows.h"
#include "archive/file_names.h"
#include "archive/journal.h"
#include "archive/notary.h"
#include "archive/seal_rows.h"
#include "archive/segment_sums.h"
#include "base/log.h"

namespace oriel::archive {
namespace {

constexpr std::size_t kCopyBlockBytes = std::size_t{1} << 20;

std::string file_of(const RecordingRow& row) {
  return recording_file(row.feed, row.rendition, row.id, row.start);
}

bool can_read(const Volume& volume) {
  const auto state = volume.state();
  return state != VolumeState::missing && state != VolumeState::failed;
}

}  // namespace

Verifier::Verifier(store::Database& database, VolumeList volumes, FileSystem& file_system,
                   AlarmSink& alarms, const Clock& clock, std::vector<std::string> copies)
    : database_(database),
      volumes_(std::move(volumes)),
      file_system_(file_system),
      alarms_(alarms),
      clock_(clock),
      copies_(std::move(copies)) {}

Result<Verified> Verifier::verify(const HashedRecording& recording, Pace& pace) {
  ORIEL_TRY_ASSIGN(auto verified, verify_once(recording, pace));
  if (verified.verdict != Verdict::gone) return verified;
  // Drained to another volume while it was read: there it is looked at.
  ORIEL_TRY_ASSIGN(const auto moved, now(recording.row.id));
  if (!moved) return verified;
  return verify_once(*moved, pace);
}

Result<Verified> Verifier::verify_once(const HashedRecording& recording, Pace& pace) {
  const auto& row = recording.row;
  const auto volumes = volumes_();
  const auto found =
      std::ranges::find_if(volumes, [&](const auto* volume) { return volume->id() == row.volume; });
  Verified verified;
  if (found == volumes.end() || !can_read(**found)) {
    verified.verdict = Verdict::unreachable;
    verified.what = "volume " + row.volume.str() + " is not there";
    return verified;
  }
  const auto& volume = **found;
  ORIEL_TRY_ASSIGN(auto checked, check(volume.path_of(file_of(row)), recording, pace));
  verified.bytes_read = checked.bytes_read;
  if (checked.whole() && !recording.sha256 && checked.sha256) {
    ORIEL_TRY(database_.write([&](store::Session& session) -> Result<void> {
      ORIEL_TRY(set_hash(session, row.id, *checked.sha256));
      return mark_unsealed(session, row.feed, day_of(row.start));
    }));
  }
  if (!checked.whole()) {
    // Deleted, drained to another volume, or unmounted while it was read?
    ORIEL_TRY_ASSIGN(const auto found_now, now(row.id));
    const bool there = found_now && found_now->row.volume == row.volume;
    if (!there || !can_read(volume)) {
      verified.verdict = there ? Verdict::unreachable : Verdict::gone;
      return verified;
    }
    verified.damaged = checked.damaged;
    verified.what = checked.what;
    verified.verdict = checked.bytes_read == 0 ? Verdict::lost : Verdict::damaged;
    ORIEL_TRY_ASSIGN(const bool repaired, repair(recording, volume, checked, pace));
    if (repaired) {
      verified.verdict = Verdict::repaired;
      verified.damaged.clear();
    }
  }
  ORIEL_TRY(note(row, verified));
  return verified;
}

Result<FileCheck> Verifier::check(const std::string& path, const HashedRecording& recording,
                                  Pace& pace) {
  const auto file = file_system_.open(path, OpenMode::read);
  if (!file) {
    FileCheck gone;
    gone.damaged = {recording.row.span()};
    gone.what =
        file.error().kind == ErrorKind::not_found ? "its file is gone" : file.error().message;
    return gone;
  }
  ExpectedFile expected{recording.row, recording.sha256, std::nullopt};
  ORIEL_TRY_ASSIGN(auto checked, check_file(**file, expected, pace));
  if (checked.whole()) return checked;
  for (const auto* volume : volumes_()) {
    expected.sums = find_sums(*volume, recording.row);
    if (!expected.sums) continue;
    return check_file(**file, expected, pace);
  }
  return checked;
}

std::optional<std::vector<std::uint32_t>> Verifier::find_sums(const Volume& volume,
                                                              const RecordingRow& row) const {
  std::optional<std::vector<std::uint32_t>> sums;
  // Filed by when the line was written: when the recording ended.
  const auto a_day = Duration::from_s(86'400);
  for (const auto day : {day_of(row.end), day_of(row.end + a_day), day_of(row.end - a_day)}) {
    const auto read = read_journal(volume, file_system_, day, [&](const JournalEntry& entry) {
      if (entry.recording == row.id.value && entry.sums &&
          entry.bytes == static_cast<std::int64_t>(row.bytes))
        sums = parse_sums(*entry.sums);
    });
    if (!read) log::warn("volume {}: journal: {}", volume.id().str(), read.error().message);
    if (sums) break;
  }
  return sums;
}

Result<std::optional<HashedRecording>> Verifier::now(RecordingId id) {
  std::optional<HashedRecording> found;
  ORIEL_TRY(database_.read([&](store::Session& session) -> Result<void> {
    ORIEL_TRY_ASSIGN(found, closed_recording(session, id));
    return {};
  }));
  return found;
}

// From a copy whose hash is the one that was written, and from nothing else.
Result<bool> Verifier::repair(const HashedRecording& recording, const Volume& volume,
                              const FileCheck& damage, Pace& pace) {
  if (!recording.sha256 || !volume.writable()) return false;
  const std::string name = file_of(recording.row);
  const std::string path = volume.path_of(name);
  std::vector<std::string> candidates;
  for (const auto* other : volumes_())
    if (other != &volume && can_read(*other)) candidates.push_back(other->path_of(name));
  for (const auto& folder : copies_) candidates.push_back(join_path(folder, name));
  for (const auto& candidate : candidates) {
    const auto file = file_system_.open(candidate, OpenMode::read);
    if (!file) continue;
    ORIEL_TRY_ASSIGN(const auto copy,
                     check_file(**file, {recording.row, recording.sha256, {}}, pace));
    if (!copy.whole()) continue;
    ORIEL_TRY_ASSIGN(const bool copied, copy_over(candidate, path, recording, pace));
    if (!copied) continue;
    log::info("recording {} of feed {}: repaired from {}", recording.row.id.value,
              recording.row.feed.str(), candidate);
    return true;
  }
  return damage.only_head ? repair_head(path, recording, pace) : Result<bool>(false);
}

// Under a temporary name that is read again before it takes the real one: what stood there stays
// until its copy is proven.
Result<bool> Verifier::copy_over(const std::string& from, const std::string& to,
                                 const HashedRecording& recording, Pace& pace) {
  const std::string temporary = to + ".new";
  const auto copy = [&]() -> Result<void> {
    ORIEL_TRY(file_system_.make_folders(to.substr(0, to.rfind('/'))));
    ORIEL_TRY_ASSIGN(const auto source, file_system_.open(from, OpenMode::read));
    ORIEL_TRY_ASSIGN(const auto target, file_system_.open(temporary, OpenMode::create));
    ORIEL_TRY(target->truncate(0));
    Bytes block(kCopyBlockBytes);
    for (std::uint64_t offset = 0; offset < recording.row.bytes;) {
      const auto wanted = static_cast<std::size_t>(
          std::min<std::uint64_t>(block.size(), recording.row.bytes - offset));
      if (!pace.take(wanted)) return fail(ErrorKind::cancelled, "stopped");
      ORIEL_TRY_ASSIGN(const auto count, source->read(offset, std::span(block).first(wanted)));
      if (count == 0) return fail(ErrorKind::data_loss, "the copy ends early");
      const auto piece = ByteView(block).first(count);
      ORIEL_TRY(target->write(offset, std::span(&piece, 1)));
      offset += count;
    }
    ORIEL_TRY(target->sync());
    ORIEL_TRY_ASSIGN(const auto checked,
                     check_file(*target, {recording.row, recording.sha256, {}}, pace));
    if (!checked.whole()) return fail(ErrorKind::data_loss, checked.what);
    // What was deleted or moved away since it was found damaged stays away.
    ORIEL_TRY_ASSIGN(const auto there, now(recording.row.id));
    if (!there || there->row.volume != recording.row.volume)
      return fail(ErrorKind::not_found, "it was deleted or moved meanwhile");
    ORIEL_TRY(file_system_.rename(temporary, to));
    return file_system_.sync_folder(to.substr(0, to.rfind('/')));
  };
  auto copied = copy();
  if (copied) return true;
  if (auto removed = file_system_.remove(temporary); !removed)
    log::warn("{} stays behind: {}", temporary, removed.error().message);
  if (copied.error().kind == ErrorKind::cancelled) return fail(std::move(copied).error());
  log::warn("recording {} is not repaired from {}: {}", recording.row.id.value, from,
            copied.error().message);
  return false;
}

// The init segment stands in the database, too.
Result<bool> Verifier::repair_head(const std::string& path, const HashedRecording& recording,
                                   Pace& pace) {
  Bytes init;
  ORIEL_TRY(database_.read([&](store::Session& session) {
    return session.query("SELECT bytes FROM init WHERE id = $1", {recording.row.init},
                         [&](const store::Row& row) { init = row.blob(0); });
  }));
  if (init.empty()) return false;
  const auto file = file_system_.open(path, OpenMode::write);
  if (!file) return false;
  const ByteView piece = init;
  if (!(*file)->write(0, std::span(&piece, 1)) || !(*file)->sync()) return false;
  ORIEL_TRY_ASSIGN(const auto checked,
                   check_file(**file, {recording.row, recording.sha256, {}}, pace));
  if (checked.whole())
    log::info("recording {} of feed {}: its head is repaired from the database",
              recording.row.id.value, recording.row.feed.str());
  return checked.whole();
}

Result<void> Verifier::note(const RecordingRow& row, const Verified& verified) {
  if (verified.damaged.empty()) {
    bool known = false;
    ORIEL_TRY(database_.read([&](store::Session& session) {
      return session.query("SELECT 1 FROM damage WHERE recording = $1 LIMIT 1", {row.id.value},
                           [&](const store::Row&) { known = true; });
    }));
    if (!known) return {};
  }
  bool changed = false;
  DamageCount count;
  ORIEL_TRY(database_.write([&](store::Session& session) -> Result<void> {
    ORIEL_TRY_ASSIGN(changed,
                     set_damage(session, row, verified.damaged, verified.what, clock_.now()));
    ORIEL_TRY_ASSIGN(count, count_damage(session, row.feed));
    return {};
  }));
  if (!verified.damaged.empty() && changed)
    log::error("recording {} of feed {} is damaged: {}", row.id.value, row.feed.str(),
               verified.what);
  if (count.recordings > 0)
    alarms_.raise(AlarmKind::damaged, row.feed.str(),
                  fmt::format("{} recordings are damaged, the first one at {}", count.recordings,
                              format_rfc3339(count.first)));
  else if (changed)
    alarms_.clear(AlarmKind::damaged, row.feed.str());
  return {};
}

Result<ChainReport> Verifier::verify_chain(const FeedId& feed, const std::set<PublicKey>& keys) {
  std::vector<SealHead> heads;
  ORIEL_TRY(database_.read([&](store::Session& session) -> Result<void> {
    ORIEL_TRY_ASSIGN(heads, seal_heads(session, feed));
    return {};
  }));
  ChainReport report;
  const auto wrong = [&](std::string what) {
    if (report.wrong.size() < ChainReport::kWrongMax) report.wrong.push_back(std::move(what));
  };
  std::set<std::int64_t> absent;   // listed, and not in the database
  std::set<std::int64_t> deleted;  // as the seals say
  Sha256Digest previous{};
  std::int64_t number = 0;
  for (const auto& head : heads) {
    ++report.seals;
    if (head.number != ++number || head.previous != previous)
      wrong(fmt::format("seal {} of feed {} does not follow the one before: the chain is broken",
                        head.number, feed.str()));
    number = head.number;
    previous = head.head;
    if (const auto checked = check_statement(head); !checked) wrong(checked.error().message);
    if (!(keys.empty() ? head.key == heads.back().key : keys.contains(head.key)))
      wrong(fmt::format("seal {} of feed {} was signed by another key: {}", head.number, feed.str(),
                        head.key.hex()));
    const auto seal = load_seal(volumes_(), file_system_, feed, head.day, head.number);
    if (!seal) {
      wrong(seal.error().message);
      continue;
    }
    if (!(seal->head == head))
      wrong(fmt::format("seal {} of feed {}: its file is not the one the database knows",
                        head.number, feed.str()));
    report.entries += seal->entries.size();
    for (const auto& entry : seal->entries) {
      if (entry.as == SealedAs::deleted) deleted.insert(entry.recording.value);
      if (entry.as == SealedAs::recorded) ORIEL_TRY(check_listed(entry, feed, absent, report));
    }
  }
  ORIEL_TRY(database_.read([&](store::Session& session) {
    return session.query("SELECT recording FROM unsealed_deletion WHERE feed = $1", {feed.str()},
                         [&](const store::Row& row) { deleted.insert(row.integer(0)); });
  }));
  for (const auto id : absent)
    if (!deleted.contains(id))
      wrong(
          fmt::format("recording {} of feed {} is sealed, but it is not in the database and no "
                      "seal says that it was deleted",
                      id, feed.str()));
  return report;
}

Result<void> Verifier::check_listed(const SealEntry& entry, const FeedId& feed,
                                    std::set<std::int64_t>& absent, ChainReport& report) {
  std::optional<HashedRecording> found;
  ORIEL_TRY(database_.read([&](store::Session& session) -> Result<void> {
    ORIEL_TRY_ASSIGN(found, closed_recording(session, entry.recording));
    return {};
  }));
  if (!found) {
    absent.insert(entry.recording.value);
    return {};
  }
  const auto& row = found->row;
  const bool same = row.feed == feed && row.rendition == entry.rendition &&
                    row.start == entry.start && row.end == entry.end && row.bytes == entry.bytes &&
                    found->sha256 == entry.sha256;
  if (!same && report.wrong.size() < ChainReport::kWrongMax)
    report.wrong.push_back(
        fmt::format("recording {} of feed {} is not in the database as it was "
                    "sealed",
                    entry.recording.value, feed.str()));
  return {};
}

}  // namespace oriel::archive
