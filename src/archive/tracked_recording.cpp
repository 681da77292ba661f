#include "archive/tracked_recording.h"

#include <utility>

namespace oriel::archive {

TrackedRecording::TrackedRecording(media::RecordingPtr recording, VolumeId on_volume)
    : head(std::move(recording)), volume(std::move(on_volume)) {}

void TrackedRecording::check_order() const {
  ORIEL_CHECK(position_.received_parts >= position_.written_parts);
  ORIEL_CHECK(position_.written_parts >= position_.durable_parts);
  ORIEL_CHECK(position_.received_bytes >= position_.written_bytes);
  ORIEL_CHECK(position_.written_bytes >= position_.durable_bytes);
}

void TrackedRecording::received(const media::Part& part) {
  const std::lock_guard lock(mutex_);
  if (position_.received_parts == 0) position_.received_bytes = head->init->size();
  // The file is written in this order and nowhere else: a hole would make all later parts
  // unreadable.
  ORIEL_CHECK(part.number == position_.received_parts);
  ORIEL_CHECK(part.file_offset == position_.received_bytes);
  ++position_.received_parts;
  position_.received_bytes += part.size();
  received_end_90k_ += part.duration_90k;
}

void TrackedRecording::written(std::span<const media::PartPtr> parts) {
  const std::lock_guard lock(mutex_);
  if (position_.written_parts == 0) position_.written_bytes = head->init->size();
  for (const auto& part : parts) {
    ORIEL_CHECK(part->number == position_.written_parts);
    ORIEL_CHECK(part->file_offset == position_.written_bytes);
    if (part->segment >= segments_.size()) {
      ORIEL_CHECK(part->segment == segments_.size());
      segments_.push_back({0, 0, 0, part->independent});
    }
    auto& segment = segments_.back();
    segment.duration_90k += part->duration_90k;
    segment.bytes += static_cast<std::int64_t>(part->size());
    ++segment.parts;
    ++position_.written_parts;
    position_.written_bytes += part->size();
    end_90k_ += part->duration_90k;
    frames_ += part->frames;
  }
  check_order();
}

void TrackedRecording::ended(media::Reason reason, std::optional<Sha256Digest> sha256) {
  const std::lock_guard lock(mutex_);
  if (ended_) return;
  ended_ = reason;
  sha256_ = sha256;
}

void TrackedRecording::made_durable(const UnsettledRecording& mark) {
  const std::lock_guard lock(mutex_);
  ORIEL_CHECK(mark.parts >= position_.durable_parts);
  position_.durable_parts = mark.parts;
  position_.durable_bytes = mark.bytes;
  check_order();
}

void TrackedRecording::set_file(const FileIdentity& file) {
  const std::lock_guard lock(mutex_);
  file_ = file;
}

std::optional<FileIdentity> TrackedRecording::file() const {
  const std::lock_guard lock(mutex_);
  return file_;
}

Position TrackedRecording::position() const {
  const std::lock_guard lock(mutex_);
  return position_;
}

bool TrackedRecording::is_ended() const {
  const std::lock_guard lock(mutex_);
  return ended_.has_value();
}

UtcTime TrackedRecording::end() const {
  const std::lock_guard lock(mutex_);
  return head->start + ticks_to_duration(end_90k_);
}

UtcTime TrackedRecording::received_end() const {
  const std::lock_guard lock(mutex_);
  return head->start + ticks_to_duration(received_end_90k_);
}

UnsettledRecording TrackedRecording::snapshot() const {
  const std::lock_guard lock(mutex_);
  UnsettledRecording taken;
  taken.head = head;
  taken.volume = volume;
  taken.end = head->start + ticks_to_duration(end_90k_);
  taken.bytes = position_.written_bytes;
  taken.parts = position_.written_parts;
  taken.frames = frames_;
  taken.segments = segments_;
  taken.ended = ended_;
  taken.sha256 = sha256_;
  return taken;
}

}  // namespace oriel::archive
