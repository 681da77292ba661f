// What passes between the program and its worker processes, over one local socket.
//
// A message is: payload length (4 bytes, little endian), type (1 byte), payload. Numbers in
// payloads are little endian, byte strings have a 4-byte length before them. A length beyond
// kPayloadBytesMax or a payload that ends early is data_loss, and the connection is over: a worker
// that was fed a hostile picture is not believed either.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "ingest/source.h"
#include "media/packet.h"
#include "media/track.h"

namespace oriel::ingest {

constexpr std::size_t kPayloadBytesMax = 32 << 20;
constexpr std::size_t kMessageHeadBytes = 5;

enum class MessageType : std::uint8_t {
  open = 1,     // to a transcoder: what comes, and what is wanted
  packet = 2,   // both ways
  cmaf = 3,     // to a transcoder: an init segment or a part, in order
  track = 4,    // from a transcoder: index, then the track
  failed = 5,   // from a worker: a text; it ends then, or waits for the next picture request
  picture = 6,  // to a snapshot worker
  jpeg = 7,     // from a snapshot worker
  film = 8,     // to a film worker: what is to be made, and where
  frame = 9,    // to a film worker: one picture, in order
  finish = 10,  // to a film worker: no further frame comes; and its answer, when the file is whole
  describe = 11,  // to a picture worker: what is this file; and its answer
  cut = 12,       // to a picture worker: a piece of a picture; and its answer
  pyramid = 13,   // to a picture worker: make one; and its answer, when the file is whole
  progress = 14,  // from a picture worker, now and then, while it makes a pyramid
  refused = 15,   // from a picture worker: the kind of the error and a text; it waits for the next
};

struct Message {
  MessageType type = MessageType::failed;
  Bytes payload;
};

class WireWriter {
 public:
  void u8(std::uint8_t value) { bytes_.push_back(value); }
  void u32(std::uint32_t value) { number(value, 4); }
  void i32(std::int32_t value) { number(static_cast<std::uint32_t>(value), 4); }
  void i64(std::int64_t value) { number(static_cast<std::uint64_t>(value), 8); }
  void bytes(ByteView value) {
    u32(static_cast<std::uint32_t>(value.size()));
    bytes_.insert(bytes_.end(), value.begin(), value.end());
  }
  void text(std::string_view value) { bytes(as_bytes(value)); }
  Bytes take() { return std::move(bytes_); }

 private:
  void number(std::uint64_t value, int size) {
    for (int i = 0; i < size; ++i) bytes_.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  }
  Bytes bytes_;
};

// Past the end it gives zeros and is no longer ok().
class WireReader {
 public:
  explicit WireReader(ByteView bytes) : left_(bytes) {}
  std::uint8_t u8() { return static_cast<std::uint8_t>(number(1)); }
  std::uint32_t u32() { return static_cast<std::uint32_t>(number(4)); }
  std::int32_t i32() { return static_cast<std::int32_t>(number(4)); }
  std::int64_t i64() { return static_cast<std::int64_t>(number(8)); }
  Bytes bytes() {
    const ByteView value = view();
    return {value.begin(), value.end()};
  }
  // Borrowed from what the reader reads.
  ByteView view();
  std::string text() { return std::string(as_text(view())); }
  bool ok() const { return ok_; }

 private:
  std::uint64_t number(std::size_t size);
  ByteView left_;
  bool ok_ = true;
};

// What a transcoder is told first.
struct TranscodeRequest {
  bool cmaf = false;            // CMAF bytes follow, with their sound; else packets of `parameters`
  StreamParameters parameters;  // of the packets
  std::int32_t width_max = 1280;
  std::int32_t height_max = 720;
  std::int32_t gop_ms = 2000;
  std::int32_t bitrate_max_bps = 2'500'000;
  std::int32_t threads = 2;
};

Message make_message(const TranscodeRequest& request);
Message make_message(const media::Packet& packet);
Message make_message(std::uint32_t index, const media::Track& track);
Message make_failure(std::string_view why);

// Errors of all: data_loss.
Result<TranscodeRequest> parse_transcode_request(ByteView payload);
Result<media::Packet> parse_packet(ByteView payload);
struct IndexedTrack {
  std::uint32_t index = 0;
  media::Track track;
};
Result<IndexedTrack> parse_track(ByteView payload);

struct MessageHead {
  MessageType type = MessageType::failed;
  std::size_t payload_bytes = 0;
};
// `bytes` has at least kMessageHeadBytes. Errors: data_loss.
Result<MessageHead> parse_message_head(ByteView bytes);
// Head and payload in one piece.
Bytes encode(const Message& message);

// Blocking, for the worker's side of a socket. Errors: unavailable (the other side is gone),
// data_loss.
Result<Message> read_message(int fd);
Result<void> write_message(int fd, const Message& message);

}  // namespace oriel::ingest
