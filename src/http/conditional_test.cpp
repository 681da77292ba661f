#include "http/conditional.h"

#include <gtest/gtest.h>

namespace oriel::http {
namespace {

RangeChoice part(std::uint64_t begin, std::uint64_t end) { return {RangeKind::part, {begin, end}}; }

void expect_choice(std::string_view field, std::uint64_t total, RangeChoice expected) {
  const RangeChoice choice = choose_range(field, total);
  EXPECT_EQ(choice.kind, expected.kind) << field;
  if (choice.kind == RangeKind::part) EXPECT_EQ(choice.span, expected.span) << field;
}

TEST(Range, gives_the_bytes_that_were_asked_for) {
  expect_choice("bytes=0-0", 100, part(0, 1));
  expect_choice("bytes=10-19", 100, part(10, 20));
  expect_choice("bytes=10-", 100, part(10, 100));
  expect_choice("bytes=10-1000", 100, part(10, 100));
  expect_choice("bytes=-5", 100, part(95, 100));
  expect_choice("bytes=-500", 100, part(0, 100));
  expect_choice("Bytes=1-2", 100, part(1, 3));
  expect_choice("bytes=0-99999999999999999999999", 100, part(0, 100));
}

TEST(Range, outside_is_unsatisfiable) {
  for (const auto* field :
       {"bytes=100-", "bytes=100-200", "bytes=-0", "bytes=99999999999999999999-"})
    expect_choice(field, 100, {RangeKind::unsatisfiable, {}});
  expect_choice("bytes=-5", 0, {RangeKind::unsatisfiable, {}});
  expect_choice("bytes=0-", 0, {RangeKind::unsatisfiable, {}});
}

TEST(Range, what_is_not_understood_gives_the_whole) {
  for (const auto* field : {"", "bytes", "bytes=", "bytes=-", "bytes=5-2", "bytes=a-b", "lines=1-2",
                            "bytes=0-1,5-6", "bytes=+1-2", "bytes=1-2x", "bytes=--5"})
    expect_choice(field, 100, {RangeKind::whole, {0, 100}});
}

TEST(Etag, weak_and_strong_comparison_differ) {
  EXPECT_TRUE(etag_matches_weak("\"a\", W/\"b\"", "\"b\""));
  EXPECT_FALSE(etag_matches_strong("\"a\", W/\"b\"", "\"b\""));
  EXPECT_TRUE(etag_matches_strong("\"a\",\"b\"", "\"b\""));
  EXPECT_FALSE(etag_matches_strong("\"a\"", "W/\"a\""));
  EXPECT_TRUE(etag_matches_weak("*", "\"x\""));
  EXPECT_TRUE(etag_matches_weak("\"a,b\"", "\"a,b\""));
  for (const auto* list : {"", "a", "\"a", "\"b\" \"a\"", ","})
    EXPECT_FALSE(etag_matches_weak(list, "\"a\"")) << list;
}

TEST(HttpDate, is_written_and_read) {
  const UtcTime time{1'795'160'696'000'000};
  EXPECT_EQ(parse_http_date(format_http_date(time)), time);
  EXPECT_EQ(format_http_date(UtcTime{0}), "Thu, 01 Jan 1970 00:00:00 GMT");
  for (const auto* text : {"", "Thu, 01 Jan 1970 00:00:00", "Thu, 01 Foo 1970 00:00:00 GMT",
                           "Thu, 00 Jan 1970 00:00:00 GMT", "Thu, -1 Jan 1970 00:00:00 GMT"})
    EXPECT_EQ(parse_http_date(text), std::nullopt) << text;
}

struct Asked {
  Request request;
  Representation representation{"video/mp4", 10, "\"v1\"", UtcTime{1'000'000'000'000'000}};
  int produced = 0;
  Response respond() {
    return respond_with_range(request, representation, [&](ByteSpan span) -> Result<Body> {
      ++produced;
      return Body::of(std::string("0123456789").substr(span.begin, span.end - span.begin));
    });
  }
};

TEST(RespondWithRange, whole_and_part) {
  Asked asked;
  Response response = asked.respond();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.headers.find("accept-ranges"), "bytes");
  EXPECT_EQ(response.headers.find("etag"), "\"v1\"");
  EXPECT_EQ(response.body.size_bytes(), 10u);
  asked.request.headers.set("Range", "bytes=2-4");
  response = asked.respond();
  EXPECT_EQ(response.status, 206);
  EXPECT_EQ(response.headers.find("content-range"), "bytes 2-4/10");
  EXPECT_EQ(response.body.size_bytes(), 3u);
}

TEST(RespondWithRange, unsatisfiable_names_the_size) {
  Asked asked;
  asked.request.headers.set("Range", "bytes=10-");
  const Response response = asked.respond();
  EXPECT_EQ(response.status, 416);
  EXPECT_EQ(response.headers.find("content-range"), "bytes */10");
  EXPECT_EQ(asked.produced, 0);
}

TEST(RespondWithRange, if_range_that_does_not_hold_gives_the_whole) {
  Asked asked;
  asked.request.headers.set("Range", "bytes=2-4");
  asked.request.headers.set("If-Range", "\"v1\"");
  EXPECT_EQ(asked.respond().status, 206);
  asked.request.headers.set("If-Range", "\"v0\"");
  EXPECT_EQ(asked.respond().status, 200);
  asked.request.headers.set("If-Range", "W/\"v1\"");
  EXPECT_EQ(asked.respond().status, 200);
  asked.request.headers.set("If-Range", format_http_date(*asked.representation.modified));
  EXPECT_EQ(asked.respond().status, 206);
}

TEST(RespondWithRange, not_modified_has_precedence_over_range) {
  Asked asked;
  asked.request.headers.set("Range", "bytes=2-4");
  asked.request.headers.set("If-None-Match", "\"v0\", \"v1\"");
  const Response response = asked.respond();
  EXPECT_EQ(response.status, 304);
  EXPECT_EQ(response.headers.find("etag"), "\"v1\"");
  EXPECT_EQ(asked.produced, 0);
}

TEST(RespondWithRange, dates_count_only_without_tags) {
  Asked asked;
  asked.request.headers.set("If-Modified-Since", format_http_date(*asked.representation.modified));
  EXPECT_EQ(asked.respond().status, 304);
  asked.request.headers.set("If-None-Match", "\"v0\"");
  EXPECT_EQ(asked.respond().status, 200);
}

TEST(RespondWithRange, failed_precondition) {
  Asked asked;
  asked.request.headers.set("If-Match", "\"v0\"");
  EXPECT_EQ(asked.respond().status, 412);
  asked.request.headers.set("If-Match", "*");
  EXPECT_EQ(asked.respond().status, 200);
}

TEST(RespondWithRange, head_tells_the_length_without_reading) {
  Asked asked;
  asked.request.method = Method::head;
  asked.request.headers.set("Range", "bytes=2-4");
  const Response response = asked.respond();
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body.size_bytes(), 10u);
  EXPECT_EQ(asked.produced, 0);
}

}  // namespace
}  // namespace oriel::http
