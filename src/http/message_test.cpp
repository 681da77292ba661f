#include "http/message.h"

#include <gtest/gtest.h>

namespace oriel::http {
namespace {

std::vector<std::string> segments_of(std::string_view text) {
  const auto path = Path::parse(text);
  std::vector<std::string> out;
  if (!path) return {"invalid"};
  for (std::size_t i = 0; i < path->segments.size(); ++i) out.emplace_back(path->segment(i));
  return out;
}

TEST(Path, is_split_and_decoded) {
  EXPECT_EQ(segments_of("/live/lake/index.m3u8"),
            (std::vector<std::string>{"live", "lake", "index.m3u8"}));
  EXPECT_EQ(segments_of("/a%20b/%E6%B9%96"), (std::vector<std::string>{"a b", "湖"}));
  EXPECT_EQ(segments_of("/"), (std::vector<std::string>{""}));
}

TEST(Path, keeps_an_escaped_slash_inside_its_segment) {
  EXPECT_EQ(segments_of("/iiif/a%2Fb/info.json"),
            (std::vector<std::string>{"iiif", "a/b", "info.json"}));
}

TEST(Path, refuses_parents_however_they_are_written) {
  for (const auto* text : {"/..", "/a/../b", "/a/%2e%2E/b", "/a/..%2Fb", "/a%2F..%2Fb", "/./a",
                           "/a/.", "/a\\..\\b", "/a%5c..%5cb"})
    EXPECT_FALSE(Path::parse(text)) << text;
  EXPECT_TRUE(Path::parse("/a/..b/c..")) << "dots in a name are not a parent";
}

TEST(Path, refuses_nul_controls_and_bad_escapes) {
  for (const auto* text : {"/a%00", "/a%0a", "/a%", "/a%4", "/a%zz", "a", "", "/a%7f"})
    EXPECT_FALSE(Path::parse(text)) << text;
  EXPECT_FALSE(Path::parse("/" + std::string(200, '/')));
}

TEST(Query, is_decoded_in_order) {
  const auto query = Query::parse("a=1&b=x+y&a=%E6%B9%96&flag&=&c==");
  ASSERT_TRUE(query);
  EXPECT_EQ(query->first("a"), "1");
  EXPECT_EQ(query->all("a"), (std::vector<std::string_view>{"1", "湖"}));
  EXPECT_EQ(query->first("b"), "x y");
  EXPECT_EQ(query->first("flag"), "");
  EXPECT_EQ(query->first("c"), "=");
  EXPECT_EQ(query->first("absent"), std::nullopt);
}

TEST(Query, refuses_bad_escapes_nul_and_too_many) {
  EXPECT_FALSE(Query::parse("a=%"));
  EXPECT_FALSE(Query::parse("a=%00"));
  std::string many;
  for (std::size_t i = 0; i <= kQueryItemsMax; ++i) many += "a=1&";
  EXPECT_FALSE(Query::parse(many));
}

TEST(Headers, are_found_without_regard_to_case) {
  Headers headers;
  headers.add("Content-Type", "text/plain");
  headers.add("accept", "a");
  headers.add("Accept", "b");
  EXPECT_EQ(headers.find("content-type"), "text/plain");
  EXPECT_EQ(headers.joined("ACCEPT"), "a, b");
  headers.set("Accept", "c");
  EXPECT_EQ(headers.joined("accept"), "c");
  headers.remove("accept");
  EXPECT_EQ(headers.find("accept"), std::nullopt);
}

TEST(Headers, cannot_split_an_answer) {
  Headers headers;
  headers.add("Location", "/a\r\nSet-Cookie: x=1");
  EXPECT_EQ(headers.find("location"), "/a  Set-Cookie: x=1");
}

TEST(Request, finds_cookies_among_several) {
  Request request;
  request.headers.add("Cookie", "theme=dark; session=abc=; x=");
  EXPECT_EQ(request.cookie("session"), "abc=");
  EXPECT_EQ(request.cookie("theme"), "dark");
  EXPECT_EQ(request.cookie("x"), "");
  EXPECT_EQ(request.cookie("sess"), std::nullopt);
}

TEST(JsonBody, must_be_json_and_shallow) {
  Request request;
  request.body = R"({"a":1})";
  EXPECT_TRUE(parse_json_body(request));
  request.body = std::string(100, '[');
  EXPECT_FALSE(parse_json_body(request));
  request.body = "{}";
  request.headers.set("Content-Type", "application/json; charset=utf-8");
  EXPECT_TRUE(parse_json_body(request));
  // What a form of another site can send without asking is not taken for JSON.
  request.headers.set("Content-Type", "text/plain");
  ASSERT_FALSE(parse_json_body(request));
  EXPECT_EQ(parse_json_body(request).error().kind, ErrorKind::unsupported);
}

}  // namespace
}  // namespace oriel::http
