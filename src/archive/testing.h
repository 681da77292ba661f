// Real parts and a disk that can fail, for tests of the archive. Only included by tests.
#pragma once
#include <condition_variable>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "archive/alarms.h"
#include "archive/file_system.h"
#include "base/bytes.h"
#include "media/packager.h"
#include "media/part.h"

namespace oriel::archive::testing {

// What is raised at the moment. Thread-safe.
class KeptAlarms final : public AlarmSink {
 public:
  void raise(AlarmKind kind, std::string_view subject, std::string_view message) override;
  void clear(AlarmKind kind, std::string_view subject) override;
  // The newest message; absent while it is not raised.
  std::optional<std::string> message(AlarmKind kind, std::string_view subject) const;
  std::size_t raised() const;  // conditions that hold now

 private:
  mutable std::mutex mutex_;
  std::map<std::pair<AlarmKind, std::string>, std::string> raised_;  // guarded by mutex_
};

// A folder that goes with its owner.
class TemporaryFolder {
 public:
  TemporaryFolder();
  ~TemporaryFolder();
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;
  const std::string& path() const { return path_; }
  std::string path_of(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

// A few seconds of real H.264 (libx264, 64x48, 10 frames/s, a key frame each second), made once.
struct Clip {
  media::Track track;
  struct Frame {
    Bytes bytes;
    bool key = false;
  };
  std::vector<Frame> frames;  // whole GOPs: it may be played in a loop
};
const Clip& test_clip();

// Keeps what passes and hands it on.
class TeeSink final : public media::PartSink {
 public:
  explicit TeeSink(media::PartSink* next = nullptr) : next_(next) {}
  void recording_began(const media::RecordingPtr& recording) override;
  void part_made(const media::PartPtr& part) override;
  void recording_ended(const media::RecordingPtr& recording, media::Reason reason) override;

  std::vector<media::RecordingPtr> recordings;
  std::vector<media::PartPtr> parts;
  // Parts of one recording in order; what its file must hold.
  std::vector<media::PartPtr> parts_of(RecordingId id) const;
  Bytes file_of(RecordingId id) const;

 private:
  media::PartSink* next_;
};

// A camera: plays the clip in a loop through a packager.
class TestCamera {
 public:
  TestCamera(FeedId feed, media::IdSource& ids, media::PartSink& sink,
             std::int64_t recording_s = 10, media::Rendition rendition = media::Rendition::main);
  void begin_run(UtcTime start, media::Reason began = media::Reason::starting);
  void push_frames(int count);
  void end_run(media::Reason reason);
  UtcTime now() const;  // of the last frame pushed

 private:
  media::Packager packager_;
  UtcTime start_;
  std::int64_t frame_ = 0;
};

enum class DiskCall { open, write, read, truncate, sync, folder, rename, remove, list, sync_all };

// A disk in memory that knows what is durable. Thread-safe.
class FaultyFileSystem final : public FileSystem {
 public:
  FaultyFileSystem();
  ~FaultyFileSystem() override;

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Result<void> make_folders(const std::string& path) override;
  Result<void> rename(const std::string& from, const std::string& to) override;
  Result<void> remove(const std::string& path) override;
  Result<std::vector<DirectoryEntry>> list(const std::string& path) override;
  Result<void> sync_folder(const std::string& path) override;
  Result<void> sync_all(const std::string& path) override;
  Result<FileIdentity> identify(const std::string& path) override;
  Result<Space> space(const std::string& path) override;

  // What a restart after a loss of power finds: synced bytes, and of the others what `random` says
  // (nothing, a part, all, or zeros of their length).
  std::unique_ptr<FaultyFileSystem> after_power_loss(std::mt19937& random) const;
  // The power goes at the n-th changing call from now: the state is kept as after_power_loss()
  // finds it, the call and all later ones fail.
  void lose_power_at(std::uint64_t changing_calls, std::uint32_t seed);
  std::unique_ptr<FaultyFileSystem> take_survivor();
  std::uint64_t changing_calls() const;

  void set_capacity(std::optional<std::uint64_t> bytes);  // writes beyond are cut: ENOSPC
  void set_read_only(bool read_only);
  // errno of every call of this kind; 0: none.
  void set_error(DiskCall call, int error_number);
  // Writes wait while the disk hangs.
  void set_hanging(bool hanging);
  std::uint64_t writes() const;
  // What a person does behind our back: the name goes, what is open stays readable.
  void forget_name(const std::string& path);
  // Another file of these bytes takes the name.
  void put(const std::string& path, Bytes bytes);
  void cut_short(const std::string& path, std::uint64_t size_bytes);
  Bytes content(const std::string& path) const;  // empty when it is not there
  std::vector<std::string> files() const;

 private:
  friend class FaultyFile;
  struct Node;
  struct State;
  std::shared_ptr<State> state_;
};

}  // namespace oriel::archive::testing
