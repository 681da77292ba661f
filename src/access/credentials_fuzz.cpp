// Headers as a client may send them.
#include <cstdint>
#include <string>

#include "access/credentials.h"
#include "access/login_throttle.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace oriel::access;
  const auto text = oriel::as_text({data, size});
  for (const bool tls : {false, true})
    if (const auto token = find_session_cookie(text, tls))
      ORIEL_CHECK(!token->empty() && token->reveal().size() <= 64);
  if (const auto token = find_bearer(text))
    ORIEL_CHECK(text.find(token->reveal()) != std::string_view::npos);
  const auto half = text.substr(0, size / 2);
  const auto rest = text.substr(size / 2);
  // Without Sec-Fetch-Site only the host's own origin may pass.
  if (check_same_origin({.method = "POST", .origin = half, .host = rest}))
    ORIEL_CHECK(half.starts_with("http://") || half.starts_with("https://"));
  ORIEL_CHECK(LoginThrottle::address_key(text).size() <= 64);
  return 0;
}
