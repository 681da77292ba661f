#include "demo/rtsp_message.h"

#include <gtest/gtest.h>

namespace oriel::demo {
namespace {

constexpr std::string_view kDescribe =
    "DESCRIBE rtsp://127.0.0.1:8554/eling-lake RTSP/1.0\r\nCSeq: 2\r\nAccept: application/sdp\r\n"
    "\r\n";

TEST(RtspMessage, a_request_is_read_only_when_it_is_whole) {
  for (std::size_t size = 0; size < kDescribe.size(); ++size) {
    const auto parsed = parse_rtsp_request(kDescribe.substr(0, size));
    ASSERT_TRUE(parsed) << size;
    EXPECT_FALSE(*parsed) << size;
  }
  const auto parsed = parse_rtsp_request(std::string(kDescribe) + "OPTIONS");
  ASSERT_TRUE(parsed && *parsed);
  EXPECT_EQ((*parsed)->consumed_bytes, kDescribe.size());
  EXPECT_EQ((*parsed)->request.method, "DESCRIBE");
  EXPECT_EQ((*parsed)->request.header("cseq"), "2");
  EXPECT_EQ(rtsp_path((*parsed)->request.url), "eling-lake");
}

TEST(RtspMessage, a_body_belongs_to_its_request) {
  const std::string text = "GET_PARAMETER * RTSP/1.0\r\nContent-Length: 4\r\n\r\nping";
  EXPECT_FALSE(*parse_rtsp_request(text.substr(0, text.size() - 1)));
  EXPECT_EQ((*parse_rtsp_request(text))->consumed_bytes, text.size());
}

TEST(RtspMessage, what_is_too_large_or_not_rtsp_is_refused) {
  EXPECT_FALSE(parse_rtsp_request(std::string(kRtspHeadBytesMax, 'a')));
  EXPECT_FALSE(parse_rtsp_request("GET / HTTP/1.1\r\n\r\n"));
  EXPECT_FALSE(parse_rtsp_request("get x RTSP/1.0\r\n\r\n"));
  EXPECT_FALSE(parse_rtsp_request("PLAY x RTSP/1.0\r\nno colon\r\n\r\n"));
  EXPECT_FALSE(parse_rtsp_request("PLAY x RTSP/1.0\r\nContent-Length: 99999\r\n\r\n"));
  EXPECT_FALSE(parse_rtsp_request("PLAY x RTSP/1.0\r\nContent-Length: -1\r\n\r\n"));
  std::string many = "PLAY x RTSP/1.0\r\n";
  for (std::size_t i = 0; i <= kRtspHeadersMax; ++i) many += "A: b\r\n";
  EXPECT_FALSE(parse_rtsp_request(many + "\r\n"));
}

TEST(RtspMessage, paths_are_the_same_with_and_without_slashes_and_queries) {
  EXPECT_EQ(rtsp_path("rtsp://h:1/a/sub/?x=1"), "a/sub");
  EXPECT_EQ(rtsp_path("rtsp://h"), "");
  EXPECT_EQ(rtsp_path("*"), "");
  EXPECT_EQ(rtsp_path("/a/track1"), "a/track1");
}

TEST(RtspMessage, the_first_transport_that_can_be_served_is_taken) {
  const auto udp = parse_transport("RTP/AVP;multicast,RTP/AVP;unicast;client_port=5000-5001");
  ASSERT_TRUE(udp);
  EXPECT_EQ(udp->kind, TransportKind::udp);
  EXPECT_EQ(udp->client_port, 5000);
  const auto tcp = parse_transport("RTP/SAVP;unicast,RTP/AVP/TCP;unicast;interleaved=4-5");
  ASSERT_TRUE(tcp);
  EXPECT_EQ(tcp->kind, TransportKind::tcp_interleaved);
  EXPECT_EQ(tcp->interleaved, 4);
  EXPECT_FALSE(parse_transport("RTP/AVP;unicast"));
  EXPECT_FALSE(parse_transport("RTP/AVP;unicast;client_port=0-1"));
  EXPECT_FALSE(parse_transport("RTP/AVP/TCP;interleaved=999"));
  EXPECT_FALSE(parse_transport(""));
}

RtspRequest request_with(std::string authorization) {
  RtspRequest request;
  request.method = "DESCRIBE";
  request.url = "rtsp://h/a";
  request.headers.emplace_back("authorization", std::move(authorization));
  return request;
}

TEST(RtspMessage, basic_authentication_wants_the_very_password) {
  const RtspCredentials credentials{RtspAuth::basic, "user", Secret("pass")};
  EXPECT_TRUE(is_authorized(request_with("Basic dXNlcjpwYXNz"), credentials, ""));
  EXPECT_FALSE(is_authorized(request_with("Basic dXNlcjpwYXN0"), credentials, ""));
  EXPECT_FALSE(is_authorized(request_with("Basic !!!"), credentials, ""));
  EXPECT_FALSE(is_authorized(request_with("Digest username=\"user\""), credentials, ""));
  EXPECT_FALSE(is_authorized(RtspRequest{}, credentials, ""));
}

// Values worked out with md5sum by the formula of RFC 2617 section 3.2.2.
TEST(RtspMessage, digest_authentication_binds_method_path_and_nonce) {
  const RtspCredentials credentials{RtspAuth::digest, "u", Secret("p")};
  const auto header = [](std::string_view response, std::string_view uri = "rtsp://h/a") {
    return "Digest username=\"u\", realm=\"oriel camera\", nonce=\"n\", uri=\"" + std::string(uri) +
           "\", response=\"" + std::string(response) + "\"";
  };
  const std::string good = "e9812c16f6379e066bc8550562c6b398";
  EXPECT_TRUE(is_authorized(request_with(header(good)), credentials, "n"));
  EXPECT_FALSE(is_authorized(request_with(header(good)), credentials, "other nonce"));
  EXPECT_FALSE(is_authorized(request_with(header(good, "rtsp://h/b")), credentials, "n"));
  RtspRequest other = request_with(header(good));
  other.method = "SETUP";
  EXPECT_FALSE(is_authorized(other, credentials, "n"));
  EXPECT_FALSE(is_authorized(request_with("Digest username=\"u"), credentials, "n"));
}

}  // namespace
}  // namespace oriel::demo
