// A small RTSP 1.0 server (RFC 2326): OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN; RTP
// interleaved in the connection or over UDP.
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "base/result.h"
#include "base/time.h"
#include "demo/rtsp_message.h"
#include "demo/rtsp_session.h"

namespace oriel::demo {

struct RtspServerOptions {
  std::string address = "127.0.0.1";  // numeric IPv4
  std::uint16_t port = 8554;          // 0: any free one, see port()
  RtspCredentials credentials;
  std::size_t connections_max = 256;  // more are closed at once
};

// One thread for all connections. Thread-safe.
class RtspServer {
 public:
  // Binds, then serves until destroyed. `clock` is borrowed. Errors: those of bind (conflict when
  // the port is taken), invalid for a bad address.
  static Result<std::unique_ptr<RtspServer>> start(const RtspServerOptions& options,
                                                   StreamMap streams, const Clock& clock);
  virtual ~RtspServer() = default;
  virtual std::uint16_t port() const = 0;
};

}  // namespace oriel::demo
