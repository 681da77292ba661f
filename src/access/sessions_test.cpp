#include "access/sessions.h"

#include "access/fixture_test.h"

namespace oriel::access {
namespace {

class SessionsTest : public AccessTest {
 protected:
  Secret begin(UserId account, const std::optional<Secret>& previous = std::nullopt) {
    auto token = sessions_.begin(account, previous);
    EXPECT_TRUE(token) << token.error().message;
    return token.value_or(Secret());
  }
  void advance_s(std::int64_t seconds) { clock_.advance(Duration::from_s(seconds)); }

  UserId maria_ = add("maria", Role::curator);
};

TEST_F(SessionsTest, a_token_is_its_account_from_the_database_and_then_from_the_cache) {
  const auto token = begin(maria_);
  EXPECT_FALSE(sessions_.try_find(token));
  const auto identity = sessions_.load(token);
  ASSERT_TRUE(identity);
  EXPECT_EQ(identity->account, maria_);
  EXPECT_EQ(identity->role, Role::curator);
  EXPECT_EQ(sessions_.try_find(token)->name, "maria");
}

TEST_F(SessionsTest, the_token_itself_is_not_in_the_database) {
  const auto token = begin(maria_);
  EXPECT_EQ(number("SELECT count(*) FROM login_session WHERE length(token_sha256) = 32"), 1);
  EXPECT_TRUE(database_->read([&](store::Session& session) {
    return session.query("SELECT token_sha256 FROM login_session", {}, [](const store::Row& row) {
      EXPECT_EQ(row.text(0).find("session"), std::string::npos);
    });
  }));
}

TEST_F(SessionsTest, a_token_that_is_none_is_denied) {
  EXPECT_EQ(kind(sessions_.load(Secret(""))), ErrorKind::denied);
  EXPECT_EQ(kind(sessions_.load(Secret("session_made-up"))), ErrorKind::denied);
}

TEST_F(SessionsTest, an_unused_session_ends_and_a_used_one_goes_on) {
  const auto used = begin(maria_);
  const auto unused = begin(maria_);
  for (int hour = 0; hour < 12; ++hour) {
    advance_s(3600);
    EXPECT_TRUE(sessions_.load(used));
  }
  EXPECT_EQ(kind(sessions_.load(unused)), ErrorKind::denied);
}

TEST_F(SessionsTest, every_session_ends_at_last) {
  const auto token = begin(maria_);
  for (int half_day = 1; half_day < 60; ++half_day) {
    advance_s(12 * 3600 - 1);
    ASSERT_TRUE(sessions_.load(token)) << half_day;
  }
  advance_s(12 * 3600 - 1);
  EXPECT_TRUE(sessions_.load(token));
  advance_s(60);
  EXPECT_EQ(kind(sessions_.load(token)), ErrorKind::denied);
  EXPECT_FALSE(sessions_.try_find(token));
}

TEST_F(SessionsTest, use_is_noted_at_most_once_a_minute) {
  const auto token = begin(maria_);
  const auto begun = number("SELECT seen_us FROM login_session");
  advance_s(59);
  ASSERT_TRUE(sessions_.load(token));
  EXPECT_EQ(number("SELECT seen_us FROM login_session"), begun);
  advance_s(1);
  ASSERT_TRUE(sessions_.load(token));
  EXPECT_EQ(number("SELECT seen_us FROM login_session"), begun + 60'000'000);
}

TEST_F(SessionsTest, logging_in_again_ends_the_session_the_browser_had) {
  const auto planted = begin(maria_);
  ASSERT_TRUE(sessions_.load(planted));
  const auto token = begin(maria_, planted);
  EXPECT_NE(token, planted);
  EXPECT_FALSE(sessions_.try_find(planted));
  EXPECT_FALSE(sessions_.load(planted));
  EXPECT_TRUE(sessions_.load(token));
}

TEST_F(SessionsTest, logout_ends_one_and_logout_everywhere_all) {
  const auto first = begin(maria_);
  const auto second = begin(maria_);
  const auto other = begin(add("zhao"));
  for (const auto& token : {first, second, other}) ASSERT_TRUE(sessions_.load(token));
  ASSERT_TRUE(sessions_.end(first));
  ASSERT_TRUE(sessions_.end(first)) << "twice is fine";
  EXPECT_FALSE(sessions_.try_find(first));
  EXPECT_FALSE(sessions_.load(first));
  EXPECT_TRUE(sessions_.load(second));
  ASSERT_TRUE(sessions_.end_all(maria_));
  EXPECT_FALSE(sessions_.try_find(second));
  EXPECT_FALSE(sessions_.load(second));
  EXPECT_TRUE(sessions_.load(other));
}

TEST_F(SessionsTest, a_session_too_many_ends_the_one_unused_for_longest) {
  Sessions few(*database_, cache_, clock_, {.per_account_max = 2});
  const auto first = *few.begin(maria_, std::nullopt);
  advance_s(61);
  const auto second = *few.begin(maria_, std::nullopt);
  advance_s(61);
  ASSERT_TRUE(few.load(first));
  const auto third = *few.begin(maria_, std::nullopt);
  EXPECT_TRUE(few.load(first));
  EXPECT_FALSE(few.load(second));
  EXPECT_TRUE(few.load(third));
}

TEST_F(SessionsTest, expired_rows_are_purged) {
  begin(maria_);
  advance_s(12 * 3600);
  const auto token = begin(maria_);
  EXPECT_EQ(sessions_.purge(), 1);
  EXPECT_TRUE(sessions_.load(token));
}

TEST_F(SessionsTest, an_account_that_is_not_there_gets_none) {
  EXPECT_EQ(kind(sessions_.begin(UserId{99}, std::nullopt)), ErrorKind::not_found);
}

}  // namespace
}  // namespace oriel::access
