#include "archive/watch.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <set>

#include <boost/describe/enum_to_string.hpp>
#include <fmt/format.h>

#include "base/log.h"

namespace oriel::archive {
namespace {

Duration duration_of(SteadyTime::duration time) {
  return {std::chrono::duration_cast<std::chrono::microseconds>(time).count()};
}

std::string_view name_of(media::Reason reason) {
  return boost::describe::enum_to_string(reason, "unknown");
}

}  // namespace

Watch::Watch(WatchOptions options, const Writer& writer,
             std::function<std::vector<Volume*>()> volumes, AlarmSink& alarms, const Clock& clock,
             Metrics& metrics)
    : options_(std::move(options)),
      writer_(writer),
      volumes_(std::move(volumes)),
      alarms_(alarms),
      clock_(clock),
      stuck_feeds_(metrics.gauge("oriel_archive_stuck_feeds_count",
                                 "Live feeds of which nothing becomes durable")) {}

void Watch::start() {
  thread_ = NamedThread("archive-watch", [this](const std::stop_token& stop) {
    std::mutex mutex;
    std::condition_variable_any wake;
    while (!stop.stop_requested()) {
      look();
      std::unique_lock lock(mutex);
      wake.wait_for(lock, stop, std::chrono::microseconds(options_.interval.us),
                    [] { return false; });
    }
  });
}

void Watch::stop() {
  thread_.request_stop();
  thread_.join();
}

void Watch::set(bool holds, AlarmKind kind, std::string_view subject, std::string_view message) {
  if (holds)
    alarms_.raise(kind, subject, message);
  else
    alarms_.clear(kind, subject);
}

void Watch::look() {
  const std::lock_guard one(look_mutex_);
  look_at_clock();
  look_at_volumes();
  look_at_rows();
  const auto wanted = options_.wanted();
  const auto streams = writer_.streams();
  stuck_count_ = 0;
  for (const auto& feed : wanted) look_at_feed(feed, streams);
  stuck_feeds_.set(static_cast<double>(stuck_count_));
  forget_gone(wanted);
}

// Against the steady clock, which nobody can set. What is recorded keeps the time of its run; the
// next run begins at the new time.
void Watch::look_at_clock() {
  const std::pair now{clock_.now(), clock_.steady()};
  const auto before = std::exchange(clocks_, now);
  if (!before) return;
  const Duration jump = (now.first - before->first) - duration_of(now.second - before->second);
  if (std::abs(jump.us) <= options_.clock_jump.us) return;
  alarms_.raise(AlarmKind::clock_jumped, "server",
                fmt::format("The clock of this machine was set by {:+.1f} s, to {}: times of"
                            " recordings before and after do not fit together.",
                            jump.seconds(), format_rfc3339(now.first)));
}

void Watch::look_at_volumes() {
  for (auto* volume : volumes_()) {
    const auto status = volume->status();
    const auto& id = volume->id().str();
    const auto is = [&](VolumeState state) { return status.state == state; };
    set(is(VolumeState::missing) && !status.another_disk, AlarmKind::volume_missing, id,
        status.message);
    set(is(VolumeState::missing) && status.another_disk, AlarmKind::volume_wrong, id,
        status.message);
    set(is(VolumeState::readonly), AlarmKind::volume_readonly, id, status.message);
    set(is(VolumeState::full), AlarmKind::volume_full, id, status.message);
    set(is(VolumeState::failed), AlarmKind::volume_failed, id, status.message);
  }
  for (const auto& lane : writer_.lanes())
    set(lane.busy_for >= options_.disk_slow_after, AlarmKind::disk_slow, lane.volume.str(),
        fmt::format("The disk has not answered for more than {:.0f} s.",
                    options_.disk_slow_after.seconds()));
}

void Watch::look_at_rows() {
  const auto rows = writer_.rows();
  set(rows.failing, AlarmKind::database_away, "database",
      "The database does not answer or takes no rows. Recording goes on, and they wait.");
}

void Watch::look_at_feed(const WantedFeed& wanted, const std::vector<StreamState>& streams) {
  const auto now = clock_.steady();
  auto& arrival =
      arrivals_.try_emplace(wanted.feed, Arrival{wanted.received_bytes, now}).first->second;
  if (arrival.bytes != wanted.received_bytes || wanted.paused)
    arrival = {wanted.received_bytes, now};
  const Duration quiet_for = duration_of(now - arrival.at);
  const auto& id = wanted.feed.str();
  const bool expected = wanted.record && !wanted.paused;
  const bool silent = wanted.live && quiet_for >= options_.stuck_after;
  const bool lost = silent || (!wanted.live && quiet_for >= options_.source_lost_after);
  set(expected && lost, AlarmKind::source_lost, id,
      fmt::format("Nothing arrives from the camera: {}.",
                  silent ? std::string_view("silent") : name_of(wanted.reason)));

  std::optional<std::string> trouble;
  if (wanted.record) trouble = stuck(wanted, !silent, media::Rendition::main, streams);
  if (wanted.record_sub) {
    auto of_sub = stuck(wanted, !silent, media::Rendition::sub, streams);
    if (!trouble && of_sub) trouble = "The small stream: " + *of_sub;
  }
  if (trouble) ++stuck_count_;
  set(trouble.has_value(), AlarmKind::not_recorded, id, trouble.value_or(""));
}

std::optional<std::string> Watch::stuck(const WantedFeed& wanted, bool arrives,
                                        media::Rendition rendition,
                                        const std::vector<StreamState>& streams) {
  const auto now = clock_.steady();
  auto& progress = progress_[{wanted.feed, rendition}];
  const bool live = wanted.live && !wanted.paused && arrives;
  const auto stream = std::find_if(streams.begin(), streams.end(), [&](const auto& each) {
    return each.feed == wanted.feed && each.rendition == rendition;
  });
  const bool has_stream = stream != streams.end();
  const auto durable =
      has_stream && stream->position ? stream->position->durable_parts : std::uint32_t{0};
  const auto recording = has_stream ? stream->recording : RecordingId{};
  // A settled recording whose successor has not begun is none that moves.
  const bool moved =
      durable > 0 && (recording != progress.recording || durable != progress.durable_parts);
  if (!live || !progress.live || moved) {
    progress.moved_at = now;
    progress.asked_at.reset();
  }
  progress.live = live;
  if (moved) {
    progress.recording = recording;
    progress.durable_parts = durable;
  }
  const auto still_for = duration_of(now - progress.moved_at);
  if (!live || still_for < options_.stuck_after) return std::nullopt;
  const auto why = has_stream ? stream->wants : media::Reason::none;
  if (options_.recording_wanted &&
      (!progress.asked_at || duration_of(now - *progress.asked_at) >= options_.ask_again_after)) {
    progress.asked_at = now;
    // Where a disk refused, the writer itself asks as soon as there is room.
    if (why == media::Reason::none) {
      log::warn("feed {}: live, but nothing is recorded: a new recording is asked for",
                wanted.feed.str());
      options_.recording_wanted(wanted.feed, rendition, media::Reason::length_reached);
    }
  }
  if (!has_stream) return "It is live, but nothing records it.";
  return fmt::format("It is live, but nothing of it has become durable for {:.0f} s{}{}.",
                     options_.stuck_after.seconds(), why == media::Reason::none ? "" : ": ",
                     why == media::Reason::none ? std::string_view() : name_of(why));
}

void Watch::forget_gone(const std::vector<WantedFeed>& wanted) {
  std::set<FeedId> now;
  for (const auto& feed : wanted) now.insert(feed.feed);
  for (const auto& [feed, arrival] : arrivals_) {
    if (now.contains(feed)) continue;
    alarms_.clear(AlarmKind::source_lost, feed.str());
    alarms_.clear(AlarmKind::not_recorded, feed.str());
  }
  std::erase_if(progress_, [&](const auto& item) { return !now.contains(item.first.first); });
  std::erase_if(arrivals_, [&](const auto& item) { return !now.contains(item.first); });
}

}  // namespace oriel::archive
