// Every pulled source through libavformat: RTSP, RTMP, SRT, HLS, MPEG-TS and MJPEG over HTTP,
// files.
#pragma once
#include <memory>

#include "ingest/source.h"
#include "ingest/source_url.h"

namespace oriel::ingest {

// `clock` is borrowed. RTSP is read without libavformat's stream analysis (which opens decoders and
// keeps seconds of packets): what the SDP does not say is learnt from the stream by Reception.
class LibavSource final : public Source {
 public:
  LibavSource(SourceUrl url, const Clock& clock);
  ~LibavSource() override;

  Result<std::vector<SourceTrack>> open(SteadyTime deadline, std::stop_token stop) override;
  Result<std::optional<SourcePacket>> next(SteadyTime deadline) override;
  media::Reason failure_reason() const override;
  SourceStatistics statistics() const override;
  SourceTraits traits() const override;
  void close() override;

  // To the first packet again; only files can. Errors: unsupported.
  Result<void> rewind();

 private:
  struct Connection;
  enum class Step { connect, look, read };
  // `code` is libav's; where we were interrupted it says nothing and is not looked at.
  Error failed(int code, Step step);
  Result<void> open_input();
  Result<std::vector<SourceTrack>> choose_tracks();
  bool ended_within_picture() const;
  std::optional<SourcePacket> take(std::uint32_t track);
  SourcePacket make_packet(std::uint32_t track) const;

  const SourceUrl url_;
  const Clock& clock_;
  std::unique_ptr<Connection> connection_;
  SourceStatistics statistics_;
  media::Reason failure_reason_ = media::Reason::none;
};

}  // namespace oriel::ingest
