// Makes of one connection's packets runs that can be packaged: NAL units in MP4's form, parameter
// sets out of band, times mended, sound and old codecs re-encoded, a new run when parameters
// change.
//
// Owns no thread and never blocks, so that a blocking source and an event-driven one can both feed
// it.
#pragma once
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ingest/audio_encoder.h"
#include "ingest/nal.h"
#include "ingest/reencoder.h"
#include "ingest/run_clock.h"
#include "ingest/source.h"
#include "ingest/timestamp_mender.h"
#include "media/packet.h"
#include "media/part.h"

namespace oriel::ingest {

// Where runs go: what the packager takes. Calls nest as begin, packets, end.
class RunOutput {
 public:
  virtual ~RunOutput() = default;
  // An error ends the reception: it is what push() returns then.
  virtual Result<void> run_began(media::RunHead head) = 0;
  virtual Result<void> packet_made(media::Packet packet) = 0;
  // The UTC of the run's time zero is better known now.
  virtual void run_clock_moved(UtcTime start, media::ClockQuality clock) = 0;
  virtual void run_ended(media::Reason reason) = 0;
};

struct ReceptionOptions {
  bool bursty = false;      // segments arrive whole (HLS)
  bool by_arrival = false;  // what an earlier reception learnt of this source's clock
  // Packets are kept this long (at most 4 MiB of them) before a run is announced, to find its true
  // start when a server sends its backlog at once. 0: announce with the first packet.
  std::int64_t start_hold_us = 0;
  media::Reason began = media::Reason::starting;  // of the first run
  // Without one, video that must be re-encoded is refused.
  VideoReencoderMaker make_reencoder;
};

struct ReceptionCounts {
  MenderCounts times;  // of the runs so far
  std::uint64_t runs = 0;
  std::uint64_t video_packets = 0;
  std::uint64_t damaged_packets = 0;  // dropped: not to be read
  std::uint64_t dropped_before_key = 0;
  double delivered_fps = 0;  // over the last five seconds
};

class Reception {
 public:
  // `output` is borrowed.
  Reception(ReceptionOptions options, std::vector<SourceTrack> tracks, RunOutput& output);
  ~Reception();
  Reception(const Reception&) = delete;
  Reception& operator=(const Reception&) = delete;

  // Whether anything here can be packaged. Errors: unsupported.
  Result<void> prepare();
  // Errors: data_loss (faulty picture: nothing that can be packaged for a minute), and whatever the
  // output returns. The reception is then over.
  Result<void> push(SourcePacket packet);
  // Ends the run, if one is open.
  void end(media::Reason reason);
  // Ends the run; the next key frame begins another.
  void begin_anew(media::Reason reason);

  bool in_run() const { return in_run_; }
  ReceptionCounts counts() const;
  bool by_arrival() const { return options_.by_arrival; }
  // Why sound is not there although the source has some; empty: it is there, or never was.
  const std::string& audio_fault() const { return audio_fault_; }

 private:
  enum class VideoPath { none, nal, as_is, reencode };
  enum class AudioPath { none, aac, adts, opus, encode };

  void prepare_video();
  void prepare_audio();
  Result<void> push_video(SourcePacket packet);
  Result<void> push_nal(SourcePacket packet);
  Result<void> push_audio(SourcePacket packet);
  Result<void> drain_reencoder();
  bool take_parameter_sets(ParameterSets sets);
  Result<void> begin_run(const SourcePacket& first);
  Result<void> announce();
  Result<void> emit(media::Packet packet);
  Result<void> emit_audio(SourcePacket packet);
  bool mend(const SourcePacket& packet, MendedTime& time);
  void drop_audio(const std::string& why);
  static void add(MenderCounts& to, const MenderCounts& more);
  media::Tracks run_tracks() const;
  void count_frame(UtcTime arrived);

  ReceptionOptions options_;
  std::vector<SourceTrack> tracks_;
  RunOutput& output_;
  ReceptionCounts counts_;

  VideoPath video_path_ = VideoPath::none;
  std::uint32_t video_index_ = 0;  // in tracks_
  media::Codec video_codec_ = media::Codec::h264;
  NalLayout layout_;
  ParameterSets sets_;
  std::optional<media::Track> video_track_;
  std::unique_ptr<VideoReencoder> reencoder_;

  AudioPath audio_path_ = AudioPath::none;
  std::uint32_t audio_index_ = 0;
  std::optional<media::Track> audio_track_;
  std::unique_ptr<AudioEncoder> audio_encoder_;
  std::string audio_fault_;
  bool audio_changed_ = false;

  std::optional<TimestampMender> mender_;  // of the open run
  RunClock clock_;
  bool in_run_ = false;     // packets are taken for a run
  bool announced_ = false;  // the output knows of it
  media::Tracks announced_tracks_;
  media::Reason next_began_;
  bool wait_for_key_ = true;
  std::optional<UtcTime> waiting_since_;
  UtcTime run_first_arrived_;
  std::deque<media::Packet> held_;  // before the run is announced
  std::size_t held_bytes_ = 0;
  std::deque<UtcTime> frames_;  // arrivals of the last five seconds, at most 600
};

}  // namespace oriel::ingest
