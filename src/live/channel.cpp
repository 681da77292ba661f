#include "live/channel.h"

#include <algorithm>

#include "media/media_name.h"

namespace oriel::live {
namespace {

// Media sequence numbers count from the seconds since 2026 at the start of the program. Segments
// and runs are made less often than once a second, so the numbers never go back over a restart, and
// nothing has to be stored (RFC 8216 6.2.2 asks that they do not).
constexpr std::int64_t kSequenceEpoch_s = 1'767'225'600;
constexpr std::size_t kCacheMax = 8;
// RFC 8216bis 6.2.5.2: a request this far ahead of the playlist is wrong.
constexpr std::uint64_t kFarSegments = 2;
// Parts further than this from the end need not be listed (RFC 8216bis 6.2.2).
constexpr std::int64_t kPartTargets = 3;

std::uint64_t sequence_at(UtcTime now) {
  return static_cast<std::uint64_t>(std::max<std::int64_t>(0, now.ms() / 1000 - kSequenceEpoch_s));
}

// A number that rises over restarts too, as long as a feed breaks less often than this. Coarse,
// because players keep an array by it and walk over all of it: hls.js is busy for seconds at 10^7.
constexpr std::int64_t kDiscontinuityStep_s = 600;

std::uint64_t discontinuities_at(UtcTime now) { return sequence_at(now) / kDiscontinuityStep_s; }

}  // namespace

bool View::sees(UtcSpan span) const {
  if (!withheld) return true;
  return std::none_of(withheld->begin(), withheld->end(),
                      [&](const UtcSpan& hidden) { return hidden.overlaps(span); });
}

Channel::Channel(ChannelOptions options, const Clock& clock, std::function<void()> changed)
    : options_(options),
      clock_(clock),
      changed_(std::move(changed)),
      window_(options.window),
      payload_(options.payload),
      next_msn_(sequence_at(clock.now())),
      dropped_discontinuities_(discontinuities_at(clock.now())) {}

void Channel::keep(bool recorded, Duration delay) {
  const std::lock_guard lock(mutex_);
  window_ = options_.window + delay;
  payload_ = recorded ? options_.payload + delay : window_;
}

void Channel::recording_began(const media::RecordingPtr& recording) {
  const std::lock_guard lock(mutex_);
  complete_last_segment();
  recording_ = recording;
}

void Channel::part_made(const media::PartPtr& part) {
  {
    const std::lock_guard lock(mutex_);
    if (!recording_ || part->recording->id != recording_->id) return;
    if (part->opens_segment || segments_.empty() || segments_.back().complete) {
      complete_last_segment();
      Segment segment;
      segment.recording = recording_;
      segment.msn = next_msn_++;
      segment.discontinuity = last_run_ && *last_run_ != recording_->run;
      segment.start = part->start;
      last_run_ = recording_->run;
      segments_.push_back(std::move(segment));
    }
    Segment& segment = segments_.back();
    segment.duration_90k += part->duration_90k;
    segment.bytes += part->size();
    segment.parts.push_back({part, part->number, part->duration_90k, part->target_90k, part->size(),
                             part->frames, part->independent, part->start, part->end(),
                             next_position_++});
    drop_old();
    ++revision_;
  }
  changed_();
}

void Channel::recording_ended(const media::RecordingPtr& recording, media::Reason) {
  {
    const std::lock_guard lock(mutex_);
    if (!recording_ || recording->id != recording_->id) return;
    complete_last_segment();
    recording_.reset();
    ++revision_;
  }
  changed_();
}

void Channel::complete_last_segment() {
  if (!segments_.empty()) segments_.back().complete = true;
}

void Channel::drop_old() {
  const Slot& newest = segments_.back().parts.back();
  const UtcTime oldest = newest.end - window_;
  while (segments_.size() > 1 && segments_.front().parts.back().end < oldest) {
    if (segments_.front().discontinuity) ++dropped_discontinuities_;
    segments_.pop_front();
  }
  Position newest_independent = segments_.front().parts.front().position;
  for (const auto& segment : segments_)
    for (const auto& slot : segment.parts)
      if (slot.independent) newest_independent = slot.position;
  first_with_payload_ = std::max(first_with_payload_, segments_.front().parts.front().position);
  for (auto& segment : segments_) {
    for (auto& slot : segment.parts) {
      if (slot.position < first_with_payload_) continue;
      if (slot.position >= newest_independent || slot.end >= newest.end - payload_) return;
      slot.part.reset();
      first_with_payload_ = slot.position + 1;
    }
  }
}

Channel::Position Channel::visible_end(const View& view) const {
  if (!view.delayed) return next_position_;
  for (auto segment = segments_.rbegin(); segment != segments_.rend(); ++segment)
    for (auto slot = segment->parts.rbegin(); slot != segment->parts.rend(); ++slot)
      if (slot->end <= view.not_after) return slot->position + 1;
  return segments_.empty() ? next_position_ : segments_.front().parts.front().position;
}

const Channel::Slot* Channel::find_slot(Position position) const {
  for (const auto& segment : segments_) {
    const Position first = segment.parts.front().position;
    if (position >= first && position < first + segment.parts.size())
      return &segment.parts[static_cast<std::size_t>(position - first)];
  }
  return nullptr;
}

media::LivePlaylist Channel::list(const View& view, const UriScheme& uris, Position end) const {
  media::LivePlaylist playlist;
  playlist.target_s = options_.target_s;
  playlist.media_sequence = segments_.front().msn;
  playlist.discontinuity_sequence = dropped_discontinuities_;
  std::int64_t from_end_90k = 0;
  std::int64_t part_target = 0;
  for (auto segment = segments_.rbegin(); segment != segments_.rend(); ++segment) {
    if (segment->parts.front().position >= end) continue;
    const bool whole = segment->complete && segment->parts.back().position < end;
    media::PlaylistSegment listed;
    listed.map_uri = uris.prefix + media::init_name(*segment->recording, view.with_audio);
    listed.start = segment->start;
    listed.discontinuity = segment->discontinuity;
    std::int64_t target = 0;
    for (const auto& slot : segment->parts) {
      if (slot.position >= end) break;
      listed.gap = listed.gap || !view.sees({slot.start, slot.end});
      target = std::max(target, slot.target_90k);
      listed.duration_90k += slot.duration_90k;
    }
    if (part_target == 0) part_target = target;
    if (whole)
      listed.uri =
          uris.prefix + media::range_name(*segment->recording, segment->parts.front().number,
                                          segment->parts.back().number + 1, view.with_audio);
    const bool near = from_end_90k <= kPartTargets * options_.target_s * kTicksPerSecond;
    if (!whole || (near && target == part_target)) {
      for (const auto& slot : segment->parts) {
        if (slot.position >= end) break;
        listed.parts.push_back({uris.prefix + media::range_name(*segment->recording, slot.number,
                                                                slot.number + 1, view.with_audio),
                                slot.duration_90k, slot.independent,
                                !view.sees({slot.start, slot.end})});
      }
    }
    from_end_90k += listed.duration_90k;
    playlist.segments.insert(playlist.segments.begin(), std::move(listed));
  }
  playlist.part_target_90k = part_target;

  // A hint is given only when it is certain: near its full length a recording may be followed by
  // another one, and the next part then has another name.
  if (end < next_position_) {
    for (const auto& segment : segments_) {
      const Position first = segment.parts.front().position;
      if (end < first || end >= first + segment.parts.size()) continue;
      const Slot& next = segment.parts[static_cast<std::size_t>(end - first)];
      playlist.hint_uri = uris.prefix + media::range_name(*segment.recording, next.number,
                                                          next.number + 1, view.with_audio);
    }
  } else if (recording_) {
    const Segment& last = segments_.back();
    if (last.recording->id == recording_->id) {
      const Slot& newest = last.parts.back();
      const std::int64_t length = duration_to_ticks(newest.end - recording_->start);
      if (length + part_target < options_.recording_90k)
        playlist.hint_uri = uris.prefix + media::range_name(*recording_, newest.number + 1,
                                                            newest.number + 2, view.with_audio);
    }
  }
  return playlist;
}

PlaylistAnswer::Status Channel::availability(const PlaylistQuery& query, Position end) const {
  using Status = PlaylistAnswer::Status;
  if (segments_.empty() || segments_.front().parts.front().position >= end) return Status::empty;
  if (!query.msn) return Status::ready;
  const Segment* last = nullptr;
  for (const auto& segment : segments_)
    if (segment.parts.front().position < end) last = &segment;
  const std::uint64_t msn = *query.msn;
  if (msn > last->msn + kFarSegments) return Status::too_far;
  if (msn < last->msn) {
    // A part past the end of its segment means the first part of the next one, which is there.
    return Status::ready;
  }
  if (msn > last->msn) return Status::wait;
  const bool whole = last->complete && last->parts.back().position < end;
  if (!query.part) return whole ? Status::ready : Status::wait;
  const auto visible =
      std::min<Position>(end, last->parts.back().position + 1) - last->parts.front().position;
  return *query.part < visible ? Status::ready : Status::wait;
}

PlaylistAnswer Channel::playlist(const View& view, const UriScheme& uris,
                                 const PlaylistQuery& query) {
  const std::lock_guard lock(mutex_);
  const Position end = visible_end(view);
  PlaylistAnswer answer;
  answer.status = availability(query, end);
  if (answer.status != PlaylistAnswer::Status::ready) return answer;
  if (view.withheld) {
    const std::string text = media::render_live(list(view, uris, end), query.delta);
    answer.text = std::make_shared<const Bytes>(text.begin(), text.end());
    return answer;
  }
  const CacheKey key{view.with_audio, query.delta, uris.prefix};
  if (const auto found = cache_.find(key); found != cache_.end() &&
                                           found->second.revision == revision_ &&
                                           found->second.visible_end == end) {
    answer.text = found->second.text;
    return answer;
  }
  const std::string text = media::render_live(list(view, uris, end), query.delta);
  answer.text = std::make_shared<const Bytes>(text.begin(), text.end());
  if (cache_.size() >= kCacheMax && !cache_.contains(key)) cache_.clear();
  cache_[key] = {revision_, end, answer.text};
  return answer;
}

Channel::Parts Channel::find_parts(RecordingId recording, std::uint32_t first,
                                   std::uint32_t end) const {
  const std::lock_guard lock(mutex_);
  Parts found;
  std::uint32_t wanted = first;
  std::uint32_t newest = 0;
  bool known = false;
  for (const auto& segment : segments_) {
    if (segment.recording->id != recording) continue;
    known = true;
    for (const auto& slot : segment.parts) {
      newest = slot.number;
      if (slot.number != wanted || wanted >= end) continue;
      if (wanted == first) found.span.begin = slot.start;
      found.span.end = slot.end;
      if (slot.part) found.parts.push_back(slot.part);
      ++wanted;
    }
  }
  if (wanted == end) {
    found.status = found.parts.size() == end - first ? Fetch::found : Fetch::let_go;
    return found;
  }
  found.parts.clear();
  const bool is_next = recording_ && recording_->id == recording && end == first + 1 &&
                       first == (known ? newest + 1 : 0);
  found.status = is_next ? Fetch::not_yet : Fetch::unknown;
  return found;
}

media::RecordingPtr Channel::find_recording(RecordingId id) const {
  const std::lock_guard lock(mutex_);
  if (recording_ && recording_->id == id) return recording_;
  for (const auto& segment : segments_)
    if (segment.recording->id == id) return segment.recording;
  return nullptr;
}

Channel::Next Channel::next_part(Position position, const View& view,
                                 std::size_t behind_max) const {
  const std::lock_guard lock(mutex_);
  const Position end = visible_end(view);
  if (position >= end) return {nullptr, position, false};
  bool skipped = false;
  if (position < first_with_payload_ || end - position > behind_max) {
    Position target = first_with_payload_;
    for (const auto& segment : segments_)
      for (const auto& slot : segment.parts)
        if (slot.position < end && slot.independent && slot.part) target = slot.position;
    if (target > position) {
      position = target;
      skipped = true;
    }
  }
  const Slot* slot = find_slot(position);
  if (slot == nullptr || slot->position >= end) return {nullptr, position, skipped};
  return {slot->part, position, skipped};
}

Channel::Position Channel::start_position(const View& view) const {
  const std::lock_guard lock(mutex_);
  const Position end = visible_end(view);
  Position start = std::min(first_with_payload_, end);
  for (const auto& segment : segments_)
    for (const auto& slot : segment.parts)
      if (slot.position < end && slot.independent && slot.part) start = slot.position;
  return start;
}

std::optional<Channel::Position> Channel::position_after(RecordingId recording,
                                                         std::uint32_t part) const {
  const std::lock_guard lock(mutex_);
  for (const auto& segment : segments_) {
    if (segment.recording->id != recording) continue;
    for (const auto& slot : segment.parts)
      if (slot.number == part && slot.position + 1 >= first_with_payload_) return slot.position + 1;
  }
  return std::nullopt;
}

ChannelSummary Channel::summary() const {
  const std::lock_guard lock(mutex_);
  ChannelSummary summary;
  if (recording_) summary.tracks = recording_->tracks;
  std::int64_t duration_90k = 0;
  std::size_t bytes = 0;
  std::uint64_t frames = 0;
  for (const auto& segment : segments_) {
    if (!summary.tracks) summary.tracks = segment.recording->tracks;
    duration_90k += segment.duration_90k;
    bytes += segment.bytes;
    if (segment.duration_90k <= 0) continue;
    // Whole seconds at least: one short segment says little about the line.
    const auto length = std::max<std::int64_t>(segment.duration_90k, kTicksPerSecond);
    summary.peak_bps = std::max(
        summary.peak_bps, static_cast<std::int64_t>(segment.bytes) * 8 * kTicksPerSecond / length);
    for (const auto& slot : segment.parts) {
      summary.last_part_end = slot.end;
      frames += slot.frames;
    }
  }
  if (duration_90k > 0) {
    summary.bitrate_bps = static_cast<std::int64_t>(bytes) * 8 * kTicksPerSecond / duration_90k;
    summary.frames_per_s =
        static_cast<double>(frames) * kTicksPerSecond / static_cast<double>(duration_90k);
  }
  return summary;
}

std::uint64_t Channel::revision() const {
  const std::lock_guard lock(mutex_);
  return revision_;
}

}  // namespace oriel::live
