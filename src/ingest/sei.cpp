#include "ingest/sei.h"

#include <algorithm>
#include <array>

#include "ingest/nal.h"

namespace oriel::ingest {
namespace {

using media::Codec;

constexpr unsigned kUserDataUnregistered = 5;
constexpr unsigned kRecoveryPoint = 6;
// Time stamps and recovery points come first and are small; a camera's private pages are not read.
constexpr std::size_t kSeiBytesMax = 4'096;

constexpr std::size_t kUuidBytes = 16;
constexpr std::array<std::uint8_t, kUuidBytes> kTimeH264 = {'M', 'I', 'S', 'P', 'm', 'i', 'c', 'r',
                                                            'o', 's', 'e', 'c', 't', 'i', 'm', 'e'};
constexpr std::array<std::uint8_t, kUuidBytes> kTimeH265 = {
    0xa8, 0x68, 0x7d, 0xd4, 0xd7, 0x59, 0x37, 0x58, 0xa5, 0xce, 0xf0, 0x33, 0x8b, 0x65, 0x45, 0xf1};

// MISB ST 0604.6: the identifier, a status byte, then the microseconds since 1970 as four pairs of
// bytes with 0xFF between them. Bit 7 of the status: the clock is not locked to absolute time
// (ST 0603).
std::optional<UtcTime> precision_time(Codec codec, ByteView payload) {
  const auto& wanted = codec == Codec::h264 ? kTimeH264 : kTimeH265;
  if (payload.size() < kUuidBytes + 12 ||
      !std::equal(wanted.begin(), wanted.end(), payload.begin()) ||
      (payload[kUuidBytes] & 0x80) != 0)
    return std::nullopt;
  std::uint64_t us = 0;
  for (const std::size_t pair : {0U, 3U, 6U, 9U})
    us = us << 16 | static_cast<std::uint64_t>(payload[kUuidBytes + 1 + pair]) << 8 |
         payload[kUuidBytes + 2 + pair];
  if (us > static_cast<std::uint64_t>(INT64_MAX)) return std::nullopt;
  return UtcTime{static_cast<std::int64_t>(us)};
}

// payloadType and payloadSize (H.264 7.3.2.3.1): bytes of 255 and one that is less, added up.
std::optional<std::size_t> read_sum(ByteView bytes, std::size_t& at) {
  std::size_t sum = 0;
  for (; at < bytes.size(); ++at) {
    sum += bytes[at];
    if (bytes[at] != 0xFF) {
      ++at;
      return sum;
    }
  }
  return std::nullopt;
}

}  // namespace

SeiFacts read_sei(Codec codec, ByteView nal) {
  SeiFacts facts;
  const Bytes bytes = unescaped(nal.first(std::min(nal.size(), kSeiBytesMax)));
  std::size_t at = codec == Codec::h264 ? 1 : 2;
  while (at + 2 < bytes.size()) {
    const auto type = read_sum(bytes, at);
    const auto size = read_sum(bytes, at);
    if (!type || !size) break;
    if (codec == Codec::h264 && *type == kRecoveryPoint) facts.recovery_point = true;
    if (*size > bytes.size() - at) break;
    if (*type == kUserDataUnregistered && !facts.captured)
      facts.captured = precision_time(codec, ByteView(bytes).subspan(at, *size));
    at += *size;
  }
  return facts;
}

}  // namespace oriel::ingest
