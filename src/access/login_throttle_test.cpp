#include "access/login_throttle.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace oriel::access {
namespace {

ThrottleOptions small() {
  ThrottleOptions options;
  options.name = {.free_failures = 2,
                  .first_wait = Duration::from_s(1),
                  .wait_max = Duration::from_s(8),
                  .forget_after = Duration::from_s(3600)};
  options.address = {.free_failures = 4,
                     .first_wait = Duration::from_s(10),
                     .wait_max = Duration::from_s(100),
                     .forget_after = Duration::from_s(3600)};
  options.entries_max = 3;
  return options;
}

class LoginThrottles : public testing::Test {
 protected:
  double wait(const std::string& name, const std::string& address) {
    return throttle_.try_begin(name, address).seconds();
  }

  ManualClock clock_{UtcTime{1'800'000'000'000'000}};
  Metrics metrics_;
  LoginThrottle throttle_{clock_, metrics_, small()};
};

TEST_F(LoginThrottles, the_first_failures_are_free_then_the_wait_doubles_to_its_end) {
  EXPECT_EQ(wait("maria", "10.0.0.1"), 0);
  EXPECT_EQ(wait("maria", "10.0.0.2"), 0);
  int address = 3;
  for (const int expected : {1, 2, 4, 8, 8}) {
    const auto from = "10.0.0." + std::to_string(address++);
    EXPECT_EQ(wait("maria", from), expected);
    clock_.advance(Duration::from_s(expected) - Duration::from_ms(1));
    EXPECT_GT(wait("maria", from), 0);
    clock_.advance(Duration::from_ms(1));
    EXPECT_EQ(wait("maria", from), 0);
  }
}

TEST_F(LoginThrottles, many_names_from_one_address_are_slowed_too) {
  for (const char* name : {"a", "b", "c", "d"}) EXPECT_EQ(wait(name, "10.0.0.1"), 0);
  EXPECT_EQ(wait("e", "10.0.0.1"), 10);
  EXPECT_EQ(wait("e", "10.0.0.2"), 0);
}

TEST_F(LoginThrottles, an_attempt_that_has_to_wait_is_not_counted) {
  for (int i = 0; i < 2; ++i) wait("maria", "10.0.0.1");
  for (int i = 0; i < 20; ++i) EXPECT_EQ(wait("maria", "10.0.0.1"), 1);
}

TEST_F(LoginThrottles, success_takes_the_failures_of_the_name_away) {
  for (int i = 0; i < 2; ++i) wait("maria", "10.0.0.1");
  throttle_.succeeded("maria", "10.0.0.1");
  EXPECT_EQ(wait("maria", "10.0.0.2"), 0);
  EXPECT_EQ(wait("maria", "10.0.0.2"), 0);
  EXPECT_EQ(wait("maria", "10.0.0.3"), 1);
}

TEST_F(LoginThrottles, success_of_one_name_does_not_free_an_address_that_guesses_others) {
  for (const char* name : {"a", "b", "c"}) wait(name, "10.0.0.1");
  EXPECT_EQ(wait("own", "10.0.0.1"), 0);
  throttle_.succeeded("own", "10.0.0.1");
  EXPECT_EQ(wait("d", "10.0.0.1"), 0);
  EXPECT_EQ(wait("e", "10.0.0.1"), 10);
}

TEST_F(LoginThrottles, who_is_known_at_an_address_is_not_locked_out_by_guesses_from_elsewhere) {
  EXPECT_EQ(wait("maria", "10.0.0.1"), 0);
  throttle_.succeeded("maria", "10.0.0.1");
  for (int i = 0; i < 2; ++i) wait("maria", "203.0.113.9");
  EXPECT_GT(wait("maria", "203.0.113.9"), 0);
  EXPECT_EQ(wait("maria", "10.0.0.1"), 0);
}

TEST_F(LoginThrottles, everything_is_forgotten_after_an_hour_of_peace) {
  for (int i = 0; i < 2; ++i) wait("maria", "10.0.0.1");
  EXPECT_GT(wait("maria", "10.0.0.1"), 0);
  clock_.advance(Duration::from_s(3600));
  EXPECT_EQ(wait("maria", "10.0.0.1"), 0);
  EXPECT_EQ(wait("maria", "10.0.0.1"), 0);
  EXPECT_EQ(wait("maria", "10.0.0.1"), 1);
}

TEST_F(LoginThrottles, the_entry_untouched_for_longest_is_dropped_when_there_are_too_many) {
  for (int i = 0; i < 2; ++i) wait("maria", "10.0.0.1");
  wait("b", "10.0.0.2");
  wait("c", "10.0.0.3");
  EXPECT_GT(wait("maria", "10.0.0.4"), 0) << "three names are kept";
  wait("d", "10.0.0.5");
  EXPECT_EQ(wait("maria", "10.0.0.6"), 0) << "a fourth took the place of the first";
}

TEST_F(LoginThrottles, refusals_are_counted) {
  for (int i = 0; i < 3; ++i) wait("maria", "10.0.0.1");
  EXPECT_THAT(metrics_.render(), testing::HasSubstr("oriel_login_attempts_refused_total 1"));
}

TEST(AddressKey, is_the_subscriber) {
  const auto key = [](const char* text) { return LoginThrottle::address_key(text); };
  EXPECT_EQ(key("10.0.0.1"), "10.0.0.1");
  EXPECT_EQ(key("::ffff:10.0.0.1"), "10.0.0.1");
  EXPECT_EQ(key("2001:db8:1:2::5"), "2001:db8:1:2::");
  EXPECT_EQ(key("2001:db8:1:2:ffff::1"), key("2001:db8:1:2::5"));
  EXPECT_NE(key("2001:db8:1:3::5"), key("2001:db8:1:2::5"));
  EXPECT_EQ(key("not an address"), "not an address");
  EXPECT_EQ(LoginThrottle::address_key(std::string(500, 'x')).size(), 64U);
}

}  // namespace
}  // namespace oriel::access
