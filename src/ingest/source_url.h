// Where a feed comes from: a checked URL whose credentials cannot be printed.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <boost/describe/enum.hpp>
#include <boost/describe/enum_to_string.hpp>

#include "base/result.h"
#include "base/secret.h"

namespace oriel::ingest {

enum class SourceScheme : std::uint8_t { rtsp, rtsps, rtmp, rtmps, srt, http, https, file };
BOOST_DESCRIBE_ENUM(SourceScheme, rtsp, rtsps, rtmp, rtmps, srt, http, https, file)

enum class RtspTransport : std::uint8_t { tcp, udp };
BOOST_DESCRIBE_ENUM(RtspTransport, tcp, udp)

// Takes everything of one URL that must not be seen out of any text.
class Scrubber {
 public:
  Scrubber() = default;
  // Every text that must not be seen; empty ones are ignored.
  explicit Scrubber(std::vector<std::string> secrets);
  // The text with each secret, and whatever stands between "://" and "@", replaced by "…".
  std::string scrub(std::string_view text) const;

 private:
  std::vector<std::string> secrets_;  // longest first
};

struct SourceUrlOptions {
  // True only for what the configuration file says: nothing that comes over the network may name a
  // file of this machine.
  bool file_allowed = false;
  RtspTransport rtsp_transport = RtspTransport::tcp;
};

class SourceUrl {
 public:
  SourceUrl() = default;
  // At most 2048 printable ASCII characters. Errors: invalid (not a URL, no host, a bad port) or
  // unsupported (a scheme that is not on the list), in words that hold nothing of the URL but its
  // scheme.
  static Result<SourceUrl> parse(std::string_view text, SourceUrlOptions options = {});

  SourceScheme scheme() const { return scheme_; }
  RtspTransport rtsp_transport() const { return rtsp_transport_; }
  // Empty and 0 for a file.
  const std::string& host() const { return host_; }
  std::uint16_t port() const { return port_; }
  // The whole URL with its credentials: only for the library that connects.
  const Secret& url() const { return url_; }
  // The path of a file source.
  Secret file_path() const;
  // "rtsp://10.0.0.7:554/…": neither credentials nor path (some cameras carry the password, and
  // publishers the stream key, in it). For operators, not for viewers.
  std::string redacted() const;
  const Scrubber& scrubber() const { return scrubber_; }

 private:
  SourceScheme scheme_ = SourceScheme::rtsp;
  RtspTransport rtsp_transport_ = RtspTransport::tcp;
  std::string host_;
  std::uint16_t port_ = 0;
  Secret url_;
  Scrubber scrubber_;
};

}  // namespace oriel::ingest
