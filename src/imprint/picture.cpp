// JPEG (ITU-T T.81, annex B) and PNG (ISO/IEC 15948): chains of segments and chunks.
#include <array>

#include "imprint/formats.h"
#include "imprint/xmp.h"

namespace oriel::imprint {
namespace {

constexpr std::size_t kSegmentBytesMax = 65'533;  // a length of 16 bits counts itself

struct JpegSegments {
  std::uint64_t insert_at = 2;  // behind JFIF and Exif, which come first
  Changes removed;
  std::string xmp;
};

// A segment with a length, [at, end).
Result<void> look_at_segment(Look& look, JpegSegments& found, std::uint8_t marker, std::uint64_t at,
                             std::uint64_t end, bool& several) {
  const auto payload = at + 4;
  const auto payload_bytes = end - payload;
  if (marker == 0xe0 && at == found.insert_at) found.insert_at = end;
  if (marker == 0xe2) {
    ORIEL_TRY_ASSIGN(const auto head, look.at(payload, std::min<std::uint64_t>(payload_bytes, 4)));
    several |= as_text(head) == std::string_view("MPF\0", 4);
  }
  if (marker != 0xe1) return {};
  ORIEL_TRY_ASSIGN(const auto head, look.at(payload, std::min<std::uint64_t>(payload_bytes, 29)));
  if (as_text(head).starts_with("Exif") && at == found.insert_at) found.insert_at = end;
  if (as_text(head) != kXmpSignature) return {};
  // What lies behind is found by its distance from there.
  if (several) return fail(ErrorKind::unsupported, "its XMP lies between several pictures");
  ORIEL_TRY_ASSIGN(const auto text, look.at(payload + 29, payload_bytes - 29));
  if (found.xmp.empty()) found.xmp = as_text(text);
  found.removed.push_back({at, end - at, {}});
  return {};
}

Result<JpegSegments> jpeg_segments(Look& look) {
  JpegSegments found;
  bool several = false;
  for (std::uint64_t at = 2;;) {
    ORIEL_TRY_ASSIGN(const auto head, look.at(at, 2));
    if (head[0] != 0xff) return fail(ErrorKind::data_loss, "its segments do not join");
    const auto marker = head[1];
    if (marker == 0xff) {
      ++at;
      continue;
    }
    if (marker == 0xda || marker == 0xd9) return found;
    if (marker == 0x01 || (marker >= 0xd0 && marker <= 0xd7)) {
      at += 2;
      continue;
    }
    ORIEL_TRY_ASSIGN(const auto length, look.at(at + 2, 2));
    const std::uint64_t bytes = std::uint64_t{length[0]} << 8U | length[1];
    const auto end = at + 2 + bytes;
    if (bytes < 2 || end > look.bytes())
      return fail(ErrorKind::data_loss, "a segment of it is cut short");
    ORIEL_TRY(look_at_segment(look, found, marker, at, end, several));
    at = end;
  }
}

constexpr std::array<std::uint32_t, 256> kCrcTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t n = 0; n < 256; ++n) {
    std::uint32_t c = n;
    for (int k = 0; k < 8; ++k) c = (c & 1U) != 0 ? 0xedb88320U ^ (c >> 1U) : c >> 1U;
    table[n] = c;
  }
  return table;
}();

std::uint32_t crc_of(ByteView bytes) {
  std::uint32_t c = 0xffffffffU;
  for (const auto byte : bytes) c = kCrcTable[(c ^ byte) & 0xffU] ^ (c >> 8U);
  return c ^ 0xffffffffU;
}

// Keyword, no compression, no language, no translated keyword.
constexpr std::string_view kPngXmp{"XML:com.adobe.xmp\0\0\0\0\0", 22};
constexpr std::uint64_t kPngXmpBytesMax = 4u << 20;

}  // namespace

Result<Changes> mark_jpeg(Look& look, const Legend& legend) {
  ORIEL_TRY_ASSIGN(auto found, jpeg_segments(look));
  auto packet = xmp_packet(legend, found.xmp);
  const auto room = kSegmentBytesMax - kXmpSignature.size();
  if (packet.size() > room) packet = xmp_packet(legend, "");
  if (packet.size() > room) packet = xmp_packet(shortened(legend), "");
  if (packet.size() > room)
    return fail(ErrorKind::unsupported, "the credits are longer than the 64 KB that a JPEG has");
  Change added{found.insert_at, 0, {0xff, 0xe1}};
  write_be(added.bytes, 2 + kXmpSignature.size() + packet.size(), 2);
  append(added.bytes, kXmpSignature);
  append(added.bytes, packet);
  auto changes = std::move(found.removed);
  changes.insert(changes.begin(), std::move(added));
  return changes;
}

Result<Changes> mark_png(Look& look, const Legend& legend) {
  constexpr std::uint64_t kHeaderEnd = 8 + 25;  // the signature and IHDR
  Changes changes;
  std::string old;
  bool ended = false;
  for (std::uint64_t at = 8; !ended;) {
    ORIEL_TRY_ASSIGN(const auto head, look.at(at, 8));
    const std::uint64_t bytes = std::uint64_t{head[0]} << 24U | std::uint64_t{head[1]} << 16U |
                                std::uint64_t{head[2]} << 8U | head[3];
    const auto name = as_text(head).substr(4);
    const auto end = at + 12 + bytes;
    if (end > look.bytes()) return fail(ErrorKind::data_loss, "a chunk of it is cut short");
    if ((at == 8) != (name == "IHDR") || (at == 8 && end != kHeaderEnd))
      return fail(ErrorKind::data_loss, "it does not begin with its header");
    ended = name == "IEND";
    if (name == "iTXt" && bytes >= kPngXmp.size() && bytes <= kPngXmpBytesMax) {
      ORIEL_TRY_ASSIGN(const auto text, look.at(at + 8, bytes));
      if (as_text(text).starts_with(kPngXmp)) old = as_text(text).substr(kPngXmp.size());
      if (as_text(text).starts_with(kPngXmp.substr(0, 18))) changes.push_back({at, end - at, {}});
    }
    at = end;
  }
  Bytes body;
  append(body, "iTXt");
  append(body, kPngXmp);
  append(body, xmp_packet(legend, old));
  Change added{kHeaderEnd, 0, {}};
  write_be(added.bytes, body.size() - 4, 4);
  append(added.bytes, body);
  write_be(added.bytes, crc_of(body), 4);
  changes.insert(changes.begin(), std::move(added));
  return changes;
}

}  // namespace oriel::imprint
