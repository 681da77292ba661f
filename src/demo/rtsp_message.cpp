#include "demo/rtsp_message.h"

extern "C" {
#include <libavutil/base64.h>
#include <libavutil/md5.h>
}

#include <algorithm>
#include <array>
#include <charconv>

#include "base/bytes.h"

namespace oriel::demo {
namespace {

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
std::string lowered(std::string_view text) {
  std::string out(text);
  std::transform(out.begin(), out.end(), out.begin(), lower);
  return out;
}
std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.front() == ' ' || text.front() == '\t')) text.remove_prefix(1);
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t' || text.back() == '\r'))
    text.remove_suffix(1);
  return text;
}
// Takes what stands before `separator` off the front of `text`; all of it when there is none.
std::string_view take_until(std::string_view& text, char separator) {
  const std::size_t at = text.find(separator);
  const std::string_view head = text.substr(0, at);
  text.remove_prefix(at == std::string_view::npos ? text.size() : at + 1);
  return head;
}
std::optional<int> number(std::string_view text, int max) {
  int value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value < 0 || value > max)
    return std::nullopt;
  return value;
}

std::string md5_hex(std::string_view text) {
  std::array<std::uint8_t, 16> sum{};
  av_md5_sum(sum.data(), as_bytes(text).data(), text.size());
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string hex;
  for (const std::uint8_t byte : sum) {
    hex += kDigits[byte >> 4];
    hex += kDigits[byte & 15];
  }
  return hex;
}

// Takes the same time whatever the first difference is.
bool same(std::string_view a, std::string_view b) {
  unsigned difference = a.size() == b.size() ? 0 : 1;
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    difference |= static_cast<unsigned char>(a[i]) ^ static_cast<unsigned char>(b[i]);
  return difference == 0;
}

// The value of one parameter of a Digest header: quoted or bare.
std::string digest_parameter(std::string_view header, std::string_view name) {
  while (!header.empty()) {
    header = trimmed(header);
    const std::string key = lowered(trimmed(take_until(header, '=')));
    std::string_view value;
    header = trimmed(header);
    if (!header.empty() && header.front() == '"') {
      header.remove_prefix(1);
      value = take_until(header, '"');
      take_until(header, ',');
    } else {
      value = trimmed(take_until(header, ','));
    }
    if (key == name) return std::string(value);
  }
  return {};
}

bool basic_fits(std::string_view token, const RtspCredentials& credentials) {
  const std::string encoded(token);
  std::vector<std::uint8_t> decoded(AV_BASE64_DECODE_SIZE(encoded.size()) + 1);
  const int size =
      av_base64_decode(decoded.data(), encoded.c_str(), static_cast<int>(decoded.size()));
  if (size < 0) return false;
  return same(as_text({decoded.data(), static_cast<std::size_t>(size)}),
              credentials.user + ":" + credentials.password.reveal());
}

bool digest_fits(std::string_view header, const RtspRequest& request,
                 const RtspCredentials& credentials, std::string_view nonce) {
  const std::string uri = digest_parameter(header, "uri");
  // The URI need not repeat the request's byte for byte (clients differ in a final slash), but it
  // must name the same stream.
  if (rtsp_path(uri) != rtsp_path(request.url)) return false;
  if (digest_parameter(header, "username") != credentials.user) return false;
  if (digest_parameter(header, "nonce") != nonce) return false;
  const std::string a1 = md5_hex(credentials.user + ":" + std::string(kRtspRealm) + ":" +
                                 credentials.password.reveal());
  const std::string a2 = md5_hex(request.method + ":" + uri);
  return same(digest_parameter(header, "response"),
              md5_hex(a1 + ":" + std::string(nonce) + ":" + a2));
}

Result<void> parse_request_line(std::string_view line, RtspRequest& request) {
  std::string_view rest = line;
  request.method = std::string(take_until(rest, ' '));
  request.url = std::string(take_until(rest, ' '));
  if (!rest.starts_with("RTSP/1.")) return fail(ErrorKind::invalid, "not an RTSP 1 request");
  const bool word = !request.method.empty() && request.method.size() <= 32 &&
                    std::all_of(request.method.begin(), request.method.end(),
                                [](char c) { return (c >= 'A' && c <= 'Z') || c == '_'; });
  if (!word || request.url.empty()) return fail(ErrorKind::invalid, "a malformed request line");
  return {};
}

}  // namespace

std::string_view RtspRequest::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (key == name) return value;
  return {};
}

Result<std::optional<ParsedRequest>> parse_rtsp_request(std::string_view buffer) {
  const std::size_t head_end = buffer.substr(0, kRtspHeadBytesMax).find("\r\n\r\n");
  if (head_end == std::string_view::npos) {
    if (buffer.size() >= kRtspHeadBytesMax)
      return fail(ErrorKind::invalid, "a request head of more than 8192 bytes");
    return std::optional<ParsedRequest>{};
  }
  ParsedRequest parsed;
  std::string_view head = buffer.substr(0, head_end);
  ORIEL_TRY(parse_request_line(trimmed(take_until(head, '\n')), parsed.request));
  while (!head.empty()) {
    std::string_view line = trimmed(take_until(head, '\n'));
    if (line.find(':') == std::string_view::npos)
      return fail(ErrorKind::invalid, "a header line without a colon");
    if (parsed.request.headers.size() >= kRtspHeadersMax)
      return fail(ErrorKind::invalid, "more than 48 headers");
    std::string name = lowered(trimmed(take_until(line, ':')));
    parsed.request.headers.emplace_back(std::move(name), std::string(trimmed(line)));
  }
  if (const auto length = parsed.request.header("content-length"); !length.empty()) {
    const auto bytes = number(length, static_cast<int>(kRtspBodyBytesMax));
    if (!bytes) return fail(ErrorKind::invalid, "a body longer than 16384 bytes");
    parsed.request.body_bytes = static_cast<std::size_t>(*bytes);
  }
  parsed.consumed_bytes = head_end + 4 + parsed.request.body_bytes;
  if (parsed.consumed_bytes > buffer.size()) return std::optional<ParsedRequest>{};
  return std::optional<ParsedRequest>(std::move(parsed));
}

std::string rtsp_path(std::string_view url) {
  if (const std::size_t scheme = url.find("://"); scheme != std::string_view::npos) {
    const std::size_t slash = url.find('/', scheme + 3);
    url = slash == std::string_view::npos ? std::string_view{} : url.substr(slash);
  }
  url = url.substr(0, url.find('?'));
  while (url.starts_with('/')) url.remove_prefix(1);
  while (url.ends_with('/')) url.remove_suffix(1);
  return url == "*" ? std::string{} : std::string(url);
}

Result<RtspTransport> parse_transport(std::string_view header) {
  while (!header.empty()) {
    std::string_view offer = take_until(header, ',');
    const std::string profile = lowered(trimmed(take_until(offer, ';')));
    RtspTransport transport;
    if (profile == "rtp/avp/tcp")
      transport.kind = TransportKind::tcp_interleaved;
    else if (profile == "rtp/avp" || profile == "rtp/avp/udp")
      transport.kind = TransportKind::udp;
    else
      continue;
    bool multicast = false;
    while (!offer.empty()) {
      std::string_view value = trimmed(take_until(offer, ';'));
      const std::string key = lowered(trimmed(take_until(value, '=')));
      if (key == "multicast") multicast = true;
      const std::string_view first = take_until(value, '-');
      if (key == "interleaved") {
        const auto channel = number(first, 254);
        if (!channel) return fail(ErrorKind::invalid, "a bad interleaved channel");
        transport.interleaved = *channel;
      } else if (key == "client_port") {
        const auto port = number(first, 65'534);
        if (!port || *port < 1) return fail(ErrorKind::invalid, "a bad client port");
        transport.client_port = *port;
      }
    }
    if (multicast || (transport.kind == TransportKind::udp && transport.client_port == 0)) continue;
    return transport;
  }
  return fail(ErrorKind::unsupported, "none of the offered transports");
}

std::string challenge(const RtspCredentials& credentials, std::string_view nonce) {
  if (credentials.auth == RtspAuth::basic) return "Basic realm=\"" + std::string(kRtspRealm) + "\"";
  return "Digest realm=\"" + std::string(kRtspRealm) + "\", nonce=\"" + std::string(nonce) +
         "\", algorithm=MD5";
}

bool is_authorized(const RtspRequest& request, const RtspCredentials& credentials,
                   std::string_view nonce) {
  if (credentials.auth == RtspAuth::none) return true;
  std::string_view header = request.header("authorization");
  const std::string scheme = lowered(take_until(header, ' '));
  if (credentials.auth == RtspAuth::basic && scheme == "basic")
    return basic_fits(trimmed(header), credentials);
  if (credentials.auth == RtspAuth::digest && scheme == "digest")
    return digest_fits(header, request, credentials, nonce);
  return false;
}

}  // namespace oriel::demo
