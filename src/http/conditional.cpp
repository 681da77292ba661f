#include "http/conditional.h"

#include <charconv>
#include <cstdio>
#include <ctime>

#include "http/problem.h"

namespace oriel::http {
namespace {

constexpr std::array<std::string_view, 7> kDays = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                      "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

std::string_view trim(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  return text;
}

struct Tag {
  bool weak = false;
  std::string_view opaque;  // with its quotes
};

// Takes one entity tag off the front of `list`; nullopt when it is malformed.
std::optional<Tag> take_tag(std::string_view& list) {
  Tag tag;
  if (list.substr(0, 2) == "W/") {
    tag.weak = true;
    list.remove_prefix(2);
  }
  if (list.empty() || list[0] != '"') return std::nullopt;
  const auto close = list.find('"', 1);
  if (close == std::string_view::npos) return std::nullopt;
  tag.opaque = list.substr(0, close + 1);
  list.remove_prefix(close + 1);
  return tag;
}

bool list_matches(std::string_view list, std::string_view etag, bool strong) {
  if (etag.empty()) return false;
  list = trim(list);
  if (list == "*") return true;
  std::string_view rest = etag;
  const auto own = take_tag(rest);
  if (!own || (strong && own->weak)) return false;
  while (!list.empty()) {
    const auto tag = take_tag(list);
    if (!tag) return false;
    if (tag->opaque == own->opaque && !(strong && tag->weak)) return true;
    list = trim(list);
    if (!list.empty() && list.front() != ',') return false;
    while (!list.empty() && (list.front() == ',' || list.front() == ' ')) list.remove_prefix(1);
  }
  return false;
}

std::optional<std::uint64_t> parse_number(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (text.empty() || end != text.data() + text.size()) return std::nullopt;
  if (error == std::errc::result_out_of_range) return std::nullopt;
  if (error != std::errc()) return std::nullopt;
  return value;
}

// A run of digits too long for 64 bits still names a position: one past everything.
std::optional<std::uint64_t> parse_position(std::string_view text) {
  if (text.empty()) return std::nullopt;
  for (const char c : text)
    if (c < '0' || c > '9') return std::nullopt;
  const auto value = parse_number(text);
  return value ? value : std::optional(UINT64_MAX);
}

std::int64_t whole_seconds(UtcTime time) { return time.us / 1'000'000; }

bool if_range_holds(const Request& request, const Representation& representation) {
  const auto field = request.header("if-range");
  if (!field) return true;
  const auto value = trim(*field);
  if (!value.empty() && (value.front() == '"' || value.substr(0, 2) == "W/"))
    return etag_matches_strong(value, representation.etag);
  const auto date = parse_http_date(value);
  return date && representation.modified &&
         whole_seconds(*date) == whole_seconds(*representation.modified);
}

}  // namespace

bool etag_matches_weak(std::string_view list, std::string_view etag) {
  return list_matches(list, etag, false);
}

bool etag_matches_strong(std::string_view list, std::string_view etag) {
  return list_matches(list, etag, true);
}

std::string format_http_date(UtcTime time) {
  const std::time_t seconds = whole_seconds(time);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 64> text{};
  const int length =
      std::snprintf(text.data(), text.size(), "%s, %02d %s %04d %02d:%02d:%02d GMT",
                    kDays[static_cast<std::size_t>(parts.tm_wday)].data(), parts.tm_mday,
                    kMonths[static_cast<std::size_t>(parts.tm_mon)].data(), parts.tm_year + 1900,
                    parts.tm_hour, parts.tm_min, parts.tm_sec);
  return std::string(text.data(), static_cast<std::size_t>(length));
}

std::optional<UtcTime> parse_http_date(std::string_view text) {
  // "Fri, 20 Nov 2026 08:00:00 GMT": every part has its place.
  if (text.size() != 29 || text.substr(3, 2) != ", " || text.substr(25) != " GMT" ||
      text[7] != ' ' || text[11] != ' ' || text[16] != ' ' || text[19] != ':' || text[22] != ':')
    return std::nullopt;
  const auto number = [&](std::size_t offset, std::size_t length) {
    return parse_position(text.substr(offset, length));
  };
  const auto day = number(5, 2);
  const auto year = number(12, 4);
  const auto hour = number(17, 2);
  const auto minute = number(20, 2);
  const auto second = number(23, 2);
  const auto month = std::find(kMonths.begin(), kMonths.end(), text.substr(8, 3));
  if (!day || !year || !hour || !minute || !second || month == kMonths.end()) return std::nullopt;
  if (*day < 1 || *day > 31 || *year < 1970 || *hour > 23 || *minute > 59 || *second > 60)
    return std::nullopt;
  std::tm parts{};
  parts.tm_year = static_cast<int>(*year) - 1900;
  parts.tm_mon = static_cast<int>(month - kMonths.begin());
  parts.tm_mday = static_cast<int>(*day);
  parts.tm_hour = static_cast<int>(*hour);
  parts.tm_min = static_cast<int>(*minute);
  parts.tm_sec = static_cast<int>(*second);
  return UtcTime{static_cast<std::int64_t>(::timegm(&parts)) * 1'000'000};
}

RangeChoice choose_range(std::string_view field, std::uint64_t total_bytes) {
  const RangeChoice whole{RangeKind::whole, {0, total_bytes}};
  constexpr std::string_view kUnit = "bytes=";
  if (!equals_ignoring_case(field.substr(0, kUnit.size()), kUnit)) return whole;
  const auto spec = trim(field.substr(kUnit.size()));
  const auto dash = spec.find('-');
  if (dash == std::string_view::npos || spec.find(',') != std::string_view::npos) return whole;
  const auto first = trim(spec.substr(0, dash));
  const auto last = trim(spec.substr(dash + 1));
  if (first.empty()) {
    const auto suffix = parse_position(last);
    if (!suffix) return whole;
    if (*suffix == 0 || total_bytes == 0) return {RangeKind::unsatisfiable, {}};
    return {RangeKind::part, {total_bytes - std::min(*suffix, total_bytes), total_bytes}};
  }
  const auto begin = parse_position(first);
  if (!begin) return whole;
  std::uint64_t end = total_bytes;
  if (!last.empty()) {
    const auto inclusive = parse_position(last);
    if (!inclusive || *inclusive < *begin) return whole;
    end = *inclusive >= total_bytes ? total_bytes : *inclusive + 1;
  }
  if (*begin >= total_bytes) return {RangeKind::unsatisfiable, {}};
  return {RangeKind::part, {*begin, end}};
}

Precondition check_preconditions(const Request& request, const Representation& representation) {
  const auto& headers = request.headers;
  if (headers.find("if-match")) {
    if (!etag_matches_strong(headers.joined("if-match"), representation.etag))
      return Precondition::failed;
  } else if (const auto field = headers.find("if-unmodified-since")) {
    const auto date = parse_http_date(trim(*field));
    if (date && representation.modified &&
        whole_seconds(*representation.modified) > whole_seconds(*date))
      return Precondition::failed;
  }
  const bool reading = request.method == Method::get || request.method == Method::head;
  if (headers.find("if-none-match")) {
    if (etag_matches_weak(headers.joined("if-none-match"), representation.etag))
      return reading ? Precondition::not_modified : Precondition::failed;
  } else if (const auto field = headers.find("if-modified-since"); field && reading) {
    const auto date = parse_http_date(trim(*field));
    if (date && representation.modified &&
        whole_seconds(*representation.modified) <= whole_seconds(*date))
      return Precondition::not_modified;
  }
  return Precondition::proceed;
}

Response respond_with_range(const Request& request, const Representation& representation,
                            const SliceProducer& producer) {
  const auto describe = [&](Response& response) {
    if (!representation.etag.empty()) response.headers.set("ETag", representation.etag);
    if (representation.modified)
      response.headers.set("Last-Modified", format_http_date(*representation.modified));
    response.headers.set("Accept-Ranges", "bytes");
  };
  const std::string total = std::to_string(representation.total_bytes);
  switch (check_preconditions(request, representation)) {
    case Precondition::not_modified: {
      Response response = Response::empty(304);
      describe(response);
      return response;
    }
    case Precondition::failed:
      return problem(412, "the resource is not the one that was meant");
    case Precondition::proceed:
      break;
  }
  RangeChoice choice{RangeKind::whole, {0, representation.total_bytes}};
  // A range is defined for GET only (RFC 9110 section 14.2); HEAD shows the headers of the whole.
  const auto range = request.header("range");
  if (range && request.method == Method::get && request.headers.count("range") == 1 &&
      if_range_holds(request, representation))
    choice = choose_range(*range, representation.total_bytes);
  if (choice.kind == RangeKind::unsatisfiable) {
    Response response = problem(416, "the range lies outside the resource");
    response.headers.set("Content-Range", "bytes */" + total);
    response.headers.set("Accept-Ranges", "bytes");
    return response;
  }
  Response response;
  response.headers.set("Content-Type", representation.content_type);
  describe(response);
  if (choice.kind == RangeKind::part) {
    response.status = 206;
    response.headers.set("Content-Range", "bytes " + std::to_string(choice.span.begin) + "-" +
                                              std::to_string(choice.span.end - 1) + "/" + total);
  }
  if (request.method == Method::head) {
    // The length is told, the bytes are never asked for.
    response.body = Body::of(Stream{{}, representation.total_bytes, false});
    return response;
  }
  auto body = producer(choice.span);
  if (!body) return problem(body.error());
  response.body = std::move(*body);
  return response;
}

}  // namespace oriel::http
