#include "ingest/file_source.h"

#include <algorithm>

namespace oriel::ingest {
namespace {
// A picture without a time or a length of its own is shown this long.
constexpr std::int64_t kStepUs = 40'000;
constexpr std::int64_t kSeamUs = 1'000;
}  // namespace

FileSource::FileSource(SourceUrl url, const Clock& clock)
    : file_(std::move(url), clock), clock_(clock) {}

std::int64_t FileSource::to_us(std::uint32_t track, std::int64_t ticks) const {
  const SourceTrack& t = tracks_[track];
  return static_cast<std::int64_t>(static_cast<__int128>(ticks) * t.timebase_num * 1'000'000 /
                                   t.timebase_den);
}

std::int64_t FileSource::to_ticks(std::uint32_t track, std::int64_t us) const {
  const SourceTrack& t = tracks_[track];
  return static_cast<std::int64_t>(static_cast<__int128>(us) * t.timebase_den /
                                   (static_cast<__int128>(t.timebase_num) * 1'000'000));
}

Result<std::vector<SourceTrack>> FileSource::open(SteadyTime deadline, std::stop_token stop) {
  close();
  stop_ = stop;
  auto tracks = file_.open(deadline, std::move(stop));
  failure_reason_ = file_.failure_reason();
  if (!tracks) return tracks;
  tracks_ = *tracks;
  times_.assign(tracks_.size(), {});
  begun_ = std::chrono::steady_clock::now();
  round_offset_us_ = round_end_us_ = 0;
  first_known_ = false;
  return tracks;
}

Result<void> FileSource::begin_round() {
  if (!first_known_) return fail(ErrorKind::invalid, "read: the file holds nothing to play");
  round_offset_us_ += std::max(round_end_us_ - first_us_, kStepUs);
  round_end_us_ = first_us_;
  for (TrackTime& time : times_) time.seen = false;
  return file_.rewind();
}

bool FileSource::wait_until(SteadyTime time) {
  std::unique_lock lock(mutex_);
  waiting_.wait_until(lock, stop_, time, [] { return false; });
  return !stop_.stop_requested();
}

Result<std::optional<SourcePacket>> FileSource::next(SteadyTime deadline) {
  if (tracks_.empty()) return fail(ErrorKind::conflict, "read: the source is not open");
  for (int round = 0; !held_;) {
    auto packet = file_.next(deadline);
    failure_reason_ = file_.failure_reason();
    if (!packet) return packet;
    if (!*packet) {
      failure_reason_ = media::Reason::not_a_stream;
      if (++round > 1) return fail(ErrorKind::invalid, "read: the file holds nothing to play");
      ORIEL_TRY(begin_round());
      continue;
    }
    SourcePacket& p = **packet;
    TrackTime& time = times_[p.track];
    const std::int64_t at =
        p.dts ? *p.dts
              : (p.pts ? *p.pts : time.last + std::max(time.step, to_ticks(p.track, kStepUs)));
    if (time.seen && at > time.last) time.step = at - time.last;
    time.last = at;
    time.seen = true;
    const std::int64_t at_us = to_us(p.track, at);
    if (!first_known_) {
      first_known_ = true;
      first_us_ = at_us;
      round_end_us_ = at_us;
    }
    const std::int64_t length = p.duration > 0 ? p.duration : time.step;
    // The picture goes on without a seam; sound that lasts longer is cut where it would overlap.
    const bool leads = p.track == 0;
    if (leads) round_end_us_ = std::max(round_end_us_, at_us + to_us(p.track, length));
    if (!leads && round_offset_us_ + at_us + kSeamUs < time.end_us) continue;
    time.end_us = round_offset_us_ + at_us + to_us(p.track, length);
    const std::int64_t shift = to_ticks(p.track, round_offset_us_);
    if (p.dts) *p.dts += shift;
    if (p.pts) *p.pts += shift;
    held_due_ = begun_ + std::chrono::microseconds(round_offset_us_ + at_us - first_us_);
    held_ = std::move(p);
  }
  if (!wait_until(std::min(held_due_, deadline))) {
    failure_reason_ = media::Reason::server_stopped;
    return fail(ErrorKind::cancelled, "read: stopped");
  }
  if (held_due_ > deadline) {
    failure_reason_ = media::Reason::silent;
    return fail(ErrorKind::deadline, "read: the file's next picture is too far away");
  }
  std::optional<SourcePacket> due = std::exchange(held_, std::nullopt);
  due->arrived = clock_.now();
  failure_reason_ = media::Reason::none;
  return due;
}

media::Reason FileSource::failure_reason() const { return failure_reason_; }

void FileSource::close() {
  file_.close();
  held_.reset();
  tracks_.clear();
}

}  // namespace oriel::ingest
