#include "access/accounts.h"

#include <thread>
#include <vector>

#include <gmock/gmock.h>

#include "access/fixture_test.h"
#include "base/json.h"

namespace oriel::access {
namespace {

class AccountsTest : public AccessTest {
 protected:
  Result<Identity> log_in(const std::string& name, const Secret& password,
                          const std::string& address = "10.0.0.1") {
    return accounts_.log_in({name, password, address});
  }
};

TEST_F(AccountsTest, the_right_password_tells_who_it_is) {
  const auto id = add("maria.chen", Role::curator);
  const auto identity = log_in("Maria.Chen", kPassword);
  ASSERT_TRUE(identity) << identity.error().message;
  EXPECT_EQ(identity->account, id);
  EXPECT_EQ(identity->name, "maria.chen");
  EXPECT_EQ(identity->role, Role::curator);
  EXPECT_FALSE(identity->scopes);
}

TEST_F(AccountsTest, what_is_wrong_with_a_login_cannot_be_told_from_the_answer) {
  add("maria");
  const auto disabled = add("gone");
  ASSERT_TRUE(accounts_.set_disabled(disabled, true));
  const auto wrong_password = log_in("maria", Secret("not the password"), "10.0.0.1");
  const auto no_such_name = log_in("nobody", kPassword, "10.0.0.2");
  const auto is_disabled = log_in("gone", kPassword, "10.0.0.3");
  const auto long_password = log_in("maria", Secret(std::string(5000, 'x')), "10.0.0.4");
  ASSERT_FALSE(wrong_password);
  EXPECT_EQ(wrong_password.error().kind, ErrorKind::denied);
  for (const auto* other : {&no_such_name, &is_disabled, &long_password}) {
    ASSERT_FALSE(*other);
    EXPECT_EQ(other->error().kind, wrong_password.error().kind);
    EXPECT_EQ(other->error().message, wrong_password.error().message);
  }
}

TEST_F(AccountsTest, guessing_is_slowed_for_names_that_exist_and_for_names_that_do_not) {
  add("maria");
  for (const std::string name : {"maria", "nobody"}) {
    for (int i = 0; i < 5; ++i)
      EXPECT_EQ(kind(log_in(name, Secret("not the password"))), ErrorKind::denied);
    const auto refused = log_in(name, kPassword);
    EXPECT_EQ(kind(refused), ErrorKind::exhausted);
    EXPECT_THAT(refused.error().message, testing::HasSubstr("try again in 1 s"));
  }
  clock_.advance(Duration::from_s(1));
  EXPECT_TRUE(log_in("maria", kPassword));
}

TEST_F(AccountsTest, a_class_that_logs_in_at_once_gets_in_one_after_the_other) {
  auto options = quick_accounts();
  options.hashing_max = 1;
  Accounts accounts(*database_, cache_, clock_, metrics_, options);
  for (int i = 0; i < 8; ++i) add("pupil" + std::to_string(i));
  std::vector<std::jthread> pupils;
  for (int i = 0; i < 8; ++i) {
    pupils.emplace_back([&accounts, i] {
      EXPECT_TRUE(accounts.log_in({"pupil" + std::to_string(i), kPassword, "10.0.0.1"}));
    });
  }
}

TEST_F(AccountsTest, the_stored_password_is_argon2id_and_differs_for_the_same_text) {
  add("a");
  add("b");
  EXPECT_EQ(number("SELECT count(DISTINCT password) FROM account"), 2);
  EXPECT_EQ(number("SELECT count(*) FROM account WHERE password LIKE '$argon2id$%'"), 2);
}

TEST_F(AccountsTest, a_login_after_the_cost_was_raised_renews_the_stored_password) {
  add("maria");
  auto options = quick_accounts();
  options.cost.passes += 1;
  Accounts costlier(*database_, cache_, clock_, metrics_, options);
  EXPECT_EQ(number("SELECT count(*) FROM account WHERE password LIKE '%t=2%'"), 0);
  EXPECT_TRUE(costlier.log_in({"maria", kPassword, "10.0.0.1"}));
  EXPECT_EQ(number("SELECT count(*) FROM account WHERE password LIKE '%t=2%'"), 1);
  EXPECT_TRUE(costlier.log_in({"maria", kPassword, "10.0.0.1"}));
}

TEST_F(AccountsTest, a_name_is_taken_once_whatever_its_capitals) {
  add("maria");
  const auto again = accounts_.add("Maria", kPassword, Role::viewer);
  EXPECT_EQ(kind(again), ErrorKind::conflict);
  EXPECT_THAT(again.error().message, testing::HasSubstr("there is an account maria already"));
}

TEST_F(AccountsTest, names_roles_and_passwords_that_will_not_do_are_invalid) {
  EXPECT_EQ(kind(accounts_.add("", kPassword, Role::viewer)), ErrorKind::invalid);
  EXPECT_EQ(kind(accounts_.add("a b", kPassword, Role::viewer)), ErrorKind::invalid);
  EXPECT_EQ(kind(accounts_.add("a", kPassword, Role::visitor)), ErrorKind::invalid);
  EXPECT_EQ(kind(accounts_.add("a", Secret("short"), Role::viewer)), ErrorKind::invalid);
  EXPECT_EQ(number("SELECT count(*) FROM account"), 0);
}

TEST(Passwords, rules) {
  const auto good = [](const std::string& text) {
    return check_password("administrator", Secret(text)).has_value();
  };
  EXPECT_TRUE(good("0123456789"));
  EXPECT_FALSE(good("012345678"));
  EXPECT_TRUE(good("鄂陵湖鄂陵湖鄂陵湖水")) << "ten characters";
  EXPECT_FALSE(good("鄂陵湖水")) << "twelve bytes, but four characters";
  EXPECT_FALSE(good("Administrator")) << "the name";
  EXPECT_FALSE(good("aaaaaaaaaaaa"));
  EXPECT_FALSE(good(""));
  EXPECT_TRUE(good(std::string(1023, 'a') + "b"));
  EXPECT_FALSE(good(std::string(1024, 'a') + "b"));
}

TEST_F(AccountsTest, the_owner_changes_the_password_knowing_the_old_one) {
  const auto id = add("maria");
  const auto session = sessions_.begin(id, std::nullopt);
  ASSERT_TRUE(session);
  ASSERT_TRUE(sessions_.load(*session));
  const Secret changed("another password");
  EXPECT_EQ(
      kind(accounts_.change_password({"maria", Secret("not the password"), "10.0.0.1"}, changed)),
      ErrorKind::denied);
  EXPECT_EQ(kind(accounts_.change_password({"maria", kPassword, "10.0.0.1"}, Secret("short"))),
            ErrorKind::invalid);
  EXPECT_TRUE(sessions_.try_find(*session));
  ASSERT_TRUE(accounts_.change_password({"maria", kPassword, "10.0.0.1"}, changed));
  EXPECT_FALSE(log_in("maria", kPassword));
  EXPECT_TRUE(log_in("maria", changed));
  EXPECT_FALSE(sessions_.try_find(*session)) << "who stole it is out";
  EXPECT_FALSE(sessions_.load(*session));
}

TEST_F(AccountsTest, an_administrator_sets_a_password) {
  const auto id = add("maria");
  ASSERT_TRUE(accounts_.set_password(id, Secret("another password")));
  EXPECT_FALSE(log_in("maria", kPassword));
  EXPECT_TRUE(log_in("maria", Secret("another password")));
  EXPECT_EQ(kind(accounts_.set_password(id, Secret("maria"))), ErrorKind::invalid);
  EXPECT_EQ(kind(accounts_.set_password(UserId{99}, Secret("another password"))),
            ErrorKind::not_found);
}

TEST_F(AccountsTest, the_last_administrator_cannot_go) {
  const auto root = add("root", Role::administrator);
  const auto second = add("second", Role::administrator);
  ASSERT_TRUE(accounts_.set_disabled(second, true));
  EXPECT_EQ(kind(accounts_.remove(root)), ErrorKind::conflict);
  EXPECT_EQ(kind(accounts_.set_disabled(root, true)), ErrorKind::conflict);
  EXPECT_EQ(kind(accounts_.set_role(root, Role::operator_)), ErrorKind::conflict);
  EXPECT_TRUE(log_in("root", kPassword));
  ASSERT_TRUE(accounts_.set_disabled(second, false));
  EXPECT_TRUE(accounts_.remove(root));
  EXPECT_EQ(kind(accounts_.remove(root)), ErrorKind::not_found);
}

TEST_F(AccountsTest, an_installation_without_an_administrator_is_known) {
  EXPECT_EQ(accounts_.has_administrator(), false);
  const auto id = add("maria", Role::operator_);
  EXPECT_EQ(accounts_.has_administrator(), false);
  EXPECT_TRUE(accounts_.set_role(id, Role::administrator));
  EXPECT_EQ(accounts_.has_administrator(), true);
}

TEST_F(AccountsTest, removing_takes_sessions_and_tokens_along) {
  const auto id = add("maria");
  const auto session = sessions_.begin(id, std::nullopt);
  const auto token = tokens_.make({id, "t", {Scope::media_read}, std::nullopt});
  ASSERT_TRUE(session);
  ASSERT_TRUE(token);
  ASSERT_TRUE(sessions_.load(*session));
  ASSERT_TRUE(tokens_.load(token->token));
  ASSERT_TRUE(accounts_.remove(id));
  EXPECT_FALSE(sessions_.try_find(*session));
  EXPECT_FALSE(tokens_.try_find(token->token));
  EXPECT_FALSE(sessions_.load(*session));
  EXPECT_FALSE(tokens_.load(token->token));
  EXPECT_EQ(number("SELECT count(*) FROM login_session"), 0);
  EXPECT_EQ(number("SELECT count(*) FROM api_token"), 0);
}

TEST_F(AccountsTest, a_changed_role_is_at_once_that_of_open_sessions) {
  const auto id = add("maria");
  const auto session = sessions_.begin(id, std::nullopt);
  ASSERT_TRUE(session);
  EXPECT_EQ(sessions_.load(*session)->role, Role::viewer);
  ASSERT_TRUE(accounts_.set_role(id, Role::operator_));
  EXPECT_FALSE(sessions_.try_find(*session));
  EXPECT_EQ(sessions_.load(*session)->role, Role::operator_);
}

TEST_F(AccountsTest, are_listed_by_name_without_a_password) {
  add("zhao", Role::operator_);
  add("anna");
  const auto all = accounts_.list();
  ASSERT_TRUE(all);
  ASSERT_EQ(all->size(), 2U);
  EXPECT_EQ(json::serialize(to_json(all->at(0))),
            R"({"id":2,"name":"anna","role":"viewer","made_at":"2027-01-15T08:00:00.000Z",)"
            R"("disabled":false})");
  EXPECT_EQ(accounts_.find("ZHAO")->role, Role::operator_);
  EXPECT_EQ(kind(accounts_.find("nobody")), ErrorKind::not_found);
}

}  // namespace
}  // namespace oriel::access
