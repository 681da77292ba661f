#include "app/feed_unit.h"

#include "ingest/make_source.h"
#include "ingest/source_url.h"
#include "ingest/transcoder.h"

namespace oriel::app {
namespace {

// A made rendition goes on this long after the last viewer asked.
constexpr std::int64_t kMadeLinger_us = 30'000'000;

std::int64_t steady_us(const Clock& clock) {
  return std::chrono::duration_cast<std::chrono::microseconds>(clock.steady().time_since_epoch())
      .count();
}

// Passes a rendition's log on to its channel and, when it is recorded, to the archive.
class SubSink final : public media::PartSink {
 public:
  SubSink(std::shared_ptr<api::LiveRendition> live, std::unique_ptr<media::PartSink> recorder)
      : live_(std::move(live)), recorder_(std::move(recorder)) {}
  void recording_began(const media::RecordingPtr& recording) override {
    live_->channel.recording_began(recording);
    if (recorder_) recorder_->recording_began(recording);
  }
  void part_made(const media::PartPtr& part) override {
    live_->channel.part_made(part);
    if (recorder_) recorder_->part_made(part);
  }
  void recording_ended(const media::RecordingPtr& recording, media::Reason reason) override {
    live_->channel.recording_ended(recording, reason);
    if (recorder_) recorder_->recording_ended(recording, reason);
  }

 private:
  const std::shared_ptr<api::LiveRendition> live_;
  const std::unique_ptr<media::PartSink> recorder_;
};

std::shared_ptr<api::LiveRendition> make_rendition(const Clock& clock, bool recorded,
                                                   std::int64_t delay_s) {
  auto rendition = std::make_shared<api::LiveRendition>(live::ChannelOptions{}, clock);
  rendition->channel.keep(recorded, Duration::from_s(delay_s));
  return rendition;
}

}  // namespace

FeedUnit::FeedUnit(FeedParts parts, api::FeedSettings settings)
    : parts_(parts),
      id_(settings.id),
      settings_(std::make_shared<const api::FeedSettings>(std::move(settings))),
      main_(make_rendition(parts.clock, settings_->record, settings_->delay_s)),
      made_(make_rendition(parts.clock, false, settings_->delay_s)) {}

FeedUnit::~FeedUnit() { stop(); }

std::shared_ptr<const api::FeedSettings> FeedUnit::settings() const {
  const std::lock_guard lock(mutex_);
  return settings_;
}

void FeedUnit::set_settings(api::FeedSettings settings) {
  const std::lock_guard lock(mutex_);
  settings_ = std::make_shared<const api::FeedSettings>(std::move(settings));
  const auto delay = Duration::from_s(settings_->delay_s);
  main_->channel.keep(settings_->record, delay);
  made_->channel.keep(false, delay);
}

std::unique_ptr<ingest::FeedDriver> FeedUnit::make_driver(const Secret& source,
                                                          media::Rendition rendition,
                                                          media::PartSink& sink) {
  const auto settings = this->settings();
  ingest::SourceUrlOptions url_options;
  url_options.file_allowed = settings->declared;
  const auto url = ingest::SourceUrl::parse(source.reveal(), url_options);
  ORIEL_CHECK(url.has_value());  // checked when it was configured or added
  ingest::FeedDriverOptions options;
  options.packager.feed = id_;
  options.packager.rendition = rendition;
  options.packager.part_90k = settings->part_ms * 90;
  options.source = url->redacted();
  options.make_source = [checked = *url, &clock = parts_.clock] {
    return ingest::make_source(checked, clock);
  };
  options.make_reencoder = [](const ingest::StreamParameters& parameters) {
    return std::make_unique<ingest::Transcoder>(ingest::TranscoderOptions{}, parameters);
  };
  ingest::FeedObserver* const observer = this;
  return std::make_unique<ingest::FeedDriver>(std::move(options), parts_.clock,
                                              parts_.archive.ids(), sink, observer);
}

void FeedUnit::start() {
  const auto settings = this->settings();
  if (settings->record) recorder_ = parts_.archive.writer().sink_for(id_, media::Rendition::main);
  std::shared_ptr<ingest::FeedDriver> driver =
      make_driver(settings->source, media::Rendition::main, *this);
  std::shared_ptr<ingest::FeedDriver> sub_driver;
  if (settings->sub_source) {
    auto live = make_rendition(parts_.clock, settings->record_sub, settings->delay_s);
    auto recorder = settings->record_sub
                        ? parts_.archive.writer().sink_for(id_, media::Rendition::sub)
                        : nullptr;
    sub_sink_ = std::make_unique<SubSink>(live, std::move(recorder));
    sub_driver = make_driver(*settings->sub_source, media::Rendition::sub, *sub_sink_);
    const std::lock_guard lock(mutex_);
    sub_ = std::move(live);
  }
  {
    const std::lock_guard lock(mutex_);
    driver_ = driver;
    sub_driver_ = sub_driver;
  }
  driver->start();
  if (sub_driver) sub_driver->start();
}

void FeedUnit::request_stop() {
  const std::lock_guard lock(mutex_);
  if (driver_) driver_->request_stop();
  if (sub_driver_) sub_driver_->request_stop();
}

void FeedUnit::stop() {
  request_stop();
  std::shared_ptr<ingest::FeedDriver> driver;
  std::shared_ptr<ingest::FeedDriver> sub_driver;
  {
    const std::lock_guard lock(mutex_);
    driver = std::move(driver_);
    sub_driver = std::move(sub_driver_);
    sub_.reset();
  }
  if (driver) driver->join();
  if (sub_driver) sub_driver->join();
  end_made();
  recorder_.reset();
  sub_sink_.reset();
}

void FeedUnit::pause(const std::string& note) {
  const std::lock_guard lock(mutex_);
  if (driver_) driver_->pause(note);
  if (sub_driver_) sub_driver_->pause(note);
}

void FeedUnit::resume() {
  const std::lock_guard lock(mutex_);
  if (driver_) driver_->resume();
  if (sub_driver_) sub_driver_->resume();
}

void FeedUnit::request_new_run(media::Rendition rendition, media::Reason reason) {
  const std::lock_guard lock(mutex_);
  const auto& driver = rendition == media::Rendition::sub ? sub_driver_ : driver_;
  if (driver) driver->request_new_run(reason);
}

api::FeedStatus FeedUnit::status() const {
  std::shared_ptr<ingest::FeedDriver> driver;
  {
    const std::lock_guard lock(mutex_);
    driver = driver_;
  }
  api::FeedStatus status;
  if (!driver) return status;
  const auto received = driver->status();
  const auto statistics = driver->statistics();
  static_assert(static_cast<int>(ingest::FeedState::paused) ==
                static_cast<int>(api::FeedState::paused));
  status.state = static_cast<api::FeedState>(received.state);
  status.reason = received.reason;
  status.since = received.since;
  status.note = received.detail;
  status.source_description = statistics.source;
  status.declared_fps = statistics.declared_fps;
  status.clock = statistics.clock;
  status.packets_lost = statistics.packets_lost;
  status.reconnects = statistics.connects > 0 ? statistics.connects - 1 : 0;
  status.last_frame_at = statistics.last_packet_at;
  return status;
}

archive::WantedFeed FeedUnit::wanted() const {
  std::shared_ptr<ingest::FeedDriver> driver;
  archive::WantedFeed wanted;
  wanted.feed = id_;
  {
    const std::lock_guard lock(mutex_);
    driver = driver_;
    wanted.record = settings_->record;
    wanted.record_sub = settings_->record_sub && settings_->sub_source.has_value();
  }
  wanted.paused = driver == nullptr;
  if (!driver) return wanted;
  const auto status = driver->status();
  wanted.paused = status.state == ingest::FeedState::paused;
  wanted.live = status.state == ingest::FeedState::live;
  wanted.reason = status.reason;
  wanted.received_bytes = driver->statistics().bytes;
  return wanted;
}

std::shared_ptr<api::LiveRendition> FeedUnit::rendition(media::Rendition which) const {
  const std::lock_guard lock(mutex_);
  switch (which) {
    case media::Rendition::main:
      return main_;
    case media::Rendition::sub:
      return sub_;
    case media::Rendition::made:
      return made_;
  }
  return nullptr;
}

bool FeedUnit::want_made() {
  const auto tracks = main_->channel.summary().tracks;
  if (tracks && api::plays_everywhere(*tracks)) return false;
  made_wanted_until_us_ = steady_us(parts_.clock) + kMadeLinger_us;
  return making_now_ || parts_.made_budget.available();
}

void FeedUnit::recording_began(const media::RecordingPtr& recording) {
  main_->channel.recording_began(recording);
  if (recorder_) recorder_->recording_began(recording);
  first_part_noted_ = false;
}

void FeedUnit::part_made(const media::PartPtr& part) {
  main_->channel.part_made(part);
  if (recorder_) {
    recorder_->part_made(part);
    if (!first_part_noted_)
      parts_.archive.writer().note_state(id_, media::Reason::none, part->start);
    first_part_noted_ = true;
  }
  feed_made(part);
}

void FeedUnit::recording_ended(const media::RecordingPtr& recording, media::Reason reason) {
  main_->channel.recording_ended(recording, reason);
  if (recorder_) recorder_->recording_ended(recording, reason);
}

void FeedUnit::feed_made(const media::PartPtr& part) {
  const bool wanted = steady_us(parts_.clock) < made_wanted_until_us_;
  if (!wanted) return end_made();
  if (making_) return making_->push(part);
  if (part->recording->tracks->front().kind() != media::TrackKind::video ||
      !parts_.made_budget.try_take())
    return;
  media::PackagerOptions packager;
  packager.feed = id_;
  making_ = std::make_unique<ingest::MadeRendition>(packager, ingest::TranscoderOptions{},
                                                    parts_.archive.ids(), made_->channel);
  making_now_ = true;
  // From the newest independent part on, which ends with the one just made.
  const live::View all;
  for (auto position = main_->channel.start_position(all);; ++position) {
    const auto next = main_->channel.next_part(position, all, SIZE_MAX);
    if (!next.part) break;
    making_->push(next.part);
  }
}

void FeedUnit::end_made() {
  if (!making_) return;
  making_.reset();
  making_now_ = false;
  parts_.made_budget.give_back();
}

void FeedUnit::feed_state_changed(const FeedId&, media::Rendition rendition,
                                  const ingest::FeedStatus& status) {
  if (rendition != media::Rendition::main) return;
  // The driver has logged it; the first part, not this, tells the archive that all is well again.
  if (status.state != ingest::FeedState::live) {
    if (recorder_) parts_.archive.writer().note_state(id_, status.reason, parts_.clock.now());
    if (status.state != ingest::FeedState::stalled) end_made();
  }
  status_changed_.notify();
  parts_.any_changed.notify();
}

}  // namespace oriel::app
