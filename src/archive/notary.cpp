#include "archive/notary.h"

#include <algorithm>
#include <set>
#include <utility>

#include "archive/file_check.h"
#include "archive/file_names.h"
#include "archive/recording_rows.h"
#include "archive/segment_sums.h"
#include "base/hex.h"
#include "base/log.h"

namespace oriel::archive {
namespace {

constexpr std::size_t kDaysAtOnce = 256;

Result<Seal> read_seal_file(FileSystem& file_system, const std::string& path) {
  ORIEL_TRY_ASSIGN(const auto bytes, read_small_file(file_system, path, kSealBytesMax));
  auto seal = parse_seal(as_text(bytes));
  if (!seal) return fail(ErrorKind::data_loss, path + ": " + seal.error().message);
  ORIEL_TRY(check_seal(*seal));
  return seal;
}

bool earlier(const SealEntry& a, const SealEntry& b) {
  return std::tuple(a.as, a.start, a.rendition, a.recording) <
         std::tuple(b.as, b.start, b.rendition, b.recording);
}

}  // namespace

Result<Seal> load_seal(const std::vector<Volume*>& volumes, FileSystem& file_system,
                       const FeedId& feed, Day day, std::int64_t number) {
  const std::string name = seal_file(feed, day, number);
  Error worst{ErrorKind::not_found, name + " is on no volume"};
  for (const auto* volume : volumes) {
    auto seal = read_seal_file(file_system, volume->path_of(name));
    if (seal && seal->head.feed == feed && seal->head.number == number) return seal;
    if (!seal && seal.error().kind != ErrorKind::not_found) worst = std::move(seal).error();
  }
  return fail(std::move(worst));
}

Notary::Notary(store::Database& database, VolumeList volumes, FileSystem& file_system,
               std::shared_ptr<const SigningKey> key, Writer* writer, const Clock& clock)
    : database_(database),
      volumes_(std::move(volumes)),
      file_system_(file_system),
      key_(std::move(key)),
      writer_(writer),
      clock_(clock) {}

Result<std::size_t> Notary::work(Pace& pace) {
  const std::lock_guard lock(working_);
  ORIEL_TRY(write_pending());
  std::vector<UnsealedDay> days;
  ORIEL_TRY(database_.read([&](store::Session& session) -> Result<void> {
    // Today's, too: what recovery closed is hashed soon and not tomorrow.
    ORIEL_TRY_ASSIGN(days, unsealed_days(session, end_of(day_of(clock_.now())), kDaysAtOnce));
    return {};
  }));
  const Day today = day_of(clock_.now());
  std::size_t made = 0;
  for (const auto& day : days) {
    ORIEL_TRY(hash_missing(day.feed, day.day, pace));
    if (!key_ || day.day >= today) continue;
    auto sealed = make(day.feed, day.day);
    if (!sealed) {
      log::warn("feed {}: {} is not sealed yet: {}", day.feed.str(), format_date(day.day),
                sealed.error().message);
      continue;
    }
    if (*sealed) ++made;
  }
  ORIEL_TRY(write_pending());
  return made;
}

Result<void> Notary::seal_day(const FeedId& feed, Day day, Pace& pace) {
  if (!key_) return fail(ErrorKind::unsupported, "this program has no key to sign with");
  const std::lock_guard lock(working_);
  // What a crash left is written first: the next seal must not list the same again.
  ORIEL_TRY(write_pending());
  ORIEL_TRY(hash_missing(feed, day, pace));
  ORIEL_TRY(make(feed, day));
  return write_pending();
}

Result<void> Notary::hash_missing(const FeedId& feed, Day day, Pace& pace) {
  std::vector<RecordingRow> rows;
  ORIEL_TRY(database_.read([&](store::Session& session) -> Result<void> {
    rows.clear();
    ORIEL_TRY_ASSIGN(auto found, closed_recordings(session, feed, {begin_of(day), end_of(day)}));
    for (auto& item : found)
      if (!item.sha256) rows.push_back(std::move(item.row));
    return {};
  }));
  const auto volumes = volumes_();
  for (const auto& row : rows) {
    const auto volume = std::ranges::find_if(
        volumes, [&](const auto* candidate) { return candidate->id() == row.volume; });
    if (volume == volumes.end()) continue;
    const auto path =
        (*volume)->path_of(recording_file(row.feed, row.rendition, row.id, row.start));
    const auto file = file_system_.open(path, OpenMode::read);
    if (!file) continue;  // the verifier says so
    ExpectedFile expected;
    expected.row = row;
    ORIEL_TRY_ASSIGN(const auto check, check_file(**file, expected, pace));
    if (!check.sha256 || !check.whole()) continue;
    if (writer_ != nullptr) {
      JournalEntry entry;
      entry.at_us = clock_.now().us;
      entry.kind = JournalKind::recording_hashed;
      entry.feed = row.feed.str();
      entry.recording = row.id.value;
      entry.start_us = row.start.us;
      entry.end_us = row.end.us;
      entry.rendition = row.rendition;
      entry.reason = row.ended;
      entry.bytes = static_cast<std::int64_t>(row.bytes);
      entry.frames = row.frames;
      entry.index = format_index(row.segment_index);
      entry.sha256 = format_hex(*check.sha256);
      writer_->note_journal(row.volume, std::move(entry));
    }
    ORIEL_TRY(database_.write(
        [&](store::Session& session) { return set_hash(session, row.id, *check.sha256); }));
  }
  return {};
}

Result<std::vector<SealEntry>> Notary::listed_entries(const FeedId& feed, Day day) {
  std::vector<SealHead> heads;
  ORIEL_TRY(database_.read([&](store::Session& session) -> Result<void> {
    ORIEL_TRY_ASSIGN(heads, seal_heads(session, feed, day));
    return {};
  }));
  std::vector<SealEntry> listed;
  for (const auto& head : heads) {
    ORIEL_TRY_ASSIGN(auto seal, load_seal(volumes_(), file_system_, feed, day, head.number));
    listed.insert(listed.end(), seal.entries.begin(), seal.entries.end());
  }
  return listed;
}

Result<std::vector<SealEntry>> Notary::new_entries(store::Session& session, const FeedId& feed,
                                                   Day day, const std::vector<SealEntry>& listed) {
  std::set<std::pair<SealedAs, std::int64_t>> known;
  for (const auto& entry : listed) known.insert({entry.as, entry.recording.value});
  std::vector<SealEntry> entries;
  ORIEL_TRY_ASSIGN(const auto recordings,
                   closed_recordings(session, feed, {begin_of(day), end_of(day)}));
  for (const auto& item : recordings) {
    const auto& row = item.row;
    if (!item.sha256 || known.contains({SealedAs::recorded, row.id.value})) continue;
    entries.push_back({SealedAs::recorded, row.id, row.rendition, row.start, row.end, row.bytes,
                       *item.sha256, RecordingId{}});
  }
  ORIEL_TRY(session.query(
      "SELECT recording, rendition, start_us, end_us, replaced_by FROM unsealed_deletion"
      " WHERE feed = $1 AND day = $2",
      {feed.str(), format_date(day)}, [&](const store::Row& row) {
        entries.push_back({SealedAs::deleted, RecordingId{row.integer(0)},
                           static_cast<media::Rendition>(row.integer(1)), UtcTime{row.integer(2)},
                           UtcTime{row.integer(3)}, 0, Sha256Digest{},
                           RecordingId{row.integer(4)}});
      }));
  std::sort(entries.begin(), entries.end(), earlier);
  return entries;
}

// True when there was something to seal.
Result<bool> Notary::make(const FeedId& feed, Day day) {
  ORIEL_TRY_ASSIGN(const auto listed, listed_entries(feed, day));
  bool made = false;
  ORIEL_TRY(database_.write_durable([&](store::Session& session) -> Result<void> {
    made = false;
    ORIEL_TRY_ASSIGN(auto entries, new_entries(session, feed, day, listed));
    ORIEL_TRY_ASSIGN(const auto last, last_seal(session, feed));
    ORIEL_TRY(session.execute("DELETE FROM unsealed WHERE feed = $1 AND day = $2",
                              {feed.str(), format_date(day)}));
    if (entries.empty()) return {};
    SealHead head;
    head.feed = feed;
    head.number = last ? last->number + 1 : 1;
    head.day = day;
    head.made = clock_.now();
    if (last) head.previous = last->head;
    const auto seal = make_seal(std::move(head), std::move(entries), *key_);
    ORIEL_TRY(put_seal(session, seal.head, format_seal(seal)));
    ORIEL_TRY(session.execute("DELETE FROM unsealed_deletion WHERE feed = $1 AND day = $2",
                              {feed.str(), format_date(day)}));
    made = true;
    return {};
  }));
  return made;
}

Result<void> Notary::write_pending() {
  std::vector<std::pair<SealHead, Bytes>> pending;
  ORIEL_TRY(database_.read([&](store::Session& session) {
    pending.clear();
    return session.query(
        "SELECT feed, number, day, unwritten FROM seal WHERE unwritten IS NOT NULL"
        " ORDER BY feed, number LIMIT 64",
        {}, [&](const store::Row& row) {
          SealHead head;
          head.feed = FeedId(row.text(0));
          head.number = row.integer(1);
          head.day = parse_date(row.text(2)).value_or(Day{});
          pending.emplace_back(std::move(head), row.blob(3));
        });
  }));
  for (const auto& item : pending) {
    const auto& head = item.first;
    const auto& text = item.second;
    ORIEL_TRY(write_file(head, text));
    ORIEL_TRY(database_.write([&](store::Session& session) -> Result<void> {
      ORIEL_TRY(session.execute("UPDATE seal SET unwritten = NULL WHERE feed = $1 AND number = $2",
                                {head.feed.str(), head.number}));
      return {};
    }));
  }
  return {};
}

// On every volume that can be written; one is enough. Errors: of the last one that failed.
Result<void> Notary::write_file(const SealHead& head, const Bytes& text) {
  const std::string name = seal_file(head.feed, head.day, head.number);
  Error error{ErrorKind::unavailable, "no volume can be written"};
  std::size_t copies = 0;
  for (const auto* volume : volumes_()) {
    const auto state = volume->state();
    // The reserve of a full volume is for this, too.
    if (state != VolumeState::ok && state != VolumeState::full) continue;
    const auto written = write_whole_file(file_system_, volume->path_of(name), text);
    if (written)
      ++copies;
    else
      error = written.error();
  }
  if (copies == 0) return fail(std::move(error).within(name));
  return {};
}

}  // namespace oriel::archive
