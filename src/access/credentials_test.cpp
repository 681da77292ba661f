#include "access/credentials.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace oriel::access {
namespace {

std::string text(const std::optional<Secret>& secret) {
  return secret ? secret->reveal() : "(none)";
}

TEST(Tokens, are_long_different_and_of_the_form_that_is_read_back) {
  const auto first = make_token("oriel_");
  const auto second = make_token("oriel_");
  EXPECT_NE(first, second);
  EXPECT_EQ(first.reveal().size(), 6U + 43U);
  EXPECT_EQ(text(find_bearer("Bearer " + first.reveal())), first.reveal());
  EXPECT_EQ(text(find_session_cookie("oriel_session=" + first.reveal(), false)), first.reveal());
}

TEST(Tokens, hash_is_sha_256) {
  // FIPS 180-2, appendix B.1: "abc".
  const auto hash = token_hash(Secret("abc"));
  ASSERT_EQ(hash.size(), 32U);
  EXPECT_EQ(hash.front(), 0xba);
  EXPECT_EQ(hash.back(), 0xad);
}

TEST(SessionCookie, is_for_this_site_only_and_hidden_from_scripts) {
  EXPECT_EQ(set_session_cookie(Secret("t0"), false, 60).reveal(),
            "oriel_session=t0; Path=/; HttpOnly; SameSite=Strict; Max-Age=60");
  EXPECT_EQ(set_session_cookie(Secret("t0"), true, 60).reveal(),
            "__Host-oriel_session=t0; Path=/; HttpOnly; SameSite=Strict; Max-Age=60; Secure");
  EXPECT_EQ(clear_session_cookie(false),
            "oriel_session=; Path=/; HttpOnly; SameSite=Strict; Max-Age=0");
}

TEST(SessionCookie, is_found_among_others) {
  EXPECT_EQ(text(find_session_cookie("a=b; oriel_session=t0; c=d", false)), "t0");
  EXPECT_EQ(text(find_session_cookie("__Host-oriel_session=t0;a", true)), "t0");
  EXPECT_EQ(text(find_session_cookie("oriel_session=first; oriel_session=second", false)), "first");
}

TEST(SessionCookie, of_another_name_or_form_is_not_taken) {
  for (const char* header :
       {"", ";", "=", "oriel_session", "oriel_session=", "oriel_session=a b", "x_oriel_session=t0",
        "Oriel_Session=t0", "oriel_session=\"t0\"", "__Host-oriel_session=t0", ";;; ; ="}) {
    EXPECT_EQ(text(find_session_cookie(header, false)), "(none)") << header;
  }
  EXPECT_EQ(text(find_session_cookie("oriel_session=t0", true)), "(none)")
      << "plain HTTP could have set it";
  EXPECT_EQ(text(find_session_cookie("oriel_session=" + std::string(65, 'a'), false)), "(none)");
}

TEST(Bearer, is_read_in_any_case_of_the_scheme) {
  EXPECT_EQ(text(find_bearer("bearer oriel_x")), "oriel_x");
  EXPECT_EQ(text(find_bearer("BEARER   oriel_x  ")), "oriel_x");
  for (const char* header : {"", "Bearer", "Bearer ", "Basic oriel_x", "Bearer a b", "Bearer a,b"})
    EXPECT_EQ(text(find_bearer(header)), "(none)") << header;
}

bool passes(const RequestOrigin& request) {
  const auto checked = check_same_origin(request);
  if (!checked) {
    EXPECT_EQ(checked.error().kind, ErrorKind::denied);
  }
  return checked.has_value();
}

TEST(SameOrigin, safe_methods_pass_from_anywhere) {
  EXPECT_TRUE(passes({.method = "GET", .sec_fetch_site = "cross-site"}));
  EXPECT_TRUE(passes({.method = "HEAD"}));
}

TEST(SameOrigin, a_socket_is_no_safe_method) {
  EXPECT_FALSE(passes({.method = "GET",
                       .websocket = true,
                       .origin = "https://evil.example",
                       .host = "oriel.example"}));
  EXPECT_TRUE(passes({.method = "GET",
                      .websocket = true,
                      .origin = "https://oriel.example",
                      .host = "oriel.example"}));
}

TEST(SameOrigin, what_the_browser_says_of_the_site_decides) {
  const auto says = [](std::string_view site) {
    return passes({.method = "POST",
                   .sec_fetch_site = site,
                   .origin = "https://oriel.example",
                   .host = "oriel.example"});
  };
  EXPECT_TRUE(says("same-origin"));
  EXPECT_TRUE(says("none"));
  EXPECT_FALSE(says("same-site"));
  EXPECT_FALSE(says("cross-site"));
  EXPECT_FALSE(says("something-new"));
}

TEST(SameOrigin, without_that_the_origin_must_be_the_host) {
  const auto from = [](std::string_view origin, std::string_view host) {
    return passes({.method = "DELETE", .origin = origin, .host = host});
  };
  EXPECT_TRUE(from("https://oriel.example", "oriel.example"));
  EXPECT_TRUE(from("https://Oriel.example", "oriel.example:443"));
  EXPECT_TRUE(from("http://127.0.0.1:8080", "127.0.0.1:8080"));
  EXPECT_FALSE(from("http://127.0.0.1:8081", "127.0.0.1:8080"));
  EXPECT_FALSE(from("https://oriel.example.evil.example", "oriel.example"));
  EXPECT_FALSE(from("https://evil.example", "oriel.example"));
  EXPECT_FALSE(from("http://oriel.example:443", "oriel.example"));
  EXPECT_FALSE(from("null", "oriel.example"));
  EXPECT_FALSE(from("null", ""));
  EXPECT_FALSE(from("https://", ""));
  EXPECT_FALSE(from("", "oriel.example"));
}

}  // namespace
}  // namespace oriel::access
