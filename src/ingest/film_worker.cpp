#include "ingest/film_worker.h"

#include <algorithm>
#include <filesystem>
#include <fstream>

#include "ingest/film_label.h"
#include "ingest/h264_encoder.h"
#include "ingest/libav_log.h"
#include "ingest/picture_decoding.h"
#include "media/boxes.h"

namespace oriel::ingest {
namespace {

constexpr std::uint64_t kHeadBytesMax = 16 << 20;  // a film of two minutes has 60 kB
constexpr std::int64_t kRateMax_bps = 8'000'000;

struct OutputDeleter {
  void operator()(AVFormatContext* output) const {
    avio_closep(&output->pb);
    avformat_free_context(output);
  }
};

// From the first byte of the file to the end of its moov, which lies before the pictures.
Result<Bytes> read_head(std::ifstream& in) {
  Bytes head;
  for (;;) {
    const std::size_t at = head.size();
    head.resize(at + 16);
    in.read(reinterpret_cast<char*>(head.data() + at), 16);
    if (in.gcount() != 16) return fail(ErrorKind::data_loss, "the file has no head");
    ORIEL_TRY_ASSIGN(const auto box, media::parse_box_header(ByteView(head).subspan(at)));
    if (box.size < 16 || at + box.size > kHeadBytesMax)
      return fail(ErrorKind::data_loss, "the file's head is not what was written");
    const auto left = static_cast<std::size_t>(box.size) - 16;
    head.resize(at + 16 + left);
    in.read(reinterpret_cast<char*>(head.data() + at + 16), static_cast<std::streamsize>(left));
    if (in.gcount() != static_cast<std::streamsize>(left))
      return fail(ErrorKind::data_loss, "the file's head is cut short");
    if (box.name() == "moov") return head;
  }
}

// libavformat knows no place in an MP4: the same boxes are written as into clips.
Result<void> write_tags(const std::string& path, const media::MovieTags& tags) {
  const std::string tagged = path + ".tagged";
  std::ifstream in(path, std::ios::binary);
  ORIEL_TRY_ASSIGN(const auto head, read_head(in));
  ORIEL_TRY_ASSIGN(const auto with_tags, media::tag_movie_head(head, tags));
  std::ofstream out(tagged, std::ios::binary | std::ios::trunc);
  out.write(reinterpret_cast<const char*>(with_tags.data()),
            static_cast<std::streamsize>(with_tags.size()));
  out << in.rdbuf();
  out.close();
  std::error_code error;
  if (out) std::filesystem::rename(tagged, path, error);
  if (!out || error) {
    std::filesystem::remove(tagged, error);
    return fail(ErrorKind::exhausted, "the file cannot be written");
  }
  return {};
}

// Pictures of any size become one H.264 file; the first one says its size.
class Film {
 public:
  explicit Film(const FilmRequest& request) : request_(request) {}

  Result<void> add(const AVFrame& picture, std::string_view label) {
    if (!encoder_) ORIEL_TRY(open(picture));
    if (av_frame_make_writable(canvas_.get()) < 0)
      return fail(ErrorKind::exhausted, "no memory for a picture");
    ORIEL_TRY(paint(picture));
    draw_label({canvas_->data[0],
                {canvas_->data[1], canvas_->data[2]},
                canvas_->linesize[0],
                {canvas_->linesize[1], canvas_->linesize[2]},
                canvas_->width,
                canvas_->height},
               label);
    canvas_->pts = frames_++;
    return encode(canvas_.get());
  }

  Result<std::uint32_t> finish() {
    if (!encoder_) return fail(ErrorKind::not_found, "no picture there can be decoded");
    ORIEL_TRY(encode(nullptr));
    if (const int code = av_write_trailer(output_.get()); code < 0)
      return fail(ErrorKind::exhausted, "the file cannot be written: " + av_error_text(code));
    output_.reset();
    ORIEL_TRY(write_tags(request_.path, request_.tags));
    return static_cast<std::uint32_t>(frames_);
  }

 private:
  Result<void> open(const AVFrame& picture) {
    const PictureSize size =
        fitted(picture.width, picture.height, request_.width_max, request_.height_max);
    if (size.width == 0) return fail(ErrorKind::internal, "a picture without a size");
    canvas_->format = AV_PIX_FMT_YUV420P;
    canvas_->width = size.width;
    canvas_->height = size.height;
    if (av_frame_get_buffer(canvas_.get(), 0) < 0)
      return fail(ErrorKind::exhausted, "no memory for a picture");
    ORIEL_TRY(open_encoder(size));
    return open_file();
  }

  Result<void> open_encoder(PictureSize size) {
    const AVCodec* codec = avcodec_find_encoder_by_name("libx264");
    encoder_.reset(codec != nullptr ? avcodec_alloc_context3(codec) : nullptr);
    if (!encoder_) return fail(ErrorKind::unsupported, "there is no H.264 encoder");
    encoder_->width = size.width;
    encoder_->height = size.height;
    encoder_->pix_fmt = AV_PIX_FMT_YUV420P;
    encoder_->time_base = {1, request_.frames_per_s};
    encoder_->framerate = {request_.frames_per_s, 1};
    // Someone will drag through it.
    encoder_->gop_size = request_.frames_per_s;
    encoder_->max_b_frames = 2;
    encoder_->thread_count = 1;
    encoder_->rc_max_rate = kRateMax_bps;
    encoder_->rc_buffer_size = static_cast<int>(kRateMax_bps);
    encoder_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    AvOptions options;
    options.set("preset", "veryfast");
    options.set("profile", "high");
    options.set("crf", "24");
    if (const int code = avcodec_open2(encoder_.get(), codec, options.get()); code < 0)
      return fail(ErrorKind::internal, "H.264 encoder: " + av_error_text(code));
    return {};
  }

  Result<void> open_file() {
    AVFormatContext* raw = nullptr;
    if (avformat_alloc_output_context2(&raw, nullptr, "mp4", request_.path.c_str()) < 0)
      return fail(ErrorKind::exhausted, "no memory for a file");
    output_.reset(raw);
    AVStream* stream = avformat_new_stream(raw, nullptr);
    if (stream == nullptr || avcodec_parameters_from_context(stream->codecpar, encoder_.get()) < 0)
      return fail(ErrorKind::exhausted, "no memory for a file");
    stream->time_base = encoder_->time_base;
    stream->avg_frame_rate = encoder_->framerate;
    if (const int code = avio_open(&raw->pb, request_.path.c_str(), AVIO_FLAG_WRITE); code < 0)
      return fail(ErrorKind::unavailable, "the file cannot be made: " + av_error_text(code));
    AvOptions options;
    options.set("movflags", "faststart");
    if (const int code = avformat_write_header(raw, options.get()); code < 0)
      return fail(ErrorKind::unavailable, "the file cannot be begun: " + av_error_text(code));
    return {};
  }

  // Onto the canvas, in its own shape: a camera that was exchanged gets black edges.
  Result<void> paint(const AVFrame& picture) {
    const int width = canvas_->width;
    const int height = canvas_->height;
    const double by = std::min(static_cast<double>(width) / picture.width,
                               static_cast<double>(height) / picture.height);
    const auto even = [](double side, int most) {
      return std::clamp(static_cast<int>(side * 0.5 + 0.5) * 2, 2, most);
    };
    const int shown_width = even(picture.width * by, width);
    const int shown_height = even(picture.height * by, height);
    const int left = (width - shown_width) / 4 * 2;
    const int top = (height - shown_height) / 4 * 2;
    if (shown_width < width || shown_height < height) {
      for (int plane = 0; plane < 3; ++plane)
        std::fill_n(canvas_->data[plane],
                    canvas_->linesize[plane] * (plane == 0 ? height : height / 2),
                    static_cast<std::uint8_t>(plane == 0 ? 16 : 128));
    }
    scaler_.reset(sws_getCachedContext(scaler_.release(), picture.width, picture.height,
                                       static_cast<AVPixelFormat>(picture.format), shown_width,
                                       shown_height, AV_PIX_FMT_YUV420P, SWS_BICUBIC, nullptr,
                                       nullptr, nullptr));
    if (!scaler_) return fail(ErrorKind::unsupported, "this kind of picture cannot be scaled");
    std::uint8_t* planes[4] = {canvas_->data[0] + top * canvas_->linesize[0] + left,
                               canvas_->data[1] + top / 2 * canvas_->linesize[1] + left / 2,
                               canvas_->data[2] + top / 2 * canvas_->linesize[2] + left / 2,
                               nullptr};
    sws_scale(scaler_.get(), picture.data, picture.linesize, 0, picture.height, planes,
              canvas_->linesize);
    return {};
  }

  Result<void> encode(const AVFrame* frame) {
    if (const int code = avcodec_send_frame(encoder_.get(), frame); code < 0)
      return fail(ErrorKind::internal, "H.264 encoder: " + av_error_text(code));
    for (;;) {
      const int code = avcodec_receive_packet(encoder_.get(), packet_.get());
      if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return {};
      if (code < 0) return fail(ErrorKind::internal, "H.264 encoder: " + av_error_text(code));
      packet_->stream_index = 0;
      packet_->duration = 1;
      av_packet_rescale_ts(packet_.get(), encoder_->time_base, output_->streams[0]->time_base);
      if (const int written = av_interleaved_write_frame(output_.get(), packet_.get()); written < 0)
        return fail(ErrorKind::exhausted, "the file cannot be written: " + av_error_text(written));
    }
  }

  const FilmRequest request_;
  AvPtr<AVCodecContext> encoder_;
  std::unique_ptr<AVFormatContext, OutputDeleter> output_;
  AvPtr<SwsContext> scaler_;
  AvPtr<AVFrame> canvas_{av_frame_alloc()};
  AvPtr<AVPacket> packet_{av_packet_alloc()};
  std::int64_t frames_ = 0;
};

Result<std::uint32_t> make_film(int in_fd) {
  ORIEL_TRY_ASSIGN(const Message opening, read_message(in_fd));
  if (opening.type != MessageType::film)
    return fail(ErrorKind::data_loss, "the first message says not what is wanted");
  ORIEL_TRY_ASSIGN(const FilmRequest request, parse_film_request(opening.payload));
  Film film(request);
  for (;;) {
    ORIEL_TRY_ASSIGN(const Message message, read_message(in_fd));
    if (message.type == MessageType::finish) return film.finish();
    if (message.type != MessageType::frame)
      return fail(ErrorKind::data_loss, "a message that no film is made of");
    ORIEL_TRY_ASSIGN(const FilmFrame frame, parse_film_frame(message.payload));
    const auto picture = decode_key_picture(frame.init, frame.part);
    // One damaged picture among a thousand is left out.
    if (picture) ORIEL_TRY(film.add(**picture, frame.label));
  }
}

}  // namespace

Message make_message(const FilmRequest& request) {
  WireWriter out;
  out.text(request.path);
  out.i32(request.width_max);
  out.i32(request.height_max);
  out.i32(request.frames_per_s);
  const auto& tags = request.tags;
  out.i64(tags.created.us);
  for (const auto* text : {&tags.title, &tags.artist, &tags.description, &tags.copyright,
                           &tags.comment, &tags.address, &tags.encoder, &tags.location})
    out.text(*text);
  return {MessageType::film, out.take()};
}

Message make_message(const FilmFrame& frame) {
  WireWriter out;
  out.bytes(frame.init);
  out.bytes(frame.part);
  out.text(frame.label);
  return {MessageType::frame, out.take()};
}

Result<FilmRequest> parse_film_request(ByteView payload) {
  WireReader in(payload);
  FilmRequest request;
  request.path = in.text();
  request.width_max = in.i32();
  request.height_max = in.i32();
  request.frames_per_s = in.i32();
  auto& tags = request.tags;
  tags.created = UtcTime{in.i64()};
  for (auto* text : {&tags.title, &tags.artist, &tags.description, &tags.copyright, &tags.comment,
                     &tags.address, &tags.encoder, &tags.location})
    *text = in.text();
  if (!in.ok() || request.frames_per_s <= 0)
    return fail(ErrorKind::data_loss, "a message is cut short");
  return request;
}

Result<FilmFrame> parse_film_frame(ByteView payload) {
  WireReader in(payload);
  FilmFrame frame;
  frame.init = in.bytes();
  frame.part = in.bytes();
  frame.label = in.text();
  if (!in.ok()) return fail(ErrorKind::data_loss, "a message is cut short");
  return frame;
}

int run_film_worker(int in_fd, int out_fd) {
  capture_libav_log();
  const auto made = make_film(in_fd);
  if (!made && made.error().kind == ErrorKind::unavailable && made.error().message.empty())
    return 0;
  WireWriter out;
  if (made) out.u32(*made);
  const Message answer =
      made ? Message{MessageType::finish, out.take()} : make_failure(made.error().message);
  if (!write_message(out_fd, answer)) return 2;
  return made ? 0 : 1;
}

}  // namespace oriel::ingest
