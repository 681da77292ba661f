// Preconditions and ranges (RFC 9110 sections 13 and 14): pure functions, and one that applies
// them.
#pragma once
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "base/time.h"
#include "http/message.h"

namespace oriel::http {

// Weak comparison of `etag` (with its quotes) with a list of If-None-Match; "*" matches any.
bool etag_matches_weak(std::string_view list, std::string_view etag);
// Strong comparison with a list of If-Match: a weak tag never matches.
bool etag_matches_strong(std::string_view list, std::string_view etag);

// "Fri, 20 Nov 2026 08:00:00 GMT".
std::string format_http_date(UtcTime time);
// The fixed format only; nullopt for anything else (the obsolete ones count as absent).
std::optional<UtcTime> parse_http_date(std::string_view text);

struct ByteSpan {
  std::uint64_t begin = 0;  // inclusive
  std::uint64_t end = 0;    // exclusive
  auto operator<=>(const ByteSpan&) const = default;
};

enum class RangeKind { whole, part, unsatisfiable };
struct RangeChoice {
  RangeKind kind = RangeKind::whole;
  ByteSpan span;  // for part
};
// One range of bytes: "bytes=0-99", "bytes=100-", "bytes=-5". Several ranges, another unit or a
// malformed field give the whole, as RFC 9110 section 14.2 allows.
RangeChoice choose_range(std::string_view field, std::uint64_t total_bytes);

struct Representation {
  std::string content_type;
  std::uint64_t total_bytes = 0;
  std::string etag;                 // with quotes; empty: none
  std::optional<UtcTime> modified;  // whole seconds count
};

enum class Precondition { proceed, not_modified, failed };
// If-Match, If-None-Match, If-Modified-Since, If-Unmodified-Since in the order of section 13.2.2.
Precondition check_preconditions(const Request& request, const Representation& representation);

// Gives the body of [begin, end). Called at most once, not for HEAD, 304, 412 or 416.
using SliceProducer = std::function<Result<Body>(ByteSpan)>;

// 200, 206, 304, 412 or 416 with ETag, Last-Modified, Accept-Ranges and Content-Range as they
// belong. An error of the producer becomes its problem. Add Cache-Control to what comes back.
Response respond_with_range(const Request& request, const Representation& representation,
                            const SliceProducer& producer);

}  // namespace oriel::http
