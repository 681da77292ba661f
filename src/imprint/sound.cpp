// Sound: ID3v2.4 (id3.org), Vorbis comments in FLAC (RFC 9639, 8.6) and Ogg (RFC 3533, RFC 7845),
// RIFF WAVE.
#include <algorithm>
#include <array>
#include <optional>

#include "imprint/formats.h"
#include "imprint/xmp.h"
#include "media/byte_writer.h"

namespace oriel::imprint {
namespace {

using media::read_be;

constexpr std::uint64_t kTagBytesMax = 24u << 20;  // pictures lie in tags, too

// ---- ID3

// Seven bits a byte. Absent: it is not written so.
std::optional<std::size_t> read_syncsafe(ByteView bytes, std::size_t at) {
  std::size_t value = 0;
  for (std::size_t i = at; i < at + 4; ++i) {
    if (bytes[i] > 0x7f) return std::nullopt;
    value = value << 7U | bytes[i];
  }
  return value;
}

void write_syncsafe(Bytes& out, std::size_t value) {
  for (int shift = 21; shift >= 0; shift -= 7)
    out.push_back(static_cast<std::uint8_t>(value >> shift & 0x7fU));
}

void write_frame(Bytes& out, std::string_view name, ByteView content) {
  append(out, name);
  write_syncsafe(out, content.size());
  write_be(out, 0, 2);
  append(out, content);
}

void write_text(Bytes& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  Bytes content{3};  // UTF-8
  append(content, text);
  write_frame(out, name, content);
}

// Described text: of a language where it is a comment.
void write_described(Bytes& out, std::string_view name, std::string_view before,
                     std::string_view text) {
  if (text.empty()) return;
  Bytes content{3};
  append(content, before);
  append(content, text);
  write_frame(out, name, content);
}

// Web addresses are Latin-1, those of ours are ASCII.
void write_address(Bytes& out, std::string_view name, std::string_view address) {
  const bool plain =
      std::all_of(address.begin(), address.end(), [](char c) { return c > 0x20 && c < 0x7f; });
  if (!address.empty() && plain) write_frame(out, name, as_bytes(address));
}

constexpr std::string_view kXmpOwner{"XMP\0", 4};

// What is said anew, and what version 2.4 does not have.
bool is_replaced(std::string_view name, ByteView content) {
  constexpr std::string_view kReplaced[] = {"TIT2", "TPE1", "TCOP", "WCOP", "WOAF", "TDTG", "TDAT",
                                            "TIME", "TRDA", "TSIZ", "EQUA", "RVAD", "IPLS"};
  if (std::find(std::begin(kReplaced), std::end(kReplaced), name) != std::end(kReplaced))
    return true;
  const auto text = as_text(content);
  if (name == "PRIV") return text.starts_with(kXmpOwner);
  if (name == "COMM") return text.starts_with(std::string_view("\3engcredits\0", 12));
  return false;
}

bool is_frame_name(std::string_view name) {
  return std::all_of(name.begin(), name.end(),
                     [](char c) { return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9'); });
}

// FF 00 for FF, where the whole of a tag of version 2.3 is written so.
Bytes synchronised(ByteView bytes) {
  Bytes out;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    out.push_back(bytes[i]);
    if (bytes[i] == 0xff && i + 1 < bytes.size() && bytes[i + 1] == 0) ++i;
  }
  return out;
}

// The frames of a tag about other things, as of version 2.4; those behind one that cannot be read
// are lost.
Bytes kept_frames(ByteView tag) {
  Bytes out;
  if (tag.size() < 10 || !as_text(tag).starts_with("ID3") || tag[3] < 3 || tag[3] > 4) return out;
  const bool old = tag[3] == 3;
  const auto size = std::min(read_syncsafe(tag, 6).value_or(0), tag.size() - 10);
  Bytes body(tag.begin() + 10, tag.begin() + 10 + static_cast<std::ptrdiff_t>(size));
  if (old && (tag[5] & 0x80U) != 0) body = synchronised(body);
  std::size_t at = 0;
  if ((tag[5] & 0x40U) != 0 && body.size() >= 4)
    at = old ? 4 + static_cast<std::size_t>(read_be(body, 0, 4))
             : read_syncsafe(body, 0).value_or(body.size());
  while (at <= body.size() && body.size() - at >= 10) {
    const auto name = as_text(body).substr(at, 4);
    const auto bytes = old ? std::optional(static_cast<std::size_t>(read_be(body, at + 4, 4)))
                           : read_syncsafe(body, at + 4);
    if (!is_frame_name(name) || !bytes || *bytes > body.size() - at - 10) break;
    const auto content = ByteView(body).subspan(at + 10, *bytes);
    // Compressed or encrypted frames are written otherwise in 2.4.
    const bool kept = !is_replaced(name, content) && (!old || body[at + 9] == 0) && *bytes > 0;
    if (kept && old) write_frame(out, name == "TYER" ? "TDRC" : name, content);
    if (kept && !old) append(out, ByteView(body).subspan(at, 10 + *bytes));
    at += 10 + *bytes;
  }
  return out;
}

// ---- Vorbis comments

constexpr std::string_view kFields[] = {"TITLE",   "ARTIST", "COPYRIGHT", "LICENSE",
                                        "CREDITS", "SOURCE", "CONTACT"};

bool is_field(std::string_view comment) {
  const auto name = comment.substr(0, comment.find('='));
  return std::any_of(std::begin(kFields), std::end(kFields), [&](std::string_view field) {
    return std::equal(name.begin(), name.end(), field.begin(), field.end(),
                      [](char a, char b) { return (a >= 'a' && a <= 'z' ? a - 32 : a) == b; });
  });
}

// Vendor, count and comments; those of `old` about other things stay.
Result<Bytes> renewed_comments(ByteView old, const Legend& legend) {
  std::vector<std::string> comments;
  const auto add = [&](std::string_view name, std::string_view text) {
    if (!text.empty()) comments.push_back(std::string(name) + "=" + std::string(text));
  };
  const auto text_at = [&](std::size_t& at) -> Result<std::string_view> {
    if (old.size() - at < 4) return fail(ErrorKind::data_loss, "its comments are cut short");
    const auto bytes = static_cast<std::size_t>(read_le(old, at, 4));
    if (bytes > old.size() - at - 4)
      return fail(ErrorKind::data_loss, "its comments are cut short");
    const auto text = as_text(old.subspan(at + 4, bytes));
    at += 4 + bytes;
    return text;
  };
  std::string_view vendor = "Oriel";
  if (!old.empty()) {
    std::size_t at = 0;
    ORIEL_TRY_ASSIGN(vendor, text_at(at));
    if (old.size() - at < 4) return fail(ErrorKind::data_loss, "its comments are cut short");
    const auto count = read_le(old, at, 4);
    at += 4;
    for (std::uint64_t i = 0; i < count; ++i) {
      ORIEL_TRY_ASSIGN(const auto comment, text_at(at));
      if (!is_field(comment)) comments.emplace_back(comment);
    }
  }
  add("TITLE", legend.title);
  for (const auto& maker : legend.makers) add("ARTIST", maker);
  add("COPYRIGHT", legend.credit);
  add("LICENSE", legend.licence_uri);
  add("CONTACT", legend.address);
  for (const auto& source : legend.sources) add("SOURCE", source);
  for (const auto& line : legend.credits) add("CREDITS", line);
  Bytes out;
  write_le(out, vendor.size(), 4);
  append(out, vendor);
  write_le(out, comments.size(), 4);
  for (const auto& comment : comments) {
    write_le(out, comment.size(), 4);
    append(out, comment);
  }
  return out;
}

}  // namespace

Result<Bytes> id3_tag(const Legend& legend, ByteView old) {
  Bytes frames = kept_frames(old);
  write_text(frames, "TIT2", legend.title);
  std::string makers;  // apart by zeros
  for (const auto& maker : legend.makers) {
    if (!makers.empty()) makers += '\0';
    makers += maker;
  }
  write_text(frames, "TPE1", makers);
  write_text(frames, "TCOP", legend.credit);
  write_address(frames, "WCOP", legend.licence_uri);
  write_address(frames, "WOAF", legend.address);
  write_text(frames, "TDTG", format_rfc3339(legend.date).substr(0, 19));
  write_described(frames, "COMM", std::string_view("engcredits\0", 11), all_credits(legend));
  Bytes packet;
  append(packet, kXmpOwner);
  append(packet, xmp_packet(legend, ""));
  write_frame(frames, "PRIV", packet);
  // Padding: readers look what follows a frame to find out how its length was written.
  frames.resize(frames.size() + 16);
  if (frames.size() >= 1U << 28U) return fail(ErrorKind::unsupported, "its tag became too long");
  Bytes tag;
  append(tag, std::string_view("ID3\4\0\0", 6));
  write_syncsafe(tag, frames.size());
  append(tag, frames);
  return tag;
}

Result<Changes> mark_mp3(Look& look, const Legend& legend) {
  ORIEL_TRY_ASSIGN(const auto head, look.up_to(0, 10));
  Bytes old;
  if (head.size() == 10 && as_text(head).starts_with("ID3")) {
    const auto size = read_syncsafe(head, 6);
    if (!size) return fail(ErrorKind::data_loss, "its tag does not say how long it is");
    const auto footer = head[3] >= 4 && (head[5] & 0x10U) != 0 ? 10U : 0U;
    if (*size > kTagBytesMax) return fail(ErrorKind::unsupported, "its tag is very long");
    ORIEL_TRY_ASSIGN(old, look.at(0, 10 + *size + footer));
  }
  ORIEL_TRY_ASSIGN(auto tag, id3_tag(legend, old));
  return Changes{{0, old.size(), std::move(tag)}};
}

Result<Changes> mark_flac(Look& look, const Legend& legend) {
  constexpr std::uint8_t kLast = 0x80;
  constexpr std::uint8_t kComment = 4;
  constexpr std::uint64_t kStreamEnd = 4 + 4 + 34;
  ORIEL_TRY_ASSIGN(const auto stream, look.at(4, 4));
  if ((stream[0] & 0x7fU) != 0 || read_be(stream, 1, 3) != 34)
    return fail(ErrorKind::data_loss, "it does not begin with what it is");
  const auto block = [&](std::uint8_t flags, ByteView old) -> Result<Bytes> {
    ORIEL_TRY_ASSIGN(const auto comments, renewed_comments(old, legend));
    if (comments.size() >= 1U << 24U)
      return fail(ErrorKind::unsupported, "its comments became too long");
    Bytes bytes{static_cast<std::uint8_t>(flags | kComment)};
    write_be(bytes, comments.size(), 3);
    append(bytes, comments);
    return bytes;
  };
  bool last = (stream[0] & kLast) != 0;
  for (std::uint64_t at = kStreamEnd; !last;) {
    ORIEL_TRY_ASSIGN(const auto head, look.at(at, 4));
    const auto bytes = read_be(head, 1, 3);
    last = (head[0] & kLast) != 0;
    if ((head[0] & 0x7fU) == kComment) {
      ORIEL_TRY_ASSIGN(const auto old, look.at(at + 4, bytes));
      ORIEL_TRY_ASSIGN(auto renewed, block(head[0] & kLast, old));
      return Changes{{at, 4 + bytes, std::move(renewed)}};
    }
    at += 4 + bytes;
    if (at > look.bytes()) return fail(ErrorKind::data_loss, "its head is cut short");
  }
  const bool only = (stream[0] & kLast) != 0;
  ORIEL_TRY_ASSIGN(auto added, block(only ? kLast : 0, {}));
  Changes changes{{kStreamEnd, 0, std::move(added)}};
  if (only) changes.push_back({4, 1, {0}});
  return changes;
}

// ---- Ogg

namespace {

constexpr std::size_t kHeaderPagesMax = 512;

constexpr std::array<std::uint32_t, 256> kOggTable = [] {
  std::array<std::uint32_t, 256> table{};
  for (std::uint32_t n = 0; n < 256; ++n) {
    std::uint32_t c = n << 24U;
    for (int k = 0; k < 8; ++k) c = (c & 0x80000000U) != 0 ? c << 1U ^ 0x04c11db7U : c << 1U;
    table[n] = c;
  }
  return table;
}();

std::uint32_t ogg_sum(ByteView bytes) {
  std::uint32_t c = 0;
  for (const auto byte : bytes) c = c << 8U ^ kOggTable[(c >> 24U ^ byte) & 0xffU];
  return c;
}

struct OggPage {
  Bytes head;  // 27 bytes and the lengths of its segments
  Bytes body;
  std::uint64_t bytes() const { return head.size() + body.size(); }
  std::uint64_t stream() const { return read_le(head, 14, 4); }
};

Result<OggPage> ogg_page(Look& look, std::uint64_t at) {
  OggPage page;
  ORIEL_TRY_ASSIGN(page.head, look.at(at, 27));
  if (!as_text(page.head).starts_with("OggS") || page.head[4] != 0)
    return fail(ErrorKind::data_loss, "a page of its head is damaged");
  ORIEL_TRY_ASSIGN(const auto lengths, look.at(at + 27, page.head[26]));
  append(page.head, lengths);
  std::uint64_t bytes = 0;
  for (const auto length : lengths) bytes += length;
  ORIEL_TRY_ASSIGN(page.body, look.at(at + page.head.size(), bytes));
  return page;
}

// The headers behind the first page: whole packets on pages of their own.
struct OggHeaders {
  std::vector<OggPage> pages;
  std::vector<Bytes> packets;
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

Result<OggHeaders> ogg_headers(Look& look, const OggPage& first, std::size_t packets) {
  OggHeaders headers;
  headers.begin = headers.end = first.bytes();
  Bytes packet;
  bool open = false;
  while (headers.packets.size() < packets || open) {
    if (headers.pages.size() == kHeaderPagesMax)
      return fail(ErrorKind::unsupported, "its head is very long");
    ORIEL_TRY_ASSIGN(auto page, ogg_page(look, headers.end));
    if (page.stream() != first.stream() || (page.head[5] & 2U) != 0)
      return fail(ErrorKind::unsupported, "several streams lie in it side by side");
    if (headers.packets.size() == packets)
      return fail(ErrorKind::unsupported, "its sound begins within its head");
    std::size_t at = 0;
    for (std::size_t i = 27; i < page.head.size(); ++i) {
      append(packet, ByteView(page.body).subspan(at, page.head[i]));
      at += page.head[i];
      open = page.head[i] == 255;
      if (open) continue;
      headers.packets.push_back(std::move(packet));
      packet.clear();
    }
    headers.end += page.bytes();
    headers.pages.push_back(std::move(page));
  }
  if (headers.packets.size() != packets)
    return fail(ErrorKind::unsupported, "its sound begins within its head");
  return headers;
}

// The packets on as many pages as there were.
Result<Bytes> ogg_pages(const OggHeaders& headers) {
  Bytes lengths;
  Bytes body;
  for (const auto& packet : headers.packets) {
    for (std::size_t left = packet.size();; left -= 255) {
      lengths.push_back(static_cast<std::uint8_t>(std::min<std::size_t>(left, 255)));
      if (left < 255) break;
    }
    append(body, packet);
  }
  const auto pages = headers.pages.size();
  if (lengths.size() > pages * 255 || lengths.size() < pages)
    return fail(ErrorKind::unsupported,
                "the credits need another number of pages than its head has");
  Bytes out;
  std::size_t segment = 0;
  std::size_t at = 0;
  for (std::size_t i = 0; i < pages; ++i) {
    const auto end = lengths.size() * (i + 1) / pages;
    Bytes page(headers.pages[i].head.begin(), headers.pages[i].head.begin() + 26);
    const bool continued = segment > 0 && lengths[segment - 1] == 255;
    page[5] = static_cast<std::uint8_t>((page[5] & ~1U) | (continued ? 1U : 0U));
    page.push_back(static_cast<std::uint8_t>(end - segment));
    std::size_t bytes = 0;
    bool ends_packet = false;
    for (; segment < end; ++segment) {
      page.push_back(lengths[segment]);
      bytes += lengths[segment];
      ends_packet |= lengths[segment] < 255;
    }
    for (std::size_t k = 6; k < 14; ++k) page[k] = ends_packet ? 0 : 0xff;
    append(page, ByteView(body).subspan(at, bytes));
    at += bytes;
    for (std::size_t k = 22; k < 26; ++k) page[k] = 0;
    const auto sum = ogg_sum(page);
    for (std::size_t k = 0; k < 4; ++k) page[22 + k] = static_cast<std::uint8_t>(sum >> (8 * k));
    append(out, page);
  }
  return out;
}

}  // namespace

Result<Changes> mark_ogg(Look& look, const Legend& legend) {
  ORIEL_TRY_ASSIGN(const auto first, ogg_page(look, 0));
  const bool vorbis = as_text(first.body).starts_with("\1vorbis");
  if (!vorbis && !as_text(first.body).starts_with("OpusHead"))
    return fail(ErrorKind::unsupported, "it is neither Vorbis nor Opus");
  ORIEL_TRY_ASSIGN(auto headers, ogg_headers(look, first, vorbis ? 2 : 1));
  const std::string_view sign = vorbis ? "\3vorbis" : "OpusTags";
  auto& packet = headers.packets.front();
  if (!as_text(packet).starts_with(sign))
    return fail(ErrorKind::data_loss, "its comments are not where they should be");
  ORIEL_TRY_ASSIGN(const auto comments,
                   renewed_comments(ByteView(packet).subspan(sign.size()), legend));
  Bytes renewed;
  append(renewed, sign);
  append(renewed, comments);
  if (vorbis) renewed.push_back(1);  // the framing bit
  packet = std::move(renewed);
  ORIEL_TRY_ASSIGN(auto pages, ogg_pages(headers));
  return Changes{{headers.begin, headers.end - headers.begin, std::move(pages)}};
}

// ---- WAV

namespace {

void write_chunk(Bytes& out, std::string_view name, ByteView content) {
  append(out, name);
  write_le(out, content.size(), 4);
  append(out, content);
  if (content.size() % 2 != 0) out.push_back(0);
}

constexpr std::string_view kWaveTags[] = {"INAM", "IART", "ICOP", "ICMS", "ISRC"};

// The content of a LIST of INFO: ours, and what `old` says about other things.
Bytes wave_list(ByteView old, const Legend& legend) {
  Bytes out;
  append(out, "INFO");
  for (std::size_t at = 4; at + 8 <= old.size();) {
    const auto name = as_text(old).substr(at, 4);
    const auto bytes = static_cast<std::size_t>(read_le(old, at + 4, 4));
    if (bytes > old.size() - at - 8) break;
    if (std::find(std::begin(kWaveTags), std::end(kWaveTags), name) == std::end(kWaveTags))
      write_chunk(out, name, old.subspan(at + 8, bytes));
    at += 8 + bytes + bytes % 2;
  }
  const auto add = [&](std::string_view name, const std::string& text) {
    // With the zero at its end.
    if (!text.empty()) write_chunk(out, name, as_bytes({text.c_str(), text.size() + 1}));
  };
  add("INAM", legend.title);
  add("IART", all_makers(legend));
  add("ICOP", legend.credit);
  add("ICMS", all_credits(legend));
  add("ISRC", legend.address);
  return out;
}

// The chunks that say something about the file, to be written anew.
struct WaveChunks {
  Bytes list;
  Bytes id3;
  Changes changes;
  std::uint64_t end = 12;
  bool sounds = false;
  bool unpadded = false;  // the last one that stays ends without its zero
};

Result<WaveChunks> wave_chunks(Look& look, std::uint64_t riff_end) {
  WaveChunks found;
  while (riff_end - found.end >= 8) {
    const auto at = found.end;
    ORIEL_TRY_ASSIGN(const auto head, look.at(at, 8));
    const auto bytes = read_le(head, 4, 4);
    if (bytes > riff_end - at - 8)
      return fail(ErrorKind::data_loss, "a chunk of it is longer than the file");
    const auto name = as_text(head).substr(0, 4);
    found.sounds |= name == "data";
    const auto end = std::min(at + 8 + bytes + bytes % 2, riff_end);
    found.unpadded = end % 2 != 0;
    if ((name == "LIST" || name == "id3 " || name == "ID3 ") && bytes <= kTagBytesMax) {
      ORIEL_TRY_ASSIGN(auto content, look.at(at + 8, bytes));
      const bool list = name == "LIST";
      if (!list || as_text(content).starts_with("INFO")) {
        (list ? found.list : found.id3) = std::move(content);
        found.changes.push_back({at, end - at, {}});
        found.unpadded = false;
      }
    }
    found.end = end;
  }
  return found;
}

}  // namespace

Result<Changes> mark_wav(Look& look, const Legend& legend) {
  ORIEL_TRY_ASSIGN(const auto head, look.at(0, 12));
  if (!as_text(head).starts_with("RIFF"))
    return fail(ErrorKind::unsupported, "it is a WAV of another kind than RIFF");
  const auto riff_end = 8 + read_le(head, 4, 4);
  if (riff_end > look.bytes() || riff_end < 12)
    return fail(ErrorKind::data_loss, "it is shorter than it says");
  ORIEL_TRY_ASSIGN(auto found, wave_chunks(look, riff_end));
  if (!found.sounds) return fail(ErrorKind::data_loss, "there is no sound in it");
  ORIEL_TRY_ASSIGN(const auto tag, id3_tag(legend, found.id3));
  Change added{found.end, 0, {}};
  if (found.unpadded) added.bytes.push_back(0);
  write_chunk(added.bytes, "LIST", wave_list(found.list, legend));
  write_chunk(added.bytes, "id3 ", tag);
  // A few bytes may lie between the last chunk and the end: they are of none.
  added.removed = riff_end - found.end;
  std::uint64_t size = found.end - 8 + added.bytes.size();
  for (const auto& change : found.changes) size -= change.removed;
  if (size > UINT32_MAX) return fail(ErrorKind::unsupported, "it is as long as a WAV can be");
  Change length{4, 4, {}};
  write_le(length.bytes, size, 4);
  found.changes.push_back(std::move(length));
  found.changes.push_back(std::move(added));
  return std::move(found.changes);
}

}  // namespace oriel::imprint
