#include "archive/thinning.h"

#include <algorithm>

#include <fmt/format.h>

#include "archive/file_names.h"
#include "archive/part_walk.h"
#include "archive/recovery.h"
#include "archive/row_writer.h"
#include "base/log.h"
#include "media/part_builder.h"

namespace oriel::archive {
namespace {

constexpr Duration kJournalDeadline = Duration::from_s(30);
constexpr std::int64_t kMinute_s = 60;

std::string folder_of(const std::string& path) { return path.substr(0, path.rfind('/')); }

// A key frame where it lies in the old file.
struct KeyFrame {
  std::uint64_t file_offset = 0;
  media::VideoSample sample;
};

struct KeyFrames {
  std::vector<KeyFrame> frames;
  std::int64_t end = 0;  // ticks: where the last picture of the file ends
};

Result<KeyFrames> find_key_frames(const File& from, std::uint64_t end_bytes,
                                  const media::InitSummary& init, const ThinningPace& pace) {
  KeyFrames found;
  Bytes bytes;
  for (std::uint64_t at = init.bytes; at < end_bytes;) {
    ORIEL_TRY_ASSIGN(const auto head, load_part_head(from, at, end_bytes, init));
    // With the header of its mdat, which has 8 bytes or 16.
    bytes.resize(
        static_cast<std::size_t>(std::min<std::uint64_t>(head.head_bytes + 16, size_of(head))));
    ORIEL_TRY_ASSIGN(const auto count, from.read(at, bytes));
    if (count != bytes.size()) return fail(ErrorKind::data_loss, "a part is torn");
    ORIEL_TRY_ASSIGN(const auto samples, media::parse_video_samples(bytes, head));
    for (const auto& sample : samples) {
      if (sample.key) found.frames.push_back({at + sample.offset, sample});
      found.end = std::max(found.end, sample.decode_time + sample.duration);
    }
    if (!pace(bytes.size())) return fail(ErrorKind::cancelled, "stopped");
    at += size_of(head);
  }
  return found;
}

// The first of each minute since the first.
void keep_one_a_minute(std::vector<KeyFrame>& frames, std::int32_t timescale) {
  std::vector<KeyFrame> kept;
  std::int64_t minute = -1;
  for (const auto& frame : frames) {
    const auto from_first = frame.sample.decode_time - frames.front().sample.decode_time;
    const auto in = from_first / (kMinute_s * timescale);
    if (in == minute) continue;
    minute = in;
    kept.push_back(frame);
  }
  frames = std::move(kept);
}

// One part a picture, one after the other.
class ThinnedWriter {
 public:
  ThinnedWriter(const media::Tracks& tracks, UtcTime start, File& to)
      : tracks_(tracks), start_(start), to_(to) {}

  Result<void> begin(const Bytes& init) {
    const ByteView piece = init;
    ORIEL_TRY(to_.write(0, std::span(&piece, 1)));
    bytes_ = init.size();
    return {};
  }
  // `decode_time` from the copy's start.
  Result<void> add(std::int64_t decode_time, std::int64_t duration, const KeyFrame& frame,
                   Bytes picture) {
    media::Part part;
    part.number = number_++;
    part.start = start_ + ticks_to_duration(media::ticks_from(decode_time, tracks_[0].timescale));
    media::PartBuilder builder;
    builder.add(0,
                {decode_time, duration, frame.sample.composition_offset, true, std::move(picture)});
    builder.build(tracks_, 0, 0, part);
    const std::array<ByteView, 2> pieces = {*part.file_head, *part.payload};
    ORIEL_TRY(to_.write(bytes_, pieces));
    bytes_ += part.size();
    return {};
  }

 private:
  const media::Tracks& tracks_;
  const UtcTime start_;
  File& to_;
  std::uint32_t number_ = 0;
  std::uint64_t bytes_ = 0;
};

}  // namespace

Result<ThinnedFile> write_thinned(const File& from, std::uint64_t end_bytes,
                                  const InitSegment& init, UtcTime start, media::Thinned stage,
                                  File& to, const ThinningPace& pace) {
  if (!init.summary.video || init.tracks->empty())
    return fail(ErrorKind::unsupported, "there is no picture in it");
  ORIEL_TRY_ASSIGN(auto keys, find_key_frames(from, end_bytes, init.summary, pace));
  if (keys.frames.empty()) return fail(ErrorKind::unsupported, "there is no key frame in it");
  ThinnedFile thinned;
  ORIEL_TRY_ASSIGN(auto silent, media::mute_init(*init.bytes));
  thinned.init = std::make_shared<const Bytes>(std::move(silent));
  thinned.tracks = std::make_shared<const media::Tracks>(1, init.tracks->front());
  const auto timescale = init.summary.timescales.front();
  if (stage == media::Thinned::minute_frames) keep_one_a_minute(keys.frames, timescale);
  const auto zero = keys.frames.front().sample.decode_time;
  thinned.skipped_90k = media::ticks_from(zero, timescale);
  ThinnedWriter writer(*thinned.tracks, start + ticks_to_duration(thinned.skipped_90k), to);
  ORIEL_TRY(writer.begin(*thinned.init));
  for (std::size_t i = 0; i < keys.frames.size(); ++i) {
    const auto& frame = keys.frames[i];
    const auto end = i + 1 < keys.frames.size() ? keys.frames[i + 1].sample.decode_time : keys.end;
    Bytes picture(frame.sample.bytes);
    ORIEL_TRY_ASSIGN(const auto count, from.read(frame.file_offset, picture));
    if (count != picture.size()) return fail(ErrorKind::data_loss, "a picture is torn");
    ORIEL_TRY(writer.add(frame.sample.decode_time - zero, end - frame.sample.decode_time, frame,
                         std::move(picture)));
    if (!pace(2 * std::uint64_t{frame.sample.bytes})) return fail(ErrorKind::cancelled, "stopped");
  }
  // As recovery would see it: nothing takes its place that it would not take for whole.
  ORIEL_TRY_ASSIGN(auto scanned, scan_recording(to));
  if (scanned.whole_bytes != scanned.file_bytes || scanned.parts != keys.frames.size())
    return fail(ErrorKind::data_loss, "the thinned copy does not read back");
  thinned.duration_90k = scanned.duration_90k;
  thinned.bytes = scanned.whole_bytes;
  thinned.parts = scanned.parts;
  thinned.segments = std::move(scanned.segments);
  return thinned;
}

// Where a copy goes and what it is of.
struct Thinning::Copy {
  RecordingRow of;
  InitSegment init;
  RecordingId id;
  media::Thinned stage = media::Thinned::none;
  Volume* volume = nullptr;
  std::string path;
};

Thinning::Thinning(store::Database& database, Writer& writer, FileSystem& file_system,
                   std::function<std::vector<Volume*>()> volumes, const Catalog& catalog,
                   media::IdSource& ids, const Clock& clock, Deletion::Forget forget)
    : database_(database),
      writer_(writer),
      file_system_(file_system),
      volumes_(std::move(volumes)),
      catalog_(catalog),
      ids_(ids),
      clock_(clock),
      forget_(std::move(forget)) {}

Result<std::optional<RecordingRow>> Thinning::thin(RecordingId id, media::Thinned stage,
                                                   const ThinningPace& pace) {
  if (writer_.position(id)) return std::optional<RecordingRow>{};
  auto row = catalog_.recording(id);
  if (!row && row.error().kind == ErrorKind::not_found) return std::optional<RecordingRow>{};
  if (!row) return fail(row.error());
  if (row->open() || row->thinned >= stage) return std::optional<RecordingRow>{};
  Copy copy;
  copy.of = std::move(*row);
  copy.stage = stage;
  ORIEL_TRY_ASSIGN(copy.init, catalog_.init_of(copy.of));
  for (auto* volume : volumes_())
    if (volume->id() == copy.of.volume) copy.volume = volume;
  if (copy.volume == nullptr || copy.volume->state() == VolumeState::missing ||
      copy.volume->state() == VolumeState::failed || copy.volume->state() == VolumeState::readonly)
    return fail(ErrorKind::unavailable, "volume " + copy.of.volume.str() + " cannot be written");
  copy.id = ids_.next_recording_id();
  // The same day: the copy begins in the recording.
  copy.path =
      copy.volume->path_of(recording_file(copy.of.feed, copy.of.rendition, copy.id, copy.of.start));
  ORIEL_TRY(database_.write_durable([&](store::Session& session) -> Result<void> {
    ORIEL_TRY(session.execute(
        "INSERT INTO thinning (recording, original, feed, rendition, volume, start_us)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        {copy.id.value, copy.of.id.value, copy.of.feed.str(),
         static_cast<std::int64_t>(copy.of.rendition), copy.of.volume.str(), copy.of.start.us}));
    return {};
  }));
  ThinnedFile written;
  auto made = write_copy(copy, written, pace);
  Result<bool> switched = false;
  if (made) switched = switch_over(copy, written);
  if (!made || !switched || !*switched) {
    undo(copy);
    if (!made) return fail(made.error());
    if (!switched) return fail(switched.error());
    return std::optional<RecordingRow>{};
  }
  forget_(id);
  ORIEL_TRY_ASSIGN(auto thinned, catalog_.recording(copy.id));
  return std::optional(std::move(thinned));
}

Result<void> Thinning::write_copy(const Copy& copy, ThinnedFile& written,
                                  const ThinningPace& pace) {
  const auto old_path = copy.volume->path_of(
      recording_file(copy.of.feed, copy.of.rendition, copy.of.id, copy.of.start));
  ORIEL_TRY_ASSIGN(const auto from, file_system_.open(old_path, OpenMode::read));
  ORIEL_TRY_ASSIGN(const auto to, file_system_.open(copy.path, OpenMode::create_new));
  ORIEL_TRY_ASSIGN(written, write_thinned(*from, copy.of.bytes, copy.init, copy.of.start,
                                          copy.stage, *to, pace));
  ORIEL_TRY(to->sync());
  return file_system_.sync_folder(folder_of(copy.path));
}

namespace {

// What the copy's row is made of.
UnsettledRecording copy_row(const RecordingRow& of, RecordingId id, media::Thinned stage,
                            const ThinnedFile& written) {
  auto head = std::make_shared<media::Recording>();
  head->id = id;
  head->feed = of.feed;
  head->rendition = of.rendition;
  head->run = of.run;
  head->run_offset_90k = of.run_offset_90k + written.skipped_90k;
  head->start = of.start + ticks_to_duration(written.skipped_90k);
  head->clock = of.clock;
  head->declared_fps = of.declared_fps;
  head->began = of.began;
  head->thinned = stage;
  head->tracks = written.tracks;
  head->init = written.init;
  UnsettledRecording row;
  row.volume = of.volume;
  row.end = head->start + ticks_to_duration(written.duration_90k);
  row.head = std::move(head);
  row.bytes = written.bytes;
  row.parts = written.parts;
  row.frames = static_cast<decltype(row.frames)>(of.frames);  // what the camera delivered
  row.segments = written.segments;
  row.ended = of.ended;
  return row;
}

}  // namespace

// False: it may not be thinned any more, or is gone.
Result<bool> Thinning::switch_over(const Copy& copy, const ThinnedFile& written) {
  const auto now = clock_.now();
  const auto row = copy_row(copy.of, copy.id, copy.stage, written);
  JournalEntry entry;
  entry.at_us = now.us;
  entry.kind = JournalKind::recording_thinned;
  entry.feed = copy.of.feed.str();
  entry.rendition = copy.of.rendition;
  entry.recording = copy.id.value;
  entry.replaces = copy.of.id.value;
  entry.run = row.head->run.value;
  entry.run_offset_90k = row.head->run_offset_90k;
  entry.clock_source = row.head->clock.source;
  entry.clock_offset_us = row.head->clock.offset_us;
  entry.clock_error_us = row.head->clock.error_us;
  entry.declared_fps = row.head->declared_fps;
  entry.start_us = row.head->start.us;
  entry.end_us = row.end.us;
  entry.thinned = copy.stage;
  entry.began = row.head->began;
  entry.reason = row.ended;
  ORIEL_TRY(writer_.write_journal(copy.volume->id(), {std::move(entry)}, kJournalDeadline));
  bool switched = false;
  ORIEL_TRY(database_.write_durable([&](store::Session& session) -> Result<void> {
    switched = false;  // a database may run this again
    ORIEL_TRY_ASSIGN(const auto holds, holds_in_force(session, now));
    if (find_hold(holds, copy.of.feed, copy.of.span()) != nullptr) return {};
    ORIEL_TRY_ASSIGN(
        const auto marked,
        mark_recording(session, copy.of.id, now, Replacement{copy.id, {row.head->start, row.end}}));
    if (!marked) return {};
    ORIEL_TRY(apply_row(session, row));
    ORIEL_TRY(session.execute("DELETE FROM thinning WHERE recording = $1", {copy.id.value}));
    switched = true;
    return {};
  }));
  return switched;
}

void Thinning::undo(const Copy& copy) {
  auto removed = file_system_.remove(copy.path);
  if (removed || removed.error().kind == ErrorKind::not_found) {
    removed = file_system_.sync_folder(folder_of(copy.path));
    if (removed)
      removed = database_.write([&](store::Session& session) -> Result<void> {
        ORIEL_TRY(session.execute("DELETE FROM thinning WHERE recording = $1", {copy.id.value}));
        return {};
      });
  }
  if (!removed)
    log::warn("recording {}: an unfinished thinned copy of {} is left to the next start: {}",
              copy.id.value, copy.of.id.value, removed.error().message);
}

Result<void> clear_unfinished_thinning(const std::vector<Volume*>& volumes, FileSystem& file_system,
                                       store::Database& database) {
  for (const auto* volume : volumes) {
    const auto state = volume->state();
    if (state != VolumeState::ok && state != VolumeState::full) continue;
    std::vector<std::pair<std::int64_t, std::string>> found;
    ORIEL_TRY(database.read([&](store::Session& session) {
      found.clear();
      return session.query(
          "SELECT recording, feed, rendition, start_us FROM thinning WHERE volume = $1",
          {volume->id().str()}, [&](const store::Row& row) {
            found.emplace_back(
                row.integer(0),
                volume->path_of(recording_file(
                    FeedId(row.text(1)), static_cast<media::Rendition>(row.integer(2)),
                    RecordingId{row.integer(0)}, UtcTime{row.integer(3)})));
          });
    }));
    for (const auto& [id, path] : found) {
      auto removed = file_system.remove(path);
      if (removed) removed = file_system.sync_folder(folder_of(path));
      if (!removed && removed.error().kind != ErrorKind::not_found) {
        log::error("recording {}: {}", id, removed.error().message);
        continue;
      }
      ORIEL_TRY(database.write([&, id = id](store::Session& session) -> Result<void> {
        ORIEL_TRY(session.execute("DELETE FROM thinning WHERE recording = $1", {id}));
        return {};
      }));
    }
  }
  return {};
}

}  // namespace oriel::archive
