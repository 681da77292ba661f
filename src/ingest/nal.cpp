#include "ingest/nal.h"

#include <algorithm>
#include <cstdio>

#include "ingest/bit_reader.h"
#include "ingest/sei.h"

namespace oriel::ingest {
namespace {

using media::Codec;

constexpr std::size_t kNalUnitsMax = 8192;
constexpr std::size_t kSetsOfAKindMax = 16;
constexpr std::size_t kSetBytesMax = 65'535;  // avcC and hvcC write 16-bit lengths
constexpr std::int32_t kSideMax = 16'384;

enum class NalRole { slice, key_slice, vps, sps, pps, sei, dropped, other };

// H.264 table 7-1, H.265 table 7-1.
NalRole role_of(Codec codec, ByteView nal) {
  if (codec == Codec::h264) {
    switch (nal[0] & 0x1F) {
      case 1:
      case 2:
        return NalRole::slice;
      case 5:
        return NalRole::key_slice;
      case 6:
        return NalRole::sei;
      case 7:
        return NalRole::sps;
      case 8:
        return NalRole::pps;
      case 9:
      case 10:
      case 11:
      case 12:
        return NalRole::dropped;
      default:
        return NalRole::other;
    }
  }
  if (nal.size() < 2) return NalRole::dropped;
  const int type = (nal[0] >> 1) & 0x3F;
  if (type <= 9) return NalRole::slice;
  if (type >= 16 && type <= 21) return NalRole::key_slice;
  switch (type) {
    case 32:
      return NalRole::vps;
    case 33:
      return NalRole::sps;
    case 34:
      return NalRole::pps;
    case 35:
    case 36:
    case 37:
    case 38:
      return NalRole::dropped;
    case 39:
      return NalRole::sei;
    default:
      return NalRole::other;
  }
}

void keep(std::vector<Bytes>& kind, ByteView nal) {
  if (nal.size() > kSetBytesMax || kind.size() >= kSetsOfAKindMax) return;
  const bool known = std::any_of(kind.begin(), kind.end(), [&](const Bytes& b) {
    return std::equal(b.begin(), b.end(), nal.begin(), nal.end());
  });
  if (!known) kind.emplace_back(nal.begin(), nal.end());
}

// Cameras with open GOPs or gradual refresh send no IDR: a recovery point will do.
void take_sei(Codec codec, ByteView nal, AccessUnit& unit) {
  const SeiFacts facts = read_sei(codec, nal);
  unit.key = unit.key || facts.recovery_point;
  if (!unit.captured) unit.captured = facts.captured;
}

void keep_set(ParameterSets& sets, NalRole role, ByteView nal) {
  if (role == NalRole::vps) keep(sets.vps, nal);
  if (role == NalRole::sps) keep(sets.sps, nal);
  if (role == NalRole::pps) keep(sets.pps, nal);
}

void append_prefixed(Bytes& out, ByteView nal) {
  const auto size = static_cast<std::uint32_t>(nal.size());
  for (const int shift : {24, 16, 8, 0}) out.push_back(static_cast<std::uint8_t>(size >> shift));
  out.insert(out.end(), nal.begin(), nal.end());
}

std::vector<ByteView> split_annex_b(ByteView bytes) {
  std::vector<ByteView> units;
  std::size_t begin = bytes.size() + 1;  // of the unit that is open; past the end: none
  const auto close_at = [&](std::size_t end) {
    if (begin > bytes.size()) return;
    while (end > begin && bytes[end - 1] == 0) --end;  // trailing_zero_8bits
    if (end > begin && units.size() < kNalUnitsMax)
      units.push_back(bytes.subspan(begin, end - begin));
  };
  std::size_t i = 0;
  while (i + 2 < bytes.size()) {
    if (bytes[i + 2] > 1) {
      i += 3;
    } else if (bytes[i] == 0 && bytes[i + 1] == 0 && bytes[i + 2] == 1) {
      close_at(i);
      begin = i + 3;
      i += 3;
    } else {
      ++i;
    }
  }
  close_at(bytes.size());
  return units;
}

void skip_scaling_lists(BitReader& bits, int count) {
  for (int i = 0; i < count; ++i) {
    if (!bits.flag()) continue;
    const int size = i < 6 ? 16 : 64;
    int last = 8;
    int next = 8;
    for (int j = 0; j < size && bits.ok(); ++j) {
      if (next != 0) next = static_cast<int>((last + std::int64_t{bits.se()} + 256) & 0xFF);
      if (next != 0) last = next;
    }
  }
}

void skip_hrd(BitReader& bits) {
  const unsigned count = bits.ue() + 1;
  bits.skip(8);
  for (unsigned i = 0; i < count && i < 32 && bits.ok(); ++i) {
    bits.ue();
    bits.ue();
    bits.skip(1);
  }
  bits.skip(20);
}

// H.264 E.1.1, as far as the reorder depth.
void read_h264_vui(BitReader& bits, PictureFormat& format) {
  if (bits.flag() && bits.read(8) == 255) bits.skip(32);
  if (bits.flag()) bits.skip(1);
  if (bits.flag()) {
    bits.skip(4);
    if (bits.flag()) bits.skip(24);
  }
  if (bits.flag()) {
    bits.ue();
    bits.ue();
  }
  if (bits.flag()) {
    const std::uint32_t units = bits.read(32);
    const std::uint32_t scale = bits.read(32);
    bits.skip(1);
    if (units > 0 && bits.ok()) format.fps = static_cast<double>(scale) / (2.0 * units);
  }
  const bool nal_hrd = bits.flag();
  if (nal_hrd) skip_hrd(bits);
  const bool vcl_hrd = bits.flag();
  if (vcl_hrd) skip_hrd(bits);
  if (nal_hrd || vcl_hrd) bits.skip(1);
  bits.skip(1);
  if (!bits.flag()) return;
  bits.skip(1);
  for (int i = 0; i < 4; ++i) bits.ue();
  const std::uint32_t depth = bits.ue();
  if (bits.ok() && depth <= 16) format.reorder_depth = static_cast<std::int32_t>(depth);
}

Result<PictureFormat> checked(const BitReader& bits, PictureFormat format) {
  if (!bits.ok()) return fail(ErrorKind::data_loss, "a sequence parameter set is cut short");
  if (format.width <= 0 || format.height <= 0 || format.width > kSideMax ||
      format.height > kSideMax)
    return fail(ErrorKind::unsupported, "a picture has sides of 1 to 16384 pixels");
  return format;
}

Result<PictureFormat> parse_h264_sps(ByteView sps) {
  const Bytes plain = unescaped(sps);
  BitReader bits(plain);
  bits.skip(8);
  const unsigned profile = bits.read(8);
  bits.skip(16);
  bits.ue();
  PictureFormat format;
  constexpr unsigned kWithChroma[] = {100, 110, 122, 244, 44, 83, 86, 118, 128, 138, 139, 134, 135};
  if (std::find(std::begin(kWithChroma), std::end(kWithChroma), profile) != std::end(kWithChroma)) {
    format.chroma_format = static_cast<int>(std::min(bits.ue(), 3U));
    if (format.chroma_format == 3) bits.skip(1);
    format.bit_depth_luma = static_cast<int>(8 + std::min(bits.ue(), 6U));
    format.bit_depth_chroma = static_cast<int>(8 + std::min(bits.ue(), 6U));
    bits.skip(1);
    if (bits.flag()) skip_scaling_lists(bits, format.chroma_format == 3 ? 12 : 8);
  }
  bits.ue();
  const unsigned order_type = bits.ue();
  if (order_type == 0) {
    bits.ue();
  } else if (order_type == 1) {
    bits.skip(1);
    bits.se();
    bits.se();
    const unsigned cycle = bits.ue();
    for (unsigned i = 0; i < cycle && i < 256 && bits.ok(); ++i) bits.se();
  }
  bits.ue();
  bits.skip(1);
  const std::uint64_t width = (std::uint64_t{bits.ue()} + 1) * 16;
  const std::uint64_t map_units = std::uint64_t{bits.ue()} + 1;
  const bool frames_only = bits.flag();
  if (!frames_only) bits.skip(1);
  bits.skip(1);
  const std::uint64_t height = map_units * 16 * (frames_only ? 1 : 2);
  std::uint64_t crop[4] = {};  // left, right, top, bottom
  if (bits.flag())
    for (auto& c : crop) c = bits.ue();
  // 7.4.2.1.1, equations 7-19 to 7-22.
  const std::uint64_t unit_x = format.chroma_format == 1 || format.chroma_format == 2 ? 2 : 1;
  const std::uint64_t unit_y =
      (format.chroma_format == 1 ? 2ULL : 1ULL) * (frames_only ? 1ULL : 2ULL);
  const std::uint64_t cut_x = (crop[0] + crop[1]) * unit_x;
  const std::uint64_t cut_y = (crop[2] + crop[3]) * unit_y;
  if (width > kSideMax || height > kSideMax || cut_x >= width || cut_y >= height)
    return fail(ErrorKind::unsupported, "a picture has sides of 1 to 16384 pixels");
  format.width = static_cast<std::int32_t>(width - cut_x);
  format.height = static_cast<std::int32_t>(height - cut_y);
  const bool to_here = bits.ok();
  if (bits.flag()) read_h264_vui(bits, format);
  if (!to_here) return fail(ErrorKind::data_loss, "a sequence parameter set is cut short");
  return format.width > 0 && format.height > 0 ? Result<PictureFormat>(format)
                                               : checked(bits, format);
}

Result<PictureFormat> parse_h265_sps(ByteView sps) {
  const Bytes plain = unescaped(sps);
  if (plain.size() < 15) return fail(ErrorKind::data_loss, "a sequence parameter set is cut short");
  BitReader bits(plain);
  bits.skip(16 + 4);
  const unsigned sub_layers_minus_1 = bits.read(3);
  PictureFormat format;
  format.sub_layers = static_cast<std::int32_t>(sub_layers_minus_1) + 1;
  format.temporal_nesting = bits.flag();
  format.profile_tier_level.assign(plain.begin() + 3, plain.begin() + 15);
  bits.skip(96);
  bool with_profile[8] = {};
  bool with_level[8] = {};
  for (unsigned i = 0; i < sub_layers_minus_1; ++i) {
    with_profile[i] = bits.flag();
    with_level[i] = bits.flag();
  }
  if (sub_layers_minus_1 > 0) bits.skip(2 * (8 - sub_layers_minus_1));
  for (unsigned i = 0; i < sub_layers_minus_1; ++i)
    bits.skip((with_profile[i] ? 88U : 0U) + (with_level[i] ? 8U : 0U));
  bits.ue();
  format.chroma_format = static_cast<int>(std::min(bits.ue(), 3U));
  if (format.chroma_format == 3) bits.skip(1);
  const std::uint64_t width = bits.ue();
  const std::uint64_t height = bits.ue();
  std::uint64_t crop[4] = {};
  if (bits.flag())
    for (auto& c : crop) c = bits.ue();
  const std::uint64_t unit_x = format.chroma_format == 1 || format.chroma_format == 2 ? 2 : 1;
  const std::uint64_t unit_y = format.chroma_format == 1 ? 2 : 1;
  const std::uint64_t cut_x = (crop[0] + crop[1]) * unit_x;
  const std::uint64_t cut_y = (crop[2] + crop[3]) * unit_y;
  if (width > kSideMax || height > kSideMax || cut_x >= width || cut_y >= height)
    return fail(ErrorKind::unsupported, "a picture has sides of 1 to 16384 pixels");
  format.width = static_cast<std::int32_t>(width - cut_x);
  format.height = static_cast<std::int32_t>(height - cut_y);
  format.bit_depth_luma = static_cast<int>(8 + std::min(bits.ue(), 7U));
  format.bit_depth_chroma = static_cast<int>(8 + std::min(bits.ue(), 7U));
  bits.ue();
  const unsigned from = bits.flag() ? 0 : sub_layers_minus_1;
  for (unsigned i = from; i <= sub_layers_minus_1; ++i) {
    bits.ue();
    format.reorder_depth = static_cast<std::int32_t>(std::min(bits.ue(), 16U));
    bits.ue();
  }
  return checked(bits, format);
}

void append_u16(Bytes& out, std::size_t value) {
  out.push_back(static_cast<std::uint8_t>(value >> 8));
  out.push_back(static_cast<std::uint8_t>(value));
}

Result<Bytes> make_avcc(const ParameterSets& sets) {
  const Bytes& sps = sets.sps.front();
  if (sps.size() < 4) return fail(ErrorKind::data_loss, "a sequence parameter set is cut short");
  ORIEL_TRY_ASSIGN(const PictureFormat format, parse_h264_sps(sps));
  Bytes out = {1, sps[1], sps[2], sps[3], 0xFF, static_cast<std::uint8_t>(0xE0 | sets.sps.size())};
  for (const Bytes& set : sets.sps) {
    append_u16(out, set.size());
    out.insert(out.end(), set.begin(), set.end());
  }
  out.push_back(static_cast<std::uint8_t>(sets.pps.size()));
  for (const Bytes& set : sets.pps) {
    append_u16(out, set.size());
    out.insert(out.end(), set.begin(), set.end());
  }
  if (sps[1] != 66 && sps[1] != 77 && sps[1] != 88) {
    out.push_back(static_cast<std::uint8_t>(0xFC | format.chroma_format));
    out.push_back(static_cast<std::uint8_t>(0xF8 | (format.bit_depth_luma - 8)));
    out.push_back(static_cast<std::uint8_t>(0xF8 | (format.bit_depth_chroma - 8)));
    out.push_back(0);
  }
  return out;
}

// ISO/IEC 14496-15 8.3.3.1.
Result<Bytes> make_hvcc(const ParameterSets& sets) {
  ORIEL_TRY_ASSIGN(const PictureFormat format, parse_h265_sps(sets.sps.front()));
  Bytes out = {1};
  out.insert(out.end(), format.profile_tier_level.begin(), format.profile_tier_level.end());
  out.insert(out.end(), {0xF0, 0x00, 0xFC, static_cast<std::uint8_t>(0xFC | format.chroma_format),
                         static_cast<std::uint8_t>(0xF8 | (format.bit_depth_luma - 8)),
                         static_cast<std::uint8_t>(0xF8 | (format.bit_depth_chroma - 8)), 0, 0,
                         static_cast<std::uint8_t>((format.sub_layers << 3) |
                                                   (format.temporal_nesting ? 4 : 0) | 3),
                         3});
  const std::pair<int, const std::vector<Bytes>*> arrays[] = {
      {32, &sets.vps}, {33, &sets.sps}, {34, &sets.pps}};
  for (const auto& [type, units] : arrays) {
    out.push_back(static_cast<std::uint8_t>(0x80 | type));
    append_u16(out, units->size());
    for (const Bytes& unit : *units) {
      append_u16(out, unit.size());
      out.insert(out.end(), unit.begin(), unit.end());
    }
  }
  return out;
}

// Reads `count` units with 16-bit lengths at `at`.
bool take_units(ByteView bytes, std::size_t& at, std::size_t count, std::vector<Bytes>& out) {
  for (std::size_t i = 0; i < count; ++i) {
    if (bytes.size() - at < 2) return false;
    const std::size_t size = static_cast<std::size_t>(bytes[at] << 8 | bytes[at + 1]);
    at += 2;
    if (bytes.size() - at < size) return false;
    if (size > 0) keep(out, bytes.subspan(at, size));
    at += size;
  }
  return true;
}

bool parse_avcc(ByteView bytes, OutOfBand& out) {
  if (bytes.size() < 7) return false;
  out.layout.length_bytes = (bytes[4] & 3) + 1;
  std::size_t at = 6;
  if (!take_units(bytes, at, bytes[5] & 0x1F, out.sets.sps) || at >= bytes.size()) return false;
  const std::size_t count = bytes[at++];
  return take_units(bytes, at, count, out.sets.pps);
}

bool parse_hvcc(ByteView bytes, OutOfBand& out) {
  if (bytes.size() < 23) return false;
  out.layout.length_bytes = (bytes[21] & 3) + 1;
  std::size_t at = 23;
  for (int array = bytes[22]; array > 0; --array) {
    if (bytes.size() - at < 3) return false;
    const int type = bytes[at] & 0x3F;
    const auto count = static_cast<std::size_t>(bytes[at + 1] << 8 | bytes[at + 2]);
    at += 3;
    std::vector<Bytes> others;
    auto& kind = type == 32   ? out.sets.vps
                 : type == 33 ? out.sets.sps
                 : type == 34 ? out.sets.pps
                              : others;
    if (!take_units(bytes, at, count, kind)) return false;
  }
  return true;
}

}  // namespace

Bytes unescaped(ByteView nal) {
  Bytes out;
  out.reserve(nal.size());
  int zeros = 0;
  for (const std::uint8_t byte : nal) {
    if (zeros >= 2 && byte == 3) {
      zeros = 0;
      continue;
    }
    zeros = byte == 0 ? zeros + 1 : 0;
    out.push_back(byte);
  }
  return out;
}

bool ParameterSets::complete(Codec codec) const {
  return !sps.empty() && !pps.empty() && (codec != Codec::h265 || !vps.empty());
}

Result<std::vector<ByteView>> split_nal_units(ByteView bytes, NalLayout layout) {
  if (layout.length_bytes == 0) return split_annex_b(bytes);
  std::vector<ByteView> units;
  const auto prefix = static_cast<std::size_t>(layout.length_bytes);
  std::size_t at = 0;
  while (at < bytes.size()) {
    if (bytes.size() - at < prefix)
      return fail(ErrorKind::data_loss, "a picture ends within a length");
    std::size_t size = 0;
    for (std::size_t i = 0; i < prefix; ++i) size = size << 8 | bytes[at + i];
    at += prefix;
    if (size > bytes.size() - at)
      return fail(ErrorKind::data_loss, "a NAL unit is longer than its picture");
    if (size > 0) units.push_back(bytes.subspan(at, size));
    if (units.size() > kNalUnitsMax)
      return fail(ErrorKind::data_loss, "a picture has more than 8192 NAL units");
    at += size;
  }
  return units;
}

Result<AccessUnit> parse_access_unit(Codec codec, NalLayout layout, ByteView bytes) {
  ORIEL_TRY_ASSIGN(const std::vector<ByteView> units, split_nal_units(bytes, layout));
  AccessUnit made;
  made.bytes.reserve(bytes.size() + 4 * units.size());
  for (const ByteView nal : units) {
    const NalRole role = role_of(codec, nal);
    switch (role) {
      case NalRole::vps:
      case NalRole::sps:
      case NalRole::pps:
        keep_set(made.sets, role, nal);
        continue;
      case NalRole::dropped:
        continue;
      case NalRole::key_slice:
        made.key = made.picture = true;
        break;
      case NalRole::slice:
        made.picture = true;
        break;
      case NalRole::sei:
        take_sei(codec, nal, made);
        break;
      case NalRole::other:
        break;
    }
    append_prefixed(made.bytes, nal);
  }
  made.key = made.key && made.picture;
  return made;
}

Result<OutOfBand> parse_nal_extradata(Codec codec, ByteView extradata) {
  OutOfBand made;
  if (extradata.empty()) return made;
  if (extradata[0] == 1) {
    const bool whole =
        codec == Codec::h264 ? parse_avcc(extradata, made) : parse_hvcc(extradata, made);
    if (!whole) return fail(ErrorKind::data_loss, "the decoder configuration is cut short");
    return made;
  }
  for (const ByteView nal : split_annex_b(extradata)) keep_set(made.sets, role_of(codec, nal), nal);
  return made;
}

Result<PictureFormat> parse_sps(Codec codec, ByteView sps) {
  return codec == Codec::h264 ? parse_h264_sps(sps) : parse_h265_sps(sps);
}

Result<Bytes> make_nal_configuration(Codec codec, const ParameterSets& sets) {
  if (!sets.complete(codec)) return fail(ErrorKind::data_loss, "parameter sets are missing");
  return codec == Codec::h264 ? make_avcc(sets) : make_hvcc(sets);
}

Result<std::string> nal_codec_string(Codec codec, ByteView sps) {
  char text[64] = {};
  if (codec == Codec::h264) {
    if (sps.size() < 4) return fail(ErrorKind::data_loss, "a sequence parameter set is cut short");
    std::snprintf(text, sizeof(text), "avc1.%02X%02X%02X", sps[1], sps[2], sps[3]);
    return std::string(text);
  }
  ORIEL_TRY_ASSIGN(const PictureFormat format, parse_h265_sps(sps));
  const Bytes& ptl = format.profile_tier_level;
  // ISO/IEC 14496-15 E.3: the compatibility flags in reverse bit order, trailing zero bytes
  // dropped.
  std::uint32_t flags = 0;
  for (int i = 0; i < 32; ++i)
    if ((ptl[1 + static_cast<std::size_t>(i / 8)] >> (7 - i % 8) & 1) != 0) flags |= 1U << i;
  constexpr const char* kSpaces[] = {"", "A", "B", "C"};
  std::snprintf(text, sizeof(text), "hvc1.%s%d.%X.%c%d", kSpaces[ptl[0] >> 6], ptl[0] & 0x1F, flags,
                (ptl[0] & 0x20) != 0 ? 'H' : 'L', ptl[11]);
  std::string made = text;
  std::size_t last = 11;
  while (last > 5 && ptl[last - 1] == 0) --last;
  for (std::size_t i = 5; i < last; ++i) {
    std::snprintf(text, sizeof(text), ".%X", ptl[i]);
    made += text;
  }
  return made;
}

Result<media::Track> make_nal_track(Codec codec, const ParameterSets& sets) {
  media::Track track;
  track.codec = codec;
  track.timescale = 90'000;
  ORIEL_TRY_ASSIGN(track.configuration, make_nal_configuration(codec, sets));
  ORIEL_TRY_ASSIGN(const PictureFormat format, parse_sps(codec, sets.sps.front()));
  track.width = format.width;
  track.height = format.height;
  ORIEL_TRY_ASSIGN(track.codec_string, nal_codec_string(codec, sets.sps.front()));
  return track;
}

}  // namespace oriel::ingest
