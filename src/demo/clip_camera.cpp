#include "demo/clip_camera.h"

#include <condition_variable>
#include <mutex>

#include "base/log.h"
#include "base/thread.h"
#include "demo/belled_stream.h"
#include "demo/clip_reader.h"
#include "demo/encoder.h"

namespace oriel::demo {
namespace {

constexpr Duration kFrameTime{1'000'000 / 12};
constexpr std::int64_t kGopFrames = 24;
constexpr VideoSettings kMainVideo{.qp = 24};
constexpr VideoSettings kSubVideo{.width = 320, .height = 180, .qp = 28};

class ClipCamera final : public Camera {
 public:
  ClipCamera(std::string path, const Clock& clock, StreamFormat main, StreamFormat sub,
             bool untouched)
      : path_(std::move(path)),
        clock_(clock),
        untouched_(untouched),
        main_(std::make_shared<BelledStream>(std::move(main), doorbell_)),
        sub_(std::make_shared<BelledStream>(std::move(sub), doorbell_)) {
    thread_ = NamedThread("clip", [this](std::stop_token stop) { run(stop); });
  }
  ~ClipCamera() override {
    thread_.request_stop();
    thread_.join();
  }
  std::shared_ptr<Stream> main() override { return main_; }
  std::shared_ptr<Stream> sub() override { return sub_; }

 private:
  bool wanted() const { return !main_->fanout.empty() || !sub_->fanout.empty(); }

  void run(const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      {
        std::unique_lock lock(doorbell_->mutex);
        doorbell_->rung.wait(lock, stop, [this] { return wanted(); });
      }
      if (stop.stop_requested()) return;
      if (auto shown = show(stop); !shown) {
        log::error("clip camera: {}", shown.error().message);
        return;
      }
    }
  }

  // From the file's start, until nobody watches.
  Result<void> show(const std::stop_token& stop) {
    ORIEL_TRY_ASSIGN(const auto reader, ClipReader::open(path_));
    begin_ = clock_.now();
    next_frame_ = Duration{0};
    main_encoder_.reset();
    sub_encoder_.reset();
    while (!stop.stop_requested() && wanted()) {
      ORIEL_TRY_ASSIGN(ClipPacket packet, reader->next());
      const UtcTime due = begin_ + packet.at;
      if (const Duration wait = due - clock_.now(); wait.us > 0) {
        std::unique_lock lock(doorbell_->mutex);
        doorbell_->rung.wait_for(lock, stop, std::chrono::microseconds(wait.us),
                                 [] { return false; });
      }
      const bool decoded = !packet.audio && (!untouched_ || !sub_->fanout.empty()) &&
                           reader->decode(untouched_ ? nullptr : &large_, small_);
      const Duration at = packet.at;
      if (packet.audio || untouched_)
        main_->fanout.deliver({packet.audio, packet.key, due,
                               std::make_shared<const Bytes>(std::move(packet.bytes))});
      if (decoded && at >= next_frame_) {
        next_frame_ = std::max(next_frame_ + kFrameTime, at - kFrameTime);
        ORIEL_TRY(encode(due));
      }
    }
    return {};
  }

  Result<void> encode(UtcTime time) {
    const bool periodic_key = frame_++ % kGopFrames == 0;
    if (!untouched_ && !main_->fanout.empty())
      ORIEL_TRY(encode_one(*main_, main_encoder_, kMainVideo, large_, time, periodic_key));
    if (!sub_->fanout.empty())
      ORIEL_TRY(encode_one(*sub_, sub_encoder_, kSubVideo, small_, time, periodic_key));
    return {};
  }

  const std::string path_;
  const Clock& clock_;
  const bool untouched_;
  const std::shared_ptr<Doorbell> doorbell_ = std::make_shared<Doorbell>();
  const std::shared_ptr<BelledStream> main_;
  const std::shared_ptr<BelledStream> sub_;
  // What follows belongs to the thread.
  Picture large_{kMainVideo.width, kMainVideo.height};
  Picture small_{kSubVideo.width, kSubVideo.height};
  std::unique_ptr<VideoEncoder> main_encoder_;
  std::unique_ptr<VideoEncoder> sub_encoder_;
  UtcTime begin_;
  Duration next_frame_;
  std::int64_t frame_ = 0;
  NamedThread thread_;
};

}  // namespace

Result<std::unique_ptr<Camera>> start_clip_camera(const std::string& path, const std::string& title,
                                                  const Clock& clock) {
  ORIEL_TRY_ASSIGN(const auto reader, ClipReader::open(path));
  const ClipFormat& clip = reader->format();
  ORIEL_TRY_ASSIGN(StreamFormat main, video_format(kMainVideo, title));
  ORIEL_TRY_ASSIGN(StreamFormat sub, video_format(kSubVideo, title));
  if (clip.untouched) {
    main.sps = clip.sps;
    main.pps = clip.pps;
    main.width = clip.width;
    main.height = clip.height;
  }
  if (clip.audio_configuration) {
    main.audio_configuration = clip.audio_configuration;
    main.audio_rate = clip.audio_rate;
    main.audio_channels = clip.audio_channels;
  }
  return std::make_unique<ClipCamera>(path, clock, std::move(main), std::move(sub), clip.untouched);
}

}  // namespace oriel::demo
