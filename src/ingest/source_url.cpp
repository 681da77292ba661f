#include "ingest/source_url.h"

#include <algorithm>
#include <charconv>
#include <utility>

namespace oriel::ingest {
namespace {

constexpr std::size_t kUrlCharactersMax = 2048;

struct SchemeRow {
  std::string_view name;
  SourceScheme scheme;
  std::uint16_t port;
};
constexpr SchemeRow kSchemes[] = {
    {"rtsp", SourceScheme::rtsp, 554},   {"rtsps", SourceScheme::rtsps, 322},
    {"rtmp", SourceScheme::rtmp, 1935},  {"rtmps", SourceScheme::rtmps, 443},
    {"srt", SourceScheme::srt, 0},       {"http", SourceScheme::http, 80},
    {"https", SourceScheme::https, 443}, {"file", SourceScheme::file, 0},
};

std::string lower(std::string_view text) {
  std::string made(text);
  for (char& c : made)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return made;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

std::string percent_decoded(std::string_view text) {
  std::string made;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '%' && i + 2 < text.size() && hex_value(text[i + 1]) >= 0 &&
        hex_value(text[i + 2]) >= 0) {
      made += static_cast<char>(hex_value(text[i + 1]) * 16 + hex_value(text[i + 2]));
      i += 2;
    } else {
      made += text[i];
    }
  }
  return made;
}

void replace_all(std::string& text, const std::string& what, std::string_view by) {
  for (std::size_t at = text.find(what); at != std::string::npos;
       at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

// Splits "host:port" or "[v6]:port". False when the port is not a number of 1 to 65535.
bool split_host(std::string_view authority, std::string& host, std::uint16_t& port) {
  std::size_t colon = authority.rfind(':');
  const std::size_t bracket = authority.rfind(']');
  if (colon != std::string_view::npos && bracket != std::string_view::npos && colon < bracket)
    colon = std::string_view::npos;
  host = std::string(authority.substr(0, colon));
  if (colon == std::string_view::npos) return true;
  const std::string_view digits = authority.substr(colon + 1);
  unsigned value = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), value);
  if (error != std::errc{} || end != digits.data() + digits.size() || value == 0 || value > 65535)
    return false;
  port = static_cast<std::uint16_t>(value);
  return true;
}

// `scheme` in lower case; the row lives as long as the program.
Result<const SchemeRow*> parse_scheme(const std::string& scheme) {
  for (const SchemeRow& row : kSchemes)
    if (row.name == scheme) return &row;
  const bool word =
      scheme.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789+.-") == std::string::npos;
  return fail(ErrorKind::unsupported,
              "a source is one of rtsp, rtsps, rtmp, rtmps, srt, http, https" +
                  (word && scheme.size() <= 16 ? ", not " + scheme : std::string()));
}

// What stands behind "scheme://"; each may be empty.
struct UrlParts {
  std::string_view user;  // "name:password"
  std::string_view host;  // "host:port"
  std::string_view path;  // with its slash, query and fragment
};

UrlParts split_parts(std::string_view rest) {
  const std::size_t slash = std::min(rest.find_first_of("/?#"), rest.size());
  const std::string_view authority = rest.substr(0, slash);
  const std::string_view path = rest.substr(slash);
  // The last one: a password may hold an at sign too.
  const std::size_t at = authority.rfind('@');
  if (at == std::string_view::npos) return {{}, authority, path};
  return {authority.substr(0, at), authority.substr(at + 1), path};
}

struct Address {
  std::string host;
  std::uint16_t port = 0;
};

// `text` is "host:port" or "[v6]:port"; without a port it is the scheme's own.
Result<Address> parse_address(std::string_view text, const SchemeRow& row) {
  Address made{{}, row.port};
  if (!split_host(text, made.host, made.port))
    return fail(ErrorKind::invalid, "the source's port is not a number of 1 to 65535");
  const bool listens = row.scheme == SourceScheme::srt;  // srt://:9000?mode=listener
  if (made.host.empty() && !listens) return fail(ErrorKind::invalid, "the source has no host");
  if (made.host.find_first_not_of("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
                                  "0123456789.-_:[]%") != std::string::npos)
    return fail(ErrorKind::invalid, "the source's host is not a name or an address");
  if (row.scheme == SourceScheme::srt && made.port == 0)
    return fail(ErrorKind::invalid, "an srt source needs a port");
  return made;
}

// What must not be seen of the URL `text`, in every form in which a message may hold it.
std::vector<std::string> secrets_of(std::string_view text, const UrlParts& parts) {
  const std::size_t colon = parts.user.find(':');
  const std::string password(colon == std::string_view::npos ? std::string_view{}
                                                             : parts.user.substr(colon + 1));
  std::vector<std::string> secrets = {std::string(text), std::string(parts.user), password,
                                      percent_decoded(password)};
  const std::string path(parts.path);
  // A shorter path would blot out ordinary words and hide nothing.
  if (path.size() <= 4) return secrets;
  secrets.push_back(path);
  secrets.push_back(path.substr(1));
  if (const auto query = path.find('?'); query != std::string::npos) {
    secrets.push_back(path.substr(query + 1));
    if (query > 4) secrets.push_back(path.substr(0, query));
  }
  return secrets;
}

}  // namespace

Scrubber::Scrubber(std::vector<std::string> secrets) : secrets_(std::move(secrets)) {
  // One or two characters would blot out ordinary words and hide nothing.
  std::erase_if(secrets_, [](const std::string& secret) { return secret.size() < 3; });
  std::sort(secrets_.begin(), secrets_.end(), [](const std::string& a, const std::string& b) {
    return a.size() != b.size() ? a.size() > b.size() : a < b;
  });
  secrets_.erase(std::unique(secrets_.begin(), secrets_.end()), secrets_.end());
}

std::string Scrubber::scrub(std::string_view text) const {
  constexpr std::string_view kBlot = "…";
  std::string made(text);
  for (const std::string& secret : secrets_) replace_all(made, secret, kBlot);
  for (std::size_t at = made.find("://"); at != std::string::npos; at = made.find("://", at + 3)) {
    const std::size_t begin = at + 3;
    const std::size_t end = made.find_first_of("/?# \t\r\n'\"", begin);
    const std::size_t sign = made.rfind('@', end == std::string::npos ? made.size() : end);
    if (sign != std::string::npos && sign >= begin) made.replace(begin, sign - begin, kBlot);
  }
  return made;
}

Result<SourceUrl> SourceUrl::parse(std::string_view text, SourceUrlOptions options) {
  if (text.empty() || text.size() > kUrlCharactersMax)
    return fail(ErrorKind::invalid, "a source has 1 to 2048 characters");
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos)
    return fail(ErrorKind::invalid, "a source begins with a scheme such as rtsp://");
  const std::string name = lower(text.substr(0, colon));
  ORIEL_TRY_ASSIGN(const SchemeRow* row, parse_scheme(name));

  SourceUrl made;
  made.scheme_ = row->scheme;
  made.port_ = row->port;
  made.rtsp_transport_ = options.rtsp_transport;
  if (row->scheme == SourceScheme::file) {
    if (!options.file_allowed)
      return fail(ErrorKind::denied, "a file can only be named by the configuration file");
    // File names may hold any character but NUL.
    if (text.find('\0') != std::string_view::npos || text.size() < colon + 2)
      return fail(ErrorKind::invalid, "a file source is file: and a path");
    made.url_ = Secret(std::string(text));
    return made;
  }

  for (const char c : text)
    if (c <= ' ' || c > '~')
      return fail(ErrorKind::invalid, "a source has printable ASCII characters only, no blanks");
  if (text.substr(colon, 3) != "://")
    return fail(ErrorKind::invalid, "a source is " + name + "://host/path");
  const UrlParts parts = split_parts(text.substr(colon + 3));
  ORIEL_TRY_ASSIGN(Address address, parse_address(parts.host, *row));
  made.host_ = std::move(address.host);
  made.port_ = address.port;
  made.scrubber_ = Scrubber(secrets_of(text, parts));
  made.url_ = Secret(std::string(row->name) + std::string(text.substr(colon)));
  return made;
}

Secret SourceUrl::file_path() const {
  std::string_view path = url_.reveal();
  path.remove_prefix(std::min<std::size_t>(path.size(), 5));
  if (path.starts_with("//")) path.remove_prefix(2);
  return Secret(std::string(path));
}

std::string SourceUrl::redacted() const {
  const char* name = boost::describe::enum_to_string(scheme_, "");
  if (scheme_ == SourceScheme::file) return "a file";
  return std::string(name) + "://" + host_ + ":" + std::to_string(port_) + "/…";
}

}  // namespace oriel::ingest
