// Everything in ingest that reads bytes from cameras or workers by itself.
#include "ingest/audio_format.h"
#include "ingest/nal.h"
#include "ingest/snapshot_worker.h"
#include "ingest/source_url.h"
#include "ingest/worker_messages.h"

using namespace oriel;
using namespace oriel::ingest;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size < 1) return 0;
  const ByteView bytes(data + 1, size - 1);
  const auto codec = (data[0] & 1) != 0 ? media::Codec::h265 : media::Codec::h264;
  switch (data[0] >> 1 & 7) {
    case 0: {
      const auto unit = parse_access_unit(codec, NalLayout{data[0] >> 4 & 4}, bytes);
      if (unit && unit->sets.complete(codec)) (void)make_nal_track(codec, unit->sets);
      // What comes out is what MP4 wants: it can be split again by its lengths.
      if (unit) ORIEL_CHECK(split_nal_units(unit->bytes, NalLayout{4}).has_value());
      break;
    }
    case 1: {
      const auto known = parse_nal_extradata(codec, bytes);
      if (known && known->sets.complete(codec)) (void)make_nal_track(codec, known->sets);
      break;
    }
    case 2:
      (void)parse_sps(codec, bytes);
      break;
    case 3:
      (void)parse_adts(bytes);
      (void)parse_aac_configuration(bytes);
      (void)opus_samples(bytes);
      break;
    case 4:
      (void)SourceUrl::parse(as_text(bytes), {.file_allowed = (data[0] & 1) != 0});
      break;
    case 5:
      (void)parse_transcode_request(bytes);
      break;
    case 6:
      (void)parse_packet(bytes);
      (void)parse_track(bytes);
      break;
    default:
      (void)parse_message_head(bytes);
      (void)parse_picture_request(bytes);
      break;
  }
  return 0;
}
