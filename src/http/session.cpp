// The session, instantiated for TCP and TLS here and nowhere else (each costs seconds to compile).
#include "http/session.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/message.hpp>
#include <boost/beast/websocket.hpp>
#include <boost/beast/websocket/ssl.hpp>
#include <sys/sendfile.h>
#include <sys/uio.h>

#include "base/log.h"
#include "http/file_piece.h"
#include "http/problem.h"
#include "http/request_parser.h"
#include "http/websocket.h"
#include "http/websocket_origin.h"

namespace oriel::http {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;

namespace {

constexpr std::size_t kFirstBufferBytes = 4096;
constexpr std::size_t kDrainBytesMax = 1u << 20;
// One sendfile call: small enough that one fast reader does not hold the thread, nor reading it
// from a slow disk a thread of the pool.
constexpr std::uint64_t kFilePieceBytes = 2u << 20;
// Pieces for TLS, which copies: a few records of 16 KiB.
constexpr std::uint64_t kTlsPieceBytes = 128u << 10;

constexpr auto kToken = asio::as_tuple(asio::use_awaitable);

Error socket_error(const error_code& error) {
  if (error == beast::websocket::error::closed || error == asio::error::operation_aborted)
    return {ErrorKind::cancelled, "the connection is closed"};
  if (error == beast::websocket::error::message_too_big)
    return {ErrorKind::invalid, "the message is too long"};
  return {ErrorKind::unavailable, "the connection is lost: " + error.message()};
}

template <class Transport>
class Session final : public Connection {
 public:
  static constexpr bool kTls = !std::is_same_v<Transport, Socket>;
  using WsStream = beast::websocket::stream<Transport, false>;

  Session(IoThread& thread, const ServerContext& context, ConnectionCensus::Ticket ticket,
          std::shared_ptr<asio::ssl::context> tls, Transport transport)
      : Connection(thread, context, std::move(ticket)),
        tls_(std::move(tls)),
        transport_(std::move(transport)) {}

  void start() override {
    asio::co_spawn(thread_.io(), run(),
                   asio::bind_cancellation_slot(cancellation_.slot(),
                                                [this](std::exception_ptr e) { finished(e); }));
  }

 private:
  class Ws;
  enum class Sent { all, blocked, failed };

  Socket& socket() override {
    if (websocket_) return beast::get_lowest_layer(*websocket_);
    if constexpr (kTls)
      return transport_.next_layer();
    else
      return transport_;
  }
  void close_websocket_for_stop() override { start_websocket_close(); }
  void start_websocket_close();
  void finished(const std::exception_ptr& exception);

  Awaitable<void> run();
  Awaitable<bool> serve_one();
  Awaitable<bool> read_header(RequestParser& parser);
  Awaitable<bool> read_body(RequestParser& parser);
  Awaitable<error_code> fill();
  Awaitable<bool> refuse(int status, std::string_view detail, const Route* route = nullptr);
  Awaitable<bool> answer(Response response, bool keep_alive, bool http_1_0, const Route* route);
  Awaitable<bool> send_slices(const std::vector<Slice>& slices);
  Awaitable<bool> send_stream(Stream stream, bool chunked);
  Awaitable<bool> send_file(FileRange range);
  Awaitable<bool> send_file_piece(const FileRange& range, std::uint64_t offset,
                                  std::uint64_t length);
  Sent try_flush(bool more);
  Awaitable<bool> flush(bool more);
  Awaitable<void> linger();
  Awaitable<void> serve_websocket(const Route& route);
  bool wants_websocket() const;
  void learn_peer();
  void believe_proxy();
  void account(const Route* route, int status);

  std::shared_ptr<asio::ssl::context> tls_;
  Transport transport_;
  std::optional<WsStream> websocket_;
  bool websocket_closing_ = false;
  // Expires when the closing handshake has ended; shared with the handler that does it.
  std::shared_ptr<asio::steady_timer> websocket_closed_;

  // Read and not yet parsed: [begin_, end_) of buffer_, which grows to header_bytes_max.
  std::vector<char> buffer_;
  std::size_t begin_ = 0;
  std::size_t end_ = 0;

  Request request_;
  std::string peer_address_;
  std::string head_;
  std::vector<asio::const_buffer> gather_;  // what flush() sends
  std::uint64_t sent_bytes_ = 0;            // of this answer
};

// ---- life ----

template <class Transport>
void Session<Transport>::finished(const std::exception_ptr& exception) {
  try {
    if (exception) std::rethrow_exception(exception);
  } catch (const boost::system::system_error& e) {
    if (e.code() != asio::error::operation_aborted)
      log::error("connection of {} ended by an exception: {}", peer_address_, e.what());
  } catch (const std::exception& e) {
    log::error("connection of {} ended by an exception: {}", peer_address_, e.what());
  }
  // Not at once: the coroutine that reports its end is still on the stack.
  asio::post(thread_.io(), [this] { thread_.remove(*this); });
}

template <class Transport>
void Session<Transport>::learn_peer() {
  error_code error;
  const auto endpoint = socket().remote_endpoint(error);
  if (!error) peer_address_ = address_text(endpoint.address());
}

template <class Transport>
Awaitable<void> Session<Transport>::run() {
  learn_peer();
  if constexpr (kTls) {
    enter(Phase::handshake);
    const auto [error] =
        co_await transport_.async_handshake(asio::ssl::stream_base::server, kToken);
    if (error) {
      log::debug("TLS handshake with {} failed: {}", peer_address_, error.message());
      co_return;
    }
  }
  // A fresh connection owes its first request as soon as one that has begun to send it.
  enter(Phase::header);
  // GCC 12 makes wrong code of a co_await in a loop's condition.
  while (true) {
    const bool more = co_await serve_one();
    if (!more) break;
    if (begin_ == end_) {
      // An idle connection is to cost little: thousands are kept.
      if (buffer_.size() > kFirstBufferBytes) std::vector<char>().swap(buffer_);
      begin_ = end_ = 0;
      enter(Phase::idle);
    } else {
      enter(Phase::header);
    }
  }
  close_socket();
}

// ---- reading ----

// Reads more behind end_. Error no_buffer_space when the buffer is full.
template <class Transport>
Awaitable<error_code> Session<Transport>::fill() {
  if (begin_ == end_) begin_ = end_ = 0;
  if (end_ == buffer_.size()) {
    const std::size_t bytes_max = context_.options.header_bytes_max + 4;
    if (begin_ > 0) {
      std::memmove(buffer_.data(), buffer_.data() + begin_, end_ - begin_);
      end_ -= begin_;
      begin_ = 0;
    } else if (buffer_.size() < bytes_max) {
      buffer_.resize(std::min(bytes_max, std::max(kFirstBufferBytes, buffer_.size() * 4)));
    } else {
      co_return asio::error::no_buffer_space;
    }
  }
  const auto [error, count] = co_await transport_.async_read_some(
      asio::buffer(buffer_.data() + end_, buffer_.size() - end_), kToken);
  end_ += count;
  co_return error;
}

// False when the connection is to end; what there was to say has been said.
template <class Transport>
Awaitable<bool> Session<Transport>::read_header(RequestParser& parser) {
  while (true) {
    if (begin_ != end_) {
      error_code error;
      begin_ += parser.put(asio::buffer(buffer_.data() + begin_, end_ - begin_), error);
      if (parser.is_header_done()) co_return true;
      if (error && error != beast::http::error::need_more) {
        co_return co_await refuse(status_of_parse_error(error), "the request is not valid HTTP");
      }
    }
    const bool fresh = begin_ == end_ && !parser.got_some();
    const error_code error = co_await fill();
    if (error == asio::error::no_buffer_space)
      co_return co_await refuse(431, "the request's header is too large");
    if (error && timed_out_ && !fresh && socket().is_open())
      co_return co_await refuse(408, "the request's header took too long");
    if (error) co_return false;
    if (fresh) enter(Phase::header);
  }
}

template <class Transport>
Awaitable<bool> Session<Transport>::read_body(RequestParser& parser) {
  if (const auto expect = request_.header("expect"); expect && begin_ == end_) {
    static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
    gather_.assign(1, asio::buffer(kContinue.data(), kContinue.size()));
    if (!co_await flush(false)) co_return false;
  }
  enter(Phase::body);
  while (!parser.is_done()) {
    if (begin_ != end_) {
      error_code error;
      begin_ += parser.put(asio::buffer(buffer_.data() + begin_, end_ - begin_), error);
      if (parser.body_too_large())
        co_return co_await refuse(413, "the request's body is too large");
      if (error && error != beast::http::error::need_more)
        co_return co_await refuse(status_of_parse_error(error), "the request is not valid HTTP");
      if (!error) continue;
    }
    const error_code error = co_await fill();
    if (error == asio::error::no_buffer_space)
      co_return co_await refuse(400, "the request is not valid HTTP");
    if (error && timed_out_ && socket().is_open())
      co_return co_await refuse(408, "the request's body took too long");
    if (error) co_return false;
    enter(Phase::body);
  }
  co_return true;
}

template <class Transport>
void Session<Transport>::believe_proxy() {
  request_.peer_address = peer_address_;
  request_.secure = kTls;
  const auto& trusted = context_.options.trusted_proxies;
  if (trusted.empty() || std::find(trusted.begin(), trusted.end(), peer_address_) == trusted.end())
    return;
  // The last entry is the one our proxy wrote; those before it anyone may have made up.
  if (const std::string chain = request_.headers.joined("x-forwarded-for"); !chain.empty()) {
    const auto comma = chain.rfind(',');
    auto last = std::string_view(chain).substr(comma == std::string::npos ? 0 : comma + 1);
    while (!last.empty() && last.front() == ' ') last.remove_prefix(1);
    error_code error;
    const auto address = asio::ip::make_address(std::string(last), error);
    if (!error) request_.peer_address = address_text(address);
  }
  request_.secure = equals_ignoring_case(
      request_.header("x-forwarded-proto").value_or(kTls ? "https" : "http"), "https");
}

// One request and its answer. False when the connection is to end.
template <class Transport>
Awaitable<bool> Session<Transport>::serve_one() {
  RequestParser parser(request_, context_.options.header_bytes_max);
  sent_bytes_ = 0;
  if (!co_await read_header(parser)) co_return false;
  parser.finish_header();
  if (parser.status() != 0) co_return co_await refuse(parser.status(), parser.reason());
  believe_proxy();
  Router::Match match = context_.router.find(request_);
  const Route* route = match.route;
  if (route != nullptr && route->websocket && wants_websocket()) {
    co_await serve_websocket(*route);
    co_return false;
  }
  if (!parser.is_done()) {
    const std::size_t wanted = route == nullptr ? 0 : route->operation.body_bytes_max;
    parser.set_body_bytes_max(wanted == 0 ? context_.options.body_bytes_max : wanted);
    if (parser.body_too_large())
      co_return co_await refuse(413, "the request's body is too large", route);
    // Nobody fills the memory with what he may not send.
    if (wanted > context_.options.body_bytes_max) {
      auto refused = co_await context_.router.check(request_, *route);
      if (refused) co_return co_await answer(std::move(*refused), false, parser.http_1_0(), route);
    }
    if (!co_await read_body(parser)) co_return false;
  }
  enter(Phase::handling);
  Response response = co_await context_.router.handle(request_, std::move(match));
  const bool keep_alive = parser.keep_alive() && !stopping_;
  co_return co_await answer(std::move(response), keep_alive, parser.http_1_0(), route);
}

// ---- answering ----

template <class Transport>
void Session<Transport>::account(const Route* route, int status) {
  context_.count_request(route, status);
  context_.sent_bytes.add(static_cast<double>(sent_bytes_));
}

// Says no and ends the connection, because where the next request begins is not known.
template <class Transport>
Awaitable<bool> Session<Transport>::refuse(int status, std::string_view detail,
                                           const Route* route) {
  context_.count_drop(Drop::refused);
  co_return co_await answer(problem(status, detail), false, false, route);
}

template <class Transport>
Awaitable<bool> Session<Transport>::answer(Response response, bool keep_alive, bool http_1_0,
                                           const Route* route) {
  const int status = response.status;
  const bool head_only = request_.method == Method::head;
  const auto size = response.body.size_bytes();
  HeadFacts facts;
  facts.date = thread_.date();
  facts.http_1_0 = http_1_0;
  facts.keep_alive = keep_alive;
  const bool bodiless = status < 200 || status == 204 || status == 304;
  if (!bodiless) {
    facts.framing = size ? Framing::length : http_1_0 ? Framing::until_close : Framing::chunked;
    facts.length_bytes = size.value_or(0);
    if (facts.framing == Framing::until_close) facts.keep_alive = false;
  }
  head_.clear();
  append_head(head_, response, context_.security, facts);
  gather_.assign(1, asio::buffer(head_));
  enter(Phase::writing);
  bool sent = false;
  if (bodiless || head_only) {
    sent = co_await flush(false);
  } else if (response.body.is_stream()) {
    endless_ = response.body.stream().endless;
    if (stopping_ && endless_) co_return false;
    sent =
        co_await send_stream(std::move(response.body.stream()), facts.framing == Framing::chunked);
    endless_ = false;
  } else {
    sent = co_await send_slices(response.body.slices());
  }
  account(route, status);
  if (!sent) co_return false;
  if (!facts.keep_alive) co_await linger();
  co_return facts.keep_alive;
}

template <class Transport>
Awaitable<bool> Session<Transport>::send_slices(const std::vector<Slice>& slices) {
  for (std::size_t i = 0; i < slices.size(); ++i) {
    if (const auto* memory = std::get_if<MemorySlice>(&slices[i])) {
      gather_.emplace_back(memory->bytes.data(), memory->bytes.size());
      continue;
    }
    // MSG_MORE: the header travels in the file's first packet.
    if (!co_await flush(true)) co_return false;
    if (!co_await send_file(std::get<FileRange>(slices[i]))) co_return false;
  }
  if (gather_.empty()) co_return true;
  if constexpr (!kTls) {
    const Sent sent = try_flush(false);
    if (sent != Sent::blocked) co_return sent == Sent::all;
  }
  co_return co_await flush(false);
}

template <class Transport>
Awaitable<bool> Session<Transport>::send_stream(Stream stream, bool chunked) {
  // A client of endless events wants to know at once that it is connected.
  if (stream.endless) {
    const bool sent = co_await flush(false);
    if (!sent) co_return false;
  }
  std::uint64_t given_bytes = 0;
  std::string frame;
  while (true) {
    enter(Phase::handling);
    Result<std::optional<SharedBytes>> piece = co_await stream.next();
    enter(Phase::writing);
    if (!piece) {
      log::warn("answer to {} broken off: {}", request_.path.text, piece.error().message);
      co_return false;
    }
    if (!*piece) break;
    const SharedBytes bytes = **piece;
    if (!bytes || bytes->empty()) continue;
    given_bytes += bytes->size();
    if (stream.total_bytes && given_bytes > *stream.total_bytes) break;
    if (chunked) {
      frame = fmt::format("{:x}\r\n", bytes->size());
      gather_.push_back(asio::buffer(frame));
    }
    gather_.emplace_back(bytes->data(), bytes->size());
    if (chunked) gather_.emplace_back("\r\n", 2);
    if (!co_await flush(false)) co_return false;
  }
  if (stream.total_bytes && given_bytes != *stream.total_bytes) {
    log::error("answer to {}: {} bytes were promised, not {}", request_.path.text,
               *stream.total_bytes, given_bytes);
    co_return false;
  }
  if (chunked) gather_.emplace_back("0\r\n\r\n", 5);
  if (gather_.empty()) co_return true;
  co_return co_await flush(false);
}

template <class Transport>
Awaitable<bool> Session<Transport>::send_file(FileRange range) {
  const std::uint64_t piece_max = kTls ? kTlsPieceBytes : kFilePieceBytes;
  for (std::uint64_t done = 0; done < range.length_bytes;) {
    const std::uint64_t length = std::min(piece_max, range.length_bytes - done);
    if (!co_await send_file_piece(range, range.offset_bytes + done, length)) co_return false;
    done += length;
  }
  co_return true;
}

template <class Transport>
Awaitable<bool> Session<Transport>::send_file_piece(const FileRange& range, std::uint64_t offset,
                                                    std::uint64_t length) {
  const int descriptor = range.descriptor;
  if constexpr (kTls) {
    const auto read = [descriptor, offset, length] {
      return read_file_piece(descriptor, offset, length);
    };
    Result<SharedBytes> bytes = SharedBytes();
    if (range.in_memory)
      bytes = read();
    else
      bytes = co_await context_.offload.run(read);
    if (!bytes) {
      log::warn("answer to {} broken off: {}", request_.path.text, bytes.error().message);
      co_return false;
    }
    gather_.assign(1, asio::buffer((*bytes)->data(), (*bytes)->size()));
    co_return co_await flush(false);
  } else {
    if (!range.in_memory && !is_file_piece_cached(descriptor, offset, length)) {
      const Result<void> read = co_await context_.offload.run(
          [descriptor, offset, length] { return warm_file_piece(descriptor, offset, length); });
      if (!read) {
        log::warn("answer to {} broken off: {}", request_.path.text, read.error().message);
        co_return false;
      }
    }
    auto position = static_cast<::off_t>(offset);
    const auto end = static_cast<::off_t>(offset + length);
    begin_write();
    while (position < end) {
      const auto sent = ::sendfile(transport_.native_handle(), descriptor, &position,
                                   static_cast<std::size_t>(end - position));
      if (sent > 0) {
        sent_bytes_ += static_cast<std::uint64_t>(sent);
      } else if (sent < 0 && (errno == EAGAIN || errno == EINTR)) {
        const auto [error] = co_await transport_.async_wait(Socket::wait_write, kToken);
        if (error) co_return false;
      } else {
        co_return false;  // the peer has gone, or the file is shorter than was said
      }
    }
    end_write();
    co_return true;
  }
}

// Plain TCP: sends what the kernel takes at once, without the cost of an asynchronous operation.
template <class Transport>
typename Session<Transport>::Sent Session<Transport>::try_flush(bool more) {
  if constexpr (!kTls) {
    std::size_t first = 0;
    Sent result = Sent::all;
    while (first < gather_.size()) {
      error_code error;
      const std::span<const asio::const_buffer> rest(gather_.data() + first,
                                                     gather_.size() - first);
      std::size_t count = transport_.send(rest, more ? MSG_MORE : 0, error);
      if (error) {
        result = error == asio::error::would_block ? Sent::blocked : Sent::failed;
        break;
      }
      sent_bytes_ += count;
      while (first < gather_.size() && count >= gather_[first].size())
        count -= gather_[first++].size();
      if (first < gather_.size()) gather_[first] += count;
    }
    gather_.erase(gather_.begin(), gather_.begin() + static_cast<std::ptrdiff_t>(first));
    return result;
  } else {
    return Sent::blocked;
  }
}

// Sends all of gather_ and leaves it empty.
template <class Transport>
Awaitable<bool> Session<Transport>::flush(bool more) {
  if constexpr (kTls) {
    begin_write();
    const auto [error, count] = co_await asio::async_write(transport_, gather_, kToken);
    end_write();
    sent_bytes_ += count;
    gather_.clear();
    co_return !error;
  } else {
    Sent sent = try_flush(more);
    if (sent == Sent::blocked) begin_write();
    while (sent == Sent::blocked) {
      const auto [error] = co_await transport_.async_wait(Socket::wait_write, kToken);
      if (error) co_return false;
      sent = try_flush(more);
    }
    end_write();
    co_return sent == Sent::all;
  }
}

// Closing with unread bytes would make the kernel send a reset, which can overtake the answer.
template <class Transport>
Awaitable<void> Session<Transport>::linger() {
  enter(Phase::draining);
  if constexpr (kTls) {
    co_await transport_.async_shutdown(kToken);
  } else {
    error_code ignored;
    transport_.shutdown(Socket::shutdown_send, ignored);
    std::array<char, 4096> waste;
    for (std::size_t drained = 0; drained < kDrainBytesMax;) {
      const auto [error, count] = co_await transport_.async_read_some(asio::buffer(waste), kToken);
      if (error) break;
      drained += count;
    }
  }
}

// ---- WebSocket ----

template <class Transport>
class Session<Transport>::Ws final : public WebSocket {
 public:
  explicit Ws(Session& session) : session_(session), stream_(*session.websocket_) {}

  Awaitable<Result<WebSocketMessage>> read() override {
    buffer_.clear();
    const auto [error, count] = co_await stream_.async_read(buffer_, kToken);
    if (error) co_return fail(socket_error(error));
    WebSocketMessage message;
    message.text = stream_.got_text();
    message.data.assign(static_cast<const char*>(buffer_.data().data()), count);
    co_return message;
  }

  Awaitable<Result<void>> write_binary(std::vector<MemorySlice> slices) override {
    if (writing_) co_return fail(ErrorKind::conflict, "two writers on one WebSocket");
    buffers_.clear();
    for (const auto& slice : slices) buffers_.emplace_back(slice.bytes.data(), slice.bytes.size());
    stream_.binary(true);
    co_return co_await write();
  }

  Awaitable<Result<void>> write_text(std::string text) override {
    if (writing_) co_return fail(ErrorKind::conflict, "two writers on one WebSocket");
    buffers_.assign(1, asio::buffer(text));
    stream_.text(true);
    co_return co_await write();
  }

  Awaitable<void> close(std::uint16_t code, std::string_view reason) override {
    if (session_.websocket_closing_ || !stream_.is_open()) co_return;
    session_.websocket_closing_ = true;
    session_.begin_write();
    // A reason is at most 123 bytes (RFC 6455 section 5.5.1).
    const beast::websocket::close_reason why(
        static_cast<beast::websocket::close_code>(code),
        beast::string_view(reason.data(), std::min<std::size_t>(reason.size(), 120)));
    co_await stream_.async_close(why, kToken);
    session_.end_write();
  }

 private:
  Awaitable<Result<void>> write() {
    writing_ = true;
    session_.begin_write();
    const auto [error, count] = co_await stream_.async_write(buffers_, kToken);
    session_.end_write();
    writing_ = false;
    session_.context_.sent_bytes.add(static_cast<double>(count));
    if (error) co_return fail(socket_error(error));
    co_return Result<void>();
  }

  Session& session_;
  WsStream& stream_;
  beast::flat_buffer buffer_;  // bounded by read_message_max
  std::vector<asio::const_buffer> buffers_;
  bool writing_ = false;
};

template <class Transport>
bool Session<Transport>::wants_websocket() const {
  const auto upgrade = request_.header("upgrade");
  return request_.method == Method::get && upgrade && equals_ignoring_case(*upgrade, "websocket");
}

template <class Transport>
void Session<Transport>::start_websocket_close() {
  if (!websocket_ || websocket_closing_ || !websocket_->is_open()) return;
  websocket_closing_ = true;
  websocket_closed_ = std::make_shared<asio::steady_timer>(thread_.io());
  websocket_closed_->expires_at(asio::steady_timer::time_point::max());
  websocket_->async_close(beast::websocket::close_code::going_away,
                          [closed = websocket_closed_](error_code) {
                            // Also for who waits only later.
                            closed->expires_at(asio::steady_timer::time_point::min());
                          });
}

template <class Transport>
Awaitable<void> Session<Transport>::serve_websocket(const Route& route) {
  enter(Phase::handling);
  if (!is_origin_allowed(request_, context_.options.websocket_origins)) {
    co_await refuse(403, "this page may not open a WebSocket here", &route);
    co_return;
  }
  if (begin_ != end_) {
    co_await refuse(400, "a WebSocket client waits for the answer before it sends", &route);
    co_return;
  }
  if (auto response = co_await context_.router.check(request_, route)) {
    co_await answer(std::move(*response), false, false, &route);
    co_return;
  }
  beast::http::request<beast::http::empty_body> upgrade(beast::http::verb::get, "/", 11);
  for (std::size_t i = 0; i < request_.headers.count(); ++i) {
    const auto [name, value] = request_.headers.at(i);
    upgrade.insert(beast::string_view(name.data(), name.size()),
                   beast::string_view(value.data(), value.size()));
  }
  if (!beast::websocket::is_upgrade(upgrade)) {
    co_await refuse(400, "the WebSocket handshake is not valid", &route);
    co_return;
  }
  std::vector<char>().swap(buffer_);
  websocket_.emplace(std::move(transport_));
  beast::websocket::stream_base::timeout timeout{};
  timeout.handshake_timeout = std::chrono::microseconds(context_.options.header_timeout.us);
  timeout.idle_timeout = std::chrono::microseconds(context_.options.websocket_idle.us);
  timeout.keep_alive_pings = true;
  websocket_->set_option(timeout);
  websocket_->read_message_max(context_.options.websocket_message_bytes_max);
  websocket_->auto_fragment(false);
  const auto [error] = co_await websocket_->async_accept(upgrade, kToken);
  if (error) co_return;
  account(&route, 101);
  enter(Phase::websocket);
  if (stopping_) start_websocket_close();
  Ws socket(*this);
  std::uint16_t code = beast::websocket::close_code::normal;
  try {
    co_await route.websocket(request_, socket);
  } catch (const boost::system::system_error& e) {
    if (e.code() == asio::error::operation_aborted) throw;
    log::error("handler of {} ended by an exception: {}", route.pattern, e.what());
    code = beast::websocket::close_code::internal_error;
  } catch (const std::exception& e) {
    log::error("handler of {} ended by an exception: {}", route.pattern, e.what());
    code = beast::websocket::close_code::internal_error;
  }
  if (websocket_closed_) {
    co_await websocket_closed_->async_wait(kToken);
  } else {
    co_await socket.close(code, {});
  }
}

}  // namespace

std::unique_ptr<Connection> make_session(IoThread& thread, const ServerContext& context,
                                         Socket socket, ConnectionCensus::Ticket ticket,
                                         std::shared_ptr<asio::ssl::context> tls) {
  if (!tls)
    return std::make_unique<Session<Socket>>(thread, context, std::move(ticket), nullptr,
                                             std::move(socket));
  using TlsStream = asio::ssl::stream<Socket>;
  TlsStream stream(std::move(socket), *tls);
  return std::make_unique<Session<TlsStream>>(thread, context, std::move(ticket), std::move(tls),
                                              std::move(stream));
}

}  // namespace oriel::http
