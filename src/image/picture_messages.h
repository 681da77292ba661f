// What is asked of a picture worker, and what it answers.
#pragma once
#include <cstdint>
#include <string>

#include "image/image_request.h"
#include "ingest/worker_messages.h"

namespace oriel::image {

// What a file of pictures, video or sound is, by its own head.
struct FileFacts {
  Extent size;  // as it is shown, turned as its EXIF says; 0 of a sound
  std::int32_t pages = 1;
  std::int64_t duration_ms = 0;  // of video and sound
};

struct DescribeRequest {
  std::string path;
  bool picture = true;  // else video or sound
};
struct CutRequest {
  std::string path;  // of a pyramid, or the file itself
  bool pyramid = false;
  ImageCut cut;
};
struct PyramidRequest {
  std::string path;
  std::string to;  // must not exist
};

ingest::Message make_message(const DescribeRequest& request);
ingest::Message make_message(const FileFacts& facts);
ingest::Message make_message(const CutRequest& request);
ingest::Message make_message(const PyramidRequest& request);
ingest::Message make_refusal(const Error& error);

// Errors of all: data_loss.
Result<DescribeRequest> parse_describe_request(ByteView payload);
Result<FileFacts> parse_file_facts(ByteView payload);
Result<CutRequest> parse_cut_request(ByteView payload);
Result<PyramidRequest> parse_pyramid_request(ByteView payload);
// What a `refused` says; data_loss where it cannot be read. Of a worker only these kinds are
// believed: unsupported, data_loss, exhausted; all else is internal.
Error parse_refusal(ByteView payload);

}  // namespace oriel::image
