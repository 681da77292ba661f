// The program's side of re-encoding to H.264 in a worker: of old codecs at ingest (packets in), and
// of what browsers cannot play (parts in).
#pragma once
#include <deque>
#include <mutex>

#include "ingest/reencoder.h"
#include "ingest/worker_link.h"

namespace oriel::ingest {

struct TranscoderOptions {
  WorkerCommand command{.name = "transcode"};
  TranscodeRequest request;  // `parameters` and `cmaf` are filled in
  std::string thread_name = "transcode";
};

// Old codecs at ingest: a VideoReencoder whose worker decodes and encodes.
class Transcoder final : public VideoReencoder {
 public:
  Transcoder(TranscoderOptions options, StreamParameters parameters);
  // Any thread.
  void submit(media::Packet packet) override;
  std::optional<ReencodedVideo> try_receive() override;
  std::uint64_t dropped() const { return link_.dropped(); }
  std::uint64_t restarts() const { return link_.restarts(); }

 private:
  bool received(Message message);
  // What waits to be taken. Overflow: everything is dropped but the last track, up to a key frame.
  static constexpr std::size_t kResultsMax = 600;
  std::mutex mutex_;
  std::deque<ReencodedVideo> results_;  // guarded by mutex_
  bool wait_for_key_ = false;           // guarded by mutex_
  WorkerLink link_;                     // last: its thread calls received()
};

}  // namespace oriel::ingest
