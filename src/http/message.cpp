#include "http/message.h"

#include <cerrno>

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

namespace oriel::http {
namespace {

constexpr std::array<std::string_view, kMethodCount> kMethodNames = {
    "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"};

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + ('a' - 'A')) : c; }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// The character behind the '%' at text[at], or -1.
int unescape(std::string_view text, std::size_t at) {
  if (at + 2 >= text.size()) return -1;
  const int high = hex_value(text[at + 1]);
  const int low = hex_value(text[at + 2]);
  return high < 0 || low < 0 ? -1 : high * 16 + low;
}

void append_clean(std::string& out, std::string_view text) {
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    out.push_back((byte < 0x20 && c != '\t') || byte == 0x7f ? ' ' : c);
  }
}

Result<std::string> decode_query_text(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '+') {
      out.push_back(' ');
    } else if (text[i] == '%') {
      const int value = unescape(text, i);
      if (value <= 0) return fail(ErrorKind::invalid, "the query has a bad escape");
      out.push_back(static_cast<char>(value));
      i += 2;
    } else {
      out.push_back(text[i]);
    }
  }
  return out;
}

bool names_a_parent(std::string_view segment) {
  while (!segment.empty()) {
    const auto slash = segment.find('/');
    const auto piece = segment.substr(0, slash);
    if (piece == "." || piece == "..") return true;
    if (slash == std::string_view::npos) break;
    segment.remove_prefix(slash + 1);
  }
  return false;
}

}  // namespace

std::string_view to_string(Method method) { return kMethodNames[static_cast<std::size_t>(method)]; }

std::optional<Method> parse_method(std::string_view name) {
  for (std::size_t i = 0; i < kMethodNames.size(); ++i)
    if (kMethodNames[i] == name) return static_cast<Method>(i);
  return std::nullopt;
}

bool equals_ignoring_case(std::string_view a, std::string_view b) {
  if (a.size() != b.size()) return false;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (lower(a[i]) != lower(b[i])) return false;
  return true;
}

void Headers::add(std::string_view name, std::string_view value) {
  fields_.push_back({static_cast<std::uint32_t>(text_.size()),
                     static_cast<std::uint32_t>(name.size()),
                     static_cast<std::uint32_t>(value.size())});
  append_clean(text_, name);
  append_clean(text_, value);
}

void Headers::set(std::string_view name, std::string_view value) {
  remove(name);
  add(name, value);
}

void Headers::remove(std::string_view name) {
  std::erase_if(fields_, [&](const Field& field) {
    return equals_ignoring_case(
        std::string_view(text_).substr(field.name_offset, field.name_length), name);
  });
}

std::optional<std::string_view> Headers::find(std::string_view name) const {
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    if (fields_[i].name_length != name.size()) continue;
    const auto [field_name, value] = at(i);
    if (equals_ignoring_case(field_name, name)) return value;
  }
  return std::nullopt;
}

std::string Headers::joined(std::string_view name) const {
  std::string out;
  for (std::size_t i = 0; i < fields_.size(); ++i) {
    const auto [field_name, value] = at(i);
    if (!equals_ignoring_case(field_name, name)) continue;
    if (!out.empty()) out += ", ";
    out += value;
  }
  return out;
}

std::size_t Headers::count(std::string_view name) const {
  std::size_t found = 0;
  for (std::size_t i = 0; i < fields_.size(); ++i) found += equals_ignoring_case(at(i).first, name);
  return found;
}

std::pair<std::string_view, std::string_view> Headers::at(std::size_t index) const {
  const Field& field = fields_.at(index);
  const std::string_view text = text_;
  return {text.substr(field.name_offset, field.name_length),
          text.substr(field.name_offset + field.name_length, field.value_length)};
}

void Headers::clear() {
  text_.clear();
  fields_.clear();
}

Result<Query> Query::parse(std::string_view text) {
  Query query;
  while (!text.empty()) {
    const auto amp = text.find('&');
    const auto item = text.substr(0, amp);
    text.remove_prefix(amp == std::string_view::npos ? text.size() : amp + 1);
    if (item.empty()) continue;
    if (query.items_.size() >= kQueryItemsMax)
      return fail(ErrorKind::invalid, "the query has too many items");
    const auto equals = item.find('=');
    auto name = decode_query_text(item.substr(0, equals));
    if (!name) return fail(std::move(name).error());
    auto value = decode_query_text(equals == std::string_view::npos ? std::string_view()
                                                                    : item.substr(equals + 1));
    if (!value) return fail(std::move(value).error());
    query.items_.emplace_back(std::move(*name), std::move(*value));
  }
  return query;
}

std::optional<std::string_view> Query::first(std::string_view name) const {
  for (const auto& [key, value] : items_)
    if (key == name) return value;
  return std::nullopt;
}

std::vector<std::string_view> Query::all(std::string_view name) const {
  std::vector<std::string_view> values;
  for (const auto& [key, value] : items_)
    if (key == name) values.push_back(value);
  return values;
}

Result<Path> Path::parse(std::string_view encoded) {
  if (encoded.empty() || encoded[0] != '/')
    return fail(ErrorKind::invalid, "the path does not start with '/'");
  Path path;
  path.text.reserve(encoded.size());
  path.segments.reserve(8);
  path.text.push_back('/');
  std::uint32_t begin = 1;
  const auto close_segment = [&]() -> Result<void> {
    const auto end = static_cast<std::uint32_t>(path.text.size());
    if (path.segments.size() >= kPathSegmentsMax)
      return fail(ErrorKind::invalid, "the path has too many segments");
    if (names_a_parent(std::string_view(path.text).substr(begin, end - begin)))
      return fail(ErrorKind::invalid, "the path has a '.' or '..' segment");
    path.segments.emplace_back(begin, end - begin);
    return {};
  };
  for (std::size_t i = 1; i < encoded.size(); ++i) {
    int c = static_cast<unsigned char>(encoded[i]);
    if (c == '/') {
      ORIEL_TRY(close_segment());
      path.text.push_back('/');
      begin = static_cast<std::uint32_t>(path.text.size());
      continue;
    }
    if (c == '%') {
      c = unescape(encoded, i);
      if (c < 0) return fail(ErrorKind::invalid, "the path has a bad escape");
      i += 2;
    }
    if (c < 0x20 || c == 0x7f || c == '\\')
      return fail(ErrorKind::invalid, "the path has a control character or a backslash");
    path.text.push_back(static_cast<char>(c));
  }
  ORIEL_TRY(close_segment());
  return path;
}

std::string_view Request::parameter(std::string_view name) const {
  for (const auto& [key, value] : parameters)
    if (key == name) return value;
  return {};
}

std::optional<std::string_view> Request::cookie(std::string_view name) const {
  for (std::size_t i = 0; i < headers.count(); ++i) {
    auto [field, text] = headers.at(i);
    if (!equals_ignoring_case(field, "cookie")) continue;
    while (!text.empty()) {
      const auto end = text.find(';');
      auto item = text.substr(0, end);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      while (!item.empty() && item.front() == ' ') item.remove_prefix(1);
      const auto equals = item.find('=');
      if (equals != std::string_view::npos && item.substr(0, equals) == name)
        return item.substr(equals + 1);
    }
  }
  return std::nullopt;
}

MemorySlice MemorySlice::of(SharedBytes shared) {
  if (!shared) return {};
  const std::size_t length = shared->size();
  return of(std::move(shared), 0, length);
}

MemorySlice MemorySlice::of(SharedBytes shared, std::size_t offset, std::size_t length) {
  ORIEL_CHECK(shared && offset <= shared->size() && length <= shared->size() - offset);
  const ByteView view(shared->data() + offset, length);
  return {std::move(shared), view};
}

MemorySlice MemorySlice::of(std::string text) {
  auto owner = std::make_shared<const std::string>(std::move(text));
  const ByteView view = as_bytes(*owner);
  return {std::move(owner), view};
}

Result<FileRange> open_file_range(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (descriptor < 0) return fail(errno_error(errno, "open " + path));
  struct Closer {
    explicit Closer(int open) : descriptor(open) {}
    Closer(const Closer&) = delete;
    Closer& operator=(const Closer&) = delete;
    ~Closer() { ::close(descriptor); }
    int descriptor;
  };
  auto owner = std::make_shared<const Closer>(descriptor);
  struct ::stat status {};
  if (::fstat(descriptor, &status) != 0) return fail(errno_error(errno, "stat " + path));
  if (!S_ISREG(status.st_mode))
    return fail(ErrorKind::unsupported, path + " is not a regular file");
  return FileRange{std::move(owner), descriptor, 0, static_cast<std::uint64_t>(status.st_size)};
}

Body Body::of(std::string text) {
  Body body;
  body.append(MemorySlice::of(std::move(text)));
  return body;
}

Body Body::of(SharedBytes bytes) {
  Body body;
  body.append(MemorySlice::of(std::move(bytes)));
  return body;
}

Body Body::of(FileRange range) {
  Body body;
  body.append(std::move(range));
  return body;
}

Body Body::of(Stream stream) {
  Body body;
  body.stream_ = std::move(stream);
  return body;
}

void Body::append(MemorySlice slice) {
  ORIEL_CHECK(!stream_);
  if (slice.bytes.empty()) return;
  slices_bytes_ += slice.bytes.size();
  slices_.emplace_back(std::move(slice));
}

void Body::append(FileRange range) {
  ORIEL_CHECK(!stream_);
  if (range.length_bytes == 0) return;
  slices_bytes_ += range.length_bytes;
  slices_.emplace_back(std::move(range));
}

std::optional<std::uint64_t> Body::size_bytes() const {
  return stream_ ? stream_->total_bytes : std::optional(slices_bytes_);
}

Response Response::empty(int status) {
  Response response;
  response.status = status;
  return response;
}

Response Response::text(std::string text, std::string_view content_type, int status) {
  Response response;
  response.status = status;
  response.headers.add("Content-Type", content_type);
  response.body = Body::of(std::move(text));
  return response;
}

Response Response::bytes(SharedBytes bytes, std::string_view content_type) {
  Response response;
  response.headers.add("Content-Type", content_type);
  response.body = Body::of(std::move(bytes));
  return response;
}

Response Response::json(const boost::json::value& value, int status) {
  return text(boost::json::serialize(value), "application/json", status);
}

Response Response::events(StreamSource source) {
  Response response;
  response.headers.add("Content-Type", "text/event-stream");
  response.headers.add("Cache-Control", "no-store");
  // nginx would hold events back otherwise.
  response.headers.add("X-Accel-Buffering", "no");
  response.body = Body::of(Stream{std::move(source), std::nullopt, true});
  return response;
}

Result<boost::json::value> parse_json_body(const Request& request) {
  const auto type = request.header("content-type").value_or("application/json");
  auto media_type = type.substr(0, type.find(';'));
  while (!media_type.empty() && media_type.back() == ' ') media_type.remove_suffix(1);
  const bool is_json = equals_ignoring_case(media_type, "application/json") ||
                       (media_type.size() > 5 &&
                        equals_ignoring_case(media_type.substr(media_type.size() - 5), "+json"));
  if (!is_json) return fail(ErrorKind::unsupported, "the body must be application/json");
  boost::json::parse_options options;
  options.max_depth = 32;
  boost::system::error_code error;
  auto value = boost::json::parse(request.body, error, {}, options);
  if (error) return fail(ErrorKind::invalid, "the body is not JSON: " + error.message());
  return value;
}

}  // namespace oriel::http
