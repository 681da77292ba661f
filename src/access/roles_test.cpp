#include "access/roles.h"

#include <gtest/gtest.h>

#include "access/identity.h"
#include "base/json.h"

namespace oriel::access {
namespace {

Identity with_role(Role role) { return {UserId{1}, "someone", role, std::nullopt}; }

TEST(Roles, have_their_names_in_json_both_ways) {
  EXPECT_EQ(json::serialize(to_json(Role::operator_)), "\"operator\"");
  EXPECT_EQ(from_json<Role>(json::value("administrator")), Role::administrator);
  EXPECT_EQ(json::serialize(json_schema<Role>().at("enum")),
            R"(["viewer","curator","operator","administrator"])");
  EXPECT_EQ(json::serialize(to_json(std::vector{Scope::feeds_read, Scope::accounts_write})),
            R"(["feeds:read","accounts:write"])");
  EXPECT_EQ(from_json<Scope>(json::value("media:read")), Scope::media_read);
}

TEST(Roles, nobody_is_made_a_visitor_or_operator_underscore_by_json) {
  EXPECT_FALSE(from_json<Role>(json::value("visitor")));
  EXPECT_FALSE(from_json<Role>(json::value("operator_")));
  EXPECT_FALSE(from_json<Scope>(json::value("media_read")));
}

TEST(Roles, a_number_that_is_no_role_gives_no_right) {
  EXPECT_EQ(role_of(3), Role::operator_);
  EXPECT_EQ(role_of(5), Role::visitor);
  EXPECT_EQ(role_of(-1), Role::visitor);
  EXPECT_EQ(role_of(256 + 4), Role::visitor);
}

TEST(Roles, each_may_what_the_ones_before_may_and_a_visitor_nothing) {
  for (int i = 0; i < kCapabilities; ++i) {
    const auto capability = static_cast<Capability>(i);
    EXPECT_FALSE(may(Identity{}, capability));
    bool before = false;
    for (int role = 0; role <= static_cast<int>(Role::administrator); ++role) {
      const bool now = may(with_role(static_cast<Role>(role)), capability);
      EXPECT_GE(now, before) << i << " " << role;
      before = now;
    }
    EXPECT_TRUE(before) << "an administrator may everything: " << i;
  }
}

TEST(Roles, the_table_is_as_decided) {
  EXPECT_TRUE(may(with_role(Role::viewer), Capability::watch_private));
  EXPECT_FALSE(may(with_role(Role::viewer), Capability::make_works));
  EXPECT_TRUE(may(with_role(Role::curator), Capability::manage_walls));
  EXPECT_FALSE(may(with_role(Role::curator), Capability::watch_withheld));
  EXPECT_FALSE(may(with_role(Role::curator), Capability::see_true_place));
  EXPECT_TRUE(may(with_role(Role::operator_), Capability::withhold));
  EXPECT_TRUE(may(with_role(Role::operator_), Capability::hold));
  EXPECT_FALSE(may(with_role(Role::operator_), Capability::manage_retention));
  EXPECT_FALSE(may(with_role(Role::operator_), Capability::manage_accounts));
}

TEST(Roles, a_token_may_only_what_is_in_its_scopes_and_its_role) {
  auto identity = with_role(Role::operator_);
  identity.scopes = {Scope::feeds_read, Scope::accounts_write};
  EXPECT_TRUE(may(identity, Capability::see_private_feeds));
  EXPECT_FALSE(may(identity, Capability::operate_feeds));
  EXPECT_FALSE(may(identity, Capability::watch_private));
  EXPECT_FALSE(may(identity, Capability::manage_accounts));
  identity.scopes = std::vector<Scope>{};
  EXPECT_FALSE(may(identity, Capability::see_private_feeds));
}

}  // namespace
}  // namespace oriel::access
