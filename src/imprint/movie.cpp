// ISO BMFF (ISO/IEC 14496-12): the list of tags in the moov, and XMP in a box at the end.
#include <algorithm>
#include <optional>

#include "imprint/formats.h"
#include "imprint/xmp.h"
#include "media/boxes.h"
#include "media/byte_writer.h"

namespace oriel::imprint {
namespace {

using media::ByteWriter;
using media::read_be;

constexpr std::uint64_t kMoovBytesMax = 32u << 20;
constexpr std::uint64_t kXmpBytesMax = 4u << 20;
constexpr std::uint64_t kFragmentHeadBytesMax = 4u << 20;
// XMP part 3, 1.1.7.
constexpr std::uint8_t kXmpUuid[16] = {0xbe, 0x7a, 0xcf, 0xcb, 0x97, 0xa9, 0x42, 0xe8,
                                       0x9c, 0x71, 0x99, 0x94, 0x91, 0xe3, 0xaf, 0xac};

struct Box {
  std::uint64_t at = 0;
  std::uint64_t end = 0;
  std::uint32_t header_bytes = 8;
  std::string name;
  bool open_ended = false;  // it reaches to the end of the file, however long that becomes
  std::uint64_t payload() const { return at + header_bytes; }
};

// What lies at the top of the file.
struct Top {
  std::optional<Box> moov;
  std::vector<Box> fragments;  // moof
  std::optional<Box> access;   // mfra
  std::vector<Box> xmp;        // uuid boxes that hold some
  bool open_ended = false;     // the last box is
  bool movable = true;         // nothing that names offsets in a way unknown here
};

Result<Box> top_box(Look& look, std::uint64_t at) {
  ORIEL_TRY_ASSIGN(auto head, look.up_to(at, 16));
  if (head.size() >= 8 && read_be(head, 0, 4) == 0)
    return Box{at, look.bytes(), 8, std::string(as_text(head).substr(4, 4)), true};
  ORIEL_TRY_ASSIGN(const auto header, media::parse_box_header(head));
  if (header.size > look.bytes() - at)
    return fail(ErrorKind::data_loss, "a box of it is cut short");
  return Box{at, at + header.size, header.header_bytes, std::string(header.name())};
}

Result<Top> top_of(Look& look) {
  Top top;
  for (std::uint64_t at = 0; at < look.bytes();) {
    ORIEL_TRY_ASSIGN(auto box, top_box(look, at));
    if (box.name == "moov") {
      if (top.moov) return fail(ErrorKind::data_loss, "it has two heads");
      top.moov = box;
    } else if (box.name == "moof") {
      top.fragments.push_back(box);
    } else if (box.name == "mfra") {
      top.access = box;
    } else if (box.name == "uuid") {
      ORIEL_TRY_ASSIGN(const auto id, look.up_to(box.payload(), 16));
      if (std::equal(id.begin(), id.end(), std::begin(kXmpUuid), std::end(kXmpUuid)))
        top.xmp.push_back(box);
    } else if (box.name == "meta" || (box.name == "sidx" && !top.moov)) {
      top.movable = false;
    }
    top.open_ended = box.open_ended;
    at = box.end;
  }
  if (!top.moov) return fail(ErrorKind::data_loss, "it has no head");
  return top;
}

// A box within bytes at hand, [at, end).
Result<Box> inner_box(ByteView bytes, std::size_t at, std::size_t end) {
  ORIEL_TRY_ASSIGN(const auto header, media::parse_box_header(bytes.subspan(at, end - at)));
  if (header.size > end - at)
    return fail(ErrorKind::data_loss, "a box of it is longer than its parent");
  return Box{at, at + header.size, header.header_bytes, std::string(header.name())};
}

// The boxes in [at, end); zeros may end them, as in QuickTime's user data.
Result<std::vector<Box>> boxes_in(ByteView bytes, std::size_t at, std::size_t end) {
  std::vector<Box> boxes;
  while (end - at >= 8) {
    ORIEL_TRY_ASSIGN(auto box, inner_box(bytes, at, end));
    at = static_cast<std::size_t>(box.end);
    boxes.push_back(std::move(box));
  }
  return boxes;
}

ByteView bytes_of(ByteView bytes, const Box& box) {
  return bytes.subspan(static_cast<std::size_t>(box.at),
                       static_cast<std::size_t>(box.end - box.at));
}

void write_item(ByteWriter& out, std::string_view name, std::string_view text) {
  if (text.empty()) return;
  const auto item = out.begin_box(name);
  const auto datum = out.begin_box("data");
  out.u32(1);  // UTF-8
  out.u32(0);  // locale
  out.append(as_bytes(text));
  out.end_box(datum);
  out.end_box(item);
}

constexpr std::string_view kTitle = "\xa9nam";
constexpr std::string_view kArtist =
    "\xa9"
    "ART";
constexpr std::string_view kComment =
    "\xa9"
    "cmt";
constexpr std::string_view kCopyright = "cprt";

// The list of tags: ours, and those of `old` (the payload of an ilst) about other things.
Result<void> write_tags(ByteWriter& out, const Legend& legend, ByteView old) {
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
  ORIEL_TRY_ASSIGN(const auto items, boxes_in(old, 0, old.size()));
  for (const auto& item : items)
    if (item.name != kTitle && item.name != kArtist && item.name != kComment &&
        item.name != kCopyright)
      out.append(bytes_of(old, item));
  write_item(out, kTitle, legend.title);
  write_item(out, kArtist, all_makers(legend));
  write_item(out, kCopyright, legend.credit);
  write_item(out, kComment, all_credits(legend));
  out.end_box(list);
  out.end_box(meta);
  return {};
}

// What a meta of user data holds; absent: its list is of another kind than players'.
Result<std::optional<ByteView>> list_in(ByteView moov, const Box& meta) {
  const auto at = static_cast<std::size_t>(meta.payload()) + 4;
  const auto end = static_cast<std::size_t>(meta.end);
  if (at > end) return std::optional<ByteView>();
  ORIEL_TRY_ASSIGN(const auto boxes, boxes_in(moov, at, end));
  std::optional<ByteView> list = ByteView{};
  for (const auto& box : boxes) {
    const auto payload = static_cast<std::size_t>(box.payload());
    if (box.name == "hdlr" &&
        (box.end - payload < 12 || as_text(moov.subspan(payload + 8, 4)) != "mdir"))
      return std::optional<ByteView>();
    if (box.name == "ilst")
      list = moov.subspan(payload, static_cast<std::size_t>(box.end) - payload);
  }
  return list;
}

// The moov with the tags in its user data; as it was where they have no place in it.
Result<Bytes> tagged_moov(ByteView moov, const Legend& legend) {
  ByteWriter user;
  const auto udta = user.begin_box("udta");
  ByteView old_list;
  ByteWriter out;
  const auto whole = out.begin_box("moov");
  ORIEL_TRY_ASSIGN(const auto children, boxes_in(moov, 8, moov.size()));
  for (const auto& child : children) {
    if (child.name != "udta") {
      out.append(bytes_of(moov, child));
      continue;
    }
    ORIEL_TRY_ASSIGN(const auto boxes, boxes_in(moov, static_cast<std::size_t>(child.payload()),
                                                static_cast<std::size_t>(child.end)));
    for (const auto& box : boxes) {
      if (box.name != "meta") {
        user.append(bytes_of(moov, box));
        continue;
      }
      ORIEL_TRY_ASSIGN(const auto list, list_in(moov, box));
      if (!list) return Bytes(moov.begin(), moov.end());
      old_list = *list;
    }
  }
  ORIEL_TRY(write_tags(user, legend, old_list));
  user.end_box(udta);
  out.append(user.take());
  out.end_box(whole);
  return out.take();
}

// An offset of the file that was at or behind `from` is `by` further now.
struct Shift {
  std::uint64_t from = 0;
  std::uint64_t by = 0;  // two's complement: it may also be nearer
  std::uint64_t of(std::uint64_t offset) const { return offset >= from ? offset + by : offset; }
};

// stco and co64. False: they cannot hold what the offsets become.
Result<bool> shift_chunks(Bytes& moov, const Box& box, std::size_t width, const Shift& shift) {
  const auto payload = static_cast<std::size_t>(box.payload());
  if (box.end - payload < 8) return fail(ErrorKind::data_loss, "a list of chunks is cut short");
  const auto count = static_cast<std::size_t>(read_be(moov, payload + 4, 4));
  if (count > (box.end - payload - 8) / width)
    return fail(ErrorKind::data_loss, "a list of chunks is cut short");
  for (std::size_t i = 0; i < count; ++i) {
    const auto at = payload + 8 + i * width;
    const auto moved = shift.of(read_be(moov, at, width));
    if (width == 4 && moved > UINT32_MAX) return false;
    set_be(moov, at, moved, width);
  }
  return true;
}

// Every chunk offset of the moov, in place. False: it cannot be done.
Result<bool> shift_moov(Bytes& moov, const Shift& shift) {
  std::vector<std::pair<std::size_t, std::size_t>> open{{8, moov.size()}};
  while (!open.empty()) {
    const auto span = open.back();
    open.pop_back();
    ORIEL_TRY_ASSIGN(const auto boxes, boxes_in(moov, span.first, span.second));
    for (const auto& box : boxes) {
      const auto& name = box.name;
      if (name == "trak" || name == "mdia" || name == "minf" || name == "stbl")
        open.emplace_back(box.payload(), box.end);
      if (name == "saio") return false;
      if (name != "stco" && name != "co64") continue;
      ORIEL_TRY_ASSIGN(const bool done, shift_chunks(moov, box, name == "stco" ? 4 : 8, shift));
      if (!done) return false;
    }
  }
  return true;
}

// The base offsets that fragments name, where they do. False: it cannot be done.
Result<bool> shift_fragment(Look& look, const Box& moof, const Shift& shift, Changes& changes) {
  if (moof.end - moof.at > kFragmentHeadBytesMax) return false;
  ORIEL_TRY_ASSIGN(const auto bytes, look.at(moof.at, moof.end - moof.at));
  ORIEL_TRY_ASSIGN(const auto boxes, boxes_in(bytes, moof.header_bytes, bytes.size()));
  for (const auto& box : boxes) {
    if (box.name != "traf") continue;
    ORIEL_TRY_ASSIGN(const auto inner, boxes_in(bytes, static_cast<std::size_t>(box.payload()),
                                                static_cast<std::size_t>(box.end)));
    for (const auto& head : inner) {
      const auto at = static_cast<std::size_t>(head.payload());
      if (head.name != "tfhd" || head.end - at < 16 || (bytes[at + 3] & 1U) == 0) continue;
      Change change{moof.at + at + 8, 8, {}};
      write_be(change.bytes, shift.of(read_be(bytes, at + 8, 8)), 8);
      changes.push_back(std::move(change));
    }
  }
  return true;
}

// tfra: where fragments begin. False: it cannot be done.
Result<bool> shift_access(Look& look, const Box& mfra, const Shift& shift, Changes& changes) {
  if (mfra.end - mfra.at > kFragmentHeadBytesMax) return false;
  ORIEL_TRY_ASSIGN(auto bytes, look.at(mfra.at, mfra.end - mfra.at));
  ORIEL_TRY_ASSIGN(const auto boxes, boxes_in(bytes, mfra.header_bytes, bytes.size()));
  for (const auto& box : boxes) {
    const auto at = static_cast<std::size_t>(box.payload());
    if (box.name != "tfra" || box.end - at < 16) continue;
    const std::size_t width = bytes[at] == 1 ? 8 : 4;
    const auto sizes = bytes[at + 11];
    const std::size_t entry =
        2 * width + 3 + (sizes >> 4U & 3U) + (sizes >> 2U & 3U) + (sizes & 3U);
    const auto count = static_cast<std::size_t>(read_be(bytes, at + 12, 4));
    if (count > (box.end - at - 16) / entry)
      return fail(ErrorKind::data_loss, "its table of fragments is cut short");
    for (std::size_t i = 0; i < count; ++i) {
      const auto place = at + 16 + i * entry + width;
      const auto moved = shift.of(read_be(bytes, place, width));
      if (width == 4 && moved > UINT32_MAX) return false;
      set_be(bytes, place, moved, width);
    }
  }
  changes.push_back({mfra.at, bytes.size(), std::move(bytes)});
  return true;
}

// The changes that put the tags into the moov; none where they have no place there.
Result<Changes> tag_head(Look& look, const Legend& legend, const Top& top) {
  const auto& moov = *top.moov;
  const auto old_bytes = moov.end - moov.at;
  if (!top.movable || moov.header_bytes != 8 || old_bytes > kMoovBytesMax ||
      (top.open_ended && moov.end == look.bytes()))
    return Changes{};
  ORIEL_TRY_ASSIGN(const auto old, look.at(moov.at, old_bytes));
  ORIEL_TRY_ASSIGN(auto made, tagged_moov(old, legend));
  if (made == old) return Changes{};
  const Shift shift{moov.end, std::uint64_t{made.size()} - old_bytes};
  Changes changes;
  if (shift.by != 0 && moov.end != look.bytes()) {
    ORIEL_TRY_ASSIGN(bool done, shift_moov(made, shift));
    for (std::size_t i = 0; done && i < top.fragments.size(); ++i) {
      ORIEL_TRY_ASSIGN(done, shift_fragment(look, top.fragments[i], shift, changes));
    }
    if (done && top.access) {
      ORIEL_TRY_ASSIGN(done, shift_access(look, *top.access, shift, changes));
    }
    if (!done) return Changes{};
  }
  changes.push_back({moov.at, old_bytes, std::move(made)});
  return changes;
}

}  // namespace

Result<Changes> mark_movie(Look& look, const Legend& legend, bool quicktime) {
  ORIEL_TRY_ASSIGN(const auto top, top_of(look));
  Changes changes;
  if (!quicktime) {
    ORIEL_TRY_ASSIGN(changes, tag_head(look, legend, top));
  }
  if (top.open_ended) {
    if (changes.empty())
      return fail(ErrorKind::unsupported, "it reaches to its end without saying how long it is");
    return changes;
  }
  std::string old;
  for (const auto& box : top.xmp) {
    const auto begin = box.payload() + 16;
    if (begin <= box.end && box.end - begin <= kXmpBytesMax) {
      ORIEL_TRY_ASSIGN(const auto text, look.at(begin, box.end - begin));
      old = as_text(text);
    }
    // Padding from now on, so that nothing behind it moves.
    changes.push_back({box.at + 4, 4, {'f', 'r', 'e', 'e'}});
  }
  ByteWriter out;
  const auto uuid = out.begin_box("uuid");
  out.append(kXmpUuid);
  out.append(as_bytes(xmp_packet(legend, old)));
  out.end_box(uuid);
  // The table of random access is looked for at the very end.
  const bool before_access = top.access && top.access->end == look.bytes();
  Change added{before_access ? top.access->at : look.bytes(), 0, out.take()};
  changes.insert(changes.begin(), std::move(added));
  return changes;
}

}  // namespace oriel::imprint
