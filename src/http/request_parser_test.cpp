#include "http/request_parser.h"

#include <string>
#include <string_view>

#include <boost/beast/http/error.hpp>
#include <gtest/gtest.h>

namespace oriel::http {
namespace {

// The body of a request that comes one byte at a time; "!" when the parser refuses it.
std::string body_of_single_bytes(std::string_view bytes) {
  Request request;
  RequestParser parser(request, 4096);
  std::string buffer;
  for (const char byte : bytes) {
    buffer.push_back(byte);
    boost::system::error_code error;
    while (!error && !buffer.empty() && !parser.is_done()) {
      buffer.erase(0, parser.put(boost::asio::buffer(buffer), error));
      if (parser.is_header_done()) parser.set_body_bytes_max(1000);
    }
    if (error && error != boost::beast::http::error::need_more) return "!";
  }
  return parser.is_done() && buffer.empty() ? request.body : "!";
}

TEST(RequestParser, a_chunked_body_may_come_byte_by_byte) {
  const std::string head = "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n";
  EXPECT_EQ(body_of_single_bytes(head + "0\r\n\r\n"), "");
  EXPECT_EQ(body_of_single_bytes(head + "0\r\nTrailer: x\r\n\r\n"), "");
  EXPECT_EQ(body_of_single_bytes(head + "3\r\nabc\r\n1;a=b\r\nd\r\n000\r\n\r\n"), "abcd");
  EXPECT_EQ(body_of_single_bytes(head + "0\r\n{\r\n\r\n"), "!");
  EXPECT_EQ(body_of_single_bytes(head + "3\r\nabcd\r\n"), "!");
}

TEST(RequestParser, a_counted_body_may_come_byte_by_byte) {
  EXPECT_EQ(body_of_single_bytes("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\nabc"),
            "abc");
}

}  // namespace
}  // namespace oriel::http
