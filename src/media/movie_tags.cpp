#include "media/movie_tags.h"

#include <cmath>

#include <fmt/format.h>

#include "media/boxes.h"
#include "media/byte_writer.h"

namespace oriel::media {
namespace {

// Seconds from 1904-01-01, where MP4 counts from, to 1970-01-01.
constexpr std::int64_t kEpoch1904_s = 2'082'844'800;
constexpr std::uint32_t kUtf8 = 1;               // well-known type of a data box
constexpr std::uint16_t kUndetermined = 0x55c4;  // "und" in ISO 639-2/T, five bits a letter

void write_item(ByteWriter& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  const auto item = out.begin_box(name);
  const auto data = out.begin_box("data");
  out.u32(kUtf8);
  out.u32(0);  // locale
  out.append(as_bytes(text));
  out.end_box(data);
  out.end_box(item);
}

void write_list(ByteWriter& out, const MovieTags& tags) {
  const auto meta = out.begin_full_box("meta", 0, 0);
  const auto handler = out.begin_full_box("hdlr", 0, 0);
  out.u32(0);
  out.name("mdir");
  out.name("appl");
  out.u32(0);
  out.u32(0);
  out.u8(0);
  out.end_box(handler);
  const auto list = out.begin_box("ilst");
  write_item(out, "\xa9nam", tags.title);
  write_item(out,
             "\xa9"
             "ART",
             tags.artist);
  write_item(out,
             "\xa9"
             "day",
             format_rfc3339(tags.created));
  write_item(out, "desc", tags.description);
  write_item(out, "cprt", tags.copyright);
  write_item(out,
             "\xa9"
             "cmt",
             tags.comment);
  write_item(out, "\xa9url", tags.address);
  write_item(out, "\xa9too", tags.encoder);
  out.end_box(list);
  out.end_box(meta);
}

Bytes user_data(const MovieTags& tags) {
  ByteWriter out;
  const auto udta = out.begin_box("udta");
  if (!tags.location.empty()) {
    const auto place = out.begin_box("\xa9xyz");
    out.u16(static_cast<std::uint16_t>(tags.location.size()));
    out.u16(kUndetermined);
    out.append(as_bytes(tags.location));
    out.end_box(place);
  }
  write_list(out, tags);
  out.end_box(udta);
  return out.take();
}

void write_be(Bytes& bytes, std::size_t at, std::uint64_t value, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i)
    bytes[at + i] = static_cast<std::uint8_t>(value >> (8 * (count - 1 - i)));
}

// mvhd, tkhd and mdhd begin alike: version, flags, creation, modification.
Result<void> set_times(Bytes& bytes, std::size_t payload, std::size_t end, UtcTime created) {
  const std::size_t width = end > payload && bytes[payload] == 1 ? 8 : 4;
  if (end < payload + 4 + 2 * width)
    return fail(ErrorKind::data_loss, "a header in the init segment is too short");
  const auto seconds = static_cast<std::uint64_t>(created.us / 1'000'000 + kEpoch1904_s);
  write_be(bytes, payload + 4, seconds, width);
  write_be(bytes, payload + 4 + width, seconds, width);
  return {};
}

// Sets the times of every header in [at, end), in place.
Result<void> set_all_times(Bytes& bytes, std::size_t at, std::size_t end, UtcTime created) {
  while (at < end) {
    ORIEL_TRY_ASSIGN(const auto box, parse_box_header(ByteView(bytes).subspan(at, end - at)));
    if (box.size > end - at)
      return fail(ErrorKind::data_loss, "a box of the init segment is longer than its parent");
    const std::size_t payload = at + box.header_bytes;
    const std::size_t box_end = at + static_cast<std::size_t>(box.size);
    if (box.name() == "mvhd" || box.name() == "tkhd" || box.name() == "mdhd")
      ORIEL_TRY(set_times(bytes, payload, box_end, created));
    else if (box.name() == "trak" || box.name() == "mdia")
      ORIEL_TRY(set_all_times(bytes, payload, box_end, created));
    at = box_end;
  }
  return {};
}

// stco and co64: version and flags, count, offsets from the file's first byte.
Result<void> move_chunks(Bytes& bytes, std::size_t payload, std::size_t end, std::size_t width,
                         std::uint64_t by) {
  if (end < payload + 8 || read_be(bytes, payload + 4, 4) > (end - payload - 8) / width)
    return fail(ErrorKind::data_loss, "a list of chunks is cut short");
  const auto count = static_cast<std::size_t>(read_be(bytes, payload + 4, 4));
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = payload + 8 + i * width;
    const std::uint64_t moved = read_be(bytes, at, width) + by;
    if (width == 4 && moved > UINT32_MAX)
      return fail(ErrorKind::data_loss, "the file is too long for its list of chunks");
    write_be(bytes, at, moved, width);
  }
  return {};
}

// Moves the chunk offsets of every track, in place; of boxes whose sizes fit.
Result<void> move_all_chunks(Bytes& bytes, std::uint64_t by) {
  for (std::size_t at = 0; at < bytes.size();) {
    ORIEL_TRY_ASSIGN(const auto box, parse_box_header(ByteView(bytes).subspan(at)));
    if (box.size > bytes.size() - at)
      return fail(ErrorKind::data_loss, "a box of the file's head is longer than the head");
    const auto name = box.name();
    const std::size_t payload = at + box.header_bytes;
    const std::size_t end = at + static_cast<std::size_t>(box.size);
    const bool parent =
        name == "moov" || name == "trak" || name == "mdia" || name == "minf" || name == "stbl";
    at = parent ? payload : end;
    if (name == "stco") ORIEL_TRY(move_chunks(bytes, payload, end, 4, by));
    if (name == "co64") ORIEL_TRY(move_chunks(bytes, payload, end, 8, by));
  }
  return {};
}

}  // namespace

Result<Bytes> tag_movie_head(ByteView head, const MovieTags& tags) {
  ORIEL_TRY_ASSIGN(auto made, tag_init(head, tags));
  // Less than before where the file had more to say; two's complement moves both ways.
  const std::uint64_t by = std::uint64_t{made.size()} - std::uint64_t{head.size()};
  ORIEL_TRY(move_all_chunks(made, by));
  return made;
}

Result<Bytes> tag_init(ByteView init, const MovieTags& tags) {
  ByteWriter out;
  bool tagged = false;
  for (std::size_t at = 0; at < init.size();) {
    ORIEL_TRY_ASSIGN(const auto box, parse_box_header(init.subspan(at)));
    if (box.size > init.size() - at)
      return fail(ErrorKind::data_loss, "the init segment is cut short");
    const auto size = static_cast<std::size_t>(box.size);
    if (box.name() != "moov" || tagged || box.header_bytes != 8) {
      out.append(init.subspan(at, size));
      at += size;
      continue;
    }
    const auto moov = out.begin_box("moov");
    for (std::size_t inner = at + 8; inner < at + size;) {
      ORIEL_TRY_ASSIGN(const auto child, parse_box_header(init.subspan(inner, at + size - inner)));
      if (child.size > at + size - inner)
        return fail(ErrorKind::data_loss, "a box of the init segment is longer than its parent");
      const auto child_size = static_cast<std::size_t>(child.size);
      if (child.name() != "udta") out.append(init.subspan(inner, child_size));
      inner += child_size;
    }
    out.append(user_data(tags));
    out.end_box(moov);
    tagged = true;
    at += size;
  }
  if (!tagged) return fail(ErrorKind::data_loss, "the init segment has no moov");
  Bytes made = out.take();
  for (std::size_t at = 0; at < made.size();) {
    ORIEL_TRY_ASSIGN(const auto box, parse_box_header(ByteView(made).subspan(at)));
    const auto size = static_cast<std::size_t>(box.size);
    if (box.name() == "moov") ORIEL_TRY(set_all_times(made, at + 8, at + size, tags.created));
    at += size;
  }
  return made;
}

std::string iso_6709(double latitude, double longitude, std::optional<double> elevation_m) {
  std::string text = fmt::format("{:+08.4f}{:+09.4f}", latitude, longitude);
  if (elevation_m) text += fmt::format("{:+.0f}", std::round(*elevation_m));
  return text + "/";
}

}  // namespace oriel::media
