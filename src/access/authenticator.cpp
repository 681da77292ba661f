#include "access/authenticator.h"

#include "access/credentials.h"

namespace oriel::access {

Credentials read_credentials(std::string_view cookie_header, std::string_view authorization_header,
                             bool tls) {
  return {find_bearer(authorization_header), find_session_cookie(cookie_header, tls)};
}

std::optional<Identity> Authenticator::try_identify(const Credentials& credentials) {
  if (credentials.token) return tokens_.try_find(*credentials.token);
  if (credentials.session) return sessions_.try_find(*credentials.session);
  return Identity{};
}

Result<Identity> Authenticator::identify(const Credentials& credentials) {
  if (credentials.token) return tokens_.load(*credentials.token);
  if (!credentials.session) return Identity{};
  auto identity = sessions_.load(*credentials.session);
  if (!identity && identity.error().kind == ErrorKind::denied) return Identity{};
  return identity;
}

}  // namespace oriel::access
