// What a request shows to say who it is, and whether a browser was made to send it by another page.
#pragma once
#include <optional>
#include <string>
#include <string_view>

#include "base/bytes.h"
#include "base/result.h"
#include "base/secret.h"

namespace oriel::access {

// 256 random bits as base64url, `prefix` in front: a token nobody guesses, so that a plain hash of
// it is enough to store.
Secret make_token(std::string_view prefix);
// The SHA-256 that is stored and looked up; the comparison then is the database's, on hashes that
// tell nothing about the token.
Bytes token_hash(const Secret& token);

// "oriel_session", or under TLS "__Host-oriel_session", which a sibling host or plain HTTP cannot
// set (draft-ietf-httpbis-rfc6265bis, 4.1.3.2).
std::string_view session_cookie_name(bool tls);
// The Set-Cookie value: HttpOnly, SameSite=Strict, Path=/, with Secure under TLS. Secret, since it
// holds the token.
Secret set_session_cookie(const Secret& token, bool tls, std::int64_t max_age_s);
std::string clear_session_cookie(bool tls);

// The session token in a Cookie header; nullopt without one, or where it has no token's form. The
// first of two wins, as browsers send the more specific first (RFC 6265, 5.4).
std::optional<Secret> find_session_cookie(std::string_view cookie_header, bool tls);
// The token of "Authorization: Bearer …" (RFC 6750, 2.1), of the form of ours only.
std::optional<Secret> find_bearer(std::string_view authorization_header);

// Headers of a request, each empty where absent.
struct RequestOrigin {
  std::string_view method;
  bool websocket = false;           // an upgrade: a GET, but one that opens a door
  std::string_view sec_fetch_site;  // Sec-Fetch-Site
  std::string_view origin;          // Origin
  std::string_view host;            // Host, or the authority of public_url behind a proxy
};

// Against cross-site request forgery, besides SameSite=Strict: for requests that are authenticated
// by cookie, and for login itself. Safe methods pass. An unsafe one passes when Sec-Fetch-Site says
// same-origin or none (https://w3c.github.io/webappsec-fetch-metadata/), or, from a browser that
// does not send it, when Origin's authority is `host`. With neither it is refused: every browser
// sends Origin with an unsafe method, and programs use tokens. Error: denied.
Result<void> check_same_origin(const RequestOrigin& request);

}  // namespace oriel::access
