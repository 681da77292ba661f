#include "access/identity_cache.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace oriel::access {
namespace {

constexpr UtcTime kStart{1'800'000'000'000'000};
constexpr UtcTime kLater = kStart + Duration::from_s(3600);

Identity of(std::int64_t account) { return {UserId{account}, "a", Role::viewer, std::nullopt}; }

class IdentityCaches : public testing::Test {
 protected:
  void add(std::uint8_t key, std::int64_t account = 1, UtcTime until = kLater) {
    cache_.add(Bytes{key}, of(account), until, cache_.generation());
  }
  bool has(std::uint8_t key) { return cache_.find(Bytes{key}).has_value(); }

  ManualClock clock_{kStart};
  Metrics metrics_;
  IdentityCache cache_{clock_, metrics_, {.entries_max = 3, .lifetime = Duration::from_s(10)}};
};

TEST_F(IdentityCaches, an_entry_lasts_its_lifetime) {
  add(1);
  clock_.advance(Duration::from_ms(9'999));
  EXPECT_TRUE(has(1));
  clock_.advance(Duration::from_ms(1));
  EXPECT_FALSE(has(1));
}

TEST_F(IdentityCaches, an_entry_does_not_outlive_the_session) {
  add(1, 1, kStart + Duration::from_s(2));
  EXPECT_TRUE(has(1));
  clock_.advance(Duration::from_s(2));
  EXPECT_FALSE(has(1));
}

TEST_F(IdentityCaches, the_oldest_gives_way) {
  for (const std::uint8_t key : {1, 2, 3, 4}) add(key);
  EXPECT_FALSE(has(1));
  EXPECT_TRUE(has(2));
  EXPECT_TRUE(has(4));
}

TEST_F(IdentityCaches, adding_again_renews_and_takes_no_further_place) {
  for (const std::uint8_t key : {1, 2, 3, 1}) add(key);
  EXPECT_TRUE(has(2));
  add(4);
  EXPECT_TRUE(has(1));
  EXPECT_FALSE(has(2));
}

TEST_F(IdentityCaches, an_account_is_forgotten_with_all_its_tokens) {
  add(1, 7);
  add(2, 8);
  add(3, 7);
  cache_.forget_account(UserId{7});
  EXPECT_FALSE(has(1));
  EXPECT_TRUE(has(2));
  EXPECT_FALSE(has(3));
}

TEST_F(IdentityCaches, what_was_loaded_before_a_change_is_not_kept_after_it) {
  const auto generation = cache_.generation();
  cache_.forget_account(UserId{1});
  cache_.add(Bytes{1}, of(1), kLater, generation);
  EXPECT_FALSE(has(1));
  const auto next = cache_.generation();
  cache_.forget(Bytes{9});
  cache_.add(Bytes{1}, of(1), kLater, next);
  EXPECT_FALSE(has(1));
}

TEST_F(IdentityCaches, lookups_are_counted) {
  add(1);
  has(1);
  has(1);
  has(2);
  EXPECT_THAT(metrics_.render(),
              testing::HasSubstr("oriel_identity_cache_lookups_total{found=\"yes\"} 2"));
}

}  // namespace
}  // namespace oriel::access
