#include "media/boxes.h"

#include <cstring>

#include "media/byte_writer.h"

namespace oriel::media {
namespace {

constexpr std::uint32_t kTrackVideo = 1;
constexpr std::uint64_t kNtpUnixOffset_s = 2'208'988'800;
constexpr std::uint32_t kSamplesMax = 100'000;

// A part of `whole` that remembers where it lies in it.
struct Region {
  std::size_t at = 0;
  std::size_t end = 0;
};

Result<BoxHeader> header_at(ByteView whole, Region region) {
  ORIEL_TRY_ASSIGN(const auto header,
                   parse_box_header(whole.subspan(region.at, region.end - region.at)));
  if (header.size > region.end - region.at)
    return fail(ErrorKind::data_loss,
                "box " + std::string(header.name()) + " is longer than its parent");
  return header;
}

// Calls visit(name, payload region, box start) for each box in the region; stops at an error.
template <class Visit>
Result<void> for_each_box(ByteView whole, Region region, const Visit& visit) {
  while (region.at < region.end) {
    ORIEL_TRY_ASSIGN(const auto header, header_at(whole, region));
    const Region payload{region.at + header.header_bytes, region.at + header.size};
    ORIEL_TRY(visit(header.name(), payload, region.at));
    region.at += header.size;
  }
  return {};
}

Error short_box(std::string_view name) {
  return Error{ErrorKind::data_loss, "box " + std::string(name) + " is too short"};
}

UtcTime utc_of_ntp(std::uint64_t ntp) {
  const auto seconds =
      static_cast<std::int64_t>(ntp >> 32) - static_cast<std::int64_t>(kNtpUnixOffset_s);
  const std::uint64_t fraction = ((ntp & 0xffff'ffff) * 1'000'000 + (1ULL << 31)) >> 32;
  return UtcTime{seconds * 1'000'000 + static_cast<std::int64_t>(fraction)};
}

struct Traf {
  std::uint32_t track_id = 0;
  std::uint64_t decode_time = 0;
  std::uint32_t decode_time_at = 0;
  std::uint64_t duration = 0;
  std::uint64_t bytes = 0;
  std::uint64_t samples = 0;
  std::uint32_t default_flags = 0;
  std::uint32_t first_flags = 0;
};

Result<void> read_trun(ByteView whole, Region box, Traf& traf) {
  if (box.end - box.at < 8) return fail(short_box("trun"));
  const auto flags = static_cast<std::uint32_t>(read_be(whole, box.at + 1, 3));
  const auto count = static_cast<std::uint32_t>(read_be(whole, box.at + 4, 4));
  traf.samples += count;
  std::size_t at = box.at + 8;
  if ((flags & 0x1) != 0) at += 4;
  const bool first_flags_here = (flags & 0x4) != 0;
  if (first_flags_here) at += 4;
  const std::size_t entry_bytes = 4 * static_cast<std::size_t>(__builtin_popcount(flags & 0xf00));
  if (count == 0 || count > kSamplesMax || at > box.end || (box.end - at) < entry_bytes * count ||
      (flags & 0x300) != 0x300)
    return fail(short_box("trun"));
  for (std::uint32_t i = 0; i < count; ++i) {
    std::size_t field = at + i * entry_bytes;
    traf.duration += read_be(whole, field, 4);
    traf.bytes += read_be(whole, field + 4, 4);
    if (i == 0) {
      traf.first_flags = (flags & 0x400) != 0
                             ? static_cast<std::uint32_t>(read_be(whole, field + 8, 4))
                         : first_flags_here ? static_cast<std::uint32_t>(read_be(whole, at - 4, 4))
                                            : traf.default_flags;
    }
  }
  return {};
}

Result<void> read_tfhd(ByteView whole, Region box, Traf& traf) {
  if (box.end - box.at < 8) return fail(short_box("tfhd"));
  const auto flags = static_cast<std::uint32_t>(read_be(whole, box.at + 1, 3));
  traf.track_id = static_cast<std::uint32_t>(read_be(whole, box.at + 4, 4));
  std::size_t at = box.at + 8;
  if ((flags & 0x1) != 0) at += 8;
  for (const std::uint32_t bit : {0x2U, 0x8U, 0x10U})
    if ((flags & bit) != 0) at += 4;
  if ((flags & 0x20) != 0) {
    if (at + 4 > box.end) return fail(short_box("tfhd"));
    traf.default_flags = static_cast<std::uint32_t>(read_be(whole, at, 4));
  }
  return {};
}

Result<Traf> read_traf(ByteView whole, Region region) {
  Traf traf;
  ORIEL_TRY(for_each_box(whole, region,
                         [&](std::string_view name, Region box, std::size_t) -> Result<void> {
                           if (name == "tfhd") return read_tfhd(whole, box, traf);
                           if (name == "trun") return read_trun(whole, box, traf);
                           if (name == "tfdt") {
                             if (box.end - box.at < 12 || whole[box.at] != 1)
                               return fail(short_box("tfdt"));
                             traf.decode_time_at = static_cast<std::uint32_t>(box.at + 4);
                             traf.decode_time = read_be(whole, box.at + 4, 8);
                           }
                           return {};
                         }));
  if (traf.track_id == 0 || traf.decode_time_at == 0 || traf.bytes == 0)
    return fail(ErrorKind::data_loss, "a traf lacks tfhd, tfdt or samples");
  return traf;
}

void put_be64(std::span<std::uint8_t> bytes, std::size_t at, std::uint64_t value) {
  for (std::size_t i = 0; i < 8; ++i)
    bytes[at + i] = static_cast<std::uint8_t>(value >> (56 - 8 * i));
}

std::int64_t rescale(std::int64_t ticks, std::int64_t from, std::int64_t to) {
  const __int128 product = static_cast<__int128>(ticks) * to;
  const __int128 half = from / 2;
  return static_cast<std::int64_t>((product >= 0 ? product + half : product - half) / from);
}

// True for the trak and trex boxes of an audio track, by its id.
Result<std::uint32_t> audio_track_id(ByteView whole, Region trak) {
  std::uint32_t id = 0;
  bool audio = false;
  ORIEL_TRY(for_each_box(
      whole, trak, [&](std::string_view name, Region box, std::size_t) -> Result<void> {
        if (name == "tkhd") {
          const std::size_t at = box.at + 4 + (box.at < box.end && whole[box.at] == 1 ? 16 : 8);
          if (at + 4 > box.end) return fail(short_box("tkhd"));
          id = static_cast<std::uint32_t>(read_be(whole, at, 4));
        } else if (name == "mdia") {
          return for_each_box(whole, box,
                              [&](std::string_view inner, Region b, std::size_t) -> Result<void> {
                                if (inner == "hdlr" && b.end - b.at >= 12)
                                  audio = as_text(whole.subspan(b.at + 8, 4)) == "soun";
                                return {};
                              });
        }
        return {};
      }));
  return audio ? id : 0;
}

}  // namespace

std::int64_t ticks_in(std::int64_t ticks_90k, std::int32_t timescale) {
  return rescale(ticks_90k, kTicksPerSecond, timescale);
}

std::int64_t ticks_from(std::int64_t ticks, std::int32_t timescale) {
  return rescale(ticks, timescale, kTicksPerSecond);
}

Result<BoxHeader> parse_box_header(ByteView bytes) {
  if (bytes.size() < 8) return fail(ErrorKind::data_loss, "a box header is torn");
  BoxHeader header;
  header.size = read_be(bytes, 0, 4);
  std::memcpy(header.type, bytes.data() + 4, 4);
  if (header.size == 1) {
    if (bytes.size() < 16) return fail(ErrorKind::data_loss, "a box header is torn");
    header.size = read_be(bytes, 8, 8);
    header.header_bytes = 16;
  }
  if (header.size < header.header_bytes)
    return fail(ErrorKind::data_loss, "a box is smaller than its header");
  return header;
}

Result<PartHead> parse_part_head(ByteView bytes, const std::vector<std::int32_t>& timescales,
                                 bool video) {
  PartHead head;
  ORIEL_TRY_ASSIGN(const auto prft, header_at(bytes, {0, bytes.size()}));
  if (prft.name() != "prft" || prft.size != 32)
    return fail(ErrorKind::data_loss, "a part does not begin with prft");
  const auto prft_track = static_cast<std::uint32_t>(read_be(bytes, 12, 4));
  head.start = utc_of_ntp(read_be(bytes, 16, 8));
  if (prft_track == 0 || prft_track > timescales.size())
    return fail(ErrorKind::data_loss, "prft names an unknown track");
  head.decode_times.push_back({24, timescales[prft_track - 1]});

  ORIEL_TRY_ASSIGN(const auto moof, header_at(bytes, {prft.size, bytes.size()}));
  if (moof.name() != "moof" || moof.size > kPartHeadBytesMax)
    return fail(ErrorKind::data_loss, "a part has no moof");
  head.head_bytes = static_cast<std::uint32_t>(prft.size + moof.size);
  std::vector<Traf> trafs;
  const Region inside{prft.size + moof.header_bytes, head.head_bytes};
  ORIEL_TRY(for_each_box(
      bytes, inside, [&](std::string_view name, Region box, std::size_t at) -> Result<void> {
        if (name == "mfhd") {
          if (box.end - box.at < 8) return fail(short_box("mfhd"));
          head.sequence = static_cast<std::uint32_t>(read_be(bytes, box.at + 4, 4));
        } else if (name == "traf") {
          ORIEL_TRY_ASSIGN(const auto traf, read_traf(bytes, box));
          if (traf.track_id > timescales.size() || trafs.size() == timescales.size())
            return fail(ErrorKind::data_loss, "a traf names an unknown track");
          head.decode_times.push_back({traf.decode_time_at, timescales[traf.track_id - 1]});
          if (video && traf.track_id != kTrackVideo)
            head.audio_traf = static_cast<std::uint32_t>(at);
          trafs.push_back(traf);
        }
        return {};
      }));
  if (trafs.empty() || head.sequence == 0)
    return fail(ErrorKind::data_loss, "a moof without samples");

  ORIEL_TRY_ASSIGN(const auto mdat, parse_box_header(bytes.subspan(head.head_bytes)));
  if (mdat.name() != "mdat") return fail(ErrorKind::data_loss, "a part has no mdat");
  head.payload_bytes = mdat.size;
  std::uint64_t sample_bytes = mdat.header_bytes;
  head.picture_bytes = mdat.header_bytes;
  for (const auto& traf : trafs) {
    sample_bytes += traf.bytes;
    if (!video || traf.track_id == kTrackVideo) head.picture_bytes += traf.bytes;
  }
  if (sample_bytes != mdat.size) return fail(ErrorKind::data_loss, "mdat and moof disagree");

  const Traf& lead = trafs.front();
  const std::int32_t timescale = timescales[lead.track_id - 1];
  constexpr std::uint64_t kTimeMax = 1ULL << 52;
  if (lead.decode_time > kTimeMax || lead.duration > kTimeMax)
    return fail(ErrorKind::data_loss, "a decode time is out of range");
  head.start_90k = ticks_from(static_cast<std::int64_t>(lead.decode_time), timescale);
  head.duration_90k =
      ticks_from(static_cast<std::int64_t>(lead.decode_time + lead.duration), timescale) -
      head.start_90k;
  head.frames = lead.samples;
  // ISO/IEC 14496-12 8.8.3.1: bit 16 is sample_is_non_sync_sample.
  head.independent = !video || (lead.track_id == kTrackVideo && (lead.first_flags & 0x10000) == 0);
  return head;
}

namespace {

// One traf's pictures; nothing of one that is not video.
Result<void> read_video_traf(ByteView whole, Region region, std::vector<VideoSample>& samples) {
  Traf traf;
  ORIEL_TRY_ASSIGN(traf, read_traf(whole, region));
  if (traf.track_id != kTrackVideo) return {};
  auto decode_time = static_cast<std::int64_t>(traf.decode_time);
  return for_each_box(
      whole, region, [&](std::string_view name, Region box, std::size_t) -> Result<void> {
        if (name != "trun") return {};
        const auto flags = static_cast<std::uint32_t>(read_be(whole, box.at + 1, 3));
        const auto count = static_cast<std::uint32_t>(read_be(whole, box.at + 4, 4));
        std::size_t at = box.at + 8 + ((flags & 0x1) != 0 ? 4 : 0);
        auto first_flags = traf.default_flags;
        if ((flags & 0x4) != 0) {
          first_flags = static_cast<std::uint32_t>(read_be(whole, at, 4));
          at += 4;
        }
        // read_traf() has seen that all entries are within the box.
        for (std::uint32_t i = 0; i < count; ++i) {
          VideoSample sample;
          sample.decode_time = decode_time;
          sample.duration = static_cast<std::int64_t>(read_be(whole, at, 4));
          sample.bytes = static_cast<std::uint32_t>(read_be(whole, at + 4, 4));
          at += 8;
          auto sample_flags = i == 0 ? first_flags : traf.default_flags;
          if ((flags & 0x400) != 0) {
            sample_flags = static_cast<std::uint32_t>(read_be(whole, at, 4));
            at += 4;
          }
          if ((flags & 0x800) != 0) {
            sample.composition_offset = static_cast<std::int32_t>(read_be(whole, at, 4));
            at += 4;
          }
          sample.key = (sample_flags & 0x10000) == 0;
          decode_time += sample.duration;
          samples.push_back(sample);
        }
        return {};
      });
}

}  // namespace

Result<std::vector<VideoSample>> parse_video_samples(ByteView bytes, const PartHead& head) {
  std::vector<VideoSample> samples;
  if (head.head_bytes > bytes.size()) return fail(ErrorKind::data_loss, "a part's head is torn");
  const auto whole = bytes.first(head.head_bytes);
  ORIEL_TRY(for_each_box(whole, {0, whole.size()},
                         [&](std::string_view name, Region box, std::size_t) -> Result<void> {
                           if (name != "moof") return {};
                           return for_each_box(whole, box,
                                               [&](std::string_view inner, Region traf,
                                                   std::size_t) -> Result<void> {
                                                 if (inner != "traf") return {};
                                                 return read_video_traf(whole, traf, samples);
                                               });
                         }));
  ORIEL_TRY_ASSIGN(const auto mdat, parse_box_header(bytes.subspan(head.head_bytes)));
  // The first track's samples come first.
  std::uint64_t offset = head.head_bytes + mdat.header_bytes;
  for (auto& sample : samples) {
    sample.offset = offset;
    offset += sample.bytes;
  }
  if (offset > head.head_bytes + head.payload_bytes)
    return fail(ErrorKind::data_loss, "a part's pictures are longer than its mdat");
  return samples;
}

Result<InitSummary> parse_init(ByteView bytes) {
  InitSummary summary;
  ORIEL_TRY_ASSIGN(const auto ftyp, header_at(bytes, {0, bytes.size()}));
  if (ftyp.name() != "ftyp") return fail(ErrorKind::data_loss, "the file does not begin with ftyp");
  ORIEL_TRY_ASSIGN(const auto moov, header_at(bytes, {ftyp.size, bytes.size()}));
  if (moov.name() != "moov") return fail(ErrorKind::data_loss, "the file has no moov");
  summary.bytes = ftyp.size + moov.size;
  const Region inside{ftyp.size + moov.header_bytes, summary.bytes};
  ORIEL_TRY(for_each_box(
      bytes, inside, [&](std::string_view name, Region trak, std::size_t) -> Result<void> {
        if (name != "trak") return {};
        if (summary.timescales.size() == 2)
          return fail(ErrorKind::data_loss, "more than two tracks");
        std::int32_t timescale = 0;
        bool video = false;
        ORIEL_TRY(for_each_box(
            bytes, trak, [&](std::string_view in_trak, Region mdia, std::size_t) -> Result<void> {
              if (in_trak != "mdia") return {};
              return for_each_box(
                  bytes, mdia, [&](std::string_view inner, Region b, std::size_t) -> Result<void> {
                    if (inner == "hdlr" && b.end - b.at >= 12)
                      video = as_text(bytes.subspan(b.at + 8, 4)) == "vide";
                    if (inner == "mdhd") {
                      const std::size_t at = b.at + 4 + (b.at < b.end && bytes[b.at] == 1 ? 16 : 8);
                      if (at + 4 > b.end) return fail(short_box("mdhd"));
                      timescale = static_cast<std::int32_t>(read_be(bytes, at, 4));
                    }
                    return {};
                  });
            }));
        if (timescale <= 0) return fail(ErrorKind::data_loss, "a track without timescale");
        if (summary.timescales.empty()) summary.video = video;
        summary.timescales.push_back(timescale);
        return {};
      }));
  if (summary.timescales.empty()) return fail(ErrorKind::data_loss, "a moov without tracks");
  return summary;
}

void shift_decode_times(std::span<std::uint8_t> bytes, const std::vector<TfdtPosition>& positions,
                        std::int64_t offset_90k) {
  for (const auto& position : positions) {
    ORIEL_CHECK(position.offset + 8 <= bytes.size());
    const auto time = static_cast<std::int64_t>(read_be(bytes, position.offset, 8));
    put_be64(bytes, position.offset,
             static_cast<std::uint64_t>(time + ticks_in(offset_90k, position.timescale)));
  }
}

void mute_part(std::span<std::uint8_t> bytes, const PartHead& head) {
  if (head.audio_traf == 0) return;
  ORIEL_CHECK(bytes.size() == head.head_bytes + head.payload_bytes);
  ORIEL_CHECK(head.audio_traf + 8 <= head.head_bytes);
  std::memcpy(bytes.data() + head.audio_traf + 4, "free", 4);
  const auto silence = bytes.subspan(head.head_bytes + head.picture_bytes);
  std::fill(silence.begin(), silence.end(), std::uint8_t{0});
}

Result<Bytes> mute_init(ByteView init) {
  Bytes muted(init.begin(), init.end());
  ORIEL_TRY_ASSIGN(const auto summary, parse_init(init));
  if (!summary.video || summary.timescales.size() < 2) return muted;
  std::uint32_t audio_id = 0;
  const auto rename = [&](std::size_t at) { std::memcpy(muted.data() + at + 4, "free", 4); };
  const auto in_moov = [&](std::string_view name, Region box, std::size_t at) -> Result<void> {
    if (name == "trak") {
      ORIEL_TRY_ASSIGN(const auto id, audio_track_id(init, box));
      if (id != 0) {
        audio_id = id;
        rename(at);
      }
    } else if (name == "mvex") {
      return for_each_box(
          init, box, [&](std::string_view inner, Region b, std::size_t b_at) -> Result<void> {
            if (inner == "trex" && b.end - b.at >= 8 && read_be(init, b.at + 4, 4) == audio_id)
              rename(b_at);
            return {};
          });
    }
    return {};
  };
  const auto outer = [&](std::string_view name, Region box, std::size_t) -> Result<void> {
    return name == "moov" ? for_each_box(init, box, in_moov) : Result<void>{};
  };
  ORIEL_TRY(for_each_box(init, {0, summary.bytes}, outer));
  return muted;
}

}  // namespace oriel::media
