#include "ingest/file_facts.h"

#include <algorithm>
#include <cmath>
#include <utility>

extern "C" {
#include <libavutil/display.h>
}

#include "ingest/av_ptr.h"

namespace oriel::ingest {
namespace {

// Whether the picture lies on its side, as films of telephones do.
bool is_turned(const AVStream& stream) {
  std::size_t bytes = 0;
  const auto* matrix = av_stream_get_side_data(&stream, AV_PKT_DATA_DISPLAYMATRIX, &bytes);
  if (matrix == nullptr || bytes < 9 * sizeof(std::int32_t)) return false;
  const double angle = std::abs(av_display_rotation_get(reinterpret_cast<const int32_t*>(matrix)));
  return angle > 45 && angle < 135;
}

}  // namespace

Result<MediaFacts> describe_media(const std::string& path) {
  const auto unread = [] {
    return fail(ErrorKind::data_loss, "no video or sound is found in the file");
  };
  AVFormatContext* opened = nullptr;
  // No other protocol: a playlist that names another file or host is not followed.
  AVDictionary* options = nullptr;
  av_dict_set(&options, "protocol_whitelist", "file", 0);
  const std::string url = "file:" + path;
  const int status = avformat_open_input(&opened, url.c_str(), nullptr, &options);
  av_dict_free(&options);
  if (status < 0) return unread();
  const AvPtr<AVFormatContext> input(opened);
  if (avformat_find_stream_info(input.get(), nullptr) < 0) return unread();
  MediaFacts facts;
  bool sound = false;
  for (unsigned i = 0; i < input->nb_streams; ++i) {
    const AVStream& stream = *input->streams[i];
    sound |= stream.codecpar->codec_type == AVMEDIA_TYPE_AUDIO;
    const bool cover = (stream.disposition & AV_DISPOSITION_ATTACHED_PIC) != 0;
    if (stream.codecpar->codec_type != AVMEDIA_TYPE_VIDEO || cover || facts.width > 0) continue;
    facts.width = std::max(0, stream.codecpar->width);
    facts.height = std::max(0, stream.codecpar->height);
    if (is_turned(stream)) std::swap(facts.width, facts.height);
  }
  if (facts.width == 0 && !sound) return unread();
  if (input->duration > 0) facts.duration_ms = av_rescale(input->duration, 1000, AV_TIME_BASE);
  return facts;
}

}  // namespace oriel::ingest
