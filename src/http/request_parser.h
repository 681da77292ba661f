// One request from bytes: Beast's grammar, our own storage. Inside the folder only.
#pragma once
#include <cstddef>
#include <optional>
#include <string_view>

#include <boost/asio/buffer.hpp>
#include <boost/beast/http/basic_parser.hpp>

#include "http/message.h"

namespace oriel::http {

// Fed with put() from one flat buffer; stops behind the header, then behind the body, so that the
// bytes of the next request stay with the caller.
class RequestParser final : public boost::beast::http::basic_parser<true> {
 public:
  // `request` is cleared and filled.
  RequestParser(Request& request, std::size_t header_bytes_max);

  // Gives the number of bytes used; `error` is need_more when the rest must come again with more.
  std::size_t put(boost::asio::const_buffer bytes, boost::system::error_code& error);

  // How it went, after the header: 0, or the status to refuse with (400, 501, 505) and why.
  int status() const { return status_; }
  std::string_view reason() const { return reason_; }
  // Refuses a body over the bound: 413 through body_too_large(). Call between header and body.
  void set_body_bytes_max(std::size_t bytes_max) { body_bytes_max_ = bytes_max; }
  bool body_too_large() const;

  bool http_1_0() const { return http_1_0_; }

  // Takes target apart and checks what a server must check (Host, path, query); call once, after
  // the header. Sets status().
  void finish_header();

 private:
  using string_view = boost::beast::string_view;
  using error_code = boost::beast::error_code;
  void on_request_impl(boost::beast::http::verb method, string_view method_name, string_view target,
                       int version, error_code& error) override;
  void on_response_impl(int, string_view, int, error_code&) override {}
  void on_field_impl(boost::beast::http::field, string_view name, string_view value,
                     error_code& error) override;
  void on_header_impl(error_code&) override {}
  void on_body_init_impl(const boost::optional<std::uint64_t>& length, error_code&) override;
  std::size_t on_body_impl(string_view body, error_code& error) override;
  void on_chunk_header_impl(std::uint64_t, string_view, error_code&) override {}
  std::size_t on_chunk_body_impl(std::uint64_t, string_view body, error_code& error) override;
  void on_finish_impl(error_code&) override {}
  void refuse(int status, std::string_view reason);

  Request& request_;
  const std::size_t header_bytes_max_;
  std::size_t header_bytes_ = 0;
  std::size_t body_bytes_max_ = 0;
  bool http_1_0_ = false;
  bool overrun_ = false;
  bool header_done_ = false;
  int status_ = 0;
  std::string_view reason_;
};

// The status to refuse with when put() fails with `error`.
int status_of_parse_error(const boost::system::error_code& error);

}  // namespace oriel::http
