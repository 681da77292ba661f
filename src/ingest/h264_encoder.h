// Pictures of any size and format become H.264 that every browser plays. Only for workers: scaling
// and encoding are the dear part of the program.
#pragma once
#include <functional>

#include "ingest/av_ptr.h"
#include "ingest/worker_messages.h"

namespace oriel::ingest {

struct PictureSize {
  int width = 0;
  int height = 0;
};
// The largest even size within the bounds that has the picture's shape; never larger than it.
PictureSize fitted(int width, int height, int width_max, int height_max);

class H264Encoder {
 public:
  using Give = std::function<Result<void>(const Message&)>;
  // `give` gets a track message (index 0) whenever the encoder begins anew, then packets.
  H264Encoder(const TranscodeRequest& request, Give give);
  // `pts_90k` is made increasing. Errors: internal, exhausted, and what `give` returns.
  Result<void> encode(const AVFrame& picture, std::int64_t pts_90k);

 private:
  Result<void> open(const AVFrame& picture);
  Result<void> receive();

  const TranscodeRequest request_;
  const Give give_;
  AvPtr<AVCodecContext> encoder_;
  AvPtr<SwsContext> scaler_;
  AvPtr<AVFrame> scaled_{av_frame_alloc()};
  AvPtr<AVPacket> packet_{av_packet_alloc()};
  int from_width_ = 0;
  int from_height_ = 0;
  int from_format_ = -1;
  std::int64_t last_pts_ = INT64_MIN;
  std::int64_t last_key_pts_ = INT64_MIN;
};

}  // namespace oriel::ingest
