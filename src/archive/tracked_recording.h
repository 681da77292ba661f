// One recording on its way to the disk: how far it is, and the index of what is written.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <vector>

#include "archive/writer.h"
#include "media/part.h"

namespace oriel::archive {

// Thread-safe. received() is called on the feed's thread, written() and ended() on the volume's,
// made_durable() on the sync thread.
class TrackedRecording {
 public:
  TrackedRecording(media::RecordingPtr recording, VolumeId on_volume);

  const media::RecordingPtr head;
  const VolumeId volume;

  void received(const media::Part& part);
  void written(std::span<const media::PartPtr> parts);
  // `sha256`: of what is written; absent when nothing is.
  void ended(media::Reason reason, std::optional<Sha256Digest> sha256);
  // `mark` was taken before the sync that has now succeeded.
  void made_durable(const UnsettledRecording& mark);

  // Which file it is in; on the volume's thread.
  void set_file(const FileIdentity& file);
  std::optional<FileIdentity> file() const;

  // No further part is taken. True for the first caller.
  bool cut() { return !cut_.exchange(true); }
  bool is_cut() const { return cut_.load(); }

  Position position() const;
  bool is_ended() const;
  UtcTime end() const;           // of what is written
  UtcTime received_end() const;  // of what was received
  UnsettledRecording snapshot() const;

 private:
  void check_order() const;  // mutex_ held

  std::atomic<bool> cut_ = false;
  mutable std::mutex mutex_;
  Position position_;  // guarded by mutex_, as all below
  std::int64_t received_end_90k_ = 0;
  std::int64_t end_90k_ = 0;                   // of what is written
  std::uint64_t frames_ = 0;                   // of what is written
  std::vector<media::SegmentEntry> segments_;  // of what is written
  std::optional<media::Reason> ended_;
  std::optional<FileIdentity> file_;
  std::optional<Sha256Digest> sha256_;
};
using TrackedPtr = std::shared_ptr<TrackedRecording>;

}  // namespace oriel::archive
