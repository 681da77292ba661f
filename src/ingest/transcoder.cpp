#include "ingest/transcoder.h"

#include "base/log.h"

namespace oriel::ingest {

Transcoder::Transcoder(TranscoderOptions options, StreamParameters parameters)
    : link_({.command = options.command, .thread_name = options.thread_name},
            {.hello = [request =
                           [&] {
                             TranscodeRequest made = options.request;
                             made.cmaf = false;
                             made.parameters = std::move(parameters);
                             return made;
                           }()] { return std::vector<Message>{make_message(request)}; },
             .received = [this](Message message) { return received(std::move(message)); },
             .lost = [](const std::string&) {}}) {}

void Transcoder::submit(media::Packet packet) {
  const bool key = packet.key;
  link_.try_send(make_message(packet), key);
}

bool Transcoder::received(Message message) {
  std::optional<ReencodedVideo> made;
  bool key = false;
  if (message.type == MessageType::track) {
    auto track = parse_track(message.payload);
    if (!track) return false;
    made = std::move(track->track);
  } else if (message.type == MessageType::packet) {
    auto packet = parse_packet(message.payload);
    if (!packet) return false;
    key = packet->key;
    made = std::move(*packet);
  } else {
    return false;
  }
  const std::lock_guard lock(mutex_);
  const bool track = std::holds_alternative<media::Track>(*made);
  if (key) wait_for_key_ = false;
  if (wait_for_key_ && !track) return true;
  if (results_.size() >= kResultsMax) {
    std::erase_if(results_, [](const ReencodedVideo& result) {
      return std::holds_alternative<media::Packet>(result);
    });
    if (results_.size() >= kResultsMax) return false;  // nothing but tracks
    if (!key && !track) {
      wait_for_key_ = true;
      return true;
    }
  }
  results_.push_back(std::move(*made));
  return true;
}

std::optional<ReencodedVideo> Transcoder::try_receive() {
  const std::lock_guard lock(mutex_);
  if (results_.empty()) return std::nullopt;
  std::optional<ReencodedVideo> made(std::move(results_.front()));
  results_.pop_front();
  return made;
}

}  // namespace oriel::ingest
