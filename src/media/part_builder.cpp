#include "media/part_builder.h"

#include "base/result.h"
#include "media/boxes.h"
#include "media/byte_writer.h"

namespace oriel::media {
namespace {

constexpr std::uint64_t kNtpUnixOffset_s = 2'208'988'800;

// ISO/IEC 14496-12 8.8.3.1: depends_on 2 (none) for sync samples, 1 and non-sync for the others.
constexpr std::uint32_t kFlagsSync = 0x0200'0000;
constexpr std::uint32_t kFlagsNonSync = 0x0101'0000;

std::uint64_t ntp_of_utc(UtcTime time) {
  const std::int64_t seconds = time.us / 1'000'000;
  const std::int64_t micros = time.us % 1'000'000;
  const auto fraction = (static_cast<std::uint64_t>(micros) << 32) / 1'000'000;
  return (static_cast<std::uint64_t>(seconds) + kNtpUnixOffset_s) << 32 | fraction;
}

struct Fixups {
  std::vector<TfdtPosition> times;
  std::array<std::size_t, 2> data_offset_at{};
  std::size_t audio_traf = 0;
};

void write_traf(ByteWriter& out, std::size_t index, const Track& track,
                const std::vector<Sample>& samples, std::int64_t base, Fixups& fixups) {
  const bool video = track.kind() == TrackKind::video;
  if (!video && index > 0) fixups.audio_traf = out.size();
  const auto traf = out.begin_box("traf");
  // default-base-is-moof, default-sample-flags-present
  const auto tfhd = out.begin_full_box("tfhd", 0, 0x02'0020);
  out.u32(static_cast<std::uint32_t>(index + 1));
  out.u32(video ? kFlagsNonSync : kFlagsSync);
  out.end_box(tfhd);
  const auto tfdt = out.begin_full_box("tfdt", 1, 0);
  fixups.times.push_back({static_cast<std::uint32_t>(out.size()), track.timescale});
  out.u64(static_cast<std::uint64_t>(samples.front().dts - base));
  out.end_box(tfdt);
  // data-offset, duration, size; for video also flags and (signed, version 1) composition offset
  const auto trun = out.begin_full_box("trun", 1, video ? 0xf01 : 0x301);
  out.u32(static_cast<std::uint32_t>(samples.size()));
  fixups.data_offset_at[index] = out.size();
  out.u32(0);
  for (const auto& sample : samples) {
    out.u32(static_cast<std::uint32_t>(sample.duration));
    out.u32(static_cast<std::uint32_t>(sample.bytes.size()));
    if (!video) continue;
    out.u32(sample.key ? kFlagsSync : kFlagsNonSync);
    out.u32(static_cast<std::uint32_t>(sample.composition_offset));
  }
  out.end_box(trun);
  out.end_box(traf);
}

std::size_t bytes_of(const std::vector<Sample>& samples) {
  std::size_t total = 0;
  for (const auto& sample : samples) total += sample.bytes.size();
  return total;
}

}  // namespace

void PartBuilder::add(std::size_t track, Sample sample) {
  samples_[track].push_back(std::move(sample));
}

bool PartBuilder::empty() const { return samples_[0].empty() && samples_[1].empty(); }

void PartBuilder::build(const Tracks& tracks, std::size_t lead, std::int64_t run_offset_90k,
                        Part& part) {
  ORIEL_CHECK(!samples_[lead].empty());
  ByteWriter out;
  Fixups fixups;
  part.frames = static_cast<std::uint32_t>(samples_[lead].size());
  const auto base = [&](std::size_t i) { return ticks_in(run_offset_90k, tracks[i].timescale); };

  const auto prft = out.begin_full_box("prft", 1, 24);
  out.u32(static_cast<std::uint32_t>(lead + 1));
  out.u64(ntp_of_utc(part.start));
  fixups.times.push_back({static_cast<std::uint32_t>(out.size()), tracks[lead].timescale});
  out.u64(static_cast<std::uint64_t>(samples_[lead].front().dts - base(lead)));
  out.end_box(prft);

  const std::size_t moof = out.begin_box("moof");
  const auto mfhd = out.begin_full_box("mfhd", 0, 0);
  out.u32(part.number + 1);
  out.end_box(mfhd);
  for (std::size_t i = 0; i < tracks.size(); ++i)
    if (!samples_[i].empty()) write_traf(out, i, tracks[i], samples_[i], base(i), fixups);
  out.end_box(moof);

  std::size_t data_offset = out.size() - moof + 8;
  const std::size_t video_bytes = bytes_of(samples_[0]);
  const std::size_t all_bytes = video_bytes + bytes_of(samples_[1]);
  for (std::size_t i = 0; i < tracks.size(); ++i) {
    if (samples_[i].empty()) continue;
    out.set_u32(fixups.data_offset_at[i], static_cast<std::uint32_t>(data_offset));
    data_offset += bytes_of(samples_[i]);
  }

  auto payload = std::make_shared<Bytes>();
  payload->reserve(8 + all_bytes);
  ByteWriter mdat_header;
  mdat_header.u32(static_cast<std::uint32_t>(8 + all_bytes));
  mdat_header.name("mdat");
  const Bytes header = mdat_header.take();
  payload->insert(payload->end(), header.begin(), header.end());
  for (const auto& track_samples : samples_)
    for (const auto& sample : track_samples)
      payload->insert(payload->end(), sample.bytes.begin(), sample.bytes.end());

  auto file_head = std::make_shared<Bytes>(out.take());
  part.file_head = file_head;
  if (run_offset_90k == 0) {
    part.wire_head = file_head;
  } else {
    auto wire_head = std::make_shared<Bytes>(*file_head);
    shift_decode_times(*wire_head, fixups.times, run_offset_90k);
    part.wire_head = wire_head;
  }
  part.payload = payload;
  if (fixups.audio_traf != 0) {
    auto muted = std::make_shared<Bytes>(*part.wire_head);
    std::memcpy(muted->data() + fixups.audio_traf + 4, "free", 4);
    part.muted_head = muted;
    part.picture_bytes = 8 + video_bytes;
  } else {
    part.muted_head = part.wire_head;
    part.picture_bytes = payload->size();
  }
  for (auto& track_samples : samples_) track_samples.clear();
}

}  // namespace oriel::media
