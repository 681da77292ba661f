#include "demo/rtp.h"

#include <algorithm>
#include <initializer_list>

namespace oriel::demo {
namespace {

void put_u16(Bytes& out, std::uint32_t v) {
  out.push_back(static_cast<std::uint8_t>(v >> 8));
  out.push_back(static_cast<std::uint8_t>(v));
}
void put_u32(Bytes& out, std::uint32_t v) {
  put_u16(out, v >> 16);
  put_u16(out, v & 0xffff);
}

constexpr std::uint64_t kNtpEpochOffsetS = 2'208'988'800;  // 1900 to 1970, RFC 5905 figure 4

}  // namespace

std::uint32_t RtpStream::timestamp(UtcTime time) const {
  // Split so that the product stays within 64 bits until the year 2500.
  const std::int64_t seconds = time.us / 1'000'000;
  const std::int64_t rest_us = time.us % 1'000'000;
  const std::int64_t rate = start_.clock_rate;
  const std::int64_t ticks = seconds * rate + (rest_us * rate + 500'000) / 1'000'000;
  return static_cast<std::uint32_t>(ticks) + start_.timestamp_offset;
}

void RtpStream::emit_packet(std::span<const ByteView> payload, UtcTime time, bool marker,
                            const Emit& emit) {
  scratch_.clear();
  scratch_.push_back(0x80);
  scratch_.push_back(static_cast<std::uint8_t>((marker ? 0x80 : 0) | start_.payload_type));
  put_u16(scratch_, sequence_++);
  put_u32(scratch_, timestamp(time));
  put_u32(scratch_, start_.ssrc);
  for (const ByteView part : payload) scratch_.insert(scratch_.end(), part.begin(), part.end());
  ++packet_count_;
  octet_count_ += static_cast<std::uint32_t>(scratch_.size() - kRtpHeaderBytes);
  emit(scratch_);
}

void RtpStream::send_nal(ByteView nal, UtcTime time, bool last, const Emit& emit) {
  if (nal.empty()) return;
  if (nal.size() <= kRtpPayloadMax) {
    emit_packet(std::initializer_list<ByteView>{nal}, time, last, emit);
    return;
  }
  // FU-A, RFC 6184 section 5.8: the NAL header's bits are spread over indicator and header.
  const std::uint8_t indicator = static_cast<std::uint8_t>((nal[0] & 0xe0) | 28);
  const std::uint8_t type = nal[0] & 0x1f;
  ByteView rest = nal.subspan(1);
  bool first = true;
  while (!rest.empty()) {
    const ByteView piece = rest.first(std::min(rest.size(), kRtpPayloadMax - 2));
    rest = rest.subspan(piece.size());
    const std::uint8_t start_end =
        static_cast<std::uint8_t>((first ? 0x80 : 0) | (rest.empty() ? 0x40 : 0));
    const std::uint8_t head[2] = {indicator, static_cast<std::uint8_t>(start_end | type)};
    emit_packet(std::initializer_list<ByteView>{ByteView(head), piece}, time, last && rest.empty(),
                emit);
    first = false;
  }
}

void RtpStream::send_aac(ByteView frame, UtcTime time, const Emit& emit) {
  if (frame.empty() || frame.size() > 8191) return;
  const auto size = static_cast<std::uint32_t>(frame.size());
  // AU-headers-length in bits, then one header of 13 bits size and 3 bits index. A frame past the
  // payload limit goes in fragments that all carry its full size (RFC 3640 section 3.2.3).
  const std::uint8_t head[4] = {0, 16, static_cast<std::uint8_t>(size >> 5),
                                static_cast<std::uint8_t>(size << 3)};
  ByteView rest = frame;
  while (!rest.empty()) {
    const ByteView piece = rest.first(std::min(rest.size(), kRtpPayloadMax - sizeof(head)));
    rest = rest.subspan(piece.size());
    emit_packet(std::initializer_list<ByteView>{ByteView(head), piece}, time, rest.empty(), emit);
  }
}

Bytes RtpStream::sender_report(UtcTime time, std::string_view name) const {
  Bytes out;
  out.push_back(0x80);
  out.push_back(200);
  put_u16(out, 6);
  put_u32(out, start_.ssrc);
  const auto seconds = static_cast<std::uint64_t>(time.us / 1'000'000) + kNtpEpochOffsetS;
  const auto rest_us = static_cast<std::uint64_t>(time.us % 1'000'000);
  put_u32(out, static_cast<std::uint32_t>(seconds));
  put_u32(out, static_cast<std::uint32_t>((rest_us << 32) / 1'000'000));
  put_u32(out, timestamp(time));
  put_u32(out, packet_count_);
  put_u32(out, octet_count_);
  // SDES with one CNAME item, padded with zeros to a multiple of four (RFC 3550 section 6.5).
  name = name.substr(0, 255);
  const std::size_t item_bytes = (4 + 2 + name.size() + 1 + 3) / 4 * 4;
  out.push_back(0x81);
  out.push_back(202);
  put_u16(out, static_cast<std::uint32_t>(item_bytes / 4));
  const std::size_t begin = out.size();
  put_u32(out, start_.ssrc);
  out.push_back(1);
  out.push_back(static_cast<std::uint8_t>(name.size()));
  out.insert(out.end(), name.begin(), name.end());
  out.resize(begin + item_bytes);
  return out;
}

Bytes RtpStream::goodbye() const {
  Bytes out{0x81, 203};
  put_u16(out, 1);
  put_u32(out, start_.ssrc);
  return out;
}

}  // namespace oriel::demo
