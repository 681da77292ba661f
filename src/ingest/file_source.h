// A file played as if it were a camera: in real time, again and again.
#pragma once
#include <condition_variable>
#include <mutex>

#include "ingest/libav_source.h"

namespace oriel::ingest {

// Only the configuration file may name one (SourceUrl sees to that). Each round's timestamps go on
// where the round before ended, so that a loop is one unbroken reception; packets are given when
// their time has come.
class FileSource final : public Source {
 public:
  FileSource(SourceUrl url, const Clock& clock);

  Result<std::vector<SourceTrack>> open(SteadyTime deadline, std::stop_token stop) override;
  Result<std::optional<SourcePacket>> next(SteadyTime deadline) override;
  media::Reason failure_reason() const override;
  SourceStatistics statistics() const override { return file_.statistics(); }
  SourceTraits traits() const override { return {}; }
  void close() override;

 private:
  struct TrackTime {
    std::int64_t last = 0;    // ticks in the file
    std::int64_t step = 0;    // ticks, of the last two packets
    std::int64_t end_us = 0;  // of what was given, over all rounds
    bool seen = false;        // in this round
  };
  std::int64_t to_us(std::uint32_t track, std::int64_t ticks) const;
  std::int64_t to_ticks(std::uint32_t track, std::int64_t us) const;
  Result<void> begin_round();
  bool wait_until(SteadyTime time);

  LibavSource file_;
  const Clock& clock_;
  std::vector<SourceTrack> tracks_;
  std::vector<TrackTime> times_;
  std::stop_token stop_;
  SteadyTime begun_;
  std::int64_t first_us_ = 0;  // the file's first time
  bool first_known_ = false;
  std::int64_t round_offset_us_ = 0;  // what earlier rounds lasted
  std::int64_t round_end_us_ = 0;     // of this round so far, in file time
  std::optional<SourcePacket> held_;  // read, but its time has not come
  SteadyTime held_due_;
  media::Reason failure_reason_ = media::Reason::none;
  std::mutex mutex_;
  std::condition_variable_any waiting_;
};

}  // namespace oriel::ingest
