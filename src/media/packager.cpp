#include "media/packager.h"

#include "base/log.h"
#include "media/boxes.h"
#include "media/part_builder.h"

namespace oriel::media {
namespace {

// Frames looked at before a run's first part is cut, to learn the distance of its frames: cameras
// declare rates that they do not deliver.
constexpr std::size_t kWarmupFrames = 4;
constexpr std::int64_t kWarmup_90k = kTicksPerSecond;
// A part of k frames may come out this much longer than k times the usual distance before it breaks
// its target; with it a part of k frames still has 91 % of the target (RFC 8216bis asks for 85 %).
constexpr std::int64_t kJitterPercent = 110;
constexpr std::size_t kDistancesKept = 16;
// How long the picture waits at the end of a recording for sound that belongs before the cut.
constexpr std::int64_t kSoundWait_90k = kTicksPerSecond / 2;

std::int64_t median(std::deque<std::int64_t> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

struct Packager::Run {
  std::shared_ptr<const Tracks> tracks;
  SharedBytes init;
  RunId id;
  UtcTime start;  // of dts 0 as the source counts
  Reason began = Reason::none;
  ClockQuality clock;
  double declared_fps = 0;
  std::size_t lead = 0;   // the track that gives the parts their time
  std::size_t other = 1;  // the second track, if any

  bool started = false;
  std::int64_t zero_90k = 0;  // dts of the first lead packet: the run's time zero
  std::array<std::optional<Packet>, 2> held;
  std::array<std::optional<std::int64_t>, 2> last_dts;
  std::array<std::int64_t, 2> last_distance{};
  std::deque<Sample> warmup;  // bounded by kWarmupFrames and kWarmup_90k
  bool warm = false;
  std::deque<std::int64_t> distances;  // the last kDistancesKept of the lead track
  std::deque<Sample> waiting;      // lead samples behind a recording's cut, at most kSoundWait_90k
  std::int64_t sound_end_90k = 0;  // end of the last committed sample of the other track
  bool sound_seen = false;

  RecordingPtr recording;
  std::uint32_t part_number = 0;
  std::uint32_t segment_number = 0;
  std::int64_t segment_start_90k = 0;
  std::int64_t part_start_90k = 0;
  std::int64_t part_end_90k = 0;
  std::int64_t part_target_90k = 0;
  bool part_opens_segment = false;
  bool part_independent = false;
  std::uint64_t file_offset = 0;
  std::optional<std::int64_t> recording_end_90k;  // of the recording before
  PartBuilder builder;

  const Track& track(std::size_t i) const { return (*tracks)[i]; }
  std::int64_t in_90k(std::size_t i, std::int64_t ticks) const {
    return ticks_from(ticks, track(i).timescale);
  }
  UtcTime utc(std::int64_t run_90k) const { return start + ticks_to_duration(zero_90k + run_90k); }
};

Packager::Packager(PackagerOptions options, IdSource& ids, PartSink& sink)
    : options_(std::move(options)), ids_(ids), sink_(sink) {}

Packager::~Packager() = default;

bool Packager::in_run() const { return run_ != nullptr; }

Result<void> Packager::begin_run(RunHead head) {
  ORIEL_CHECK(!run_);
  ORIEL_TRY_ASSIGN(auto init, make_init(head.tracks));
  run_ = std::make_unique<Run>();
  run_->init = std::make_shared<const Bytes>(std::move(init));
  run_->tracks = std::make_shared<const Tracks>(std::move(head.tracks));
  run_->id = ids_.next_run_id();
  run_->start = head.start;
  run_->began = head.began;
  run_->clock = head.clock;
  run_->declared_fps = head.declared_fps;
  return {};
}

void Packager::set_run_clock(UtcTime start, ClockQuality clock) {
  if (!run_) return;
  run_->start = start;
  run_->clock = clock;
}

Result<void> Packager::push(Packet packet) {
  ORIEL_CHECK(run_ && packet.track < run_->tracks->size());
  Run& run = *run_;
  const std::size_t track = packet.track;
  if (run.last_dts[track] && packet.dts <= *run.last_dts[track])
    return fail(ErrorKind::invalid, "decode times do not increase");
  if (!run.started) {
    if (track != run.lead || !packet.key) return {};
    run.started = true;
    run.zero_90k = run.in_90k(track, packet.dts);
  }
  const std::int64_t zero = ticks_in(run.zero_90k, run.track(track).timescale);
  if (packet.dts < zero) return {};
  run.last_dts[track] = packet.dts;

  auto& held = run.held[track];
  if (held) {
    const std::int64_t distance = packet.dts - held->dts;
    run.last_distance[track] = distance;
    commit(track, sample_of(std::move(*held), zero, distance));
  }
  held = std::move(packet);
  return {};
}

Sample Packager::sample_of(Packet packet, std::int64_t zero, std::int64_t duration) {
  Sample sample;
  sample.dts = packet.dts - zero;
  sample.duration = duration;
  sample.composition_offset = packet.pts - packet.dts;
  sample.key = packet.key;
  sample.bytes = std::move(packet.bytes);
  return sample;
}

void Packager::commit(std::size_t track, Sample sample) {
  Run& run = *run_;
  if (track != run.lead) {
    const std::int64_t begin_90k = run.in_90k(track, sample.dts);
    run.sound_seen = true;
    run.sound_end_90k = run.in_90k(track, sample.dts + sample.duration);
    // Sound that comes later than the picture waits for can only be left out: its recording is
    // closed, and times before a file's start do not exist.
    if (run.recording && begin_90k < run.recording->run_offset_90k) return;
    run.builder.add(track, std::move(sample));
    release_waiting(false);
    return;
  }
  if (!run.warm) {
    run.distances.push_back(run.in_90k(track, sample.duration));
    run.warmup.push_back(std::move(sample));
    const auto& first = run.warmup.front();
    const auto& last = run.warmup.back();
    if (run.warmup.size() >= kWarmupFrames ||
        run.in_90k(track, last.dts + last.duration - first.dts) >= kWarmup_90k)
      end_warmup();
    return;
  }
  run.distances.push_back(run.in_90k(track, sample.duration));
  if (run.distances.size() > kDistancesKept) run.distances.pop_front();
  run.waiting.push_back(std::move(sample));
  release_waiting(false);
}

void Packager::end_warmup() {
  Run& run = *run_;
  run.warm = true;
  while (!run.warmup.empty()) {
    run.waiting.push_back(std::move(run.warmup.front()));
    run.warmup.pop_front();
  }
  release_waiting(false);
}

void Packager::release_waiting(bool flush) {
  Run& run = *run_;
  while (!run.waiting.empty()) {
    const Sample& next = run.waiting.front();
    const std::int64_t at_90k = run.in_90k(run.lead, next.dts);
    if (run.recording && cuts_recording(next) && !flush) {
      const Sample& newest = run.waiting.back();
      const bool sound_alive = run.sound_seen && run.sound_end_90k + 2 * kTicksPerSecond > at_90k;
      const bool sound_behind = sound_alive && run.sound_end_90k < at_90k;
      const bool patience = run.in_90k(run.lead, newest.dts) - at_90k < kSoundWait_90k;
      if (sound_behind && patience) return;
    }
    Sample sample = std::move(run.waiting.front());
    run.waiting.pop_front();
    place(std::move(sample));
  }
}

bool Packager::cuts_recording(const Sample& sample) const {
  const Run& run = *run_;
  const std::int64_t length = run.in_90k(run.lead, sample.dts) - run.recording->run_offset_90k;
  const bool key = sample.key;
  return (key && length >= options_.recording_90k) || length >= options_.recording_max_90k;
}

void Packager::place(Sample sample) {
  Run& run = *run_;
  const std::int64_t begin_90k = run.in_90k(run.lead, sample.dts);
  const std::int64_t end_90k = run.in_90k(run.lead, sample.dts + sample.duration);
  if (!run.recording) {
    open_recording(begin_90k);
  } else if (cuts_recording(sample)) {
    seal_part();
    close_recording(Reason::length_reached);
    open_recording(begin_90k);
  } else {
    if (ends_segment(options_, begin_90k - run.segment_start_90k, sample.key,
                     end_90k - begin_90k)) {
      seal_part();
      open_segment(begin_90k);
    } else if (end_90k - run.part_start_90k > run.part_target_90k) {
      seal_part();
    }
  }
  if (run.part_end_90k == run.part_start_90k) {
    run.part_start_90k = begin_90k;
    run.part_independent = sample.key;
  }
  run.part_end_90k = end_90k;
  run.builder.add(run.lead, std::move(sample));
}

void Packager::open_recording(std::int64_t begin_90k) {
  Run& run = *run_;
  auto recording = std::make_shared<Recording>();
  recording->id = ids_.next_recording_id();
  recording->feed = options_.feed;
  recording->rendition = options_.rendition;
  recording->run = run.id;
  recording->run_offset_90k = begin_90k;
  recording->start = run.utc(begin_90k);
  recording->clock = run.clock;
  recording->declared_fps = run.declared_fps;
  recording->began = run.recording_end_90k ? Reason::length_reached : run.began;
  recording->tracks = run.tracks;
  recording->init = run.init;
  run.recording = recording;
  run.part_number = 0;
  run.segment_number = 0;
  run.file_offset = run.init->size();
  sink_.recording_began(run.recording);
  open_segment(begin_90k);
  run.segment_number = 0;
}

void Packager::open_segment(std::int64_t begin_90k) {
  Run& run = *run_;
  run.segment_start_90k = begin_90k;
  run.part_start_90k = run.part_end_90k = begin_90k;
  run.part_opens_segment = true;
  ++run.segment_number;
  const std::int64_t distance = std::max<std::int64_t>(1, median(run.distances));
  const std::int64_t frames = std::max<std::int64_t>(1, options_.part_90k / distance);
  const std::int64_t usual = frames * distance;
  const bool fits = usual <= run.part_target_90k && usual * 100 >= run.part_target_90k * 88;
  if (!fits) run.part_target_90k = usual * kJitterPercent / 100;
}

void Packager::seal_part() {
  Run& run = *run_;
  if (run.part_end_90k == run.part_start_90k) return;
  auto part = std::make_shared<Part>();
  part->recording = run.recording;
  part->number = run.part_number++;
  part->segment = run.segment_number;
  part->opens_segment = run.part_opens_segment;
  part->independent = run.part_independent;
  part->start_90k = run.part_start_90k - run.recording->run_offset_90k;
  part->duration_90k = run.part_end_90k - run.part_start_90k;
  // One frame alone may be longer than any target: then it is the target.
  part->target_90k = std::max(run.part_target_90k, part->duration_90k);
  part->start = run.recording->start + ticks_to_duration(part->start_90k);
  part->file_offset = run.file_offset;
  run.builder.build(*run.tracks, run.lead, run.recording->run_offset_90k, *part);
  run.file_offset += part->size();
  run.part_opens_segment = false;
  run.part_start_90k = run.part_end_90k;
  sink_.part_made(part);
}

void Packager::close_recording(Reason reason) {
  Run& run = *run_;
  run.recording_end_90k = run.part_end_90k;
  sink_.recording_ended(run.recording, reason);
  run.recording.reset();
}

void Packager::end_run(Reason reason) {
  if (!run_) return;
  Run& run = *run_;
  if (run.started) {
    for (const std::size_t track : {run.other, run.lead}) {
      if (track >= run.tracks->size() || !run.held[track]) continue;
      const std::int64_t zero = ticks_in(run.zero_90k, run.track(track).timescale);
      const std::int64_t usual = run.track(track).timescale / 25;
      const std::int64_t duration = run.last_distance[track] > 0    ? run.last_distance[track]
                                    : run.held[track]->duration > 0 ? run.held[track]->duration
                                                                    : usual;
      Packet packet = std::move(*run.held[track]);
      run.held[track].reset();
      commit(track, sample_of(std::move(packet), zero, duration));
    }
    if (!run.warm) end_warmup();
    release_waiting(true);
    if (run.recording) {
      seal_part();
      close_recording(reason);
    }
  }
  run_.reset();
}

}  // namespace oriel::media
