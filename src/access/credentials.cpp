#include "access/credentials.h"

#include <algorithm>
#include <array>

#include <sodium.h>

namespace oriel::access {

namespace {

constexpr std::size_t kTokenBytes = 32;
// 32 bytes are 43 characters of base64url and a prefix; a longer text is not looked at.
constexpr std::size_t kTokenTextMax = 64;

bool has_token_form(std::string_view text) {
  return !text.empty() && text.size() <= kTokenTextMax && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' ||
           c == '_';
  });
}

std::string_view trim(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t") - begin + 1);
}

std::string lower(std::string_view text) {
  std::string result(text);
  for (char& c : result)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return result;
}

std::string cookie(std::string_view value, bool tls, std::int64_t max_age_s) {
  std::string text(session_cookie_name(tls));
  text += '=';
  text += value;
  text += "; Path=/; HttpOnly; SameSite=Strict; Max-Age=" + std::to_string(max_age_s);
  if (tls) text += "; Secure";
  return text;
}

// "https://host:8443" → "host:8443"; empty for "null" and what is no web origin.
std::string_view authority_of(std::string_view origin) {
  for (const std::string_view scheme : {"https://", "http://"})
    if (origin.starts_with(scheme)) return origin.substr(scheme.size());
  return {};
}

// A port that is the scheme's own is left out by browsers, not by every proxy.
std::string_view without_default_port(std::string_view authority, std::string_view origin) {
  const std::string_view port = origin.starts_with("https://") ? ":443" : ":80";
  if (authority.ends_with(port)) authority.remove_suffix(port.size());
  return authority;
}

}  // namespace

Secret make_token(std::string_view prefix) {
  ORIEL_CHECK(sodium_init() >= 0);
  std::array<unsigned char, kTokenBytes> random{};
  randombytes_buf(random.data(), random.size());
  constexpr int kVariant = sodium_base64_VARIANT_URLSAFE_NO_PADDING;
  std::string text(sodium_base64_ENCODED_LEN(kTokenBytes, kVariant), '\0');
  sodium_bin2base64(text.data(), text.size(), random.data(), random.size(), kVariant);
  text.pop_back();  // the terminating zero
  return Secret(std::string(prefix) + text);
}

Bytes token_hash(const Secret& token) {
  Bytes hash(crypto_hash_sha256_BYTES);
  const auto bytes = as_bytes(token.reveal());
  crypto_hash_sha256(hash.data(), bytes.data(), bytes.size());
  return hash;
}

std::string_view session_cookie_name(bool tls) {
  return tls ? "__Host-oriel_session" : "oriel_session";
}

Secret set_session_cookie(const Secret& token, bool tls, std::int64_t max_age_s) {
  return Secret(cookie(token.reveal(), tls, max_age_s));
}

std::string clear_session_cookie(bool tls) { return cookie("", tls, 0); }

std::optional<Secret> find_session_cookie(std::string_view cookie_header, bool tls) {
  const auto name = session_cookie_name(tls);
  while (!cookie_header.empty()) {
    const auto end = std::min(cookie_header.find(';'), cookie_header.size());
    const auto pair = trim(cookie_header.substr(0, end));
    cookie_header.remove_prefix(std::min(end + 1, cookie_header.size()));
    const auto equals = pair.find('=');
    if (equals == std::string_view::npos || pair.substr(0, equals) != name) continue;
    const auto value = pair.substr(equals + 1);
    if (!has_token_form(value)) return std::nullopt;
    return Secret(std::string(value));
  }
  return std::nullopt;
}

std::optional<Secret> find_bearer(std::string_view authorization_header) {
  constexpr std::string_view kScheme = "bearer ";
  if (lower(authorization_header.substr(0, kScheme.size())) != kScheme) return std::nullopt;
  const auto token = trim(authorization_header.substr(kScheme.size()));
  if (!has_token_form(token)) return std::nullopt;
  return Secret(std::string(token));
}

Result<void> check_same_origin(const RequestOrigin& request) {
  const bool safe =
      (request.method == "GET" || request.method == "HEAD" || request.method == "OPTIONS") &&
      !request.websocket;
  if (safe) return {};
  if (!request.sec_fetch_site.empty()) {
    if (request.sec_fetch_site == "same-origin" || request.sec_fetch_site == "none") return {};
    return fail(ErrorKind::denied, "the request was sent by another site's page");
  }
  const auto authority = authority_of(request.origin);
  if (!authority.empty() && lower(without_default_port(authority, request.origin)) ==
                                lower(without_default_port(request.host, request.origin))) {
    return {};
  }
  return fail(ErrorKind::denied,
              request.origin.empty()
                  ? "the request names no origin; programs show an API token instead of a cookie"
                  : "the request was sent by another site's page");
}

}  // namespace oriel::access
