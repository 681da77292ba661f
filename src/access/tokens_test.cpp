#include "access/tokens.h"

#include "access/fixture_test.h"
#include "base/json.h"

namespace oriel::access {
namespace {

class ApiTokensTest : public AccessTest {
 protected:
  NewToken make(UserId account, std::optional<Duration> lifetime = std::nullopt) {
    auto made = tokens_.make({account, "wall", {Scope::media_read, Scope::feeds_read}, lifetime});
    EXPECT_TRUE(made) << made.error().message;
    return made ? std::move(*made) : NewToken{};
  }
  std::int64_t used_us() { return number("SELECT used_us FROM api_token"); }

  UserId maria_ = add("maria", Role::operator_);
};

TEST_F(ApiTokensTest, a_token_is_its_account_within_its_scopes) {
  const auto made = make(maria_);
  EXPECT_TRUE(made.token.reveal().starts_with("oriel_"));
  EXPECT_FALSE(tokens_.try_find(made.token));
  const auto identity = tokens_.load(made.token);
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->account, maria_);
  EXPECT_TRUE(may(*identity, Capability::watch_withheld));
  EXPECT_FALSE(may(*identity, Capability::operate_feeds));
  ASSERT_TRUE(tokens_.try_find(made.token));
  EXPECT_FALSE(may(*tokens_.try_find(made.token), Capability::operate_feeds));
}

TEST_F(ApiTokensTest, a_token_expires) {
  const auto made = make(maria_, Duration::from_s(5));
  EXPECT_TRUE(tokens_.load(made.token));
  clock_.advance(Duration::from_s(5));
  EXPECT_FALSE(tokens_.try_find(made.token));
  EXPECT_EQ(kind(tokens_.load(made.token)), ErrorKind::denied);
}

TEST_F(ApiTokensTest, a_token_of_a_disabled_account_does_nothing_until_it_is_enabled) {
  const auto made = make(maria_);
  ASSERT_TRUE(tokens_.load(made.token));
  ASSERT_TRUE(accounts_.set_disabled(maria_, true));
  EXPECT_FALSE(tokens_.try_find(made.token));
  EXPECT_EQ(kind(tokens_.load(made.token)), ErrorKind::denied);
  ASSERT_TRUE(accounts_.set_disabled(maria_, false));
  EXPECT_TRUE(tokens_.load(made.token));
}

TEST_F(ApiTokensTest, use_is_noted_at_most_once_a_minute) {
  const auto made = make(maria_);
  ASSERT_TRUE(tokens_.load(made.token));
  const auto first = used_us();
  EXPECT_EQ(first, clock_.now().us);
  clock_.advance(Duration::from_s(59));
  ASSERT_TRUE(tokens_.load(made.token));
  EXPECT_EQ(used_us(), first);
  clock_.advance(Duration::from_s(1));
  ASSERT_TRUE(tokens_.load(made.token));
  EXPECT_EQ(used_us(), clock_.now().us);
}

TEST_F(ApiTokensTest, are_listed_without_the_token) {
  const auto zhao = add("zhao");
  make(maria_, Duration::from_s(3600));
  make(zhao);
  ASSERT_EQ(tokens_.list(std::nullopt)->size(), 2U);
  const auto hers = tokens_.list(maria_);
  ASSERT_EQ(hers->size(), 1U);
  EXPECT_EQ(json::serialize(to_json(hers->front())),
            R"({"id":1,"name":"wall","account":"maria","scopes":["feeds:read","media:read"],)"
            R"("made_at":"2027-01-15T08:00:00.000Z","expires_at":"2027-01-15T09:00:00.000Z",)"
            R"("used_at":null})");
}

TEST_F(ApiTokensTest, revoking_takes_effect_at_once_and_only_for_the_owners_own) {
  const auto zhao = add("zhao");
  const auto made = make(maria_);
  ASSERT_TRUE(tokens_.load(made.token));
  EXPECT_EQ(kind(tokens_.revoke(made.id, zhao)), ErrorKind::not_found);
  EXPECT_TRUE(tokens_.try_find(made.token));
  EXPECT_TRUE(tokens_.revoke(made.id, maria_));
  EXPECT_FALSE(tokens_.try_find(made.token));
  EXPECT_FALSE(tokens_.load(made.token));
  EXPECT_EQ(kind(tokens_.revoke(made.id, std::nullopt)), ErrorKind::not_found);
}

TEST_F(ApiTokensTest, requests_that_will_not_do_are_refused) {
  const std::vector<Scope> scopes = {Scope::media_read};
  EXPECT_EQ(kind(tokens_.make({maria_, "", scopes, {}})), ErrorKind::invalid);
  EXPECT_EQ(kind(tokens_.make({maria_, std::string(401, 'x'), scopes, {}})), ErrorKind::invalid);
  EXPECT_EQ(kind(tokens_.make({maria_, "t", {}, {}})), ErrorKind::invalid);
  EXPECT_EQ(kind(tokens_.make({maria_, "t", scopes, Duration{}})), ErrorKind::invalid);
  EXPECT_EQ(kind(tokens_.make({UserId{99}, "t", scopes, {}})), ErrorKind::not_found);
  for (std::int64_t i = 0; i < ApiTokens::kPerAccountMax; ++i) make(maria_);
  EXPECT_EQ(kind(tokens_.make({maria_, "t", scopes, {}})), ErrorKind::exhausted);
}

TEST_F(ApiTokensTest, scopes_that_cannot_be_read_give_no_right) {
  const auto made = make(maria_);
  for (const std::string text : {"", "all", "[\"feeds:read\",\"future:write\"]"}) {
    ASSERT_TRUE(database_->write([&](store::Session& session) -> Result<void> {
      ORIEL_TRY(session.execute("UPDATE api_token SET scopes = $1", {text}));
      return {};
    }));
    const auto identity = tokens_.load(made.token);
    ASSERT_TRUE(identity);
    ASSERT_TRUE(identity->scopes);
    EXPECT_TRUE(identity->scopes->empty());
  }
}

class AuthenticatorTest : public ApiTokensTest {
 protected:
  Credentials shown(const std::optional<Secret>& session, const std::optional<Secret>& token) {
    return read_credentials(session ? "oriel_session=" + session->reveal() : "",
                            token ? "Bearer " + token->reveal() : "", false);
  }

  Authenticator authenticator_{sessions_, tokens_};
  Secret session_ = *sessions_.begin(add("zhao", Role::viewer), std::nullopt);
};

TEST_F(AuthenticatorTest, who_shows_nothing_is_a_visitor_without_asking_the_database) {
  const auto identity = authenticator_.try_identify(shown({}, {}));
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->role, Role::visitor);
  EXPECT_EQ(authenticator_.identify(shown({}, {}))->role, Role::visitor);
}

TEST_F(AuthenticatorTest, a_token_wins_over_a_cookie) {
  const auto made = make(maria_);
  const auto credentials = shown(session_, made.token);
  EXPECT_FALSE(credentials.by_cookie());
  EXPECT_FALSE(authenticator_.try_identify(credentials));
  EXPECT_EQ(authenticator_.identify(credentials)->name, "maria");
  EXPECT_EQ(authenticator_.try_identify(credentials)->name, "maria");
  EXPECT_TRUE(shown(session_, {}).by_cookie());
  EXPECT_EQ(authenticator_.identify(shown(session_, {}))->name, "zhao");
}

TEST_F(AuthenticatorTest, an_ended_session_is_a_visitor_but_a_bad_token_is_told) {
  ASSERT_TRUE(sessions_.end(session_));
  EXPECT_EQ(authenticator_.identify(shown(session_, {}))->role, Role::visitor);
  EXPECT_EQ(kind(authenticator_.identify(shown({}, Secret("oriel_bad")))), ErrorKind::denied);
}

TEST_F(AuthenticatorTest, a_session_does_not_pass_as_a_token_nor_a_token_as_a_session) {
  const auto made = make(maria_);
  ASSERT_TRUE(sessions_.load(session_));
  ASSERT_TRUE(tokens_.load(made.token));
  EXPECT_FALSE(authenticator_.try_identify(shown({}, session_)));
  EXPECT_FALSE(authenticator_.identify(shown({}, session_)));
  EXPECT_FALSE(authenticator_.try_identify(shown(made.token, {})));
  EXPECT_EQ(authenticator_.identify(shown(made.token, {}))->role, Role::visitor);
}

}  // namespace
}  // namespace oriel::access
