#include "ingest/worker_messages.h"

#include <cerrno>

#include <sys/socket.h>
#include <unistd.h>

namespace oriel::ingest {
namespace {

constexpr auto kTypeMax = static_cast<std::uint8_t>(MessageType::refused);

Result<void> read_exactly(int fd, std::span<std::uint8_t> to) {
  std::size_t got = 0;
  while (got < to.size()) {
    const ssize_t count = ::read(fd, to.data() + got, to.size() - got);
    if (count > 0) {
      got += static_cast<std::size_t>(count);
    } else if (count == 0) {
      return fail(ErrorKind::unavailable, "the other side is gone");
    } else if (errno != EINTR) {
      return fail(errno_error(errno, "read from the other process"));
    }
  }
  return {};
}

tl::unexpected<Error> torn() { return fail(ErrorKind::data_loss, "a message is cut short"); }

}  // namespace

std::uint64_t WireReader::number(std::size_t size) {
  if (left_.size() < size) {
    ok_ = false;
    left_ = {};
    return 0;
  }
  std::uint64_t value = 0;
  for (std::size_t i = 0; i < size; ++i) value |= std::uint64_t{left_[i]} << (8 * i);
  left_ = left_.subspan(size);
  return value;
}

ByteView WireReader::view() {
  const std::size_t size = u32();
  if (size > left_.size()) {
    ok_ = false;
    left_ = {};
    return {};
  }
  const ByteView value = left_.first(size);
  left_ = left_.subspan(size);
  return value;
}

Message make_message(const TranscodeRequest& request) {
  WireWriter out;
  out.u8(request.cmaf ? 1 : 0);
  const StreamParameters& p = request.parameters;
  out.text(p.codec);
  out.u32(p.codec_tag);
  out.bytes(p.extradata);
  for (const std::int32_t value :
       {p.width, p.height, p.sample_rate, p.channels, p.bits_per_coded_sample, p.block_align,
        p.frame_size, p.profile, request.width_max, request.height_max, request.gop_ms,
        request.bitrate_max_bps, request.threads})
    out.i32(value);
  return {MessageType::open, out.take()};
}

Result<TranscodeRequest> parse_transcode_request(ByteView payload) {
  WireReader in(payload);
  TranscodeRequest request;
  request.cmaf = in.u8() != 0;
  StreamParameters& p = request.parameters;
  p.codec = in.text();
  p.codec_tag = in.u32();
  p.extradata = in.bytes();
  for (std::int32_t* value :
       {&p.width, &p.height, &p.sample_rate, &p.channels, &p.bits_per_coded_sample, &p.block_align,
        &p.frame_size, &p.profile, &request.width_max, &request.height_max, &request.gop_ms,
        &request.bitrate_max_bps, &request.threads})
    *value = in.i32();
  if (!in.ok()) return torn();
  return request;
}

Message make_message(const media::Packet& packet) {
  WireWriter out;
  out.u32(packet.track);
  out.i64(packet.dts);
  out.i64(packet.pts);
  out.i64(packet.duration);
  out.u8(packet.key ? 1 : 0);
  out.i64(packet.arrived.us);
  out.bytes(packet.bytes);
  return {MessageType::packet, out.take()};
}

Result<media::Packet> parse_packet(ByteView payload) {
  WireReader in(payload);
  media::Packet packet;
  packet.track = in.u32();
  packet.dts = in.i64();
  packet.pts = in.i64();
  packet.duration = in.i64();
  packet.key = in.u8() != 0;
  packet.arrived = UtcTime{in.i64()};
  packet.bytes = in.bytes();
  if (!in.ok() || packet.track > 1) return torn();
  return packet;
}

Message make_message(std::uint32_t index, const media::Track& track) {
  WireWriter out;
  out.u32(index);
  out.u8(static_cast<std::uint8_t>(track.codec));
  out.i32(track.timescale);
  out.bytes(track.configuration);
  for (const std::int32_t value : {track.width, track.height, track.sample_rate, track.channels})
    out.i32(value);
  out.text(track.codec_string);
  return {MessageType::track, out.take()};
}

Result<IndexedTrack> parse_track(ByteView payload) {
  WireReader in(payload);
  IndexedTrack made;
  made.index = in.u32();
  const std::uint8_t codec = in.u8();
  made.track.timescale = in.i32();
  made.track.configuration = in.bytes();
  for (std::int32_t* value :
       {&made.track.width, &made.track.height, &made.track.sample_rate, &made.track.channels})
    *value = in.i32();
  made.track.codec_string = in.text();
  if (!in.ok() || made.index > 1 || codec > static_cast<std::uint8_t>(media::Codec::opus) ||
      made.track.timescale <= 0)
    return torn();
  made.track.codec = static_cast<media::Codec>(codec);
  return made;
}

Message make_failure(std::string_view why) {
  return {MessageType::failed, Bytes(why.begin(), why.end())};
}

Result<MessageHead> parse_message_head(ByteView bytes) {
  WireReader in(bytes);
  MessageHead head;
  head.payload_bytes = in.u32();
  const std::uint8_t type = in.u8();
  if (!in.ok() || head.payload_bytes > kPayloadBytesMax || type < 1 || type > kTypeMax)
    return fail(ErrorKind::data_loss, "a message of a wrong form");
  head.type = static_cast<MessageType>(type);
  return head;
}

Bytes encode(const Message& message) {
  WireWriter out;
  out.u32(static_cast<std::uint32_t>(message.payload.size()));
  out.u8(static_cast<std::uint8_t>(message.type));
  Bytes bytes = out.take();
  bytes.insert(bytes.end(), message.payload.begin(), message.payload.end());
  return bytes;
}

Result<Message> read_message(int fd) {
  std::uint8_t head_bytes[kMessageHeadBytes] = {};
  ORIEL_TRY(read_exactly(fd, head_bytes));
  ORIEL_TRY_ASSIGN(const MessageHead head, parse_message_head(head_bytes));
  Message message{head.type, Bytes(head.payload_bytes)};
  ORIEL_TRY(read_exactly(fd, message.payload));
  return message;
}

Result<void> write_message(int fd, const Message& message) {
  const Bytes bytes = encode(message);
  std::size_t sent = 0;
  while (sent < bytes.size()) {
    const ssize_t count = ::send(fd, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (count >= 0) {
      sent += static_cast<std::size_t>(count);
    } else if (errno != EINTR) {
      return fail(errno_error(errno, "write to the other process"));
    }
  }
  return {};
}

}  // namespace oriel::ingest
