// The H.264 rendition of a feed for viewers who cannot play its own codec, made of its parts.
#pragma once
#include <optional>

#include "ingest/transcoder.h"
#include "media/packager.h"

namespace oriel::ingest {

// From construction to destruction one worker runs. Who starts it gives it the parts since the last
// independent one, so that the first picture need not wait for the next key frame, and then every
// part as it is made. Its own parts come out of `sink`, on its own thread, with the times of the
// originals: one run of the feed becomes one run here.
class MadeRendition {
 public:
  // `ids` and `sink` are borrowed; packager.rendition is set to made.
  MadeRendition(media::PackagerOptions packager, TranscoderOptions options, media::IdSource& ids,
                media::PartSink& sink);
  ~MadeRendition();
  MadeRendition(const MadeRendition&) = delete;
  MadeRendition& operator=(const MadeRendition&) = delete;

  // Any one thread at a time; never blocks. Parts of a new run start the worker anew. What the
  // worker cannot follow is dropped up to the next independent part.
  void push(const media::PartPtr& part);
  std::uint64_t dropped() const { return link_->dropped(); }
  std::uint64_t restarts() const { return link_->restarts(); }

 private:
  // What the worker is fed at present; a new one is begun for each run.
  struct Input {
    RunId run;
    SharedBytes init;
    UtcTime start;  // of the run's time zero
    media::ClockQuality clock;
    media::Reason began = media::Reason::none;
    bool has_audio = false;
  };
  std::vector<Message> hello();
  bool received(Message message);
  void lost();
  bool begin_run();

  const TranscoderOptions options_;
  media::Packager packager_;           // only on the link's thread
  std::optional<media::Track> video_;  // only on the link's thread, as the following
  std::optional<media::Track> audio_;
  Input running_;
  std::mutex mutex_;
  std::optional<Input> input_;        // guarded by mutex_
  std::optional<RunId> pushed_run_;   // only in push()
  std::unique_ptr<WorkerLink> link_;  // its thread calls hello(), received() and lost()
};

}  // namespace oriel::ingest
