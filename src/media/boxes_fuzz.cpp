// Whatever lies in a file, reading it neither crashes nor runs on.
#include "media/boxes.h"
#include "media/segment_index.h"

using namespace oriel;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const ByteView bytes(data, size);
  if (const auto muted = media::mute_init(bytes); muted && muted->size() != size) __builtin_trap();
  if (const auto index = media::decode_segment_index(bytes))
    if (media::decode_segment_index(media::encode_segment_index(*index)).value() != *index)
      __builtin_trap();
  if (const auto head = media::parse_part_head(bytes, {90'000, 48'000}, true)) {
    if (const auto samples = media::parse_video_samples(bytes, *head))
      for (const auto& sample : *samples)
        if (sample.offset + sample.bytes > head->head_bytes + head->payload_bytes) __builtin_trap();
    if (head->head_bytes + head->payload_bytes <= size) {
      Bytes part(data, data + head->head_bytes + head->payload_bytes);
      media::shift_decode_times(part, head->decode_times, 360'000);
      media::mute_part(part, *head);
    }
  }
  return 0;
}
