#include "commons/file_type.h"

#include <algorithm>
#include <array>
#include <cctype>

#include "commons/text.h"

namespace oriel::commons {

namespace {

struct Sign {
  std::size_t offset;
  std::string_view bytes;
  std::string_view type;
};

using namespace std::string_view_literals;

// The first that fits.
constexpr Sign kSigns[] = {
    {0, "\xff\xd8\xff"sv, "image/jpeg"},
    {0, "\x89PNG\r\n\x1a\n"sv, "image/png"},
    {0, "GIF87a"sv, "image/gif"},
    {0, "GIF89a"sv, "image/gif"},
    {8, "WEBPVP8"sv, "image/webp"},
    {0, "II*\0"sv, "image/tiff"},
    {0, "MM\0*"sv, "image/tiff"},
    {0, "II+\0"sv, "image/tiff"},
    {0, "MM\0+"sv, "image/tiff"},
    {0, "\0\0\0\x0cjP  \r\n"sv, "image/jp2"},
    {4, "ftypheic"sv, "image/heic"},
    {4, "ftypheix"sv, "image/heic"},
    {4, "ftypmif1"sv, "image/heif"},
    {4, "ftypavif"sv, "image/avif"},
    {4, "ftypqt  "sv, "video/quicktime"},
    {4, "ftypM4A "sv, "audio/mp4"},
    {4, "ftyp"sv, "video/mp4"},
    {0, "\x1a\x45\xdf\xa3"sv, "video/x-matroska"},
    {0, "OggS"sv, "audio/ogg"},
    {0, "fLaC"sv, "audio/flac"},
    {8, "WAVEfmt"sv, "audio/wav"},
    {0, "ID3"sv, "audio/mpeg"},
    {0, "\xff\xfb"sv, "audio/mpeg"},
    {0, "\xff\xf3"sv, "audio/mpeg"},
    {0, "%PDF-"sv, "application/pdf"},
    {0, "glTF"sv, "model/gltf-binary"},
    {30, "mimetypeapplication/epub+zip"sv, "application/epub+zip"},
    {0, "PK\x03\x04"sv, "application/zip"},
    {0, "PK\x05\x06"sv, "application/zip"},
    {0, "\x1f\x8b"sv, "application/gzip"},
    {0,
     "\x7f"
     "ELF"sv,
     "application/x-executable"},
    {0, "MZ"sv, "application/x-executable"},
    {0, "PAR1"sv, "application/vnd.apache.parquet"},
};

struct Ending {
  std::string_view ending;
  std::string_view types;  // apart by spaces
};

// Endings that say a type which bytes show; others may stand on anything.
constexpr Ending kEndings[] = {
    {"jpg", "image/jpeg"},
    {"jpeg", "image/jpeg"},
    {"png", "image/png"},
    {"gif", "image/gif"},
    {"webp", "image/webp"},
    {"tif", "image/tiff"},
    {"tiff", "image/tiff"},
    {"heic", "image/heic image/heif"},
    {"avif", "image/avif"},
    {"svg", "image/svg+xml"},
    {"mp4", "video/mp4"},
    {"m4v", "video/mp4"},
    {"mov", "video/quicktime video/mp4"},
    {"webm", "video/webm"},
    {"mkv", "video/x-matroska"},
    {"m4a", "audio/mp4 video/mp4"},
    {"ogg", "audio/ogg"},
    {"oga", "audio/ogg"},
    {"opus", "audio/ogg"},
    {"flac", "audio/flac"},
    {"wav", "audio/wav"},
    {"mp3", "audio/mpeg"},
    {"pdf", "application/pdf"},
    {"glb", "model/gltf-binary"},
    {"epub", "application/epub+zip"},
    {"zip", "application/zip"},
    {"txt", "text/plain"},
    {"csv", "text/plain"},
    {"tsv", "text/plain"},
    {"vtt", "text/vtt"},
    {"srt", "text/plain"},
    {"html", "text/html"},
    {"htm", "text/html"},
};

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

// UTF-8, but for a character that the end cuts.
bool is_text(std::string_view head) {
  for (std::size_t cut = 0; cut < 4 && cut <= head.size(); ++cut) {
    auto whole = std::string(head.substr(0, head.size() - cut));
    std::erase(whole, '\r');
    if (is_plain_text(whole)) return !whole.empty();
  }
  return false;
}

std::string_view text_type(std::string_view head) {
  if (head.starts_with("\xef\xbb\xbf")) head.remove_prefix(3);
  while (!head.empty() && std::isspace(static_cast<unsigned char>(head.front())) != 0)
    head.remove_prefix(1);
  const auto start = lower(head);
  if (start.starts_with("webvtt")) return "text/vtt";
  if (start.find("<svg") != std::string::npos && start.starts_with('<')) return "image/svg+xml";
  if (start.starts_with("<!doctype html") || start.starts_with("<html") ||
      start.find("<script") != std::string::npos)
    return "text/html";
  if (start.starts_with("<?xml")) return "application/xml";
  if (start.starts_with('{') || start.starts_with('[')) return "application/json";
  return "text/plain";
}

}  // namespace

std::string file_type(ByteView head) {
  const auto text = as_text(head.first(std::min(head.size(), kTypeHeadBytes)));
  for (const auto& sign : kSigns) {
    if (text.size() < sign.offset || !text.substr(sign.offset).starts_with(sign.bytes)) continue;
    if (sign.type == "video/x-matroska" && text.find("webm") != std::string_view::npos)
      return "video/webm";
    return std::string(sign.type);
  }
  if (is_text(text)) return std::string(text_type(text));
  return "application/octet-stream";
}

Result<void> check_file_name(std::string_view name, std::string_view type) {
  const auto dot = name.rfind('.');
  if (dot == std::string_view::npos) return {};
  const auto ending = lower(name.substr(dot + 1));
  const auto* const known = std::find_if(std::begin(kEndings), std::end(kEndings),
                                         [&](const Ending& e) { return e.ending == ending; });
  if (known == std::end(kEndings)) return {};
  if ((" " + std::string(known->types) + " ").find(" " + std::string(type) + " ") !=
      std::string::npos)
    return {};
  return fail(ErrorKind::invalid, std::string(name) + ": its bytes are " + std::string(type) +
                                      ", not what its name says");
}

bool is_shown_inline(std::string_view type) {
  constexpr std::string_view kShown[] = {"image/jpeg", "image/png", "image/gif",      "image/webp",
                                         "image/avif", "video/mp4", "video/webm",     "audio/mpeg",
                                         "audio/mp4",  "audio/ogg", "audio/flac",     "audio/wav",
                                         "text/plain", "text/vtt",  "video/quicktime"};
  return std::find(std::begin(kShown), std::end(kShown), type) != std::end(kShown);
}

}  // namespace oriel::commons
