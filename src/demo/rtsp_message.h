// RTSP 1.0 requests (RFC 2326) as text: parsing, authentication and the answers' head.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"
#include "base/secret.h"

namespace oriel::demo {

struct RtspRequest {
  std::string method;
  std::string url;
  std::vector<std::pair<std::string, std::string>> headers;  // names in lower case, order kept
  std::size_t body_bytes = 0;

  // Empty when absent; the first one when repeated. `name` in lower case.
  std::string_view header(std::string_view name) const;
};

inline constexpr std::size_t kRtspHeadBytesMax = 8192;
inline constexpr std::size_t kRtspHeadersMax = 48;
inline constexpr std::size_t kRtspBodyBytesMax = 16'384;

struct ParsedRequest {
  RtspRequest request;
  std::size_t consumed_bytes = 0;  // head and body
};

// Nullopt: more bytes are needed (never past the bounds above). Errors: invalid, after which the
// connection cannot go on.
Result<std::optional<ParsedRequest>> parse_rtsp_request(std::string_view buffer);

// "rtsp://host:port/eling-lake/sub/track1?x" → "eling-lake/sub/track1"; "*" and "/" → "".
std::string rtsp_path(std::string_view url);

enum class TransportKind { tcp_interleaved, udp };
struct RtspTransport {
  TransportKind kind = TransportKind::tcp_interleaved;
  int interleaved = -1;  // the first of two channels; -1: the server chooses
  int client_port = 0;   // RTP; RTCP is the next one
};
// The first of the offered transports that can be served: RTP/AVP unicast over TCP or UDP.
// Errors: unsupported, invalid.
Result<RtspTransport> parse_transport(std::string_view header);

enum class RtspAuth { none, basic, digest };
struct RtspCredentials {
  RtspAuth auth = RtspAuth::none;
  std::string user;
  Secret password;
};
inline constexpr std::string_view kRtspRealm = "oriel camera";

// What a 401 says. `nonce` is for digest (RFC 2617 without qop, MD5: what cameras do).
std::string challenge(const RtspCredentials& credentials, std::string_view nonce);
bool is_authorized(const RtspRequest& request, const RtspCredentials& credentials,
                   std::string_view nonce);

}  // namespace oriel::demo
