#include "ingest/picture_decoding.h"

#include <algorithm>
#include <cstring>
#include <optional>

#include "ingest/av_parameters.h"

namespace oriel::ingest {
namespace {

constexpr int kReadBufferBytes = 32'768;

struct TwoPieces {
  ByteView left;
  ByteView then;
  static int read(void* opaque, std::uint8_t* to, int size) {
    auto& self = *static_cast<TwoPieces*>(opaque);
    if (self.left.empty()) std::swap(self.left, self.then);
    if (self.left.empty()) return AVERROR_EOF;
    const std::size_t count = std::min(static_cast<std::size_t>(size), self.left.size());
    std::memcpy(to, self.left.data(), count);
    self.left = self.left.subspan(count);
    return static_cast<int>(count);
  }
};

// The last picture shown at or before the wanted time; the first one when all are later.
Result<AvPtr<AVFrame>> find_picture(AVFormatContext* format, AVCodecContext* decoder, int stream,
                                    std::int64_t offset_90k) {
  AvPtr<AVFrame> best;
  AvPtr<AVFrame> frame(av_frame_alloc());
  AvPtr<AVPacket> packet(av_packet_alloc());
  std::optional<std::int64_t> first_dts;
  bool sending = true;
  while (sending) {
    av_packet_unref(packet.get());
    if (av_read_frame(format, packet.get()) < 0) {
      sending = false;
      avcodec_send_packet(decoder, nullptr);
    } else {
      if (packet->stream_index != stream) continue;
      if (!first_dts) first_dts = packet->dts;
      avcodec_send_packet(decoder, packet.get());
    }
    while (avcodec_receive_frame(decoder, frame.get()) >= 0) {
      const bool later =
          first_dts && frame->pts != AV_NOPTS_VALUE && frame->pts - *first_dts > offset_90k;
      if (later && best) return best;
      best.reset(av_frame_clone(frame.get()));
      if (later) return best;
    }
  }
  if (!best) return fail(ErrorKind::data_loss, "no picture there can be decoded");
  return best;
}

// An opened file in memory with a decoder for its picture.
struct OpenedPicture {
  TwoPieces pieces;
  AvPtr<AVIOContext> io;
  AvPtr<AVFormatContext> format;  // goes before what it reads from
  AvPtr<AVCodecContext> decoder;
  int stream = -1;

  AVRational timebase() const { return format->streams[stream]->time_base; }
};

Result<void> open_picture(OpenedPicture& opened, ByteView init, ByteView parts) {
  opened.pieces = {init, parts};
  opened.io.reset(avio_alloc_context(
      static_cast<unsigned char*>(av_malloc(static_cast<std::size_t>(kReadBufferBytes))),
      kReadBufferBytes, 0, &opened.pieces, &TwoPieces::read, nullptr, nullptr));
  AVFormatContext* raw = avformat_alloc_context();
  if (!opened.io || raw == nullptr) return fail(ErrorKind::exhausted, "no memory for a reader");
  raw->pb = opened.io.get();
  raw->flags |= AVFMT_FLAG_CUSTOM_IO;
  if (const int code = avformat_open_input(&raw, "", av_find_input_format("mp4"), nullptr);
      code < 0)
    return fail(ErrorKind::data_loss, "the segment cannot be read: " + av_error_text(code));
  opened.format.reset(raw);
  opened.stream = av_find_best_stream(raw, AVMEDIA_TYPE_VIDEO, -1, -1, nullptr, 0);
  if (opened.stream < 0) return fail(ErrorKind::not_found, "there is no picture, only sound");
  const AVStream& about = *raw->streams[opened.stream];
  ORIEL_TRY_ASSIGN(opened.decoder, open_decoder(from_av(*about.codecpar), about.time_base));
  return {};
}

}  // namespace

Result<AvPtr<AVFrame>> decode_picture(ByteView init, ByteView parts, std::int64_t offset_90k) {
  OpenedPicture opened;
  ORIEL_TRY(open_picture(opened, init, parts));
  const std::int64_t offset = av_rescale_q(offset_90k, AVRational{1, 90'000}, opened.timebase());
  return find_picture(opened.format.get(), opened.decoder.get(), opened.stream, offset);
}

Result<AvPtr<AVFrame>> decode_key_picture(ByteView init, ByteView part) {
  OpenedPicture opened;
  ORIEL_TRY(open_picture(opened, init, part));
  const AvPtr<AVPacket> packet(av_packet_alloc());
  AvPtr<AVFrame> frame(av_frame_alloc());
  while (av_read_frame(opened.format.get(), packet.get()) >= 0) {
    if (packet->stream_index == opened.stream) {
      avcodec_send_packet(opened.decoder.get(), packet.get());
      avcodec_send_packet(opened.decoder.get(), nullptr);
      if (avcodec_receive_frame(opened.decoder.get(), frame.get()) >= 0) return frame;
      break;
    }
    av_packet_unref(packet.get());
  }
  return fail(ErrorKind::data_loss, "no picture there can be decoded");
}

}  // namespace oriel::ingest
