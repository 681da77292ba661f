// Requests and answers as endpoints see them. Nothing of Beast is visible here.
#pragma once
#include <any>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include <boost/asio/awaitable.hpp>

#include "base/bytes.h"
#include "base/json.h"
#include "base/result.h"

namespace oriel::http {

template <class T>
using Awaitable = boost::asio::awaitable<T>;

enum class Method { get, head, post, put, patch, delete_, options };
inline constexpr std::size_t kMethodCount = 7;

// "GET", "DELETE" and so on.
std::string_view to_string(Method method);
std::optional<Method> parse_method(std::string_view name);

// ASCII case is ignored, as in field names (RFC 9110 section 5.1).
bool equals_ignoring_case(std::string_view a, std::string_view b);

// Header fields in the order they were added; looked up without regard to case. All text lives in
// one string, so that a connection reuses it from request to request.
class Headers {
 public:
  // Control characters in a name or value become spaces: no answer can be split by its content.
  void add(std::string_view name, std::string_view value);
  // Takes the place of every field of that name.
  void set(std::string_view name, std::string_view value);
  void remove(std::string_view name);
  // The first field of that name. Borrowed: valid until the next change.
  std::optional<std::string_view> find(std::string_view name) const;
  // All fields of that name joined by ", ".
  std::string joined(std::string_view name) const;
  std::size_t count() const { return fields_.size(); }
  std::size_t count(std::string_view name) const;
  std::pair<std::string_view, std::string_view> at(std::size_t index) const;
  void clear();

 private:
  struct Field {
    std::uint32_t name_offset;
    std::uint32_t name_length;
    std::uint32_t value_length;  // follows the name
  };
  std::string text_;
  std::vector<Field> fields_;
};

// The decoded query, in order; "+" is a space. At most kQueryItemsMax items.
class Query {
 public:
  // Error `invalid`: a bad escape, a NUL, or too many items.
  static Result<Query> parse(std::string_view text);
  std::optional<std::string_view> first(std::string_view name) const;
  std::vector<std::string_view> all(std::string_view name) const;
  const std::vector<std::pair<std::string, std::string>>& items() const { return items_; }

 private:
  std::vector<std::pair<std::string, std::string>> items_;
};
inline constexpr std::size_t kQueryItemsMax = 256;
inline constexpr std::size_t kPathSegmentsMax = 64;

// A path, decoded, with the places of its segments (an escaped slash stays inside its segment).
struct Path {
  std::string text;                                               // "/live/lake/index.m3u8"
  std::vector<std::pair<std::uint32_t, std::uint32_t>> segments;  // offset and length in text
  std::string_view segment(std::size_t index) const {
    return std::string_view(text).substr(segments[index].first, segments[index].second);
  }
  // Error `invalid`: not starting with '/', a "." or ".." segment (also behind escapes), a
  // backslash, a control character, a bad escape, more than kPathSegmentsMax segments.
  static Result<Path> parse(std::string_view encoded);
};

struct Operation;

struct Request {
  Method method = Method::get;
  std::string target;  // as it came: path and query, not decoded
  Path path;
  Query query;
  Headers headers;
  std::string body;          // whole, at most the route's bound
  std::string peer_address;  // "203.0.113.7", without port; the client's own behind a trusted proxy
  bool secure = false;       // came over TLS, or a trusted proxy says so
  // Named parts of the route's pattern, decoded. The names live as long as the router.
  std::vector<std::pair<std::string_view, std::string>> parameters;
  // Who the caller is; set by the router's `before`. The server never looks inside.
  std::any identity;

  std::optional<std::string_view> header(std::string_view name) const { return headers.find(name); }
  // Empty when the pattern has no such parameter.
  std::string_view parameter(std::string_view name) const;
  // Value of a cookie; the first of that name.
  std::optional<std::string_view> cookie(std::string_view name) const;
  // Null when there is no identity or it is of another type.
  template <class T>
  const T* identity_as() const {
    return std::any_cast<T>(&identity);
  }
};

// Bytes in memory, held by `owner` until they are sent; never copied on the way to the socket (TLS
// apart, which encrypts).
struct MemorySlice {
  std::shared_ptr<const void> owner;
  ByteView bytes;

  static MemorySlice of(SharedBytes shared);
  // [offset, offset + length) must lie within the bytes (checked).
  static MemorySlice of(SharedBytes shared, std::size_t offset, std::size_t length);
  static MemorySlice of(std::string text);
};

// A stretch of a file, sent by sendfile. `owner` keeps the descriptor open; it must allow pread.
// Bytes that are not in the page cache are first read on the offload pool. A file that turns out
// shorter ends the connection.
struct FileRange {
  std::shared_ptr<const void> owner;
  int descriptor = -1;
  std::uint64_t offset_bytes = 0;
  std::uint64_t length_bytes = 0;
  bool in_memory = false;  // a memfd: never read ahead
};

// Opens `path` for reading, whole. Blocks: call on the offload pool. Errors as errno_error.
Result<FileRange> open_file_range(const std::string& path);

// Gives the next bytes of a body, nullopt at its end. An error ends the connection, so that the
// client does not take half for the whole. Called on the connection's thread, one call at a time;
// destroyed when the client has gone.
using StreamSource = std::function<Awaitable<Result<std::optional<SharedBytes>>>()>;

struct Stream {
  StreamSource next;
  // When known it is sent as Content-Length and must be met; otherwise the body is chunked.
  std::optional<std::uint64_t> total_bytes;
  // Never ends by itself (server-sent events): stopping the server does not wait for it.
  bool endless = false;
};

using Slice = std::variant<MemorySlice, FileRange>;

// What is sent after the header: slices in order, or one stream.
class Body {
 public:
  Body() = default;
  static Body of(std::string text);
  static Body of(SharedBytes bytes);
  static Body of(FileRange range);
  static Body of(Stream stream);
  // Not for a body that is a stream (checked). An empty slice is left out.
  void append(MemorySlice slice);
  void append(FileRange range);
  bool is_stream() const { return stream_.has_value(); }
  const std::vector<Slice>& slices() const { return slices_; }
  Stream& stream() { return *stream_; }
  // Nullopt for a stream of unknown length.
  std::optional<std::uint64_t> size_bytes() const;

 private:
  std::vector<Slice> slices_;
  std::optional<Stream> stream_;
  std::uint64_t slices_bytes_ = 0;
};

// Content-Length, Transfer-Encoding, Connection, Date and the security headers are the server's.
struct Response {
  int status = 200;
  Headers headers;
  Body body;

  static Response empty(int status = 204);
  static Response text(std::string text,
                       std::string_view content_type = "text/plain; charset=utf-8",
                       int status = 200);
  static Response bytes(SharedBytes bytes, std::string_view content_type);
  static Response json(const boost::json::value& value, int status = 200);
  // text/event-stream, no-store, endless.
  static Response events(StreamSource source);
  // A described struct (base/json.h) as JSON.
  template <class T>
  static Response of(const T& value, int status = 200) {
    return json(to_json(value), status);
  }
};

// The described struct in a request's JSON body. Errors: invalid (not JSON, nested deeper than 32,
// or not of T's shape), unsupported (a Content-Type that is not JSON).
Result<boost::json::value> parse_json_body(const Request& request);
template <class T>
Result<T> body_as(const Request& request) {
  auto value = parse_json_body(request);
  if (!value) return fail(std::move(value).error());
  return from_json<T>(*value);
}

}  // namespace oriel::http
