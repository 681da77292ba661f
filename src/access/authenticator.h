// From what a request shows to who is asking.
#pragma once
#include <optional>
#include <string_view>

#include "access/identity.h"
#include "access/sessions.h"
#include "access/tokens.h"
#include "base/result.h"
#include "base/secret.h"

namespace oriel::access {

struct Credentials {
  std::optional<Secret> token;    // Authorization: Bearer; wins over a cookie
  std::optional<Secret> session;  // the cookie

  // Whether unsafe requests need check_same_origin().
  bool by_cookie() const { return !token && session.has_value(); }
};

// Of the headers Cookie and Authorization, empty where absent. What has not the form of ours is as
// if it were not there, so that a proxy's own Basic authentication does no harm.
Credentials read_credentials(std::string_view cookie_header, std::string_view authorization_header,
                             bool tls);

// Thread-safe.
class Authenticator {
 public:
  // Both must outlive it.
  Authenticator(Sessions& sessions, ApiTokens& tokens) : sessions_(sessions), tokens_(tokens) {}

  // Never blocks; nullopt: identify() knows. A visitor, who shows nothing, is known here.
  std::optional<Identity> try_identify(const Credentials& credentials);
  // Blocks on the database. A session that has ended gives a visitor: an old cookie must not keep
  // anyone from the public page. Errors: denied (a token that is not valid: a program wants to
  // know), unavailable.
  Result<Identity> identify(const Credentials& credentials);

 private:
  Sessions& sessions_;
  ApiTokens& tokens_;
};

}  // namespace oriel::access
