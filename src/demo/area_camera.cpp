#include "demo/area_camera.h"

#include <algorithm>
#include <condition_variable>
#include <mutex>
#include <string>

#include "base/log.h"
#include "base/thread.h"
#include "demo/belled_stream.h"
#include "demo/clock_cells.h"
#include "demo/encoder.h"
#include "demo/scene.h"
#include "demo/sound.h"
#include "demo/truth.h"

namespace oriel::demo {
namespace {

constexpr int kSubWidth = 320;
constexpr int kSubHeight = 180;
constexpr std::int64_t kGopFrames = 2 * kScenesPerSecond;
constexpr VideoSettings kMainVideo{};
constexpr VideoSettings kSubVideo{.width = kSubWidth, .height = kSubHeight, .qp = 27};
// Encoders are kept this long after the last receiver left: a reconnect should not pay for them.
constexpr Duration kLinger = Duration::from_s(10);

class ThreadedAreaCamera final : public Camera {
 public:
  ThreadedAreaCamera(const Area& area, const AreaCameraOptions& options, const Clock& clock,
                     StreamFormat main_format, StreamFormat sub_format)
      : area_(area),
        options_(options),
        clock_(clock),
        main_(std::make_shared<BelledStream>(std::move(main_format), doorbell_)),
        sub_(std::make_shared<BelledStream>(std::move(sub_format), doorbell_)) {
    thread_ = NamedThread(std::string(area.id), [this](std::stop_token stop) { run(stop); });
  }
  ~ThreadedAreaCamera() override {
    thread_.request_stop();
    thread_.join();
  }
  std::shared_ptr<Stream> main() override { return main_; }
  std::shared_ptr<Stream> sub() override { return sub_; }

 private:
  bool wanted() const { return !main_->fanout.empty() || !sub_->fanout.empty(); }

  // When frame `index` is taken: a multiple of a twelfth of a second, shifted by the phase.
  UtcTime time_of(std::int64_t index) const {
    const std::int64_t shift_us = options_.phase * (1'000'000 / (kScenesPerSecond * kAreaCount));
    return UtcTime{index * 1'000'000 / kScenesPerSecond + shift_us};
  }
  std::int64_t index_at(UtcTime time) const {
    std::int64_t index = time.us * kScenesPerSecond / 1'000'000;
    while (time_of(index) < time) ++index;
    return index;
  }

  void run(const std::stop_token& stop) {
    // Before anybody asks: the first picture should not wait for the land to be shaped.
    scenery_ = make_scenery(area_, stop);
    UtcTime last_wanted = clock_.now();
    std::int64_t index = 0;
    while (!stop.stop_requested()) {
      const UtcTime now = clock_.now();
      if (wanted())
        last_wanted = now;
      else if (now - last_wanted > kLinger)
        rest();
      std::unique_lock lock(doorbell_->mutex);
      if (!wanted()) {
        doorbell_->rung.wait_for(lock, stop, std::chrono::seconds(1), [this] { return wanted(); });
        continue;
      }
      // Late by more than two frames: go on with the present instead of catching up.
      index = std::max(index + 1, index_at(now - Duration::from_ms(166)));
      const Duration wait = time_of(index) - now;
      if (wait.us > 0)
        doorbell_->rung.wait_for(lock, stop, std::chrono::microseconds(wait.us),
                                 [] { return false; });
      lock.unlock();
      if (stop.stop_requested()) return;
      if (auto made = make_frame(index); !made) {
        log::error("camera {}: {}", area_.id, made.error().message);
        return;
      }
    }
  }

  // Gives back what only a running picture needs.
  void rest() {
    scene_.reset();
    main_encoder_.reset();
    sub_encoder_.reset();
    sound_encoder_.reset();
    soundscape_.reset();
  }

  Result<void> make_frame(std::int64_t index) {
    const UtcTime time = time_of(index);
    if (!scene_) scene_ = Scene::make(area_, scenery_, {});
    const Picture& picture = scene_->render(time);
    const bool periodic_key = (index + options_.phase * 2) % kGopFrames == 0;
    if (!main_->fanout.empty()) {
      ORIEL_TRY(encode_one(*main_, main_encoder_, kMainVideo, picture, time, periodic_key));
    } else {
      main_encoder_.reset();
    }
    if (!sub_->fanout.empty()) {
      shrink(picture, small_);
      draw_clock(small_, time);
      ORIEL_TRY(encode_one(*sub_, sub_encoder_, kSubVideo, small_, time, periodic_key));
    } else {
      sub_encoder_.reset();
    }
    if (area_.has_sound && !main_->fanout.empty()) ORIEL_TRY(make_sound(time));
    if (options_.truth != nullptr) options_.truth->record(area_, time);
    return {};
  }

  Result<void> make_sound(UtcTime until) {
    if (!sound_encoder_) {
      ORIEL_TRY_ASSIGN(sound_encoder_, SoundEncoder::open());
      soundscape_ = std::make_unique<Soundscape>(area_);
      sound_frame_ = until.us * kSoundRate / 1'000'000 / kSoundFrame;
    }
    const auto time_of_frame = [](std::int64_t frame) {
      return UtcTime{frame * kSoundFrame * 1'000'000 / kSoundRate};
    };
    // After a pause of the machine, go on with the present.
    const std::int64_t newest = until.us * kSoundRate / 1'000'000 / kSoundFrame;
    sound_frame_ = std::max(sound_frame_, newest - 2 * kSoundRate / kSoundFrame);
    std::array<float, kSoundFrame> samples;
    for (; sound_frame_ < newest; ++sound_frame_) {
      soundscape_->fill(samples, time_of_frame(sound_frame_));
      ORIEL_TRY_ASSIGN(auto coded, sound_encoder_->encode(samples));
      if (!coded) continue;
      main_->fanout.deliver({true, true, time_of_frame(sound_frame_ - 1),
                             std::make_shared<const Bytes>(std::move(*coded))});
    }
    return {};
  }

  const Area& area_;
  const AreaCameraOptions options_;
  const Clock& clock_;
  const std::shared_ptr<Doorbell> doorbell_ = std::make_shared<Doorbell>();
  const std::shared_ptr<BelledStream> main_;
  const std::shared_ptr<BelledStream> sub_;
  // What follows belongs to the thread.
  std::shared_ptr<const Scenery> scenery_;
  std::unique_ptr<Scene> scene_;
  Picture small_{kSubWidth, kSubHeight};
  std::unique_ptr<VideoEncoder> main_encoder_;
  std::unique_ptr<VideoEncoder> sub_encoder_;
  std::unique_ptr<SoundEncoder> sound_encoder_;
  std::unique_ptr<Soundscape> soundscape_;
  std::int64_t sound_frame_ = 0;
  NamedThread thread_;
};

}  // namespace

Result<std::unique_ptr<Camera>> start_area_camera(const Area& area,
                                                  const AreaCameraOptions& options,
                                                  const Clock& clock) {
  ORIEL_TRY_ASSIGN(auto main_format, video_format(kMainVideo, std::string(area.name.en)));
  ORIEL_TRY_ASSIGN(auto sub_format, video_format(kSubVideo, std::string(area.name.en)));
  if (area.has_sound) {
    ORIEL_TRY_ASSIGN(const auto sound, SoundEncoder::open());
    main_format.audio_configuration = sound->configuration();
  }
  return std::make_unique<ThreadedAreaCamera>(area, options, clock, std::move(main_format),
                                              std::move(sub_format));
}

}  // namespace oriel::demo
