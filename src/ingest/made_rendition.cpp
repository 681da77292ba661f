#include "ingest/made_rendition.h"

#include "base/log.h"

namespace oriel::ingest {
namespace {

media::PackagerOptions as_made(media::PackagerOptions options) {
  options.rendition = media::Rendition::made;
  return options;
}

}  // namespace

MadeRendition::MadeRendition(media::PackagerOptions packager, TranscoderOptions options,
                             media::IdSource& ids, media::PartSink& sink)
    : options_(std::move(options)), packager_(as_made(std::move(packager)), ids, sink) {}

MadeRendition::~MadeRendition() {
  link_.reset();
  packager_.end_run(media::Reason::server_stopped);
}

void MadeRendition::push(const media::PartPtr& part) {
  const media::Recording& recording = *part->recording;
  if (pushed_run_ != recording.run) {
    if (!part->independent) return;
    pushed_run_ = recording.run;
    Input input;
    input.run = recording.run;
    input.init = recording.init;
    input.start = recording.start - ticks_to_duration(recording.run_offset_90k);
    input.clock = recording.clock;
    input.began = recording.began;
    input.has_audio = recording.tracks->size() > 1;
    {
      const std::lock_guard lock(mutex_);
      input_ = std::move(input);
    }
    if (link_) {
      link_->restart();
    } else {
      link_ = std::make_unique<WorkerLink>(
          WorkerLinkOptions{.command = options_.command, .thread_name = options_.thread_name},
          WorkerLinkHandlers{
              .hello = [this] { return hello(); },
              .received = [this](Message message) { return received(std::move(message)); },
              .lost = [this](const std::string&) { lost(); }});
    }
  }
  Message message{MessageType::cmaf, {}};
  message.payload.reserve(part->size());
  message.payload = *part->wire_head;
  message.payload.insert(message.payload.end(), part->payload->begin(), part->payload->end());
  link_->try_send(message, part->independent);
}

std::vector<Message> MadeRendition::hello() {
  lost();
  {
    const std::lock_guard lock(mutex_);
    running_ = *input_;
  }
  TranscodeRequest request = options_.request;
  request.cmaf = true;
  return {make_message(request), Message{MessageType::cmaf, *running_.init}};
}

void MadeRendition::lost() {
  packager_.end_run(media::Reason::parameters_changed);
  video_.reset();
  audio_.reset();
}

bool MadeRendition::begin_run() {
  media::Tracks tracks = {*video_};
  if (audio_) tracks.push_back(*audio_);
  const auto begun = packager_.begin_run({.tracks = std::move(tracks),
                                          .began = running_.began,
                                          .start = running_.start,
                                          .clock = running_.clock});
  if (!begun) log::error("made rendition: {}", begun.error().message);
  return begun.has_value();
}

bool MadeRendition::received(Message message) {
  if (message.type == MessageType::track) {
    auto track = parse_track(message.payload);
    if (!track) return false;
    if (track->index == 0 && packager_.in_run())
      packager_.end_run(media::Reason::parameters_changed);
    (track->index == 0 ? video_ : audio_) = std::move(track->track);
    return true;
  }
  auto packet = parse_packet(message.payload);
  if (message.type != MessageType::packet || !packet) return false;
  if (!video_) return true;  // sound before the first picture
  if (!packager_.in_run()) {
    if (!packet->key || packet->track != 0) return true;
    if (!begin_run()) return false;
  }
  if (packet->track == 1 && !audio_) return false;
  const auto pushed = packager_.push(std::move(*packet));
  if (!pushed) log::warn("made rendition: {}", pushed.error().message);
  return pushed.has_value();
}

}  // namespace oriel::ingest
