#include "http/static_files.h"

#include <filesystem>
#include <fstream>

#include <sodium.h>

#include "http/conditional.h"

namespace oriel::http {
namespace {

namespace fs = std::filesystem;

constexpr std::pair<std::string_view, std::string_view> kTypes[] = {
    {".html", "text/html; charset=utf-8"},
    {".js", "text/javascript; charset=utf-8"},
    {".mjs", "text/javascript; charset=utf-8"},
    {".css", "text/css; charset=utf-8"},
    {".json", "application/json; charset=utf-8"},
    {".geojson", "application/geo+json"},
    {".map", "application/json; charset=utf-8"},
    {".webmanifest", "application/manifest+json"},
    {".txt", "text/plain; charset=utf-8"},
    {".md", "text/plain; charset=utf-8"},
    {".xml", "application/xml"},
    {".svg", "image/svg+xml"},
    {".png", "image/png"},
    {".jpg", "image/jpeg"},
    {".jpeg", "image/jpeg"},
    {".webp", "image/webp"},
    {".avif", "image/avif"},
    {".gif", "image/gif"},
    {".ico", "image/x-icon"},
    {".woff2", "font/woff2"},
    {".woff", "font/woff"},
    {".ttf", "font/ttf"},
    {".wasm", "application/wasm"},
    {".pbf", "application/x-protobuf"},
    {".mvt", "application/vnd.mapbox-vector-tile"},
    {".mp4", "video/mp4"},
    {".m4s", "video/iso.segment"},
    {".webm", "video/webm"},
    {".mp3", "audio/mpeg"},
    {".ogg", "audio/ogg"},
    {".m3u8", "application/vnd.apple.mpegurl"},
    {".vtt", "text/vtt; charset=utf-8"},
    {".pdf", "application/pdf"},
};

std::string etag_of(const Bytes& bytes) {
  std::array<unsigned char, 16> hash{};
  crypto_generichash(hash.data(), hash.size(), bytes.data(), bytes.size(), nullptr, 0);
  std::array<char, 2 * 16 + 1> text{};
  sodium_bin2hex(text.data(), text.size(), hash.data(), hash.size());
  return "\"" + std::string(text.data()) + "\"";
}

// Vite's "assets/index-Bx3_a9Qz.js": what stands behind the last '-' names the content.
bool has_hashed_name(std::string_view path) {
  if (path.find("/assets/") == std::string_view::npos) return false;
  const auto name = path.substr(path.rfind('/') + 1);
  const auto dot = name.find('.', name.find('-') == std::string_view::npos ? 0 : name.find('-'));
  const auto stem = name.substr(0, dot);
  if (stem.size() < 10) return false;
  // The hash itself may hold a '-', so its place is counted from the end: 8 characters or more.
  return stem.rfind('-', stem.size() - 9) != std::string_view::npos;
}

bool accepts_gzip(const Request& request) {
  std::string field = request.headers.joined("accept-encoding");
  std::string_view rest = field;
  while (!rest.empty()) {
    const auto comma = rest.find(',');
    std::string_view item = rest.substr(0, comma);
    rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
    while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
    const auto semicolon = item.find(';');
    auto coding = item.substr(0, semicolon);
    while (!coding.empty() && coding.back() == ' ') coding.remove_suffix(1);
    if (!equals_ignoring_case(coding, "gzip")) continue;
    const auto weight =
        semicolon == std::string_view::npos ? std::string_view() : item.substr(semicolon + 1);
    const auto equals = weight.find("q=");
    return equals == std::string_view::npos ||
           weight.substr(equals + 2).find_first_of("123456789") != std::string_view::npos;
  }
  return false;
}

Result<SharedBytes> read_file(const fs::path& path, std::uint64_t bytes_max) {
  std::error_code error;
  const auto size = fs::file_size(path, error);
  if (error) return fail(errno_error(error.value(), "size of " + path.string()));
  if (size > bytes_max)
    return fail(ErrorKind::exhausted, path.string() + " is larger than a page's file may be");
  std::ifstream file(path, std::ios::binary);
  auto bytes = std::make_shared<Bytes>(size);
  if (size > 0 && !file.read(reinterpret_cast<char*>(bytes->data()), static_cast<long>(size)))
    return fail(ErrorKind::denied, "cannot read " + path.string());
  return SharedBytes(std::move(bytes));
}

bool is_hidden(const fs::path& relative) {
  for (const auto& part : relative)
    if (part.string().starts_with('.')) return true;
  return false;
}

}  // namespace

std::string_view content_type_of(std::string_view file_name) {
  const auto dot = file_name.rfind('.');
  if (dot != std::string_view::npos)
    for (const auto& [extension, type] : kTypes)
      if (equals_ignoring_case(file_name.substr(dot), extension)) return type;
  return "application/octet-stream";
}

Result<StaticFiles> StaticFiles::load(const std::string& folder, StaticFilesOptions options) {
  std::error_code error;
  const fs::path root = fs::canonical(folder, error);
  if (error) return fail(errno_error(error.value(), "web pages in " + folder));
  StaticFiles files;
  std::uint64_t total_bytes = 0;
  std::map<std::string, SharedBytes> compressed;
  for (fs::recursive_directory_iterator at(root, error), end; !error && at != end;
       at.increment(error)) {
    const fs::path relative = at->path().lexically_relative(root);
    // A link is not followed: whatever is served lies in the folder.
    if (at->is_symlink() || !at->is_regular_file() || is_hidden(relative)) continue;
    ORIEL_TRY_ASSIGN(auto bytes, read_file(at->path(), options.file_bytes_max));
    total_bytes += bytes->size();
    if (total_bytes > options.total_bytes_max ||
        files.files_.size() + compressed.size() >= options.count_max)
      return fail(ErrorKind::exhausted, folder + " holds more than the pages' bound");
    std::string path = "/" + relative.generic_string();
    if (path.ends_with(".gz")) {
      compressed.emplace(path.substr(0, path.size() - 3), std::move(bytes));
      continue;
    }
    File file;
    file.etag = etag_of(*bytes);
    file.bytes = std::move(bytes);
    file.content_type = content_type_of(path);
    file.immutable = has_hashed_name(path);
    files.files_.emplace(std::move(path), std::move(file));
  }
  if (error) return fail(errno_error(error.value(), "web pages in " + folder));
  for (auto& [path, bytes] : compressed) {
    const auto plain = files.files_.find(path);
    if (plain == files.files_.end()) continue;
    plain->second.gzip_etag = etag_of(*bytes);
    plain->second.gzip = std::move(bytes);
  }
  return files;
}

std::optional<std::string> StaticFiles::text(std::string_view path) const {
  const auto found = files_.find(path);
  if (found == files_.end()) return std::nullopt;
  return std::string(as_text(*found->second.bytes));
}

std::optional<Response> StaticFiles::find(const Request& request, std::string_view path) const {
  auto found = files_.find(path);
  if (path == "/") found = files_.find("/index.html");
  if (found == files_.end()) return std::nullopt;
  const File& file = found->second;
  // A range counts in the bytes that are sent; whoever asks for one gets the plain ones.
  const bool gzip = file.gzip && accepts_gzip(request) && !request.header("range");
  const SharedBytes& bytes = gzip ? file.gzip : file.bytes;
  Representation representation;
  representation.content_type = file.content_type;
  representation.total_bytes = bytes->size();
  representation.etag = gzip ? file.gzip_etag : file.etag;
  Response response =
      respond_with_range(request, representation, [&](ByteSpan span) -> Result<Body> {
        Body body;
        body.append(MemorySlice::of(bytes, span.begin, span.end - span.begin));
        return body;
      });
  if (gzip && response.status == 200) response.headers.set("Content-Encoding", "gzip");
  if (file.gzip) response.headers.set("Vary", "Accept-Encoding");
  response.headers.set("Cache-Control",
                       file.immutable ? "public, max-age=31536000, immutable" : "no-cache");
  return response;
}

}  // namespace oriel::http
