#include "image/picture_messages.h"

#include <algorithm>

namespace oriel::image {
namespace {

using ingest::Message;
using ingest::MessageType;
using ingest::WireReader;
using ingest::WireWriter;

constexpr std::size_t kReasonBytesMax = 300;
constexpr ErrorKind kKinds[] = {ErrorKind::internal, ErrorKind::unsupported, ErrorKind::data_loss,
                                ErrorKind::exhausted};

tl::unexpected<Error> nonsense() {
  return fail(ErrorKind::data_loss, "the picture worker talks nonsense");
}

}  // namespace

Message make_message(const DescribeRequest& request) {
  WireWriter out;
  out.u8(request.picture ? 1 : 0);
  out.text(request.path);
  return {MessageType::describe, out.take()};
}

Message make_message(const FileFacts& facts) {
  WireWriter out;
  out.i32(facts.size.width);
  out.i32(facts.size.height);
  out.i32(facts.pages);
  out.i64(facts.duration_ms);
  return {MessageType::describe, out.take()};
}

Message make_message(const CutRequest& request) {
  WireWriter out;
  const ImageCut& cut = request.cut;
  out.text(request.path);
  out.u8(request.pyramid ? 1 : 0);
  for (const auto number : {cut.x, cut.y, cut.region.width, cut.region.height, cut.size.width,
                            cut.size.height, cut.turn_deg})
    out.i32(number);
  out.u8(cut.mirrored ? 1 : 0);
  out.u8(static_cast<std::uint8_t>(cut.quality));
  out.u8(static_cast<std::uint8_t>(cut.format));
  return {MessageType::cut, out.take()};
}

Message make_message(const PyramidRequest& request) {
  WireWriter out;
  out.text(request.path);
  out.text(request.to);
  return {MessageType::pyramid, out.take()};
}

Message make_refusal(const Error& error) {
  WireWriter out;
  const auto* kind = std::find(std::begin(kKinds), std::end(kKinds), error.kind);
  out.u8(kind == std::end(kKinds) ? 0 : static_cast<std::uint8_t>(kind - std::begin(kKinds)));
  out.text(std::string_view(error.message).substr(0, kReasonBytesMax));
  return {MessageType::refused, out.take()};
}

Result<DescribeRequest> parse_describe_request(ByteView payload) {
  WireReader in(payload);
  DescribeRequest request;
  request.picture = in.u8() != 0;
  request.path = in.text();
  if (!in.ok()) return nonsense();
  return request;
}

Result<FileFacts> parse_file_facts(ByteView payload) {
  WireReader in(payload);
  FileFacts facts;
  facts.size.width = in.i32();
  facts.size.height = in.i32();
  facts.pages = in.i32();
  facts.duration_ms = in.i64();
  if (!in.ok() || facts.size.width < 0 || facts.size.height < 0 || facts.pages < 1 ||
      facts.duration_ms < 0)
    return nonsense();
  return facts;
}

Result<CutRequest> parse_cut_request(ByteView payload) {
  WireReader in(payload);
  CutRequest request;
  ImageCut& cut = request.cut;
  request.path = in.text();
  request.pyramid = in.u8() != 0;
  for (auto* number : {&cut.x, &cut.y, &cut.region.width, &cut.region.height, &cut.size.width,
                       &cut.size.height, &cut.turn_deg})
    *number = in.i32();
  cut.mirrored = in.u8() != 0;
  cut.quality = static_cast<Quality>(in.u8());
  cut.format = static_cast<Format>(in.u8());
  if (!in.ok()) return nonsense();
  return request;
}

Result<PyramidRequest> parse_pyramid_request(ByteView payload) {
  WireReader in(payload);
  PyramidRequest request;
  request.path = in.text();
  request.to = in.text();
  if (!in.ok()) return nonsense();
  return request;
}

Error parse_refusal(ByteView payload) {
  WireReader in(payload);
  const auto kind = in.u8();
  const auto text = in.text();
  if (!in.ok() || kind >= std::size(kKinds)) return nonsense().value();
  return {kKinds[kind], text.substr(0, kReasonBytesMax)};
}

}  // namespace oriel::image
