// A WebSocket as an endpoint sees it.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"

namespace oriel::http {

struct WebSocketMessage {
  bool text = false;
  std::string data;
};

// Lives on its connection's thread; only coroutines of that thread may call it. At most one read
// and one write may be under way at a time: one reader coroutine, one writer coroutine. Keep a read
// pending always: pings are answered and the peer's close is noticed only while reading. Run both
// as
//   co_await (read_all(socket) || write_all(socket));    // awaitable_operators
// so that the end of one cancels the other.
// The server pings an idle peer and drops one that does not answer, and one that takes nothing
// while a write waits (ServerOptions.write_timeout).
class WebSocket {
 public:
  virtual ~WebSocket() = default;
  // The next message, at most ServerOptions.websocket_message_bytes_max (a longer one closes with
  // 1009). Errors: cancelled when closed by either side, unavailable when the connection is lost.
  virtual Awaitable<Result<WebSocketMessage>> read() = 0;
  // One binary message of all slices, gathered by the kernel. Returns when the last byte is with
  // the kernel. Errors as read. Name the vector first and move it in: GCC 12 destroys a braced list
  // within a co_await expression twice.
  virtual Awaitable<Result<void>> write_binary(std::vector<MemorySlice> slices) = 0;
  // One text message; must be UTF-8.
  virtual Awaitable<Result<void>> write_text(std::string text) = 0;
  // Closing handshake with a code of RFC 6455 section 7.4; then reads fail with cancelled.
  virtual Awaitable<void> close(std::uint16_t code, std::string_view reason) = 0;
};

}  // namespace oriel::http
