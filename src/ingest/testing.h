// Real peers and places to look, for the tests of ingest. Only included by tests.
#pragma once
#include <condition_variable>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include <fcntl.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "ingest/av_ptr.h"
#include "ingest/libav_source.h"
#include "ingest/reception.h"
#include "media/part.h"
#include "media/testing.h"

namespace oriel::ingest::testing {

inline std::string sample(const std::string& name) {
  return std::string(ORIEL_SOURCE_DIR) + "/../shared/samples/video/" + name;
}

#define ORIEL_NEEDS_SAMPLE(name)                                          \
  if (!std::filesystem::exists(::oriel::ingest::testing::sample(name)))   \
  GTEST_SKIP() << "the sample " << ::oriel::ingest::testing::sample(name) \
               << " is not on this machine"

// A child process whose standard output is read line by line; killed at the end.
class Peer {
 public:
  explicit Peer(const std::vector<std::string>& command) {
    int out[2] = {-1, -1};
    if (pipe2(out, O_CLOEXEC) != 0) return;
    posix_spawn_file_actions_t actions;
    posix_spawn_file_actions_init(&actions);
    posix_spawn_file_actions_adddup2(&actions, out[1], 1);
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
    std::vector<char*> arguments;
    for (const std::string& word : command) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    if (posix_spawnp(&pid_, arguments[0], &actions, nullptr, arguments.data(), environ) != 0)
      pid_ = -1;
    posix_spawn_file_actions_destroy(&actions);
    ::close(out[1]);
    output_ = fdopen(out[0], "r");
  }
  ~Peer() {
    stop();
    if (output_ != nullptr) fclose(output_);
  }
  Peer(const Peer&) = delete;
  Peer& operator=(const Peer&) = delete;

  std::string line() {
    char text[512] = {};
    if (output_ == nullptr || fgets(text, sizeof(text), output_) == nullptr) return {};
    std::string made = text;
    while (!made.empty() && made.back() == '\n') made.pop_back();
    return made;
  }
  void signal(int number) const {
    if (pid_ > 0) ::kill(pid_, number);
  }
  void stop() {
    if (pid_ <= 0) return;
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
    pid_ = -1;
  }

 private:
  pid_t pid_ = -1;
  FILE* output_ = nullptr;
};

// tests/peers/rtsp_camera.py with these options.
class Camera {
 public:
  explicit Camera(std::vector<std::string> options)
      : peer_([&] {
          std::vector<std::string> command = {
              "/usr/bin/python3", std::string(ORIEL_SOURCE_DIR) + "/tests/peers/rtsp_camera.py"};
          command.insert(command.end(), options.begin(), options.end());
          return command;
        }()) {
    const std::string line = peer_.line();
    if (line.starts_with("port ")) port_ = std::stoi(line.substr(5));
  }
  bool up() const { return port_ != 0; }
  int port() const { return port_; }
  std::string url(const std::string& user = "", const std::string& path = "/stream") const {
    return "rtsp://" + (user.empty() ? "" : user + "@") + "127.0.0.1:" + std::to_string(port_) +
           path;
  }
  Peer& peer() { return peer_; }

 private:
  Peer peer_;
  int port_ = 0;
};

// Collects what a packager gives: per recording the whole file.
class FileSink : public media::PartSink {
 public:
  struct File {
    media::RecordingPtr recording;
    Bytes bytes;
    std::vector<media::PartPtr> parts;
    std::optional<media::Reason> ended;
  };
  void recording_began(const media::RecordingPtr& recording) override {
    const std::lock_guard lock(mutex_);
    files_.push_back({recording, *recording->init, {}, {}});
    changed_.notify_all();
  }
  void part_made(const media::PartPtr& part) override {
    const std::lock_guard lock(mutex_);
    File& file = files_.back();
    file.bytes.insert(file.bytes.end(), part->file_head->begin(), part->file_head->end());
    file.bytes.insert(file.bytes.end(), part->payload->begin(), part->payload->end());
    file.parts.push_back(part);
    changed_.notify_all();
  }
  void recording_ended(const media::RecordingPtr&, media::Reason reason) override {
    const std::lock_guard lock(mutex_);
    files_.back().ended = reason;
    changed_.notify_all();
  }
  std::vector<File> files() const {
    const std::lock_guard lock(mutex_);
    return files_;
  }
  // Waits until `enough` says so; false after `limit`.
  template <class Enough>
  bool wait(std::chrono::seconds limit, Enough enough) {
    std::unique_lock lock(mutex_);
    return changed_.wait_for(lock, limit, [&] { return enough(files_); });
  }
  bool wait_for_parts(std::size_t count, std::chrono::seconds limit = std::chrono::seconds(90)) {
    return wait(limit, [&](const std::vector<File>& files) {
      std::size_t all = 0;
      for (const File& file : files) all += file.parts.size();
      return all >= count;
    });
  }

 private:
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::vector<File> files_;
};

struct Decoded {
  int pictures = 0;
  int errors = 0;
  int width = 0;
  int height = 0;
  std::int64_t samples = 0;
  double seconds = 0;  // of the longest stream, as its packets say
  std::string formats;
};

// Decodes a whole file as any player would.
inline Decoded decode(const Bytes& bytes) {
  const auto path = std::filesystem::temp_directory_path() /
                    ("oriel-ingest-" + std::to_string(getpid()) + ".mp4");
  std::ofstream(path, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()),
             static_cast<std::streamsize>(bytes.size()));
  Decoded made;
  AVFormatContext* raw = nullptr;
  if (avformat_open_input(&raw, path.c_str(), nullptr, nullptr) < 0) return made;
  AvPtr<AVFormatContext> format(raw);
  avformat_find_stream_info(raw, nullptr);
  std::map<int, AvPtr<AVCodecContext>> decoders;
  for (unsigned i = 0; i < raw->nb_streams; ++i) {
    const AVCodecParameters* parameters = raw->streams[i]->codecpar;
    AvPtr<AVCodecContext> decoder(
        avcodec_alloc_context3(avcodec_find_decoder(parameters->codec_id)));
    avcodec_parameters_to_context(decoder.get(), parameters);
    if (avcodec_open2(decoder.get(), nullptr, nullptr) < 0) continue;
    made.formats +=
        std::string(made.formats.empty() ? "" : "+") + avcodec_get_name(parameters->codec_id);
    decoders[static_cast<int>(i)] = std::move(decoder);
  }
  AvPtr<AVPacket> packet(av_packet_alloc());
  AvPtr<AVFrame> frame(av_frame_alloc());
  const auto drain = [&](AVCodecContext& decoder) {
    while (avcodec_receive_frame(&decoder, frame.get()) >= 0) {
      if (decoder.codec_type == AVMEDIA_TYPE_VIDEO) {
        ++made.pictures;
        made.width = frame->width;
        made.height = frame->height;
        if ((frame->flags & AV_FRAME_FLAG_CORRUPT) != 0 || frame->decode_error_flags != 0)
          ++made.errors;
      } else {
        made.samples += frame->nb_samples;
      }
    }
  };
  while (av_read_frame(raw, packet.get()) >= 0) {
    auto& decoder = decoders[packet->stream_index];
    const double end = static_cast<double>(packet->pts + packet->duration) *
                       av_q2d(raw->streams[packet->stream_index]->time_base);
    made.seconds = std::max(made.seconds, end);
    if (decoder) {
      if (avcodec_send_packet(decoder.get(), packet.get()) < 0) ++made.errors;
      drain(*decoder);
    }
    av_packet_unref(packet.get());
  }
  for (auto& [index, decoder] : decoders)
    if (decoder) {
      avcodec_send_packet(decoder.get(), nullptr);
      drain(*decoder);
    }
  if (std::getenv("ORIEL_KEEP") == nullptr) std::filesystem::remove(path);
  return made;
}

// Runs packaged as they come.
class PackagingOutput : public RunOutput {
 public:
  PackagingOutput() : packager(media::PackagerOptions{.feed = FeedId("test")}, ids, sink) {}
  Result<void> run_began(media::RunHead head) override {
    heads.push_back(head);
    return packager.begin_run(std::move(head));
  }
  Result<void> packet_made(media::Packet packet) override {
    ++packets;
    return packager.push(std::move(packet));
  }
  void run_clock_moved(UtcTime start, media::ClockQuality clock) override {
    packager.set_run_clock(start, clock);
  }
  void run_ended(media::Reason reason) override {
    ended.push_back(reason);
    packager.end_run(reason);
  }

  media::testing::CountingIds ids;
  FileSink sink;
  media::Packager packager;
  std::vector<media::RunHead> heads;
  std::vector<media::Reason> ended;
  int packets = 0;
};

inline SourceUrl file_url(const std::string& path) {
  return *SourceUrl::parse("file:" + path, {.file_allowed = true});
}

inline SteadyTime in_seconds(int seconds) {
  return std::chrono::steady_clock::now() + std::chrono::seconds(seconds);
}

}  // namespace oriel::ingest::testing
