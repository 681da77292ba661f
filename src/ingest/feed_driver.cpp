#include "ingest/feed_driver.h"

#include "base/log.h"

namespace oriel::ingest {

using media::Reason;

void FeedDriver::RateMeter::add(std::int64_t now_us, std::size_t bytes) {
  const std::int64_t second = now_us / 1'000'000;
  const auto slot = static_cast<std::size_t>(second % 6);
  if (second_[slot] != second) {
    second_[slot] = second;
    bytes_[slot] = 0;
  }
  bytes_[slot] += static_cast<std::int64_t>(bytes);
}

std::int64_t FeedDriver::RateMeter::bits_per_second(std::int64_t now_us) const {
  const std::int64_t now = now_us / 1'000'000;
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < bytes_.size(); ++i)
    if (second_[i] < now && second_[i] >= now - 5) sum += bytes_[i];
  return sum * 8 / 5;
}

FeedDriver::FeedDriver(FeedDriverOptions options, const Clock& clock, media::IdSource& ids,
                       media::PartSink& sink, FeedObserver* observer)
    : options_(std::move(options)),
      clock_(clock),
      observer_(observer),
      packager_(options_.packager, ids, sink),
      back_off_(options_.back_off) {
  status_.since = clock_.now();
  statistics_.source = options_.source;
}

FeedDriver::~FeedDriver() {
  request_stop();
  join();
}

void FeedDriver::start() {
  const bool main = options_.packager.rendition == media::Rendition::main;
  thread_ = NamedThread((main ? "camera-" : "sub-") + options_.packager.feed.str(),
                        [this](std::stop_token stop) { run(stop); });
}

void FeedDriver::request_stop() {
  thread_.request_stop();
  const std::lock_guard lock(mutex_);
  attempt_stop_.request_stop();
}

void FeedDriver::join() { thread_.join(); }

void FeedDriver::pause(std::string note) {
  {
    const std::lock_guard lock(mutex_);
    paused_ = true;
    pause_note_ = std::move(note);
    attempt_stop_.request_stop();
  }
  changed_.notify_all();
}

void FeedDriver::resume() {
  {
    const std::lock_guard lock(mutex_);
    paused_ = false;
  }
  changed_.notify_all();
}

void FeedDriver::request_new_run(Reason reason) { new_run_.store(reason); }

FeedStatus FeedDriver::status() const {
  const std::lock_guard lock(mutex_);
  return status_;
}

FeedStatistics FeedDriver::statistics() const {
  const std::lock_guard lock(mutex_);
  FeedStatistics made = statistics_;
  made.bitrate_bps = rate_.bits_per_second(clock_.now().us);
  return made;
}

void FeedDriver::set_state(FeedState state, Reason reason, std::string detail) {
  FeedStatus now;
  {
    const std::lock_guard lock(mutex_);
    if (status_.state == state && status_.reason == reason) {
      status_.detail = std::move(detail);
      return;
    }
    status_ = {state, reason, std::move(detail), clock_.now()};
    now = status_;
  }
  const char* name = boost::describe::enum_to_string(now.state, "");
  if (now.state == FeedState::live)
    log::info("feed {}: live from {}", options_.packager.feed.str(), options_.source);
  else
    log::warn("feed {}: {} ({}{}{})", options_.packager.feed.str(), name,
              boost::describe::enum_to_string(now.reason, ""), now.detail.empty() ? "" : ": ",
              now.detail);
  if (observer_ != nullptr)
    observer_->feed_state_changed(options_.packager.feed, options_.packager.rendition, now);
}

void FeedDriver::run(const std::stop_token& stop) {
  while (!stop.stop_requested()) {
    if (wait_while_paused(stop)) continue;
    {
      const std::lock_guard lock(mutex_);
      attempt_stop_ = std::stop_source();
      if (paused_) continue;
      ++statistics_.attempts;
    }
    // request_stop() may have come just before attempt_stop_ was made anew.
    if (stop.stop_requested()) break;
    const Attempt ended = attempt(stop);
    if (ended.error.kind == ErrorKind::cancelled) continue;
    if (ended.was_live) {
      back_off_.reset();
      set_state(ended.reason == Reason::silent ? FeedState::stalled : FeedState::connecting,
                ended.reason, ended.error.message);
    } else {
      set_state(FeedState::failed, ended.reason, ended.error.message);
    }
    wait_before_next(stop, ended.error.kind == ErrorKind::denied
                               ? back_off_.next(options_.refused_back_off)
                               : back_off_.next());
  }
}

// True when it waited: everything is to be looked at again.
bool FeedDriver::wait_while_paused(const std::stop_token& stop) {
  std::string note;
  {
    const std::lock_guard lock(mutex_);
    if (!paused_) return false;
    note = pause_note_;
  }
  next_began_ = Reason::paused;
  set_state(FeedState::paused, Reason::paused, std::move(note));
  {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, stop, [this] { return !paused_; });
  }
  if (!stop.stop_requested()) {
    back_off_.reset();
    set_state(FeedState::connecting, Reason::paused, {});
  }
  return true;
}

void FeedDriver::wait_before_next(const std::stop_token& stop, std::chrono::milliseconds wait) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, stop, wait, [this] { return paused_; });
}

FeedDriver::Attempt FeedDriver::stopped_attempt(const std::stop_token& stop) const {
  return {stop.stop_requested() ? Reason::server_stopped : Reason::paused,
          Error{ErrorKind::cancelled, "stopped"}, false};
}

FeedDriver::Attempt FeedDriver::attempt(const std::stop_token& stop) {
  std::stop_token attempt_token;
  {
    const std::lock_guard lock(mutex_);
    attempt_token = attempt_stop_.get_token();
  }
  const std::unique_ptr<Source> source = options_.make_source();
  auto tracks =
      source->open(std::chrono::steady_clock::now() + options_.open_deadline, attempt_token);
  if (!tracks) {
    if (tracks.error().kind == ErrorKind::cancelled) return stopped_attempt(stop);
    return {source->failure_reason(), std::move(tracks).error(), false};
  }
  double declared_fps = 0;
  for (const SourceTrack& track : *tracks)
    if (track.kind == media::TrackKind::video) declared_fps = track.declared_fps;
  {
    const std::lock_guard lock(mutex_);
    statistics_.declared_fps = declared_fps;
    ++statistics_.connects;
  }
  const SourceTraits traits = source->traits();
  ReceptionOptions options;
  options.bursty = traits.bursty;
  options.start_hold_us = traits.start_hold_us;
  options.by_arrival = by_arrival_ || traits.no_times;
  options.began = next_began_;
  options.make_reencoder = options_.make_reencoder;
  Reception reception(std::move(options), std::move(*tracks), *this);
  if (auto prepared = reception.prepare(); !prepared)
    return {Reason::not_a_stream, std::move(prepared).error(), false};
  Attempt ended = receive(*source, reception, stop);
  reception.end(ended.reason);
  next_began_ = ended.reason;
  by_arrival_ = reception.by_arrival();
  note_statistics(*source, reception);
  {
    const std::lock_guard lock(mutex_);
    closed_ = statistics_;
  }
  source->close();
  return ended;
}

FeedDriver::Attempt FeedDriver::receive(Source& source, Reception& reception,
                                        const std::stop_token& stop) {
  Attempt ended;
  const auto stall = source.traits().bursty ? options_.stall_bursty : options_.stall;
  SteadyTime noted = std::chrono::steady_clock::now();
  std::uint64_t video_seen = 0;
  SteadyTime video_at = noted;
  for (;;) {
    auto packet = source.next(std::chrono::steady_clock::now() + stall);
    if (!packet) {
      if (packet.error().kind == ErrorKind::cancelled) {
        ended = stopped_attempt(stop);
        return ended;
      }
      ended.reason = source.failure_reason();
      ended.error = std::move(packet).error();
      return ended;
    }
    if (!*packet) {
      ended.reason = Reason::link_down;
      ended.error = {ErrorKind::unavailable, "the stream has ended"};
      return ended;
    }
    note_packet(**packet);
    const Reason wanted = new_run_.exchange(Reason::none);
    if (wanted != Reason::none && reception.in_run()) reception.begin_anew(wanted);
    if (auto pushed = reception.push(std::move(**packet)); !pushed) {
      ended.reason = Reason::faulty_picture;
      ended.error = std::move(pushed).error();
      return ended;
    }
    if (packager_.in_run() && !ended.was_live) {
      ended.was_live = true;
      set_state(FeedState::live, Reason::none, {});
    }
    const SteadyTime now = std::chrono::steady_clock::now();
    if (reception.counts().video_packets != video_seen) {
      video_seen = reception.counts().video_packets;
      video_at = now;
    } else if (video_seen > 0 && now - video_at > stall) {
      ended.reason = Reason::silent;
      ended.error = {ErrorKind::deadline, "sound arrives, but no picture any more"};
      return ended;
    }
    if (now - noted > std::chrono::seconds(1)) {
      noted = now;
      note_statistics(source, reception);
    }
  }
}

void FeedDriver::note_packet(const SourcePacket& packet) {
  const std::lock_guard lock(mutex_);
  statistics_.last_packet_at = packet.arrived;
  rate_.add(packet.arrived.us, packet.bytes.size());
}

void FeedDriver::note_statistics(const Source& source, const Reception& reception) {
  const SourceStatistics received = source.statistics();
  const ReceptionCounts counts = reception.counts();
  const std::lock_guard lock(mutex_);
  statistics_.bytes = closed_.bytes + received.bytes;
  statistics_.packets = closed_.packets + received.packets;
  statistics_.packets_lost = closed_.packets_lost + received.packets_lost;
  statistics_.packets_late = closed_.packets_late + received.packets_late;
  statistics_.damaged_packets = closed_.damaged_packets + counts.damaged_packets;
  const MenderCounts& times = counts.times;
  statistics_.mended_times = closed_.mended_times + times.missing + times.not_increasing +
                             times.jumped + times.wrapped + times.frozen + times.bad_offset;
  statistics_.runs = closed_.runs + counts.runs;
  statistics_.delivered_fps = counts.delivered_fps;
  statistics_.audio_fault = reception.audio_fault();
}

Result<void> FeedDriver::run_began(media::RunHead head) {
  head.clock = against_utc(head.clock);
  note_clock(head.clock);
  return packager_.begin_run(std::move(head));
}

void FeedDriver::note_clock(const std::optional<media::ClockQuality>& clock) {
  const std::lock_guard lock(mutex_);
  statistics_.clock = clock;
}

// What a reception knows is against our own clock.
media::ClockQuality FeedDriver::against_utc(media::ClockQuality clock) const {
  const auto ours = clock_.error_bound();
  clock.error_us = ours ? clock.error_us + ours->us : 0;
  return clock;
}

Result<void> FeedDriver::packet_made(media::Packet packet) {
  return packager_.push(std::move(packet));
}

void FeedDriver::run_clock_moved(UtcTime start, media::ClockQuality clock) {
  const auto known = against_utc(clock);
  packager_.set_run_clock(start, known);
  note_clock(known);
}

void FeedDriver::run_ended(Reason reason) {
  packager_.end_run(reason);
  note_clock({});
}

}  // namespace oriel::ingest
