// RTP and RTCP packets (RFC 3550) of H.264 (RFC 6184, packetization-mode 1) and AAC (RFC 3640,
// AAC-hbr): pure functions from coded frames to packets.
#pragma once
#include <cstdint>
#include <functional>
#include <string_view>

#include "base/bytes.h"
#include "base/time.h"

namespace oriel::demo {

inline constexpr std::size_t kRtpHeaderBytes = 12;
inline constexpr std::size_t kRtpPayloadMax = 1400;  // fits an Ethernet frame with IPv6 and UDP

// The numbering of one outgoing RTP stream. Not thread-safe.
class RtpStream {
 public:
  // `packet` borrows its bytes only for the call.
  using Emit = std::function<void(ByteView packet)>;

  struct Start {
    std::uint8_t payload_type = 96;
    std::uint32_t ssrc = 0;
    std::uint16_t sequence = 0;
    std::uint32_t timestamp_offset = 0;
    std::uint32_t clock_rate = 90'000;
  };
  explicit RtpStream(const Start& start) : start_(start), sequence_(start.sequence) {}

  // One NAL unit without start code; `last` marks the last one of its picture.
  void send_nal(ByteView nal, UtcTime time, bool last, const Emit& emit);
  // One raw AAC frame of at most 8191 bytes; a larger one is left out.
  void send_aac(ByteView frame, UtcTime time, const Emit& emit);
  // A sender report with source description, mapping the UTC `time` to this stream's clock.
  Bytes sender_report(UtcTime time, std::string_view name) const;
  Bytes goodbye() const;

  std::uint32_t timestamp(UtcTime time) const;
  std::uint16_t next_sequence() const { return sequence_; }
  std::uint32_t ssrc() const { return start_.ssrc; }

 private:
  void emit_packet(std::span<const ByteView> payload, UtcTime time, bool marker, const Emit& emit);

  Start start_;
  std::uint16_t sequence_;
  std::uint32_t packet_count_ = 0;
  std::uint32_t octet_count_ = 0;
  Bytes scratch_;
};

}  // namespace oriel::demo
